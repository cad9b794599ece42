/*-------------------------------------------------------------------------
 *
 * loader.c
 *	  The one pipeline behind all doors: judge, claim keys, store, account.
 *
 * The promise: verdicts equal those of judging row after row, whatever the size
 * of windows and batches.  A row that is valid by the rules is stored at once,
 * optimistically; whether its keys were free is known when loader_settle() enters
 * the keys of a whole window into the unique indexes.  Until then later rows of
 * the window that depend on it have to wait:
 *
 *	  A row waits when it shares a key with an earlier row of the window that may
 *	  be valid.  Every other row depends on nothing in the window: what decides on
 *	  it is in the catalogue already.  So the keys of all rows that do not wait
 *	  can be entered in any order, in key order in fact, and afterwards the waiting
 *	  rows, and those whose keys turned out to be in doubt, are settled one by one
 *	  in order of arrival, each looking at a catalogue that holds exactly the
 *	  earlier rows it may depend on.
 *
 *	  An invalid row claims nothing.  It is compared with what was stored when it
 *	  arrived; a key of it that no row of the window brought is looked up at once,
 *	  because a later row may bring it.
 *
 * Optimism is bad when most rows are duplicates: each would be written and taken
 * back.  So rows are looked up before they are stored (probing) at the start of
 * a statement, and for as long as one in ten or more is a duplicate; otherwise
 * one row in 64 is, to notice a change within a long window.  Products that come
 * again have both their keys again: where that is what is found, a free SKU is
 * taken to mean that the other key is free too, and only one is looked up.
 *
 * Locks, in this order: the upload FOR NO KEY UPDATE, which makes calls on it
 * run one after another; the vendor FOR KEY SHARE; then keys.  All are held until
 * the transaction ends.
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
#include "base/subtransaction.h"
#include "catalogue/catalogue.h"
#include "load/error_store.h"
#include "load/loader.h"
#include "load/window.h"
#include "row/rule_settings.h"
#include "upload/upload_session.h"

/* Memory a window's rows may take, whatever their number. */
#define WINDOW_MAX_BYTES (16 * 1024 * 1024)

/* A row is decoded as soon as it is stored: take nothing back beyond a batch. */
#define DECODED_WINDOW_ROWS 1000

/*
 * Keys that come in order gain nothing from a long sorted run, and a window that
 * fits the processor's cache loses less.
 */
#define ORDERED_WINDOW_ROWS 500

#define PROBES_PER_DECISION 64
#define ROWS_PER_PROBE 64

/* Attempts to store a row whose keys are free and yet refused. */
#define MAX_STORE_ATTEMPTS 100

typedef struct Probing
{
	bool on;
	bool both; /* look up both keys, also when the SKU is free */
	int looked;
	int hits;
	int other_hits; /* of those, with an SKU that is free */
	int rows_since;
} Probing;

struct Loader
{
	MemoryContext context;
	MemoryContext row_context; /* reset after each row */
	LoaderVerdict verdict;
	void *verdict_context;
	bool row_by_row; /* user code runs between rows */

	List *sessions; /* of UploadSession, in order of appearance */
	UploadSession *current;
	RuleSettingsCache *rule_settings;
	Catalogue *catalogue; /* NULL until the first row of a known upload */
	ErrorStore *error_store;
	Window *window;
	Probing probing;
	bool out_of_order; /* keys of the last window came in no order */

	/* For error messages; 0 when no row is being worked on. */
	int64 at_row;
	int64 at_line;

	IncomingRow settled_row;
	struct findings findings;
};

Loader *
loader_create(LoaderVerdict verdict, void *verdict_context, bool row_by_row)
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
	loader->row_by_row = row_by_row;
	loader->probing.on = true;
	loader->probing.both = true;
	return loader;
}

/* Says which row it was when anything fails; never what was in it. */
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
 * find every earlier row stored and indexed, and may change it.  In the middle of a
 * window, rows are not indexed yet.  Triggers on the other tables that a load
 * writes run at its end, when all windows are settled.
 */
static void
choose_manner(Loader *loader)
{
	if (loader->row_by_row)
		catalogue_store_row_by_row(loader->catalogue,
								   "others' code runs between the rows of onboard.intake");
	else if (!error_store_is_direct(loader->error_store))
		catalogue_store_row_by_row(loader->catalogue,
								   "onboard.validation_errors takes its rows by INSERT");
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
	session->settings = rule_settings_of_vendor(loader->rule_settings, session->upload.vendor_id);
	return session;
}

