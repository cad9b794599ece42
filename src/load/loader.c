/*-------------------------------------------------------------------------
 *
 * loader.c
 *	  The one pipeline behind all doors: judge, claim keys, store, account.
 *
 * The promise: verdicts equal those of judging row after row, whatever the size
 * of windows and batches.  A row that is valid by the rules is stored at once,
 * optimistically; whether its keys were free is known when loader_settle()
 * inserts the keys of a whole window into the unique indexes.  Until then, later
 * rows of the window that depend on it must wait:
 *
 * A row waits if it shares a key with an earlier row of the window that may be
 * valid.  Every other row depends on nothing in the window: what decides on it
 * is already in the catalogue.  So the keys of all rows that do not wait can be
 * inserted in any order, in practice key order.  Afterwards the waiting rows,
 * and those whose keys turned out to be in doubt, are settled one by one in
 * order of arrival, each against a catalogue that holds exactly the earlier rows
 * it may depend on.
 *
 * An invalid row claims nothing.  It is compared with what was stored when it
 * arrived; if no row of the window has one of its keys, that key is looked up at
 * once, because a later row may bring it.
 *
 * decision.c and change_decision.c decide what happens to each row.
 *
 * Locks, in this order: the upload FOR NO KEY UPDATE, which serializes calls on
 * it; the vendor FOR KEY SHARE; then keys.  All are held until the transaction
 * ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/counters.h"
#include "base/owner.h"
#include "base/settings.h"
#include "base/statement.h"
#include "catalogue/catalogue.h"
#include "load/change.h"
#include "load/change_decision.h"
#include "load/claim.h"
#include "load/decision.h"
#include "load/loader.h"
#include "load/loader_internal.h"

/* Memory that a window's rows may take, whatever their number. */
#define WINDOW_MAX_BYTES (16 * 1024 * 1024)

/*
 * A row is decoded as soon as it is stored: limit what must be rolled back to a
 * batch.
 */
#define DECODED_WINDOW_ROWS 1000

/*
 * Keys that arrive in order gain nothing from a long sorted run, and a window
 * that fits the processor's cache costs less.
 */
#define ORDERED_WINDOW_ROWS 500

Loader *
loader_create(LoaderVerdict verdict, void *verdict_context, const char *door_code)
{
	MemoryContext context;
	Loader *loader;

	PreventCommandIfReadOnly("loading rows");
	context = AllocSetContextCreate(CurrentMemoryContext, "onboard loader", ALLOCSET_DEFAULT_SIZES);
	loader = MemoryContextAllocZero(context, sizeof(Loader));
	loader->context = context;
	loader->row_context =
		AllocSetContextCreate(context, "onboard loader row", ALLOCSET_DEFAULT_SIZES);
	loader->verdict = verdict;
	loader->verdict_context = verdict_context;
	loader->door_code = door_code;
	probing_turn_on(&loader->probing);
	return loader;
}

/* Add the row's position, but never its contents, to every error. */
static void
error_context(void *argument)
{
	Loader *loader = argument;

	if (loader->current == NULL || !loader->current->known)
		return;
	if (loader->at_row > 0 && loader->at_line > 0)
		errcontext("onboard upload \"%s\", row %lld, line %lld", loader->current->upload.upload_id,
				   (long long) loader->at_row, (long long) loader->at_line);
	else if (loader->at_row > 0)
		errcontext("onboard upload \"%s\", row %lld", loader->current->upload.upload_id,
				   (long long) loader->at_row);
	else
		errcontext("onboard upload \"%s\"", loader->current->upload.upload_id);
}

static void
work_on_row(Loader *loader, const IncomingRow *row)
{
	loader->at_row = row ? row->row_number : 0;
	loader->at_line = row ? row->line_number : 0;
}

/*
 * Opening an upload.
 */

/*
 * User code that runs between rows, such as a trigger on validation_errors, must
 * find every earlier row stored and indexed, and may change it.  In the middle of
 * a window, rows are not indexed yet.  Triggers on the other tables that a load
 * writes run at its end, when all windows are settled.
 */
const char *
loader_code_between_rows(bool errors_stored_directly, const char *door_code)
{
	if (!errors_stored_directly)
		return "rows of onboard.validation_errors are stored by INSERT statements";
	return door_code;
}

