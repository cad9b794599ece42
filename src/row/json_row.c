/*-------------------------------------------------------------------------
 *
 * json_row.c
 *	  Product rows and records in JSON.
 *
 * JSON can expand far beyond its size: the seven characters 1e99999 are a number
 * of 100,000 digits.  So a number's size is checked before its text is made,
 * attributes are collected only up to the caps, and a product over the caps is
 * MALFORMED_ROW and kept only as far as it was read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "base/jsonb_object.h"
#include "row/json_row.h"
#include "shared/row_caps.h"
#include "shared/text.h"

/* Values nested deeper than this are not kept. */
#define ORIGINAL_MAX_DEPTH 16

/* Digits before the point of the longest number that is read, as a literal. */
#define FIELD_DIGITS 65536

StaticAssertDecl(FIELD_DIGITS == ONBOARD_MAX_FIELD_BYTES, "a number may be as long as a field");

/* Numbers to compare with, made once per session. */
static struct
{
	Numeric one;
	Numeric largest_integer;
	Numeric too_long; /* 1 followed by as many zeros as a field has bytes */
	Numeric negative_too_long;
} bounds;

static Numeric
make_number(const char *text)
{
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static void
prepare_bounds(void)
{
	MemoryContext caller;

	if (bounds.negative_too_long != NULL)
		return;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	bounds.one = int64_to_numeric(1);
	bounds.largest_integer = int64_to_numeric(PG_INT64_MAX);
	bounds.too_long = make_number("1e" CppAsString2(FIELD_DIGITS));
	bounds.negative_too_long = make_number("-1e" CppAsString2(FIELD_DIGITS));
	MemoryContextSwitchTo(caller);
}

static bool
is_less(Numeric a, Numeric b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(a), NumericGetDatum(b)));
}

/*
 * Is the number's text longer than a field may be?  Decided by its value, because
 * the text can be a thousand times as long as the number.  The value may also
 * have 16,383 digits after the point, so a text that is made has at most 80 KB.
 */
static bool
number_is_too_long(Numeric number)
{
	prepare_bounds();
	return !is_less(number, bounds.too_long) || !is_less(bounds.negative_too_long, number);
}

/* Get the text of a string or a number; return false for any other value. */
static bool
value_text(const JsonbValue *value, struct text_view *text)
{
	if (value->type == jbvString)
	{
		text->data = value->val.string.val;
		text->length = value->val.string.len;
		return true;
	}
	if (value->type == jbvNumeric && !number_is_too_long(value->val.numeric))
	{
		*text = text_of(
			DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
		return true;
	}
	return false;
}

/* Describe a value that has no text. */
static void
add_type(struct text_builder *builder, const JsonbValue *value)
{
	bool is_array = value->type == jbvArray ||
					(value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data));

	if (value->type == jbvNumeric)
	{
		text_add(builder,
				 text_of(" is a number of more than " CppAsString2(FIELD_DIGITS) " digits"));
		return;
	}
	text_add(builder, text_of(value->type == jbvBool ? " is a boolean"
							  : is_array             ? " is an array"
													 : " is an object"));
	text_add(builder, text_of(", not a string or a number"));
}

/*
 * Products.
 */

/* A product being read into a row. */
typedef struct ProductReading
{
	IncomingRow *row;
	JsonbParseState *attributes; /* NULL if none yet */
	struct row_caps caps;        /* for the attributes */
} ProductReading;

/* Note why a product cannot be read; only the first fault is reported. */
static void
make_malformed(IncomingRow *row, const char *message)
{
	if (row->has_defect)
		return;
	row->has_defect = true;
	row->defect = rule_built_in(RULE_MALFORMED_ROW);
	row->defect_message = text_of(pstrdup(message));
}

