/*-------------------------------------------------------------------------
 *
 * postgres_cancel.h
 *	  Ctrl-C cancels what the server is doing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_CANCEL_H
#define GLUE_POSTGRES_CANCEL_H

#include <libpq-fe.h>

/*
 * On a signal that interrupt.h catches, cancel the statement of this connection,
 * and of no other one; NULL for none.  The connection is not used after this call
 * has returned.
 */
extern void postgres_cancel_on_interrupt(PGconn *connection);

#endif /* GLUE_POSTGRES_CANCEL_H */
