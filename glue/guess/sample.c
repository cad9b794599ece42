/*-------------------------------------------------------------------------
 *
 * sample.c
 *	  The header and the first rows of an unknown file.
 *
 * Cells are kept in blocks, so that views of them stay valid while more are added.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/byte_buffer.h"
#include "base/heap.h"
#include "guess/sample.h"
#include "reader/encoding_check.h"
#include "reader/formats.h"
#include "reader/header_fault.h"
#include "reader/header_map.h"
#include "reader/vocabulary.h"
#include "shared/heading.h"

/* A text with a lower percentage may be a cell of a row. */
#define LEAST_HEADING_PERCENT 70

/* Longer texts are not compared with the vocabulary. */
#define MOST_HEADING_BYTES 80

#define BLOCK_BYTES ((size_t) 256 << 10)

/* A block of the cells' bytes. */
struct block
{
	struct block *before;
	size_t used;
	size_t size;
	char bytes[];
};

struct sample
{
	struct row_source *source;
	struct encoding_check *encoding;
	struct sample_table table;
	struct text_view *cells; /* those of the table, from the headings on */
	struct block *blocks;
	size_t kept_bytes;

	/* The rows beyond the table: each replaces the oldest; a NUL ends each cell. */
	struct byte_buffer last[SAMPLE_LAST_ROWS];
	int64_t last_total;           /* rows that were kept there */
	struct text_view *last_cells; /* those of the table */

	record_fn take;
	void *take_context;
	struct glue_error error; /* why the sample stopped */
};

/* A heading_test without context. */
static bool
is_likely_heading(const void *context, struct text_view text)
{
	struct vocabulary_match matches[COLUMN_COUNT];

	(void) context;
	if (text.length > MOST_HEADING_BYTES)
		return false;
	if (heading_column(text) != COLUMN_NONE)
		return true;
	vocabulary_match(text, matches);
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (matches[column].percent >= LEAST_HEADING_PERCENT)
			return true;
	}
	return false;
}

/* ----- keeping cells ----- */

/* Copy a text; its data is NULL if out of memory. */
static struct text_view
keep_text(struct sample *sample, struct text_view text)
{
	struct block *block = sample->blocks;
	char *copy;

	if (block == NULL || block->size - block->used < text.length)
	{
		size_t size = text.length > BLOCK_BYTES ? text.length : BLOCK_BYTES;

		block = glue_allocate(sizeof(*block) + size);
		if (block == NULL)
			return (struct text_view){NULL, 0};
		*block = (struct block){.before = sample->blocks, .size = size};
		sample->blocks = block;
	}
	copy = block->bytes + block->used;
	if (text.length > 0)
		memcpy(copy, text.data, text.length);
	block->used += text.length;
	sample->kept_bytes += text.length;
	return (struct text_view){copy, text.length};
}

/* Keep the fields of a record, trimmed, in the cells from first on. */
static bool
keep_fields(struct sample *sample, const struct record *record, size_t first)
{
	for (int i = 0; i < sample->table.column_count; i++)
	{
		struct text_view field = i < record->field_count ? record->fields[i] : text_of("");

		sample->cells[first + i] = keep_text(sample, text_trim(field));
		if (sample->cells[first + i].data == NULL)
			return glue_error_memory(&sample->error);
	}
	return true;
}

/* Keep the fields of a record, which may be one of the last, in place of the oldest. */
static bool
keep_last(struct sample *sample, const struct record *record)
{
	struct byte_buffer *buffer = &sample->last[sample->last_total++ % SAMPLE_LAST_ROWS];

	buffer->used = 0;
	for (int i = 0; i < sample->table.column_count; i++)
	{
		struct text_view field =
			i < record->field_count ? text_trim(record->fields[i]) : text_of("");

		if (!byte_buffer_append(buffer, field.data, field.length, &sample->error) ||
			!byte_buffer_append(buffer, "", 1, &sample->error))
			return false;
	}
	return true;
}

/* Put the last rows into the table. */
static bool
finish_last(struct sample *sample, struct glue_error *error)
{
	struct sample_table *table = &sample->table;
	size_t count =
		sample->last_total < SAMPLE_LAST_ROWS ? (size_t) sample->last_total : SAMPLE_LAST_ROWS;
	struct text_view *cell;

	if (count == 0)
		return true;
	cell = sample->last_cells = glue_allocate(sizeof(*cell) * count * (size_t) table->column_count);
	if (cell == NULL)
		return glue_error_memory(error);
	for (size_t row = count; row > 0; row--)
	{
		const char *next =
			sample->last[(size_t) (sample->last_total - (int64_t) row) % SAMPLE_LAST_ROWS].data;

		for (int i = 0; i < table->column_count; i++)
		{
			*cell = text_of(next);
			next += cell->length + 1;
			cell++;
		}
	}
	table->last_count = (int) count;
	table->last_cells = sample->last_cells;
	return true;
}

/* ----- events of the source ----- */

static bool
take_header(void *context, const struct record *header)
{
	struct sample *sample = context;
	struct sample_table *table = &sample->table;

	if (header->fields == NULL || header_fault_is_other_format(header))
		return header_fault_set_unreadable(header, &sample->error);
	table->column_count = header->field_count;
	table->header_line = header->line_number;
	sample->cells = glue_allocate(sizeof(*sample->cells) * header->field_count * (SAMPLE_ROWS + 1));
	if (sample->cells == NULL)
		return glue_error_memory(&sample->error);
	table->headings = sample->cells;
	table->cells = sample->cells + header->field_count;
	return keep_fields(sample, header, 0);
}

