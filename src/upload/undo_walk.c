/*-------------------------------------------------------------------------
 *
 * undo_walk.c
 *	  Taking back what an upload did to products, newest change first.
 *
 * What an upload did is in two places: onboard.product_changes records what it
 * changed, and products.upload_id tells what it inserted.  Cursors over both
 * return candidates, which are processed in batches: lock the products, judge
 * them, remove or restore those that may be, report.  So memory use stays
 * constant, and each decision is based on a product that no other transaction
 * can change any more.
 *
 * A change is taken back if a later row of product_changes has its change_id in
 * column reverts; rows with action "reverted" are bookkeeping.  A product may be
 * restored if, of the changes that were not taken back, this upload made the
 * newest; it may be removed if only this upload changed it.  The records of a
 * product form a chain, from updated_at before a change to updated_at after it; a
 * change that was not recorded leaves a gap.  change_id does not order them.
 *
 * No statement joins two large sets by upload_id: the planner knows little about
 * an upload that is newer than its statistics, and would choose nested loops.
 * Each cursor reads one index range; everything else is looked up by product_id
 * for the products of one batch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/lookup_plans.h"
#include "base/owner.h"
#include "base/statement.h"
#include "catalogue/product_batch.h"
#include "history/change_log.h"
#include "upload/undo_walk.h"

typedef struct UndoWalk
{
	const UploadRow *upload;
	Datum upload_id;
	bool everything;
	UndoReport report;
	void *report_context;
	UndoStep step; /* what is done to the products of this cursor */

	/* What the cursor returned: products and, to restore them, changes. */
	Datum candidates[2];
	int64 oldest_change;

	/* Those of the batch that may be removed or restored. */
	ProductBatch batch;
	const char *sku[PRODUCT_BATCH_SIZE];
	bool has_more[PRODUCT_BATCH_SIZE]; /* older changes of this upload follow */
} UndoWalk;

static void
report(UndoWalk *walk, int64 product_id, const char *sku, UndoStep step, const char *reason)
{
	UndoLine line = {product_id, sku, step, reason};

	walk->report(walk->report_context, &line);
}

/* Return a column of a row of the last result as a C string, or NULL. */
static char *
text_of(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

static int64
number_of(uint64 row, int column)
{
	bool is_null;

	return DatumGetInt64(
		SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &is_null));
}

/* ---------------------------------------------------------------------
 * Judging
 * ---------------------------------------------------------------------
 */

