/*-------------------------------------------------------------------------
 *
 * report.c
 *	  The error report and the fix file of an upload, as CSV records.
 *
 * Both read validation_errors once, in the order of its primary key, through a
 * cursor, with the caller's rights: row security decides what is visible.  Memory
 * is bounded by the rows of one fetch.  Both leave out warnings: a row that has
 * nothing else is in the catalogue, and would be a duplicate if sent again.
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

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/statement.h"
#include "report/csv_text.h"
#include "shared/apply.h"
#include "shared/columns.h"
#include "shared/heading.h"
#include "shared/report_cells.h"
#include "shared/text.h"

/* Rows of validation_errors per fetch. */
#define FETCH_ROWS 500

/* Cells that the fix file adds, in this order. */
static const char *const fix_columns[] = {ONBOARD_LINE_HEADING, ONBOARD_ERRORS_HEADING,
										  "onboard_suggestion"};

#define FIX_COLUMN_COUNT ((int) lengthof(fix_columns))

/* Columns of errors_query. */
enum fetched_column
{
	FETCHED_ROW_NUMBER = 1,
	FETCHED_LINE_NUMBER,
	FETCHED_VENDOR_PRODUCT_ID,
	FETCHED_TYPE,
	FETCHED_FIELD,
	FETCHED_MESSAGE,
	FETCHED_REJECTED_VALUE,
	FETCHED_SUGGESTION,
	FETCHED_ORIGINAL_DATA
};

static const char errors_query[] =
	"SELECT e.row_number, e.line_number, e.vendor_product_id, e.error_type, e.error_field, "
	"       e.error_message, e.rejected_value, e.suggestion, e.original_data "
	"FROM onboard.validation_errors e "
	"WHERE e.upload_id OPERATOR(pg_catalog.=) $1 AND e.severity OPERATOR(pg_catalog.=) 'error' "
	"ORDER BY e.row_number, e.error_id";

/* A report being written. */
typedef struct Report
{
	Datum upload_id;
	ReturnSetInfo *result;
	CsvRecord record;
	MemoryContext row_context; /* reset for each row of the query */
	Jsonb *metadata;           /* of the upload */
} Report;

/* The current row of the query. */
typedef struct ErrorRow
{
	HeapTuple tuple;
	TupleDesc descriptor;
} ErrorRow;

typedef void (*error_row_fn)(void *context, const ErrorRow *row);

/* ---------------------------------------------------------------------
 * Values as text
 * ---------------------------------------------------------------------
 */

static const struct text_view no_text = {"", 0};

static struct text_view
view_of_datum(Datum datum)
{
	text *value = DatumGetTextPP(datum);
	struct text_view view = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	return view;
}

static Datum
error_datum(const ErrorRow *row, enum fetched_column column, bool *is_null)
{
	return SPI_getbinval(row->tuple, row->descriptor, column, is_null);
}

/* Return a text column, "" for null. */
static struct text_view
error_text(const ErrorRow *row, enum fetched_column column)
{
	bool is_null;
	Datum datum = error_datum(row, column, &is_null);

	return is_null ? no_text : view_of_datum(datum);
}

static struct text_view
number_text(int64 number)
{
	return text_of(psprintf(INT64_FORMAT, number));
}

/* Return a number column, "" for null. */
static struct text_view
error_number(const ErrorRow *row, enum fetched_column column)
{
	bool is_null;
	Datum datum = error_datum(row, column, &is_null);

	return is_null ? no_text : number_text(DatumGetInt64(datum));
}

/* Return a JSON value as the vendor's row had it; data is NULL for null. */
static struct text_view
json_text(JsonbValue *value)
{
	struct text_view text = {NULL, 0};

	if (value == NULL || value->type == jbvNull)
		return text;
	if (value->type == jbvString)
	{
		text.data = value->val.string.val;
		text.length = value->val.string.len;
		return text;
	}
	if (value->type == jbvNumeric)
		return text_of(
			DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
	if (value->type == jbvBool)
		return text_of(value->val.boolean ? "true" : "false");
	if (value->type == jbvBinary)
		return text_of(JsonbToCString(NULL, value->val.binary.data, value->val.binary.len));
	return text;
}

/*
 * Likewise for metadata, to which no caps apply: strings only, because a short
 * number can have a long text.
 */
static struct text_view
metadata_text(JsonbValue *value)
{
	return value != NULL && value->type == jbvString ? json_text(value) : no_text;
}

/* Return what a JSON object has under a key; data is NULL if nothing. */
static struct text_view
json_get(Jsonb *object, struct text_view key)
{
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(object))
		return (struct text_view){NULL, 0};
	return json_text(getKeyJsonValueFromContainer(&object->root, key.data, key.length, &value));
}