/* Make the upload the current one; a window holds rows of one upload only. */
static void
switch_upload(Loader *loader, const char *upload_id, Size length)
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

static void
store_findings(Loader *loader, const IncomingRow *row)
{
	if (error_store_add(loader->error_store, &loader->current->owner, row, &loader->findings))
		flush_errors(loader);
}

static void
record_error(Loader *loader, const IncomingRow *row)
{
	upload_session_count_error(loader->current, row->row_number);
	onboard_counters.rows_rejected++;
	store_findings(loader, row);
	if (loader->verdict != NULL)
		loader->verdict(loader->verdict_context, row->position, 0, &loader->findings);
}

/* A row in which nothing is wrong. */
static void
record_flawless(Loader *loader, int64 position, int64 product_id)
{
	static const struct findings none;

	loader->current->tally.valid++;
	if (loader->verdict != NULL)
		loader->verdict(loader->verdict_context, position, product_id, &none);
}

/* A row that may have warnings. */
static void
record_valid(Loader *loader, const IncomingRow *row, int64 product_id)
{
	if (loader->findings.count > 0)
		store_findings(loader, row);
	loader->current->tally.valid++;
	if (loader->verdict != NULL)
		loader->verdict(loader->verdict_context, row->position, product_id, &loader->findings);
}

/*
 * Keys.
 */

static void
add_duplicate(Loader *loader, const IncomingRow *row, CatalogueKey key, const KeyHolder *holder)
{
	findings_add_duplicate(&loader->findings, &row->product, catalogue_key_column[key],
						   holder->same_upload ? holder->line_number : 0);
}

/* Look up both keys and add a finding for each that is taken. */
static bool
find_duplicates(Loader *loader, const IncomingRow *row, const RowKeys *keys, CatalogueLook how)
{
	bool taken[KEY_COUNT] = {false};
	KeyHolder holder[KEY_COUNT];
	CatalogueKey key;

	if (!catalogue_find(loader->catalogue, &loader->current->owner, keys->value, keys->usable, how,
						taken, holder))
		return false;
	for (key = 0; key < KEY_COUNT; key++)
	{
		if (taken[key])
			add_duplicate(loader, row, key, &holder[key]);
	}
	return true;
}

/* The same, waiting for other transactions no longer than onboard.lock_wait. */
static bool
find_duplicates_waiting(Loader *loader, const IncomingRow *row, const RowKeys *keys)
{
	OwnerSection section;
	bool found;

	owner_enter(&section);
	found = find_duplicates(loader, row, keys, LOOK_WAITING);
	owner_leave(&section);
	return found;
}

/* Should this row be looked up before it is stored? */
static bool
should_probe(Loader *loader)
{
	if (loader->probing.on || onboard_load_path == LOAD_PATH_PROBE ||
		catalogue_path(loader->catalogue) == CATALOGUE_DECODED)
		return true;
	if (++loader->probing.rows_since < ROWS_PER_PROBE)
		return false;
	loader->probing.rows_since = 0;
	return true;
}

/* How closely?  See above; a sample of rows is looked at in full. */
static CatalogueLook
probe_depth(Loader *loader)
{
	if (loader->probing.on && !loader->probing.both && onboard_load_path != LOAD_PATH_PROBE &&
		catalogue_path(loader->catalogue) == CATALOGUE_DIRECT)
		return LOOK_BRIEFLY;
	return LOOK_NOW;
}

static bool
has_finding_of(const struct findings *findings, enum rule_id rule)
{
	int i;

	for (i = 0; i < findings->count; i++)
	{
		if (findings->items[i].rule->number == (int) rule)
			return true;
	}
	return false;
}

/* Count a look at a row, which findings are about. */
static void
note_probe(Probing *probing, bool hit, const struct findings *findings)
{
	probing->looked++;
	probing->hits += hit;
	probing->other_hits += hit && !has_finding_of(findings, RULE_DUPLICATE_SKU);
	onboard_counters.rows_probed++;
	/* Turn on as soon as there are enough hits, off only at the end of a round. */
	if (!probing->on && probing->hits * 10 > PROBES_PER_DECISION)
	{
		probing->on = true;
		probing->both = true;
	}
	if (probing->looked == PROBES_PER_DECISION)
	{
		probing->on = probing->hits * 10 > PROBES_PER_DECISION;
		probing->both = probing->other_hits * 10 > PROBES_PER_DECISION;
		probing->looked = 0;
		probing->hits = 0;
		probing->other_hits = 0;
	}
}

