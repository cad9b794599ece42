/*-------------------------------------------------------------------------
 *
 * fix_file.c
 *	  The fix file of an upload, as CSV records, and the same rows for a workbook.
 *
 * The fix file must yield the same verdicts if it is uploaded unedited.  For a
 * row that was read as cells that is easy: write the same cells.  A record that
 * could not be read as cells is written as its original text, and the cells we
 * add must not repair it:
 *
 *	  another number of fields	header and record grow by the same number, so
 *			they still differ
 *	  an unterminated quote	one of our cells is always quoted: its first quote
 *			ends the open field, and the text after it is an error, on the
 *			line of the record; later rows are not swallowed
 *	  a stray quote, a long field, U+FFFD	are in the text
 *
 * Our cells contain no line ends there, so the record stays on one line.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/text_datum.h"
#include "report/csv_text.h"
#include "report/rejected.h"
#include "shared/rules.h"

/* A fix file being written. */
typedef struct FixFile
{
	Rejected rejected; /* first, so that a row's function finds the rest */
	CsvRecord record;
	bool is_csv;   /* the vendor's file was */
	bool is_fixed; /* suggestions are applied */
} FixFile;

static const struct text_view no_text = {"", 0};

/*
 * Content of our cells in a record that could not be read: blank ones could be
 * ignored.
 */
static const struct text_view nothing = {"none", 4};

/* Was the vendor's file CSV?  Other formats have the delimiter "". */
static bool
was_csv(const Report *report)
{
	struct text_view delimiter;

	return !report_metadata(report, "delimiter", &delimiter) || delimiter.length > 0;
}

static void
write_header(FixFile *file)
{
	int i;

	for (i = 0; i < file->rejected.column_count; i++)
		csv_add(&file->record, file->rejected.columns[i].header);
	for (i = 0; i < ADDED_COUNT; i++)
		csv_add(&file->record, text_of(rejected_headings[i]));
	csv_return(&file->record, file->rejected.report.result);
}

static void
without_line_ends(StringInfo text)
{
	int i;

	for (i = 0; i < text->len; i++)
	{
		if (text->data[i] == '\n' || text->data[i] == '\r')
			text->data[i] = ' ';
	}
}

/*
 * Write a record that could not be read as cells: its text, then our cells.  If
 * the header already had some of ours, the text has them too, and the header
 * grows by that many fewer.  The text of another format is one cell, because it
 * could pass for a row of CSV.
 */
static void
write_raw_record(FixFile *file, RejectedRow *row)
{
	CsvRecord *record = &file->record;
	struct text_view raw = row->raw;
	int added = ADDED_COUNT - file->rejected.dropped_count;

	while (raw.length > 0 && strchr("\r\n", raw.data[raw.length - 1]) != NULL)
		raw.length--;
	if (file->is_csv)
	{
		appendBinaryStringInfo(&record->text, raw.data, raw.length);
		record->cell_count = 1;
	}
	else
		csv_add_quoted(record, raw);
	without_line_ends(&row->errors);
	without_line_ends(&row->suggestion);
	if (added >= 3)
		csv_add(record, number_text(row->line_number));
	if (added >= 1)
		csv_add_quoted(record, text_of(row->errors.data));
	if (added >= 2)
		csv_add(record, row->suggestion.len > 0 ? text_of(row->suggestion.data) : nothing);
	if (added >= 4)
		csv_add(record, nothing);
}

/*
 * Write a row that was read as cells: the same cells, then ours, which are left
 * blank if they would make the record too long to be read again.
 */
static void
write_cells(FixFile *file, const RejectedRow *row)
{
	CsvRecord *record = &file->record;
	char memo[KEY_MEMO_SIZE];
	bool has_room;
	int i;

	for (i = 0; i < file->rejected.column_count; i++)
		csv_add(record, file->is_fixed ? rejected_suggestion(&file->rejected, row, i)
									   : rejected_cell(&file->rejected, row, i));
	rejected_memo(row, memo);
	has_room = record->text.len + 2 * (row->errors.len + row->suggestion.len) + strlen(memo) + 32 <=
			   ONBOARD_MAX_RECORD_BYTES;
	csv_add(record, number_text(row->line_number));
	csv_add(record, has_room ? text_of(row->errors.data) : no_text);
	csv_add(record, has_room ? text_of(row->suggestion.data) : no_text);
	csv_add(record, has_room ? text_of(memo) : no_text);
}

static void
write_row(Rejected *rejected, RejectedRow *row)
{
	FixFile *file = (FixFile *) rejected;

	if (row->raw.data != NULL)
		write_raw_record(file, row);
	else
		write_cells(file, row);
	csv_return(&file->record, rejected->report.result);
}

