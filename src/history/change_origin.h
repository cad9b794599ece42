/*-------------------------------------------------------------------------
 *
 * change_origin.h
 *	  What caused a change of a product: an upload, an undo, or neither.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHANGE_ORIGIN_H
#define ONBOARD_CHANGE_ORIGIN_H

#include "postgres.h"

/* A change that is taken back. */
typedef struct ChangeReversal
{
	int64 product_id;
	int64 change_id;  /* 0 for the insertion */
	int64 row_number; /* of the change; 0 for none */
} ChangeReversal;

typedef struct ChangeOrigin
{
	const char *action;   /* of an update; NULL to derive it from old and new status */
	Datum upload_id_text; /* 0 for none */
	int64 row_number;     /* 0 for none */

	/* For a statement that takes changes back, those changes in order of product_id; else NULL. */
	const ChangeReversal *reversals;
	int reversal_count;
} ChangeOrigin;

/*
 * Set what the triggers record for products that the caller's SQL statements
 * change, until change_origin_clear() or the rollback of the current
 * subtransaction.  It does not apply to what users' triggers change meanwhile.
 * What the origin points to must stay valid until then.
 */
extern void change_origin_set(const ChangeOrigin *origin);
extern void change_origin_clear(void);

/* Return the change of a product that is taken back, or NULL. */
extern const ChangeReversal *change_origin_reversal(const ChangeOrigin *origin, int64 product_id);

/*
 * Return the origin of the statement that fired the running trigger, or NULL.
 */
extern const ChangeOrigin *change_origin_of_trigger(void);

#endif /* ONBOARD_CHANGE_ORIGIN_H */
