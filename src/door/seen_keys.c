/*-------------------------------------------------------------------------
 *
 * seen_keys.c
 *	  Keys of earlier rows of a dry run.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "door/seen_keys.h"

/*
 * A key as a 128-bit hash: the probability that two of five million rows collide
 * is below 10^-25.
 */
typedef struct SeenKey
{
	uint64 low;
	uint64 high;
	int64 line;  /* of the row that has the key */
	char status; /* for simplehash */
} SeenKey;

#define SH_PREFIX seen_table
#define SH_ELEMENT_TYPE SeenKey
#define SH_KEY_TYPE uint64
#define SH_KEY low
#define SH_HASH_KEY(table, key) ((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct SeenKeys
{
	seen_table_hash *table;
};

static void
forget_carried(void *argument)
{
	*(SeenKeys **) argument = NULL;
}

static SeenKeys *
create(MemoryContext context)
{
	SeenKeys *seen = MemoryContextAllocZero(context, sizeof(SeenKeys));

	seen->table = seen_table_create(context, 1024, NULL);
	return seen;
}

SeenKeys *
seen_keys_open(SeenKeys **carried)
{
	MemoryContextCallback *callback;

	if (carried == NULL)
		return create(CurrentMemoryContext);
	if (*carried != NULL)
		return *carried;
	callback = MemoryContextAllocZero(TopTransactionContext, sizeof(*callback));
	callback->func = forget_carried;
	callback->arg = carried;
	MemoryContextRegisterResetCallback(TopTransactionContext, callback);
	*carried = create(TopTransactionContext);
	return *carried;
}

/* Set *high to the second half of the hash, and return the first. */
static uint64
hash_key(Datum vendor_id_text, int key, struct text_view value, uint64 *high)
{
	uint64 seed = key;

	if (key != KEY_SKU)
		seed = hash_bytes_extended((const unsigned char *) VARDATA_ANY(vendor_id_text),
								   VARSIZE_ANY_EXHDR(vendor_id_text), key);
	*high = hash_bytes_extended((const unsigned char *) value.data, (int) value.length, ~seed);
	return hash_bytes_extended((const unsigned char *) value.data, (int) value.length, seed);
}

bool
seen_keys_find(SeenKeys *seen, Datum vendor_id_text, int key, struct text_view value, int64 *line)
{
	uint64 high;
	SeenKey *entry;

	if (value.length == 0)
		return false;
	entry = seen_table_lookup(seen->table, hash_key(vendor_id_text, key, value, &high));
	if (entry == NULL || entry->high != high)
		return false;
	*line = entry->line;
	return true;
}

void
seen_keys_note(SeenKeys *seen, Datum vendor_id_text, int key, struct text_view value, int64 line)
{
	uint64 high;
	bool found;
	SeenKey *entry =
		seen_table_insert(seen->table, hash_key(vendor_id_text, key, value, &high), &found);

	entry->high = high;
	entry->line = line;
}
