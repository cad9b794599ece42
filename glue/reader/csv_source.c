/*-------------------------------------------------------------------------
 *
 * csv_source.c
 *	  A vendor's file, pushed in chunks of any size -> header and records.
 *
 * Collecting: the first SNIFF_BLOCK_BYTES, or the whole of a shorter file, are
 * held back.  Begin: they are judged, decoded, searched for the delimiter and
 * read.  Reading: chunks go straight through decoder and reader.
 *
 * The layers call each other through callbacks that only say "go on" or
 * "stop"; why is kept in source->error, and after a stop every call gives it
 * again.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "reader/csv_source.h"
#include "reader/decode.h"
#include "reader/sniff.h"

/*
 * The first block as UTF-8: each byte may become the three of U+FFFD, and no
 * encoding makes more than four of one.
 */
#define HEAD_MAX_BYTES (4 * SNIFF_BLOCK_BYTES)

enum source_phase
{
	SOURCE_COLLECTING,
	SOURCE_READING,
	SOURCE_STOPPED
};

struct csv_source
{
	/* immutable after csv_source_new() */
	struct csv_events events;
	bool encoding_given;

	/* mutable */
	enum source_phase phase;
	char delimiter;          /* 0 until it is known */
	struct glue_error error; /* why it stopped */
	struct decoder *decoder;
	struct csv_reader *reader;       /* NULL until the delimiter is known */
	const struct csv_record *record; /* that the callback is called for */
	struct csv_header header;
	bool has_header;
	bool has_text; /* anything but a byte order mark */

	/* while collecting */
	char *block;
	size_t block_length;

	/* the block as text */
	char *head;
	size_t head_length;
	bool head_may_be_damaged;
};

/* ---------------------------------------------------------------------
 * From the reader
 * ---------------------------------------------------------------------
 */

static bool
on_header(struct csv_source *source, const struct csv_record *record)
{
	if (record->line_number > 1)
		return glue_error_set(&source->error, GLUE_FILE_FAULT, "NO_HEADER",
							  "the first line is blank; the file must begin with its header line");
	if (record->fields == NULL)
		return glue_error_set(&source->error, GLUE_FILE_FAULT, "NO_HEADER",
							  "the header line cannot be read: %s", record->defect_message);
	if (!header_init(&source->header, record->fields, record->field_count, &source->error))
		return false;
	source->has_header = true;
	return source->events.header == NULL ||
		   source->events.header(source->events.context, &source->header);
}

/*
 * The reader counts fields; people look for columns.  "field 2 ..." becomes
 * "field 2 (product_name) ...", for columns that we know.
 */
static void
name_field(const struct csv_header *header, const char *message, char *named, size_t size)
{
	const struct header_field *field;
	int number = 0;
	int length = 0;

	if (sscanf(message, "field %d%n", &number, &length) == 1 && number >= 1 &&
		number <= header->field_count)
	{
		field = &header->fields[number - 1];
		if (field->role == HEADER_COLUMN)
		{
			snprintf(named, size, "%.*s (%s)%s", length, message,
					 onboard_columns[field->column].name, message + length);
			return;
		}
	}
	snprintf(named, size, "%s", message);
}

static bool
on_record(void *context, const struct csv_record *record)
{
	struct csv_source *source = context;
	struct csv_record named;
	char message[CSV_DEFECT_MESSAGE_SIZE];
	bool go_on;

	if (record->row_number == 0)
		return on_header(source, record);
	if (record->defect_type != NULL)
	{
		named = *record;
		name_field(&source->header, record->defect_message, message, sizeof(message));
		named.defect_message = message;
		record = &named;
	}
	source->record = record;
	go_on = source->events.record(source->events.context, record);
	source->record = NULL;
	return go_on;
}

/* ---------------------------------------------------------------------
 * From the decoder
 * ---------------------------------------------------------------------
 */