/* Refuse the row for a value without text; an unknown name is quoted. */
static void
refuse_value(IncomingRow *row, enum onboard_column column, struct text_view name,
			 const JsonbValue *value)
{
	char message[FINDING_MESSAGE_SIZE];
	struct text_builder builder;

	text_start(&builder, message, sizeof(message));
	if (column == COLUMN_NONE)
		text_add_quoted(&builder, name);
	else
		text_add(&builder, text_of(onboard_columns[column].name));
	add_type(&builder, value);
	text_finish(&builder);
	make_malformed(row, message);
	if (value->type == jbvNumeric)
		row->is_cut = true;
}

static void
add_attribute(ProductReading *reading, JsonbValue *key, struct text_view text)
{
	JsonbValue value;

	if (reading->attributes == NULL)
		pushJsonbValue(&reading->attributes, WJB_BEGIN_OBJECT, NULL);
	value.type = jbvString;
	value.val.string.val = unconstify(char *, text.data);
	value.val.string.len = text.length;
	pushJsonbValue(&reading->attributes, WJB_KEY, key);
	pushJsonbValue(&reading->attributes, WJB_VALUE, &value);
}

/* Read a key that is not a column, unless the row is already refused. */
static void
read_attribute(ProductReading *reading, JsonbValue *key, const JsonbValue *value)
{
	IncomingRow *row = reading->row;
	struct text_view name = {key->val.string.val, key->val.string.len};
	struct text_view text = {NULL, 0};

	if (row->has_defect)
		return;
	if (value->type != jbvNull && !value_text(value, &text))
	{
		refuse_value(row, COLUMN_NONE, name, value);
		return;
	}
	if (!row_caps_take(&reading->caps, name, text))
	{
		make_malformed(row, reading->caps.message);
		row->is_cut = true;
		return;
	}
	if (value->type != jbvNull)
		add_attribute(reading, key, text);
}

/* Read a column, even of a row that is refused: reports show it. */
static void
read_column(IncomingRow *row, enum onboard_column column, const JsonbValue *value)
{
	struct text_view unnamed = {NULL, 0};

	if (value->type != jbvNull && !value_text(value, &row->product.raw[column]))
		refuse_value(row, column, unnamed, value);
}

/* Is the row over the caps?  If so, the rules tell which. */
static bool
is_over_caps(const ProductReading *reading)
{
	Size bytes = reading->caps.bytes;
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
	{
		struct text_view field = reading->row->product.raw[i];

		if (field.length > ONBOARD_MAX_FIELD_BYTES)
			return true;
		bytes += field.length;
	}
	return bytes > ONBOARD_MAX_RECORD_BYTES;
}

/*
 * Return the size of a scalar as text; more than a record may have if a number is
 * too long.
 */
static Size
scalar_bytes(const JsonbValue *value)
{
	struct text_view text = {NULL, 0};

	if (value->type == jbvNumeric && !value_text(value, &text))
		return ONBOARD_MAX_RECORD_BYTES + 1;
	if (value->type == jbvNumeric)
		pfree(unconstify(char *, text.data));
	return value->type == jbvString ? value->val.string.len : Max(text.length, 1);
}

/*
 * Is JSON of any shape, including everything nested in it, within the size of a
 * record?
 */
static bool
is_within_caps(JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;
	Size bytes = 0;
	int depth = 0;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
			depth++;
		else if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
		else
			bytes += scalar_bytes(&value);
		bytes++;
		if (bytes > ONBOARD_MAX_RECORD_BYTES || depth > ORIGINAL_MAX_DEPTH)
			return false;
	}
	return true;
}

static void
read_object(JsonbContainer *product, IncomingRow *row)
{
	ProductReading reading = {row, NULL};
	JsonbIterator *iterator = JsonbIteratorInit(product);
	JsonbValue key;
	JsonbValue value;

	row_caps_start(&reading.caps, "row", 0);
	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		enum onboard_column column =
			column_by_name((struct text_view){key.val.string.val, key.val.string.len});

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (column == COLUMN_NONE)
			read_attribute(&reading, &key, &value);
		else
			read_column(row, column, &value);
	}
	if (reading.attributes != NULL)
		row->attributes =
			JsonbValueToJsonb(pushJsonbValue(&reading.attributes, WJB_END_OBJECT, NULL));
	if (!row->has_defect)
		row->is_cut = is_over_caps(&reading);
}

