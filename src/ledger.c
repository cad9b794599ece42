/*-------------------------------------------------------------------------
 *
 * ledger.c
 *	  Which rows of an upload have a verdict.
 *
 * The table onboard.judged_rows holds disjoint ranges that never touch.  In
 * memory there are two parts: the ranges as read, sorted, and a bitmap of the
 * rows this statement adds, in words of 64 rows, which costs 24 bytes per 64
 * rows in any order of arrival.  ledger_save() merges both and writes only the
 * ranges that changed; a range that grows at its end, the usual case, is one
 * HOT update.
 *
 * The ledger is independent of products: a product may be changed or deleted,
 * its row stays judged.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "ledger.h"
#include "statement.h"

#define ROWS_PER_WORD 64

typedef struct RowRange
{
	int64		first;
	int64		last;
} RowRange;

typedef struct RowWord
{
	int64		number;			/* row_number / ROWS_PER_WORD */
	uint64		rows;
	char		status;			/* for simplehash */
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

struct Ledger
{
	MemoryContext context;
	char	   *upload_id;
	RowRange   *stored;			/* as read, sorted */
	int			stored_count;
	int			last_hit;		/* stored range that held the last row asked for */
	row_words_hash *added;
	RowWord    *last_word;		/* word of the last row added; NULL for none */
	int64		added_count;
};

Ledger *
ledger_load(const char *upload_id, MemoryContext context)
{
	static Statement load = {
		"SELECT j.first_row, j.last_row FROM onboard.judged_rows j "
		"WHERE j.upload_id = $1 ORDER BY j.first_row",
		1, {TEXTOID}
	};
	Datum		values[1] = {CStringGetTextDatum(upload_id)};
	Ledger	   *ledger = MemoryContextAllocZero(context, sizeof(Ledger));
	uint64		count = statement_run(&load, values, NULL, false, SPI_OK_SELECT);
	uint64		i;

	ledger->context = context;
	ledger->upload_id = MemoryContextStrdup(context, upload_id);
	ledger->stored = MemoryContextAlloc(context, Max(count, 1) * sizeof(RowRange));
	ledger->stored_count = (int) count;
	for (i = 0; i < count; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		bool		is_null;

		ledger->stored[i].first = DatumGetInt64(SPI_getbinval(tuple, descriptor, 1, &is_null));
		ledger->stored[i].last = DatumGetInt64(SPI_getbinval(tuple, descriptor, 2, &is_null));
	}
	ledger->added = row_words_create(context, 16, NULL);
	return ledger;
}

/* Is the row in a stored range?  Rows mostly ask in order, hence last_hit. */
static bool
is_stored(Ledger *ledger, int64 row_number)
{
	int			low = 0;
	int			high = ledger->stored_count;

	if (high == 0 || row_number > ledger->stored[high - 1].last)
		return false;
	if (row_number >= ledger->stored[ledger->last_hit].first &&
		row_number <= ledger->stored[ledger->last_hit].last)
		return true;
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (ledger->stored[middle].last < row_number)
			low = middle + 1;
		else
			high = middle;
	}
	ledger->last_hit = low;
	return ledger->stored[low].first <= row_number;
}

bool
ledger_has(Ledger *ledger, int64 row_number)
{
	RowWord    *word = row_words_lookup(ledger->added, row_number / ROWS_PER_WORD);

	return is_stored(ledger, row_number) ||
		(word != NULL && (word->rows & (UINT64CONST(1) << (row_number % ROWS_PER_WORD))) != 0);
}

bool
ledger_add(Ledger *ledger, int64 row_number)
{
	int64		number = row_number / ROWS_PER_WORD;
	uint64		bit = UINT64CONST(1) << (row_number % ROWS_PER_WORD);
	RowWord    *word = ledger->last_word;

	if (is_stored(ledger, row_number))
		return false;
	if (word == NULL || word->number != number)
	{
		bool		found;

		word = row_words_insert(ledger->added, number, &found);
		if (!found)
			word->rows = 0;
		ledger->last_word = word;
	}
	if (word->rows & bit)
		return false;
	word->rows |= bit;
	ledger->added_count++;
	return true;
}

static int
compare_words(const void *a, const void *b)
{
	int64		left = ((const RowWord *) a)->number;
	int64		right = ((const RowWord *) b)->number;

	return (left > right) - (left < right);
}

/* Growing list of ranges in ascending order; adjacent ones become one. */
typedef struct RangeList
{
	RowRange   *ranges;
	int			count;
	int			size;
} RangeList;

