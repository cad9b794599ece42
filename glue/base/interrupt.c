/*-------------------------------------------------------------------------
 *
 * interrupt.c
 *	  Graceful shutdown on Ctrl-C and other signals.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/interrupt.h"

static const int caught_signals[] = {SIGINT, SIGTERM, SIGHUP};

#define CAUGHT_COUNT (sizeof(caught_signals) / sizeof(caught_signals[0]))

static volatile sig_atomic_t signal_came;

/* The function to call on a signal; replaced only while the signals are blocked. */
static interrupt_fn current_call;
static void *current_context;

static void
handle_signal(int signal_number)
{
	int saved_errno = errno;

	(void) signal_number;
	signal_came = 1;
	if (current_call != NULL)
		current_call(current_context);
	errno = saved_errno;
}

void
interrupt_install(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handle_signal;
	/* Without SA_RESTART, so that a signal ends waits; the second signal kills. */
	action.sa_flags = SA_RESETHAND;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		sigaction(caught_signals[i], &action, NULL);
}

void *
interrupt_call(interrupt_fn call, void *context)
{
	void *old_context;
	sigset_t blocked;
	sigset_t previous;

	sigemptyset(&blocked);
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		sigaddset(&blocked, caught_signals[i]);
	sigprocmask(SIG_BLOCK, &blocked, &previous);
	old_context = current_context;
	current_call = call;
	current_context = context;
	sigprocmask(SIG_SETMASK, &previous, NULL);
	return old_context;
}

bool
interrupted(void)
{
	return signal_came != 0;
}

bool
interrupt_error(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "INTERRUPTED", "interrupted");
}
