/*-------------------------------------------------------------------------
 *
 * changed_values.c
 *	  The values of some columns of a row, as a jsonb object.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/jsonb_object.h"
#include "history/changed_values.h"

/* A column, as a member of the object. */
typedef struct WrittenColumn
{
	AttrNumber number;
	struct text_view name;
	Oid type;
	FmgrInfo *to_jsonb; /* NULL until it is needed */
} WrittenColumn;

struct ChangedValues
{
	MemoryContext context;
	TupleDesc descriptor;
	WrittenColumn *columns; /* in the order of jsonb keys */
	int column_count;
};

static int
compare_columns(const void *a, const void *b)
{
	return jsonb_compare_names(((const WrittenColumn *) a)->name,
							   ((const WrittenColumn *) b)->name);
}

ChangedValues *
changed_values_open(TupleDesc descriptor)
{
	ChangedValues *writer = palloc0(sizeof(ChangedValues));
	int i;

	writer->context = CurrentMemoryContext;
	writer->descriptor = descriptor;
	writer->columns = palloc0(descriptor->natts * sizeof(WrittenColumn));
	for (i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		WrittenColumn *column = &writer->columns[writer->column_count];

		if (attribute->attisdropped)
			continue;
		column->number = i + 1;
		column->name = text_of(NameStr(attribute->attname));
		column->type = attribute->atttypid;
		writer->column_count++;
	}
	qsort(writer->columns, writer->column_count, sizeof(WrittenColumn), compare_columns);
	return writer;
}

static void
set_container(JsonbMember *member, JsonbContainer *container, Size length)
{
	member->kind = MEMBER_CONTAINER;
	member->value.data = (const char *) container;
	member->value.length = length;
}

static void
set_number(JsonbMember *member, Numeric number)
{
	member->kind = MEMBER_NUMBER;
	member->value.data = (const char *) number;
	member->value.length = VARSIZE(number);
}

static void
set_scalar(JsonbMember *member, const JsonbValue *scalar)
{
	switch (scalar->type)
	{
		case jbvNull:
			member->kind = MEMBER_NULL;
			break;
		case jbvBool:
			member->kind = scalar->val.boolean ? MEMBER_TRUE : MEMBER_FALSE;
			break;
		case jbvNumeric:
			set_number(member, scalar->val.numeric);
			break;
		case jbvString:
			member->kind = MEMBER_TEXT;
			member->value.data = scalar->val.string.val;
			member->value.length = scalar->val.string.len;
			break;
		default:
			elog(ERROR, "unexpected type of scalar: %d", (int) scalar->type);
	}
}

static void
set_jsonb(JsonbMember *member, Jsonb *jsonb)
{
	JsonbValue scalar;

	if (JB_ROOT_IS_SCALAR(jsonb))
	{
		(void) JsonbExtractScalar(&jsonb->root, &scalar);
		set_scalar(member, &scalar);
	}
	else
		set_container(member, &jsonb->root, VARSIZE(jsonb) - VARHDRSZ);
}

/* Call to_jsonb() for a value of any type. */
static Jsonb *
call_to_jsonb(ChangedValues *writer, WrittenColumn *column, Datum value)
{
	if (column->to_jsonb == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(writer->context);
		Const *argument = makeNullConst(column->type, -1, InvalidOid);

		column->to_jsonb = palloc(sizeof(FmgrInfo));
		fmgr_info(F_TO_JSONB, column->to_jsonb);
		fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(argument),
												 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL),
						   column->to_jsonb);
		MemoryContextSwitchTo(caller);
	}
	return DatumGetJsonbP(FunctionCall1(column->to_jsonb, value));
}

/* Convert a value as to_jsonb() does, without calling it for the types of products. */
static void
set_value(ChangedValues *writer, WrittenColumn *column, Datum value, JsonbMember *member)
{
	Numeric number;

	switch (column->type)
	{
		case TEXTOID:
			member->kind = MEMBER_TEXT;
			value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
			member->value.data = VARDATA_ANY(DatumGetPointer(value));
			member->value.length = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
			return;
		case INT4OID:
			set_number(member, int64_to_numeric(DatumGetInt32(value)));
			return;
		case INT8OID:
			set_number(member, int64_to_numeric(DatumGetInt64(value)));
			return;
		case JSONBOID:
			set_jsonb(member, DatumGetJsonbP(value));
			return;
		case NUMERICOID:
			number = DatumGetNumeric(value);
			/* Other types become strings. */
			if (!numeric_is_nan(number) && !numeric_is_inf(number))
			{
				set_number(member, number);
				return;
			}
			break;
		default:
			break;
	}
	set_jsonb(member, call_to_jsonb(writer, column, value));
}

Datum
changed_values_to_jsonb(ChangedValues *writer, const Datum *values, const bool *nulls,
						const bool *changed)
{
	JsonbMember *members = palloc0(writer->column_count * sizeof(JsonbMember));
	int count = 0;
	int i;

	for (i = 0; i < writer->column_count; i++)
	{
		WrittenColumn *column = &writer->columns[i];

		if (!changed[column->number - 1])
			continue;
		members[count].name = column->name;
		if (!nulls[column->number - 1])
			set_value(writer, column, values[column->number - 1], &members[count]);
		count++;
	}
	return JsonbPGetDatum(jsonb_object_write(members, count));
}