void
json_row_read(JsonbContainer *product, int length, IncomingRow *row)
{
	if (JsonContainerIsObject(product))
		read_object(product, row);
	else
		make_malformed(row, "the product is not a JSON object");
	/* Nested values matter only where they would be kept. */
	if (row->has_defect && !row->is_cut)
		row->is_cut = !is_within_caps(product);
	if (row->is_cut)
		return;
	row->original = product;
	row->original_length = length;
}

/*
 * Records.
 */

typedef struct JsonRecord
{
	int64 row_number;
	JsonbContainer *container;
	int length;
	int arrival; /* keeps ties in order */
} JsonRecord;

struct JsonRecords
{
	JsonRecord *records;
	int count;
};

static void
refuse_record(int number, const char *problem)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("record %d: %s", number, problem),
		 errhint(
			 "Records look like [{\"row_number\": 1, \"line_number\": 2, \"product\": {...}}].")));
}

/* Return the value of a key of a record, or NULL; value is the caller's storage. */
static JsonbValue *
record_value(JsonbContainer *record, const char *key, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(record, key, strlen(key), value);
}

/* Read a number that counts rows or lines, from 1. */
static int64
count_value(const JsonbValue *value, int number, const char *name)
{
	Numeric count;
	int64 integer;

	if (value->type != jbvNumeric)
		refuse_record(number, psprintf("%s is not an integer", name));
	prepare_bounds();
	count = value->val.numeric;
	if (is_less(count, bounds.one))
		refuse_record(number, psprintf("%s is below 1", name));
	if (is_less(bounds.largest_integer, count))
		refuse_record(number, psprintf("%s is above " INT64_FORMAT, name, PG_INT64_MAX));
	integer = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(count)));
	/* numeric_int8() rounds; most numbers have no digits to be rounded. */
	if (DatumGetInt32(DirectFunctionCall1(numeric_scale, NumericGetDatum(count))) > 0 &&
		!DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(count),
										  NumericGetDatum(int64_to_numeric(integer)))))
		refuse_record(number, psprintf("%s is not an integer", name));
	return integer;
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
	JsonbValue element;

	if (!JB_ROOT_IS_ARRAY(records) || JB_ROOT_IS_SCALAR(records))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("records are not a JSON array"),
			 errhint(
				 "Records look like [{\"row_number\": 1, \"line_number\": 2, \"product\": {...}}].")));
	result->records = MemoryContextAllocHuge(CurrentMemoryContext,
											 Max(JB_ROOT_COUNT(records), 1) * sizeof(JsonRecord));
	iterator = JsonbIteratorInit(&records->root);
	(void) JsonbIteratorNext(&iterator, &element, true);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) == WJB_ELEM)
	{
		JsonRecord *record = &result->records[result->count];
		JsonbValue storage;
		JsonbValue *value;

		if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data))
			refuse_record(result->count + 1, "it is not a JSON object");
		record->container = element.val.binary.data;
		record->length = element.val.binary.len;
		record->arrival = result->count;
		value = record_value(record->container, "row_number", &storage);
		if (value == NULL)
			refuse_record(result->count + 1, "it has no row_number");
		record->row_number = count_value(value, result->count + 1, "row_number");
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

static void
read_defect(const JsonRecord *record, const JsonbValue *defect, IncomingRow *row)
{
	JsonbContainer *fields;

	if (defect->type != jbvBinary || !JsonContainerIsObject(defect->val.binary.data))
		refuse_record(record->arrival + 1, "defect is not a JSON object");
	fields = defect->val.binary.data;
	if (!incoming_row_set_defect(row, jsonb_find_text(fields, text_of("error_type"))))
		refuse_record(record->arrival + 1,
					  "error_type of defect is not MALFORMED_ROW, EMPTY_ROW or INVALID_ENCODING");
	row->defect_message = jsonb_find_text(fields, text_of("message"));
	row->raw_record = jsonb_find_text(fields, text_of("raw"));
}