static void
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
		list->ranges = list->ranges == NULL ?
			MemoryContextAllocHuge(CurrentMemoryContext, list->size * sizeof(RowRange)) :
			repalloc_huge(list->ranges, list->size * sizeof(RowRange));
	}
	list->ranges[list->count].first = first;
	list->ranges[list->count].last = last;
	list->count++;
}

/* The added rows as sorted ranges. */
static void
added_ranges(Ledger *ledger, RangeList *list)
{
	uint32		count = ledger->added->members;
	RowWord    *words = MemoryContextAllocHuge(CurrentMemoryContext,
											   Max(count, 1) * sizeof(RowWord));
	row_words_iterator iterator;
	RowWord    *word;
	uint32		i = 0;

	row_words_start_iterate(ledger->added, &iterator);
	while ((word = row_words_iterate(ledger->added, &iterator)) != NULL)
		words[i++] = *word;
	qsort(words, count, sizeof(RowWord), compare_words);
	for (i = 0; i < count; i++)
	{
		int64		base = words[i].number * ROWS_PER_WORD;
		int			bit;

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

/* Stored and added ranges, merged in order. */
static void
merge_ranges(const Ledger *ledger, const RangeList *added, RangeList *merged)
{
	int			s = 0;
	int			a = 0;

	while (s < ledger->stored_count || a < added->count)
	{
		const RowRange *next;

		if (a == added->count ||
			(s < ledger->stored_count && ledger->stored[s].first < added->ranges[a].first))
			next = &ledger->stored[s++];
		else
			next = &added->ranges[a++];
		range_list_append(merged, next->first, next->last);
	}
}

static Datum
int8_array(const int64 *values, int count)
{
	Datum	   *datums = palloc(Max(count, 1) * sizeof(Datum));
	int			i;

	for (i = 0; i < count; i++)
		datums[i] = Int64GetDatum(values[i]);
	return PointerGetDatum(construct_array(datums, count, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Delete the stored ranges that became part of the one before them. */
static void
delete_swallowed(Ledger *ledger, const RangeList *merged)
{
	static Statement swallow = {
		"DELETE FROM onboard.judged_rows WHERE upload_id = $1 AND first_row = ANY ($2)",
		2, {TEXTOID, INT8ARRAYOID}
	};
	int64	   *firsts = palloc(Max(ledger->stored_count, 1) * sizeof(int64));
	int			count = 0;
	int			m = 0;
	int			s;

	for (s = 0; s < ledger->stored_count; s++)
	{
		while (merged->ranges[m].last < ledger->stored[s].first)
			m++;
		if (merged->ranges[m].first != ledger->stored[s].first)
			firsts[count++] = ledger->stored[s].first;
	}
	if (count > 0)
	{
		Datum		values[2] = {CStringGetTextDatum(ledger->upload_id), int8_array(firsts, count)};

		statement_run(&swallow, values, NULL, false, SPI_OK_DELETE);
	}
}

/* Insert the ranges that are new and lengthen those that grew. */
static void
write_changed(Ledger *ledger, const RangeList *merged)
{
	static Statement write = {
		"INSERT INTO onboard.judged_rows (upload_id, first_row, last_row) "
		"SELECT $1, first_row, last_row FROM unnest($2, $3) AS r (first_row, last_row) "
		"ON CONFLICT (upload_id, first_row) DO UPDATE SET last_row = excluded.last_row",
		3, {TEXTOID, INT8ARRAYOID, INT8ARRAYOID}
	};
	int64	   *firsts = palloc(Max(merged->count, 1) * sizeof(int64));
	int64	   *lasts = palloc(Max(merged->count, 1) * sizeof(int64));
	int			count = 0;
	int			s = 0;
	int			m;
	Datum		values[3];

	for (m = 0; m < merged->count; m++)
	{
		while (s < ledger->stored_count && ledger->stored[s].first < merged->ranges[m].first)
			s++;
		if (s < ledger->stored_count &&
			ledger->stored[s].first == merged->ranges[m].first &&
			ledger->stored[s].last == merged->ranges[m].last)
			continue;
		firsts[count] = merged->ranges[m].first;
		lasts[count] = merged->ranges[m].last;
		count++;
	}
	values[0] = CStringGetTextDatum(ledger->upload_id);
	values[1] = int8_array(firsts, count);
	values[2] = int8_array(lasts, count);
	statement_run(&write, values, NULL, false, SPI_OK_INSERT);
}

void
ledger_save(Ledger *ledger)
{
	RangeList	added = {NULL, 0, 0};
	RangeList	merged = {NULL, 0, 0};

	if (ledger->added_count == 0)
		return;
	added_ranges(ledger, &added);
	merge_ranges(ledger, &added, &merged);
	delete_swallowed(ledger, &merged);
	write_changed(ledger, &merged);
}
