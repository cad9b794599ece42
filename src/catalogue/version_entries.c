/*-------------------------------------------------------------------------
 *
 * version_entries.c
 *	  Index entries of new versions of products that wait for those of others.
 *
 * Unless its page has room for the new version, a changed product needs an entry
 * in each index.  They are inserted many at a time (entry_batch.c).
 *
 * A version without entries is found by no index scan of this transaction.  Other
 * transactions do not see it; those that want one of its keys find the entry of
 * the version before, and wait for this one to end.  So the entries are inserted
 * before this transaction
 *
 * - inserts or claims a key, or begins a subtransaction (see catalogue_write(),
 *   claim_window());
 * - runs a query that reads products, or users' code (see
 *   catalogue_index_changes());
 * - concludes that no product has a key although there are entries of dead
 *   versions with it (see key_lookup.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/product_change.h"
#include "catalogue/version_entries.h"
#include "history/change_log.h"
#include "table/entry_batch.h"

bool
version_entries_may_wait(const Catalogue *catalogue, const RowWrite *write)
{
	return !write->change->changes_key && !catalogue->may_run_users_code &&
		   change_log_is_direct(catalogue->log);
}

static EntryBatch *
create_batch(Catalogue *catalogue)
{
	MemoryContext caller = MemoryContextSwitchTo(catalogue->context);
	EntryBatch *batch = entry_batch_create(catalogue->products, catalogue->indexes,
										   catalogue->index_infos, catalogue->index_count);

	MemoryContextSwitchTo(caller);
	return batch;
}

void
version_entries_add(Catalogue *catalogue, const RowWrite *write, const ItemPointerData *tid)
{
	if (catalogue->waiting_entries == NULL)
		catalogue->waiting_entries = create_batch(catalogue);
	entry_batch_add(catalogue->waiting_entries, write->change->values, write->change->nulls, tid,
					write->change->changed, write->product->has_gone_entries);
	if (entry_batch_is_full(catalogue->waiting_entries))
		(void) version_entries_insert(catalogue);
}

bool
version_entries_insert(Catalogue *catalogue)
{
	return catalogue->waiting_entries != NULL && entry_batch_insert(catalogue->waiting_entries);
}
