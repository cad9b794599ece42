/*-------------------------------------------------------------------------
 *
 * error_report.c
 *	  The error report of an upload: one CSV record per error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "report/csv_text.h"
#include "report/sheet_rows.h"
#include "report/upload_errors.h"
#include "report/vendor_terms.h"
#include "shared/report_cells.h"

/* An error report being written. */
typedef struct ErrorReport
{
	Report report;
	CsvRecord record;
	SheetRows *sheet_rows;
} ErrorReport;

static const struct text_view no_text = {"", 0};

/* Return the row's value of a column of ours; "" if nothing. */
static struct text_view
json_column(Jsonb *original, enum onboard_column column)
{
	struct text_view text = json_get(original, text_of(onboard_columns[column].name));

	return text.data == NULL ? no_text : text;
}

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
	struct text_view text = json_column(original, column);

	if (column != COLUMN_VENDOR_PRODUCT_ID)
		return text;
	text = text_trim(text);
	return text.length > 0 ? text : error_text(row, ERROR_VENDOR_PRODUCT_ID);
}

/* Return the vendor's value of a column, as much as the report shows. */
static struct text_view
column_text(const ErrorRow *row, Jsonb *original, const struct report_cell *cell)
{
	struct text_view text = product_text(row, original, cell->column);

	return cell->max_characters > 0 ? first_characters(text, cell->max_characters) : text;
}

static struct text_view
cell_text(const ErrorReport *report, const ErrorRow *row, Jsonb *original,
		  const struct report_cell *cell)
{
	Jsonb *metadata = report->report.metadata;
	struct text_view field = error_text(row, ERROR_FIELD);

	switch (cell->source)
	{
		case REPORT_COLUMN:
			return column_text(row, original, cell);
		case REPORT_SHEET_ROW:
			return number_text(sheet_row(report->sheet_rows, error_number(row, ERROR_ROW_NUMBER)));
		case REPORT_ROW_NUMBER:
			return number_text(error_number(row, ERROR_ROW_NUMBER));
		case REPORT_LINE_NUMBER:
			return number_text(error_number(row, ERROR_LINE_NUMBER));
		case REPORT_ERROR_TYPE:
			return error_text(row, ERROR_TYPE);
		case REPORT_ERROR_FIELD:
			return vendor_heading(metadata, field);
		case REPORT_ERROR_MESSAGE:
			return vendor_message(metadata, field, error_text(row, ERROR_MESSAGE));
		case REPORT_REJECTED_VALUE:
			return error_text(row, ERROR_REJECTED_VALUE);
		case REPORT_SUGGESTION:
			return vendor_suggestion(metadata, error_text(row, ERROR_TYPE), field,
									 error_text(row, ERROR_SUGGESTION));
		case REPORT_SOURCE_COUNT:
			break;
	}
	return no_text;
}

/* Write one error as one record. */
static void
write_error(void *context, const ErrorRow *row)
{
	ErrorReport *report = context;
	Jsonb *original = error_original_data(row);
	int i;

	for (i = 0; i < REPORT_CELL_COUNT; i++)
		csv_add_safe(&report->record, cell_text(report, row, original, &report_cells[i]));
	csv_return(&report->record, report->report.result);
}

PG_FUNCTION_INFO_V1(onboard_error_csv);

/* Return the error report: a header, then one record per error. */
Datum
onboard_error_csv(PG_FUNCTION_ARGS)
{
	ErrorReport report;
	int i;

	if (!report_open(&report.report, fcinfo))
		return (Datum) 0;
	csv_init(&report.record, report_delimiter(&report.report));
	report.sheet_rows = sheet_rows_read(report.report.metadata);
	for (i = 0; i < REPORT_CELL_COUNT; i++)
		csv_add(&report.record, text_of(report_cell_heading(&report_cells[i])));
	csv_return(&report.record, report.report.result);
	report_each_error(&report.report, write_error, &report);
	report_close(&report.report);
	return (Datum) 0;
}
