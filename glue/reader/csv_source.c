/*-------------------------------------------------------------------------
 *
 * csv_source.c
 *	  The CSV format.
 *
 * This file only connects the stages:
 *
 *	  text_stream	converts bytes to UTF-8 text, the first block in one piece
 *	  csv_dialect	detects the delimiter in that piece
 *	  csv_reader	reads records from the text
 *	  csv_token		stores as JSON what a source needs in order to resume
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "reader/csv_dialect.h"
#include "reader/csv_reader.h"
#include "reader/csv_source.h"
#include "reader/csv_token.h"
#include "reader/text_stream.h"

struct csv_source
{
	struct row_source base;
	bool (*is_heading)(struct text_view text);
	char delimiter; /* 0 if not known */
	bool has_content;
	bool owes_header; /* a resumed source must yield it first */
	struct text_stream *stream;
	struct csv_reader *reader;    /* NULL if the delimiter is not known */
	const struct record *current; /* the record being delivered */

	/* a copy of the header, for tokens */
	struct text_view *header;
	int header_count;
	struct byte_buffer state; /* of the last token */
};

static struct csv_source *
csv_source_of(struct row_source *base)
{
	return (struct csv_source *) base;
}

/* ----- records ----- */

/* Copy the header into one block: the views, then their text. */
static bool
keep_header(struct csv_source *source, const struct text_view *fields, int count,
			struct glue_error *error)
{
	size_t size = sizeof(*fields) * count;
	char *next;

	for (int i = 0; i < count; i++)
		size += fields[i].length;
	source->header = glue_allocate(size);
	if (source->header == NULL)
		return glue_error_memory(error);
	source->header_count = count;
	next = (char *) (source->header + count);
	for (int i = 0; i < count; i++)
	{
		source->header[i] = (struct text_view){next, fields[i].length};
		memcpy(next, fields[i].data, fields[i].length);
		next += fields[i].length;
	}
	return true;
}

static bool
take_record(void *context, const struct record *record)
{
	struct csv_source *source = context;
	const struct row_source_events *events = &source->base.events;
	bool wanted;

	if (record->row_number == 0)
		return (record->fields == NULL ||
				keep_header(source, record->fields, record->field_count, &source->base.error)) &&
			   events->header(events->context, record);
	source->current = record;
	wanted = events->record(events->context, record);
	source->current = NULL;
	return wanted;
}

/* ----- text ----- */

static bool
begin_records(struct csv_source *source, struct text_view first_block)
{
	if (source->delimiter == 0)
		source->delimiter = csv_dialect_delimiter(first_block, source->is_heading);
	source->reader = csv_reader_new(source->delimiter, take_record, source, &source->base.error);
	return source->reader != NULL;
}

/*
 * Return the result of a stage and set its error, if any.  A stage that
 * stopped at our request has no error.
 */
static bool
settle(struct csv_source *source, bool good, const struct glue_error *error)
{
	if (!good && error->class != GLUE_NO_ERROR)
		source->base.error = *error;
	return good;
}

static bool
take_text(void *context, struct text_view text, bool may_be_damaged)
{
	struct csv_source *source = context;
	struct glue_error error = {0};

	if (source->reader == NULL && !begin_records(source, text))
		return false;
	if (text.length == 0)
		return true;
	source->has_content = true;
	return settle(source, csv_reader_push(source->reader, text, may_be_damaged, &error), &error);
}

/* ----- the format ----- */

/* Yield the header as if it had just been read. */
static bool
yield_header(struct csv_source *source)
{
	const struct row_source_events *events = &source->base.events;
	struct record header = {
		.line_number = 1,
		.field_count = source->header_count,
		.fields = source->header,
		.raw = text_of(""),
	};

	if (!source->owes_header)
		return true;
	source->owes_header = false;
	return events->header(events->context, &header);
}

