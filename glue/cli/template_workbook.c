/*-------------------------------------------------------------------------
 *
 * template_workbook.c
 *	  Write a workbook for vendors to fill in, with lists of categories and units.
 *
 * The lists are cells of a second sheet, because a list in the validation itself
 * holds 255 characters at most.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/template_workbook.h"
#include "cli/vendor_texts.h"
#include "report/workbook.h"
#include "shared/text.h"

/* 2026-01-01: the same template is the same file. */
#define CREATED_AT INT64_C(1767225600)

/* Widths of columns, in characters. */
#define NARROWEST 12
#define WIDEST 40

/* Units to choose from; any other may be typed. */
static const char *const units[] = {
	"piece", "set", "pair", "pack", "box", "kg", "g", "l", "ml", "m",
};

#define UNIT_COUNT ((int) (sizeof(units) / sizeof(units[0])))

/* Columns of the sheet with the lists. */
enum
{
	LIST_CATEGORIES,
	LIST_UNITS
};

/* ----- the sheet to fill in ----- */

/*
 * Build the note on a heading: what the column holds, whether it is required, its
 * limits.
 */
static bool
build_note(const struct vendor_texts *texts, enum onboard_column column, struct byte_buffer *note,
		   struct glue_error *error)
{
	const struct onboard_column_info *info = &onboard_columns[column];

	note->used = 0;
	return byte_buffer_append_string(note, vendor_texts_find(texts, "column.", info->name),
									 error) &&
		   byte_buffer_append_string(note, "\n", error) &&
		   byte_buffer_append_string(
			   note, vendor_texts_find(texts, "note.", info->required ? "required" : "optional"),
			   error) &&
		   byte_buffer_append_string(note, "\n", error) &&
		   vendor_texts_limit(texts, note, column, error);
}

static bool
write_heading(struct workbook *workbook, const struct vendor_texts *texts,
			  enum onboard_column column, struct byte_buffer *note, struct glue_error *error)
{
	const struct onboard_column_info *info = &onboard_columns[column];
	size_t width = strlen(info->name) + 4;

	if (width < NARROWEST)
		width = NARROWEST;
	if (info->max_characters > WIDEST && strlen(info->example) > width)
		width = strlen(info->example) < WIDEST ? strlen(info->example) : WIDEST;
	if (!build_note(texts, column, note, error))
		return false;
	return workbook_column(workbook, column, (double) width, false, error) &&
		   workbook_cell(workbook, 0, column, text_of(info->name), WORKBOOK_HEADING, error) &&
		   workbook_note(workbook, 0, column, (struct text_view){note->data, note->used}, error);
}

static bool
write_headings(struct workbook *workbook, const struct vendor_texts *texts,
			   struct glue_error *error)
{
	struct byte_buffer note = {0};
	bool done = true;

	for (int column = 0; column < COLUMN_COUNT && done; column++)
		done = write_heading(workbook, texts, (enum onboard_column) column, &note, error);
	byte_buffer_clean_up(&note);
	return done;
}

static bool
write_example(struct workbook *workbook, struct glue_error *error)
{
	bool done = true;

	for (int column = 0; column < COLUMN_COUNT && done; column++)
		done = workbook_cell(workbook, 1, column, text_of(onboard_columns[column].example),
							 WORKBOOK_PLAIN, error);
	return done;
}

/*
 * Offer the cells of a list in a column.
 */
static bool
offer_list(struct workbook *workbook, const char *sheet, enum onboard_column column, int list,
		   int count, bool is_closed, struct glue_error *error)
{
	char cells[128];

	if (count == 0)
		return true;
	snprintf(cells, sizeof(cells), "='%s'!$%c$2:$%c$%d", sheet, 'A' + list, 'A' + list, count + 1);
	return workbook_choices(workbook, column, cells, is_closed, error);
}

/* ----- the sheet with the lists ----- */

static bool
write_lists(struct workbook *workbook, const struct vendor_texts *texts, struct glue_error *error)
{
	int categories = PQntuples(texts->categories);
	bool done =
		workbook_column(workbook, LIST_CATEGORIES, WIDEST, false, error) &&
		workbook_column(workbook, LIST_UNITS, NARROWEST, false, error) &&
		workbook_cell(workbook, 0, LIST_CATEGORIES, text_of(onboard_columns[COLUMN_CATEGORY].name),
					  WORKBOOK_HEADING, error) &&
		workbook_cell(workbook, 0, LIST_UNITS, text_of(onboard_columns[COLUMN_UNIT].name),
					  WORKBOOK_HEADING, error);

	for (int i = 0; done && (i < categories || i < UNIT_COUNT); i++)
	{
		if (i < categories)
			done =
				workbook_cell(workbook, i + 1, LIST_CATEGORIES,
							  text_of(PQgetvalue(texts->categories, i, 0)), WORKBOOK_PLAIN, error);
		if (done && i < UNIT_COUNT)
			done = workbook_cell(workbook, i + 1, LIST_UNITS, text_of(units[i]), WORKBOOK_PLAIN,
								 error);
	}
	return done;
}

/* ----- the workbook ----- */

static bool
fill_workbook(struct workbook *workbook, const struct vendor_texts *texts, struct glue_error *error)
{
	const char *products = vendor_texts_find(texts, "sheet.", "products");
	const char *lists = vendor_texts_find(texts, "sheet.", "lists");
	int categories = PQntuples(texts->categories);

	if (!workbook_sheet(workbook, products, error))
		return false;
	workbook_freeze(workbook, 1, 0);
	return write_headings(workbook, texts, error) && write_example(workbook, error) &&
		   offer_list(workbook, lists, COLUMN_CATEGORY, LIST_CATEGORIES, categories, true, error) &&
		   offer_list(workbook, lists, COLUMN_UNIT, LIST_UNITS, UNIT_COUNT, false, error) &&
		   workbook_sheet(workbook, lists, error) && write_lists(workbook, texts, error);
}

/*
 * Copy what a descriptor has to a file; closes the descriptor.
 */
static bool
copy_out(int descriptor, FILE *file, struct glue_error *error)
{
	char bytes[16384];
	ssize_t length;

	while ((length = read(descriptor, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t) length, file);
	if (length < 0)
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "READ_ERROR",
					   "cannot read the workbook: %s", strerror(errno));
	close(descriptor);
	return length == 0;
}

bool
template_workbook_write(struct database *database, const char *language, FILE *file,
						struct glue_error *error)
{
	struct vendor_texts texts = {0};
	struct workbook *workbook = NULL;
	int descriptor = -1;

	if (vendor_texts_read(database, language, &texts, error))
		workbook = workbook_open(CREATED_AT, error);
	if (workbook != NULL && fill_workbook(workbook, &texts, error))
		descriptor = workbook_finish(workbook, error);
	else
		workbook_discard(workbook);
	vendor_texts_clean_up(&texts);
	return descriptor >= 0 && copy_out(descriptor, file, error);
}
