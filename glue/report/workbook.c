/*-------------------------------------------------------------------------
 *
 * workbook.c
 *	  Write a workbook (.xlsx) in which every cell is text.
 *
 * libxlsxwriter does the work, in its mode of constant memory: a row is written
 * to a temporary file when the next one begins.  It makes formulas and links only
 * in functions that are not called here.
 *
 * XML cannot hold most control characters.  In a workbook they are written as
 * _xHHHH_, which a spreadsheet decodes, so text that looks like that is escaped
 * as well.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/byte_buffer.h"
#include "base/descriptor.h"
#include "base/heap.h"
#include "base/hex.h"
#include "report/workbook.h"

_Static_assert(WORKBOOK_MAX_ROWS == LXW_ROW_MAX && WORKBOOK_MAX_COLUMNS == LXW_COL_MAX,
			   "the library has other limits");

/* Bytes of markup around a cell's text, at most. */
#define CELL_MARKUP 80

/* Bytes by which &amp; is longer than &. */
#define ENTITY_GROWTH 4

/* The index of the number format "@". */
#define NUMBER_FORMAT_TEXT 49

/* Size of _xHHHH_. */
#define ESCAPE_LENGTH 7

/* Size of a note, in pixels. */
#define NOTE_WIDTH 300
#define NOTE_LINE_HEIGHT 18
#define NOTE_LINE_CHARACTERS 40

struct workbook
{
	lxw_workbook *book;   /* owned */
	lxw_worksheet *sheet; /* the current one */
	lxw_format *styles[WORKBOOK_STYLE_COUNT];
	int descriptor; /* owned; the file to be, without a name */
	int64_t bytes;  /* of all cells, as XML */
	int notes;
	struct byte_buffer text; /* owned; of the current cell */
};

/* ----- errors ----- */

static bool
check(lxw_error result, struct glue_error *error)
{
	if (result == LXW_NO_ERROR)
		return true;
	if (result == LXW_ERROR_MEMORY_MALLOC_FAILED)
		return glue_error_memory(error);
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR",
						  "cannot write a workbook: %s", lxw_strerror(result));
}

static bool
too_large(struct glue_error *error)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, WORKBOOK_TOO_LARGE,
						  "the rows do not fit into a workbook of %d rows and %d MB",
						  WORKBOOK_MAX_ROWS, (int) (WORKBOOK_MAX_BYTES / (1024 * 1024)));
}

/* ----- text ----- */

/* Does the text have _xHHHH_ at this offset? */
static bool
is_escape(struct text_view text, size_t offset)
{
	const char *next = text.data + offset;

	if (text.length - offset < ESCAPE_LENGTH || next[0] != '_' || next[1] != 'x' ||
		next[ESCAPE_LENGTH - 1] != '_')
		return false;
	for (int i = 2; i < ESCAPE_LENGTH - 1; i++)
	{
		if (hex_value(next[i]) < 0)
			return false;
	}
	return true;
}

/* Is it a character that XML cannot hold, or would change? */
static bool
needs_escape(uint32_t character)
{
	return (character < ' ' && character != '\t' && character != '\n') || character == 0xFFFE ||
		   character == 0xFFFF;
}

/*
 * Return the size of the character at offset, and whether it is to be written as
 * an escape.
 */
static size_t
look_at(struct text_view text, size_t offset, uint32_t *character, bool *escaped)
{
	size_t size = text_decode(text, offset, character);

	*escaped = needs_escape(*character) || is_escape(text, offset);
	return size;
}

bool
workbook_cell_fits(struct text_view text)
{
	size_t units = 0;
	size_t offset = 0;

	while (offset < text.length && units <= WORKBOOK_MAX_CELL)
	{
		uint32_t character;
		bool escaped;

		offset += look_at(text, offset, &character, &escaped);
		/* The library counts escapes as they are written. */
		units += escaped ? ESCAPE_LENGTH : character > 0xFFFF ? 2 : 1;
	}
	return units <= WORKBOOK_MAX_CELL;
}

