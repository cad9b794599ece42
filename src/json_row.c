/*-------------------------------------------------------------------------
 *
 * json_row.c
 *	  Product rows and records as they come in JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "json_row.h"

/* The column of a key, or COLUMN_NONE. */
static enum onboard_column
column_of_key(const JsonbValue *key)
{
	int			i;

	for (i = 0; i < COLUMN_COUNT; i++)
	{
		const char *name = onboard_columns[i].name;

		if (key->val.string.val[0] == name[0] &&
			strlen(name) == (Size) key->val.string.len &&
			memcmp(name, key->val.string.val, key->val.string.len) == 0)
			return i;
	}
	return COLUMN_NONE;
}

static void
make_malformed(IncomingRow *row, const char *message)
{
	row->has_defect = true;
	row->defect = RULE_MALFORMED_ROW;
	row->defect_message.data = message;
	row->defect_message.length = strlen(message);
}

static const char *
type_name(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvBool:
			return "a boolean";
		case jbvArray:
			return "an array";
		case jbvObject:
			return "an object";
		case jbvBinary:
			return JsonContainerIsArray(value->val.binary.data) ? "an array" : "an object";
		default:
			return "no text";
	}
}

/* The text of a string or a number; false for any other type. */
static bool
value_text(const JsonbValue *value, struct text_view *text)
{
	if (value->type == jbvString)
	{
		text->data = value->val.string.val;
		text->length = value->val.string.len;
		return true;
	}
	if (value->type == jbvNumeric)
	{
		text->data = DatumGetCString(DirectFunctionCall1(numeric_out,
														 NumericGetDatum(value->val.numeric)));
		text->length = strlen(text->data);
		return true;
	}
	return false;
}

static void
add_attribute(JsonbParseState **attributes, JsonbValue *key, struct text_view text)
{
	JsonbValue	value;

	if (*attributes == NULL)
		pushJsonbValue(attributes, WJB_BEGIN_OBJECT, NULL);
	value.type = jbvString;
	value.val.string.val = unconstify(char *, text.data);
	value.val.string.len = text.length;
	pushJsonbValue(attributes, WJB_KEY, key);
	pushJsonbValue(attributes, WJB_VALUE, &value);
}

void
json_row_read(Jsonb *product, IncomingRow *row)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;
	JsonbParseState *attributes = NULL;

	row->original = product;
	if (!JB_ROOT_IS_OBJECT(product))
	{
		make_malformed(row, "the product is not a JSON object");
		return;
	}
	iterator = JsonbIteratorInit(&product->root);
	(void) JsonbIteratorNext(&iterator, &value, true);
	while ((token = JsonbIteratorNext(&iterator, &key, true)) == WJB_KEY)
	{
		enum onboard_column column = column_of_key(&key);
		struct text_view text;

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type == jbvNull)
			continue;
		if (!value_text(&value, &text))
		{
			make_malformed(row, psprintf("%s is %s, not a string or a number",
										 column == COLUMN_NONE ? "a further key" : onboard_columns[column].name,
										 type_name(&value)));
			return;
		}
		if (column == COLUMN_NONE)
			add_attribute(&attributes, &key, text);
		else
			row->product.raw[column] = text;
	}
	if (attributes != NULL)
		row->attributes = JsonbValueToJsonb(pushJsonbValue(&attributes, WJB_END_OBJECT, NULL));
}

/*
 * Records.
 */

typedef struct JsonRecord
{
	int64		row_number;
	JsonbContainer *container;
	int			length;
	int			arrival;		/* ties keep their order */
} JsonRecord;

struct JsonRecords
{
	JsonRecord *records;
	int			count;
};

static void
refuse_record(int number, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("record %d: %s", number, problem),
			 errhint("Records look like [{\"row_number\": 1, \"line_number\": 2, \"product\": {...}}].")));
}

/* The value of a key of a record, or NULL; value is the caller's storage. */
static JsonbValue *
record_value(JsonbContainer *record, const char *key, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(record, key, strlen(key), value);
}

static int64
integer_value(const JsonbValue *value, int number, const char *problem)
{
	Datum		integer;

	if (value->type != jbvNumeric)
		refuse_record(number, problem);
	integer = DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric));
	/* numeric_int8() rounds */
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(value->val.numeric),
										  NumericGetDatum(int64_to_numeric(DatumGetInt64(integer))))))
		refuse_record(number, problem);
	return DatumGetInt64(integer);
}

static int
compare_records(const void *a, const void *b)
{
	const JsonRecord *left = a;
	const JsonRecord *right = b;

	if (left->row_number != right->row_number)
		return left->row_number < right->row_number ? -1 : 1;
	return (left->arrival > right->arrival) - (left->arrival < right->arrival);
}

