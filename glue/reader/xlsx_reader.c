/*-------------------------------------------------------------------------
 *
 * xlsx_reader.c
 *	  Reads the records of a workbook: which sheet, which header, which rows.
 *
 * A sheet is first read down to its header, then again from the beginning, so that
 * no row has to be kept.  Empty rows are no rows, as in a text.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "reader/header_line.h"
#include "reader/kept_rows.h"
#include "reader/record_text.h"
#include "reader/xlsx_reader.h"
#include "reader/xlsx_sheet.h"
#include "shared/columns.h"

/* The header is among the first rows that are not empty. */
#define MOST_TITLES 32

/* ----- finding the header ----- */

struct header_search
{
	struct heading_test known;
	int rows;           /* not empty, so far */
	int most_cells;     /* with a value, in any of them */
	int64_t first_row;  /* 0: none */
	int64_t header_row; /* 0: not found */
};

/* An xlsx_row_fn. */
static bool
look_for_header(void *context, const struct xlsx_row *row)
{
	struct header_search *search = context;
	struct header_line line = {.cells = 0};
	bool is_header;

	for (int i = 0; i < row->cell_count; i++)
		header_line_add(&line, &search->known, row->cells[i]);
	if (search->rows++ == 0)
		search->first_row = row->number;
	if (heading_mark(&search->known).data != NULL)
		is_header = line.is_marked;
	else
		is_header = line.known >= HEADER_FEWEST_HEADINGS &&
					search->most_cells <= header_line_title_cells(&line, HEADER_IN_SHEET);
	if (is_header)
		search->header_row = row->number;
	if (line.filled > search->most_cells)
		search->most_cells = line.filled;
	return search->header_row == 0 && search->known.test != NULL && search->rows < MOST_TITLES;
}

/* ----- choosing the sheet ----- */

struct choice
{
	struct xlsx_workbook *workbook;
	const struct row_source_options *options;
	const struct xlsx_sheet *sheet; /* NULL: all sheets are empty */
	int64_t header_row;
	int candidates; /* sheets that are not empty */
};

/* Look for the header of a sheet.  The first sheet that is not empty is the fallback. */
static bool
look_at_sheet(struct choice *choice, const struct xlsx_sheet *sheet, bool *has_header,
			  struct glue_error *error)
{
	struct header_search search = {.known = choice->options->known};

	*has_header = false;
	if (!xlsx_sheet_read(choice->workbook, sheet, look_for_header, &search, error) &&
		error->class != GLUE_NO_ERROR)
		return false;
	*has_header = search.header_row > 0;
	if (search.first_row == 0)
		return true;
	if (choice->candidates++ == 0 || *has_header)
	{
		choice->sheet = sheet;
		choice->header_row = *has_header ? search.header_row : search.first_row;
	}
	return true;
}

/* List the names of the sheets that can be chosen, as far as they fit. */
static void
list_names(const struct xlsx_workbook *workbook, bool with_hidden, char *names, size_t size)
{
	size_t used = 0;

	names[0] = '\0';
	for (int i = 0; i < workbook->sheet_count; i++)
	{
		const struct xlsx_sheet *sheet = &workbook->sheets[i];
		size_t needed = strlen(sheet->name) + 4;

		if (sheet->part[0] == '\0' || (sheet->is_hidden && !with_hidden))
			continue;
		if (used + needed + 5 > size)
		{
			snprintf(names + used, size - used, ", ...");
			return;
		}
		used += (size_t) snprintf(names + used, size - used, "%s\"%s\"", used > 0 ? ", " : "",
								  sheet->name);
	}
}

/* Choose the sheet that the options name. */
static bool
choose_named(struct choice *choice, struct glue_error *error)
{
	const struct xlsx_workbook *workbook = choice->workbook;
	const char *name = choice->options->sheet;
	char names[256];
	bool has_header;

	for (int i = 0; i < workbook->sheet_count; i++)
	{
		const struct xlsx_sheet *sheet = &workbook->sheets[i];

		if (sheet->part[0] != '\0' && strcmp(sheet->name, name) == 0)
		{
			choice->sheet = sheet;
			return look_at_sheet(choice, sheet, &has_header, error);
		}
	}
	list_names(workbook, true, names, sizeof(names));
	return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
						  "the workbook has no sheet \"%s\"; it has %s", name, names);
}

/* Set fault NO_HEADER: several sheets are not empty, and it is not clear which is meant. */
static bool
no_header(const struct choice *choice, struct glue_error *error)
{
	struct text_view mark = heading_mark(&choice->options->known);
	char names[256];

	list_names(choice->workbook, false, names, sizeof(names));
	if (mark.data != NULL)
		return glue_error_set(error, GLUE_FILE_FAULT, "NO_HEADER",
							  "no sheet (%s) has a row with the heading \"%.*s\"", names,
							  (int) text_cut(mark, 40), mark.data);
	return glue_error_set(error, GLUE_FILE_FAULT, "NO_HEADER",
						  "no sheet (%s) has a row with the column names (vendor_product_id, "
						  "product_name, category, ...)",
						  names);
}