static bool
csv_push(struct row_source *base, const char *bytes, size_t length)
{
	struct csv_source *source = csv_source_of(base);
	struct glue_error error = {0};

	return yield_header(source) &&
		   settle(source, text_stream_push(source->stream, bytes, length, &error), &error);
}

static bool
csv_finish(struct row_source *base)
{
	struct csv_source *source = csv_source_of(base);
	struct glue_error error = {0};

	return yield_header(source) &&
		   settle(source, text_stream_finish(source->stream, &error), &error) &&
		   (source->reader == NULL ||
			settle(source, csv_reader_finish(source->reader, &error), &error));
}

static bool
write_token(struct row_source *base, struct resume_token *token, struct glue_error *error)
{
	struct csv_source *source = csv_source_of(base);
	struct decode_point point;
	struct csv_token state = {
		.encoding = text_stream_encoding(source->stream),
		.delimiter = source->delimiter,
		.header = source->header,
		.header_count = source->header_count,
	};

	if (source->current == NULL || source->header_count == 0 ||
		!text_stream_locate(source->stream, csv_reader_record_offset(source->reader), &point))
		return false;
	state.skip = point.skip;
	if (!csv_token_write(&state, &source->state, error))
		return false;
	token->byte_offset = point.byte_offset;
	token->row_number = source->current->row_number - 1;
	token->line_number = source->current->line_number;
	token->state = source->state.data;
	return true;
}

static void
csv_found(const struct row_source *base, struct row_source_found *found)
{
	const struct csv_source *source = (const struct csv_source *) base;

	found->encoding = text_stream_encoding(source->stream);
	found->delimiter = source->delimiter;
	found->has_content = source->has_content;
}

static void
csv_destroy(struct row_source *base)
{
	struct csv_source *source = csv_source_of(base);

	text_stream_destroy(source->stream);
	csv_reader_destroy(source->reader);
	byte_buffer_clean_up(&source->state);
	glue_release(source->header);
	glue_release(source);
}

static struct row_source *
csv_open(const struct row_source_options *options, struct glue_error *error)
{
	struct csv_source *source;

	if (options->delimiter != 0 && !csv_dialect_acceptable(options->delimiter))
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
	source->is_heading = options->is_heading;
	source->delimiter = options->delimiter;
	source->stream = text_stream_new(options->encoding, take_text, source, error);
	if (source->stream != NULL)
		return &source->base;
	csv_destroy(&source->base);
	return NULL;
}

/* Set everything that reading the beginning of the file would have set. */
static bool
set_resumed(struct csv_source *source, const struct resume_token *token,
			const struct csv_token *state, struct glue_error *error)
{
	struct decode_point point = {token->byte_offset, state->skip};

	source->delimiter = state->delimiter;
	source->has_content = true;
	source->owes_header = true;
	source->stream = text_stream_resume(state->encoding, &point, take_text, source, error);
	if (source->stream == NULL || !keep_header(source, state->header, state->header_count, error))
		return false;
	source->reader = csv_reader_new(state->delimiter, take_record, source, error);
	if (source->reader == NULL)
		return false;
	csv_reader_begin_at(source->reader, token->row_number + 1, token->line_number,
						state->header_count);
	return true;
}

static struct row_source *
csv_resume(const struct resume_token *token, struct glue_error *error)
{
	struct csv_source *source;
	struct csv_token state;
	bool done;

	if (!csv_token_read(&state, token->state, error))
		return NULL;
	source = glue_allocate_zero(sizeof(*source));
	done = source != NULL ? set_resumed(source, token, &state, error) : glue_error_memory(error);
	csv_token_clean_up(&state);
	if (done)
		return &source->base;
	if (source != NULL)
		csv_destroy(&source->base);
	return NULL;
}

const struct row_format csv_format = {
	.name = "csv",
	.open = csv_open,
	.resume = csv_resume,
	.push = csv_push,
	.finish = csv_finish,
	.token = write_token,
	.found = csv_found,
	.destroy = csv_destroy,
};
