/*-------------------------------------------------------------------------
 *
 * postgres_cancel.h
 *	  Cancel the running statement on Ctrl-C.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_CANCEL_H
#define GLUE_POSTGRES_CANCEL_H

#include <libpq-fe.h>

/*
 * From now on, a signal that interrupt.h catches cancels the statement of this
 * connection only; NULL for none.  The previous connection is no longer used
 * once this returns.
 */
extern void postgres_cancel_on_interrupt(PGconn *connection);

#endif /* GLUE_POSTGRES_CANCEL_H */