/* Choose the first visible sheet with a header of ours, else one that is not empty. */
static bool
choose_by_header(struct choice *choice, struct glue_error *error)
{
	const struct xlsx_workbook *workbook = choice->workbook;

	for (int i = 0; i < workbook->sheet_count; i++)
	{
		const struct xlsx_sheet *sheet = &workbook->sheets[i];
		bool has_header = false;

		if (sheet->part[0] == '\0' || sheet->is_hidden)
			continue;
		if (!look_at_sheet(choice, sheet, &has_header, error))
			return false;
		if (has_header)
			return true;
	}
	return choice->candidates <= 1 || choice->options->known.test == NULL ||
		   no_header(choice, error);
}

/* ----- records ----- */

struct delivery
{
	const struct row_source_events *events;
	struct kept_rows *kept; /* or NULL */
	int64_t header_row;
	int64_t next_row; /* number of the next record */
	int header_count; /* fields of the header */
	struct byte_buffer raw;
	char message[RECORD_MESSAGE_SIZE];
	struct glue_error *error;
};

/* Note a value beyond the last heading. */
static void
check_width(struct delivery *delivery, const struct xlsx_row *row, struct record *record)
{
	if (record->defect_type != NULL || row->cell_count <= delivery->header_count)
		return;
	record->defect_type = "MALFORMED_ROW";
	record->defect_message = delivery->message;
	snprintf(delivery->message, sizeof(delivery->message),
			 "the row has values up to column %d, the header has %d columns", row->cell_count,
			 delivery->header_count);
}

static bool
deliver_header(struct delivery *delivery, const struct xlsx_row *row)
{
	struct record header = {
		.line_number = row->number,
		.field_count = row->cell_count,
		.fields = row->cells,
		.defect_type = row->defect_type,
		.defect_field = row->defect_field,
		.defect_message = row->defect_message,
		.raw = text_of(""),
	};

	delivery->header_count = row->cell_count;
	/* Messages show it. */
	if (!record_text_write(row->cells, row->cell_count, &delivery->raw, &header.raw,
						   delivery->error))
		return false;
	if (delivery->kept != NULL && !kept_rows_add(delivery->kept, &header, delivery->error))
		return false;
	return delivery->events->header(delivery->events->context, &header);
}

/* An xlsx_row_fn. */
static bool
take_row(void *context, const struct xlsx_row *row)
{
	struct delivery *delivery = context;
	struct record record = {
		.row_number = delivery->next_row,
		.line_number = row->number,
		.field_count = delivery->header_count,
		.fields = row->cells,
		.defect_type = row->defect_type,
		.defect_field = row->defect_field,
		.defect_message = row->defect_message,
		.raw = text_of(""),
	};

	if (row->number < delivery->header_row)
		return true;
	if (row->number == delivery->header_row)
		return deliver_header(delivery, row);
	check_width(delivery, row, &record);
	if (record.defect_type != NULL &&
		!record_text_write(row->cells, row->cell_count, &delivery->raw, &record.raw,
						   delivery->error))
		return false;
	delivery->next_row++;
	if (delivery->kept != NULL && !kept_rows_add(delivery->kept, &record, delivery->error))
		return false;
	return delivery->events->record(delivery->events->context, &record);
}

/* ----- the workbook ----- */

static bool
read_sheet(struct choice *choice, const struct row_source_events *events, struct glue_error *error)
{
	struct delivery delivery = {
		.events = events,
		.kept = choice->options->kept,
		.header_row = choice->header_row,
		.next_row = 1,
		.error = error,
	};
	bool done = xlsx_sheet_read(choice->workbook, choice->sheet, take_row, &delivery, error) &&
				(delivery.kept == NULL || kept_rows_end(delivery.kept, error));

	byte_buffer_clean_up(&delivery.raw);
	return done;
}

bool
xlsx_reader_read(struct zip_file *zip, const struct row_source_options *options,
				 const struct row_source_events *events, struct xlsx_found *found,
				 struct glue_error *error)
{
	struct xlsx_workbook workbook;
	struct choice choice = {.workbook = &workbook, .options = options};
	bool done;

	if (!xlsx_workbook_open(&workbook, zip, error))
		return false;
	done = options->sheet != NULL ? choose_named(&choice, error) : choose_by_header(&choice, error);
	if (choice.sheet != NULL)
	{
		snprintf(found->sheet, sizeof(found->sheet), "%s", choice.sheet->name);
		found->sheet_number = choice.sheet->number;
		found->has_content = choice.candidates > 0;
	}
	if (done && choice.candidates > 0)
		done = read_sheet(&choice, events, error);
	xlsx_workbook_close(&workbook);
	return done;
}
