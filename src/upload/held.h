/*-------------------------------------------------------------------------
 *
 * held.h
 *	  Rows that wait for an operator's approval, and the decisions on them.
 *
 * The functions run inside an owner section with SPI connected, while the upload
 * is locked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_HELD_H
#define ONBOARD_HELD_H

#include "postgres.h"

#include "utils/array.h"
#include "utils/jsonb.h"

/* Stands in for the row number, which the last step of a replace does not have. */
#define HELD_LAST_STEP 0

/* A row that is held; strings and input live in the current memory context. */
typedef struct HeldRow
{
	int64 held_id;
	int64 row_number;  /* HELD_LAST_STEP for the last step of a replace */
	int64 line_number; /* 0 if not known */
	int64 product_id;  /* 0 if there is none */
	Jsonb *input;      /* NULL if there is none */
	const char *outcome;
	const char *reason; /* NULL if there is none */
} HeldRow;

/* Hold the last step of an upload with mode replace, for a reason. */
extern void held_add_last_step(const char *upload_id, const char *vendor_id, const char *cause,
							   int64 on_offer, int64 missing);

/*
 * Return the ids of the rows with these numbers, or of all that wait if rows is
 * NULL, in order of row number, the last step of a replace last.  Raises an
 * error if one of the numbers is not that of a held row.
 */
extern int64 *held_find(const char *upload_id, ArrayType *rows, int *count);

extern void held_read(int64 held_id, HeldRow *row);

/*
 * Did a row of an upload with a later source_time name the product?  Such an
 * upload must not be undone, and the row must be valid.
 */
extern bool held_is_superseded(const char *upload_id, int64 product_id);

/*
 * Mark waiting rows of earlier uploads as superseded if a valid row of this upload,
 * from first_row to last_row, named their product.
 */
extern void held_supersede(const char *upload_id, Datum vendor_id, int64 first_row, int64 last_row);

/* Record the decision on a waiting row, and who made it. */
extern void held_decide(int64 held_id, const char *outcome, const char *reason);

/*
 * Decline waiting rows, all of an upload or those with these numbers; returns
 * how many.  Raises an error as held_find() does.
 */
extern int64 held_decline(const char *upload_id, ArrayType *rows);

#endif /* ONBOARD_HELD_H */
