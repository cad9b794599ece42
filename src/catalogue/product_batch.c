/*-------------------------------------------------------------------------
 *
 * product_batch.c
 *	  Removing, restoring and discontinuing products, many at a time.
 *
 * A user's foreign key, trigger or policy, or a key that another product has taken, may
 * prevent a change.  That product stays as it is, the others change: part of a
 * batch is written in a subtransaction and, if one product is refused, each half is
 * tried.  So a few refused products among a million cost a few dozen statements.
 * Changes are taken back newest first, because a product may hold the SKU that
 * another one had before.  A statement writes its part in any order, but if it
 * meets a key that is still taken, its newer half is written first.
 *
 * The statements run users' triggers and policies, with the search_path of
 * owner_enter_plain(), so their names are fully qualified.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/owner.h"
#include "base/refusal.h"
#include "base/statement.h"
#include "base/subtransaction.h"
#include "catalogue/product_batch.h"
#include "catalogue/product_values.h"
#include "history/change_log.h"
#include "table/shipped_shape.h"

static const char skipped[] = "skipped by a trigger or a policy of the catalogue";

/* What to write: products order[first] to order[first + count - 1] of a batch. */
typedef struct BatchPart
{
	ProductBatch *batch;
	const int *order;     /* in which they are written, if not all at once */
	Statement *statement; /* its parameters: product_id[], and to restore, old_values[] */
	int result;           /* that SPI returns */
	const char *action;   /* for the history */
	int first;
	int count;
	RefusalWatch watch;
} BatchPart;

