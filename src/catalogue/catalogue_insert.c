/*-------------------------------------------------------------------------
 *
 * catalogue_insert.c
 *	  Storing rows in onboard.products directly, without the executor.
 *
 * Rows go to the heap in batches, as COPY does it.  Three things differ from
 * COPY and make the difference in speed:
 *
 * - The foreign key to vendors is not checked row by row.  All rows of an upload
 *   have one vendor, whose row the loader has locked FOR KEY SHARE: the very lock
 *   that the foreign-key trigger would take for each row.
 *
 * - Uniqueness is not looked up before a row is stored.  An index entry is made
 *   with UNIQUE_CHECK_PARTIAL, as deferred constraints do: it never waits or
 *   raises an error, and says whether there may be a conflict.  Only the rows
 *   in doubt pay for a closer look.
 *
 * - Index entries are made later, for a whole window of rows: those of the two
 *   unique indexes on text in key order, then those of the other shipped indexes,
 *   from the few values they are made of, without taking the tuple apart again.
 *   Until then the rows are in the heap without entries, which nobody can see: the
 *   rows belong to a running command, and an error before the entries are made
 *   aborts it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/counters.h"
#include "base/subtransaction.h"
#include "catalogue/catalogue_internal.h"

/* Does StoredRow hold all that an entry of this index is made of? */
static bool
is_made_of_stored_row(const IndexInfo *info)
{
	int i;

	if (!info->ii_ReadyForInserts || info->ii_Predicate != NIL)
		return false;
	for (i = 0; i < info->ii_NumIndexAttrs; i++)
	{
		switch (info->ii_IndexAttrNumbers[i])
		{
			case PRODUCT_ID:
			case PRODUCT_CATEGORY:
			case PRODUCT_UPLOAD_ID:
			case PRODUCT_ROW_NUMBER:
				break;
			default:
				return false;
		}
	}
	return true;
}

static void
choose_entry_ways(Catalogue *catalogue)
{
	int i;

	catalogue->entry_ways = palloc(catalogue->index_count * sizeof(EntryWay));
	for (i = 0; i < catalogue->index_count; i++)
	{
		if (i == catalogue->key_index[KEY_SKU] || i == catalogue->key_index[KEY_VENDOR_PRODUCT_ID])
			catalogue->entry_ways[i] = ENTRY_OF_KEY;
		else if (is_made_of_stored_row(catalogue->index_infos[i]))
			catalogue->entry_ways[i] = ENTRY_OF_STORED_ROW;
		else
			catalogue->entry_ways[i] = ENTRY_OF_TUPLE;
	}
}

static void
prepare_to_insert(Catalogue *catalogue)
{
	MemoryContext caller;

	if (catalogue->estate != NULL)
		return;
	caller = MemoryContextSwitchTo(catalogue->context);
	catalogue->estate = CreateExecutorState();
	catalogue->single_slot = table_slot_create(catalogue->products, NULL);
	/* On the plain path the column may get its numbers in another way. */
	if (catalogue->path != CATALOGUE_PLAIN)
		catalogue->sequence = identity_sequence(catalogue->products, PRODUCT_ID);
	choose_entry_ways(catalogue);
	product_constants_init(&catalogue->constants);
	MemoryContextSwitchTo(caller);
}

