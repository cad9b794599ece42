/*-------------------------------------------------------------------------
 *
 * interrupt.h
 *	  Graceful shutdown on Ctrl-C and other signals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_INTERRUPT_H
#define GLUE_INTERRUPT_H

#include <stdbool.h>

#include "base/failure.h"

/*
 * Catch SIGINT, SIGTERM and SIGHUP.  The first signal sets the flag and calls
 * the function registered with interrupt_call(); the second kills the program.
 */
extern void interrupt_install(void);

/* A function called by the signal handler; it must be async-signal-safe. */
typedef void (*interrupt_fn)(void *context);

/*
 * Register the function to call on the next signal, replacing the previous
 * one; NULL for none.  Returns the context of the previous one, which no
 * signal uses any longer.
 */
extern void *interrupt_call(interrupt_fn call, void *context);

/* Return whether a signal has been received. */
extern bool interrupted(void);

/* Set error INTERRUPTED, class infrastructure; always returns false. */
extern bool interrupt_error(struct glue_error *error);

#endif /* GLUE_INTERRUPT_H */
