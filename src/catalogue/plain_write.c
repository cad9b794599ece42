/*-------------------------------------------------------------------------
 *
 * plain_write.c
 *	  Writing a row to onboard.products by an SQL statement.
 *
 * Used when the table carries more than the extension shipped: the statement
 * runs the triggers, policies, defaults and constraints that users added, with
 * exactly the results of a plain INSERT or UPDATE.  Each row is a subtransaction of its
 * own, so a refusal is a verdict on one row; see refusal.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/elog.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/counters.h"
#include "base/owner.h"
#include "base/refusal.h"
#include "base/statement.h"
#include "base/subtransaction.h"
#include "catalogue/plain_update.h"
#include "catalogue/plain_write.h"
#include "catalogue/product_version.h"
#include "history/change_log.h"
#include "table/index_shape.h"
#include "table/shipped_shape.h"

/* Does the error say that this unique index of the table already has the row's key? */
static bool
is_conflict_in(Relation index, const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION && error->constraint_name != NULL &&
		   error->schema_name != NULL && strcmp(error->schema_name, "onboard") == 0 &&
		   error->table_name != NULL && strcmp(error->table_name, "products") == 0 &&
		   strcmp(error->constraint_name, RelationGetRelationName(index)) == 0;
}

/* Was the row refused by one of the unique indexes used to look up keys? */
static bool
is_key_conflict(const Catalogue *catalogue, const ErrorData *error)
{
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		if (is_conflict_in(catalogue->indexes[catalogue->key_index[key]], error))
			return true;
	}
	return false;
}

/* A product_id comes from a sequence, so a duplicate one is not the row's fault. */
static bool
is_taken_product_id(const Catalogue *catalogue, const ErrorData *error)
{
	AttrNumber product_id = get_attnum(RelationGetRelid(catalogue->products), "product_id");
	int i;

	for (i = 0; i < catalogue->index_count; i++)
	{
		if (is_conflict_in(catalogue->indexes[i], error))
			return index_is_unique_on(catalogue->indexes[i], &product_id, 1);
	}
	return false;
}

/* One row on its way into the table. */
typedef struct PlainWrite
{
	Catalogue *catalogue;
	RowWrite *write;
	RefusalWatch watch;
	bool is_outdated; /* the product was changed since it was found */

	/* For INSERT: all columns but product_id, which comes from its sequence. */
	const Datum *values;
	const bool *nulls;
	uint64 omitted; /* columns left to their defaults, as bits of products_shape */
} PlainWrite;

/*
 * Build an INSERT of all columns but those omitted and product_id, which comes
 * from its sequence.
 */
static char *
insert_text(uint64 omitted)
{
	StringInfoData columns;
	StringInfoData parameters;
	int count = 0;
	int i;

	initStringInfo(&columns);
	initStringInfo(&parameters);
	for (i = PRODUCT_ID; i < PRODUCT_COLUMN_COUNT; i++)
	{
		const char *separator = count > 0 ? ", " : "";

		if ((omitted & (UINT64CONST(1) << i)) != 0)
			continue;
		appendStringInfo(&columns, "%s%s", separator,
						 quote_identifier(products_shape.columns[i].name));
		appendStringInfo(&parameters, "%s$%d", separator, ++count);
	}
	return psprintf("INSERT INTO onboard.products (%s) VALUES (%s)", columns.data, parameters.data);
}

static Statement *
insert_statement(void)
{
	static Statement insert;
	int i;

	StaticAssertStmt(PRODUCT_COLUMN_COUNT - 1 <= STATEMENT_MAX_PARAMETERS,
					 "a statement has too few parameters for a product");
	if (insert.sql != NULL)
		return &insert;
	insert.parameter_count = PRODUCT_COLUMN_COUNT - 1;
	for (i = 0; i < insert.parameter_count; i++)
		insert.parameter_types[i] = products_shape.columns[PRODUCT_ID + i].type;
	insert.sql = MemoryContextStrdup(TopMemoryContext, insert_text(0));
	return &insert;
}