/* Keep a piece of the first block. */
static bool
append_head(struct csv_source *source, struct text_view text)
{
	if (source->head == NULL)
		source->head = glue_allocate(HEAD_MAX_BYTES);
	if (source->head == NULL)
		return glue_error_memory(&source->error);
	if (text.length > HEAD_MAX_BYTES - source->head_length)
		return glue_error_set(&source->error, GLUE_INTERNAL_ERROR, "INTERNAL",
							  "the first block is too long as UTF-8");
	memcpy(source->head + source->head_length, text.data, text.length);
	source->head_length += text.length;
	return true;
}

static bool
on_text(void *context, struct text_view text, bool may_be_damaged)
{
	struct csv_source *source = context;
	struct glue_error error = {0};

	source->has_text = true;
	if (source->reader == NULL)
	{
		source->head_may_be_damaged |= may_be_damaged;
		return append_head(source, text);
	}
	if (csv_reader_push(source->reader, text, may_be_damaged, &error))
		return true;
	/* on_header() may have said more already. */
	if (error.class != GLUE_NO_ERROR)
		source->error = error;
	return false;
}

/* ---------------------------------------------------------------------
 * The steps
 * ---------------------------------------------------------------------
 */

/* The first block is decoded: find the delimiter, read what there is. */
static bool
read_head(struct csv_source *source)
{
	struct text_view head = {source->head != NULL ? source->head : "", source->head_length};
	bool good;

	if (source->delimiter == 0)
		source->delimiter = sniff_delimiter(head);
	source->reader = csv_reader_new(source->delimiter, on_record, source, &source->error);
	good = source->reader != NULL &&
		   (head.length == 0 || on_text(source, head, source->head_may_be_damaged));
	glue_release(source->head);
	source->head = NULL;
	return good;
}

/* Enough was collected, or the file ended. */
static bool
begin(struct csv_source *source)
{
	const char *reason;
	struct glue_error error = {0};

	source->phase = SOURCE_READING;
	if (source->block_length == 0)
		return glue_error_set(&source->error, GLUE_FILE_FAULT, "EMPTY_FILE", "the file is empty");
	reason = sniff_not_text(source->block, source->block_length, source->encoding_given);
	if (reason != NULL)
		return glue_error_set(&source->error, GLUE_FILE_FAULT, "NOT_TEXT", "%s", reason);
	if (!decoder_push(source->decoder, source->block, source->block_length, &error))
	{
		if (error.class != GLUE_NO_ERROR)
			source->error = error;
		return false;
	}
	glue_release(source->block);
	source->block = NULL;
	return read_head(source);
}

/* Hold back the beginning; returns how much of the chunk was taken. */
static size_t
collect(struct csv_source *source, const char *bytes, size_t length)
{
	size_t room = SNIFF_BLOCK_BYTES - source->block_length;

	if (length > room)
		length = room;
	memcpy(source->block + source->block_length, bytes, length);
	source->block_length += length;
	return length;
}

static bool
push(struct csv_source *source, const char *bytes, size_t length)
{
	struct glue_error error = {0};

	if (source->phase == SOURCE_COLLECTING)
	{
		size_t taken = collect(source, bytes, length);

		bytes += taken;
		length -= taken;
		if (source->block_length < SNIFF_BLOCK_BYTES)
			return true;
		if (!begin(source))
			return false;
	}
	if (decoder_push(source->decoder, bytes, length, &error))
		return true;
	if (error.class != GLUE_NO_ERROR)
		source->error = error;
	return false;
}

static bool
finish(struct csv_source *source)
{
	struct glue_error error = {0};

	if (source->phase == SOURCE_COLLECTING && !begin(source))
		return false;
	if (!decoder_finish(source->decoder, &error) || !csv_reader_finish(source->reader, &error))
	{
		if (error.class != GLUE_NO_ERROR)
			source->error = error;
		return false;
	}
	if (!source->has_text)
		return glue_error_set(&source->error, GLUE_FILE_FAULT, "EMPTY_FILE", "the file is empty");
	if (!source->has_header)
		return glue_error_set(&source->error, GLUE_FILE_FAULT, "NO_HEADER",
							  "the file holds blank lines only");
	return true;
}

