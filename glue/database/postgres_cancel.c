/*-------------------------------------------------------------------------
 *
 * postgres_cancel.c
 *	  Cancel the running statement on Ctrl-C.
 *
 * PQcancel() is safe in a signal handler; psql does the same.
 *
 *-------------------------------------------------------------------------
 */
#include "base/interrupt.h"
#include "database/postgres_cancel.h"

static void
send_cancel(void *context)
{
	char ignored[256];

	(void) PQcancel(context, ignored, sizeof(ignored));
}

void
postgres_cancel_on_interrupt(PGconn *connection)
{
	PGcancel *cancel = connection != NULL ? PQgetCancel(connection) : NULL;

	PQfreeCancel(interrupt_call(cancel != NULL ? send_cancel : NULL, cancel));
}
