/*-------------------------------------------------------------------------
 *
 * entry_batch.c
 *	  Index entries of rows that are in the heap, inserted many at a time.
 *
 * If rows are not in the order of an index, the entry of each is on another page.
 * Thousands of entries in key order share pages, and find them in the processor's
 * cache.  The order matters for speed only, so eight bytes of the first key
 * column that differs are enough.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tupdesc.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "table/entry_batch.h"
#include "table/index_entry.h"

#define FIRST_CAPACITY 64
#define MAX_ROWS 10000

/* Rows between two resets of what index insertion leaks. */
#define ROWS_BETWEEN_RESETS 64

/* A row whose entries wait; its values are in EntryBatch. */
typedef struct WaitingRow
{
	ItemPointerData tid;
	bool has_gone_entries;
	uint64 changed;
} WaitingRow;

/* A row's place in the order of an index. */
typedef struct SortedRow
{
	uint64 key;
	int row;
} SortedRow;

/* One index, and where the values of its columns are. */
typedef struct WaitingIndex
{
	Relation index;
	IndexInfo *info;
	int position[INDEX_MAX_KEYS];
} WaitingIndex;

struct EntryBatch
{
	MemoryContext context; /* of the arrays */
	MemoryContext copies;  /* of the values; reset when the entries are inserted */
	MemoryContext scratch;
	Relation table;
	int index_count;
	WaitingIndex *indexes;
	int column_count;
	Form_pg_attribute *columns; /* of all indexes */
	int capacity;
	int count;
	WaitingRow *rows;
	Datum *values; /* column_count of each row */
	bool *nulls;
	SortedRow *sorted;
};

bool
entry_batch_accepts(Relation table, const IndexInfo *info)
{
	int i;

	if (!info->ii_ReadyForInserts || info->ii_Predicate != NIL || info->ii_Expressions != NIL)
		return false;
	for (i = 0; i < info->ii_NumIndexAttrs; i++)
	{
		Form_pg_attribute column =
			TupleDescAttr(RelationGetDescr(table), info->ii_IndexAttrNumbers[i] - 1);

		if (!column->attbyval && column->attlen != -1)
			return false;
	}
	return true;
}

/* Return the position of a column, which is added if no other index has it. */
static int
find_or_add_column(EntryBatch *batch, AttrNumber number)
{
	int i;

	for (i = 0; i < batch->column_count; i++)
	{
		if (batch->columns[i]->attnum == number)
			return i;
	}
	batch->columns[batch->column_count] = TupleDescAttr(RelationGetDescr(batch->table), number - 1);
	return batch->column_count++;
}

EntryBatch *
entry_batch_create(Relation table, Relation *indexes, IndexInfo **infos, int index_count)
{
	EntryBatch *batch = palloc0(sizeof(EntryBatch));
	int i;
	int column;

	batch->context = CurrentMemoryContext;
	batch->copies = AllocSetContextCreate(CurrentMemoryContext, "onboard values of waiting entries",
										  ALLOCSET_DEFAULT_SIZES);
	batch->scratch = AllocSetContextCreate(CurrentMemoryContext, "onboard entry insertion",
										   ALLOCSET_SMALL_SIZES);
	batch->table = table;
	batch->index_count = index_count;
	batch->indexes = palloc(Max(index_count, 1) * sizeof(WaitingIndex));
	batch->columns = palloc(RelationGetDescr(table)->natts * sizeof(Form_pg_attribute));
	for (i = 0; i < index_count; i++)
	{
		WaitingIndex *waiting = &batch->indexes[i];

		waiting->index = indexes[i];
		waiting->info = infos[i];
		for (column = 0; column < infos[i]->ii_NumIndexAttrs; column++)
			waiting->position[column] =
				find_or_add_column(batch, infos[i]->ii_IndexAttrNumbers[column]);
	}
	return batch;
}

