/*-------------------------------------------------------------------------
 *
 * sheet_rows.c
 *	  The row in which a spreadsheet shows a record of the vendor's file.
 *
 * Blank lines between records are rare, so the client stores where they are, once
 * per upload; see glue/reader/sheet_rows.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/jsonb_object.h"
#include "report/sheet_rows.h"
#include "shared/sheet_steps.h"

struct SheetRows
{
	int count;
	struct sheet_step steps[FLEXIBLE_ARRAY_MEMBER];
};

/* Read a number that clients may have written; SHEET_STEP_UNKNOWN if it is not a count.  */
static int64
read_count(const JsonbValue *value)
{
	Numeric largest;

	if (value == NULL || value->type != jbvNumeric)
		return SHEET_STEP_UNKNOWN;
	largest = int64_to_numeric(PG_INT32_MAX);
	if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(value->val.numeric),
										  NumericGetDatum(largest))) > 0 ||
		DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(value->val.numeric),
										  NumericGetDatum(int64_to_numeric(0)))) < 0)
		return SHEET_STEP_UNKNOWN;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
}

/* Read a pair; false if it is not one.  */
static bool
read_step(const JsonbValue *value, struct sheet_step *step)
{
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) != 2)
		return false;
	step->row_number = read_count(getIthJsonbValueFromContainer(value->val.binary.data, 0));
	step->above = read_count(getIthJsonbValueFromContainer(value->val.binary.data, 1));
	return step->row_number != SHEET_STEP_UNKNOWN;
}

SheetRows *
sheet_rows_read(Jsonb *metadata)
{
	JsonbContainer *list = jsonb_find_array(&metadata->root, "sheet_rows");
	SheetRows *rows;
	uint32 count = list == NULL ? 0 : JsonContainerSize(list);
	uint32 i;

	rows = palloc(offsetof(SheetRows, steps) + count * sizeof(struct sheet_step));
	rows->count = 0;
	for (i = 0; i < count; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(list, i);

		if (read_step(value, &rows->steps[rows->count]))
			rows->count++;
	}
	return rows;
}

int64
sheet_row(const SheetRows *rows, int64 row_number)
{
	return sheet_steps_find(rows->steps, rows->count, row_number);
}