static void
choose_manner(Loader *loader)
{
	const char *why =
		loader_code_between_rows(error_store_is_direct(loader->error_store), loader->door_code);

	if (why != NULL)
		catalogue_store_row_by_row(loader->catalogue, why);
}

/* Open what the rows of every known upload need. */
static void
open_tables(Loader *loader)
{
	MemoryContext caller = MemoryContextSwitchTo(loader->context);
	OwnerSection section;

	owner_enter(&section);
	SPI_connect();
	loader->rule_settings = rule_settings_open(loader->context, false);
	SPI_finish();
	loader->catalogue = catalogue_open(true);
	loader->error_store = error_store_open();
	choose_manner(loader);
	loader->window = window_create();
	owner_leave(&section);
	MemoryContextSwitchTo(caller);
}

/* Open what rows of an upload that changes products need in addition. */
static void
open_for_changes(Loader *loader)
{
	MemoryContext caller = MemoryContextSwitchTo(loader->context);
	OwnerSection section;

	owner_enter(&section);
	catalogue_expect_changes(loader->catalogue);
	loader->action_store = action_store_open(true);
	if (!action_store_is_direct(loader->action_store))
		catalogue_store_row_by_row(loader->catalogue,
								   "rows of onboard.row_actions are stored by INSERT statements");
	owner_leave(&section);
	MemoryContextSwitchTo(caller);
}

static UploadSession *
open_session(Loader *loader, const char *upload_id)
{
	UploadSession *session = upload_session_open(upload_id, loader->context);
	MemoryContext caller = MemoryContextSwitchTo(loader->context);

	loader->sessions = lappend(loader->sessions, session);
	MemoryContextSwitchTo(caller);
	if (!session->known)
		return session;
	if (loader->catalogue == NULL)
		open_tables(loader);
	if (session->terms != NULL && loader->action_store == NULL)
		open_for_changes(loader);
	session->settings = rule_settings_of_vendor(loader->rule_settings, session->upload.vendor_id);
	return session;
}

/* A window holds rows of one upload only. */
void
loader_switch_upload(Loader *loader, const char *upload_id, Size length)
{
	ListCell *cell;

	if (loader->current != NULL && upload_session_is_of(loader->current, upload_id, length))
		return;
	if (loader->current != NULL)
		loader_settle(loader);
	foreach(cell, loader->sessions)
	{
		loader->current = lfirst(cell);
		if (upload_session_is_of(loader->current, upload_id, length))
			return;
	}
	loader->current = NULL;
	loader->current = open_session(loader, pnstrdup(upload_id, length));
}

/*
 * Verdicts.
 */

static void
flush_errors(Loader *loader)
{
	OwnerSection section;

	owner_enter(&section);
	error_store_flush(loader->error_store);
	owner_leave(&section);
}

/*
 * Count a row whose verdict is final and whose action is done, and tell the door.
 * Every row gets here exactly once.
 */
static void
conclude(Loader *loader, int64 row_number, int64 position, const RowOutcome *outcome)
{
	upload_session_count(loader->current, outcome->action, row_number);
	if (loader->verdict != NULL)
		loader->verdict(loader->verdict_context, position, outcome);
}

/*
 * Likewise, with the row at hand, whose findings are stored; a valid row has
 * warnings.
 */
void
loader_conclude_row(Loader *loader, IncomingRow *row, enum row_action action, int64 product_id)
{
	RowOutcome outcome = {action, product_id, &loader->findings};

	incoming_row_show_source(row, &loader->findings);
	if (!action_is_valid(action))
		onboard_counters.rows_rejected++;
	if (loader->findings.count > 0 &&
		error_store_add(loader->error_store, &loader->current->owner, row, &loader->findings))
		flush_errors(loader);
	conclude(loader, row->row_number, row->position, &outcome);
}

/* Likewise, for a row that became a product by its window's claim. */
static void
conclude_stored(Loader *loader, const WindowRow *window_row)
{
	static const struct findings none;
	IncomingRow *row = &loader->settled_row;
	RowOutcome outcome = {ACTION_INSERT, window_row->stored.product_id, &none};

	if (!row_image_has_findings(window_row->image))
	{
		conclude(loader, window_row->stored.row_number, window_row->position, &outcome);
		return;
	}
	row_image_load(window_row->image, row, &loader->findings);
	work_on_row(loader, row);
	loader_conclude_row(loader, row, ACTION_INSERT, window_row->stored.product_id);
	MemoryContextReset(loader->row_context);
}

