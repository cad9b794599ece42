/*-------------------------------------------------------------------------
 *
 * causes.h
 *	  Why rows are rejected: the rules broken, with how often and an example.
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
 * One rule broken by one field.  Owns its texts; field, message and suggestion
 * may be NULL.
 */
struct cause
{
	char *error_type;
	char *error_field;
	int64_t rows;
	int64_t line_number; /* of the example, the first in the file */
	char *message;       /* of the example */
	char *suggestion;    /* for the example */
};

/*
 * All of them; there are as many at most as rules times columns, however long
 * the file.  Owns items: causes_clean_up().
 */
struct causes
{
	struct cause *items;
	int count;
};

/* Read the causes of an upload's errors, most rows first. */
extern bool causes_read(struct database *database, const char *upload_id, struct causes *causes,
						struct glue_error *error);

/*
 * Count one error of a row; the texts are borrowed and may be NULL except
 * error_type.  The first of its kind becomes the example.
 */
extern bool causes_count(struct causes *causes, const char *error_type, const char *error_field,
						 int64_t line_number, const char *message, const char *suggestion,
						 struct glue_error *error);

/* Most rows first. */
extern void causes_sort(struct causes *causes);

/* Accepts a zeroed list. */
extern void causes_clean_up(struct causes *causes);

#endif /* GLUE_CAUSES_H */
