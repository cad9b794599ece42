/*-------------------------------------------------------------------------
 *
 * row_set.c
 *	  A set of row numbers, in memory.
 *
 * It is a hash of bitmaps, 64 rows to a word: 24 bytes per 64 rows in any order,
 * and usually one comparison per row, since rows usually arrive in order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "upload/row_set.h"

#define ROWS_PER_WORD 64

typedef struct RowWord
{
	int64 number; /* row_number / ROWS_PER_WORD */
	uint64 rows;
	char status; /* for simplehash */
} RowWord;

#define SH_PREFIX row_words
#define SH_ELEMENT_TYPE RowWord
#define SH_KEY_TYPE int64
#define SH_KEY number
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key) ^ (uint32) ((uint64) (key) >> 32))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct RowSet
{
	row_words_hash *words;
	RowWord *last_word; /* word of the last row added; NULL if none */
};

RowSet *
row_set_create(MemoryContext context)
{
	RowSet *set = MemoryContextAllocZero(context, sizeof(RowSet));

	set->words = row_words_create(context, 16, NULL);
	return set;
}

/* Return the word of this number, creating it if necessary. */
static RowWord *
find_word(RowSet *set, int64 number)
{
	bool found;
	RowWord *word;

	if (set->last_word != NULL && set->last_word->number == number)
		return set->last_word;
	word = row_words_insert(set->words, number, &found);
	if (!found)
		word->rows = 0;
	set->last_word = word;
	return word;
}

bool
row_set_add(RowSet *set, int64 row_number)
{
	RowWord *word = find_word(set, row_number / ROWS_PER_WORD);
	uint64 bit = UINT64CONST(1) << (row_number % ROWS_PER_WORD);

	if (word->rows & bit)
		return false;
	word->rows |= bit;
	return true;
}

bool
row_set_has(RowSet *set, int64 row_number)
{
	RowWord *word = row_words_lookup(set->words, row_number / ROWS_PER_WORD);

	return word != NULL && (word->rows & (UINT64CONST(1) << (row_number % ROWS_PER_WORD))) != 0;
}

bool
row_set_is_empty(const RowSet *set)
{
	return set->words->members == 0;
}

void
row_set_add_set(RowSet *set, RowSet *other)
{
	row_words_iterator iterator;
	RowWord *word;

	row_words_start_iterate(other->words, &iterator);
	while ((word = row_words_iterate(other->words, &iterator)) != NULL)
		find_word(set, word->number)->rows |= word->rows;
}

static int
compare_words(const void *a, const void *b)
{
	int64 left = ((const RowWord *) a)->number;
	int64 right = ((const RowWord *) b)->number;

	return (left > right) - (left < right);
}

void
range_list_append(RangeList *list, int64 first, int64 last)
{
	if (list->count > 0 && list->ranges[list->count - 1].last + 1 == first)
	{
		list->ranges[list->count - 1].last = last;
		return;
	}
	if (list->count == list->size)
	{
		list->size = Max(64, list->size * 2);
		list->ranges =
			list->ranges == NULL
				? MemoryContextAllocHuge(CurrentMemoryContext, list->size * sizeof(RowRange))
				: repalloc_huge(list->ranges, list->size * sizeof(RowRange));
	}
	list->ranges[list->count].first = first;
	list->ranges[list->count].last = last;
	list->count++;
}

void
row_set_ranges(RowSet *set, RangeList *list)
{
	uint32 count = set->words->members;
	RowWord *words = MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * sizeof(RowWord));
	row_words_iterator iterator;
	RowWord *word;
	uint32 i = 0;

	row_words_start_iterate(set->words, &iterator);
	while ((word = row_words_iterate(set->words, &iterator)) != NULL)
		words[i++] = *word;
	qsort(words, count, sizeof(RowWord), compare_words);
	for (i = 0; i < count; i++)
	{
		int64 base = words[i].number * ROWS_PER_WORD;
		int bit;

		if (words[i].rows == PG_UINT64_MAX)
		{
			range_list_append(list, base, base + ROWS_PER_WORD - 1);
			continue;
		}
		for (bit = 0; bit < ROWS_PER_WORD; bit++)
		{
			if (words[i].rows & (UINT64CONST(1) << bit))
				range_list_append(list, base + bit, base + bit);
		}
	}
	pfree(words);
}