/* Most statements have few rows, so the arrays begin small. */
static void
make_space(EntryBatch *batch)
{
	MemoryContext caller;
	Size capacity;

	if (batch->count < batch->capacity)
		return;
	capacity = batch->capacity == 0 ? FIRST_CAPACITY : Min(2 * batch->capacity, MAX_ROWS);
	caller = MemoryContextSwitchTo(batch->context);
	if (batch->capacity == 0)
	{
		batch->rows = palloc(capacity * sizeof(WaitingRow));
		batch->values = palloc(capacity * batch->column_count * sizeof(Datum));
		batch->nulls = palloc(capacity * batch->column_count * sizeof(bool));
		batch->sorted = palloc(capacity * sizeof(SortedRow));
	}
	else
	{
		batch->rows = repalloc(batch->rows, capacity * sizeof(WaitingRow));
		batch->values = repalloc(batch->values, capacity * batch->column_count * sizeof(Datum));
		batch->nulls = repalloc(batch->nulls, capacity * batch->column_count * sizeof(bool));
		batch->sorted = repalloc(batch->sorted, capacity * sizeof(SortedRow));
	}
	batch->capacity = (int) capacity;
	MemoryContextSwitchTo(caller);
}

/* Get a value of a row; returns false if it is null. */
static bool
value_of(const EntryBatch *batch, int row, int column, Datum *value)
{
	int place = row * batch->column_count + column;

	*value = batch->values[place];
	return !batch->nulls[place];
}

/* Is the value the same as in the row before, as vendor and upload usually are? */
static bool
is_repeated(const EntryBatch *batch, int column, Datum value, Datum *repeated)
{
	return batch->count > 0 && value_of(batch, batch->count - 1, column, repeated) &&
		   datum_image_eq(*repeated, value, false, -1);
}

static Datum
copy_value(const EntryBatch *batch, int column, Datum value)
{
	Form_pg_attribute attribute = batch->columns[column];
	Datum repeated;

	if (attribute->attbyval)
		return value;
	if (is_repeated(batch, column, value, &repeated))
		return repeated;
	return datumCopy(value, false, attribute->attlen);
}

void
entry_batch_add(EntryBatch *batch, const Datum *values, const bool *nulls,
				const ItemPointerData *tid, uint64 changed, bool has_gone_entries)
{
	MemoryContext caller = MemoryContextSwitchTo(batch->copies);
	WaitingRow *row;
	int column;

	Assert(!entry_batch_is_full(batch));
	make_space(batch);
	for (column = 0; column < batch->column_count; column++)
	{
		int place = batch->count * batch->column_count + column;
		int source = batch->columns[column]->attnum - 1;

		batch->nulls[place] = nulls[source];
		batch->values[place] =
			nulls[source] ? (Datum) 0 : copy_value(batch, column, values[source]);
	}
	row = &batch->rows[batch->count++];
	row->tid = *tid;
	row->changed = changed;
	row->has_gone_entries = has_gone_entries;
	MemoryContextSwitchTo(caller);
}

bool
entry_batch_is_empty(const EntryBatch *batch)
{
	return batch->count == 0;
}

bool
entry_batch_is_full(const EntryBatch *batch)
{
	return batch->count == MAX_ROWS;
}

/*
 * Sorting.
 */

