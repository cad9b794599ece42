/*-------------------------------------------------------------------------
 *
 * action_store.c
 *	  The table onboard.row_actions: what the rows of an upload did to
 *	  products that existed.
 *
 * Each row that changes a product must find out whether an earlier row of the
 * upload named it.  Records with all index entries are found through the primary key,
 * up to 10,000 others through a hash table.  The answer is nearly always no, and two
 * shortcuts avoid the lookup: many files list products in the order in which
 * they were inserted, so that the product's ID is above all that the upload has
 * named; and a Bloom filter of fixed size holds the products that this
 * statement has named.
 *
 * The records of later uploads are looked up, too.  A file from years ago may have
 * thousands of these, most of them with few products: the products of such an
 * upload are kept in memory once enough lookups have found nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/bloomfilter.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "load/action_store.h"
#include "table/index_shape.h"
#include "table/row_batch.h"

/* Columns of row_actions (see shipped_shape.c). */
enum
{
	ACTION_UPLOAD_NUMBER = 1,
	ACTION_PRODUCT_ID,
	ACTION_ROW_NUMBER,
	ACTION_LINE_NUMBER,
	ACTION_NAME,
	ACTION_COLUMNS
};
#define ACTION_COLUMN_COUNT ACTION_COLUMNS

/* A record that may not be in the primary key yet, by its product. */
typedef struct BatchedAction
{
	int64 product_id;
	int64 row_number;
	int64 line_number;
	enum row_action action;
	bool sets_part; /* it has columns of its own */
	char status;    /* for simplehash */
} BatchedAction;

#define SH_PREFIX batched
#define SH_ELEMENT_TYPE BatchedAction
#define SH_KEY_TYPE int64
#define SH_KEY product_id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key) ^ (uint32) ((uint64) (key) >> 32))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* An upload whose records have been looked up. */
typedef struct NamedProducts
{
	int64 upload_number;
	int64 highest_before; /* of the products with a record when this statement began; or 0 */
	int64 highest;        /* of all */
	int64 misses;         /* lookups of stored records that found nothing */
	int64 *before;        /* products with a record, ascending, once read; NULL if unknown */
	int before_count;
	char status; /* for simplehash */
} NamedProducts;

#define SH_PREFIX named
#define SH_ELEMENT_TYPE NamedProducts
#define SH_KEY_TYPE int64
#define SH_KEY upload_number
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* After so many misses, the products of an upload are read, unless they are too many. */
#define READ_AFTER_MISSES 200
#define READ_PRODUCTS 1000
#define READ_PRODUCTS_IN_ALL 500000 /* 4 MB */

/*
 * Size of the Bloom filter, and the number of products up to which it has few
 * false positives.
 */
#define FILTER_KILOBYTES 1024
#define FILTER_PRODUCTS 1000000

/* Number of records in the hash table at which they are flushed. */
#define MAX_BATCHED 10000

struct ActionStore
{
	MemoryContext context;
	MemoryContext row_context; /* reset after each row */
	Relation relation;
	Relation primary_key;
	RowBatch *batch; /* NULL if records are stored by INSERT */
	batched_hash *batched;
	int64 batched_upload;  /* all of them belong to this upload */
	bool batch_is_flushed; /* stays true until the next record is added */
	named_hash *uploads;   /* whose records have been looked up */
	int64 read_in_all;     /* products of these that are kept in memory */
	bloom_filter *flushed; /* products of flushed records; NULL if there are none */
	IndexScanDesc scan;    /* begun at first use */
	TupleTableSlot *found_slot;
	Datum action_names[ACTION_COUNT];
};