/* Likewise for a column of ours; "" if nothing. */
static struct text_view
json_column(Jsonb *original, enum onboard_column column)
{
	struct text_view text = json_get(original, text_of(onboard_columns[column].name));

	return text.data == NULL ? no_text : text;
}

/* ---------------------------------------------------------------------
 * Reading the upload and its errors, writing records
 * ---------------------------------------------------------------------
 */

/* Read the upload's metadata; raise an error if the caller sees no such upload. */
static Jsonb *
read_metadata(Datum upload_id)
{
	static Statement read = {
		"SELECT u.metadata FROM onboard.upload_history u WHERE u.upload_id OPERATOR(pg_catalog.=) $1",
		1,
		{TEXTOID},
	};

	if (statement_run(&read, &upload_id, NULL, true, SPI_OK_SELECT) == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("upload \"%s\" does not exist", TextDatumGetCString(upload_id))));
	return DatumGetJsonbP(statement_value(1, NULL));
}

/*
 * Connect to SPI and read the upload; return false if upload_id is null, which
 * has no report.
 */
static bool
report_open(Report *report, FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return false;
	report->upload_id = PG_GETARG_DATUM(0);
	report->result = (ReturnSetInfo *) fcinfo->resultinfo;
	SPI_connect();
	report->metadata = read_metadata(report->upload_id);
	report->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard report row", ALLOCSET_DEFAULT_SIZES);
	return true;
}

static void
report_close(Report *report)
{
	SPI_finish();
}

/* Return the record to the caller and start the next. */
static void
put_record(Report *report)
{
	Datum values[1];
	bool nulls[1] = {false};

	values[0] = PointerGetDatum(
		cstring_to_text_with_len(report->record.text.data, report->record.text.len));
	tuplestore_putvalues(report->result->setResult, report->result->setDesc, values, nulls);
	pfree(DatumGetPointer(values[0]));
	csv_reset(&report->record);
}