/* Does XML write the character as an entity? */
static bool
is_entity(uint32_t character)
{
	return character == '&' || character == '<' || character == '>';
}

/* Write the text for the library into the buffer, terminated by NUL. */
static bool
encode(struct workbook *workbook, struct text_view text, struct glue_error *error)
{
	struct byte_buffer *buffer = &workbook->text;
	size_t offset = 0;

	buffer->used = 0;
	if (!byte_buffer_reserve(buffer, text.length * ESCAPE_LENGTH + 1, error))
		return false;
	while (offset < text.length)
	{
		uint32_t character;
		bool escaped;
		size_t size = look_at(text, offset, &character, &escaped);

		if (escaped)
			buffer->used +=
				snprintf(buffer->data + buffer->used, ESCAPE_LENGTH + 1, "_x%04X_", character);
		else
			byte_buffer_put(buffer, text.data + offset, size);
		if (is_entity(character))
			workbook->bytes += ENTITY_GROWTH;
		offset += size;
	}
	return byte_buffer_terminate(buffer, error);
}

/* ----- opening and closing ----- */

/* Create the file; the library opens it by its descriptor.  */
static bool
open_file(struct workbook *workbook, struct glue_error *error)
{
	char path[PATH_MAX];

	workbook->descriptor = descriptor_temporary("onboard", path, sizeof(path));
	if (workbook->descriptor < 0)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR",
							  "cannot create temporary file %s: %s", path, strerror(errno));
	unlink(path);
	return true;
}

static bool
open_book(struct workbook *workbook, struct glue_error *error)
{
	lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = getenv("TMPDIR")};
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", workbook->descriptor);
	workbook->book = workbook_new_opt(path, &options);
	return workbook->book != NULL || glue_error_memory(error);
}

static bool
make_styles(struct workbook *workbook, struct glue_error *error)
{
	static const struct
	{
		bool is_bold;
		lxw_color_t background; /* 0 for none */
	} looks[] = {
		[WORKBOOK_PLAIN] = {false, 0},
		[WORKBOOK_HEADING] = {true, 0xE0E0E0},
		[WORKBOOK_REMARK_HEADING] = {true, 0xFFE0B0},
		[WORKBOOK_REMARK] = {false, 0xFFF6E6},
		[WORKBOOK_BAD] = {false, 0xFFC0C0},
	};

	for (int i = 0; i < WORKBOOK_STYLE_COUNT; i++)
	{
		lxw_format *style = workbook_add_format(workbook->book);

		if (style == NULL)
			return glue_error_memory(error);
		format_set_num_format_index(style, NUMBER_FORMAT_TEXT);
		if (looks[i].is_bold)
			format_set_bold(style);
		if (looks[i].background != 0)
			format_set_bg_color(style, looks[i].background);
		workbook->styles[i] = style;
	}
	return true;
}

struct workbook *
workbook_open(int64_t created, struct glue_error *error)
{
	struct workbook *workbook = glue_allocate_zero(sizeof(*workbook));
	lxw_doc_properties properties = {.created = created};

	if (workbook == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	workbook->descriptor = -1;
	if (open_file(workbook, error) && open_book(workbook, error) && make_styles(workbook, error) &&
		check(workbook_set_properties(workbook->book, &properties), error))
		return workbook;
	workbook_discard(workbook);
	return NULL;
}

void
workbook_discard(struct workbook *workbook)
{
	if (workbook == NULL)
		return;
	lxw_workbook_free(workbook->book);
	if (workbook->descriptor >= 0)
		close(workbook->descriptor);
	byte_buffer_clean_up(&workbook->text);
	glue_release(workbook);
}

/*
 * Return whether the temporary file of the current sheet is complete; the library
 * does not check that.
 */
static bool
rows_are_written(const struct workbook *workbook, struct glue_error *error)
{
	FILE *rows = workbook->sheet->optimize_tmpfile;

	if (rows == NULL || (fflush(rows) == 0 && !ferror(rows)))
		return true;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR",
						  "cannot write a temporary file for a workbook: %s", strerror(errno));
}