/*
 * Deciding, and settling one row by itself.
 */

static enum row_action
decide(Loader *loader, const IncomingRow *row, const FoundKeys *found)
{
	return decide_insertion(row, found, &loader->findings);
}

/* Look up keys without waiting. */
static void
look_now(Loader *loader, const RowKeys *keys, const bool wanted[KEY_COUNT], CatalogueLook how,
		 FoundKeys *found)
{
	catalogue_find(loader->catalogue, &loader->current->owner, keys->value, wanted, how, found);
}

/* Look up both keys; waits for other transactions no longer than onboard.lock_wait. */
static void
look_waiting(Loader *loader, const RowKeys *keys, FoundKeys *found)
{
	OwnerSection section;

	owner_enter(&section);
	catalogue_find(loader->catalogue, &loader->current->owner, keys->value, keys->usable,
				   LOOK_WAITING, found);
	owner_leave(&section);
}

WriteResult
loader_carry_out(Loader *loader, RowWrite *write)
{
	if (write->action == ACTION_REJECT)
		return WRITE_DONE;
	return catalogue_write(loader->catalogue, write);
}

void
loader_add_refusal(Loader *loader, const char *refusal)
{
	struct text_view none = {NULL, 0};

	findings_add(&loader->findings, rule_built_in(RULE_REJECTED_BY_CATALOGUE), COLUMN_NONE, none,
				 refusal);
}

static void
refuse_row(Loader *loader, IncomingRow *row, const char *refusal)
{
	loader_add_refusal(loader, refusal);
	loader_conclude_row(loader, row, ACTION_REJECT, 0);
}

/*
 * Settle the row as a change if its key was free when it was looked up, but
 * another transaction has stored a product with the key since; returns
 * whether it did.
 */
static bool
changes_new_product(Loader *loader, IncomingRow *row, const RowKeys *keys, const FoundKeys *found)
{
	const ChangeTerms *terms = loader->current->terms;

	return terms != NULL && found->taken[change_key(terms)] && change_settle(loader, row, keys);
}

/* Settle a row that is valid by the rules: look, decide, carry out. */
static void
settle_alone(Loader *loader, IncomingRow *row, const RowKeys *keys)
{
	int attempt;

	for (attempt = 0; attempt < LOADER_MAX_ATTEMPTS; attempt++)
	{
		FoundKeys found = {{false}};
		RowWrite write = {.owner = &loader->current->owner, .row = row};

		CHECK_FOR_INTERRUPTS();
		look_waiting(loader, keys, &found);
		if (changes_new_product(loader, row, keys, &found))
			return;
		write.action = decide(loader, row, &found);
		switch (loader_carry_out(loader, &write))
		{
			case WRITE_DONE:
				loader_conclude_row(loader, row, write.action, write.product_id);
				return;
			case WRITE_REFUSED:
				refuse_row(loader, row, write.refusal);
				return;
			case WRITE_CONFLICT:
			case WRITE_LATER:
				break;
		}
	}
	refuse_row(loader, row, LOADER_KEY_IS_TAKEN);
}

/* Settle an invalid row that had to wait for an earlier one. */
static void
settle_invalid(Loader *loader, IncomingRow *row, const RowKeys *keys, const WindowRow *waiting)
{
	FoundKeys found = waiting->found;
	bool wanted[KEY_COUNT];
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
		wanted[key] = keys->usable[key] && !waiting->looked_up[key];
	look_now(loader, keys, wanted, LOOK_NOW, &found);
	loader_conclude_row(loader, row, decide(loader, row, &found), 0);
}

/* Settle a row that had to wait, or whose keys are in doubt. */
static void
settle_row(Loader *loader, const WindowRow *window_row)
{
	IncomingRow *row = &loader->settled_row;
	RowKeys keys;

	row_image_load(window_row->image, row, &loader->findings);
	work_on_row(loader, row);
	row_keys_init(&keys, row);
	if (loader->findings.has_error)
		settle_invalid(loader, row, &keys, window_row);
	else if (loader->current->terms == NULL || !change_settle(loader, row, &keys))
		settle_alone(loader, row, &keys);
	MemoryContextReset(loader->row_context);
}

/*
 * Settling a window.
 */

