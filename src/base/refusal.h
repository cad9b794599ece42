/*-------------------------------------------------------------------------
 *
 * refusal.h
 *	  Which errors refuse a row, and which mean that something is broken.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_REFUSAL_H
#define ONBOARD_REFUSAL_H

#include "postgres.h"

#include "utils/elog.h"

/* Watches a statement that writes to onboard.products, for its errors. */
typedef struct RefusalWatch
{
	ErrorContextCallback callback;
	bool is_own; /* the last error is the statement's, not that of one within it */
} RefusalWatch;

/*
 * Begin before the statement, which is run by SPI, and end after it.  After an
 * error, the watch has ended; it must not move in between.
 */
extern void refusal_watch_begin(RefusalWatch *watch);
extern void refusal_watch_end(RefusalWatch *watch);

/*
 * Does the error of the statement refuse the rows that it writes?  If so, a
 * constraint, an index, a trigger or a policy refuses one of them, now and on every
 * retry.  All other errors concern the server, other sessions, privileges, or
 * broken user code on the table, and decide nothing.  Raises an error if the owner
 * may not write any product at all.
 */
extern bool refusal_watch_judge(const RefusalWatch *watch, const ErrorData *error);

#endif /* ONBOARD_REFUSAL_H */
