/*-------------------------------------------------------------------------
 *
 * product_reader.c
 *	  Reading the values of a product from its tuple.
 *
 * The tuple is copied, so that no page stays pinned while its row is judged.  On
 * a table as shipped, the values are those of the slot.  Users may have dropped
 * columns and added them again elsewhere, or changed a type: then the values are
 * reordered, and those of another type are read as text, as COPY would.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "parser/parse_coerce.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "catalogue/product_reader.h"
#include "catalogue/product_values.h"
#include "table/shipped_shape.h"

/* The position of one column, and how to convert its values to the shipped type. */
typedef struct ProductColumn
{
	AttrNumber number;
	bool is_converted;
	FmgrInfo output;
	FmgrInfo input;
	Oid input_parameter;
} ProductColumn;

struct ProductReader
{
	TupleTableSlot *slot; /* holds the copy */
	bool in_place;        /* the values of the slot are in order, with the shipped types */

	/* Otherwise: */
	MemoryContext converted; /* reset with each tuple */
	ProductColumn columns[PRODUCT_COLUMN_COUNT];
	Datum values[PRODUCT_COLUMN_COUNT];
	bool nulls[PRODUCT_COLUMN_COUNT];
};

static void
find_column(Relation products, const ColumnShape *shipped, ProductColumn *column)
{
	Oid type;
	Oid function;
	bool is_varlena;

	column->number = get_attnum(RelationGetRelid(products), shipped->name);
	if (column->number == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of onboard.products does not exist", shipped->name),
				 errdetail("It comes with the extension and is needed to change products.")));
	type = TupleDescAttr(RelationGetDescr(products), column->number - 1)->atttypid;
	column->is_converted = !IsBinaryCoercible(type, shipped->type);
	if (!column->is_converted)
		return;
	getTypeOutputInfo(type, &function, &is_varlena);
	fmgr_info(function, &column->output);
	getTypeInputInfo(shipped->type, &function, &column->input_parameter);
	fmgr_info(function, &column->input);
}

ProductReader *
product_reader_create(Relation products)
{
	ProductReader *reader = palloc0(sizeof(ProductReader));
	int i;

	reader->slot = MakeSingleTupleTableSlot(RelationGetDescr(products), &TTSOpsHeapTuple);
	reader->converted = AllocSetContextCreate(CurrentMemoryContext, "onboard converted product",
											  ALLOCSET_SMALL_SIZES);
	reader->in_place = true;
	for (i = 0; i < PRODUCT_COLUMN_COUNT; i++)
	{
		find_column(products, &products_shape.columns[i], &reader->columns[i]);
		if (reader->columns[i].number != i + 1 || reader->columns[i].is_converted)
			reader->in_place = false;
	}
	return reader;
}

void
product_reader_destroy(ProductReader *reader)
{
	ExecDropSingleTupleTableSlot(reader->slot);
	MemoryContextDelete(reader->converted);
	pfree(reader);
}

/* Convert a value to the shipped type.  Numbers keep their digits. */
static Datum
convert(ProductColumn *column, Datum value)
{
	return InputFunctionCall(&column->input, OutputFunctionCall(&column->output, value),
							 column->input_parameter, -1);
}

static void
put_in_order(ProductReader *reader)
{
	MemoryContext caller;
	int i;

	MemoryContextReset(reader->converted);
	caller = MemoryContextSwitchTo(reader->converted);
	for (i = 0; i < PRODUCT_COLUMN_COUNT; i++)
	{
		ProductColumn *column = &reader->columns[i];

		reader->values[i] = reader->slot->tts_values[column->number - 1];
		reader->nulls[i] = reader->slot->tts_isnull[column->number - 1];
		if (column->is_converted && !reader->nulls[i])
			reader->values[i] = convert(column, reader->values[i]);
	}
	MemoryContextSwitchTo(caller);
}

void
product_reader_read(ProductReader *reader, TupleTableSlot *tuple, const Datum **values,
					const bool **nulls)
{
	ExecCopySlot(reader->slot, tuple);
	slot_getallattrs(reader->slot);
	if (!reader->in_place)
		put_in_order(reader);
	*values = reader->in_place ? reader->slot->tts_values : reader->values;
	*nulls = reader->in_place ? reader->slot->tts_isnull : reader->nulls;
}

TupleTableSlot *
product_reader_tuple(ProductReader *reader)
{
	return reader->slot;
}
