/*-------------------------------------------------------------------------
 *
 * rejected.c
 *	  The rejected rows of an upload in the vendor's own columns, with what is wrong.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/jsonb_object.h"
#include "base/statement.h"
#include "report/rejected.h"
#include "report/vendor_terms.h"
#include "shared/apply.h"
#include "shared/heading.h"
#include "shared/rules.h"

const char *const rejected_headings[ADDED_COUNT] = {
	[ADDED_LINE] = ONBOARD_LINE_HEADING,
	[ADDED_ERRORS] = ONBOARD_ERRORS_HEADING,
	[ADDED_SUGGESTION] = ONBOARD_SUGGESTION_HEADING,
	[ADDED_KEY] = ONBOARD_KEY_COLUMN,
};

static const struct text_view no_text = {"", 0};
static const struct text_view no_key = {NULL, 0};

/*
 * The vendor's columns.
 */

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

/* Add a column of the file; key is absent unless the client knows it. */
static void
add_column(Rejected *rejected, struct text_view header, struct text_view key, int position)
{
	struct text_view name = text_trim(header);
	VendorColumn *column = &rejected->columns[rejected->column_count];

	/* An earlier fix file may have added it. */
	if (heading_is_added(name))
	{
		rejected->dropped_count++;
		return;
	}
	column->header = header;
	column->key = key.data != NULL ? key : column_key(name, position);
	rejected->column_count++;
}

/*
 * Use the columns of the header list in the upload's metadata; return false if
 * it has none.
 */
static bool
columns_from_metadata(Rejected *rejected)
{
	JsonbContainer *headings = jsonb_find_array(&rejected->report.metadata->root, "header");
	JsonbContainer *keys = jsonb_find_array(&rejected->report.metadata->root, "keys");
	uint32 count;
	uint32 i;

	if (headings == NULL)
		return false;
	count = JsonContainerSize(headings);
	rejected->columns = palloc0(sizeof(VendorColumn) * (count + 1));
	for (i = 0; i < count; i++)
	{
		struct text_view heading = jsonb_array_text(headings, i);

		add_column(rejected, heading.data == NULL ? no_text : heading, jsonb_array_text(keys, i),
				   i + 1);
	}
	return count > 0;
}

/* Find the attributes of the rejected rows; result rows are in SPI_tuptable. */
static uint64
find_attributes(Rejected *rejected)
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
	values[0] = rejected->report.upload_id;
	values[1] =
		PointerGetDatum(construct_array(names, lengthof(names), TEXTOID, -1, false, TYPALIGN_INT));
	return statement_run(&find, values, NULL, true, SPI_OK_SELECT);
}

/* Without a header list, use the known columns, then the attributes found.  */
static void
columns_from_errors(Rejected *rejected)
{
	uint64 count = find_attributes(rejected);
	uint64 i;

	rejected->columns = palloc0(sizeof(VendorColumn) * (COLUMN_COUNT + count));
	for (i = 0; i < COLUMN_COUNT; i++)
		add_column(rejected, text_of(onboard_columns[i].name), no_key, i + 1);
	for (i = 0; i < count; i++)
		add_column(rejected, text_of(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1)),
				   no_key, COLUMN_COUNT + i + 1);
	/* There was no file that could have had columns of ours. */
	rejected->dropped_count = 0;
}

/*
 * Rows.
 */

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

/* Finish the current row, if there is one. */
static void
finish_row(Rejected *rejected)
{
	MemoryContext caller = MemoryContextSwitchTo(rejected->group_context);

	if (rejected->row != NULL)
		rejected->process(rejected, rejected->row);
	rejected->row = NULL;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(rejected->group_context);
}

static void
begin_row(Rejected *rejected, const ErrorRow *error)
{
	RejectedRow *row = palloc0(sizeof(RejectedRow));

	row->row_number = error_number(error, ERROR_ROW_NUMBER);
	row->line_number = error_number(error, ERROR_LINE_NUMBER);
	if (row->line_number == 0)
		row->line_number = row->row_number;
	row->original = error_original_data(error);
	row->original = memcpy(palloc(VARSIZE(row->original)), row->original, VARSIZE(row->original));
	row->raw = json_get(row->original, text_of("raw_record"));
	initStringInfo(&row->errors);
	initStringInfo(&row->suggestion);
	rejected->row = row;
}

static struct text_view
copy_text(struct text_view text)
{
	return text_of(pnstrdup(text.data, text.length));
}

/* Return the vendor's column whose cells have this key, or -1. */
static int
column_with_key(const Rejected *rejected, struct text_view key)
{
	int i;

	for (i = 0; i < rejected->column_count && key.length > 0; i++)
	{
		if (text_equal(rejected->columns[i].key, key))
			return i;
	}
	return -1;
}

