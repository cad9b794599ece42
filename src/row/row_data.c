/*-------------------------------------------------------------------------
 *
 * row_data.c
 *	  A row as jsonb: as it was judged, and as the vendor wrote it.
 *
 * The two differ if the vendor's file is read with a map.  The values that are judged
 * are what the map makes of the cells; beside them, a row has the cells that the map
 * changed or left out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"

#include "base/jsonb_object.h"
#include "row/incoming_row.h"
#include "shared/row_caps.h"
#include "shared/text.h"

/* The name of a column as a key. */
typedef struct ColumnKey
{
	enum onboard_column column;
	struct text_view name;
} ColumnKey;

static int
compare_keys(const void *a, const void *b)
{
	return jsonb_compare_names(((const ColumnKey *) a)->name, ((const ColumnKey *) b)->name);
}

/* Return all columns in the order of jsonb keys, sorted once per session. */
static const ColumnKey *
sorted_keys(void)
{
	static ColumnKey keys[COLUMN_COUNT];
	static bool is_sorted = false;
	int i;

	if (is_sorted)
		return keys;
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		keys[i].column = i;
		keys[i].name = text_of(onboard_columns[i].name);
	}
	qsort(keys, COLUMN_COUNT, sizeof(keys[0]), compare_keys);
	is_sorted = true;
	return keys;
}

static Jsonb *
columns_to_jsonb(const struct product_row *product)
{
	const ColumnKey *keys = sorted_keys();
	JsonbMember members[COLUMN_COUNT];
	int count = 0;
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
	{
		struct text_view value = product->raw[keys[i].column];

		if (value.data == NULL)
			continue;
		members[count].name = keys[i].name;
		members[count].kind = MEMBER_TEXT;
		members[count++].value = value;
	}
	return jsonb_object_write(members, count);
}

/* Add a pair of strings to an object; both are borrowed until it is built. */
static void
push_text(JsonbParseState **state, struct text_view name, struct text_view text)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, name.data);
	value.val.string.len = name.length;
	pushJsonbValue(state, WJB_KEY, &value);
	value.val.string.val = unconstify(char *, text.data ? text.data : "");
	value.val.string.len = text.length;
	pushJsonbValue(state, WJB_VALUE, &value);
}

static Jsonb *
raw_record_to_jsonb(struct text_view raw_record)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_text(&state, text_of("raw_record"), raw_record);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Copy an object or array, adding its own header. */
static Jsonb *
container_to_jsonb(JsonbContainer *container, int length)
{
	JsonbValue value;

	value.type = jbvBinary;
	value.val.binary.data = container;
	value.val.binary.len = length;
	return JsonbValueToJsonb(&value);
}

/*
 * Cut each field, and the row as a whole, at the caps: what is too large for a
 * row is not kept whole.
 */
static void
cut_product(const struct product_row *product, struct product_row *cut)
{
	Size room = ONBOARD_MAX_RECORD_BYTES;
	int i;

	*cut = *product;
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		if (cut->raw[i].length > Min(room, ONBOARD_MAX_FIELD_BYTES))
			cut->raw[i].length = text_cut(cut->raw[i], Min(room, ONBOARD_MAX_FIELD_BYTES));
		room -= cut->raw[i].length;
	}
}

