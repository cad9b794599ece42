/*-------------------------------------------------------------------------
 *
 * error_store.c
 *	  The table onboard.validation_errors: recording findings.
 *
 * In a file whose rows are all bad this is the hot path, so findings are written
 * to the heap in batches, as products are, and the foreign keys to upload and
 * vendor are not checked row by row: both rows are locked.  If users have put a
 * trigger, policy or constraint on the table, rows are stored by INSERT.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "load/error_store.h"
#include "shared/text.h"
#include "table/row_batch.h"

/* Columns of validation_errors (see shipped_shape.c). */
enum
{
	ERROR_ID = 1,
	ERROR_UPLOAD_ID,
	ERROR_VENDOR_ID,
	ERROR_ROW_NUMBER,
	ERROR_LINE_NUMBER,
	ERROR_VENDOR_PRODUCT_ID,
	ERROR_TYPE,
	ERROR_FIELD,
	ERROR_MESSAGE,
	ERROR_SEVERITY,
	ERROR_REJECTED_VALUE,
	ERROR_SUGGESTION,
	ERROR_ORIGINAL_DATA,
	ERROR_CREATED_AT
};
#define ERROR_COLUMN_COUNT ERROR_CREATED_AT

struct ErrorStore
{
	MemoryContext row_context; /* reset after each row */
	Relation relation;
	RowBatch *batch; /* NULL if rows are stored by INSERT */
	Datum field_names[COLUMN_COUNT];
	Datum severity_names[2];
};

static void
prepare_names(ErrorStore *store)
{
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
		store->field_names[i] = CStringGetTextDatum(onboard_columns[i].name);
	store->severity_names[SEVERITY_ERROR] = CStringGetTextDatum(severity_name(SEVERITY_ERROR));
	store->severity_names[SEVERITY_WARNING] = CStringGetTextDatum(severity_name(SEVERITY_WARNING));
}

ErrorStore *
error_store_open(void)
{
	ErrorStore *store = palloc0(sizeof(ErrorStore));

	store->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard error row", ALLOCSET_DEFAULT_SIZES);
	store->relation = table_open(onboard_relation("validation_errors"), RowExclusiveLock);
	store->batch = row_batch_open(store->relation, &validation_errors_shape, ERROR_ID, 0);
	prepare_names(store);
	return store;
}

void
error_store_close(ErrorStore *store)
{
	row_batch_close(store->batch);
	table_close(store->relation, NoLock);
	MemoryContextDelete(store->row_context);
}

bool
error_store_is_direct(const ErrorStore *store)
{
	return store->batch != NULL;
}

/* Fill the columns that all findings of a row share. */
static void
row_values(const CatalogueOwner *owner, const IncomingRow *row, Datum *values, bool *nulls)
{
	struct text_view vendor_product_id = row->product.value[COLUMN_VENDOR_PRODUCT_ID];

	memset(nulls, false, ERROR_COLUMN_COUNT * sizeof(bool));
	values[ERROR_UPLOAD_ID - 1] = owner->upload_id_text;
	values[ERROR_VENDOR_ID - 1] = owner->vendor_id_text;
	values[ERROR_ROW_NUMBER - 1] = Int64GetDatum(row->row_number);
	values[ERROR_LINE_NUMBER - 1] = Int64GetDatum(row->line_number);
	nulls[ERROR_LINE_NUMBER - 1] = row->line_number == 0;
	nulls[ERROR_VENDOR_PRODUCT_ID - 1] = vendor_product_id.length == 0;
	if (vendor_product_id.length > 0)
		values[ERROR_VENDOR_PRODUCT_ID - 1] = text_datum(vendor_product_id);
	values[ERROR_ORIGINAL_DATA - 1] = JsonbPGetDatum(incoming_row_original_data(row));
	values[ERROR_CREATED_AT - 1] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
}

static void
finding_values(ErrorStore *store, const struct finding *finding, Datum *values, bool *nulls)
{
	const char *field = finding_field(finding);

	values[ERROR_TYPE - 1] = CStringGetTextDatum(finding->rule->code);
	nulls[ERROR_FIELD - 1] = field == NULL;
	if (finding->column != COLUMN_NONE)
		values[ERROR_FIELD - 1] = store->field_names[finding->column];
	else if (field != NULL)
		values[ERROR_FIELD - 1] = CStringGetTextDatum(field);
	values[ERROR_MESSAGE - 1] = CStringGetTextDatum(finding->message);
	values[ERROR_SEVERITY - 1] = store->severity_names[finding->severity];
	nulls[ERROR_REJECTED_VALUE - 1] = finding->rejected.data == NULL;
	if (finding->rejected.data != NULL)
	{
		struct text_view rejected = finding->rejected;

		rejected.length = text_cut(rejected, ONBOARD_MAX_RECORD_BYTES);
		values[ERROR_REJECTED_VALUE - 1] = text_datum(rejected);
	}
	nulls[ERROR_SUGGESTION - 1] = finding->suggestion[0] == '\0';
	if (finding->suggestion[0] != '\0')
		values[ERROR_SUGGESTION - 1] = CStringGetTextDatum(finding->suggestion);
}

/* Store by an INSERT statement, with whatever users put on the table. */
static void
insert_plain(const Datum *values, const bool *nulls)
{
	static Statement insert = {
		"INSERT INTO onboard.validation_errors (upload_id, vendor_id, row_number, line_number, "
		"  vendor_product_id, error_type, error_field, error_message, severity, rejected_value, "
		"  suggestion, original_data, created_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
		ERROR_COLUMN_COUNT - 1,
		{TEXTOID, TEXTOID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
		 TEXTOID, JSONBOID, TIMESTAMPTZOID},
	};
	char null_flags[ERROR_COLUMN_COUNT];
	OwnerSection section;
	int i;

	for (i = 1; i < ERROR_COLUMN_COUNT; i++)
		null_flags[i - 1] = nulls[i] ? 'n' : ' ';
	owner_enter_plain(&section);
	SPI_connect();
	statement_run(&insert, unconstify(Datum *, values) + 1, null_flags, false, SPI_OK_INSERT);
	SPI_finish();
	owner_leave(&section);
}

bool
error_store_add(ErrorStore *store, const CatalogueOwner *owner, const IncomingRow *row,
				const struct findings *findings)
{
	MemoryContext caller = MemoryContextSwitchTo(store->row_context);
	Datum values[ERROR_COLUMN_COUNT];
	bool nulls[ERROR_COLUMN_COUNT];
	int i;

	row_values(owner, row, values, nulls);
	for (i = 0; i < findings->count; i++)
	{
		finding_values(store, &findings->items[i], values, nulls);
		if (store->batch != NULL)
			row_batch_add(store->batch, values, nulls, ERROR_COLUMN_COUNT);
		else
			insert_plain(values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(store->row_context);
	/* The next row may have as many findings. */
	return store->batch != NULL && row_batch_is_full(store->batch, MAX_FINDINGS);
}

void
error_store_flush(ErrorStore *store)
{
	if (store->batch != NULL)
		row_batch_flush(store->batch);
}
