/*-------------------------------------------------------------------------
 *
 * action.h
 *	  What an upload may do to products, and what one of its rows did.
 *
 * Each judged row has exactly one action.  It is decided in one place,
 * decide_action() of load/decision.c, and everything that says, counts or undoes
 * what became of a row goes by it: what writes the row, the tally of an upload,
 * the results of onboard_ingest(), the metrics and items of the functions.
 *
 * This header includes nothing from PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ACTION_H
#define ONBOARD_ACTION_H

#include <stdbool.h>

/*
 * The values of upload_history.mode.  A further one also needs a case in
 * decide_action() and a place in the CHECK constraint on the column.
 */
enum upload_mode
{
	MODE_INSERT, /* products are new, or duplicates */
	MODE_COUNT
};

/* MODE_INSERT decides on no action but the first and the last. */
enum row_action
{
	ACTION_INSERT,      /* became a product */
	ACTION_UPDATE,      /* changed one */
	ACTION_UNCHANGED,   /* says what the product says already */
	ACTION_STALE,       /* older than what the product says */
	ACTION_HOLD,        /* waits for somebody's approval */
	ACTION_DISCONTINUE, /* took a product out of sale */
	ACTION_REJECT,      /* has an error, and changed nothing */
	ACTION_COUNT
};

/* Find a mode by its name in upload_history; false when it is not one of ours. */
extern bool upload_mode_by_name(const char *name, enum upload_mode *mode);

/* What the row was, for column action of onboard_ingest(): "inserted" and so on. */
extern const char *action_name(enum row_action action);

/* Find an action by its name; false when it is not one of ours. */
extern bool action_by_name(const char *name, enum row_action *action);

/* Is a row of this action in valid_records?  Otherwise it is in error_records. */
static inline bool
action_is_valid(enum row_action action)
{
	return action != ACTION_REJECT;
}

/* The status of a row that has a verdict, by both doors and in UploadRecords. */
extern const char *action_status(enum row_action action);

#endif /* ONBOARD_ACTION_H */
