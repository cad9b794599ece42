/*-------------------------------------------------------------------------
 *
 * change.c
 *	  Settling a row that changes a product.
 *
 * A row whose key finds a product is settled immediately and on its own: only
 * that product and the row's keys decide its fate.  Two kinds of row interact
 * with unsettled rows of the window: a row that shares a key with one of them,
 * and a row that changes the SKU of its product, which frees a key that an
 * earlier row was denied or a later one may take.  The window is settled before
 * such a row.
 *
 * Each such row leaves a record of what it did to the product, in the transaction
 * of the row (action_store.c).  A second row of the upload for the same product
 * is a duplicate of the first, whatever became of the first.
 *
 * The product is read in its latest committed version, or as this transaction left
 * it.  If another transaction changes it before it is written, the row is judged
 * again once that transaction has ended.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/owner.h"
#include "load/change.h"
#include "load/change_decision.h"

/* Begin with a row of the current upload. */
static void
begin_change(Loader *loader, ChangeSetting *setting, Change *change, IncomingRow *row,
			 const RowKeys *keys)
{
	UploadSession *session = loader->current;

	*setting = (ChangeSetting){
		.catalogue = loader->catalogue,
		.owner = &session->owner,
		.store = loader->action_store,
		.mode = session->upload.mode,
		.terms = session->terms,
		.rules = session->settings,
		.guards_are_off = session->guards_are_off,
	};
	change_init(change, setting, row, keys);
}

/* Handle a row whose key finds no product; returns false if it is to be inserted. */
static bool
take_without_product(Loader *loader, Change *change)
{
	if (change_may_insert(change))
		return false;
	change_judge_unknown(change, &loader->findings);
	loader_conclude_row(loader, change->row, ACTION_REJECT, 0);
	return true;
}

/* Record what the row did to its product. */
static void
record(Loader *loader, const Change *change, enum row_action action)
{
	RowAction entry = {
		.upload_number = change->with->terms->upload_number,
		.product_id = change->product.product_id,
		.row_number = change->row->row_number,
		.line_number = change->row->line_number,
		.action = action,
		.columns = change->is_whole_file ? NULL : &change->columns,
	};
	OwnerSection section;

	if (!action_store_add(loader->action_store, &entry))
		return;
	owner_enter(&section);
	action_store_write_batch(loader->action_store);
	owner_leave(&section);
}

/* Conclude the row; only the first of an upload for its product is recorded. */
static void
conclude(Loader *loader, const Change *change, enum row_action action)
{
	if (change->earlier_line == 0)
		record(loader, change, action);
	loader_conclude_row(loader, change->row, action,
						action_is_valid(action) ? change->product.product_id : 0);
}

/* Return the line, or else the row, of the upload that named the product first; 0 if none. */
static int64
find_earlier_line(Loader *loader, const FoundProduct *product)
{
	RowAction earlier;

	if (product->same_upload)
		return product->line_number > 0 ? product->line_number : product->row_number;
	if (!action_store_find(loader->action_store, loader->current->terms->upload_number,
						   product->product_id, &earlier) ||
		earlier.row_number == loader->at_row)
		return 0;
	return earlier.line_number > 0 ? earlier.line_number : earlier.row_number;
}

/*
 * Write the change, in a section only if it must wait or may run user code; on
 * the plain path, catalogue_write() enters its own.  Sets *refusal with
 * WRITE_REFUSED.
 */
static WriteResult
carry_out(Loader *loader, const Change *change, const char **refusal)
{
	RowWrite write = {
		.owner = change->with->owner,
		.action = change->result.action,
		.row = change->row,
		.product = &change->product,
		.change = &change->result,
		.at_once = catalogue_path(loader->catalogue) != CATALOGUE_PLAIN,
	};
	WriteResult result = loader_carry_out(loader, &write);
	OwnerSection section;

	if (result == WRITE_LATER)
	{
		write.at_once = false;
		owner_enter(&section);
		result = loader_carry_out(loader, &write);
		owner_leave(&section);
	}
	*refusal = write.refusal;
	return result;
}

/* Write the change; returns false if the row must be judged again. */
static bool
write_change(Loader *loader, const Change *change)
{
	const char *refusal;

	switch (carry_out(loader, change, &refusal))
	{
		case WRITE_DONE:
			guard_note(change->with->terms, &change->product, &change->result);
			conclude(loader, change, change->result.action);
			return true;
		case WRITE_REFUSED:
			loader_add_refusal(loader, refusal);
			conclude(loader, change, ACTION_REJECT);
			return true;
		case WRITE_CONFLICT:
		case WRITE_LATER:
			break;
	}
	return false;
}