static Datum
product_id_array(const BatchPart *part)
{
	Datum *elements = palloc(sizeof(Datum) * part->count);
	int i;

	for (i = 0; i < part->count; i++)
		elements[i] = Int64GetDatum(part->batch->product_id[part->order[part->first + i]]);
	return PointerGetDatum(construct_array(elements, part->count, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
old_values_array(const BatchPart *part)
{
	Datum *elements = palloc(sizeof(Datum) * part->count);
	int i;

	for (i = 0; i < part->count; i++)
		elements[i] = part->batch->old_values[part->order[part->first + i]];
	return PointerGetDatum(
		construct_array(elements, part->count, JSONBOID, -1, false, TYPALIGN_INT));
}

/* Return the place of a product in the batch, which is in order. */
static int
find_product(const ProductBatch *batch, int64 product_id)
{
	int low = 0;
	int high = batch->count - 1;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (batch->product_id[middle] < product_id)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(batch->product_id[low] == product_id);
	return low;
}

/* SubtransactionWork: run the statement, and note which products it returns. */
static bool
write_part(void *argument)
{
	BatchPart *part = argument;
	ProductBatch *batch = part->batch;
	Datum values[2] = {product_id_array(part)};
	ChangeOrigin origin = {.action = part->action, .upload_id_text = batch->upload_id};
	uint64 done;
	uint64 i;

	if (strcmp(part->action, CHANGE_REVERTED) == 0)
		values[1] = old_values_array(part);
	if (strcmp(part->action, CHANGE_DISCONTINUED) != 0)
	{
		origin.reversals = batch->reversal;
		origin.reversal_count = batch->count;
	}
	change_origin_set(&origin);
	refusal_watch_begin(&part->watch);
	done = statement_run(part->statement, values, NULL, false, part->result);
	refusal_watch_end(&part->watch);
	change_origin_clear();

	for (i = 0; i < done; i++)
	{
		bool is_null;
		Datum product_id = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);

		batch->refusal[find_product(batch, DatumGetInt64(product_id))] = NULL;
	}
	SPI_freetuptable(SPI_tuptable);
	return true;
}

/*
 * Keep only what may be shown: the primary message contains no values of other
 * vendors.
 */
static const char *
refusal_reason(const ErrorData *error)
{
	if (error->constraint_name != NULL)
		return psprintf("refused by constraint \"%s\": %s", error->constraint_name, error->message);
	return psprintf("refused by the catalogue: %s", error->message);
}

/* Write part of a batch and, if a product in it is refused, its halves. */
static void
write_or_halve(BatchPart part)
{
	BatchPart half = part;
	ErrorData *error;

	CHECK_FOR_INTERRUPTS();
	if (subtransaction_run(write_part, &part, &error))
		return;
	if (!refusal_watch_judge(&part.watch, error))
		ReThrowError(error);
	if (part.count == 1)
		part.batch->refusal[part.order[part.first]] = refusal_reason(error);
	FreeErrorData(error);
	if (part.count == 1)
		return;
	half.count = part.count / 2;
	write_or_halve(half);
	half.first = part.first + half.count;
	half.count = part.count - half.count;
	write_or_halve(half);
}

/*
 * Let the transition tables of the history's triggers spill to disk early:
 * before PostgreSQL 17, each subtransaction keeps the memory of its tables
 * until the transaction ends.  The setting ends with the section.
 */
static void
limit_transition_tables(void)
{
	(void) set_config_option("work_mem", "64kB", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
							 0, false);
}

/* Compare places in a batch by the changes to be put back, newest first. */
static int
compare_changes(const void *a, const void *b, void *argument)
{
	const ProductBatch *batch = argument;
	int64 left = batch->reversal[*(const int *) a].change_id;
	int64 right = batch->reversal[*(const int *) b].change_id;

	return (left < right) - (left > right);
}

static void
write_batch(ProductBatch *batch, Statement *statement, int result, const char *action)
{
	int *order = palloc(sizeof(int) * Max(batch->count, 1));
	BatchPart part = {
		.batch = batch,
		.order = order,
		.statement = statement,
		.result = result,
		.action = action,
		.count = batch->count,
	};
	OwnerSection section;
	int i;

	if (batch->count == 0)
		return;
	for (i = 0; i < batch->count; i++)
	{
		batch->refusal[i] = skipped;
		order[i] = i;
	}
	if (strcmp(action, CHANGE_REVERTED) == 0)
		qsort_arg(order, batch->count, sizeof(int), compare_changes, batch);
	owner_enter_plain(&section);
	limit_transition_tables();
	write_or_halve(part);
	owner_leave(&section);
}

void
product_batch_remove(ProductBatch *batch)
{
	static Statement remove = {
		"DELETE FROM onboard.products p WHERE p.product_id OPERATOR(pg_catalog.=) ANY ($1) "
		"RETURNING p.product_id",
		1,
		{INT8ARRAYOID},
		.looks_up = true,
	};

	write_batch(batch, &remove, SPI_OK_DELETE_RETURNING, CHANGE_DELETED);
}

/*
 * Return the names of what a file can set, and of the status, each after a prefix
 * and separated by commas.
 */
static char *
column_list(const char *prefix)
{
	StringInfoData list;
	AttrNumber column;

	initStringInfo(&list);
	for (column = product_column(0); column <= PRODUCT_STATUS; column++)
		appendStringInfo(&list, "%s%s%s", column > product_column(0) ? ", " : "", prefix,
						 quote_identifier(products_shape.columns[column - 1].name));
	return list.data;
}

/* Build an UPDATE that sets what a file can set, and the status, to their old values. */
static Statement *
restore_statement(void)
{
	static Statement restore = {
		NULL,
		2,
		{INT8ARRAYOID, JSONBARRAYOID},
		.looks_up = true,
	};
	char *sql;

	if (restore.sql != NULL)
		return &restore;
	sql = psprintf(
		"UPDATE onboard.products p SET (%s) = "
		"  (SELECT %s FROM pg_catalog.jsonb_populate_record(p, b.old_values) r) "
		"FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) b (product_id, old_values) "
		"WHERE p.product_id OPERATOR(pg_catalog.=) b.product_id "
		"RETURNING p.product_id",
		column_list(""), column_list("r."));
	restore.sql = MemoryContextStrdup(TopMemoryContext, sql);
	return &restore;
}

void
product_batch_restore(ProductBatch *batch)
{
	write_batch(batch, restore_statement(), SPI_OK_UPDATE_RETURNING, CHANGE_REVERTED);
}

void
product_batch_discontinue(ProductBatch *batch)
{
	static Statement discontinue = {
		"UPDATE onboard.products p SET status = 'discontinued' "
		"WHERE p.product_id OPERATOR(pg_catalog.=) ANY ($1) "
		"  AND p.status OPERATOR(pg_catalog.<>) 'discontinued' "
		"RETURNING p.product_id",
		1,
		{INT8ARRAYOID},
		.looks_up = true,
	};

	write_batch(batch, &discontinue, SPI_OK_UPDATE_RETURNING, CHANGE_DISCONTINUED);
}
