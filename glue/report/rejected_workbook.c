/*-------------------------------------------------------------------------
 *
 * rejected_workbook.c
 *	  The rejected rows of an upload as a workbook, to be corrected.
 *
 * The database decides what each cell holds and what is wrong with it; this file
 * formats it.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/byte_buffer.h"
#include "database/postgres_array.h"
#include "database/postgres_value.h"
#include "report/rejected_workbook.h"
#include "report/workbook.h"
#include "shared/columns.h"

#define SHEET_NAME "Rejected rows"

/* Widths of columns, in characters. */
#define NARROWEST 8
#define WIDEST 60

#define CREATED_QUERY                                                               \
	"SELECT extract(epoch FROM u.created_at)::bigint FROM onboard.upload_history u" \
	" WHERE u.upload_id = $1::text"

#define ROWS_QUERY \
	"SELECT r.row_number, r.vendor_columns, r.cells, r.notes FROM onboard_rejected_rows($1::text) r"

enum row_column
{
	AT_ROW_NUMBER,
	AT_VENDOR_COLUMNS,
	AT_CELLS,
	AT_NOTES
};

/* Content of a cell whose text does not fit.  */
#define TOO_LONG_TEXT "(too long for a workbook; see fix.csv)"
#define TOO_LONG_NOTE \
	"The text of this cell is too long for a workbook. Correct this row in fix.csv."

/* A workbook being filled. */
struct filling
{
	struct workbook *workbook;
	int64_t next_row;
	int vendor_columns;
	int column_count;
	unsigned char width[WORKBOOK_MAX_COLUMNS];
	struct byte_buffer cell; /* owned */
	struct byte_buffer note; /* owned */
};

/* ----- cells ----- */

static enum workbook_style
style_of(const struct filling *filling, int column, bool has_note)
{
	bool is_vendors = column < filling->vendor_columns;

	if (filling->next_row == 0)
		return is_vendors ? WORKBOOK_HEADING : WORKBOOK_REMARK_HEADING;
	if (has_note)
		return WORKBOOK_BAD;
	return is_vendors ? WORKBOOK_PLAIN : WORKBOOK_REMARK;
}

static void
widen(struct filling *filling, int column, struct text_view cell)
{
	size_t characters = text_character_count(cell) + 1;

	if (characters > WIDEST)
		characters = WIDEST;
	if (characters > filling->width[column])
		filling->width[column] = (unsigned char) characters;
}

static bool
put_cell(struct filling *filling, int column, struct text_view cell, struct text_view note,
		 struct glue_error *error)
{
	if (!workbook_cell_fits(cell))
	{
		cell = text_of(TOO_LONG_TEXT);
		note = text_of(TOO_LONG_NOTE);
	}
	widen(filling, column, cell);
	return workbook_cell(filling->workbook, filling->next_row, column, cell,
						 style_of(filling, column, note.data != NULL), error) &&
		   (note.data == NULL ||
			workbook_note(filling->workbook, filling->next_row, column, note, error));
}

/* Write a row of the query; a postgres_row_fn. */
static bool
take_row(void *context, const PGresult *row, struct glue_error *error)
{
	struct filling *filling = context;
	const char *cells = PQgetvalue(row, 0, AT_CELLS);
	const char *notes = PQgetvalue(row, 0, AT_NOTES);
	struct text_view cell;
	struct text_view note;
	int column = 0;

	filling->vendor_columns = (int) postgres_integer(row, 0, AT_VENDOR_COLUMNS);
	while (postgres_array_next(&cells, &filling->cell, &cell, error) &&
		   postgres_array_next(&notes, &filling->note, &note, error))
	{
		if (!put_cell(filling, column++, cell, note, error))
			return false;
	}
	filling->column_count = column;
	filling->next_row++;
	return error->class == GLUE_NO_ERROR;
}

/* ----- the sheet ----- */

/* Format what depends on all rows. */
static bool
finish_sheet(const struct filling *filling, struct glue_error *error)
{
	struct workbook *workbook = filling->workbook;

	for (int i = 0; i < filling->column_count; i++)
	{
		/* The last column is the memo of keys, which is of no use to a person. */
		bool is_hidden = i == filling->column_count - 1;
		int width = filling->width[i] < NARROWEST ? NARROWEST : filling->width[i];

		if (!workbook_column(workbook, i, width, is_hidden, error))
			return false;
	}
	workbook_freeze(workbook, 1, 0);
	return workbook_filter(workbook, filling->next_row - 1, filling->column_count, error);
}

static bool
fill(struct filling *filling, struct database *database, const char *upload_id,
	 struct glue_error *error)
{
	const char *const values[] = {upload_id};

	return workbook_sheet(filling->workbook, SHEET_NAME, error) &&
		   database_each_row(database, ROWS_QUERY, 1, values, take_row, filling, error) &&
		   finish_sheet(filling, error);
}

/* Start a workbook dated like the upload, so that its bytes are always the same.  */
static struct workbook *
open_workbook(struct database *database, const char *upload_id, struct glue_error *error)
{
	const char *const values[] = {upload_id};
	struct workbook *workbook = NULL;
	PGresult *result = NULL;

	if (!database_query(database, RUN_ONCE, CREATED_QUERY, 1, values, &result, error))
		return NULL;
	if (PQntuples(result) == 1)
		workbook = workbook_open(postgres_integer(result, 0, 0), error);
	else
		glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_UPLOAD",
					   "upload %s is no longer in the database", upload_id);
	PQclear(result);
	return workbook;
}

int
rejected_workbook_make(struct database *database, const char *upload_id, int64_t *rows,
					   struct glue_error *error)
{
	struct filling filling;
	int descriptor = -1;

	memset(&filling, 0, sizeof(filling));
	filling.workbook = open_workbook(database, upload_id, error);
	if (filling.workbook == NULL)
		return -1;
	if (fill(&filling, database, upload_id, error))
		descriptor = workbook_finish(filling.workbook, error);
	else
		workbook_discard(filling.workbook);
	*rows = filling.next_row - 1;
	byte_buffer_clean_up(&filling.cell);
	byte_buffer_clean_up(&filling.note);
	return descriptor;
}