/* Settle the row with the product found; returns false if it must be judged again. */
static bool
settle_with_product(Loader *loader, Change *change)
{
	enum row_action action;

	change->earlier_line = find_earlier_line(loader, &change->product);
	action = change_decide(change, &loader->findings);
	if (action == ACTION_UPDATE || action == ACTION_DISCONTINUE)
		return write_change(loader, change);
	if (action == ACTION_HOLD)
	{
		catalogue_finish_changes(loader->catalogue);
		guard_hold(change->with->owner, change->row, change->product.product_id, &change->cause);
	}
	conclude(loader, change, action);
	return true;
}

/* Find the product of the vendor that has the row's key. */
static bool
find_product(Loader *loader, Change *change, CatalogueLook how)
{
	change->look = how;
	return catalogue_find_product(loader->catalogue, change->with->owner, change->key,
								  change->keys->value[change->key], how, &change->product) &&
		   change->product.same_vendor;
}

/* Look up, judge and write until no other transaction interferes. */
static bool
settle(Loader *loader, Change *change)
{
	int attempt;

	for (attempt = 0; attempt < LOADER_MAX_ATTEMPTS; attempt++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!find_product(loader, change, LOOK_WAITING))
			return take_without_product(loader, change);
		if (settle_with_product(loader, change))
			return true;
	}
	loader_add_refusal(loader, LOADER_KEY_IS_TAKEN);
	conclude(loader, change, ACTION_REJECT);
	return true;
}

static bool
settle_in_section(Loader *loader, Change *change)
{
	OwnerSection section;
	bool settled;

	owner_enter(&section);
	settled = settle(loader, change);
	owner_leave(&section);
	return settled;
}

bool
change_take(Loader *loader, IncomingRow *row, const RowKeys *keys)
{
	ChangeSetting setting;
	Change change;

	begin_change(loader, &setting, &change, row, keys);
	if (!change_has_key(&change))
	{
		loader->current->tally.unnamed++;
		return take_without_product(loader, &change);
	}
	/* An earlier row may be about to become the product. */
	if (window_has_key(loader->window, keys, change.key))
		loader_settle_before(loader, row);
	if (catalogue_path(loader->catalogue) == CATALOGUE_PLAIN)
		return settle_in_section(loader, &change);
	if (!find_product(loader, &change, LOOK_NOW))
		return take_without_product(loader, &change);
	if (window_count(loader->window) > 0 &&
		(loader_shares_key_with_window(loader, keys) || change_brings_sku(&change)))
	{
		loader_settle_before(loader, row);
		return settle_in_section(loader, &change);
	}
	return settle_with_product(loader, &change) || settle_in_section(loader, &change);
}

/* Try once; returns false if the row must be judged again. */
static bool
try_approved(Loader *loader, Change *change, ChangeApproval *approval)
{
	const char *refusal;
	enum row_action action;

	if (!find_product(loader, change, LOOK_WAITING))
	{
		change_judge_unknown(change, &loader->findings);
		action = ACTION_REJECT;
	}
	else
	{
		change->earlier_line = find_earlier_line(loader, &change->product);
		action = change_decide(change, &loader->findings);
	}
	approval->action = action;
	if (action == ACTION_REJECT)
		approval->reason = psprintf("%s: %s", loader->findings.items[0].rule->code,
									loader->findings.items[0].message);
	if (action != ACTION_UPDATE && action != ACTION_DISCONTINUE)
		return true;
	switch (carry_out(loader, change, &refusal))
	{
		case WRITE_DONE:
			return true;
		case WRITE_REFUSED:
			approval->action = ACTION_REJECT;
			approval->reason = refusal;
			return true;
		case WRITE_CONFLICT:
		case WRITE_LATER:
			break;
	}
	return false;
}

void
change_apply_approved(Loader *loader, IncomingRow *row, const RowKeys *keys,
					  ChangeApproval *approval)
{
	ChangeSetting setting;
	Change change;
	int attempt;

	memset(approval, 0, sizeof(*approval));
	begin_change(loader, &setting, &change, row, keys);
	for (attempt = 0; attempt < LOADER_MAX_ATTEMPTS; attempt++)
	{
		CHECK_FOR_INTERRUPTS();
		if (try_approved(loader, &change, approval))
			return;
	}
	approval->action = ACTION_REJECT;
	approval->reason = LOADER_KEY_IS_TAKEN;
}

bool
change_settle(Loader *loader, IncomingRow *row, const RowKeys *keys)
{
	ChangeSetting setting;
	Change change;

	begin_change(loader, &setting, &change, row, keys);
	return settle(loader, &change);
}
