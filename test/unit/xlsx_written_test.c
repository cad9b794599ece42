/*-------------------------------------------------------------------------
 *
 * xlsx_written_test.c
 *	  Workbooks as programs write them: libxlsxwriter, and LibreOffice after it.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xlsxwriter.h>

#include "events.h"
#include "reader/formats.h"
#include "reader/header_map.h"

static char folder[64];

/* Write a workbook with all kinds of cells; string_row is one of only texts. */
static void
write_book(const char *path, bool in_place)
{
	lxw_workbook_options options = {.constant_memory = in_place, .tmpdir = folder};
	lxw_workbook *book = workbook_new_opt(path, &options);
	lxw_worksheet *notes = workbook_add_worksheet(book, "Notes");
	lxw_worksheet *sheet = workbook_add_worksheet(book, "Products & more");
	lxw_format *zeros = workbook_add_format(book);
	lxw_format *date = workbook_add_format(book);
	lxw_format *bold = workbook_add_format(book);
	lxw_datetime moment = {2026, 1, 31, 18, 30, 0};
	lxw_rich_string_tuple first = {.string = "rich "};
	lxw_rich_string_tuple second = {.format = bold, .string = "text"};
	lxw_rich_string_tuple *rich[] = {&first, &second, NULL};

	format_set_num_format(zeros, "00000");
	format_set_num_format(date, "dd/mm/yyyy hh:mm");
	format_set_bold(bold);
	worksheet_write_string(notes, 0, 0, "Read me", NULL);
	worksheet_write_string(sheet, 0, 0, "Price list", bold);
	for (int column = 0; column < COLUMN_COUNT; column++)
		worksheet_write_string(sheet, 2, (lxw_col_t) column, onboard_columns[column].name, bold);
	worksheet_write_string(sheet, 3, 0, "00017", NULL);
	worksheet_write_string(sheet, 3, 1, " blank < & \n\"\xC3\xA4\xF0\x9F\x98\x80\" ", NULL);
	worksheet_write_number(sheet, 3, 2, 4006391234567.0, NULL);
	worksheet_write_number(sheet, 3, 3, 0.1, NULL);
	worksheet_write_number(sheet, 3, 4, 125, zeros);
	worksheet_write_datetime(sheet, 3, 5, &moment, date);
	worksheet_write_boolean(sheet, 3, 6, 1, NULL);
	worksheet_write_formula_num(sheet, 3, 7, "=D4*2", NULL, 0.2);
	worksheet_write_formula_str(sheet, 3, 8, "=\"a\"&\"b\"", NULL, "ab");
	worksheet_write_rich_string(sheet, 3, 9, rich, NULL);
	worksheet_write_url(sheet, 3, 10, "https://example.com/a.jpg", NULL);
	worksheet_write_blank(sheet, 3, 11, bold);
	worksheet_write_string(sheet, 5, 13, "after an empty row", NULL);
	workbook_close(book);
}

static const char expected_row[] =
	"1@4 00017| blank < & \\n\"\xC3\xA4\xF0\x9F\x98\x80\" "
	"|4006391234567|0.1|00125|2026-01-31T18:30:00|TRUE|0.2|ab|rich text|https://example.com/"
	"a.jpg|||\n"
	"2@6 |||||||||||||after an empty row\n";

/* Read a file, and compare its rows. */
static void
check(const char *path, const char *name)
{
	const struct row_source_options options = {.known = {header_map_is_heading, NULL, NULL}};
	struct event_list list = {0};
	struct row_source_events events = {events_record, events_record, &list};
	struct glue_error error;
	struct row_source *source = formats_open(&options, &events, &error);
	struct row_source_found found;
	FILE *file = fopen(path, "rb");
	char piece[1000];
	size_t length;

	while (file != NULL && (length = fread(piece, 1, sizeof(piece), file)) > 0)
		row_source_push(source, piece, length, &error);
	ok(row_source_finish(source, &error), "%s is read: %s", name, error.text);
	row_source_found(source, &found);
	is_text(found.sheet, "Products & more", "%s: the sheet with the column names", name);
	is_text(list.text != NULL && strchr(list.text, '\n') != NULL ? strchr(list.text, '\n') + 1
																 : NULL,
			expected_row, "%s: its rows", name);
	if (file != NULL)
		fclose(file);
	row_source_destroy(source);
	events_clean_up(&list);
}

static const char office[] = "/usr/bin/soffice";

/* Let LibreOffice save the workbook again. */
static void
check_saved(void)
{
	char command[4096];
	char saved[PATH_MAX];

	if (access(office, X_OK) != 0)
	{
		ok(true, "workbook saved by LibreOffice # skip %s is not installed", office);
		return;
	}
	snprintf(command, sizeof(command),
			 "%s -env:UserInstallation=file://%s/profile --headless --convert-to xlsx"
			 " --outdir %s/saved %s/a.xlsx >/dev/null 2>&1",
			 office, folder, folder, folder);
	is_int(system(command), 0, "LibreOffice saves the workbook");
	snprintf(saved, sizeof(saved), "%s/saved/a.xlsx", folder);
	check(saved, "workbook saved by LibreOffice");
}

int
main(void)
{
	const char *temporary = getenv("TMPDIR");
	char path[PATH_MAX];
	char command[128];

	snprintf(folder, sizeof(folder), "%s/onboard-unit-XXXXXX",
			 temporary != NULL && strlen(temporary) < 40 ? temporary : "/tmp");
	if (mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	snprintf(path, sizeof(path), "%s/inline.xlsx", folder);
	write_book(path, true);
	check(path, "workbook with inline strings");
	snprintf(path, sizeof(path), "%s/a.xlsx", folder);
	write_book(path, false);
	check(path, "workbook with shared strings");
	check_saved();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ok(system(command) == 0, "files are removed");
	return unit_done();
}