/*
 * Settling one row by itself.
 */

static void
refuse_row(Loader *loader, const IncomingRow *row, const char *refusal)
{
	struct text_view none = {NULL, 0};

	findings_add(&loader->findings, rule_built_in(RULE_REJECTED_BY_CATALOGUE), COLUMN_NONE, none,
				 refusal);
	record_error(loader, row);
}

/* Store a row that is valid by the rules, or find out what holds its keys. */
static void
store_or_reject(Loader *loader, const IncomingRow *row, const RowKeys *keys)
{
	int attempt;

	for (attempt = 0; attempt < MAX_STORE_ATTEMPTS; attempt++)
	{
		int64 product_id = 0;
		const char *refusal;

		CHECK_FOR_INTERRUPTS();
		if (find_duplicates_waiting(loader, row, keys))
		{
			record_error(loader, row);
			return;
		}
		if (!catalogue_store(loader->catalogue, &loader->current->owner, row, &product_id,
							 &refusal))
			continue;
		if (refusal != NULL)
			refuse_row(loader, row, refusal);
		else
			record_valid(loader, row, product_id);
		return;
	}
	/* A trigger that rewrites a key can bring this about. */
	refuse_row(loader, row,
			   "the catalogue refused the row: a unique key of the product as stored is taken");
}

/* Settle an invalid row that had to wait for an earlier one. */
static void
reject_waiting(Loader *loader, const IncomingRow *row, const RowKeys *keys,
			   const WindowRow *waiting)
{
	bool wanted[KEY_COUNT];
	bool taken[KEY_COUNT];
	KeyHolder holder[KEY_COUNT];
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		wanted[key] = keys->usable[key] && !waiting->looked_up[key];
		taken[key] = waiting->looked_up[key] && waiting->taken[key];
		holder[key] = waiting->holder[key];
	}
	catalogue_find(loader->catalogue, &loader->current->owner, keys->value, wanted, LOOK_NOW, taken,
				   holder);
	for (key = 0; key < KEY_COUNT; key++)
	{
		if (taken[key])
			add_duplicate(loader, row, key, &holder[key]);
	}
	record_error(loader, row);
}

/* Settle a row that is in the catalogue. */
static void
settle_stored_row(Loader *loader, const WindowRow *window_row)
{
	IncomingRow *row = &loader->settled_row;

	if (!row_image_has_findings(window_row->image))
	{
		record_flawless(loader, window_row->position, window_row->stored.product_id);
		return;
	}
	row_image_load(window_row->image, row, &loader->findings);
	work_on_row(loader, row);
	record_valid(loader, row, window_row->stored.product_id);
	MemoryContextReset(loader->row_context);
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
		reject_waiting(loader, row, &keys, window_row);
	else
		store_or_reject(loader, row, &keys);
	MemoryContextReset(loader->row_context);
}

/*
 * Settling a window.
 */

static int
collect_stored(Loader *loader, StoredRow **stored)
{
	int count = 0;
	int i;

	for (i = 0; i < window_count(loader->window); i++)
	{
		WindowRow *row = window_row(loader->window, i);

		if (row->state == WINDOW_STORED)
			stored[count++] = &row->stored;
	}
	return count;
}

/* Enter the keys; rows in doubt are out of the heap again afterwards. */
static int
claim_directly(Loader *loader, StoredRow **stored, int count)
{
	int in_doubt;
	int i;

	catalogue_batch_flush(loader->catalogue);
	in_doubt = catalogue_claim(loader->catalogue, &loader->current->owner, stored, count);
	if (in_doubt == 0)
		return 0;
	/* A tuple of the current command cannot be deleted. */
	CommandCounterIncrement();
	for (i = 0; i < count; i++)
	{
		if (stored[i]->in_doubt)
			catalogue_take_back(loader->catalogue, stored[i]);
	}
	return in_doubt;
}

/* Arguments and result of claim_all(). */
typedef struct Claim
{
	Loader *loader;
	StoredRow **stored;
	int count;
	int in_doubt;
} Claim;

