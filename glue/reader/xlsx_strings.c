/*-------------------------------------------------------------------------
 *
 * xlsx_strings.c
 *	  The shared strings of a workbook, which cells name by their number.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "reader/xlsx_part.h"
#include "reader/xlsx_strings.h"
#include "reader/xlsx_text.h"

/* State while the part is being read. */
struct reading
{
	struct xlsx_strings *strings;
	bool is_open; /* inside <si> */
	struct xlsx_text text;
	struct glue_error *error;
};

void
xlsx_strings_init(struct xlsx_strings *strings)
{
	spill_init(&strings->texts, XLSX_STRINGS_TEXT_BYTES);
	spill_init(&strings->offsets, XLSX_STRINGS_OFFSET_BYTES);
	strings->count = 0;
}

void
xlsx_strings_clean_up(struct xlsx_strings *strings)
{
	spill_clean_up(&strings->texts);
	spill_clean_up(&strings->offsets);
	strings->count = 0;
}

/* ----- reading ----- */

static bool
begin_element(void *context, const char *name, const char **attributes)
{
	struct reading *reading = context;

	if (reading->is_open)
		xlsx_text_begin(&reading->text, name, attributes);
	else if (strcmp(name, "si") == 0)
	{
		reading->is_open = true;
		xlsx_text_clear(&reading->text);
	}
	return true;
}

static bool
take_text(void *context, const char *text, size_t length)
{
	struct reading *reading = context;

	if (reading->is_open)
		xlsx_text_add(&reading->text, text, length);
	return true;
}

/* Store where the next string begins. */
static bool
append_offset(struct xlsx_strings *strings, struct glue_error *error)
{
	int64_t offset = strings->texts.length;

	return spill_append(&strings->offsets, &offset, sizeof(offset), error);
}

static bool
end_element(void *context, const char *name)
{
	struct reading *reading = context;
	struct xlsx_strings *strings = reading->strings;
	struct text_view text = xlsx_text_view(&reading->text);

	if (!reading->is_open)
		return true;
	if (strcmp(name, "si") != 0)
	{
		xlsx_text_end(&reading->text, name);
		return true;
	}
	reading->is_open = false;
	strings->count++;
	return spill_append(&strings->texts, text.data, text.length, reading->error) &&
		   append_offset(strings, reading->error);
}

bool
xlsx_strings_read(struct xlsx_strings *strings, struct zip_file *zip, const char *part,
				  struct glue_error *error)
{
	struct reading *reading = glue_allocate_zero(sizeof(*reading));
	struct xml_events events = {begin_element, end_element, take_text, reading};
	bool done;

	if (reading == NULL)
		return glue_error_memory(error);
	reading->strings = strings;
	reading->error = error;
	done = append_offset(strings, error) && xlsx_part_read(zip, part, &events, error);
	glue_release(reading);
	return done;
}

/* ----- cells ----- */

bool
xlsx_strings_get(struct xlsx_strings *strings, int64_t number, struct text_view *text,
				 struct glue_error *error)
{
	struct text_view bytes;
	int64_t offsets[2];

	if (number < 0 || number >= strings->count)
		return xlsx_part_damaged(error, "a cell names a text that does not exist");
	if (!spill_read(&strings->offsets, number * (int64_t) sizeof(offsets[0]), sizeof(offsets),
					&bytes, error))
		return false;
	memcpy(offsets, bytes.data, sizeof(offsets));
	return spill_read(&strings->texts, offsets[0], (size_t) (offsets[1] - offsets[0]), text, error);
}