/* The end of each public call. */
static bool
settle(struct csv_source *source, bool good, struct glue_error *error)
{
	if (!good)
		source->phase = SOURCE_STOPPED;
	if (error != NULL)
		*error = source->error;
	return good;
}

bool
csv_source_push(struct csv_source *source, const char *bytes, size_t length,
				struct glue_error *error)
{
	return settle(source,
				  source->phase != SOURCE_STOPPED && (length == 0 || push(source, bytes, length)),
				  error);
}

bool
csv_source_finish(struct csv_source *source, struct glue_error *error)
{
	bool good = source->phase != SOURCE_STOPPED && finish(source);

	settle(source, good, error);
	source->phase = SOURCE_STOPPED;
	return good;
}

struct csv_source *
csv_source_new(const struct csv_options *options, const struct csv_events *events,
			   struct glue_error *error)
{
	static const struct csv_options find_out = {0};
	struct csv_source *source;

	glue_error_clear(error);
	if (options == NULL)
		options = &find_out;
	if (options->delimiter != 0 && !sniff_delimiter_acceptable(options->delimiter))
	{
		glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"the delimiter must be one ASCII character other than a quote or a line end");
		return NULL;
	}
	source = glue_allocate_zero(sizeof(*source));
	if (source == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	source->events = *events;
	source->delimiter = options->delimiter;
	source->encoding_given = options->encoding != NULL;
	source->block = glue_allocate(SNIFF_BLOCK_BYTES);
	source->decoder = decoder_new(options->encoding, on_text, source, error);
	if (source->block == NULL)
		glue_error_memory(error);
	if (source->block == NULL || source->decoder == NULL)
	{
		csv_source_destroy(source);
		return NULL;
	}
	return source;
}

bool
csv_source_resume_point(const struct csv_source *source, struct csv_resume_point *point)
{
	if (source->record == NULL ||
		!decoder_locate(source->decoder, csv_reader_record_offset(source->reader), &point->bytes))
		return false;
	point->row_number = source->record->row_number;
	point->line_number = source->record->line_number;
	return true;
}

/* Everything that reading the beginning of the file would have set. */
static bool
set_resumed(struct csv_source *source, const struct csv_resume_point *point,
			const struct csv_resume_file *file, struct glue_error *error)
{
	source->phase = SOURCE_READING;
	source->delimiter = file->delimiter;
	source->has_text = true;
	if (!header_init(&source->header, file->header, file->header_count, error))
		return false;
	source->has_header = true;
	source->decoder = decoder_resume(file->encoding, &point->bytes, on_text, source, error);
	source->reader = csv_reader_new(file->delimiter, on_record, source, error);
	if (source->decoder == NULL || source->reader == NULL)
		return false;
	csv_reader_begin_at(source->reader, point->row_number, point->line_number, file->header_count);
	return true;
}

struct csv_source *
csv_source_resume(const struct csv_resume_point *point, const struct csv_resume_file *file,
				  const struct csv_events *events, struct glue_error *error)
{
	struct csv_source *source;

	glue_error_clear(error);
	if (!sniff_delimiter_acceptable(file->delimiter))
	{
		glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"the delimiter must be one ASCII character other than a quote or a line end");
		return NULL;
	}
	source = glue_allocate_zero(sizeof(*source));
	if (source == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	source->events = *events;
	if (!set_resumed(source, point, file, error))
	{
		csv_source_destroy(source);
		return NULL;
	}
	return source;
}

void
csv_source_destroy(struct csv_source *source)
{
	if (source == NULL)
		return;
	decoder_destroy(source->decoder);
	csv_reader_destroy(source->reader);
	header_clean_up(&source->header);
	glue_release(source->block);
	glue_release(source->head);
	glue_release(source);
}

char
csv_source_delimiter(const struct csv_source *source)
{
	return source->delimiter;
}

const char *
csv_source_encoding(const struct csv_source *source)
{
	return decoder_encoding(source->decoder);
}

const struct csv_header *
csv_source_header(const struct csv_source *source)
{
	return source->has_header ? &source->header : NULL;
}
