/*-------------------------------------------------------------------------
 *
 * row_columns.c
 *	  The columns and attributes of a product that a row sets.
 *
 * A row changes only the columns of its file.  Columns that the file lacks,
 * blank values that are to keep the stored ones, and columns that a later file
 * has set are left out, in this order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/jsonb_object.h"
#include "base/text_datum.h"
#include "row/row_columns.h"

static int
compare_attributes(const void *a, const void *b)
{
	return jsonb_compare_names(((const RowAttribute *) a)->name, ((const RowAttribute *) b)->name);
}

static bool
has_attribute(const RowColumns *columns, struct text_view name)
{
	RowAttribute wanted = {name, {NULL, 0}};

	return bsearch(&wanted, columns->attributes, columns->attribute_count, sizeof(RowAttribute),
				   compare_attributes) != NULL;
}

RowColumns *
row_columns_read(Datum names)
{
	RowColumns *columns = palloc0(sizeof(RowColumns));
	Datum *elements;
	int count;
	int i;

	deconstruct_array(DatumGetArrayTypePCopy(names), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  NULL, &count);
	columns->attributes = palloc(Max(count, 1) * sizeof(RowAttribute));
	for (i = 0; i < count; i++)
	{
		struct text_view name = text_datum_view(elements[i]);
		enum onboard_column column = column_by_name(name);

		if (column != COLUMN_NONE)
			columns->columns |= column_bit(column);
		else if (text_equal(name, text_of(ONBOARD_ACTION_COLUMN)))
			columns->has_status = true;
		else
			columns->attributes[columns->attribute_count++] = (RowAttribute){name, {NULL, 0}};
	}
	qsort(columns->attributes, columns->attribute_count, sizeof(RowAttribute), compare_attributes);
	return columns;
}

Datum
row_columns_names(const RowColumns *columns)
{
	Datum *names = palloc((COLUMN_COUNT + columns->attribute_count + 1) * sizeof(Datum));
	column_set left;
	int count = 0;
	int i;

	for (left = columns->columns; left != 0; left &= left - 1)
		names[count++] = CStringGetTextDatum(onboard_columns[column_first(left)].name);
	for (i = 0; i < columns->attribute_count; i++)
		names[count++] = text_datum(columns->attributes[i].name);
	if (columns->has_status)
		names[count++] = CStringGetTextDatum(ONBOARD_ACTION_COLUMN);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Return the value of an attribute of the row; absent if it has none. */
static struct text_view
attribute_value(const IncomingRow *row, struct text_view name)
{
	if (row->attributes == NULL)
		return (struct text_view){NULL, 0};
	return jsonb_find_text(&row->attributes->root, name);
}

static void
add_attribute(RowColumns *columns, struct text_view name, struct text_view value,
			  enum upload_blank blank, bool *is_all)
{
	if (text_trim(value).length == 0)
		value.length = 0;
	if (value.length == 0 && blank == BLANK_KEEPS)
		*is_all = false;
	else
		columns->attributes[columns->attribute_count++] = (RowAttribute){name, value};
}

static void
find_listed_attributes(const IncomingRow *row, const RowColumns *listed, enum upload_blank blank,
					   RowColumns *columns, bool *is_all)
{
	int i;

	columns->attributes = palloc(Max(listed->attribute_count, 1) * sizeof(RowAttribute));
	for (i = 0; i < listed->attribute_count; i++)
	{
		struct text_view name = listed->attributes[i].name;

		add_attribute(columns, name, attribute_value(row, name), blank, is_all);
	}
}

static void
find_own_attributes(const IncomingRow *row, enum upload_blank blank, RowColumns *columns,
					bool *is_all)
{
	JsonbIterator *iterator = jsonb_texts_begin(&row->attributes->root);
	struct text_view name;
	struct text_view value;

	columns->attributes = palloc(Max(JB_ROOT_COUNT(row->attributes), 1) * sizeof(RowAttribute));
	while (jsonb_texts_next(&iterator, &name, &value))
		add_attribute(columns, name, value, blank, is_all);
}

column_set
row_columns_in_file(const IncomingRow *row, const RowColumns *listed)
{
	column_set columns = 0;
	int i;

	if (listed != NULL)
		return listed->columns;
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		if (row->product.raw[i].data != NULL)
			columns |= column_bit(i);
	}
	return columns;
}

void
row_columns_of_row(const IncomingRow *row, const RowColumns *listed, enum upload_blank blank,
				   RowColumns *columns, bool *is_all)
{
	column_set left;

	memset(columns, 0, sizeof(*columns));
	columns->columns = row_columns_in_file(row, listed);
	*is_all = listed != NULL;
	for (left = columns->columns; left != 0 && blank == BLANK_KEEPS; left &= left - 1)
	{
		if (row->product.value[column_first(left)].length > 0)
			continue;
		columns->columns &= ~column_bit(column_first(left));
		*is_all = false;
	}
	if (listed != NULL && listed->attribute_count > 0)
		find_listed_attributes(row, listed, blank, columns, is_all);
	else if (listed == NULL && row->attributes != NULL)
		find_own_attributes(row, blank, columns, is_all);
}

void
row_columns_subtract(RowColumns *columns, const RowColumns *others)
{
	int kept = 0;
	int i;

	columns->columns &= ~others->columns;
	columns->has_status = columns->has_status && !others->has_status;
	for (i = 0; i < columns->attribute_count; i++)
	{
		if (!has_attribute(others, columns->attributes[i].name))
			columns->attributes[kept++] = columns->attributes[i];
	}
	columns->attribute_count = kept;
}

bool
row_columns_overlap(const RowColumns *columns, const RowColumns *others, enum onboard_column key)
{
	int i;

	if ((columns->columns & others->columns & ~column_bit(key)) != 0 ||
		(columns->has_status && others->has_status))
		return true;
	for (i = 0; i < columns->attribute_count; i++)
	{
		if (has_attribute(others, columns->attributes[i].name))
			return true;
	}
	return false;
}

bool
row_columns_are_empty(const RowColumns *columns, enum onboard_column key)
{
	return (columns->columns & ~column_bit(key)) == 0 && columns->attribute_count == 0;
}

/* Add a pair of strings to an object. */
static void
push_attribute(JsonbParseState **state, struct text_view name, JsonbValue *value)
{
	JsonbValue key = {.type = jbvString};

	key.val.string.val = unconstify(char *, name.data);
	key.val.string.len = (int) name.length;
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_VALUE, value);
}

/* Add the members of an object that the row does not set. */
static void
push_others(JsonbParseState **state, const RowColumns *columns, Jsonb *attributes)
{
	JsonbIterator *iterator = JsonbIteratorInit(&attributes->root);
	JsonbValue value;

	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		struct text_view name = {value.val.string.val, value.val.string.len};

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (!has_attribute(columns, name))
			push_attribute(state, name, &value);
	}
}

Jsonb *
row_columns_merge_attributes(const RowColumns *columns, Jsonb *attributes)
{
	JsonbParseState *state = NULL;
	JsonbValue value;
	int i;

	if (columns->attribute_count == 0)
		return NULL;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (attributes != NULL)
		push_others(&state, columns, attributes);
	for (i = 0; i < columns->attribute_count; i++)
	{
		const RowAttribute *attribute = &columns->attributes[i];

		if (attribute->value.length == 0)
			continue;
		value.type = jbvString;
		value.val.string.val = unconstify(char *, attribute->value.data);
		value.val.string.len = (int) attribute->value.length;
		push_attribute(&state, attribute->name, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
