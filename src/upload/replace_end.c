/*-------------------------------------------------------------------------
 *
 * replace_end.c
 *	  The last step of an upload with mode replace.
 *
 * The file of a replace lists everything that the vendor offers, so products that
 * no row named are discontinued.  Any row with a readable key names its product,
 * whatever its verdict: row_actions has a record of each, except for inserted
 * products, which carry the upload's id.  Products that an upload with a later
 * source_time inserted or named are newer than this file and stay.
 *
 * A file that was truncated, or whose keys cannot be read, must not empty the
 * catalogue; in that case the step is held as one item without a row number.
 *
 * The set difference is one sorted EXCEPT: its cost does not depend on what the
 * planner believes about an upload that is newer than the statistics, and its
 * memory is limited.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/statement.h"
#include "catalogue/product_batch.h"
#include "upload/held.h"
#include "upload/metadata_keys.h"
#include "upload/replace_end.h"
#include "upload/vendor_lock.h"

/*
 * The vendor's products on offer that neither the upload $1 nor a later one names.
 * Products that one of them inserted are found among the vendor's products alone;
 * a join would read the whole catalogue.
 */
#define MISSING_PRODUCTS                                                     \
	"WITH naming AS ("                                                       \
	"  SELECT u.upload_id, u.upload_number FROM onboard.upload_history u "   \
	"  WHERE u.upload_id = $1 UNION ALL "                                    \
	"  SELECT l.upload_id, l.upload_number FROM onboard.upload_history u "   \
	"    JOIN onboard.upload_history l ON l.vendor_id = u.vendor_id "        \
	"      AND l.source_time > u.source_time "                               \
	"  WHERE u.upload_id = $1 AND NOT l.metadata ? 'undone_at') "            \
	"SELECT p.product_id FROM onboard.products p "                           \
	"WHERE p.vendor_id = $2 AND p.status <> 'discontinued' "                 \
	"  AND (p.upload_id IN (SELECT n.upload_id FROM naming n)) IS NOT TRUE " \
	"EXCEPT "                                                                \
	"SELECT a.product_id FROM naming n JOIN onboard.row_actions a USING (upload_number)"

/* Products that the step discontinued, and those that the catalogue protects. */
typedef struct Discontinued
{
	int64 done;
	int64 kept;
} Discontinued;

/*
 * A hashed EXCEPT would keep all products in memory.  Returns the nesting level
 * to pass to AtEOXact_GUC(); an error also ends it.
 */
