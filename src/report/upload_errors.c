/*-------------------------------------------------------------------------
 *
 * upload_errors.c
 *	  The errors of an upload, as its reports read them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/jsonb_object.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "report/upload_errors.h"

/* Rows of validation_errors per fetch. */
#define FETCH_ROWS 500

/* Its columns are those of ErrorColumn. */
static const char errors_query[] =
	"SELECT e.row_number, e.line_number, e.vendor_product_id, e.error_type, e.error_field, "
	"       e.error_message, e.rejected_value, e.suggestion, e.original_data "
	"FROM onboard.validation_errors e "
	"WHERE e.upload_id OPERATOR(pg_catalog.=) $1 AND e.severity OPERATOR(pg_catalog.=) 'error' "
	"ORDER BY e.row_number, e.error_id";

static const struct text_view no_text = {"", 0};

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

bool
report_open(Report *report, FunctionCallInfo fcinfo)
{
	TypeFuncClass class = get_call_result_type(fcinfo, NULL, NULL);

	InitMaterializedSRF(fcinfo, class == TYPEFUNC_SCALAR ? MAT_SRF_USE_EXPECTED_DESC : 0);
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

void
report_close(Report *report)
{
	SPI_finish();
}

void
report_each_error(Report *report, error_row_fn process, void *context)
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

static Datum
error_datum(const ErrorRow *row, ErrorColumn column, bool *is_null)
{
	return SPI_getbinval(row->tuple, row->descriptor, column, is_null);
}

struct text_view
error_text(const ErrorRow *row, ErrorColumn column)
{
	bool is_null;
	Datum datum = error_datum(row, column, &is_null);

	return is_null ? no_text : text_datum_view(datum);
}

int64
error_number(const ErrorRow *row, ErrorColumn column)
{
	bool is_null;
	Datum datum = error_datum(row, column, &is_null);

	return is_null ? 0 : DatumGetInt64(datum);
}

Jsonb *
error_original_data(const ErrorRow *row)
{
	bool is_null;

	return DatumGetJsonbP(error_datum(row, ERROR_ORIGINAL_DATA, &is_null));
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

struct text_view
json_get(Jsonb *object, struct text_view key)
{
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(object))
		return (struct text_view){NULL, 0};
	return json_text(getKeyJsonValueFromContainer(&object->root, key.data, key.length, &value));
}

bool
report_metadata(const Report *report, const char *name, struct text_view *value)
{
	*value = jsonb_find_text(&report->metadata->root, text_of(name));
	return value->data != NULL;
}

struct text_view
report_delimiter(const Report *report)
{
	struct text_view delimiter;

	if (!report_metadata(report, "delimiter", &delimiter) || delimiter.length == 0 ||
		pg_mbstrlen_with_len(delimiter.data, delimiter.length) != 1 ||
		strchr("\"\r\n", delimiter.data[0]) != NULL)
		return text_of(",");
	return delimiter;
}

struct text_view
number_text(int64 number)
{
	return number == 0 ? no_text : text_of(psprintf(INT64_FORMAT, number));
}
