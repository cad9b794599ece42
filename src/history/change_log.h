/*-------------------------------------------------------------------------
 *
 * change_log.h
 *	  The table onboard.product_changes: recording changes of products.
 *
 * Changes made by SQL statements are recorded by the triggers on
 * onboard.products (see record_trigger.c); code that runs such a statement may
 * first call change_origin_set().  Code that writes tuples directly calls
 * change_log_add().
 *
 * Recording is off if the owner disabled the trigger on UPDATE.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHANGE_LOG_H
#define ONBOARD_CHANGE_LOG_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "utils/relcache.h"
#include "utils/reltrigger.h"

#include "history/change_origin.h"

/* Values of product_changes.action. */
#define CHANGE_UPDATED "updated"
#define CHANGE_DISCONTINUED "discontinued"
#define CHANGE_RESTORED "restored"
#define CHANGE_REVERTED "reverted"
#define CHANGE_DELETED "deleted"

typedef struct ChangeLog ChangeLog;

/*
 * Open the table to record changes of rows of this relation, onboard.products.
 * Allocates in the current memory context, which must outlive the result.
 */
extern ChangeLog *change_log_open(Relation products);
extern void change_log_close(ChangeLog *log);

/*
 * Are updates of this table recorded: does the trigger exist, and would it run
 * in this session?
 */
extern bool change_log_records(Relation products);

/* What change_log_records() returned when the log was opened. */
extern bool change_log_is_on(const ChangeLog *log);

/* Are changes stored without running users' code? */
extern bool change_log_is_direct(const ChangeLog *log);

/* Is this one of the triggers that record changes, as shipped, enabled or not? */
extern bool change_log_owns_trigger(const Trigger *trigger);

/* The function of these triggers; see record_trigger.c. */
extern PGDLLEXPORT Datum onboard_record_product_changes(PG_FUNCTION_ARGS);

/*
 * Record that a row was changed.  The values are in the order of the columns of
 * products; the arrays may omit the columns that users added.  Bit 0 of changed is
 * the first column, and so on.  updated_at is always read, but never recorded as a
 * changed column.  origin may be NULL.
 *
 * The row waits in a batch, which is flushed when it is full; so this must run
 * inside an owner section.  Rolling back a subtransaction leaves it in the batch:
 * add the row once the subtransaction has succeeded.
 */
extern void change_log_add(ChangeLog *log, const ChangeOrigin *origin, const Datum *old_values,
						   const bool *old_nulls, const Datum *new_values, const bool *new_nulls,
						   uint64 changed);

/* Likewise, given the whole row before and after; does nothing if they are equal. */
extern void change_log_add_update(ChangeLog *log, const ChangeOrigin *origin, TupleTableSlot *old,
								  TupleTableSlot *new);

/* Likewise for a row that was deleted. */
extern void
change_log_add_deletion(ChangeLog *log, const ChangeOrigin *origin, TupleTableSlot *old);

/* Store the rows of the batch.  Must run inside an owner section. */
extern void change_log_flush(ChangeLog *log);

/*
 * Return the time of a change to a row whose updated_at was before: now, but
 * always later than before, even if the clock was set back.  The changes of a
 * product thus form a chain in which gaps can be detected.
 */
extern TimestampTz change_time(TimestampTz before);

#endif /* ONBOARD_CHANGE_LOG_H */
