/*-------------------------------------------------------------------------
 *
 * causes.h
 *	  Causes of rejected rows: each broken rule with its row count and an example.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CAUSES_H
#define GLUE_CAUSES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "database/database.h"

/*
 * One rule broken by one field.  Owns its strings; error_field, message and
 * suggestion may be NULL.
 */
struct cause
{
	char *error_type;
	char *error_field;
	int64_t rows;
	int64_t line_number; /* of the example, the first row in the file */
	char *message;       /* of the example */
	char *suggestion;    /* for the example */
};

/*
 * All causes of a file, at most one per rule and column.  Owns items; free with
 * causes_clean_up().
 */
struct causes
{
	struct cause *items;
	int count;
	char *advice; /* what to do about the main cause, the first; NULL if no cause is */
};

/* Read the causes of an upload's errors, most frequent first. */
extern bool causes_read(struct database *database, const char *upload_id, struct causes *causes,
						struct glue_error *error);

/*
 * Count one error of a row.  The strings are borrowed; all but error_type may
 * be NULL.  The first error of each kind becomes the example.
 */
extern bool causes_count(struct causes *causes, const char *error_type, const char *error_field,
						 int64_t line_number, const char *message, const char *suggestion,
						 struct glue_error *error);

/* Sort by number of rows, most first. */
extern void causes_sort(struct causes *causes);

/*
 * Find out, as the mail does, whether the most frequent cause is the main one
 * of a file with this many judged rows, and what to do about it.
 */
extern bool causes_find_main(struct database *database, struct causes *causes, int64_t judged,
							 struct glue_error *error);

/* Accepts a zeroed list. */
extern void causes_clean_up(struct causes *causes);

#endif /* GLUE_CAUSES_H */
