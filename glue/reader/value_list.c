/*-------------------------------------------------------------------------
 *
 * value_list.c
 *	  A list of a vendor's values and their replacements.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include <utf8proc.h>

#include "reader/value_list.h"

size_t
value_list_key(struct text_view value, char key[VALUE_LIST_KEY_BYTES])
{
	size_t length = 0;
	bool blank = false;
	size_t offset = 0;

	value = text_trim(value);
	while (offset < value.length)
	{
		uint32_t character;
		char bytes[MAX_CHARACTER_BYTES];
		size_t size;

		offset += text_decode(value, offset, &character);
		if (is_white_space(character))
		{
			blank = true;
			continue;
		}
		size = text_encode(character < 0x80 ? fold_ascii(character)
											: (uint32_t) utf8proc_tolower((int32_t) character),
						   bytes);
		if (length + blank + size > VALUE_LIST_KEY_BYTES)
			return 0;
		if (blank)
			key[length++] = ' ';
		blank = false;
		memcpy(key + length, bytes, size);
		length += size;
	}
	return length;
}

/* Compare pairs by key, then by place: equal keys keep their order. */
static int
compare_pairs(const void *a, const void *b)
{
	const struct value_pair *x = a;
	const struct value_pair *y = b;
	int order = text_compare(x->key, y->key);

	/* The keys lie in memory in the order of the list. */
	return order != 0 ? order : (x->key.data > y->key.data) - (x->key.data < y->key.data);
}

void
value_list_sort(struct value_list *list)
{
	int kept = 0;

	if (list->count == 0)
		return;
	qsort(list->pairs, (size_t) list->count, sizeof(*list->pairs), compare_pairs);
	for (int i = 1; i < list->count; i++)
	{
		if (!text_equal(list->pairs[i].key, list->pairs[kept].key))
			list->pairs[++kept] = list->pairs[i];
	}
	list->count = kept + 1;
}

bool
value_list_find(const struct value_list *list, struct text_view value,
				struct text_view *replacement)
{
	char buffer[VALUE_LIST_KEY_BYTES];
	struct text_view key = {buffer, value_list_key(value, buffer)};
	int low = 0;
	int high = list->count;

	if (key.length == 0)
		return false;
	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = text_compare(list->pairs[middle].key, key);

		if (order == 0)
		{
			*replacement = list->pairs[middle].replacement;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
