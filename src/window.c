/*-------------------------------------------------------------------------
 *
 * window.c
 *	  The rows of an upload whose verdicts are not settled yet.
 *
 * Rows live in chunks that never move, because the catalogue's batch points at
 * them.  Two hash tables with open addressing, one per key, hold the number of
 * the first row that brought a key.  They start small, so that a statement of
 * one row stays cheap, and double when half full.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "window.h"

#define CHUNK_ROWS 1024
#define SMALLEST_TABLE 64

/* A key of a window row: hash to compare first, number of the row plus 1. */
typedef struct KeyEntry
{
	uint32		hash;
	uint32		row;			/* 0: empty */
} KeyEntry;

typedef struct KeyTable
{
	KeyEntry   *entries;
	uint32		size;			/* a power of 2 */
	uint32		used;
} KeyTable;

struct Window
{
	MemoryContext context;		/* the window and its tables */
	MemoryContext row_context;	/* images and chunks; reset with the window */
	WindowRow **chunks;
	int			chunk_count;
	int			chunk_size;
	int			count;
	Size		bytes;
	KeyTable	tables[KEY_COUNT];
};

static void
key_table_init(KeyTable *table, MemoryContext context, uint32 size)
{
	table->entries = MemoryContextAllocZero(context, size * sizeof(KeyEntry));
	table->size = size;
	table->used = 0;
}

Window *
window_create(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "onboard window",
												  ALLOCSET_DEFAULT_SIZES);
	Window	   *window = MemoryContextAllocZero(context, sizeof(Window));
	CatalogueKey key;

	window->context = context;
	window->row_context = AllocSetContextCreate(context, "onboard window rows",
												ALLOCSET_DEFAULT_SIZES);
	for (key = 0; key < KEY_COUNT; key++)
		key_table_init(&window->tables[key], context, SMALLEST_TABLE);
	return window;
}

void
window_reset(Window *window)
{
	CatalogueKey key;

	MemoryContextReset(window->row_context);
	window->chunks = NULL;
	window->chunk_count = 0;
	window->chunk_size = 0;
	window->count = 0;
	window->bytes = 0;
	for (key = 0; key < KEY_COUNT; key++)
	{
		KeyTable   *table = &window->tables[key];

		if (table->used > 0)
			memset(table->entries, 0, table->size * sizeof(KeyEntry));
		table->used = 0;
	}
}

int
window_count(const Window *window)
{
	return window->count;
}

WindowRow *
window_row(Window *window, int i)
{
	return &window->chunks[i / CHUNK_ROWS][i % CHUNK_ROWS];
}

Size
window_bytes(const Window *window)
{
	return window->bytes;
}

static inline uint32
hash_key(struct text_view value)
{
	return hash_bytes((const unsigned char *) value.data, (int) value.length);
}

/* The entry of the key, or the empty one where it would go. */
static KeyEntry *
key_table_find(Window *window, CatalogueKey key, struct text_view value, uint32 hash)
{
	KeyTable   *table = &window->tables[key];
	uint32		i = hash & (table->size - 1);

	for (;;)
	{
		KeyEntry   *entry = &table->entries[i];

		if (entry->row == 0)
			return entry;
		if (entry->hash == hash)
		{
			struct text_view other = window_row(window, entry->row - 1)->stored.key[key];

			if (other.length == value.length &&
				memcmp(other.data, value.data, value.length) == 0)
				return entry;
		}
		i = (i + 1) & (table->size - 1);
	}
}

bool
window_has_key(Window *window, CatalogueKey key, struct text_view value)
{
	if (window->tables[key].used == 0)
		return false;
	return key_table_find(window, key, value, hash_key(value))->row != 0;
}

static void
key_table_grow(Window *window, KeyTable *table)
{
	KeyTable	old = *table;
	uint32		i;

	key_table_init(table, window->context, old.size * 2);
	for (i = 0; i < old.size; i++)
	{
		uint32		slot;

		if (old.entries[i].row == 0)
			continue;
		slot = old.entries[i].hash & (table->size - 1);
		while (table->entries[slot].row != 0)
			slot = (slot + 1) & (table->size - 1);
		table->entries[slot] = old.entries[i];
	}
	table->used = old.used;
	pfree(old.entries);
}

static void
key_table_add(Window *window, CatalogueKey key, struct text_view value, int row)
{
	KeyTable   *table = &window->tables[key];
	uint32		hash = hash_key(value);
	KeyEntry   *entry;

	if (table->used >= table->size / 2)
		key_table_grow(window, table);
	entry = key_table_find(window, key, value, hash);
	if (entry->row != 0)
		return;
	entry->hash = hash;
	entry->row = row + 1;
	table->used++;
}

static WindowRow *
next_row(Window *window)
{
	int			chunk = window->count / CHUNK_ROWS;
	MemoryContext caller = MemoryContextSwitchTo(window->row_context);

	if (chunk == window->chunk_count)
	{
		if (chunk == window->chunk_size)
		{
			window->chunk_size = Max(8, window->chunk_size * 2);
			window->chunks = window->chunks == NULL ?
				palloc(window->chunk_size * sizeof(WindowRow *)) :
				repalloc(window->chunks, window->chunk_size * sizeof(WindowRow *));
		}
		window->chunks[chunk] = palloc(CHUNK_ROWS * sizeof(WindowRow));
		window->chunk_count++;
	}
	MemoryContextSwitchTo(caller);
	return window_row(window, window->count++);
}

WindowRow *
window_add(Window *window, const IncomingRow *row, WindowRowState state, bool may_be_valid)
{
	int			number = window->count;
	WindowRow  *added = next_row(window);
	MemoryContext caller = MemoryContextSwitchTo(window->row_context);
	IncomingRow copy;
	CatalogueKey key;

	memset(added, 0, sizeof(*added));
	added->state = state;
	added->image = row_image_save(row);
	MemoryContextSwitchTo(caller);
	window->bytes += row_image_size(added->image);
	row_image_load(added->image, &copy);
	for (key = 0; key < KEY_COUNT; key++)
	{
		added->stored.key[key] = copy.product.value[catalogue_key_column[key]];
		if (may_be_valid)
			key_table_add(window, key, added->stored.key[key], number);
	}
	return added;
}
