/*-------------------------------------------------------------------------
 *
 * events.h
 *	  Records the events of a reader as text for comparison.
 *
 *	  0@1 a|b					record 0 (the header) in line 1, two fields
 *	  1@2 x|y
 *	  2@3 MALFORMED_ROW message <raw>	"field N" is part of the message
 *
 * CR and LF are written as \r and \n, and a run of 20 or more identical bytes
 * as {x*5000}.
 *
 * Also provides what each test of a stream needs: pieces allocated at their
 * exact size, so that reading past one is detected, and an allocator that
 * fails at the Nth call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_EVENTS_H
#define ONBOARD_EVENTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "reader/record.h"

#define LONG_RUN 20

struct event_list
{
	char *text;
	size_t length;
	size_t size;
	int stop_after;   /* stop after this many events; 0 for never */
	bool no_messages; /* omit the messages of defects */
	int count;
};

static inline void
events_append(struct event_list *list, const char *data, size_t length)
{
	if (list->length + length + 1 > list->size)
	{
		list->size = 2 * (list->length + length + 1);
		list->text = realloc(list->text, list->size);
	}
	memcpy(list->text + list->length, data, length);
	list->length += length;
	list->text[list->length] = '\0';
}

/* Return the number of bytes at the start of a text that are equal to the first. */
static inline size_t
events_run(struct text_view text)
{
	size_t run = 1;

	while (run < text.length && text.data[run] == text.data[0])
		run++;
	return run;
}

static inline void
events_append_text(struct event_list *list, struct text_view text)
{
	while (text.length > 0)
	{
		char c = text.data[0];
		size_t run = events_run(text);
		char written[32];

		if (run >= LONG_RUN)
		{
			snprintf(written, sizeof(written), "{%c*%zu}", c, run);
			events_append(list, written, strlen(written));
		}
		else
		{
			for (size_t i = 0; i < run; i++)
				events_append(list,
							  c == '\n'   ? "\\n"
							  : c == '\r' ? "\\r"
										  : &c,
							  c == '\n' || c == '\r' ? 2 : 1);
		}
		text.data += run;
		text.length -= run;
	}
}

/* Append the source cells as "  {name=text|...}", if there are any. */
static inline void
events_source_cells(struct event_list *list, const struct record *record)
{
	for (int i = 0; i < record->cell_count; i++)
	{
		events_append(list, i == 0 ? "  {" : "|", i == 0 ? 3 : 1);
		events_append_text(list, record->cells[i].name);
		events_append(list, "=", 1);
		events_append_text(list, record->cells[i].text);
	}
	if (record->cell_count > 0)
		events_append(list, "}", 1);
}

/* A record_fn: context is the list. */
static inline bool
events_record(void *context, const struct record *record)
{
	struct event_list *list = context;
	char place[64];

	snprintf(place, sizeof(place), "%lld@%lld ", (long long) record->row_number,
			 (long long) record->line_number);
	events_append(list, place, strlen(place));
	if (record->defect_type != NULL)
	{
		events_append(list, record->defect_type, strlen(record->defect_type));
		if (!list->no_messages)
		{
			char field[32] = " ";

			if (record->defect_field > 0)
				snprintf(field, sizeof(field), " field %d ", record->defect_field);
			events_append(list, field, strlen(field));
			events_append(list, record->defect_message, strlen(record->defect_message));
		}
		events_append(list, " <", 2);
		events_append_text(list, record->raw);
		events_append(list, ">", 1);
	}
	else
	{
		for (int i = 0; i < record->field_count; i++)
		{
			if (i > 0)
				events_append(list, "|", 1);
			events_append_text(list, record->fields[i]);
		}
		events_source_cells(list, record);
	}
	events_append(list, "\n", 1);
	list->count++;
	return list->count != list->stop_after;
}

static inline void
events_clean_up(struct event_list *list)
{
	free(list->text);
	memset(list, 0, sizeof(*list));
}

/*
 * Push data in pieces of chunk bytes, each in its own block.  Stops if push
 * returns false, and returns the last result of push.
 */
static inline bool
push_in_pieces(const char *data, size_t length, size_t chunk,
			   bool (*push)(void *context, const char *bytes, size_t length), void *context)
{
	bool going = true;

	for (size_t done = 0; done < length && going; done += chunk)
	{
		size_t size = length - done < chunk ? length - done : chunk;
		char *piece = malloc(size);

		memcpy(piece, data + done, size);
		going = push(context, piece, size);
		free(piece);
	}
	return going;
}

/*
 * Return the next piece size to test after chunk (0 for the first): every size
 * for a short text, a few around the internal limits for a long one; 0 after
 * the last.
 */
static inline size_t
next_chunk_size(size_t chunk, size_t length)
{
	static const size_t sizes[] = {1, 7, 250, 4096, 65535, 65536, 65537, 262144, 262145, 1000003};

	if (length <= 600)
		return chunk < length ? chunk + 1 : 0;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		if (sizes[i] > chunk && sizes[i] < length && sizes[i] > length / 10000)
			return sizes[i];
	}
	return chunk < length ? length : 0;
}

/* Allocations until one fails; negative for never. */
static int allocations_left = -1;

static inline void *
failing_reallocate(void *block, size_t size)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	return realloc(block, size);
}

#endif /* ONBOARD_EVENTS_H */