int
workbook_finish(struct workbook *workbook, struct glue_error *error)
{
	bool done = rows_are_written(workbook, error);
	int descriptor = -1;

	if (!done)
	{
		workbook_discard(workbook);
		return -1;
	}
	/* This also frees the book. */
	done = check(workbook_close(workbook->book), error);
	workbook->book = NULL;
	if (done)
	{
		descriptor = workbook->descriptor;
		workbook->descriptor = -1;
	}
	workbook_discard(workbook);
	return descriptor;
}

/* ----- sheets ----- */

bool
workbook_sheet(struct workbook *workbook, const char *name, struct glue_error *error)
{
	workbook->sheet = workbook_add_worksheet(workbook->book, name);
	if (workbook->sheet == NULL)
		return glue_error_memory(error);
	/* All cells are text; do not mark those that look like numbers. */
	return check(
		worksheet_ignore_errors(workbook->sheet, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:XFD1048576"),
		error);
}

bool
workbook_column(struct workbook *workbook, int column, double width, bool hidden,
				struct glue_error *error)
{
	lxw_row_col_options options = {.hidden = hidden};

	return check(worksheet_set_column_opt(workbook->sheet, column, column, width,
										  workbook->styles[WORKBOOK_PLAIN], &options),
				 error);
}

void
workbook_freeze(struct workbook *workbook, int64_t rows, int columns)
{
	worksheet_freeze_panes(workbook->sheet, rows, columns);
}

bool
workbook_filter(struct workbook *workbook, int64_t last_row, int columns, struct glue_error *error)
{
	return check(worksheet_autofilter(workbook->sheet, 0, 0, last_row, columns - 1), error);
}

bool
workbook_choices(struct workbook *workbook, int column, const char *choices, bool is_closed,
				 struct glue_error *error)
{
	/* The library reads the formula only. */
	lxw_data_validation validation = {
		.validate = LXW_VALIDATION_TYPE_LIST_FORMULA,
		.value_formula = (char *) choices,
		.show_error = is_closed ? LXW_VALIDATION_ON : LXW_VALIDATION_OFF,
	};

	return check(worksheet_data_validation_range(workbook->sheet, 1, column, LXW_ROW_MAX - 1,
												 column, &validation),
				 error);
}

/* ----- cells ----- */

bool
workbook_cell(struct workbook *workbook, int64_t row, int column, struct text_view text,
			  enum workbook_style style, struct glue_error *error)
{
	lxw_format *format = workbook->styles[style];

	if (row >= WORKBOOK_MAX_ROWS || column >= WORKBOOK_MAX_COLUMNS)
		return too_large(error);
	if (!encode(workbook, text, error))
		return false;
	workbook->bytes += CELL_MARKUP + workbook->text.used;
	if (workbook->bytes > WORKBOOK_MAX_BYTES)
		return too_large(error);
	if (text.length == 0)
		return check(worksheet_write_blank(workbook->sheet, row, column, format), error);
	return check(worksheet_write_string(workbook->sheet, row, column, workbook->text.data, format),
				 error);
}

bool
workbook_note(struct workbook *workbook, int64_t row, int column, struct text_view text,
			  struct glue_error *error)
{
	size_t lines = 2 + text_character_count(text) / NOTE_LINE_CHARACTERS;
	lxw_comment_options options = {.width = NOTE_WIDTH,
								   .height = NOTE_LINE_HEIGHT * (lines < 20 ? lines : 20)};

	if (workbook->notes >= WORKBOOK_MAX_NOTES || !workbook_cell_fits(text))
		return true;
	workbook->notes++;
	return encode(workbook, text, error) &&
		   check(worksheet_write_comment_opt(workbook->sheet, row, column, workbook->text.data,
											 &options),
				 error);
}