/* Return the unique index on upload and product. */
static Relation
open_primary_key(Relation relation)
{
	AttrNumber columns[2] = {ACTION_UPLOAD_NUMBER, ACTION_PRODUCT_ID};
	List *oids = RelationGetIndexList(relation);
	ListCell *cell;

	foreach(cell, oids)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index_is_unique_on(index, columns, 2))
		{
			list_free(oids);
			return index;
		}
		index_close(index, AccessShareLock);
	}
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("onboard.row_actions lacks its primary key"),
					errhint("Add it again with ALTER TABLE ... ADD PRIMARY KEY (upload_number, "
							"product_id); no row can change a product without it.")));
	return NULL; /* not reached */
}

ActionStore *
action_store_open(bool for_writing)
{
	ActionStore *store = palloc0(sizeof(ActionStore));
	int i;

	store->context = CurrentMemoryContext;
	store->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard action row", ALLOCSET_DEFAULT_SIZES);
	store->relation = table_open(onboard_relation("row_actions"),
								 for_writing ? RowExclusiveLock : AccessShareLock);
	store->primary_key = open_primary_key(store->relation);
	store->found_slot = table_slot_create(store->relation, NULL);
	if (for_writing)
		store->batch = row_batch_open(store->relation, &row_actions_shape, 0, ACTION_PRODUCT_ID);
	store->batched = batched_create(CurrentMemoryContext, 1024, NULL);
	store->uploads = named_create(CurrentMemoryContext, 2, NULL);
	for (i = 0; i < ACTION_COUNT; i++)
		store->action_names[i] = CStringGetTextDatum(action_name(i));
	return store;
}

void
action_store_close(ActionStore *store)
{
	if (store->scan != NULL)
		index_endscan(store->scan);
	row_batch_close(store->batch);
	ExecDropSingleTupleTableSlot(store->found_slot);
	index_close(store->primary_key, NoLock);
	table_close(store->relation, NoLock);
	MemoryContextDelete(store->row_context);
}

bool
action_store_is_direct(const ActionStore *store)
{
	return store->batch != NULL;
}

/*
 * Finding.
 */

static int64
read_highest(int64 upload_number)
{
	static Statement highest = {
		"SELECT max(r.product_id) FROM onboard.row_actions r WHERE r.upload_number = $1",
		1,
		{INT8OID},
		.looks_up = true,
	};
	OwnerSection section;
	bool is_null;
	Datum values[1] = {Int64GetDatum(upload_number)};
	Datum value;
	int64 result;

	owner_enter(&section);
	SPI_connect();
	statement_run(&highest, values, NULL, false, SPI_OK_SELECT);
	value = statement_value(1, &is_null);
	result = is_null ? 0 : DatumGetInt64(value);
	SPI_finish();
	owner_leave(&section);
	return result;
}

static NamedProducts *
named_products(ActionStore *store, int64 upload_number)
{
	NamedProducts *named = named_lookup(store->uploads, upload_number);
	int64 highest;
	bool found;

	if (named != NULL)
		return named;
	highest = read_highest(upload_number);
	named = named_insert(store->uploads, upload_number, &found);
	named->highest_before = highest;
	named->highest = highest;
	named->misses = 0;
	named->before = NULL;
	return named;
}

/* Read the products that have a record, unless they are too many. */
static void
read_products(ActionStore *store, NamedProducts *named)
{
	static Statement read = {
		"SELECT r.product_id FROM onboard.row_actions r WHERE r.upload_number = $1 "
		"ORDER BY r.product_id LIMIT $2",
		2,
		{INT8OID, INT8OID},
		.looks_up = true,
	};
	Datum values[2] = {Int64GetDatum(named->upload_number), Int64GetDatum(READ_PRODUCTS + 1)};
	OwnerSection section;
	bool is_null;
	int count;
	int i;

	owner_enter(&section);
	SPI_connect();
	count = (int) statement_run(&read, values, NULL, false, SPI_OK_SELECT);
	if (count <= READ_PRODUCTS)
	{
		named->before = MemoryContextAlloc(store->context, Max(count, 1) * sizeof(int64));
		named->before_count = count;
		store->read_in_all += count;
	}
	for (i = 0; i < count && named->before != NULL; i++)
		named->before[i] =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
	SPI_finish();
	owner_leave(&section);
}