static inline int
compare_sorted(const SortedRow *a, const SortedRow *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->row - b->row;
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE SortedRow
#define ST_COMPARE(a, b) compare_sorted(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Get the bytes of a value; returns 0 if it is null, compressed or out of line,
 * which is rare.
 */
static Size
bytes_of(const EntryBatch *batch, int row, int column, const char **data)
{
	Datum value;
	struct varlena *text;

	if (!value_of(batch, row, column, &value))
		return 0;
	text = (struct varlena *) DatumGetPointer(value);
	if (VARATT_IS_EXTERNAL(text) || VARATT_IS_COMPRESSED(text))
		return 0;
	*data = VARDATA_ANY(text);
	return VARSIZE_ANY_EXHDR(text);
}

/* Return the length of the prefix that the values of a column share; sets *differ. */
static Size
common_prefix(const EntryBatch *batch, int column, bool *differ)
{
	const char *first = NULL;
	Size first_length = bytes_of(batch, 0, column, &first);
	Size common = first_length;
	int row;

	*differ = false;
	for (row = 1; row < batch->count; row++)
	{
		const char *data = NULL;
		Size length = bytes_of(batch, row, column, &data);
		Size same = 0;

		if (data == first)
			continue;
		while (same < Min(common, length) && first[same] == data[same])
			same++;
		*differ = *differ || length != first_length || same < length;
		common = same;
	}
	return common;
}

static uint64
bytes_after_prefix(const EntryBatch *batch, int row, int column, Size prefix)
{
	const char *data = NULL;
	Size length = bytes_of(batch, row, column, &data);
	char bytes[8] = {0};
	uint64 key;

	if (length > prefix)
		memcpy(bytes, data + prefix, Min(length - prefix, sizeof(bytes)));
	memcpy(&key, bytes, sizeof(key));
	return pg_ntoh64(key);
}

/*
 * Fill batch->sorted by a column; returns false if its value is the same in all
 * rows.
 */
static bool
order_by_text(EntryBatch *batch, int column)
{
	bool differ;
	Size prefix = common_prefix(batch, column, &differ);
	int row;

	for (row = 0; row < batch->count && differ; row++)
		batch->sorted[row] = (SortedRow){bytes_after_prefix(batch, row, column, prefix), row};
	return differ;
}

/* Likewise. */
static bool
order_by_number(EntryBatch *batch, int column)
{
	bool differ = false;
	int row;

	for (row = 0; row < batch->count; row++)
	{
		Datum value;

		if (!value_of(batch, row, column, &value))
			value = 0;
		batch->sorted[row] = (SortedRow){value, row};
		differ = differ || value != batch->sorted[0].key;
	}
	return differ;
}

/* Put the rows in the order of an index. */
static void
sort_for(EntryBatch *batch, const WaitingIndex *waiting)
{
	bool found = false;
	int i;

	for (i = 0; i < waiting->info->ii_NumIndexKeyAttrs && !found; i++)
	{
		int column = waiting->position[i];

		if (batch->columns[column]->attbyval)
			found = order_by_number(batch, column);
		else
			found = order_by_text(batch, column);
	}
	if (found)
		sort_rows(batch->sorted, batch->count);
	for (i = 0; i < batch->count && !found; i++)
		batch->sorted[i].row = i;
}

/*
 * Inserting.
 */

static void
insert_entry(EntryBatch *batch, const WaitingIndex *waiting, int row)
{
	WaitingRow *source = &batch->rows[row];
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];
	int i;

	for (i = 0; i < waiting->info->ii_NumIndexAttrs; i++)
		nulls[i] = !value_of(batch, row, waiting->position[i], &values[i]);
	index_entry_insert_values(batch->table, waiting->index, waiting->info, values, nulls,
							  &source->tid, source->changed, source->has_gone_entries);
}

bool
entry_batch_insert(EntryBatch *batch)
{
	MemoryContext caller;
	int index;
	int i;

	if (batch->count == 0)
		return false;
	caller = MemoryContextSwitchTo(batch->scratch);
	for (index = 0; index < batch->index_count; index++)
	{
		sort_for(batch, &batch->indexes[index]);
		for (i = 0; i < batch->count; i++)
		{
			insert_entry(batch, &batch->indexes[index], batch->sorted[i].row);
			if (i % ROWS_BETWEEN_RESETS == 0)
				MemoryContextReset(batch->scratch);
		}
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(batch->scratch);
	MemoryContextReset(batch->copies);
	batch->count = 0;
	return true;
}
