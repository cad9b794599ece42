/*-------------------------------------------------------------------------
 *
 * kept_rows.c
 *	  The header and records of a file, kept from one reading for the next.
 *
 * Each record is written as a head, the length of each field, the fields, the
 * message and the raw record.  The temporary file never leaves this process, so it
 * may have numbers and pointers to constants as they are in memory.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/spool.h"
#include "reader/kept_rows.h"
#include "shared/columns.h"

/* Bytes that are written and read at once. */
#define PIECE_BYTES (256 * 1024)

struct kept_head
{
	int64_t row_number;
	int64_t line_number;
	const char *defect_type;
	int defect_field;
	int field_count;
	size_t message_length;
	size_t raw_length;
	size_t length; /* of what follows */
};

void
kept_rows_init(struct kept_rows *kept)
{
	memset(kept, 0, sizeof(*kept));
	kept->spool = -1;
}

void
kept_rows_clean_up(struct kept_rows *kept)
{
	if (kept->spool >= 0)
		close(kept->spool);
	byte_buffer_clean_up(&kept->buffer);
	kept_rows_init(kept);
}

/* ----- writing ----- */

static bool
flush(struct kept_rows *kept, struct glue_error *error)
{
	struct byte_buffer *buffer = &kept->buffer;

	if (!spool_write(kept->spool, buffer->data, buffer->used, error))
		return false;
	buffer->used = 0;
	return true;
}

static struct kept_head
describe(const struct record *record)
{
	struct kept_head head;

	/* The padding, too: it is written. */
	memset(&head, 0, sizeof(head));
	head.row_number = record->row_number;
	head.line_number = record->line_number;
	head.defect_type = record->defect_type;
	head.defect_field = record->defect_field;
	head.field_count = record->field_count;
	head.message_length = record->defect_type != NULL ? strlen(record->defect_message) : 0;
	head.raw_length = record->raw.length;
	head.length = head.message_length + head.raw_length;
	for (int i = 0; i < record->field_count; i++)
		head.length += sizeof(record->fields[i].length) + record->fields[i].length;
	return head;
}

bool
kept_rows_add(struct kept_rows *kept, const struct record *record, struct glue_error *error)
{
	struct kept_head head = describe(record);
	struct byte_buffer *buffer = &kept->buffer;

	if (kept->spool < 0 && (kept->spool = spool_open(error)) < 0)
		return false;
	if (!byte_buffer_reserve(buffer, sizeof(head) + head.length, error))
		return false;
	byte_buffer_put(buffer, &head, sizeof(head));
	for (int i = 0; i < record->field_count; i++)
		byte_buffer_put(buffer, &record->fields[i].length, sizeof(record->fields[i].length));
	for (int i = 0; i < record->field_count; i++)
		byte_buffer_put(buffer, record->fields[i].data, record->fields[i].length);
	byte_buffer_put(buffer, record->defect_message, head.message_length);
	byte_buffer_put(buffer, record->raw.data, record->raw.length);
	return buffer->used < PIECE_BYTES || flush(kept, error);
}

bool
kept_rows_end(struct kept_rows *kept, struct glue_error *error)
{
	kept->is_complete = kept->spool >= 0 && flush(kept, error);
	return kept->spool < 0 || kept->is_complete;
}

/* ----- reading ----- */

struct kept_source
{
	struct row_source base;
	struct kept_rows *kept;
	int64_t offset; /* in the spool, of what has not been read */
	size_t next;    /* in the buffer, of what has not been yielded */
	struct text_view fields[ONBOARD_MAX_COLUMNS];
	char message[RECORD_MESSAGE_SIZE];
};

static struct kept_source *
kept_source_of(struct row_source *base)
{
	return (struct kept_source *) base;
}

/*
 * Make the next bytes available in the buffer, fewer only at the end of the spool.
 * Sets *available to the number of bytes that are.
 */
static bool
fill(struct kept_source *source, size_t needed, size_t *available)
{
	struct byte_buffer *buffer = &source->kept->buffer;
	struct glue_error *error = &source->base.error;
	size_t got;

	*available = buffer->used - source->next;
	if (*available >= needed)
		return true;
	memmove(buffer->data, buffer->data + source->next, *available);
	buffer->used = *available;
	source->next = 0;
	if (!byte_buffer_reserve(buffer, needed + PIECE_BYTES, error))
		return false;
	if (!spool_read(source->kept->spool, source->offset, buffer->data + buffer->used,
					needed + PIECE_BYTES - buffer->used, &got, error))
		return false;
	source->offset += (int64_t) got;
	buffer->used += got;
	*available = buffer->used;
	return true;
}

/* Yield the record whose head and contents are in the buffer. */
static bool
yield(struct kept_source *source, const struct kept_head *head)
{
	const struct row_source_events *events = &source->base.events;
	const char *lengths = source->kept->buffer.data + source->next + sizeof(*head);
	const char *bytes = lengths + head->field_count * sizeof(source->fields[0].length);
	struct record record = {
		.row_number = head->row_number,
		.line_number = head->line_number,
		.field_count = head->field_count,
		.fields = head->field_count > 0 ? source->fields : NULL,
		.defect_type = head->defect_type,
		.defect_field = head->defect_field,
	};

	for (int i = 0; i < head->field_count; i++)
	{
		source->fields[i].data = bytes;
		memcpy(&source->fields[i].length, lengths + i * sizeof(size_t), sizeof(size_t));
		bytes += source->fields[i].length;
	}
	if (head->defect_type != NULL)
	{
		memcpy(source->message, bytes, head->message_length);
		source->message[head->message_length] = '\0';
		record.defect_message = source->message;
	}
	record.raw = (struct text_view){bytes + head->message_length, head->raw_length};
	source->next += sizeof(*head) + head->length;
	return record.row_number == 0 ? events->header(events->context, &record)
								  : events->record(events->context, &record);
}

static bool
kept_finish(struct row_source *base)
{
	struct kept_source *source = kept_source_of(base);
	struct kept_head head;
	size_t available;

	while (fill(source, sizeof(head), &available))
	{
		if (available == 0)
			return true;
		if (available < sizeof(head))
			return spool_too_short(&base->error);
		memcpy(&head, source->kept->buffer.data + source->next, sizeof(head));
		if (!fill(source, sizeof(head) + head.length, &available))
			return false;
		if (available < sizeof(head) + head.length)
			return spool_too_short(&base->error);
		if (!yield(source, &head))
			return false;
	}
	return false;
}

static bool
kept_push(struct row_source *base, const char *bytes, size_t length)
{
	(void) base;
	(void) bytes;
	(void) length;
	return true;
}

static struct row_source *
kept_open(const struct row_source_options *options, struct glue_error *error)
{
	struct kept_source *source = glue_allocate_zero(sizeof(*source));

	if (source == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	source->kept = options->kept;
	source->kept->buffer.used = 0;
	return &source->base;
}

static void
kept_found(const struct row_source *base, struct row_source_found *found)
{
	(void) base;
	found->encoding = "UTF-8";
	found->has_content = true;
}

static void
kept_destroy(struct row_source *base)
{
	glue_release(base);
}

const struct row_format kept_format = {
	.name = "kept",
	.open = kept_open,
	.push = kept_push,
	.finish = kept_finish,
	.found = kept_found,
	.destroy = kept_destroy,
};