/* Return the vendor's column that a finding is about, or -1. */
static int
find_position(const Rejected *rejected, struct text_view field)
{
	Jsonb *metadata = rejected->report.metadata;
	int position = column_with_key(rejected, field);
	int place = position < 0 ? vendor_place(metadata, field) : -1;

	if (place >= 0)
		position = column_with_key(
			rejected, jsonb_array_text(jsonb_find_array(&metadata->root, "keys"), place));
	return position;
}

static void
add_finding(const Rejected *rejected, RejectedRow *row, const ErrorRow *error)
{
	Jsonb *metadata = rejected->report.metadata;
	struct text_view type = error_text(error, ERROR_TYPE);
	struct text_view field = error_text(error, ERROR_FIELD);
	struct text_view message = vendor_message(metadata, field, error_text(error, ERROR_MESSAGE));
	struct text_view suggestion =
		vendor_suggestion(metadata, type, field, error_text(error, ERROR_SUGGESTION));
	RejectedFinding *finding = palloc(sizeof(RejectedFinding));
	StringInfoData text;

	append_pair(&row->errors, type, message);
	if (suggestion.length > 0)
		append_pair(&row->suggestion, vendor_heading(metadata, field), suggestion);
	initStringInfo(&text);
	appendBinaryStringInfo(&text, message.data, message.length);
	if (suggestion.length > 0)
	{
		appendStringInfoString(&text, "; perhaps: ");
		appendBinaryStringInfo(&text, suggestion.data, suggestion.length);
	}
	finding->position = find_position(rejected, field);
	finding->suggestion = copy_text(suggestion);
	finding->is_guess = rule_is_guess(type, error_text(error, ERROR_REJECTED_VALUE), suggestion);
	finding->text = text.data;
	row->findings = lappend(row->findings, finding);
}

/* Keep the original of a key for the next fix row.  */
static void
keep_key(RejectedRow *row, const ErrorRow *error)
{
	struct text_view field = error_text(error, ERROR_FIELD);
	struct text_view original = error_text(error, ERROR_SUGGESTION);

	if (!text_equal(error_text(error, ERROR_TYPE),
					text_of(rule_built_in(RULE_KEY_CHANGED_BY_SPREADSHEET)->code)))
		return;
	if (text_equal(field, text_of(onboard_columns[COLUMN_SKU].name)))
		row->sku = copy_text(original);
	else
		row->vendor_product_id = copy_text(original);
}

/* Process one error, of the current row or of the next.  */
static void
take_error(void *context, const ErrorRow *error)
{
	Rejected *rejected = context;
	MemoryContext caller;

	if (rejected->row != NULL && rejected->row->row_number != error_number(error, ERROR_ROW_NUMBER))
		finish_row(rejected);
	caller = MemoryContextSwitchTo(rejected->group_context);
	if (rejected->row == NULL)
		begin_row(rejected, error);
	add_finding(rejected, rejected->row, error);
	keep_key(rejected->row, error);
	MemoryContextSwitchTo(caller);
}

bool
rejected_open(Rejected *rejected, FunctionCallInfo fcinfo)
{
	memset(rejected, 0, sizeof(*rejected));
	if (!report_open(&rejected->report, fcinfo))
		return false;
	rejected->group_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard rejected row", ALLOCSET_DEFAULT_SIZES);
	if (!columns_from_metadata(rejected))
	{
		rejected->column_count = 0;
		columns_from_errors(rejected);
	}
	return true;
}

void
rejected_each_row(Rejected *rejected, rejected_row_fn process)
{
	rejected->process = process;
	report_each_error(&rejected->report, take_error, rejected);
	finish_row(rejected);
	report_close(&rejected->report);
}

struct text_view
rejected_cell(const Rejected *rejected, const RejectedRow *row, int position)
{
	struct text_view cell = json_get(row->original, rejected->columns[position].key);

	return cell.data == NULL ? no_text : cell;
}

struct text_view
rejected_suggestion(const Rejected *rejected, const RejectedRow *row, int position)
{
	ListCell *cell;

	foreach(cell, row->findings)
	{
		const RejectedFinding *finding = lfirst(cell);

		if (finding->position == position && finding->suggestion.length > 0 && !finding->is_guess)
			return finding->suggestion;
	}
	return rejected_cell(rejected, row, position);
}

/* Return the key to store in a fix row: the original if a spreadsheet changed it.  */
static struct text_view
remembered_key(const RejectedRow *row, struct text_view original, enum onboard_column column)
{
	struct text_view key = json_get(row->original, text_of(onboard_columns[column].name));

	return original.data != NULL ? original : key.data == NULL ? no_text : text_trim(key);
}

void
rejected_memo(const RejectedRow *row, char memo[KEY_MEMO_SIZE])
{
	key_memo_write(memo, remembered_key(row, row->sku, COLUMN_SKU),
				   remembered_key(row, row->vendor_product_id, COLUMN_VENDOR_PRODUCT_ID));
}