/* Claim the keys of the stored rows, and learn from the result for the rows to come. */
static void
claim_stored(Loader *loader)
{
	int in_doubt;
	int count = claim_window(loader->catalogue, &loader->current->owner, loader->window, &in_doubt);

	if (in_doubt * 10 > count)
		probing_turn_on(&loader->probing);
	if (count > 0)
		loader->out_of_order = !catalogue_keys_in_order(loader->catalogue);
}

static void
settle_window(Loader *loader)
{
	MemoryContext caller = MemoryContextSwitchTo(loader->context);
	int i;

	work_on_row(loader, NULL);
	claim_stored(loader);
	MemoryContextSwitchTo(loader->row_context);
	for (i = 0; i < window_count(loader->window); i++)
	{
		WindowRow *row = window_row(loader->window, i);

		if (row->state == WINDOW_STORED && !row->stored.in_doubt)
			conclude_stored(loader, row);
		else
			settle_row(loader, row);
	}
	work_on_row(loader, NULL);
	window_reset(loader->window);
	MemoryContextSwitchTo(caller);
}

void
loader_settle(Loader *loader)
{
	ErrorContextCallback callback = {error_context_stack, error_context, loader};
	OwnerSection section;

	if (loader->catalogue == NULL)
		return;
	error_context_stack = &callback;
	owner_enter(&section);
	if (window_count(loader->window) > 0)
		settle_window(loader);
	catalogue_index_changes(loader->catalogue);
	error_store_flush(loader->error_store);
	if (loader->action_store != NULL)
		action_store_flush(loader->action_store);
	owner_leave(&section);
	error_context_stack = callback.previous;
}

void
loader_settle_before(Loader *loader, const IncomingRow *row)
{
	loader_settle(loader);
	work_on_row(loader, row);
}

/*
 * Processing rows.
 */

bool
loader_shares_key_with_window(Loader *loader, const RowKeys *keys)
{
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		if (window_has_key(loader->window, keys, key))
			return true;
	}
	return false;
}

static void
flush_batch(Loader *loader)
{
	OwnerSection section;

	owner_enter(&section);
	catalogue_batch_flush(loader->catalogue);
	owner_leave(&section);
}

/* Look up a row before it is stored, as closely as its likely outcome deserves. */
static void
probe(Loader *loader, const RowKeys *keys, FoundKeys *found)
{
	CatalogueLook how = probing_depth(&loader->probing, catalogue_path(loader->catalogue));

	look_now(loader, keys, keys->usable, how, found);
	probing_note(&loader->probing, found);
}

/* Store a row immediately; its keys are claimed with those of the window. */
static void
store_in_window(Loader *loader, const IncomingRow *row, const RowKeys *keys)
{
	WindowRow *added =
		window_add(loader->window, row, &loader->findings, keys, WINDOW_STORED, true);

	if (catalogue_batch_add(loader->catalogue, &loader->current->owner, row, &added->stored) &&
		catalogue_path(loader->catalogue) == CATALOGUE_DIRECT)
		flush_batch(loader);
}

/*
 * In an upload that changes products, the row got here because its key found none.
 * If another transaction has stored one since, the row is not a duplicate: its
 * claim will fail, and settling it will then change that product.  A SKU may
 * belong to another vendor.
 */
static void
keep_key_free(Loader *loader, FoundKeys *found)
{
	if (loader->current->terms != NULL && change_key(loader->current->terms) != KEY_SKU)
		found->taken[change_key(loader->current->terms)] = false;
}

/* Process a row that is valid by the rules. */
static void
take_valid(Loader *loader, IncomingRow *row, const RowKeys *keys)
{
	CataloguePath path = catalogue_path(loader->catalogue);
	FoundKeys found = {{false}};
	enum row_action action;

	if (path == CATALOGUE_PLAIN)
	{
		settle_alone(loader, row, keys);
		return;
	}
	if (loader_shares_key_with_window(loader, keys))
	{
		window_add(loader->window, row, &loader->findings, keys, WINDOW_WAITING, true);
		return;
	}
	if (probing_is_due(&loader->probing, path))
		probe(loader, keys, &found);
	keep_key_free(loader, &found);
	action = decide(loader, row, &found);
	if (action == ACTION_INSERT)
		store_in_window(loader, row, keys);
	else
		loader_conclude_row(loader, row, action, 0);
}

