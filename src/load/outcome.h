/*-------------------------------------------------------------------------
 *
 * outcome.h
 *	  What became of a row, as the loader reports it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_OUTCOME_H
#define ONBOARD_OUTCOME_H

#include "postgres.h"

#include "shared/action.h"
#include "shared/rules.h"

typedef struct Loader Loader;

/* What happened to a row. */
typedef struct RowOutcome
{
	enum row_action action;
	int64 product_id; /* of the product it wrote; 0 if none */
	const struct findings *findings;
} RowOutcome;

/*
 * Called with each row's outcome once it is settled, in no particular order.
 * position is the row's own.  The outcome is borrowed.
 */
typedef void (*LoaderVerdict)(void *context, int64 position, const RowOutcome *outcome);

#endif /* ONBOARD_OUTCOME_H */
