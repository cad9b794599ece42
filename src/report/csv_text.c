/*-------------------------------------------------------------------------
 *
 * csv_text.c
 *	  Writing CSV records (RFC 4180), cell by cell.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "report/csv_text.h"
#include "shared/csv_cell.h"

void
csv_init(CsvRecord *record, struct text_view delimiter)
{
	initStringInfo(&record->text);
	record->delimiter = delimiter;
	record->cell_count = 0;
}

void
csv_reset(CsvRecord *record)
{
	resetStringInfo(&record->text);
	record->cell_count = 0;
}

static void
begin_cell(CsvRecord *record)
{
	if (record->cell_count++ > 0)
		appendBinaryStringInfo(&record->text, record->delimiter.data, record->delimiter.length);
}

/* Append the cell's text with each quote doubled. */
static void
add_doubling_quotes(StringInfo text, struct text_view cell)
{
	struct csv_cell_parts parts = {.rest = cell};
	struct text_view part;

	while (csv_cell_next_part(&parts, &part))
		appendBinaryStringInfo(text, part.data, part.length);
}

void
csv_add_quoted(CsvRecord *record, struct text_view cell)
{
	begin_cell(record);
	appendStringInfoChar(&record->text, '"');
	add_doubling_quotes(&record->text, cell);
	appendStringInfoChar(&record->text, '"');
}

void
csv_add(CsvRecord *record, struct text_view cell)
{
	if (csv_cell_needs_quotes(cell, record->delimiter.data[0]))
	{
		csv_add_quoted(record, cell);
		return;
	}
	begin_cell(record);
	if (cell.length > 0)
		appendBinaryStringInfo(&record->text, cell.data, cell.length);
}

void
csv_add_safe(CsvRecord *record, struct text_view cell)
{
	if (!csv_cell_is_formula(cell))
	{
		csv_add(record, cell);
		return;
	}
	begin_cell(record);
	appendStringInfoChar(&record->text, '"');
	appendStringInfoChar(&record->text, CSV_NEUTRALIZER);
	add_doubling_quotes(&record->text, cell);
	appendStringInfoChar(&record->text, '"');
}

void
csv_return(CsvRecord *record, ReturnSetInfo *result)
{
	Datum values[1];
	bool nulls[1] = {false};

	values[0] = PointerGetDatum(cstring_to_text_with_len(record->text.data, record->text.len));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	pfree(DatumGetPointer(values[0]));
	csv_reset(record);
}
