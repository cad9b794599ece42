/*-------------------------------------------------------------------------
 *
 * spill.c
 *	  Bytes that are written once and then read anywhere.
 *
 * Pages of the file are kept, because few parts of it are read again and again: a
 * program that writes a workbook numbers its strings in the order of the cells, so
 * new ones stand one after the other, and those that repeat stand at the beginning.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/spool.h"
#include "reader/spill.h"

/* A page begins at a multiple of this size ... */
#define PAGE_STRIDE (16 * 1024)

/* ... and has more bytes, for a stretch that begins at its end. */
#define PAGE_OVERLAP (2 * 1024)

/* A page is kept in the place that its number has modulo this. */
#define PAGE_COUNT 64

struct spill_page
{
	int64_t offset; /* -1: none */
	size_t length;
	char bytes[PAGE_STRIDE + PAGE_OVERLAP];
};

/* Bytes that are collected before they are written to the file. */
#define PENDING_BYTES (256 * 1024)

void
spill_init(struct spill *spill, size_t most_memory)
{
	memset(spill, 0, sizeof(*spill));
	spill->most_memory = most_memory;
	spill->file = -1;
}

void
spill_clean_up(struct spill *spill)
{
	byte_buffer_clean_up(&spill->memory);
	glue_release(spill->pages);
	glue_release(spill->stretch);
	if (spill->file >= 0)
		close(spill->file);
	spill_init(spill, 0);
}

static void
forget_pages(struct spill *spill)
{
	for (int i = 0; i < PAGE_COUNT; i++)
		spill->pages[i].offset = -1;
}

/* Move the bytes in memory to the end of the file. */
static bool
flush(struct spill *spill, struct glue_error *error)
{
	if (!spool_write(spill->file, spill->memory.data, spill->memory.used, error))
		return false;
	spill->memory.used = 0;
	forget_pages(spill);
	return true;
}

/* From now on, keep the bytes in a file and only the last ones in memory. */
static bool
begin_file(struct spill *spill, struct glue_error *error)
{
	spill->pages = glue_allocate(sizeof(*spill->pages) * PAGE_COUNT);
	spill->stretch = glue_allocate(SPILL_MOST_BYTES);
	if (spill->pages == NULL || spill->stretch == NULL)
		return glue_error_memory(error);
	spill->file = spool_open(error);
	if (spill->file < 0 || !flush(spill, error))
		return false;
	byte_buffer_clean_up(&spill->memory);
	spill->most_memory = PENDING_BYTES;
	return true;
}

bool
spill_append(struct spill *spill, const void *bytes, size_t length, struct glue_error *error)
{
	if (spill->memory.used + length > spill->most_memory &&
		!(spill->file < 0 ? begin_file(spill, error) : flush(spill, error)))
		return false;
	spill->length += (int64_t) length;
	return byte_buffer_append(&spill->memory, bytes, length, error);
}

/* Return a stretch that fits into a page. */
static bool
read_page(struct spill *spill, int64_t offset, size_t length, struct text_view *bytes,
		  struct glue_error *error)
{
	int64_t number = offset / PAGE_STRIDE;
	size_t within = (size_t) (offset % PAGE_STRIDE);
	struct spill_page *page = &spill->pages[number % PAGE_COUNT];

	if (page->offset != number * PAGE_STRIDE)
	{
		page->offset = -1;
		if (!spool_read(spill->file, number * PAGE_STRIDE, page->bytes, sizeof(page->bytes),
						&page->length, error))
			return false;
		page->offset = number * PAGE_STRIDE;
	}
	*bytes = (struct text_view){page->bytes + within, length};
	return within + length <= page->length || spool_too_short(error);
}

/* Return a stretch that is longer. */
static bool
read_stretch(struct spill *spill, int64_t offset, size_t length, struct text_view *bytes,
			 struct glue_error *error)
{
	size_t got;

	*bytes = (struct text_view){spill->stretch, length};
	return spool_read(spill->file, offset, spill->stretch, length, &got, error) &&
		   (got == length || spool_too_short(error));
}

bool
spill_read(struct spill *spill, int64_t offset, size_t length, struct text_view *bytes,
		   struct glue_error *error)
{
	*bytes = (struct text_view){"", 0};
	if (length == 0)
		return true;
	if (spill->file < 0)
	{
		*bytes = (struct text_view){spill->memory.data + offset, length};
		return true;
	}
	if (spill->memory.used > 0 && !flush(spill, error))
		return false;
	return length <= PAGE_OVERLAP ? read_page(spill, offset, length, bytes, error)
								  : read_stretch(spill, offset, length, bytes, error);
}