/* Process a row that breaks a rule: only its duplicates are still unknown. */
static void
take_invalid(Loader *loader, IncomingRow *row, const RowKeys *keys)
{
	FoundKeys found = {{false}};
	bool look[KEY_COUNT];
	bool must_wait = false;
	WindowRow *added;
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		bool brought = window_has_key(loader->window, keys, key);

		look[key] = keys->usable[key] && !brought;
		must_wait = must_wait || brought;
	}
	look_now(loader, keys, look, LOOK_NOW, &found);
	keep_key_free(loader, &found);
	if (!must_wait)
	{
		loader_conclude_row(loader, row, decide(loader, row, &found), 0);
		return;
	}
	added = window_add(loader->window, row, &loader->findings, keys, WINDOW_WAITING, false);
	memcpy(added->looked_up, look, sizeof(look));
	added->found = found;
}

/* Process a row that may become a product. */
static void
take_new(Loader *loader, IncomingRow *row, const RowKeys *keys)
{
	work_on_row(loader, row);
	incoming_row_judge(row, loader->current->settings, &loader->findings);
	if (findings_are_of_unreadable_row(&loader->findings))
	{
		loader_conclude_row(loader, row, ACTION_REJECT, 0);
		return;
	}
	decide_request(loader->current->upload.mode, row, &loader->findings);
	if (loader->findings.has_error)
		take_invalid(loader, row, keys);
	else
		take_valid(loader, row, keys);
}

static bool
window_is_full(Loader *loader)
{
	int limit = onboard_window_rows;

	if (catalogue_path(loader->catalogue) == CATALOGUE_DECODED)
		limit = Min(limit, DECODED_WINDOW_ROWS);
	else if (!loader->out_of_order)
		limit = Min(limit, ORDERED_WINDOW_ROWS);
	return window_count(loader->window) >= limit ||
		   window_bytes(loader->window) >= WINDOW_MAX_BYTES;
}

static LoaderAnswer
take_row(Loader *loader, IncomingRow *row)
{
	UploadSession *session = loader->current;
	MemoryContext caller;
	RowKeys keys;

	if (!session->known)
		return LOADER_UNKNOWN_UPLOAD;
	if (row->row_number < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("row_number %lld is not a row of a file", (long long) row->row_number),
				 errhint("Number the rows of a file from 1, the first after the header.")));
	if (!upload_session_takes_rows(session) && !ledger_has(session->ledger, row->row_number))
		return LOADER_REFUSED;
	if (!ledger_add(session->ledger, row->row_number))
	{
		onboard_counters.rows_replayed++;
		return LOADER_REPLAYED;
	}
	session->taken++;
	work_on_row(loader, row);
	caller = MemoryContextSwitchTo(loader->row_context);
	row_trim(&row->product);
	row_keys_init(&keys, row);
	if (session->terms == NULL || !change_take(loader, row, &keys))
		take_new(loader, row, &keys);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(loader->row_context);
	if (window_is_full(loader))
		loader_settle(loader);
	return LOADER_TAKEN;
}

LoaderAnswer
loader_push(Loader *loader, const char *upload_id, Size upload_id_length, IncomingRow *row)
{
	ErrorContextCallback callback = {error_context_stack, error_context, loader};
	LoaderAnswer answer;

	error_context_stack = &callback;
	loader_switch_upload(loader, upload_id, upload_id_length);
	answer = take_row(loader, row);
	work_on_row(loader, NULL);
	error_context_stack = callback.previous;
	return answer;
}

/*
 * The end of the statement.
 */

void
loader_finish(Loader *loader)
{
	ErrorContextCallback callback = {error_context_stack, error_context, loader};
	OwnerSection section;
	ListCell *cell;

	loader_settle(loader);
	error_context_stack = &callback;
	if (loader->catalogue != NULL)
	{
		catalogue_finish_changes(loader->catalogue);
		owner_enter(&section);
		SPI_connect();
		foreach(cell, loader->sessions)
		{
			loader->current = lfirst(cell);
			upload_session_save(loader->current);
		}
		SPI_finish();
		owner_leave(&section);
		catalogue_close(loader->catalogue);
		error_store_close(loader->error_store);
		if (loader->action_store != NULL)
			action_store_close(loader->action_store);
	}
	error_context_stack = callback.previous;
	MemoryContextDelete(loader->context);
}
