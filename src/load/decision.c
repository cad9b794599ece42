/*-------------------------------------------------------------------------
 *
 * decision.c
 *	  What happens to a judged row.
 *
 * This is the one place that decides it, for both doors, all paths and the dry
 * run.  catalogue_write() carries out the decision or, for whole windows of new
 * products, catalogue_batch_add() and catalogue_claim(); conclude_row() of
 * loader.c then counts and reports it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/decision.h"

/* Add a finding for each key that is taken; returns whether any is. */
static bool
add_duplicates(const IncomingRow *row, const FoundKeys *found, struct findings *findings)
{
	bool any = false;
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		const KeyHolder *holder = &found->holder[key];

		if (!found->taken[key])
			continue;
		findings_add_duplicate(findings, &row->product, catalogue_key_column[key],
							   holder->same_upload ? holder->line_number : 0);
		any = true;
	}
	return any;
}

enum row_action
decide_action(enum upload_mode mode, const IncomingRow *row, const FoundKeys *found,
			  struct findings *findings)
{
	bool is_duplicate;

	switch (mode)
	{
		case MODE_INSERT:
			is_duplicate = add_duplicates(row, found, findings);
			return is_duplicate || findings->has_error ? ACTION_REJECT : ACTION_INSERT;
		case MODE_UPSERT:
		case MODE_UPDATE:
		case MODE_REPLACE:
		case MODE_COUNT:
			break;
	}
	elog(ERROR, "unrecognized upload mode: %d", (int) mode);
	return ACTION_REJECT; /* not reached */
}
