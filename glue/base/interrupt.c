/*-------------------------------------------------------------------------
 *
 * interrupt.c
 *	  Ctrl-C: cancels what the server is doing and lets the program end well.
 *
 * PQcancel() may be called in a signal handler; psql does the same.  The cancel
 * object is only replaced while the signals are blocked.
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
static PGcancel *volatile current_cancel;

static void
handle_signal(int signal_number)
{
	int saved_errno = errno;
	char ignored[256];

	(void) signal_number;
	signal_came = 1;
	if (current_cancel != NULL)
		(void) PQcancel(current_cancel, ignored, sizeof(ignored));
	errno = saved_errno;
}

void
interrupt_install(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handle_signal;
	/* Without SA_RESTART, so that waits end; the second signal kills. */
	action.sa_flags = SA_RESETHAND;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		sigaction(caught_signals[i], &action, NULL);
}

void
interrupt_watch(PGconn *connection)
{
	PGcancel *old = current_cancel;
	PGcancel *new = connection != NULL ? PQgetCancel(connection) : NULL;
	sigset_t blocked;
	sigset_t previous;

	sigemptyset(&blocked);
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		sigaddset(&blocked, caught_signals[i]);
	sigprocmask(SIG_BLOCK, &blocked, &previous);
	current_cancel = new;
	sigprocmask(SIG_SETMASK, &previous, NULL);
	PQfreeCancel(old);
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