static int
begin_sorting(void)
{
	int nest_level = NewGUCNestLevel();

	(void) set_config_option("enable_hashagg", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
	return nest_level;
}

/* Lock the products of a batch, without those that were discontinued meanwhile. */
static void
lock_batch(ProductBatch *batch, uint64 found)
{
	static Statement lock = {
		"SELECT p.product_id FROM onboard.products p "
		"WHERE p.product_id = ANY ($1) AND p.status <> 'discontinued' "
		"ORDER BY p.product_id FOR NO KEY UPDATE",
		1,
		{INT8ARRAYOID},
		.looks_up = true,
	};
	Datum *products = palloc(sizeof(Datum) * found);
	Datum values[1];
	bool is_null;
	uint64 i;

	for (i = 0; i < found; i++)
		products[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);
	values[0] = PointerGetDatum(construct_array(products, (int) found, INT8OID, sizeof(int64),
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	batch->count = (int) statement_run(&lock, values, NULL, false, SPI_OK_SELECT);
	for (i = 0; i < batch->count; i++)
		batch->product_id[i] =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
}

/* Record in row_actions that the upload discontinued the products of the batch. */
static void
note_batch(const ProductBatch *batch, Discontinued *result)
{
	static Statement note = {
		"INSERT INTO onboard.row_actions (upload_number, product_id, action) "
		"SELECT u.upload_number, p.product_id, 'discontinued' "
		"FROM onboard.upload_history u, unnest($2) p (product_id) WHERE u.upload_id = $1",
		2,
		{TEXTOID, INT8ARRAYOID},
	};
	Datum *products = palloc(sizeof(Datum) * batch->count);
	Datum values[2];
	int count = 0;
	int i;

	for (i = 0; i < batch->count; i++)
	{
		if (batch->refusal[i] == NULL)
			products[count++] = Int64GetDatum(batch->product_id[i]);
	}
	values[0] = batch->upload_id;
	values[1] = PointerGetDatum(
		construct_array(products, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	statement_run(&note, values, NULL, false, SPI_OK_INSERT);
	result->done += count;
	result->kept += batch->count - count;
}

/* Open a cursor over the missing products, which are computed once, on the first fetch. */
static Portal
open_missing(const char *upload_id, const char *vendor_id)
{
	static Statement missing = {
		MISSING_PRODUCTS, 2, {TEXTOID, TEXTOID}, .replanned = true, .rewinds = true,
	};
	Datum values[2] = {CStringGetTextDatum(upload_id), CStringGetTextDatum(vendor_id)};
	int nest_level = begin_sorting();
	Portal cursor = statement_open(&missing, values);

	AtEOXact_GUC(true, nest_level);
	return cursor;
}

/* Discontinue the products that the cursor returns. */
static void
discontinue_missing(const char *upload_id, Portal cursor, Discontinued *result)
{
	ProductBatch *batch = palloc0(sizeof(ProductBatch));
	uint64 found;

	batch->upload_id = CStringGetTextDatum(upload_id);
	do
	{
		/* All memory of a batch is freed with the connection. */
		SPI_connect();
		SPI_cursor_fetch(cursor, true, PRODUCT_BATCH_SIZE);
		found = SPI_processed;
		if (found > 0)
		{
			lock_batch(batch, found);
			product_batch_discontinue(batch);
			note_batch(batch, result);
		}
		SPI_finish();
	} while (found > 0);
	pfree(batch);
}

/* An upload that is due for its last step. */
typedef struct LastStep
{
	char *vendor_id;
	bool has_unnamed; /* rows whose key cannot be read */
	Portal missing_products;
	int64 missing;
	int64 on_offer;
	bool is_above_guard;
} LastStep;

/* Is the upload complete, in mode replace, and with a valid row? */
static bool
is_due(const char *upload_id, LastStep *step)
{
	static Statement look = {
		"SELECT u.vendor_id, u.unnamed_records > 0 FROM onboard.upload_history u "
		"WHERE u.upload_id = $1 AND u.mode = 'replace' AND u.status = 'processing' "
		"  AND u.valid_records > 0 AND u.valid_records + u.error_records = u.total_records",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	if (statement_run(&look, values, NULL, false, SPI_OK_SELECT) == 0)
		return false;
	step->vendor_id = TextDatumGetCString(statement_value(1, NULL));
	step->has_unnamed = DatumGetBool(statement_value(2, NULL));
	return true;
}

/* Find the products that the step would discontinue. */
static void
find_missing(const char *upload_id, LastStep *step)
{
	step->missing_products = open_missing(upload_id, step->vendor_id);
	SPI_scroll_cursor_move(step->missing_products, FETCH_FORWARD, FETCH_ALL);
	step->missing = (int64) SPI_processed;
	SPI_scroll_cursor_move(step->missing_products, FETCH_ABSOLUTE, 0);
}

bool
replace_end_guard_holds(Datum vendor_id_text, int64 missing, int64 newly_offered, int64 *on_offer)
{
	static Statement count = {
		"SELECT o.on_offer, coalesce($2 > v.discontinue_guard * o.on_offer, false) "
		"FROM onboard.vendors v, "
		"  (SELECT count(*) + $3 AS on_offer FROM onboard.products p "
		"    WHERE p.vendor_id = $1 AND p.status <> 'discontinued') o "
		"WHERE v.vendor_id = $1",
		3,
		{TEXTOID, INT8OID, INT8OID},
		.replanned = true,
	};
	Datum values[3] = {vendor_id_text, Int64GetDatum(missing), Int64GetDatum(newly_offered)};

	statement_run(&count, values, NULL, false, SPI_OK_SELECT);
	*on_offer = DatumGetInt64(statement_value(1, NULL));
	return DatumGetBool(statement_value(2, NULL));
}

static void
store_counts(const char *upload_id, const Discontinued *result)
{
	static Statement store = {
		"UPDATE onboard.upload_history u SET discontinued_missing = $2, "
		"  metadata = CASE WHEN $3 = 0 THEN u.metadata "
		"                  ELSE u.metadata || jsonb_build_object('" UPLOAD_MISSING_KEPT
		"', $3) END "
		"WHERE u.upload_id = $1",
		3,
		{TEXTOID, INT8OID, INT8OID},
	};
	Datum values[3] = {
		CStringGetTextDatum(upload_id),
		Int64GetDatum(result->done),
		Int64GetDatum(result->kept),
	};

	statement_run(&store, values, NULL, false, SPI_OK_UPDATE);
}

bool
replace_end_if_complete(const char *upload_id)
{
	LastStep step = {0};
	Discontinued result = {0};
	bool waits;

	if (!is_due(upload_id, &step))
		return false;
	vendor_lock(step.vendor_id);
	find_missing(upload_id, &step);
	if (step.missing > 0)
		step.is_above_guard = replace_end_guard_holds(CStringGetTextDatum(step.vendor_id),
													  step.missing, 0, &step.on_offer);
	waits = step.missing > 0 && (step.has_unnamed || step.is_above_guard);
	if (step.missing > 0 && !waits)
	{
		discontinue_missing(upload_id, step.missing_products, &result);
		store_counts(upload_id, &result);
	}
	SPI_cursor_close(step.missing_products);
	if (!waits)
		return false;
	held_add_last_step(upload_id, step.vendor_id,
					   step.has_unnamed ? HELD_UNNAMED_RECORDS : HELD_DISCONTINUE_SHARE,
					   step.on_offer, step.missing);
	return true;
}

void
replace_end_approved(const char *upload_id, const char *vendor_id)
{
	Discontinued result = {0};
	Portal missing_products = open_missing(upload_id, vendor_id);

	discontinue_missing(upload_id, missing_products, &result);
	SPI_cursor_close(missing_products);
}
