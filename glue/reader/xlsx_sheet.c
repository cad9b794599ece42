/*-------------------------------------------------------------------------
 *
 * xlsx_sheet.c
 *	  Reads the rows of one sheet of a workbook.
 *
 *	  <sheetData>
 *		<row r="2">
 *		  <c r="A2" t="s"><v>17</v></c>						shared string 17
 *		  <c r="C2" s="3"><f>D2*2</f><v>19.9</v></c>		number, of a formula
 *		  <c t="inlineStr"><is><t>text</t></is></c>			text in column D
 *		</row>
 *	  </sheetData>
 *
 * A row without its number follows the one before it, and so does a cell without
 * its place.  Rows and cells that are not in order are refused: their numbers
 * would not be what a spreadsheet shows.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "reader/record.h"
#include "reader/xlsx_sheet.h"
#include "reader/xlsx_text.h"
#include "shared/columns.h"

/* Limits of every spreadsheet program. */
#define MOST_ROWS 1048576
#define MOST_COLUMNS 16384

/* For set_defect(): the message concerns the row as a whole. */
#define WHOLE_ROW 0

enum cell_type
{
	CELL_NUMBER,
	CELL_SHARED,  /* v is the number of a shared string */
	CELL_TEXT,    /* v is the text */
	CELL_INLINE,  /* is has the text */
	CELL_BOOLEAN, /* v is 0 or 1 */
	CELL_ERROR    /* v is the error */
};

/* Which element of a cell the text is in. */
enum cell_part
{
	PART_NONE,
	PART_VALUE,
	PART_INLINE
};

struct sheet_reading
{
	struct xlsx_workbook *workbook;
	xlsx_row_fn take_row;
	void *context;
	struct glue_error *error;

	/* where the reading is */
	bool in_data;
	bool in_row;
	bool in_cell;
	enum cell_part part;

	/* the cell */
	int column; /* from 0; -1 before the first cell of a row */
	enum cell_type type;
	int style;
	bool has_formula;
	bool has_value;
	struct xlsx_text text; /* of v or is */

	/* the row */
	int64_t row_number;
	int cell_count;
	struct text_view *cells; /* array of ONBOARD_MAX_COLUMNS */
	char *values;            /* ONBOARD_MAX_RECORD_BYTES; cells point into it */
	size_t values_length;
	const char *defect_type;
	int defect_field;
	char message[RECORD_MESSAGE_SIZE];
};

/* ----- defects ----- */

