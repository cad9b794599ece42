/*-------------------------------------------------------------------------
 *
 * jsonb_object.c
 *	  Writing a jsonb object in its stored form; reading texts from objects and arrays.
 *
 * The stored form has sorted keys, an array of JEntry, and the keys and values; see
 * utils/jsonb.h.  Building it through JsonbValue would cost ten times as much, and
 * a file full of errors, or of changes, needs one or two per row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/jsonb_object.h"

int
jsonb_compare_names(struct text_view left, struct text_view right)
{
	/* Like lengthCompareJsonbStringValue(): by length, then by bytes. */
	if (left.length != right.length)
		return left.length < right.length ? -1 : 1;
	return memcmp(left.data, right.data, left.length);
}

/* The data of an object being written: the names, then the values. */
typedef struct ObjectWriter
{
	JEntry *entries;
	int count;
	char *data;
	Size used;
} ObjectWriter;

/* A JEntry holds the length of its data or, once per stride, its end offset. */
static void
write_entry(ObjectWriter *writer, JEntry type, struct text_view data, bool aligned)
{
	Size begin = writer->used;

	if (aligned)
	{
		writer->used = INTALIGN(begin);
		memset(writer->data + begin, 0, writer->used - begin);
	}
	if (data.length > 0)
		memcpy(writer->data + writer->used, data.data, data.length);
	writer->used += data.length;
	if (writer->count % JB_OFFSET_STRIDE == 0)
		writer->entries[writer->count++] = type | JENTRY_HAS_OFF | writer->used;
	else
		writer->entries[writer->count++] = type | (writer->used - begin);
}

static void
write_value(ObjectWriter *writer, const JsonbMember *member)
{
	struct text_view nothing = {NULL};

	switch (member->kind)
	{
		case MEMBER_NULL:
			write_entry(writer, JENTRY_ISNULL, nothing, false);
			break;
		case MEMBER_FALSE:
			write_entry(writer, JENTRY_ISBOOL_FALSE, nothing, false);
			break;
		case MEMBER_TRUE:
			write_entry(writer, JENTRY_ISBOOL_TRUE, nothing, false);
			break;
		case MEMBER_TEXT:
			write_entry(writer, JENTRY_ISSTRING, member->value, false);
			break;
		case MEMBER_NUMBER:
			write_entry(writer, JENTRY_ISNUMERIC, member->value, true);
			break;
		case MEMBER_CONTAINER:
			write_entry(writer, JENTRY_ISCONTAINER, member->value, true);
			break;
	}
}

Jsonb *
jsonb_object_write(const JsonbMember *members, int count)
{
	Size size = offsetof(Jsonb, root) + offsetof(JsonbContainer, children);
	ObjectWriter writer = {NULL};
	Jsonb *result;
	int i;

	for (i = 0; i < count; i++)
		size += 2 * sizeof(JEntry) + members[i].name.length + INTALIGN(members[i].value.length) +
				ALIGNOF_INT;
	if (size > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("total size of jsonb object elements exceeds the maximum of %u bytes",
						JENTRY_OFFLENMASK)));
	result = palloc(size);
	result->root.header = count | JB_FOBJECT;
	writer.entries = result->root.children;
	writer.data = (char *) (writer.entries + 2 * count);
	for (i = 0; i < count; i++)
		write_entry(&writer, JENTRY_ISSTRING, members[i].name, false);
	for (i = 0; i < count; i++)
		write_value(&writer, &members[i]);
	SET_VARSIZE(result, writer.data + writer.used - (char *) result);
	return result;
}

JsonbIterator *
jsonb_texts_begin(JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbValue start;

	(void) JsonbIteratorNext(&iterator, &start, true);
	return iterator;
}

bool
jsonb_texts_next(JsonbIterator **iterator, struct text_view *name, struct text_view *value)
{
	JsonbValue key;
	JsonbValue text;

	if (JsonbIteratorNext(iterator, &key, true) != WJB_KEY)
		return false;
	(void) JsonbIteratorNext(iterator, &text, true);
	name->data = key.val.string.val;
	name->length = key.val.string.len;
	*value = (struct text_view){NULL, 0};
	if (text.type == jbvString)
		*value = (struct text_view){text.val.string.val, text.val.string.len};
	else if (text.type == jbvBinary)
		value->length = text.val.binary.len;
	return true;
}

bool
jsonb_is_of_texts(JsonbContainer *object)
{
	JsonbIterator *iterator = jsonb_texts_begin(object);
	struct text_view name;
	struct text_view value;

	while (jsonb_texts_next(&iterator, &name, &value))
	{
		if (value.data == NULL)
			return false;
	}
	return true;
}

/* Return a string; absent for any other value. */
static struct text_view
string_of(const JsonbValue *value)
{
	if (value == NULL || value->type != jbvString)
		return (struct text_view){NULL, 0};
	return (struct text_view){value->val.string.val, value->val.string.len};
}

struct text_view
jsonb_find_text(JsonbContainer *object, struct text_view name)
{
	JsonbValue storage;

	return string_of(getKeyJsonValueFromContainer(object, name.data, (int) name.length, &storage));
}

JsonbContainer *
jsonb_find_array(JsonbContainer *object, const char *name)
{
	JsonbValue storage;
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), &storage);

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return NULL;
	return value->val.binary.data;
}

struct text_view
jsonb_array_text(JsonbContainer *array, uint32 place)
{
	return string_of(array == NULL ? NULL : getIthJsonbValueFromContainer(array, place));
}