/* Read what is to be done with the product; a value of another type is not a known action. */
static void
read_action(const JsonRecord *record, IncomingRow *row)
{
	JsonbValue storage;
	JsonbValue *value = record_value(record->container, "action", &storage);

	if (value == NULL || value->type == jbvNull)
		return;
	if (!value_text(value, &row->action))
		row->action = text_of("(not a text)");
}

/* Are the cells within the caps, so that the row may keep a copy? */
static bool
cells_are_within_caps(JsonbContainer *cells, IncomingRow *row)
{
	JsonbIterator *iterator = jsonb_texts_begin(cells);
	struct row_caps caps;
	struct text_view name;
	struct text_view value;

	row_caps_start(&caps, "row", product_row_bytes(&row->product));
	while (jsonb_texts_next(&iterator, &name, &value))
	{
		if (row_caps_take_cell(&caps, name, value))
			continue;
		make_malformed(row, caps.message);
		row->is_cut = true;
		return false;
	}
	return true;
}

/* Read the source cells of a product that was read with a map. */
static void
read_source_cells(const JsonRecord *record, IncomingRow *row)
{
	JsonbValue storage;
	JsonbValue *value = record_value(record->container, "source_cells", &storage);

	if (value == NULL || value->type == jbvNull)
		return;
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data) ||
		!jsonb_is_of_texts(value->val.binary.data))
		refuse_record(record->arrival + 1, "source_cells is not a JSON object of strings");
	if (!row->has_defect && cells_are_within_caps(value->val.binary.data, row))
		row->source_cells.object = JsonbValueToJsonb(value);
}

void
json_records_read(const JsonRecords *records, int i, IncomingRow *row)
{
	const JsonRecord *record = &records->records[i];
	JsonbValue storage;
	JsonbValue *value;

	memset(row, 0, sizeof(*row));
	row->row_number = record->row_number;
	row->position = i;
	value = record_value(record->container, "line_number", &storage);
	if (value != NULL && value->type != jbvNull)
		row->line_number = count_value(value, record->arrival + 1, "line_number");
	value = record_value(record->container, "defect", &storage);
	if (value != NULL && value->type != jbvNull)
	{
		read_defect(record, value, row);
		return;
	}
	read_action(record, row);
	/* A memo that is not a text is ignored. */
	row->memo = jsonb_find_text(record->container, text_of("key_memo"));
	value = record_value(record->container, "product", &storage);
	if (value == NULL)
		refuse_record(record->arrival + 1, "it has neither product nor defect");
	if (value->type == jbvBinary)
		json_row_read(value->val.binary.data, value->val.binary.len, row);
	else
	{
		Jsonb *scalar = JsonbValueToJsonb(value);

		json_row_read(&scalar->root, VARSIZE(scalar) - VARHDRSZ, row);
	}
	read_source_cells(record, row);
}

/*
 * Findings.
 */

static void
push_pair(JsonbParseState **state, const char *name, const char *text, Size length)
{
	JsonbValue key;
	JsonbValue value;

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
	const char *code = finding->rule->code;
	const char *severity = severity_name(finding->severity);
	const char *field = finding_field(finding);
	bool has_suggestion = finding->suggestion[0] != '\0';

	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_pair(state, "error_type", code, strlen(code));
	push_pair(state, "error_field", field, field ? strlen(field) : 0);
	push_pair(state, "error_message", finding->message, strlen(finding->message));
	push_pair(state, "severity", severity, strlen(severity));
	push_pair(state, "rejected_value", finding->rejected.data, finding->rejected.length);
	push_pair(state, "suggestion", has_suggestion ? finding->suggestion : NULL,
			  strlen(finding->suggestion));
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Jsonb *
findings_to_jsonb(const struct findings *findings)
{
	JsonbParseState *state = NULL;
	int i;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (i = 0; i < findings->count; i++)
		push_finding(&state, &findings->items[i]);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}