/* SubtransactionWork: store and claim rows, all or none. */
static bool
claim_all(void *argument)
{
	Claim *claim = argument;

	catalogue_batch_flush(claim->loader->catalogue);
	claim->in_doubt = catalogue_claim(claim->loader->catalogue, &claim->loader->current->owner,
									  claim->stored, claim->count);
	return claim->in_doubt == 0;
}

/*
 * The same for a table that is logically decoded: heap and keys in one
 * subtransaction, which is rolled back as a whole when any row is in doubt.
 */
static int
claim_in_subtransaction(Loader *loader, StoredRow **stored, int count)
{
	Claim claim = {loader, stored, count, 0};
	int i;

	if (subtransaction_run(claim_all, &claim, NULL))
		return 0;
	for (i = 0; i < count; i++)
		stored[i]->in_doubt = true;
	onboard_counters.rows_direct -= count;
	onboard_counters.conflicts += claim.in_doubt;
	return claim.in_doubt;
}

static void
settle_window(Loader *loader)
{
	Window *window = loader->window;
	int rows = window_count(window);
	MemoryContext caller = MemoryContextSwitchTo(loader->context);
	StoredRow **stored = palloc(rows * sizeof(StoredRow *));
	int count = collect_stored(loader, stored);
	int in_doubt = 0;
	int i;

	work_on_row(loader, NULL);
	if (count > 0 && catalogue_path(loader->catalogue) == CATALOGUE_DECODED)
		in_doubt = claim_in_subtransaction(loader, stored, count);
	else if (count > 0)
		in_doubt = claim_directly(loader, stored, count);
	if (in_doubt * 10 > count)
	{
		loader->probing.on = true;
		loader->probing.both = true;
	}
	if (count > 0)
		loader->out_of_order = !catalogue_keys_in_order(loader->catalogue);
	MemoryContextSwitchTo(loader->row_context);
	for (i = 0; i < rows; i++)
	{
		WindowRow *row = window_row(window, i);

		if (row->state == WINDOW_STORED && !row->stored.in_doubt)
			settle_stored_row(loader, row);
		else
			settle_row(loader, row);
	}
	work_on_row(loader, NULL);
	window_reset(window);
	pfree(stored);
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
	error_store_flush(loader->error_store);
	owner_leave(&section);
	error_context_stack = callback.previous;
}

/*
 * Taking rows.
 */

static bool
shares_key_with_window(Loader *loader, const RowKeys *keys)
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

/* Take a row that is valid by the rules. */
static void
take_valid(Loader *loader, const IncomingRow *row, const RowKeys *keys)
{
	WindowRow *added;

	if (catalogue_path(loader->catalogue) == CATALOGUE_PLAIN)
	{
		store_or_reject(loader, row, keys);
		return;
	}
	if (shares_key_with_window(loader, keys))
	{
		window_add(loader->window, row, &loader->findings, keys, WINDOW_WAITING, true);
		return;
	}
	if (should_probe(loader))
	{
		bool hit = find_duplicates(loader, row, keys, probe_depth(loader));

		note_probe(&loader->probing, hit, &loader->findings);
		if (hit)
		{
			record_error(loader, row);
			return;
		}
	}
	added = window_add(loader->window, row, &loader->findings, keys, WINDOW_STORED, true);
	if (catalogue_batch_add(loader->catalogue, &loader->current->owner, row, &added->stored) &&
		catalogue_path(loader->catalogue) == CATALOGUE_DIRECT)
		flush_batch(loader);
}

/* Take a row that breaks a rule: only its duplicates are still to be found. */
static void
take_invalid(Loader *loader, const IncomingRow *row, const RowKeys *keys)
{
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
	if (!must_wait)
	{
		find_duplicates(loader, row, keys, LOOK_NOW);
		record_error(loader, row);
		return;
	}
	added = window_add(loader->window, row, &loader->findings, keys, WINDOW_WAITING, false);
	memcpy(added->looked_up, look, sizeof(look));
	catalogue_find(loader->catalogue, &loader->current->owner, keys->value, look, LOOK_NOW,
				   added->taken, added->holder);
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
	incoming_row_judge(row, session->settings, &loader->findings);
	row_keys_init(&keys, row);
	if (findings_are_of_unreadable_row(&loader->findings))
		record_error(loader, row);
	else if (loader->findings.has_error)
		take_invalid(loader, row, &keys);
	else
		take_valid(loader, row, &keys);
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
	switch_upload(loader, upload_id, upload_id_length);
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
	}
	error_context_stack = callback.previous;
	MemoryContextDelete(loader->context);
}