/* Call process for each error of the upload, in the row context. */
static void
for_each_error(Report *report, error_row_fn process, void *context)
{
	Oid types[1] = {TEXTOID};
	Portal cursor =
		SPI_cursor_open_with_args(NULL, errors_query, 1, types, &report->upload_id, NULL, true, 0);
	uint64 i;

	for (;;)
	{
		SPI_cursor_fetch(cursor, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		for (i = 0; i < SPI_processed; i++)
		{
			ErrorRow row = {SPI_tuptable->vals[i], SPI_tuptable->tupdesc};
			MemoryContext caller = MemoryContextSwitchTo(report->row_context);

			process(context, &row);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(report->row_context);
		}
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(cursor);
}

static Jsonb *
original_data(const ErrorRow *row)
{
	bool is_null;

	return DatumGetJsonbP(error_datum(row, FETCHED_ORIGINAL_DATA, &is_null));
}

/* ---------------------------------------------------------------------
 * Error report
 * ---------------------------------------------------------------------
 */

static struct text_view
first_characters(struct text_view text, int characters)
{
	text.length = pg_mbcharcliplen(text.data, text.length, characters);
	return text;
}

/* The product's id may be known even if the row could not be read. */
static struct text_view
product_text(const ErrorRow *row, Jsonb *original, enum onboard_column column)
{
	struct text_view text =
		column == COLUMN_VENDOR_PRODUCT_ID ? error_text(row, FETCHED_VENDOR_PRODUCT_ID) : no_text;

	return text.length > 0 ? text : json_column(original, column);
}

/* Return the vendor's value of a column, as much as the report shows. */
static struct text_view
column_text(const ErrorRow *row, Jsonb *original, const struct report_cell *cell)
{
	struct text_view text = product_text(row, original, cell->column);

	return cell->max_characters > 0 ? first_characters(text, cell->max_characters) : text;
}

static struct text_view
cell_text(const ErrorRow *row, Jsonb *original, const struct report_cell *cell)
{
	switch (cell->source)
	{
		case REPORT_COLUMN:
			return column_text(row, original, cell);
		case REPORT_ROW_NUMBER:
			return error_number(row, FETCHED_ROW_NUMBER);
		case REPORT_LINE_NUMBER:
			return error_number(row, FETCHED_LINE_NUMBER);
		case REPORT_ERROR_TYPE:
			return error_text(row, FETCHED_TYPE);
		case REPORT_ERROR_FIELD:
			return error_text(row, FETCHED_FIELD);
		case REPORT_ERROR_MESSAGE:
			return error_text(row, FETCHED_MESSAGE);
		case REPORT_REJECTED_VALUE:
			return error_text(row, FETCHED_REJECTED_VALUE);
		case REPORT_SUGGESTION:
			return error_text(row, FETCHED_SUGGESTION);
		case REPORT_SOURCE_COUNT:
			break;
	}
	return no_text;
}

/* Write one error as one record. */
static void
write_error(void *context, const ErrorRow *row)
{
	Report *report = context;
	Jsonb *original = original_data(row);
	int i;

	for (i = 0; i < REPORT_CELL_COUNT; i++)
		csv_add_safe(&report->record, cell_text(row, original, &report_cells[i]));
	put_record(report);
}

PG_FUNCTION_INFO_V1(onboard_error_csv);

/* Return the error report: a header, then one record per error. */
Datum
onboard_error_csv(PG_FUNCTION_ARGS)
{
	Report report;
	int i;

	if (!report_open(&report, fcinfo))
		return (Datum) 0;
	csv_init(&report.record, text_of(","));
	for (i = 0; i < REPORT_CELL_COUNT; i++)
		csv_add(&report.record, text_of(report_cell_heading(&report_cells[i])));
	put_record(&report);
	for_each_error(&report, write_error, &report);
	report_close(&report);
	return (Datum) 0;
}

/* ---------------------------------------------------------------------
 * Fix file
 * ---------------------------------------------------------------------
 */

/* A column of the vendor's file. */
typedef struct FixColumn
{
	struct text_view header; /* as the vendor wrote it */
	struct text_view key;    /* in original_data */
} FixColumn;

/* A fix file being written. */
typedef struct FixFile
{
	Report report;
	FixColumn *columns;
	int column_count;
	int dropped_count; /* our columns that the file already had */
	bool is_csv;       /* the vendor's file was */

	/* the current rejected row: one or more errors */
	MemoryContext group_context;
	int64 row_number; /* 0 if none */
	int64 line_number;
	Jsonb *original;
	StringInfoData errors;
	StringInfoData suggestion;
} FixFile;

/* Was the column added by an earlier fix file? */
static bool
is_fix_column(struct text_view name)
{
	int i;

	for (i = 0; i < FIX_COLUMN_COUNT; i++)
	{
		if (heading_matches(name, fix_columns[i]))
			return true;
	}
	return false;
}

/*
 * Return the key under which original_data keeps the cells of a header; position
 * counts from 1.
 */
static struct text_view
column_key(struct text_view name, int position)
{
	enum onboard_column column = heading_column(name);

	if (name.length == 0)
		return text_of(psprintf("column_%d", position));
	if (column != COLUMN_NONE)
		return text_of(onboard_columns[column].name);
	if (heading_matches(name, ONBOARD_ACTION_COLUMN))
		return text_of(ONBOARD_ACTION_COLUMN);
	return name;
}

static void
add_column(FixFile *file, struct text_view header, int position)
{
	struct text_view name = text_trim(header);
	FixColumn *column = &file->columns[file->column_count];

	if (is_fix_column(name))
	{
		file->dropped_count++;
		return;
	}
	column->header = header;
	column->key = column_key(name, position);
	file->column_count++;
}

/*
 * Take the columns from the header list that the client noted; return false if
 * there is none.
 */
static bool
columns_from_metadata(FixFile *file)
{
	JsonbValue list;
	uint32 count;
	uint32 i;

	if (getKeyJsonValueFromContainer(&file->report.metadata->root, "header", strlen("header"),
									 &list) == NULL ||
		list.type != jbvBinary || !JsonContainerIsArray(list.val.binary.data))
		return false;
	count = JsonContainerSize(list.val.binary.data);
	file->columns = palloc0(sizeof(FixColumn) * (count + 1));
	for (i = 0; i < count; i++)
	{
		JsonbValue *header = getIthJsonbValueFromContainer(list.val.binary.data, i);

		add_column(file, metadata_text(header), i + 1);
	}
	return count > 0;
}

/* Find the attributes of the rejected rows; result rows are in SPI_tuptable. */
static uint64
find_attributes(FixFile *file)
{
	static Statement find = {
		"SELECT DISTINCT k.key COLLATE pg_catalog.\"C\" AS key FROM onboard.validation_errors e "
		"CROSS JOIN LATERAL pg_catalog.jsonb_object_keys(e.original_data OPERATOR(pg_catalog.-) $2) k (key) "
		"WHERE e.upload_id OPERATOR(pg_catalog.=) $1 AND e.severity OPERATOR(pg_catalog.=) 'error' "
		"  AND pg_catalog.jsonb_typeof(e.original_data) OPERATOR(pg_catalog.=) 'object' "
		"ORDER BY 1",
		2,
		{TEXTOID, TEXTARRAYOID},
	};
	Datum names[COLUMN_COUNT + 1];
	Datum values[2];
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
		names[i] = CStringGetTextDatum(onboard_columns[i].name);
	names[COLUMN_COUNT] = CStringGetTextDatum("raw_record");
	values[0] = file->report.upload_id;
	values[1] =
		PointerGetDatum(construct_array(names, lengthof(names), TEXTOID, -1, false, TYPALIGN_INT));
	return statement_run(&find, values, NULL, true, SPI_OK_SELECT);
}

/* Without a header list, take the columns we know, then the attributes found. */
static void
columns_from_errors(FixFile *file)
{
	uint64 count = find_attributes(file);
	uint64 i;

	file->columns = palloc0(sizeof(FixColumn) * (COLUMN_COUNT + count));
	for (i = 0; i < COLUMN_COUNT; i++)
		add_column(file, text_of(onboard_columns[i].name), i + 1);
	for (i = 0; i < count; i++)
		add_column(file, text_of(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1)),
				   COLUMN_COUNT + i + 1);
	/* There was no file that could have had columns of ours. */
	file->dropped_count = 0;
}

/* Was the vendor's file CSV?  Other formats have the delimiter "". */
static bool
was_csv(Jsonb *metadata)
{
	JsonbValue value;

	return getKeyJsonValueFromContainer(&metadata->root, "delimiter", strlen("delimiter"),
										&value) == NULL ||
		   value.type != jbvString || value.val.string.len > 0;
}

/* Return the vendor's delimiter, or a comma. */
static struct text_view
fix_delimiter(Jsonb *metadata)
{
	JsonbValue value;
	struct text_view delimiter = metadata_text(
		getKeyJsonValueFromContainer(&metadata->root, "delimiter", strlen("delimiter"), &value));

	if (delimiter.data == NULL || delimiter.length == 0 ||
		pg_mbstrlen_with_len(delimiter.data, delimiter.length) != 1 ||
		strchr("\"\r\n", delimiter.data[0]) != NULL)
		return text_of(",");
	return delimiter;
}

static void
write_fix_header(FixFile *file)
{
	int i;

	for (i = 0; i < file->column_count; i++)
		csv_add(&file->report.record, file->columns[i].header);
	for (i = 0; i < FIX_COLUMN_COUNT; i++)
		csv_add(&file->report.record, text_of(fix_columns[i]));
	put_record(&file->report);
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
write_raw_record(FixFile *file, struct text_view raw)
{
	CsvRecord *record = &file->report.record;
	int added = FIX_COLUMN_COUNT - file->dropped_count;

	while (raw.length > 0 && strchr("\r\n", raw.data[raw.length - 1]) != NULL)
		raw.length--;
	if (file->is_csv)
	{
		appendBinaryStringInfo(&record->text, raw.data, raw.length);
		record->cell_count = 1;
	}
	else
		csv_add_quoted(record, raw);
	without_line_ends(&file->errors);
	without_line_ends(&file->suggestion);
	if (added >= 3)
		csv_add(record, number_text(file->line_number));
	if (added >= 1)
		csv_add_quoted(record, text_of(file->errors.data));
	if (added >= 2)
		csv_add(record, text_of(file->suggestion.data));
}

/*
 * Write a row that was read as cells: the same cells, then ours, which are left
 * blank if they would make the record too long to be read again.
 */
static void
write_cells(FixFile *file)
{
	CsvRecord *record = &file->report.record;
	bool has_room;
	int i;

	for (i = 0; i < file->column_count; i++)
	{
		struct text_view cell = json_get(file->original, file->columns[i].key);

		csv_add(record, cell.data == NULL ? no_text : cell);
	}
	has_room = record->text.len + 2 * (file->errors.len + file->suggestion.len) + 32 <=
			   ONBOARD_MAX_RECORD_BYTES;
	csv_add(record, number_text(file->line_number));
	csv_add(record, has_room ? text_of(file->errors.data) : no_text);
	csv_add(record, has_room ? text_of(file->suggestion.data) : no_text);
}

/* Write the current rejected row, if any. */
static void
finish_row(FixFile *file)
{
	MemoryContext caller = MemoryContextSwitchTo(file->group_context);
	struct text_view raw;

	if (file->row_number > 0)
	{
		raw = json_get(file->original, text_of("raw_record"));
		if (raw.data != NULL)
			write_raw_record(file, raw);
		else
			write_cells(file);
		put_record(&file->report);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(file->group_context);
}

static void
begin_row(FixFile *file, const ErrorRow *row, int64 row_number)
{
	MemoryContext caller = MemoryContextSwitchTo(file->group_context);
	bool is_null;
	Datum line = error_datum(row, FETCHED_LINE_NUMBER, &is_null);

	file->row_number = row_number;
	file->line_number = is_null ? row_number : DatumGetInt64(line);
	file->original = DatumGetJsonbPCopy(error_datum(row, FETCHED_ORIGINAL_DATA, &is_null));
	initStringInfo(&file->errors);
	initStringInfo(&file->suggestion);
	MemoryContextSwitchTo(caller);
}

/* Append "first: second" to the row's list, separated by "; ". */
static void
append_pair(StringInfo list, struct text_view first, struct text_view second)
{
	if (list->len > 0)
		appendStringInfoString(list, "; ");
	if (first.length > 0)
	{
		appendBinaryStringInfo(list, first.data, first.length);
		appendStringInfoString(list, ": ");
	}
	appendBinaryStringInfo(list, second.data, second.length);
}

/* Process one error, of the current row or of the next. */
static void
write_fix(void *context, const ErrorRow *row)
{
	FixFile *file = context;
	bool is_null;
	int64 row_number = DatumGetInt64(error_datum(row, FETCHED_ROW_NUMBER, &is_null));
	struct text_view suggestion = error_text(row, FETCHED_SUGGESTION);

	if (row_number != file->row_number)
	{
		finish_row(file);
		begin_row(file, row, row_number);
	}
	append_pair(&file->errors, error_text(row, FETCHED_TYPE), error_text(row, FETCHED_MESSAGE));
	if (suggestion.length > 0)
		append_pair(&file->suggestion, error_text(row, FETCHED_FIELD), suggestion);
}

PG_FUNCTION_INFO_V1(onboard_fix_csv);

/* Return the fix file: the vendor's header, then one record per rejected row. */
Datum
onboard_fix_csv(PG_FUNCTION_ARGS)
{
	FixFile file;

	memset(&file, 0, sizeof(file));
	if (!report_open(&file.report, fcinfo))
		return (Datum) 0;
	csv_init(&file.report.record, fix_delimiter(file.report.metadata));
	file.is_csv = was_csv(file.report.metadata);
	file.group_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard fix file row", ALLOCSET_DEFAULT_SIZES);
	if (!columns_from_metadata(&file))
	{
		file.column_count = 0;
		columns_from_errors(&file);
	}
	write_fix_header(&file);
	for_each_error(&file.report, write_fix, &file);
	finish_row(&file);
	report_close(&file.report);
	return (Datum) 0;
}