/* Return the fix file: the vendor's header, then one record per rejected row. */
static Datum
return_file(FunctionCallInfo fcinfo, bool is_fixed)
{
	FixFile file = {.is_fixed = is_fixed};

	if (!rejected_open(&file.rejected, fcinfo))
		return (Datum) 0;
	csv_init(&file.record, report_delimiter(&file.rejected.report));
	file.is_csv = was_csv(&file.rejected.report);
	write_header(&file);
	rejected_each_row(&file.rejected, write_row);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(onboard_fix_csv);

/* Return the fix file. */
Datum
onboard_fix_csv(PG_FUNCTION_ARGS)
{
	return return_file(fcinfo, false);
}

PG_FUNCTION_INFO_V1(onboard_fixed_csv);

/* Return the fix file with the suggestions applied, except for guesses. */
Datum
onboard_fixed_csv(PG_FUNCTION_ARGS)
{
	return return_file(fcinfo, true);
}

PG_FUNCTION_INFO_V1(onboard_is_guess);

/* Return whether a suggestion is a guess. */
Datum
onboard_is_guess(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(rule_is_guess(text_argument_view(fcinfo, 0), text_argument_view(fcinfo, 1),
								 text_argument_view(fcinfo, 2)));
}

/*
 * The same rows as arrays.
 */

static Datum
text_array(Datum *elements, bool *nulls, int count)
{
	int dimensions[1] = {count};
	int lower_bounds[1] = {1};

	return PointerGetDatum(construct_md_array(elements, nulls, 1, dimensions, lower_bounds, TEXTOID,
											  -1, false, TYPALIGN_INT));
}

/* Return a row of cells; notes is NULL if no cell has one.  */
static void
return_cells(const Rejected *rejected, int64 row_number, Datum *cells, char **notes)
{
	int count = rejected->column_count + ADDED_COUNT;
	Datum *texts = palloc(count * sizeof(Datum));
	bool *nulls = palloc(count * sizeof(bool));
	Datum values[4];
	bool value_nulls[4] = {false};
	int i;

	for (i = 0; i < count; i++)
	{
		nulls[i] = notes == NULL || notes[i] == NULL;
		texts[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(notes[i]);
	}
	values[0] = Int64GetDatum(row_number);
	values[1] = Int32GetDatum(rejected->column_count);
	values[2] = text_array(cells, NULL, count);
	values[3] = text_array(texts, nulls, count);
	tuplestore_putvalues(rejected->report.result->setResult, rejected->report.result->setDesc,
						 values, value_nulls);
}

static void
return_header(const Rejected *rejected)
{
	Datum *cells = palloc((rejected->column_count + ADDED_COUNT) * sizeof(Datum));
	int i;

	for (i = 0; i < rejected->column_count; i++)
		cells[i] = text_datum(rejected->columns[i].header);
	for (i = 0; i < ADDED_COUNT; i++)
		cells[rejected->column_count + i] = CStringGetTextDatum(rejected_headings[i]);
	return_cells(rejected, 0, cells, NULL);
}

/* Return the notes of a row's cells; several about one cell are joined. */
static char **
notes_of(const Rejected *rejected, const RejectedRow *row)
{
	char **notes = palloc0((rejected->column_count + ADDED_COUNT) * sizeof(char *));
	ListCell *cell;

	foreach(cell, row->findings)
	{
		const RejectedFinding *finding = lfirst(cell);
		int position = finding->position >= 0  ? finding->position
					   : row->raw.data != NULL ? 0
											   : rejected->column_count + ADDED_ERRORS;

		notes[position] = notes[position] == NULL
							  ? pstrdup(finding->text)
							  : psprintf("%s\n%s", notes[position], finding->text);
	}
	return notes;
}

/* A record that could not be read as cells is the first cell. */
static void
return_row(Rejected *rejected, RejectedRow *row)
{
	Datum *cells = palloc((rejected->column_count + ADDED_COUNT) * sizeof(Datum));
	Datum *added = cells + rejected->column_count;
	char memo[KEY_MEMO_SIZE] = "";
	int i;

	for (i = 0; i < rejected->column_count; i++)
		cells[i] = text_datum(row->raw.data == NULL ? rejected_cell(rejected, row, i)
							  : i == 0              ? row->raw
													: no_text);
	if (row->raw.data == NULL)
		rejected_memo(row, memo);
	added[ADDED_LINE] = text_datum(number_text(row->line_number));
	added[ADDED_ERRORS] = CStringGetTextDatum(row->errors.data);
	added[ADDED_SUGGESTION] = CStringGetTextDatum(row->suggestion.data);
	added[ADDED_KEY] = CStringGetTextDatum(memo);
	return_cells(rejected, row->row_number, cells, notes_of(rejected, row));
}

PG_FUNCTION_INFO_V1(onboard_rejected_rows);

/* Return the headings of the fix file as row 0, then its rows, with notes for cells. */
Datum
onboard_rejected_rows(PG_FUNCTION_ARGS)
{
	Rejected rejected;

	if (!rejected_open(&rejected, fcinfo))
		return (Datum) 0;
	return_header(&rejected);
	rejected_each_row(&rejected, return_row);
	return (Datum) 0;
}
