/*-------------------------------------------------------------------------
 *
 * claim.c
 *	  Claiming the keys of the stored rows of a window.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"

#include "base/counters.h"
#include "base/subtransaction.h"
#include "load/claim.h"

/* The stored rows of a window, and the result of claiming their keys. */
typedef struct Claim
{
	Catalogue *catalogue;
	const CatalogueOwner *owner;
	StoredRow **stored;
	int count;
	int in_doubt;
} Claim;

static void
collect_stored(Claim *claim, Window *window)
{
	int i;

	for (i = 0; i < window_count(window); i++)
	{
		WindowRow *row = window_row(window, i);

		if (row->state == WINDOW_STORED)
			claim->stored[claim->count++] = &row->stored;
	}
}

/* SubtransactionWork: store the rows and claim their keys, all or none. */
static bool
claim_all(void *argument)
{
	Claim *claim = argument;

	catalogue_batch_flush(claim->catalogue);
	claim->in_doubt = catalogue_claim(claim->catalogue, claim->owner, claim->stored, claim->count);
	return claim->in_doubt == 0;
}

/* Insert the keys; afterwards, rows in doubt are out of the heap again. */
static void
claim_directly(Claim *claim)
{
	int i;

	if (claim_all(claim))
		return;
	/* A tuple of the current command cannot be deleted. */
	CommandCounterIncrement();
	for (i = 0; i < claim->count; i++)
	{
		if (claim->stored[i]->in_doubt)
			catalogue_take_back(claim->catalogue, claim->stored[i]);
	}
}

/*
 * Likewise for a table that is logically decoded: heap and keys in one
 * subtransaction, which is rolled back as a whole if any row is in doubt.
 */
static void
claim_in_subtransaction(Claim *claim)
{
	int i;

	catalogue_index_changes(claim->catalogue);
	if (subtransaction_run(claim_all, claim, NULL))
		return;
	for (i = 0; i < claim->count; i++)
		claim->stored[i]->in_doubt = true;
	onboard_counters.rows_direct -= claim->count;
	onboard_counters.conflicts += claim->in_doubt;
}

int
claim_window(Catalogue *catalogue, const CatalogueOwner *owner, Window *window, int *in_doubt)
{
	Claim claim = {catalogue, owner, palloc(window_count(window) * sizeof(StoredRow *)), 0, 0};

	collect_stored(&claim, window);
	if (claim.count > 0 && catalogue_path(catalogue) == CATALOGUE_DECODED)
		claim_in_subtransaction(&claim);
	else if (claim.count > 0)
		claim_directly(&claim);
	pfree(claim.stored);
	*in_doubt = claim.in_doubt;
	return claim.count;
}