static void set_defect(struct sheet_reading *reading, const char *type, int field,
					   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Record why the row cannot be read.  Only the first defect counts. */
static void
set_defect(struct sheet_reading *reading, const char *type, int field, const char *format, ...)
{
	va_list arguments;

	if (reading->defect_type != NULL)
		return;
	reading->defect_type = type;
	reading->defect_field = field;
	va_start(arguments, format);
	vsnprintf(reading->message, sizeof(reading->message), format, arguments);
	va_end(arguments);
}

/* Record a defect of the current cell. */
#define set_cell_defect(reading, ...) \
	set_defect(reading, "MALFORMED_ROW", (reading)->column + 1, __VA_ARGS__)

/* ----- the cells of a row ----- */

/* Store the text of the current cell. */
static void
add_value(struct sheet_reading *reading, struct text_view text)
{
	struct text_view *cell;

	if (text.length == 0)
		return;
	if (reading->column >= ONBOARD_MAX_COLUMNS)
	{
		set_defect(reading, "MALFORMED_ROW", WHOLE_ROW,
				   "the row has values after column %d" ONBOARD_TOO_WIDE, ONBOARD_MAX_COLUMNS);
		return;
	}
	reading->cell_count = reading->column + 1;
	if (text.length > ONBOARD_MAX_FIELD_BYTES)
	{
		set_cell_defect(reading, "is longer than %d bytes", ONBOARD_MAX_FIELD_BYTES);
		return;
	}
	if (text.length > ONBOARD_MAX_RECORD_BYTES - reading->values_length)
	{
		set_defect(reading, "MALFORMED_ROW", WHOLE_ROW, "the row is longer than %d bytes",
				   ONBOARD_MAX_RECORD_BYTES);
		return;
	}
	cell = &reading->cells[reading->column];
	*cell = (struct text_view){reading->values + reading->values_length, text.length};
	memcpy(reading->values + reading->values_length, text.data, text.length);
	reading->values_length += text.length;
}

static void
add_text(struct sheet_reading *reading, struct text_view text)
{
	if (text_has_replacement(text))
		set_defect(reading, "INVALID_ENCODING", reading->column + 1,
				   "holds a character that could not be read (shown as U+FFFD)");
	add_value(reading, text);
}

static void
add_number(struct sheet_reading *reading, struct text_view stored)
{
	struct xlsx_format format = xlsx_styles_format(&reading->workbook->styles, reading->style);
	char text[XLSX_NUMBER_SIZE];
	size_t length = xlsx_number_write(stored, format, reading->workbook->is_1904, text);

	if (length == 0)
		set_cell_defect(reading, "holds a number that cannot be read");
	add_value(reading, (struct text_view){text, length});
}

/* Return the number of a shared string; -1 if it is none. */
static int64_t
read_index(struct text_view stored)
{
	int64_t number = 0;

	if (stored.length > 9)
		return -1;
	for (size_t i = 0; i < stored.length; i++)
	{
		if (stored.data[i] < '0' || stored.data[i] > '9')
			return -1;
		number = 10 * number + (stored.data[i] - '0');
	}
	return number;
}

static bool
add_shared(struct sheet_reading *reading, struct text_view stored)
{
	struct text_view text;

	if (!xlsx_strings_get(&reading->workbook->strings, read_index(stored), &text, reading->error))
		return false;
	add_text(reading, text);
	return true;
}

/* Return whether a formula has no result, which a program that never computes leaves. */
static bool
lacks_result(const struct sheet_reading *reading)
{
	return reading->has_formula && reading->type != CELL_TEXT && reading->text.length == 0;
}

/* Store the cell that has ended. */
static bool
add_cell(struct sheet_reading *reading)
{
	struct text_view stored = xlsx_text_view(&reading->text);

	if (lacks_result(reading))
		set_cell_defect(
			reading,
			"is a formula without a result; open the file in a spreadsheet program and save it");
	else if (!reading->has_value || stored.length == 0)
		return true;
	else if (reading->type == CELL_SHARED)
		return add_shared(reading, stored);
	else if (reading->type == CELL_NUMBER)
		add_number(reading, stored);
	else if (reading->type == CELL_BOOLEAN)
		add_value(reading, text_of(stored.data[0] == '0' ? "FALSE" : "TRUE"));
	else
	{
		if (reading->type == CELL_ERROR)
			set_cell_defect(reading, "holds the error %.*s; correct the formula or enter a value",
							(int) text_cut(stored, 20), stored.data);
		else
			xlsx_text_unescape(&reading->text, 0);
		add_text(reading, xlsx_text_view(&reading->text));
	}
	return true;
}

/* ----- rows ----- */

static bool
begin_row(struct sheet_reading *reading, const char **attributes)
{
	const char *written = xml_attribute(attributes, "r");
	int64_t number = written != NULL ? strtoll(written, NULL, 10) : reading->row_number + 1;

	if (number <= reading->row_number || number > MOST_ROWS)
		return xlsx_part_damaged(reading->error, "the rows of a sheet are not in order");
	reading->row_number = number;
	reading->in_row = true;
	reading->column = -1;
	reading->cell_count = 0;
	reading->values_length = 0;
	reading->defect_type = NULL;
	reading->defect_field = WHOLE_ROW;
	return true;
}

/* Deliver the row, unless it is empty, and empty its cells again. */
static bool
end_row(struct sheet_reading *reading)
{
	struct xlsx_row row = {
		.number = reading->row_number,
		.cell_count = reading->cell_count,
		.cells = reading->cells,
		.defect_type = reading->defect_type,
		.defect_field = reading->defect_field,
		.defect_message = reading->defect_type != NULL ? reading->message : NULL,
	};
	bool wanted = (row.cell_count == 0 && row.defect_type == NULL) ||
				  reading->take_row(reading->context, &row);

	for (int i = 0; i < row.cell_count; i++)
		reading->cells[i] = (struct text_view){"", 0};
	reading->in_row = false;
	return wanted;
}

/* ----- elements ----- */

/* Return the column that a place such as "AB12" is in, from 0; -1 if none. */
static int
column_of(const char *place)
{
	int column = 0;

	for (; *place >= 'A' && *place <= 'Z' && column <= MOST_COLUMNS; place++)
		column = 26 * column + (*place - 'A' + 1);
	return column - 1;
}

static enum cell_type
type_of(const char *name)
{
	static const struct
	{
		const char *name;
		enum cell_type type;
	} types[] = {
		{"s", CELL_SHARED},  {"n", CELL_NUMBER}, {"inlineStr", CELL_INLINE}, {"str", CELL_TEXT},
		{"b", CELL_BOOLEAN}, {"e", CELL_ERROR},  {"d", CELL_TEXT},
	};

	for (size_t i = 0; name != NULL && i < sizeof(types) / sizeof(types[0]); i++)
	{
		if (strcmp(name, types[i].name) == 0)
			return types[i].type;
	}
	return CELL_NUMBER;
}

static bool
begin_cell(struct sheet_reading *reading, const char **attributes)
{
	const char *place = NULL;
	const char *type = NULL;
	const char *style = NULL;
	int column = reading->column + 1;

	/* One pass, because this is done for every cell. */
	for (; attributes[0] != NULL; attributes += 2)
	{
		if (attributes[0][1] != '\0')
			continue;
		if (attributes[0][0] == 'r')
			place = attributes[1];
		else if (attributes[0][0] == 't')
			type = attributes[1];
		else if (attributes[0][0] == 's')
			style = attributes[1];
	}
	if (place != NULL)
		column = column_of(place);
	if (column <= reading->column || column >= MOST_COLUMNS)
		return xlsx_part_damaged(reading->error, "the cells of a row are not in order");
	reading->column = column;
	reading->type = type_of(type);
	reading->style = style != NULL ? (int) strtol(style, NULL, 10) : 0;
	reading->has_formula = false;
	reading->has_value = false;
	reading->in_cell = true;
	xlsx_text_clear(&reading->text);
	return true;
}

static void
begin_in_cell(struct sheet_reading *reading, const char *name, const char **attributes)
{
	if (reading->part == PART_INLINE)
		xlsx_text_begin(&reading->text, name, attributes);
	else if (strcmp(name, "v") == 0 && reading->type != CELL_INLINE)
		reading->part = PART_VALUE;
	else if (strcmp(name, "is") == 0 && reading->type == CELL_INLINE)
		reading->part = PART_INLINE;
	else if (strcmp(name, "f") == 0)
		reading->has_formula = true;
	reading->has_value = reading->has_value || reading->part != PART_NONE;
}

static bool
begin_element(void *context, const char *name, const char **attributes)
{
	struct sheet_reading *reading = context;

	if (reading->in_cell)
		begin_in_cell(reading, name, attributes);
	else if (reading->in_row)
		return strcmp(name, "c") != 0 || begin_cell(reading, attributes);
	else if (reading->in_data)
		return strcmp(name, "row") != 0 || begin_row(reading, attributes);
	else if (strcmp(name, "sheetData") == 0)
		reading->in_data = true;
	return true;
}

static bool
end_in_cell(struct sheet_reading *reading, const char *name)
{
	if (strcmp(name, "c") == 0)
	{
		reading->in_cell = false;
		reading->part = PART_NONE;
		return add_cell(reading);
	}
	if (strcmp(name, "v") == 0 || strcmp(name, "is") == 0)
		reading->part = PART_NONE;
	else if (reading->part == PART_INLINE)
		xlsx_text_end(&reading->text, name);
	return true;
}

static bool
end_element(void *context, const char *name)
{
	struct sheet_reading *reading = context;

	if (reading->in_cell)
		return end_in_cell(reading, name);
	if (reading->in_row)
		return strcmp(name, "row") != 0 || end_row(reading);
	if (strcmp(name, "sheetData") == 0)
		reading->in_data = false;
	return true;
}

static bool
take_text(void *context, const char *text, size_t length)
{
	struct sheet_reading *reading = context;

	if (reading->part == PART_VALUE)
		xlsx_text_append(&reading->text, text, length);
	else if (reading->part == PART_INLINE)
		xlsx_text_add(&reading->text, text, length);
	return true;
}

/* ----- the sheet ----- */

static struct sheet_reading *
new_reading(struct glue_error *error)
{
	struct sheet_reading *reading = glue_allocate_zero(sizeof(*reading));

	if (reading == NULL)
		goto error;
	reading->cells = glue_allocate(sizeof(*reading->cells) * ONBOARD_MAX_COLUMNS);
	reading->values = glue_allocate(ONBOARD_MAX_RECORD_BYTES);
	if (reading->cells == NULL || reading->values == NULL)
		goto error;
	for (int i = 0; i < ONBOARD_MAX_COLUMNS; i++)
		reading->cells[i] = (struct text_view){"", 0};
	return reading;

error:
	if (reading != NULL)
	{
		glue_release(reading->cells);
		glue_release(reading->values);
	}
	glue_release(reading);
	glue_error_memory(error);
	return NULL;
}

bool
xlsx_sheet_read(struct xlsx_workbook *workbook, const struct xlsx_sheet *sheet,
				xlsx_row_fn take_row, void *context, struct glue_error *error)
{
	struct sheet_reading *reading = new_reading(error);
	struct xml_events events = {begin_element, end_element, take_text, reading};
	bool done;

	if (reading == NULL)
		return false;
	reading->workbook = workbook;
	reading->take_row = take_row;
	reading->context = context;
	reading->error = error;
	done = xlsx_part_read(workbook->zip, sheet->part, &events, error);
	glue_release(reading->cells);
	glue_release(reading->values);
	glue_release(reading);
	return done;
}