void
catalogue_insert_close(Catalogue *catalogue)
{
	int i;

	if (catalogue->estate == NULL)
		return;
	for (i = 0; i < CATALOGUE_BATCH_ROWS && catalogue->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(catalogue->slots[i]);
	ExecDropSingleTupleTableSlot(catalogue->single_slot);
	if (catalogue->bulk_insert != NULL)
		FreeBulkInsertState(catalogue->bulk_insert);
	for (i = 0; i < catalogue->index_count; i++)
		end_index_entries(catalogue->indexes[i], catalogue->index_infos[i]);
	FreeExecutorState(catalogue->estate);
	catalogue->estate = NULL;
}

/* Form the tuple in the slot, but for the product's ID. */
static void
fill_slot(Catalogue *catalogue, const CatalogueOwner *owner, const IncomingRow *row,
		  TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(catalogue->row_context);
	int column;

	ExecClearTuple(slot);
	product_values(&catalogue->constants, owner, row, slot->tts_values, slot->tts_isnull);
	slot->tts_values[PRODUCT_ID - 1] = Int64GetDatum(0);
	for (column = PRODUCT_COLUMN_COUNT; column < slot->tts_tupleDescriptor->natts; column++)
		slot->tts_isnull[column] = true;
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	slot->tts_tableOid = RelationGetRelid(catalogue->products);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(catalogue->row_context);
}

/* Number the product of a tuple, whose first column it is; returns the number. */
static int64
set_product_id(Catalogue *catalogue, TupleTableSlot *slot)
{
	HeapTupleHeader tuple = ((HeapTupleTableSlot *) slot)->tuple->t_data;
	int64 product_id = nextval_internal(catalogue->sequence, false);

	StaticAssertStmt(PRODUCT_ID == 1, "the ID of a product is not where it is written to");
	memcpy((char *) tuple + tuple->t_hoff, &product_id, sizeof(product_id));
	return product_id;
}

bool
catalogue_batch_add(Catalogue *catalogue, const CatalogueOwner *owner, const IncomingRow *row,
					StoredRow *stored)
{
	int position = catalogue->batch_count;

	prepare_to_insert(catalogue);
	if (catalogue->slots[position] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(catalogue->context);

		catalogue->slots[position] = table_slot_create(catalogue->products, NULL);
		MemoryContextSwitchTo(caller);
	}
	fill_slot(catalogue, owner, row, catalogue->slots[position]);
	stored->in_doubt = false;
	catalogue->rows[position] = stored;
	catalogue->batch_count++;
	catalogue->batch_bytes += ((HeapTupleTableSlot *) catalogue->slots[position])->tuple->t_len;
	return catalogue->batch_count == CATALOGUE_BATCH_ROWS ||
		   catalogue->batch_bytes > CATALOGUE_BATCH_BYTES;
}

/* Enter the tuple of a slot into one index that is not that of a key. */
static void
insert_index_entry(Catalogue *catalogue, int position, TupleTableSlot *slot)
{
	IndexInfo *info = catalogue->index_infos[position];
	Relation index = catalogue->indexes[position];
	EState *estate = catalogue->estate;
	ExprContext *expressions = GetPerTupleExprContext(estate);
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];

	if (!info->ii_ReadyForInserts)
		return;
	expressions->ecxt_scantuple = slot;
	if (info->ii_Predicate != NIL)
	{
		if (info->ii_PredicateState == NULL)
			info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, estate);
		if (!ExecQual(info->ii_PredicateState, expressions))
			return;
	}
	FormIndexDatum(info, slot, estate, values, nulls);
	index_insert(index, values, nulls, &slot->tts_tid, catalogue->products,
				 index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
}

/* Entries of the indexes that others added. */
static void
insert_batch_entries(Catalogue *catalogue)
{
	int position;
	int i;

	for (position = 0; position < catalogue->index_count; position++)
	{
		if (catalogue->entry_ways[position] != ENTRY_OF_TUPLE)
			continue;
		for (i = 0; i < catalogue->batch_count; i++)
		{
			MemoryContext caller =
				MemoryContextSwitchTo(GetPerTupleMemoryContext(catalogue->estate));

			insert_index_entry(catalogue, position, catalogue->slots[i]);
			MemoryContextSwitchTo(caller);
			ResetPerTupleExprContext(catalogue->estate);
		}
		CHECK_FOR_INTERRUPTS();
	}
}

