/*-------------------------------------------------------------------------
 *
 * row_outcome.h
 *	  The outcome of a row, as onboard_ingest() returns it and as its item
 *	  shows it.
 *
 * Judging a row and repairing its item use the same statement, so that the item
 * shows the same either way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_ROW_OUTCOME_H
#define GLUE_LAMBDA_ROW_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "shared/action.h"

/*
 * A statement that calls onboard_ingest() with these arguments, for
 * row_outcome_read().  Rejected values are omitted, because the item already
 * has them.
 */
#define ROW_OUTCOMES(arguments)                                                                       \
	"SELECT r.row_number, r.status, r.action,"                                                        \
	" jsonb_path_query_first(r.errors, '$[*] ? (@.severity == \"error\")') ->> 'error_type',"         \
	" CASE WHEN r.status = 'error' THEN"                                                              \
	" (SELECT jsonb_agg(e.value - 'rejected_value') FROM jsonb_array_elements(r.errors) e)::text END" \
	" FROM onboard_ingest(" arguments ") r"

/* Strings are borrowed from the result. */
struct row_outcome
{
	int64_t row_number;
	bool is_judged;         /* false: its upload accepts no rows, for the reason below */
	enum row_action action; /* of a judged row */
	const char *reason;     /* NULL for a valid row */
	const char *details;    /* errors as JSON, or NULL */
};

/*
 * Read one row of the result.  A later version of the extension may add an
 * action that is unknown here; the row is valid regardless.
 */
extern struct row_outcome row_outcome_read(const PGresult *result, int tuple);

#endif /* GLUE_LAMBDA_ROW_OUTCOME_H */