/* Every undo locks products in order of product_id, so that two cannot deadlock. */
static void
lock_products(UndoWalk *walk)
{
	static Statement lock = {
		"SELECT 1 FROM onboard.products p WHERE p.product_id = ANY ($1) "
		"ORDER BY p.product_id FOR NO KEY UPDATE",
		1,
		{INT8ARRAYOID},
		.looks_up = true,
	};

	statement_run(&lock, walk->candidates, NULL, false, SPI_OK_SELECT);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Read the history of the candidates; the rows are in SPI_tuptable.  A
 * candidate with several changes by this upload is restored when its newest one
 * is processed.  What the upload inserted is removed, whatever else the upload
 * changed in it.
 */
static uint64
read_history(UndoWalk *walk)
{
	static Statement read = {
		"SELECT p.product_id, p.sku, b.change_id, h.own_changes > 1, h.old_values, "
		"  CASE WHEN $5 THEN NULL "
		"       WHEN h.last_other > h.first_own OR (b.change_id = 0 AND h.last_other IS NOT NULL) "
		"         THEN 'changed since' || coalesce(' by upload \"' || h.other_upload || '\"', '') "
		"       WHEN p.updated_at = coalesce(h.recorded_until, p.created_at) AND NOT h.has_gap "
		"         AND (b.change_id <> 0 OR coalesce(h.recorded_from, p.created_at) = p.created_at) THEN NULL "
		"       WHEN b.change_id = 0 AND p.created_at < (SELECT x.horizon FROM onboard.history_horizon x) "
		"         THEN 'changed since, but its history was pruned' "
		"       ELSE 'changed since, without a record in the history' END, "
		"  coalesce(CASE b.change_id WHEN 0 THEN p.row_number ELSE h.row_number END, 0) "
		"FROM ROWS FROM (unnest($2), unnest($3)) b (product_id, change_id) "
		"  JOIN onboard.products p ON p.product_id = b.product_id "
		"  CROSS JOIN LATERAL ("
		"    SELECT count(*) FILTER (WHERE c.is_live AND c.is_own) AS own_changes, "
		"      min(c.changed_at) FILTER (WHERE c.is_live AND c.is_own) AS first_own, "
		"      max(c.changed_at) FILTER (WHERE c.is_live AND NOT c.is_own) AS last_other, "
		"      (array_agg(c.change_id ORDER BY c.changed_at DESC) "
		"        FILTER (WHERE c.is_live AND c.is_own))[1] AS newest_own, "
		"      (array_agg(c.old_values ORDER BY c.changed_at DESC) "
		"        FILTER (WHERE c.is_live AND c.is_own))[1] AS old_values, "
		"      (array_agg(c.row_number ORDER BY c.changed_at DESC) "
		"        FILTER (WHERE c.is_live AND c.is_own))[1] AS row_number, "
		"      (array_agg(c.upload_id ORDER BY c.changed_at DESC) "
		"        FILTER (WHERE c.is_live AND NOT c.is_own))[1] AS other_upload, "
		"      min(c.previous_at) AS recorded_from, max(c.changed_at) AS recorded_until, "
		"      coalesce(bool_or(c.has_gap), false) AS has_gap "
		"    FROM (SELECT c.change_id, c.previous_at, c.changed_at, c.upload_id, c.row_number, c.old_values, "
		"        c.previous_at <> lag(c.changed_at, 1, c.previous_at) OVER (ORDER BY c.changed_at) AS has_gap, "
		"        coalesce(c.upload_id = $1, false) AS is_own, "
		"        c.action <> 'reverted' AND NOT c.change_id = ANY (coalesce("
		"          array_agg(c.reverts) FILTER (WHERE c.reverts IS NOT NULL) OVER (), '{}')) AS is_live "
		"      FROM onboard.product_changes c "
		"      WHERE c.product_id = p.product_id AND c.change_id >= $4 "
		"        AND p.updated_at <> p.created_at) c) h "
		"WHERE CASE b.change_id WHEN 0 THEN true "
		"  ELSE b.change_id = h.newest_own AND p.upload_id IS DISTINCT FROM $1 END "
		"ORDER BY p.product_id",
		5,
		{TEXTOID, INT8ARRAYOID, INT8ARRAYOID, INT8OID, BOOLOID},
		.looks_up = true,
	};
	Datum values[5] = {
		walk->upload_id,
		walk->candidates[0],
		walk->candidates[1],
		Int64GetDatum(walk->oldest_change),
		BoolGetDatum(walk->everything),
	};

	return statement_run(&read, values, NULL, false, SPI_OK_SELECT);
}

/*
 * Fill the batch with the candidates that may be undone, and report the others.
 * What the batch points to lives until SPI_finish().
 */
static void
judge(UndoWalk *walk)
{
	ProductBatch *batch = &walk->batch;
	uint64 found = read_history(walk);
	uint64 i;

	batch->count = 0;
	for (i = 0; i < found; i++)
	{
		int64 product_id = number_of(i, 1);
		char *sku = text_of(i, 2);
		char *reason = text_of(i, 6);
		bool is_null;

		if (reason != NULL)
		{
			report(walk, product_id, sku, UNDO_KEEP, reason);
			continue;
		}
		batch->product_id[batch->count] = product_id;
		batch->reversal[batch->count] =
			(ChangeReversal){product_id, number_of(i, 3), number_of(i, 7)};
		batch->old_values[batch->count] =
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 5, &is_null);
		walk->sku[batch->count] = sku;
		walk->has_more[batch->count] =
			DatumGetBool(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 4, &is_null));
		batch->count++;
	}
}