JsonRecords *
json_records_open(Jsonb *records)
{
	JsonRecords *result = palloc0(sizeof(JsonRecords));
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	element;

	if (!JB_ROOT_IS_ARRAY(records) || JB_ROOT_IS_SCALAR(records))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("records are not a JSON array"),
				 errhint("Records look like [{\"row_number\": 1, \"line_number\": 2, \"product\": {...}}].")));
	result->records = MemoryContextAllocHuge(CurrentMemoryContext,
											 Max(JB_ROOT_COUNT(records), 1) * sizeof(JsonRecord));
	iterator = JsonbIteratorInit(&records->root);
	(void) JsonbIteratorNext(&iterator, &element, true);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) == WJB_ELEM)
	{
		JsonRecord *record = &result->records[result->count];
		JsonbValue	storage;
		JsonbValue *value;

		if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data))
			refuse_record(result->count + 1, "it is not a JSON object");
		record->container = element.val.binary.data;
		record->length = element.val.binary.len;
		record->arrival = result->count;
		value = record_value(record->container, "row_number", &storage);
		if (value == NULL)
			refuse_record(result->count + 1, "it has no row_number");
		record->row_number = integer_value(value, result->count + 1, "row_number is not an integer");
		if (record->row_number < 1)
			refuse_record(result->count + 1, "row_number is below 1");
		result->count++;
	}
	qsort(result->records, result->count, sizeof(JsonRecord), compare_records);
	return result;
}

int
json_records_count(const JsonRecords *records)
{
	return records->count;
}

static struct text_view
defect_text(JsonbContainer *defect, const char *key)
{
	struct text_view text = {NULL, 0};
	JsonbValue	storage;
	JsonbValue *value = record_value(defect, key, &storage);

	if (value != NULL && value->type == jbvString)
	{
		text.data = value->val.string.val;
		text.length = value->val.string.len;
	}
	return text;
}

static void
read_defect(const JsonRecord *record, const JsonbValue *defect, IncomingRow *row)
{
	struct text_view code = {NULL, 0};

	if (defect->type != jbvBinary || !JsonContainerIsObject(defect->val.binary.data))
		refuse_record(record->arrival + 1, "defect is not a JSON object");
	code = defect_text(defect->val.binary.data, "error_type");
	if (code.data == NULL || !rule_by_code(code, &row->defect) ||
		(row->defect != RULE_MALFORMED_ROW && row->defect != RULE_INVALID_ENCODING))
		refuse_record(record->arrival + 1,
					  "error_type of defect is neither MALFORMED_ROW nor INVALID_ENCODING");
	row->has_defect = true;
	row->defect_message = defect_text(defect->val.binary.data, "message");
	row->raw_record = defect_text(defect->val.binary.data, "raw");
}

void
json_records_read(const JsonRecords *records, int i, IncomingRow *row)
{
	const JsonRecord *record = &records->records[i];
	JsonbValue	storage;
	JsonbValue *value;

	memset(row, 0, sizeof(*row));
	row->row_number = record->row_number;
	row->position = i;
	value = record_value(record->container, "line_number", &storage);
	if (value != NULL && value->type != jbvNull)
		row->line_number = integer_value(value, record->arrival + 1, "line_number is not an integer");
	value = record_value(record->container, "defect", &storage);
	if (value != NULL && value->type != jbvNull)
	{
		read_defect(record, value, row);
		return;
	}
	value = record_value(record->container, "product", &storage);
	if (value == NULL)
		refuse_record(record->arrival + 1, "it has neither product nor defect");
	json_row_read(JsonbValueToJsonb(value), row);
}

/*
 * Findings.
 */

static void
push_pair(JsonbParseState **state, const char *name, const char *text, Size length)
{
	JsonbValue	key;
	JsonbValue	value;

	key.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	value.type = text == NULL ? jbvNull : jbvString;
	if (text != NULL)
	{
		value.val.string.val = unconstify(char *, text);
		value.val.string.len = length;
	}
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_VALUE, &value);
}

static void
push_finding(JsonbParseState **state, const struct finding *finding)
{
	const char *code = rule_code(finding->rule);
	const char *severity = severity_name(finding->severity);
	const char *field = finding->column == COLUMN_NONE ? NULL : onboard_columns[finding->column].name;
	bool		has_suggestion = finding->suggestion[0] != '\0';

	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_pair(state, "error_type", code, strlen(code));
	push_pair(state, "error_field", field, field ? strlen(field) : 0);
	push_pair(state, "error_message", finding->message, strlen(finding->message));
	push_pair(state, "severity", severity, strlen(severity));
	push_pair(state, "rejected_value", finding->rejected.data, finding->rejected.length);
	push_pair(state, "suggestion", has_suggestion ? finding->suggestion : NULL, strlen(finding->suggestion));
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Jsonb *
findings_to_jsonb(const struct findings *findings)
{
	JsonbParseState *state = NULL;
	int			i;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (i = 0; i < findings->count; i++)
		push_finding(&state, &findings->items[i]);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}
