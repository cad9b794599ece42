/*-------------------------------------------------------------------------
 *
 * key_claim.c
 *	  Inserting the keys of stored rows into the unique indexes.
 *
 * This is done for a whole window of rows at a time, in key order; then the
 * rows' entries in the other shipped indexes are made from the few values they
 * need, without deforming the tuples again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/counters.h"
#include "catalogue/index_entries.h"
#include "catalogue/version_entries.h"

/* A row to be sorted by one key: eight bytes of it nearly always decide. */
typedef struct SortedKey
{
	uint64 prefix;
	StoredRow *row;
} SortedKey;

/* Return the eight bytes of the key after the prefix that all keys share. */
static inline uint64
key_prefix(struct text_view value, Size skip)
{
	char bytes[8] = {0};
	uint64 prefix;

	if (value.length > skip)
		memcpy(bytes, value.data + skip, Min(value.length - skip, sizeof(bytes)));
	memcpy(&prefix, bytes, sizeof(prefix));
	return pg_ntoh64(prefix);
}

static inline int
compare_keys(struct text_view left, struct text_view right)
{
	int order = memcmp(left.data, right.data, Min(left.length, right.length));

	if (order != 0)
		return order;
	return (left.length > right.length) - (left.length < right.length);
}

static inline int
compare_sorted_keys(const SortedKey *a, const SortedKey *b, CatalogueKey key)
{
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	return compare_keys(a->row->key[key], b->row->key[key]);
}

#define ST_SORT sort_by_key
#define ST_ELEMENT_TYPE SortedKey
#define ST_COMPARE_ARG_TYPE const CatalogueKey
#define ST_COMPARE(a, b, key) compare_sorted_keys(a, b, *(key))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* Return the length of the prefix that all keys share. */
static Size
common_prefix(StoredRow **rows, int count, CatalogueKey key)
{
	struct text_view first = rows[0]->key[key];
	Size common = first.length;
	int i;

	for (i = 1; i < count && common > 0; i++)
	{
		struct text_view value = rows[i]->key[key];

		common = Min(common, value.length);
		if (memcmp(first.data, value.data, common) != 0)
		{
			Size length = 0;

			while (first.data[length] == value.data[length])
				length++;
			common = length;
		}
	}
	return common;
}

static bool
are_in_order(StoredRow **rows, int count, CatalogueKey key)
{
	int i;

	for (i = 1; i < count; i++)
	{
		if (compare_keys(rows[i - 1]->key[key], rows[i]->key[key]) > 0)
			return false;
	}
	return true;
}

/* Sort the rows; returns whether they were in key order already. */
static bool
sort_rows(StoredRow **rows, int count, CatalogueKey key, SortedKey *sorted)
{
	bool in_order = are_in_order(rows, count, key);
	Size skip = in_order ? 0 : common_prefix(rows, count, key);
	int i;

	for (i = 0; i < count; i++)
	{
		sorted[i].prefix = in_order ? 0 : key_prefix(rows[i]->key[key], skip);
		sorted[i].row = rows[i];
	}
	if (!in_order)
		sort_by_key(sorted, count, &key);
	return in_order;
}

/*
 * Index insertion leaks into the row context; called after each entry, with its
 * number.
 */
static void
rest_between_entries(Catalogue *catalogue, int entry)
{
	if (entry % 64 != 0)
		return;
	MemoryContextReset(catalogue->row_context);
	CHECK_FOR_INTERRUPTS();
}

/*
 * Group the rows that are not in doubt by category, each in order of arrival.
 * Rows without an active category, which have number -1, come first.
 */
static int
group_by_category(StoredRow **rows, int count, StoredRow **grouped)
{
	int groups = 1;
	int *next;
	int place = 0;
	int i;

	for (i = 0; i < count; i++)
		groups = Max(groups, rows[i]->category_number + 2);
	next = palloc0(groups * sizeof(int));
	for (i = 0; i < count; i++)
		next[rows[i]->category_number + 1] += !rows[i]->in_doubt;
	for (i = 0; i < groups; i++)
	{
		int rows_of_group = next[i];

		next[i] = place;
		place += rows_of_group;
	}
	for (i = 0; i < count; i++)
	{
		if (!rows[i]->in_doubt)
			grouped[next[rows[i]->category_number + 1]++] = rows[i];
	}
	pfree(next);
	return place;
}

/* Does the index begin with the category? */
static bool
is_by_category(const IndexInfo *info)
{
	return info->ii_IndexAttrNumbers[0] == PRODUCT_CATEGORY;
}

/*
 * Insert index by index, which keeps one index at a time in the processor's
 * cache; for the index on category, one category at a time.
 */
static void
insert_stored_entries(Catalogue *catalogue, const CatalogueOwner *owner, StoredRow **rows,
					  int count)
{
	StoredRow **grouped = palloc(Max(count, 1) * sizeof(StoredRow *));
	int grouped_count = group_by_category(rows, count, grouped);
	int position;
	int i;

	for (position = 0; position < catalogue->index_count; position++)
	{
		bool by_category = is_by_category(catalogue->index_infos[position]);

		if (catalogue->entry_ways[position] != ENTRY_OF_STORED_ROW)
			continue;
		for (i = 0; i < (by_category ? grouped_count : count); i++)
		{
			MemoryContext caller = MemoryContextSwitchTo(catalogue->row_context);
			StoredRow *row = by_category ? grouped[i] : rows[i];

			if (!row->in_doubt)
				index_entry_of_stored_row(catalogue, owner, position, row);
			MemoryContextSwitchTo(caller);
			rest_between_entries(catalogue, i);
		}
		MemoryContextReset(catalogue->row_context);
	}
	pfree(grouped);
}

int
catalogue_claim(Catalogue *catalogue, const CatalogueOwner *owner, StoredRow **rows, int count)
{
	SortedKey *sorted = palloc(Max(count, 1) * sizeof(SortedKey));
	int in_doubt = 0;
	CatalogueKey key;
	int i;

	(void) version_entries_insert(catalogue);
	onboard_counters.windows++;
	catalogue->keys_in_order = true;
	for (key = 0; key < KEY_COUNT && count > 0; key++)
	{
		if (!sort_rows(rows, count, key, sorted))
			catalogue->keys_in_order = false;
		for (i = 0; i < count; i++)
		{
			StoredRow *row = sorted[i].row;
			MemoryContext caller = MemoryContextSwitchTo(catalogue->row_context);

			/* A row that has lost already needs no further entry. */
			if (!row->in_doubt &&
				!index_entry_of_key(catalogue, owner, key, row->key[key], &row->tid))
			{
				row->in_doubt = true;
				in_doubt++;
			}
			MemoryContextSwitchTo(caller);
			rest_between_entries(catalogue, i);
		}
		MemoryContextReset(catalogue->row_context);
	}
	pfree(sorted);
	insert_stored_entries(catalogue, owner, rows, count);
	return in_doubt;
}

bool
catalogue_keys_in_order(const Catalogue *catalogue)
{
	return catalogue->keys_in_order;
}
