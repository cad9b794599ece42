/*-------------------------------------------------------------------------
 *
 * plain_update.c
 *	  Changing a product by an SQL statement.
 *
 * The statement sets only the columns that differ, so that triggers on UPDATE
 * OF fire as for any user's statement.  updated_at is left to its trigger, and
 * so is the status if it only follows the stock: a user who disabled the
 * trigger wants neither.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/statement.h"
#include "catalogue/plain_update.h"
#include "table/shipped_shape.h"

/*
 * Cached plans: the rows of a file change only a few sets of columns, such as
 * the price, the stock, or both.
 */
#define KEPT_STATEMENTS 16

static bool
has_column(uint64 columns, int i)
{
	return (columns & (UINT64CONST(1) << i)) != 0;
}

/* Return the columns to be set, as bits PRODUCT_x - 1. */
static uint64
columns_to_set(const ProductChange *change)
{
	uint64 columns = change->changed;

	if (!change->sets_status)
		columns &= ~(UINT64CONST(1) << (PRODUCT_STATUS - 1));
	return columns;
}

/* Return the text of the statement, whose parameters are the values and the TID. */
static char *
update_text(uint64 columns)
{
	StringInfoData text;
	int count = 0;
	int i;

	initStringInfo(&text);
	appendStringInfoString(&text, "UPDATE ONLY onboard.products SET ");
	for (i = 0; i < PRODUCT_COLUMN_COUNT; i++)
	{
		if (!has_column(columns, i))
			continue;
		appendStringInfo(&text, "%s%s = $%d", count > 0 ? ", " : "",
						 quote_identifier(products_shape.columns[i].name), count + 1);
		count++;
	}
	appendStringInfo(&text, " WHERE ctid OPERATOR(pg_catalog.=) $%d", count + 1);
	return text.data;
}

/* The parameters of one UPDATE. */
typedef struct UpdateParameters
{
	int count;
	Oid types[PRODUCT_COLUMN_COUNT + 1];
	Datum values[PRODUCT_COLUMN_COUNT + 1];
	char null_flags[PRODUCT_COLUMN_COUNT + 1];
} UpdateParameters;

static void
add_parameter(UpdateParameters *parameters, Oid type, Datum value, bool is_null)
{
	parameters->types[parameters->count] = type;
	parameters->values[parameters->count] = value;
	parameters->null_flags[parameters->count] = is_null ? 'n' : ' ';
	parameters->count++;
}

/*
 * Return the statement that sets these columns, or NULL if it is not cached.
 * None is evicted: a user's trigger may run this code within the statement.
 */
static Statement *
kept_statement(uint64 columns, const UpdateParameters *parameters)
{
	static struct
	{
		uint64 columns;
		Statement statement;
	} kept[KEPT_STATEMENTS];
	static int kept_count = 0;
	Statement *statement;
	int i;

	for (i = 0; i < kept_count; i++)
	{
		if (kept[i].columns == columns)
			return &kept[i].statement;
	}
	if (kept_count == KEPT_STATEMENTS)
		return NULL;
	statement = &kept[kept_count].statement;
	statement->sql = MemoryContextStrdup(TopMemoryContext, update_text(columns));
	statement->parameter_count = parameters->count;
	memcpy(statement->parameter_types, parameters->types, sizeof(parameters->types));
	kept[kept_count++].columns = columns;
	return statement;
}

bool
plain_update(const FoundProduct *product, const ProductChange *change)
{
	uint64 columns = columns_to_set(change);
	UpdateParameters parameters = {0};
	Statement *statement;
	int i;

	for (i = 0; i < PRODUCT_COLUMN_COUNT; i++)
	{
		if (has_column(columns, i))
			add_parameter(&parameters, products_shape.columns[i].type, change->values[i],
						  change->nulls[i]);
	}
	add_parameter(&parameters, TIDOID, PointerGetDatum(&product->tid), false);
	statement = kept_statement(columns, &parameters);
	if (statement != NULL)
		return statement_run(statement, parameters.values, parameters.null_flags, false,
							 SPI_OK_UPDATE) > 0;
	return SPI_execute_with_args(update_text(columns), parameters.count, parameters.types,
								 parameters.values, parameters.null_flags, false,
								 0) == SPI_OK_UPDATE &&
		   SPI_processed > 0;
}
