/*-------------------------------------------------------------------------
 *
 * csv_source.c
 *	  The CSV format.
 *
 * This file only connects the stages:
 *
 *	  text_stream	converts bytes to UTF-8 text, the first block in one piece
 *	  csv_dialect	finds delimiter and header in that piece
 *	  csv_reader	reads records from the text
 *	  csv_token		stores as JSON what a source needs in order to resume
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <strings.h>

#include "base/heap.h"
#include "reader/csv_dialect.h"
#include "reader/csv_reader.h"
#include "reader/csv_source.h"
#include "reader/csv_token.h"
#include "reader/text_stream.h"
#include "shared/csv_cell.h"

/* What ends a text file of DOS. */
#define CTRL_Z '\x1A'

struct csv_source
{
	struct row_source base;
	struct heading_test known;
	void (*take_bytes)(void *context, const char *bytes, size_t length);
	void *bytes_context;
	struct csv_dialect dialect;
	bool has_content;
	bool owes_header; /* a resumed source must yield it first */

	/* bytes at the end of what was pushed, which are dropped if nothing follows */
	int64_t pushed_bytes; /* without those */
	int64_t held_ends;    /* Ctrl-Z */
	int64_t held_nuls;    /* after these */
	char beginning[2];    /* of the file */
	bool is_wide;         /* two bytes are a character: UTF-16 */
	struct text_stream *stream;
	struct csv_reader *reader;    /* NULL before the first text */
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

/* Return the number of fields of the header without blank ones at its end. */
static int
named_fields(const struct csv_source *source)
{
	int count = source->header_count;

	while (count > 1 && text_trim(source->header[count - 1]).length == 0)
		count--;
	return count;
}

static bool
deliver_header(struct csv_source *source, const struct record *header)
{
	const struct row_source_events *events = &source->base.events;
	bool wanted = events->header(events->context, header);

	csv_reader_need_fields(source->reader, named_fields(source));

	if (source->base.keeps_fields)
		csv_reader_keep_fields(source->reader);
	return wanted;
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
			   deliver_header(source, record);
	source->current = record;
	wanted = events->record(events->context, record);
	source->current = NULL;
	return wanted;
}

/* ----- text ----- */

static bool
new_reader(struct csv_source *source, struct glue_error *error)
{
	source->reader =
		csv_reader_new(source->dialect.delimiter, quote_sign_byte(source->dialect.quote),
					   take_record, source, error);
	return source->reader != NULL;
}

/* Begin to read records; their text begins at the dialect's header_offset. */
static bool
begin_records(struct csv_source *source, struct text_view first_block)
{
	csv_dialect_detect(&source->dialect, first_block, &source->known);
	if (!new_reader(source, &source->base.error))
		return false;
	csv_reader_begin_at(source->reader, 0, source->dialect.header_line, 0);
	return true;
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

	if (text.length > 0)
		source->has_content = true;
	if (source->reader == NULL)
	{
		if (!begin_records(source, text))
			return false;
		text.data += source->dialect.header_offset;
		text.length -= source->dialect.header_offset;
	}
	if (text.length == 0)
		return true;
	return settle(source, csv_reader_push(source->reader, text, may_be_damaged, &error), &error);
}

/* ----- the format ----- */

/* Yield the header as if it had just been read. */
static bool
yield_header(struct csv_source *source)
{
	struct record header = {
		.line_number = 1,
		.field_count = source->header_count,
		.fields = source->header,
		.raw = text_of(""),
	};

	if (!source->owes_header)
		return true;
	source->owes_header = false;
	return deliver_header(source, &header);
}

/* Does the encoding have characters of two bytes, one of which may be NUL? */
static bool
is_wide_encoding(const char *encoding)
{
	return encoding != NULL &&
		   (strncasecmp(encoding, "UTF-16", 6) == 0 || strncasecmp(encoding, "UCS-2", 5) == 0);
}

static bool
push_bytes(struct csv_source *source, const char *bytes, size_t length)
{
	struct glue_error error = {0};

	if (source->pushed_bytes < 2)
	{
		for (size_t i = 0; i < length && source->pushed_bytes + i < 2; i++)
			source->beginning[source->pushed_bytes + i] = bytes[i];
		source->is_wide |=
			source->pushed_bytes + length >= 2 && (memcmp(source->beginning, "\xFF\xFE", 2) == 0 ||
												   memcmp(source->beginning, "\xFE\xFF", 2) == 0);
	}
	source->pushed_bytes += (int64_t) length;
	return settle(source, text_stream_push(source->stream, bytes, length, &error), &error);
}

static bool
push_repeated(struct csv_source *source, char byte, int64_t count)
{
	char block[1024];

	memset(block, byte, sizeof(block));
	while (count > 0)
	{
		size_t length = count < (int64_t) sizeof(block) ? (size_t) count : sizeof(block);

		if (!push_bytes(source, block, length))
			return false;
		count -= (int64_t) length;
	}
	return true;
}

/* Something follows the bytes that were held, so they are part of the text. */
static bool
push_held(struct csv_source *source)
{
	int64_t ends = source->held_ends;
	int64_t nuls = source->held_nuls;

	source->held_ends = source->held_nuls = 0;
	return push_repeated(source, CTRL_Z, ends) && push_repeated(source, '\0', nuls);
}

/*
 * Push bytes, but hold back Ctrl-Z and the NULs after it: at the end of the file,
 * they are what DOS programs and fixed-size buffers leave there.
 */
static bool
csv_push(struct row_source *base, const char *bytes, size_t length)
{
	struct csv_source *source = csv_source_of(base);
	size_t text = length;
	size_t ends;

	if (source->take_bytes != NULL)
		source->take_bytes(source->bytes_context, bytes, length);
	while (text > 0 && bytes[text - 1] == '\0')
		text--;
	ends = text;
	while (text > 0 && bytes[text - 1] == CTRL_Z)
		text--;
	if (!yield_header(source))
		return false;
	if ((text > 0 || (ends > 0 && source->held_nuls > 0)) && !push_held(source))
		return false;
	if (text > 0 && !push_bytes(source, bytes, text))
		return false;
	source->held_ends += (int64_t) (ends - text);
	source->held_nuls += (int64_t) (length - ends);
	/* A file that begins with this many NULs is not text, and may be endless. */
	if (source->pushed_bytes == 0 && source->held_nuls >= TEXT_STREAM_BLOCK_BYTES)
		return push_held(source);
	return true;
}

/* Push that part of the held bytes that completes a character of two bytes. */
static bool
complete_character(struct csv_source *source)
{
	if (!source->is_wide || source->pushed_bytes % 2 == 0)
		return true;
	return push_bytes(source, source->held_ends > 0 ? "\x1A" : "\0",
					  source->held_ends + source->held_nuls > 0 ? 1 : 0);
}

static bool
csv_finish(struct row_source *base)
{
	struct csv_source *source = csv_source_of(base);
	struct glue_error error = {0};

	return yield_header(source) && complete_character(source) &&
		   settle(source, text_stream_finish(source->stream, &error), &error) &&
		   (source->reader == NULL ||
			settle(source, csv_reader_finish(source->reader, &error), &error));
}

/* Return the offset of the current record in the text of the stream. */
static int64_t
record_offset(const struct csv_source *source)
{
	return (int64_t) source->dialect.header_offset + csv_reader_record_offset(source->reader);
}

static bool
write_token(struct row_source *base, struct resume_token *token, struct glue_error *error)
{
	struct csv_source *source = csv_source_of(base);
	struct decode_point point;
	struct csv_token state = {
		.encoding = text_stream_encoding(source->stream),
		.delimiter = source->dialect.delimiter,
		.quote = source->dialect.quote,
		.header = source->header,
		.header_count = source->header_count,
	};

	if (source->current == NULL || source->header_count == 0 ||
		!csv_reader_may_resume(source->reader) ||
		!text_stream_locate(source->stream, record_offset(source), &point))
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
	found->delimiter = source->dialect.delimiter;
	found->quote = source->dialect.quote;
	found->heading_line = source->dialect.heading_line;
	found->hidden_lines = source->dialect.hidden_lines;
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

static bool
check_options(const struct row_source_options *options, struct glue_error *error)
{
	if (options->delimiter == 0)
		return true;
	if (!csv_delimiter_is_acceptable(options->delimiter))
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "the delimiter must be one ASCII character other than a letter, a "
							  "digit, a double quote or a line end");
	if (options->delimiter == quote_sign_byte(options->quote))
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "delimiter and quote character must differ");
	return true;
}

static struct row_source *
csv_open(const struct row_source_options *options, struct glue_error *error)
{
	struct csv_source *source;

	if (!check_options(options, error))
		return NULL;
	source = glue_allocate_zero(sizeof(*source));
	if (source == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	source->known = options->known;
	source->take_bytes = options->take_bytes;
	source->bytes_context = options->bytes_context;
	source->dialect.delimiter = options->delimiter;
	source->dialect.quote = options->quote;
	source->is_wide = is_wide_encoding(options->encoding);
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

	source->dialect.delimiter = state->delimiter;
	source->dialect.quote = state->quote;
	source->is_wide = is_wide_encoding(state->encoding);
	source->pushed_bytes = token->byte_offset;
	source->has_content = true;
	source->owes_header = true;
	source->stream = text_stream_resume(state->encoding, &point, take_text, source, error);
	if (source->stream == NULL || !keep_header(source, state->header, state->header_count, error))
		return false;
	if (!new_reader(source, error))
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