void
catalogue_batch_flush(Catalogue *catalogue)
{
	MemoryContext caller;
	int i;

	if (catalogue->batch_count == 0)
		return;
	caller = MemoryContextSwitchTo(catalogue->context);
	if (catalogue->bulk_insert == NULL)
		catalogue->bulk_insert = GetBulkInsertState();
	/* One after the other, so that the sequence stays in the processor's cache. */
	for (i = 0; i < catalogue->batch_count; i++)
		catalogue->rows[i]->product_id = set_product_id(catalogue, catalogue->slots[i]);
	/* table_multi_insert() leaks into the current context. */
	MemoryContextSwitchTo(catalogue->row_context);
	table_multi_insert(catalogue->products, catalogue->slots, catalogue->batch_count,
					   GetCurrentCommandId(true), 0, catalogue->bulk_insert);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(catalogue->row_context);
	insert_batch_entries(catalogue);
	for (i = 0; i < catalogue->batch_count; i++)
	{
		catalogue->rows[i]->tid = catalogue->slots[i]->tts_tid;
		ExecClearTuple(catalogue->slots[i]);
	}
	/* The pinned page must not outlive a subtransaction. */
	if (catalogue->path == CATALOGUE_DECODED)
	{
		FreeBulkInsertState(catalogue->bulk_insert);
		catalogue->bulk_insert = NULL;
	}
	onboard_counters.rows_direct += catalogue->batch_count;
	catalogue->batch_count = 0;
	catalogue->batch_bytes = 0;
}

/* Room for a key, or for a category, as a datum. */
typedef union TextBuffer
{
	int32 align;
	char bytes[VARHDRSZ + KEY_MAX_BYTES];
} TextBuffer;

static Datum
buffer_text(TextBuffer *buffer, struct text_view value)
{
	Assert(value.length <= KEY_MAX_BYTES);
	SET_VARSIZE(buffer->bytes, VARHDRSZ + value.length);
	memcpy(buffer->bytes + VARHDRSZ, value.data, value.length);
	return PointerGetDatum(buffer->bytes);
}

/*
 * Make the entry of one key.  Returns false when the index saw a possible
 * conflict; the entry is there all the same.
 */
static bool
insert_key_entry(Catalogue *catalogue, const CatalogueOwner *owner, CatalogueKey key,
				 struct text_view value, ItemPointer tid)
{
	int position = catalogue->key_index[key];
	TextBuffer text;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (key == KEY_VENDOR_PRODUCT_ID)
	{
		values[0] = owner->vendor_id_text;
		values[1] = buffer_text(&text, value);
	}
	else
		values[0] = buffer_text(&text, value);
	return index_insert(catalogue->indexes[position], values, nulls, tid, catalogue->products,
						UNIQUE_CHECK_PARTIAL, false, catalogue->index_infos[position]);
}

/* Make the entry of a stored row in an index that is not that of a key. */
static void
insert_stored_entry(Catalogue *catalogue, const CatalogueOwner *owner, int position, StoredRow *row)
{
	IndexInfo *info = catalogue->index_infos[position];
	Relation index = catalogue->indexes[position];
	TextBuffer category;
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];
	int i;

	for (i = 0; i < info->ii_NumIndexAttrs; i++)
	{
		nulls[i] = false;
		switch (info->ii_IndexAttrNumbers[i])
		{
			case PRODUCT_ID:
				values[i] = Int64GetDatum(row->product_id);
				break;
			case PRODUCT_CATEGORY:
				values[i] = buffer_text(&category, row->category);
				break;
			case PRODUCT_UPLOAD_ID:
				values[i] = owner->upload_id_text;
				break;
			default:
				values[i] = Int64GetDatum(row->row_number);
				break;
		}
	}
	index_insert(index, values, nulls, &row->tid, catalogue->products,
				 index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
}

/* A row to be sorted by one key: eight bytes of it decide nearly always. */
typedef struct SortedKey
{
	uint64 prefix;
	StoredRow *row;
} SortedKey;

/* Eight bytes of the key after those that all keys have in common. */
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

/* How many first bytes do all keys share? */
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

/* Returns whether the rows came in key order. */
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

