/*-------------------------------------------------------------------------
 *
 * catalogue_write.c
 *	  Writing one row to onboard.products, by the chosen path.
 *
 * A product is also changed by the path of the table, except that a key which
 * another table references is changed by an UPDATE statement, which handles
 * those references.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/direct_write.h"
#include "catalogue/plain_write.h"
#include "catalogue/product_change.h"
#include "catalogue/version_entries.h"

static CataloguePath
path_of(const Catalogue *catalogue, const RowWrite *write)
{
	if (write->action != ACTION_INSERT && write->change->changes_key &&
		catalogue->keys_are_referenced)
		return CATALOGUE_PLAIN;
	return catalogue->path;
}

/* A change of key needs a subtransaction, whose end may run user code, too. */
static bool
may_write_at_once(const Catalogue *catalogue, const RowWrite *write)
{
	return path_of(catalogue, write) != CATALOGUE_PLAIN && !write->change->changes_key &&
		   !catalogue->may_run_users_code;
}

void
catalogue_index_changes(Catalogue *catalogue)
{
	(void) version_entries_insert(catalogue);
}

WriteResult
catalogue_write(Catalogue *catalogue, RowWrite *write)
{
	bool is_change = write->action == ACTION_UPDATE || write->action == ACTION_DISCONTINUE;

	if (is_change)
	{
		Assert(catalogue->log != NULL);
		write->product_id = write->product->product_id;
		if (write->at_once && !may_write_at_once(catalogue, write))
			return WRITE_LATER;
	}
	if (!is_change || write->change->changes_key)
		(void) version_entries_insert(catalogue);
	switch (path_of(catalogue, write))
	{
		case CATALOGUE_DIRECT:
			return is_change ? direct_change(catalogue, write) : direct_write(catalogue, write);
		case CATALOGUE_DECODED:
			return is_change ? direct_change(catalogue, write) : decoded_write(catalogue, write);
		case CATALOGUE_PLAIN:
			return plain_write(catalogue, write);
	}
	pg_unreachable();
}