/* ---------------------------------------------------------------------
 * Walking
 * ---------------------------------------------------------------------
 */

/* Report what became of the batch; returns whether older changes are left. */
static bool
report_batch(UndoWalk *walk)
{
	ProductBatch *batch = &walk->batch;
	bool is_left = false;
	int i;

	for (i = 0; i < batch->count; i++)
	{
		if (batch->refusal[i] != NULL)
			report(walk, batch->product_id[i], walk->sku[i], UNDO_KEEP, batch->refusal[i]);
		else if (walk->step == UNDO_RESTORE && walk->has_more[i])
			is_left = true;
		else
			report(walk, batch->product_id[i], walk->sku[i], walk->step, NULL);
	}
	return is_left;
}

/* Undo the candidates; a product with several changes takes several passes. */
static void
undo_candidates(UndoWalk *walk)
{
	lock_products(walk);
	do
	{
		judge(walk);
		if (walk->step == UNDO_RESTORE)
			product_batch_restore(&walk->batch);
		else
			product_batch_remove(&walk->batch);
	} while (report_batch(walk));
}

/* Copy what the cursor returned, which is in SPI_tuptable. */
static void
take_candidates(UndoWalk *walk, uint64 count)
{
	Datum *products = palloc(sizeof(Datum) * count);
	Datum *changes = palloc(sizeof(Datum) * count);
	uint64 i;

	walk->oldest_change = 0;
	for (i = 0; i < count; i++)
	{
		int64 change_id = number_of(i, 2);

		products[i] = Int64GetDatum(number_of(i, 1));
		changes[i] = Int64GetDatum(change_id);
		if (i == 0 || change_id < walk->oldest_change)
			walk->oldest_change = change_id;
	}
	walk->candidates[0] = PointerGetDatum(
		construct_array(products, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	walk->candidates[1] = PointerGetDatum(
		construct_array(changes, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Process what a statement returns: product_id, change_id. */
static void
walk_candidates(UndoWalk *walk, UndoStep step, Statement *statement,
				void (*process)(UndoWalk *walk))
{
	int nest_level = lookup_plans_begin();
	Portal cursor = statement_open(statement, &walk->upload_id);
	uint64 found;

	lookup_plans_end(nest_level);
	walk->step = step;
	do
	{
		/* All memory of a batch is freed with the connection. */
		SPI_connect();
		SPI_cursor_fetch(cursor, true, PRODUCT_BATCH_SIZE);
		found = SPI_processed;
		if (found > 0)
		{
			take_candidates(walk, found);
			process(walk);
		}
		SPI_finish();
	} while (found > 0);
	SPI_cursor_close(cursor);
}

static void
restore_changed(UndoWalk *walk)
{
	static Statement changed = {
		"SELECT c.product_id, c.change_id FROM onboard.product_changes c "
		"WHERE c.upload_id = $1 AND c.action NOT IN ('reverted', 'deleted') ORDER BY c.change_id DESC",
		1,
		{TEXTOID},
		.replanned = true,
	};

	walk_candidates(walk, UNDO_RESTORE, &changed, undo_candidates);
}

static void
remove_inserted(UndoWalk *walk)
{
	static Statement inserted = {
		"SELECT p.product_id, 0::bigint FROM onboard.products p "
		"WHERE p.upload_id = $1 ORDER BY p.row_number DESC",
		1,
		{TEXTOID},
		.replanned = true,
	};

	walk_candidates(walk, UNDO_REMOVE, &inserted, undo_candidates);
}

/* ---------------------------------------------------------------------
 * What the history lacks
 * ---------------------------------------------------------------------
 */

/* Report candidates that cannot be undone because their history was pruned. */
static void
report_pruned(UndoWalk *walk)
{
	static Statement find = {
		"SELECT p.product_id, p.sku FROM onboard.products p WHERE p.product_id = ANY ($1) "
		"ORDER BY p.product_id",
		1,
		{INT8ARRAYOID},
		.looks_up = true,
	};
	uint64 found = statement_run(&find, walk->candidates, NULL, false, SPI_OK_SELECT);
	uint64 i;

	for (i = 0; i < found; i++)
		report(walk, number_of(i, 1), text_of(i, 2), UNDO_KEEP, "its history was pruned");
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Raise an error: the candidates were changed without a record, so their old
 * values are unknown.
 */
static void
raise_unrecorded(UndoWalk *walk)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the changes of upload \"%s\" cannot be taken back", walk->upload->upload_id),
			 errdetail("Changes of products were not recorded when it was loaded."),
			 errhint("Load a file with the values that the products should have.")));
}

/*
 * Process the products that the upload changed according to row_actions, but not
 * according to product_changes.  EXCEPT cannot become a nested loop.
 */
static void
walk_unrecorded(UndoWalk *walk, void (*process)(UndoWalk *walk))
{
	static Statement unrecorded = {
		"SELECT x.product_id, 0::bigint FROM ("
		"  SELECT a.product_id FROM onboard.row_actions a "
		"    JOIN onboard.upload_history u USING (upload_number) "
		"  WHERE u.upload_id = $1 AND a.action IN ('updated', 'discontinued') "
		"  EXCEPT SELECT c.product_id FROM onboard.product_changes c WHERE c.upload_id = $1) x",
		1,
		{TEXTOID},
		.replanned = true,
	};

	walk_candidates(walk, UNDO_KEEP, &unrecorded, process);
}

/* What is known about the history of what an upload changed. */
typedef struct HistoryState
{
	bool has_changes; /* the upload changed products */
	bool was_undone;  /* so what it changed was recorded, or has been reported */
	bool was_pruned;  /* since the upload began */
} HistoryState;

static HistoryState
read_history_state(const UndoWalk *walk)
{
	static Statement read = {
		"SELECT EXISTS (SELECT FROM onboard.row_actions a WHERE a.upload_number = u.upload_number "
		"      AND a.action IN ('updated', 'discontinued')) "
		"    OR EXISTS (SELECT FROM onboard.product_changes c WHERE c.upload_id = u.upload_id "
		"      AND c.action <> 'reverted'), "
		"  u.metadata ? 'undone_at', "
		"  EXISTS (SELECT FROM onboard.history_horizon h WHERE h.horizon >= u.processing_started_at) "
		"FROM onboard.upload_history u WHERE u.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {walk->upload_id};
	HistoryState state;

	statement_run(&read, values, NULL, false, SPI_OK_SELECT);
	state.has_changes = DatumGetBool(statement_value(1, NULL));
	state.was_undone = DatumGetBool(statement_value(2, NULL));
	state.was_pruned = DatumGetBool(statement_value(3, NULL));
	return state;
}

static bool
history_is_on(void)
{
	Relation products = table_open(onboard_relation("products"), AccessShareLock);
	bool is_on = change_log_records(products);

	table_close(products, NoLock);
	return is_on;
}

/* Raise an error or report products if the history lacks what the upload changed. */
static void
check_history(UndoWalk *walk)
{
	HistoryState state = read_history_state(walk);

	if (!state.has_changes)
		return;
	if (!history_is_on())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the changes of upload \"%s\" cannot be taken back",
							   walk->upload->upload_id),
						errdetail("Changes of products are not being recorded."),
						errhint("Enable the trigger products_record_update of onboard.products.")));
	if (!state.was_undone)
		walk_unrecorded(walk, state.was_pruned ? report_pruned : raise_unrecorded);
}

void
undo_walk(const UploadRow *upload, bool everything, UndoReport report, void *context)
{
	UndoWalk *walk = palloc0(sizeof(UndoWalk));

	walk->upload = upload;
	walk->upload_id = CStringGetTextDatum(upload->upload_id);
	walk->batch.upload_id = walk->upload_id;
	walk->everything = everything;
	walk->report = report;
	walk->report_context = context;
	if (upload_mode_changes(upload->mode))
		check_history(walk);
	/* An inserted product may hold a SKU that another product had before the upload changed it. */
	remove_inserted(walk);
	if (upload_mode_changes(upload->mode))
		restore_changed(walk);
	pfree(walk);
}