/*
 * Likewise for a row that leaves out columns whose defaults were changed.  This
 * is rare, so the plan is not kept: there would be one for each set of columns.
 */
static bool
insert_with_defaults(const PlainWrite *work)
{
	Oid types[PRODUCT_COLUMN_COUNT];
	Datum values[PRODUCT_COLUMN_COUNT];
	char null_flags[PRODUCT_COLUMN_COUNT];
	int count = 0;
	int i;

	for (i = PRODUCT_ID; i < PRODUCT_COLUMN_COUNT; i++)
	{
		if ((work->omitted & (UINT64CONST(1) << i)) != 0)
			continue;
		types[count] = products_shape.columns[i].type;
		values[count] = work->values[i - 1];
		null_flags[count] = work->nulls[i - 1] ? 'n' : ' ';
		count++;
	}
	return SPI_execute_with_args(insert_text(work->omitted), count, types, values, null_flags,
								 false, 0) == SPI_OK_INSERT &&
		   SPI_processed > 0;
}

/*
 * Run a statement that writes the row; returns false if it did not.  Runs as the
 * owner, with the search_path of owner_enter_plain() and with row security, as
 * the owner's own statement would.
 */
static bool
run_as_owner(PlainWrite *work, bool (*statement)(PlainWrite *work))
{
	OwnerSection section;
	bool written;

	owner_enter_plain(&section);
	SPI_connect();
	refusal_watch_begin(&work->watch);
	written = statement(work);
	refusal_watch_end(&work->watch);
	SPI_finish();
	owner_leave(&section);
	return written;
}

/*
 * Run the INSERT; returns false if a BEFORE trigger dropped the row.  No
 * RETURNING, because that would apply the SELECT policies, too.
 */
static bool
run_insert(PlainWrite *work)
{
	char null_flags[PRODUCT_COLUMN_COUNT];
	int i;

	if (work->omitted != 0)
		return insert_with_defaults(work);
	for (i = 0; i < PRODUCT_COLUMN_COUNT - 1; i++)
		null_flags[i] = work->nulls[i] ? 'n' : ' ';
	return statement_run(insert_statement(), unconstify(Datum *, work->values), null_flags, false,
						 SPI_OK_INSERT) > 0;
}

/* Return 0 if a trigger changed the row's origin. */
static int64
find_product_id(const RowWrite *write)
{
	static Statement find = {
		"SELECT p.product_id FROM onboard.products p WHERE p.upload_id = $1 AND p.row_number = $2",
		2,
		{TEXTOID, INT8OID},
	};
	Datum key[2] = {write->owner->upload_id_text, Int64GetDatum(write->row->row_number)};
	OwnerSection section;
	int64 product_id = 0;

	owner_enter(&section);
	SPI_connect();
	if (statement_run(&find, key, NULL, false, SPI_OK_SELECT) > 0)
		product_id = DatumGetInt64(statement_value(1, NULL));
	SPI_finish();
	owner_leave(&section);
	return product_id;
}

/*
 * Does the row leave out this column?  Then the column has the value that onboard
 * stores by default.
 */
static bool
is_left_out(const ProductConstants *constants, AttrNumber column, const Datum *values,
			const bool *nulls)
{
	Datum value = values[column - 1];

	if (nulls[column - 1])
		return true;
	if (column == PRODUCT_ATTRIBUTES)
		return value == constants->no_attributes;
	if (column == PRODUCT_STATUS)
		return value == constants->active;
	return value == constants->blank[column - product_column(0)];
}

/*
 * Return the vendor's columns that the row leaves out and whose default is not
 * the shipped one.  Columns that onboard itself fills ignore defaults.
 */
