/*-------------------------------------------------------------------------
 *
 * interrupt.h
 *	  Ctrl-C: lets the program end well.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_INTERRUPT_H
#define GLUE_INTERRUPT_H

#include <stdbool.h>

#include "base/failure.h"

/*
 * Catch SIGINT, SIGTERM and SIGHUP.  The first sets the flag and calls what
 * interrupt_call() named; the second ends the program at once.
 */
extern void interrupt_install(void);

/* Runs in a signal handler, so it may do only what is safe there. */
typedef void (*interrupt_fn)(void *context);

/*
 * Call this, from the next signal on, in place of what was named before; NULL for
 * nothing.  Returns the context of what was named before: no signal uses it any
 * more.
 */
extern void *interrupt_call(interrupt_fn call, void *context);

/* Whether a signal came. */
extern bool interrupted(void);

/* Error INTERRUPTED, infrastructure class; always returns false. */
extern bool interrupt_error(struct glue_error *error);

#endif /* GLUE_INTERRUPT_H */
