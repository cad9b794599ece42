/*-------------------------------------------------------------------------
 *
 * interrupt.h
 *	  Ctrl-C: cancels what the server is doing and lets the program end well.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_INTERRUPT_H
#define GLUE_INTERRUPT_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "base/failure.h"

/*
 * Catch SIGINT, SIGTERM and SIGHUP.  The first sets the flag and cancels the
 * statement of the watched connection; the second ends the program at once.
 */
extern void interrupt_install(void);

/* Watch this connection from now on, or none (NULL). */
extern void interrupt_watch(PGconn *connection);

/* Whether a signal came. */
extern bool interrupted(void);

/* Error INTERRUPTED, infrastructure class; always returns false. */
extern bool interrupt_error(struct glue_error *error);

#endif /* GLUE_INTERRUPT_H */