static int
compare_products(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return (left > right) - (left < right);
}

/* Had the product a record when this statement began, as far as is known? */
static bool
may_be_before(const NamedProducts *named, int64 product_id)
{
	if (product_id > named->highest_before)
		return false;
	return named->before == NULL || bsearch(&product_id, named->before, named->before_count,
											sizeof(int64), compare_products) != NULL;
}

/* Fill the result from the tuple found; columns live in the given context. */
static void
fill_found(TupleTableSlot *slot, MemoryContext context, RowAction *found)
{
	bool is_null;
	Datum value = slot_getattr(slot, ACTION_ROW_NUMBER, &is_null);

	found->row_number = is_null ? 0 : DatumGetInt64(value);
	value = slot_getattr(slot, ACTION_LINE_NUMBER, &is_null);
	found->line_number = is_null ? 0 : DatumGetInt64(value);
	if (!action_by_name(TextDatumGetCString(slot_getattr(slot, ACTION_NAME, &is_null)),
						&found->action))
		elog(ERROR, "a record of onboard.row_actions has an unrecognized action");
	value = slot_getattr(slot, ACTION_COLUMNS, &is_null);
	found->columns = NULL;
	if (!is_null)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		found->columns = row_columns_read(value);
		MemoryContextSwitchTo(caller);
	}
}

static bool
find_stored(ActionStore *store, int64 upload_number, int64 product_id, RowAction *found)
{
	MemoryContext caller = MemoryContextSwitchTo(store->context);
	ScanKeyData keys[2];
	bool is_found;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(upload_number));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(product_id));
	if (store->scan == NULL)
		store->scan = begin_index_scan(store->relation, store->primary_key, SnapshotSelf, 2);
	index_rescan(store->scan, keys, 2, NULL, 0);
	is_found = index_getnext_slot(store->scan, ForwardScanDirection, store->found_slot);
	if (is_found)
	{
		MemoryContextSwitchTo(store->row_context);
		fill_found(store->found_slot, caller, found);
	}
	ExecClearTuple(store->found_slot);
	/* Release the pages: the next lookup may be a long time off. */
	index_rescan(store->scan, keys, 2, NULL, 0);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(store->row_context);
	return is_found;
}

/*
 * The columns of a record are not kept in memory.  Only rows of other uploads need
 * them, and before these the batch is flushed.
 */
static bool
find_batched(ActionStore *store, int64 upload_number, int64 product_id, RowAction *found)
{
	BatchedAction *batched;

	if (store->batched_upload != upload_number)
		return false;
	batched = batched_lookup(store->batched, product_id);
	if (batched == NULL)
		return false;
	if (batched->sets_part && store->batch_is_flushed)
		return find_stored(store, upload_number, product_id, found);
	found->row_number = batched->row_number;
	found->line_number = batched->line_number;
	found->action = batched->action;
	found->columns = NULL;
	return true;
}

/* May the product have a record that is not in the batch? */
static bool
may_be_stored(ActionStore *store, const NamedProducts *named, int64 product_id)
{
	if (product_id > named->highest)
		return false;
	if (may_be_before(named, product_id) || store->batch == NULL)
		return true;
	return store->flushed != NULL &&
		   !bloom_lacks_element(store->flushed, (unsigned char *) &product_id, sizeof(product_id));
}

bool
action_store_find(ActionStore *store, int64 upload_number, int64 product_id, RowAction *found)
{
	NamedProducts *named;

	found->upload_number = upload_number;
	found->product_id = product_id;
	if (find_batched(store, upload_number, product_id, found))
		return true;
	named = named_products(store, upload_number);
	if (!may_be_stored(store, named, product_id))
		return false;
	if (find_stored(store, upload_number, product_id, found))
		return true;
	if (++named->misses == READ_AFTER_MISSES && store->read_in_all < READ_PRODUCTS_IN_ALL)
		read_products(store, named);
	return false;
}