static bool
is_blank_row(const struct record *record)
{
	for (int i = 0; i < record->field_count; i++)
	{
		if (text_trim(record->fields[i]).length > 0)
			return false;
	}
	return true;
}

static bool
take_record(void *context, const struct record *record)
{
	struct sample *sample = context;
	struct sample_table *table = &sample->table;

	if (record->fields == NULL || record->defect_type != NULL || is_blank_row(record))
		return true;
	table->total_rows++;
	if (table->row_count < SAMPLE_ROWS && sample->kept_bytes < SAMPLE_BYTES)
	{
		if (!keep_fields(sample, record, (size_t) (table->row_count + 1) * table->column_count))
			return false;
		table->row_count++;
	}
	else if (!keep_last(sample, record))
		return false;
	return sample->take == NULL || sample->take(sample->take_context, record);
}

/* The source's take_bytes. */
static void
check_bytes(void *context, const char *bytes, size_t length)
{
	struct sample *sample = context;

	encoding_check_push(sample->encoding, bytes, length);
}

/* ----- the sample ----- */

static bool
open_source(struct sample *sample, const struct row_source_options *options, bool knows_headings,
			struct glue_error *error)
{
	struct row_source_events events = {take_header, take_record, sample};
	struct row_source_options own = *options;

	sample->encoding = encoding_check_new(own.encoding, own.encoding_is_trusted, error);
	if (sample->encoding == NULL)
		return false;
	if (encoding_is_auto(own.encoding))
		own.encoding = NULL;
	own.known = (struct heading_test){.test = knows_headings ? is_likely_heading : NULL};
	own.take_bytes = check_bytes;
	own.bytes_context = sample;
	sample->source = formats_open(&own, &events, error);
	return sample->source != NULL;
}

struct sample *
sample_new(const struct row_source_options *options, bool knows_headings, struct glue_error *error)
{
	struct sample *sample = glue_allocate_zero(sizeof(*sample));

	glue_error_clear(error);
	if (sample == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	if (open_source(sample, options, knows_headings, error))
		return sample;
	sample_destroy(sample);
	return NULL;
}

void
sample_destroy(struct sample *sample)
{
	if (sample == NULL)
		return;
	row_source_destroy(sample->source);
	encoding_check_destroy(sample->encoding);
	while (sample->blocks != NULL)
	{
		struct block *block = sample->blocks;

		sample->blocks = block->before;
		glue_release(block);
	}
	for (int i = 0; i < SAMPLE_LAST_ROWS; i++)
		byte_buffer_clean_up(&sample->last[i]);
	glue_release(sample->last_cells);
	glue_release(sample->cells);
	glue_release(sample);
}

void
sample_watch(struct sample *sample, record_fn take, void *context)
{
	sample->take = take;
	sample->take_context = context;
}

/* Keep the reason why the source stopped. */
static bool
settle(struct sample *sample, bool good, const struct glue_error *reason)
{
	if (!good && reason->class != GLUE_NO_ERROR)
		sample->error = *reason;
	return good;
}

static bool
fail(const struct sample *sample, struct glue_error *error)
{
	if (error != NULL)
		*error = sample->error;
	return false;
}

/*
 * Return whether the source stopped because it cannot read the header of a text, which
 * reading in the wrong encoding may have caused.
 */
static bool
may_be_encoding(const struct sample *sample)
{
	struct row_source_found found;

	row_source_found(sample->source, &found);
	return strcmp(sample->error.code, "NO_HEADER") == 0 && found.compression == NULL &&
		   strcmp(found.format, "csv") == 0;
}

bool
sample_push(struct sample *sample, const char *bytes, size_t length, struct glue_error *error)
{
	struct glue_error reason = {0};

	if (sample->error.class != GLUE_NO_ERROR && may_be_encoding(sample))
	{
		encoding_check_push(sample->encoding, bytes, length);
		return true;
	}
	return settle(sample, row_source_push(sample->source, bytes, length, &reason), &reason) ||
		   may_be_encoding(sample) || fail(sample, error);
}

/* Check that there was a header.  A file without rows still has headings. */
static bool
check_content(struct sample *sample, struct glue_error *error)
{
	if (!sample->table.found.has_content)
		return glue_error_file(error, "EMPTY_FILE");
	if (sample->table.headings == NULL)
		return header_map_no_header(error);
	return finish_last(sample, error);
}

bool
sample_finish(struct sample *sample, char encoding_guess[DECODE_NAME_SIZE],
			  struct glue_error *error)
{
	struct glue_error reason = {0};

	encoding_guess[0] = '\0';
	if (sample->error.class == GLUE_NO_ERROR)
		settle(sample, row_source_finish(sample->source, &reason), &reason);
	row_source_found(sample->source, &sample->table.found);
	if (sample->error.class != GLUE_NO_ERROR && !may_be_encoding(sample))
		return fail(sample, error);
	if (!encoding_check_finish(sample->encoding, encoding_guess, error))
		return false;
	return sample->error.class == GLUE_NO_ERROR ? check_content(sample, error)
												: fail(sample, error);
}

const struct sample_table *
sample_table(const struct sample *sample)
{
	return &sample->table;
}
