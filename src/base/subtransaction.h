/*-------------------------------------------------------------------------
 *
 * subtransaction.h
 *	  Work that can be undone without ending the transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SUBTRANSACTION_H
#define ONBOARD_SUBTRANSACTION_H

#include "postgres.h"

/* Return whether to keep the effects. */
typedef bool (*SubtransactionWork)(void *argument);

/*
 * Run work in a subtransaction and return its result; if false, roll back.  An
 * error always rolls back as well: left open, the subtransaction would keep the
 * session in a failed transaction that nobody began.  The error is raised again
 * or, if caught is given, stored there for the caller to judge.
 */
extern bool subtransaction_run(SubtransactionWork work, void *argument, ErrorData **caught);

#endif /* ONBOARD_SUBTRANSACTION_H */