/* Entries leak into the row context; called after each, with its number. */
static void
rest_between_entries(Catalogue *catalogue, int entry)
{
	if (entry % 64 != 0)
		return;
	MemoryContextReset(catalogue->row_context);
	CHECK_FOR_INTERRUPTS();
}

/*
 * The rows that are not in doubt, category by category, each in order of arrival.
 * Rows of no active category, which have number -1, come first.
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
 * Index by index, which keeps one index at a time in the processor's cache; and
 * of the index on category, one category at a time.
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
				insert_stored_entry(catalogue, owner, position, row);
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
				!insert_key_entry(catalogue, owner, key, row->key[key], &row->tid))
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

void
catalogue_take_back(Catalogue *catalogue, StoredRow *row)
{
	simple_table_tuple_delete(catalogue->products, &row->tid, SnapshotSelf);
	onboard_counters.rows_direct--;
	onboard_counters.conflicts++;
}

/* Insert one row; returns false, having inserted nothing visible, on a conflict. */
static bool
store_directly(Catalogue *catalogue, const CatalogueOwner *owner, const IncomingRow *row,
			   int64 *product_id)
{
	TupleTableSlot *slot = catalogue->single_slot;
	int position;

	fill_slot(catalogue, owner, row, slot);
	*product_id = set_product_id(catalogue, slot);
	table_tuple_insert(catalogue->products, slot, GetCurrentCommandId(true), 0, NULL);
	if (!insert_key_entry(catalogue, owner, KEY_SKU, row->product.value[COLUMN_SKU],
						  &slot->tts_tid) ||
		!insert_key_entry(catalogue, owner, KEY_VENDOR_PRODUCT_ID,
						  row->product.value[COLUMN_VENDOR_PRODUCT_ID], &slot->tts_tid))
		return false;
	for (position = 0; position < catalogue->index_count; position++)
	{
		if (catalogue->entry_ways[position] != ENTRY_OF_KEY)
			insert_index_entry(catalogue, position, slot);
	}
	return true;
}

/* Arguments and result of store_directly(). */
typedef struct DirectStore
{
	Catalogue *catalogue;
	const CatalogueOwner *owner;
	const IncomingRow *row;
	int64 *product_id;
} DirectStore;

/* SubtransactionWork */
static bool
store_one(void *argument)
{
	DirectStore *store = argument;
	bool stored = store_directly(store->catalogue, store->owner, store->row, store->product_id);

	ExecClearTuple(store->catalogue->single_slot);
	return stored;
}

/*
 * With logical decoding a row that is taken back must be part of a
 * subtransaction that aborts, or a subscriber would see it come and go and
 * stumble over its own unique index.
 */
static bool
store_in_subtransaction(Catalogue *catalogue, const CatalogueOwner *owner, const IncomingRow *row,
						int64 *product_id)
{
	DirectStore store = {catalogue, owner, row, product_id};

	return subtransaction_run(store_one, &store, NULL);
}

bool
catalogue_store(Catalogue *catalogue, const CatalogueOwner *owner, const IncomingRow *row,
				int64 *product_id, const char **refusal)
{
	bool stored;

	prepare_to_insert(catalogue);
	*refusal = NULL;
	if (catalogue->path == CATALOGUE_PLAIN)
		return catalogue_store_plain(catalogue, owner, row, product_id, refusal);
	if (catalogue->path == CATALOGUE_DECODED)
		stored = store_in_subtransaction(catalogue, owner, row, product_id);
	else
	{
		stored = store_directly(catalogue, owner, row, product_id);
		if (!stored)
		{
			/* A tuple of the current command cannot be deleted. */
			CommandCounterIncrement();
			simple_table_tuple_delete(catalogue->products, &catalogue->single_slot->tts_tid,
									  SnapshotSelf);
			onboard_counters.conflicts++;
		}
		ExecClearTuple(catalogue->single_slot);
	}
	if (stored)
		onboard_counters.rows_direct++;
	return stored;
}