/* Copy as many attributes as fit, each cut at the cap on a field. */
static Jsonb *
cut_attributes(Jsonb *attributes, Size room)
{
	JsonbIterator *iterator = jsonb_texts_begin(&attributes->root);
	JsonbParseState *state = NULL;
	struct row_caps caps;
	struct text_view name;
	struct text_view value;

	row_caps_start(&caps, "row", ONBOARD_MAX_RECORD_BYTES - room);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while (jsonb_texts_next(&iterator, &name, &value))
	{
		value.length = text_cut(value, ONBOARD_MAX_FIELD_BYTES);
		if (!row_caps_take(&caps, name, value))
			break;
		push_text(&state, name, value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Return the columns and attributes of a row. */
static Jsonb *
product_data(const IncomingRow *row)
{
	struct product_row cut;
	Jsonb *attributes = row->attributes;
	Jsonb *columns;
	Size room;

	if (row->original != NULL && !row->is_cut)
		return container_to_jsonb(row->original, row->original_length);
	if (row->has_defect && !row->is_cut)
	{
		struct text_view raw_record = row->raw_record;

		raw_record.length = text_cut(raw_record, ONBOARD_MAX_RECORD_BYTES);
		return raw_record_to_jsonb(raw_record);
	}
	cut_product(&row->product, &cut);
	columns = columns_to_jsonb(&cut);
	if (attributes == NULL)
		return columns;
	room = ONBOARD_MAX_RECORD_BYTES - product_row_bytes(&cut);
	if (row->is_cut || VARSIZE(attributes) > room)
		attributes = cut_attributes(attributes, room);
	return DatumGetJsonbP(
		DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(attributes), JsonbPGetDatum(columns)));
}

Jsonb *
incoming_row_data(const IncomingRow *row)
{
	Jsonb *data = product_data(row);
	JsonbParseState *state = NULL;
	struct text_view action = row->action;

	if (action.length == 0 || !JB_ROOT_IS_OBJECT(data))
		return data;
	action.length = text_cut(action, ONBOARD_MAX_FIELD_BYTES);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_text(&state, text_of(ONBOARD_ACTION_COLUMN), action);
	return DatumGetJsonbP(DirectFunctionCall2(
		jsonb_concat, JsonbPGetDatum(data),
		JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)))));
}

/*
 * What the vendor wrote.
 */

/* Add to a message what the file has, unless that is the value that the message quotes. */
static void
add_cell(struct finding *finding, struct text_view cell)
{
	struct text_view written = text_trim(cell);
	size_t length = strlen(finding->message);
	struct text_builder builder;

	if (text_equal(written, text_trim(finding->rejected)))
		return;
	text_start(&builder, finding->message + length, FINDING_MESSAGE_SIZE - length);
	if (written.length == 0)
		text_add(&builder, text_of("; the file has a blank cell"));
	else
	{
		text_add(&builder, text_of("; the file has "));
		text_add_quoted(&builder, written);
	}
	text_finish(&builder);
}

void
incoming_row_show_source(IncomingRow *row, struct findings *findings)
{
	Jsonb *cells;
	int i;

	if (findings->count == 0 || !source_cells_exist(&row->source_cells))
		return;
	cells = source_cells_object(&row->source_cells);
	row->source_cells = (SourceCells){cells};
	for (i = 0; i < findings->count; i++)
	{
		struct finding *finding = &findings->items[i];
		const char *field = finding_field(finding);
		struct text_view cell = {NULL, 0};

		if (field != NULL)
			cell = jsonb_find_text(&cells->root, text_of(field));
		if (cell.data == NULL)
			continue;
		add_cell(finding, cell);
		finding->rejected = cell;
	}
}

/* Return the cells that are neither columns nor the action, added to the attributes. */
static Jsonb *
add_cells(Jsonb *attributes, Jsonb *cells)
{
	JsonbParseState *state = NULL;
	JsonbIterator *iterator = jsonb_texts_begin(&cells->root);
	struct text_view name;
	struct text_view value;
	Jsonb *others;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while (jsonb_texts_next(&iterator, &name, &value))
	{
		if (column_by_name(name) == COLUMN_NONE &&
			!text_equal(name, text_of(ONBOARD_ACTION_COLUMN)))
			push_text(&state, name, value);
	}
	others = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	if (attributes == NULL)
		return others;
	return DatumGetJsonbP(
		DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(attributes), JsonbPGetDatum(others)));
}

Jsonb *
incoming_row_original_data(const IncomingRow *row)
{
	IncomingRow written;
	Jsonb *cells = source_cells_object(&row->source_cells);
	struct text_view action;
	int i;

	/* An unreadable record has no cells that a map could change. */
	if (cells == NULL || row->has_defect)
		return incoming_row_data(row);
	written = *row;
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		struct text_view cell = jsonb_find_text(&cells->root, text_of(onboard_columns[i].name));

		if (cell.data != NULL)
			written.product.raw[i] = cell;
	}
	action = jsonb_find_text(&cells->root, text_of(ONBOARD_ACTION_COLUMN));
	if (action.data != NULL)
		written.action = action;
	written.attributes = add_cells(row->attributes, cells);
	written.original = NULL;
	return incoming_row_data(&written);
}
