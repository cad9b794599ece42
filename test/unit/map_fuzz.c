/*-------------------------------------------------------------------------
 *
 * map_fuzz.c
 *	  Fuzz target: the text of a map, and a file that is read with it.
 *
 * The input is the map, an empty line, and the file.  The file is read twice, in
 * pieces of different sizes, and a third time from a token in its middle: all must
 * yield the same rows, within the limits of a record.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>

#include "events.h"
#include "map_document.h"
#include "reader/row_reader.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading
{
	struct row_reader *reader;
	struct event_list list;
	int rows;
	int token_at; /* the row whose token is wanted, from 1; 0: none */
	struct resume_token token;
	char *state;  /* of the token, or NULL */
	size_t start; /* of its row in the list */
};

/* Stop the program, so that the input is kept. */
static void
require(bool condition)
{
	if (!condition)
		abort();
}

static bool
take_row(void *context, const struct record *row)
{
	struct reading *reading = context;
	size_t size = 0;

	if (++reading->rows == reading->token_at &&
		row_reader_token(reading->reader, &reading->token, NULL))
	{
		reading->state = strdup(reading->token.state);
		reading->token.state = reading->state;
		reading->start = reading->list.length;
	}
	for (int i = 0; i < row->cell_count; i++)
	{
		require(row->cells[i].name.length > 0 && row->cells[i].text.data != NULL);
		size += row->cells[i].text.length;
	}
	for (int i = 0; row->defect_type == NULL && i < row->field_count; i++)
		require(row->fields[i].length <= ONBOARD_MAX_FIELD_BYTES);
	require(size <= ONBOARD_MAX_RECORD_BYTES);
	return events_record(&reading->list, row);
}

static bool
push(void *context, const char *bytes, size_t length)
{
	struct reading *reading = context;

	return row_reader_push(reading->reader, bytes, length, NULL);
}

/* Read bytes to their end with the reader, and free it. */
static void
read_rest(struct reading *reading, const struct file_map *map, struct text_view file, size_t chunk)
{
	const struct column_needs needs = {MODE_UPDATE, MATCH_COUNT, map};

	row_reader_need(reading->reader, &needs);
	if (push_in_pieces(file.data, file.length, chunk, push, reading))
		row_reader_finish(reading->reader, NULL);
	row_reader_destroy(reading->reader);
	events_append(&reading->list, "", 0);
}

static void
read_whole(struct reading *reading, const struct file_map *map, struct text_view file, size_t chunk)
{
	struct row_reader_events events = {.row = take_row, .context = reading};

	reading->reader = row_reader_open(NULL, &events, NULL);
	read_rest(reading, map, file, chunk);
}

/* Resume at the token of another reading, and compare the rest. */
static void
resume(const struct reading *whole, const struct file_map *map, struct text_view file)
{
	struct reading rest = {.token_at = 0};
	struct row_reader_events events = {.row = take_row, .context = &rest};
	size_t offset = (size_t) whole->token.byte_offset;

	rest.reader = row_reader_resume(&whole->token, &events, NULL);
	require(rest.reader != NULL && offset <= file.length);
	read_rest(&rest, map, (struct text_view){file.data + offset, file.length - offset},
			  file.length);
	require(strcmp(rest.list.text, whole->list.text + whole->start) == 0);
	events_clean_up(&rest.list);
}

static void
read_file(const struct file_map *map, struct text_view file)
{
	struct reading pieces = {.token_at = 0};
	struct reading whole = {.token_at = 0};

	read_whole(&pieces, map, file, file.length / 3 + 1);
	whole.token_at = pieces.rows / 2 + 1;
	read_whole(&whole, map, file, file.length + 1);
	require(strcmp(whole.list.text, pieces.list.text) == 0);
	if (whole.state != NULL)
		resume(&whole, map, file);
	free(whole.state);
	events_clean_up(&whole.list);
	events_clean_up(&pieces.list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const char *end = memmem(text, size, "\n\n", 2);
	size_t length = end != NULL ? (size_t) (end - text) : size;
	char *definition = strndup(text, length);
	struct file_map *map = map_parse(definition, NULL);

	if (map != NULL && end != NULL)
		read_file(map, (struct text_view){end + 2, size - length - 2});
	file_map_destroy(map);
	free(definition);
	return 0;
}
