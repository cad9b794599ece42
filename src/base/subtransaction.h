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

/* Returns whether what it did shall stay. */
typedef bool (*SubtransactionWork)(void *argument);

/*
 * Do the work in a subtransaction of its own and return what it returned; false
 * rolls back.  An error rolls back as well, always: left open, the subtransaction
 * would keep the session in a failed transaction that nobody began.  The error
 * is raised again, or with caught put there, for the caller to judge.
 */
extern bool subtransaction_run(SubtransactionWork work, void *argument, ErrorData **caught);

#endif /* ONBOARD_SUBTRANSACTION_H */