static uint64
omitted_columns(const Catalogue *catalogue, const Datum *values, const bool *nulls)
{
	uint64 omitted = 0;
	AttrNumber column;

	for (column = product_column(0); column <= PRODUCT_STATUS; column++)
	{
		if (is_left_out(&catalogue->constants, column, values, nulls))
			omitted |= UINT64CONST(1) << (column - 1);
	}
	return omitted & catalogue->changed_defaults;
}

/* Insert the row; returns false if a trigger dropped it. */
static bool
insert_row(PlainWrite *work)
{
	const ProductConstants *constants = &work->catalogue->constants;
	RowWrite *write = work->write;
	Datum values[PRODUCT_COLUMN_COUNT];
	bool nulls[PRODUCT_COLUMN_COUNT];

	product_values(constants, write->owner, write->row, values, nulls);
	work->omitted = omitted_columns(work->catalogue, values, nulls);
	work->values = values + PRODUCT_VENDOR_ID - 1;
	work->nulls = nulls + PRODUCT_VENDOR_ID - 1;
	if (!run_as_owner(work, run_insert))
		return false;
	write->product_id = find_product_id(write);
	return true;
}

/* Run the UPDATE; returns false if the product was not updated. */
static bool
run_update(PlainWrite *work)
{
	ChangeOrigin origin = product_version_origin(work->write);
	bool written;

	work->is_outdated = !product_version_lock(work->catalogue, work->write->product);
	if (work->is_outdated)
		return false;
	change_origin_set(&origin);
	written = plain_update(work->write->product, work->write->change);
	change_origin_clear();
	return written;
}

/*
 * SubtransactionWork: carry out the action; returns false if the row was not
 * written.
 */
static bool
carry_out(void *argument)
{
	PlainWrite *work = argument;

	switch (work->write->action)
	{
		case ACTION_INSERT:
			return insert_row(work);
		case ACTION_UPDATE:
		case ACTION_DISCONTINUE:
			return run_as_owner(work, run_update);
		default:
			elog(ERROR, "the plain path cannot carry out action \"%s\"",
				 action_name(work->write->action));
	}
	return false; /* not reached */
}

/* Is the error a verdict on the row? */
static bool
is_refusal(const PlainWrite *work, const ErrorData *error)
{
	return !is_taken_product_id(work->catalogue, error) && refusal_watch_judge(&work->watch, error);
}

/*
 * Keep only what may be shown: the primary message contains no values of other
 * vendors.
 */
static const char *
refusal_message(const ErrorData *error)
{
	if (error->constraint_name != NULL)
		return psprintf("the catalogue refused the row by constraint \"%s\": %s",
						error->constraint_name, error->message);
	return psprintf("the catalogue refused the row: %s", error->message);
}

/* Return the result for a row that was not written without raising an error. */
static WriteResult
result_without_error(PlainWrite *work)
{
	if (work->is_outdated)
		return WRITE_CONFLICT;
	work->write->refusal = work->write->action == ACTION_INSERT
							   ? "the catalogue refused the row: a trigger dropped it"
							   : "the catalogue refused the row: a trigger or policy dropped it";
	return WRITE_REFUSED;
}

static WriteResult
result_of_error(PlainWrite *work, ErrorData *error)
{
	WriteResult result = WRITE_REFUSED;

	if (!is_refusal(work, error))
		ReThrowError(error);
	if (is_key_conflict(work->catalogue, error))
		result = WRITE_CONFLICT;
	else
		work->write->refusal = refusal_message(error);
	FreeErrorData(error);
	return result;
}

WriteResult
plain_write(Catalogue *catalogue, RowWrite *write)
{
	PlainWrite work = {.catalogue = catalogue, .write = write};
	ErrorData *error;

	if (!subtransaction_run(carry_out, &work, &error))
		return error != NULL ? result_of_error(&work, error) : result_without_error(&work);
	if (write->action == ACTION_INSERT)
		onboard_counters.rows_plain++;
	else
		onboard_counters.changes_plain++;
	return WRITE_DONE;
}