/*
 * Adding.
 */

/* Store by an INSERT statement, which obeys whatever users added to the table. */
static void
insert_plain(Datum *values, const bool *nulls)
{
	static Statement insert = {
		"INSERT INTO onboard.row_actions (upload_number, product_id, row_number, line_number, action, columns) "
		"VALUES ($1, $2, $3, $4, $5, $6)",
		ACTION_COLUMN_COUNT,
		{INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTARRAYOID},
	};
	char null_flags[ACTION_COLUMN_COUNT];
	OwnerSection section;
	int i;

	for (i = 0; i < ACTION_COLUMN_COUNT; i++)
		null_flags[i] = nulls[i] ? 'n' : ' ';
	owner_enter_plain(&section);
	SPI_connect();
	statement_run(&insert, values, null_flags, false, SPI_OK_INSERT);
	SPI_finish();
	owner_leave(&section);
}

/* Begin another batch; of the previous one, only the products are kept. */
static void
begin_batch(ActionStore *store)
{
	batched_iterator iterator;
	BatchedAction *batched;

	if (store->flushed == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(store->context);

		store->flushed = bloom_create(FILTER_PRODUCTS, FILTER_KILOBYTES, 0);
		MemoryContextSwitchTo(caller);
	}
	batched_start_iterate(store->batched, &iterator);
	while ((batched = batched_iterate(store->batched, &iterator)) != NULL)
		bloom_add_element(store->flushed, (unsigned char *) &batched->product_id,
						  sizeof(batched->product_id));
	batched_reset(store->batched);
	store->batch_is_flushed = false;
}

static void
note_batched(ActionStore *store, const RowAction *action)
{
	BatchedAction *batched;
	bool found;

	if (store->batch_is_flushed)
		begin_batch(store);
	batched = batched_insert(store->batched, action->product_id, &found);
	store->batched_upload = action->upload_number;
	batched->row_number = action->row_number;
	batched->line_number = action->line_number;
	batched->action = action->action;
	batched->sets_part = action->columns != NULL;
}

bool
action_store_add(ActionStore *store, const RowAction *action)
{
	NamedProducts *named = named_products(store, action->upload_number);
	MemoryContext caller = MemoryContextSwitchTo(store->row_context);
	Datum values[ACTION_COLUMN_COUNT];
	bool nulls[ACTION_COLUMN_COUNT] = {false};

	values[ACTION_UPLOAD_NUMBER - 1] = Int64GetDatum(action->upload_number);
	values[ACTION_PRODUCT_ID - 1] = Int64GetDatum(action->product_id);
	values[ACTION_ROW_NUMBER - 1] = Int64GetDatum(action->row_number);
	values[ACTION_LINE_NUMBER - 1] = Int64GetDatum(action->line_number);
	nulls[ACTION_LINE_NUMBER - 1] = action->line_number == 0;
	values[ACTION_NAME - 1] = store->action_names[action->action];
	nulls[ACTION_COLUMNS - 1] = action->columns == NULL;
	values[ACTION_COLUMNS - 1] =
		action->columns != NULL ? row_columns_names(action->columns) : (Datum) 0;
	if (store->batch != NULL)
	{
		row_batch_add(store->batch, values, nulls, ACTION_COLUMN_COUNT);
		note_batched(store, action);
	}
	else
		insert_plain(values, nulls);
	named->highest = Max(named->highest, action->product_id);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(store->row_context);
	return store->batch != NULL && row_batch_is_full(store->batch, 1);
}

void
action_store_write_batch(ActionStore *store)
{
	if (store->batched->members >= MAX_BATCHED)
		action_store_flush(store);
	else
		row_batch_store(store->batch);
}

void
action_store_flush(ActionStore *store)
{
	if (store->batch == NULL)
		return;
	row_batch_flush(store->batch);
	store->batch_is_flushed = true;
}
