/*-------------------------------------------------------------------------
 *
 * window.c
 *	  The rows of an upload whose verdicts are not settled yet.
 *
 * Rows live in chunks that never move, because the catalogue's batch points at
 * them; their text and findings live in blocks.  Two hash tables with open
 * addressing, one per key, map each key to the number of the first row that
 * brought it.  They start small, so that a statement of one row stays cheap, and
 * double when half full.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "load/window.h"

#define CHUNK_ROWS 1024
#define SMALLEST_TABLE 64

/*
 * Images are cut from blocks that stay allocated from window to window: returning
 * megabytes to the system and requesting them again costs a page fault every few
 * rows.  An image too large for a block is allocated separately.
 */
#define BLOCK_BYTES (1024 * 1024)
#define LARGE_IMAGE_BYTES (BLOCK_BYTES / 16)

/*
 * A key of a window row: its hash, which is compared first, and the row's number
 * plus 1.
 */
typedef struct KeyEntry
{
	uint32 hash;
	uint32 row; /* 0 if empty */
} KeyEntry;

typedef struct KeyTable
{
	KeyEntry *entries;
	uint32 size; /* a power of 2 */
	uint32 used;
} KeyTable;

struct Window
{
	MemoryContext context;       /* the window, its tables, chunks and blocks */
	MemoryContext large_context; /* large images; reset with the window */
	WindowRow **chunks;
	int chunk_count; /* allocated */
	int chunk_size;  /* room in the array */
	int count;       /* rows in use */
	char **blocks;
	int block_count; /* allocated */
	int block_size;  /* room in the array */
	int block;       /* being filled */
	Size block_used;
	Size bytes;
	KeyTable tables[KEY_COUNT];
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
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard window", ALLOCSET_DEFAULT_SIZES);
	Window *window = MemoryContextAllocZero(context, sizeof(Window));
	CatalogueKey key;

	window->context = context;
	window->large_context =
		AllocSetContextCreate(context, "onboard window large rows", ALLOCSET_DEFAULT_SIZES);
	for (key = 0; key < KEY_COUNT; key++)
		key_table_init(&window->tables[key], context, SMALLEST_TABLE);
	return window;
}

void
window_reset(Window *window)
{
	CatalogueKey key;

	MemoryContextReset(window->large_context);
	window->count = 0;
	window->block = 0;
	window->block_used = 0;
	window->bytes = 0;
	for (key = 0; key < KEY_COUNT; key++)
	{
		KeyTable *table = &window->tables[key];

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

void
row_keys_init(RowKeys *keys, const IncomingRow *row)
{
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		struct text_view value = row->product.value[catalogue_key_column[key]];

		keys->value[key] = value;
		keys->usable[key] = value.length > 0 && value.length <= KEY_MAX_BYTES;
		if (keys->usable[key])
			keys->hash[key] = hash_bytes((const unsigned char *) value.data, (int) value.length);
	}
}

/* Find the key's entry, or the empty one where it would go. */
static KeyEntry *
key_table_find(Window *window, CatalogueKey key, struct text_view value, uint32 hash)
{
	KeyTable *table = &window->tables[key];
	uint32 i = hash & (table->size - 1);

	for (;;)
	{
		KeyEntry *entry = &table->entries[i];

		if (entry->row == 0)
			return entry;
		if (entry->hash == hash)
		{
			struct text_view other = window_row(window, entry->row - 1)->stored.key[key];

			if (other.length == value.length && memcmp(other.data, value.data, value.length) == 0)
				return entry;
		}
		i = (i + 1) & (table->size - 1);
	}
}

bool
window_has_key(Window *window, const RowKeys *keys, CatalogueKey key)
{
	if (!keys->usable[key] || window->tables[key].used == 0)
		return false;
	return key_table_find(window, key, keys->value[key], keys->hash[key])->row != 0;
}

static void
key_table_grow(Window *window, KeyTable *table)
{
	KeyTable old = *table;
	uint32 i;

	key_table_init(table, window->context, old.size * 2);
	for (i = 0; i < old.size; i++)
	{
		uint32 slot;

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
key_table_add(Window *window, CatalogueKey key, const RowKeys *keys, int row)
{
	KeyTable *table = &window->tables[key];
	KeyEntry *entry;

	if (table->used >= table->size / 2)
		key_table_grow(window, table);
	entry = key_table_find(window, key, keys->value[key], keys->hash[key]);
	if (entry->row != 0)
		return;
	entry->hash = keys->hash[key];
	entry->row = row + 1;
	table->used++;
}

/* Ensure space in an array of pointers for one more, doubling it if needed. */
static void *
grow_array(Window *window, void *array, int *size)
{
	*size = Max(8, *size * 2);
	return array == NULL ? MemoryContextAlloc(window->context, *size * sizeof(void *))
						 : repalloc(array, *size * sizeof(void *));
}

static WindowRow *
next_row(Window *window)
{
	int chunk = window->count / CHUNK_ROWS;

	if (chunk == window->chunk_count)
	{
		if (chunk == window->chunk_size)
			window->chunks = grow_array(window, window->chunks, &window->chunk_size);
		window->chunks[chunk] = MemoryContextAlloc(window->context, CHUNK_ROWS * sizeof(WindowRow));
		window->chunk_count++;
	}
	return window_row(window, window->count++);
}

/* Allocate aligned memory for an image of this size. */
static void *
image_space(Window *window, Size size)
{
	void *space;

	size = MAXALIGN(size);
	window->bytes += size;
	if (size > LARGE_IMAGE_BYTES)
		return MemoryContextAlloc(window->large_context, size);
	if (window->block_count > 0 && window->block_used + size > BLOCK_BYTES)
	{
		window->block++;
		window->block_used = 0;
	}
	if (window->block == window->block_count)
	{
		if (window->block_count == window->block_size)
			window->blocks = grow_array(window, window->blocks, &window->block_size);
		window->blocks[window->block_count++] = MemoryContextAlloc(window->context, BLOCK_BYTES);
	}
	space = window->blocks[window->block] + window->block_used;
	window->block_used += size;
	return space;
}

WindowRow *
window_add(Window *window, const IncomingRow *row, const struct findings *findings,
		   const RowKeys *keys, WindowRowState state, bool claim)
{
	int number = window->count;
	WindowRow *added = next_row(window);
	CatalogueKey key;

	added->state = state;
	added->position = row->position;
	added->image =
		row_image_save(row, findings, image_space(window, row_image_size(row, findings)));
	for (key = 0; key < KEY_COUNT; key++)
	{
		added->looked_up[key] = false;
		added->stored.key[key].data = row_image_text(added->image, row, catalogue_key_column[key]);
		added->stored.key[key].length = keys->value[key].length;
		if (claim)
			key_table_add(window, key, keys, number);
	}
	added->stored.row_number = row->row_number;
	added->stored.category.data = row_image_text(added->image, row, COLUMN_CATEGORY);
	added->stored.category.length = row->product.value[COLUMN_CATEGORY].length;
	added->stored.category_number = row->product.category_number;
	return added;
}
