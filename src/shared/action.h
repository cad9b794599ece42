/*-------------------------------------------------------------------------
 *
 * action.h
 *	  What an upload may do to products, and what one of its rows did.
 *
 * Each judged row has exactly one action.  Only load/decision.c, for rows that may
 * become products, and load/change_decision.c, for rows whose key finds one, decide
 * it.  Everything that reports or counts what happened to a row uses it: the code
 * that writes the row, the tally of an upload, the results of onboard_ingest(), the
 * metrics and items of the functions.
 *
 * This header includes nothing from PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ACTION_H
#define ONBOARD_ACTION_H

#include <stdbool.h>

/*
 * The values of upload_history.mode.  A new one must also be added to the CHECK
 * constraints on that column and on vendors.modes, and to the decisions that
 * depend on the mode: apply_required_columns(), change_may_insert(),
 * change_decide().
 */
enum upload_mode
{
	MODE_INSERT,  /* products are new, or duplicates */
	MODE_UPSERT,  /* products are changed if they exist, and inserted otherwise */
	MODE_UPDATE,  /* products are changed; one that does not exist is an error */
	MODE_REPLACE, /* as MODE_UPSERT; at the end, products without a row are discontinued */
	MODE_COUNT
};

/* May rows of this mode change products that exist? */
static inline bool
upload_mode_changes(enum upload_mode mode)
{
	return mode != MODE_INSERT;
}

/* The values of upload_history.match: the key that finds the product of a row. */
enum upload_match
{
	MATCH_VENDOR_PRODUCT_ID,
	MATCH_SKU,
	MATCH_COUNT
};

/* The values of upload_history.blank: what a blank cell does to a product. */
enum upload_blank
{
	BLANK_CLEARS,
	BLANK_KEEPS,
	BLANK_COUNT
};

/* Rows of MODE_INSERT have only the first or the last. */
enum row_action
{
	ACTION_INSERT,      /* became a product */
	ACTION_UPDATE,      /* changed a product */
	ACTION_UNCHANGED,   /* says what the product already says */
	ACTION_STALE,       /* older than what the product says */
	ACTION_HOLD,        /* waits for approval */
	ACTION_DISCONTINUE, /* took a product out of sale */
	ACTION_REJECT,      /* has an error, and changed nothing */
	ACTION_COUNT
};

/* Find a mode by its name in upload_history; returns false if it is not one of ours. */
extern bool upload_mode_by_name(const char *name, enum upload_mode *mode);

/* Return the mode's name in upload_history. */
extern const char *upload_mode_name(enum upload_mode mode);

/* Find a match or a blank policy by its name; returns false if it is not one of ours. */
extern bool upload_match_by_name(const char *name, enum upload_match *match);
extern bool upload_blank_by_name(const char *name, enum upload_blank *blank);

/*
 * Return the action's name in column action of onboard_ingest(): "inserted" and
 * so on.
 */
extern const char *action_name(enum row_action action);

/* Find an action by its name; returns false if it is not one of ours. */
extern bool action_by_name(const char *name, enum row_action *action);

/*
 * Does a row with this action count in valid_records?  Otherwise it counts in
 * error_records.
 */
static inline bool
action_is_valid(enum row_action action)
{
	return action != ACTION_REJECT;
}

/*
 * Return the status of a row that has a verdict, as both doors and UploadRecords
 * report it.
 */
extern const char *action_status(enum row_action action);

#endif /* ONBOARD_ACTION_H */
