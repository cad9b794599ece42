/*-------------------------------------------------------------------------
 *
 * xlsx_styles.c
 *	  The formats of a workbook's cells, as far as they change a number's text.
 *
 *	  <numFmts><numFmt numFmtId="164" formatCode="00000"/></numFmts>
 *	  <cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>
 *
 * A cell names a format by its place in cellXfs, which names it by a number: of a
 * format that every program knows, or of one in numFmts, which stand first.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "reader/xlsx_part.h"
#include "reader/xlsx_styles.h"

/* Formats of the workbook's own beyond this number are ignored. */
#define MOST_CODES 4096

/* A format of the workbook's own. */
struct code
{
	int number;
	struct xlsx_format format;
};

/* State while the part is being read. */
struct reading
{
	struct xlsx_styles *styles;
	struct code *codes;
	int code_count;
	bool in_cell_formats;
	struct glue_error *error;
};

void
xlsx_styles_clean_up(struct xlsx_styles *styles)
{
	glue_release(styles->formats);
	memset(styles, 0, sizeof(*styles));
}

/*
 * Make room for one more item in an array whose size doubles with its count.
 */
static bool
grow(void **items, int count, size_t size, struct glue_error *error)
{
	void *more;

	if ((count & (count - 1)) != 0)
		return true;
	more = glue_reallocate(*items, (count == 0 ? 1 : 2 * (size_t) count) * size);
	if (more == NULL)
		return glue_error_memory(error);
	*items = more;
	return true;
}

static bool
add_code(struct reading *reading, const char **attributes)
{
	const char *number = xml_attribute(attributes, "numFmtId");
	const char *code = xml_attribute(attributes, "formatCode");

	if (number == NULL || code == NULL || reading->code_count == MOST_CODES)
		return true;
	if (!grow((void **) &reading->codes, reading->code_count, sizeof(*reading->codes),
			  reading->error))
		return false;
	reading->codes[reading->code_count++] =
		(struct code){(int) strtol(number, NULL, 10), xlsx_format_of_code(code)};
	return true;
}

static struct xlsx_format
find_format(const struct reading *reading, int number)
{
	for (int i = 0; i < reading->code_count; i++)
	{
		if (reading->codes[i].number == number)
			return reading->codes[i].format;
	}
	return xlsx_format_of_number(number);
}

static bool
add_format(struct reading *reading, const char **attributes)
{
	struct xlsx_styles *styles = reading->styles;
	const char *number = xml_attribute(attributes, "numFmtId");

	if (styles->count == XLSX_STYLES_MOST)
		return true;
	if (!grow((void **) &styles->formats, styles->count, sizeof(*styles->formats), reading->error))
		return false;
	styles->formats[styles->count++] =
		find_format(reading, number != NULL ? (int) strtol(number, NULL, 10) : 0);
	return true;
}

static bool
begin_element(void *context, const char *name, const char **attributes)
{
	struct reading *reading = context;

	if (strcmp(name, "numFmt") == 0)
		return add_code(reading, attributes);
	if (strcmp(name, "cellXfs") == 0)
		reading->in_cell_formats = true;
	return !reading->in_cell_formats || strcmp(name, "xf") != 0 || add_format(reading, attributes);
}

static bool
end_element(void *context, const char *name)
{
	struct reading *reading = context;

	if (strcmp(name, "cellXfs") == 0)
		reading->in_cell_formats = false;
	return true;
}

bool
xlsx_styles_read(struct xlsx_styles *styles, struct zip_file *zip, const char *part,
				 struct glue_error *error)
{
	struct reading reading = {.styles = styles, .error = error};
	struct xml_events events = {begin_element, end_element, xlsx_part_ignore_text, &reading};
	bool done = xlsx_part_read(zip, part, &events, error);

	glue_release(reading.codes);
	return done;
}

struct xlsx_format
xlsx_styles_format(const struct xlsx_styles *styles, int number)
{
	if (number < 0 || number >= styles->count)
		return (struct xlsx_format){XLSX_PLAIN, 0};
	return styles->formats[number];
}
