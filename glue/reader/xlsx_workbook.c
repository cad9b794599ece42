/*-------------------------------------------------------------------------
 *
 * xlsx_workbook.c
 *	  What is in a workbook: its sheets, texts and formats.
 *
 * Nothing has a fixed place in the archive.  A part with relations names the
 * others; those of the archive as a whole name the workbook, and those of the
 * workbook its sheets, shared strings and styles:
 *
 *	  _rels/.rels					-> xl/workbook.xml
 *	  xl/_rels/workbook.xml.rels	-> xl/worksheets/sheet1.xml, ...
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "reader/xlsx_workbook.h"

#define PACKAGE_RELATIONS "_rels/.rels"

/* State while a part with relations is being read. */
struct relations
{
	struct xlsx_workbook *workbook;
	const char *folder; /* that its targets are relative to */
	char document[XLSX_PART_SIZE];
	char strings[XLSX_PART_SIZE];
	char styles[XLSX_PART_SIZE];
};

bool
xlsx_workbook_recognize(struct zip_file *zip)
{
	return zip_file_has(zip, PACKAGE_RELATIONS);
}

void
xlsx_workbook_close(struct xlsx_workbook *workbook)
{
	xlsx_strings_clean_up(&workbook->strings);
	xlsx_styles_clean_up(&workbook->styles);
	glue_release(workbook->sheets);
	workbook->sheets = NULL;
	workbook->sheet_count = 0;
}

/* ----- relations ----- */

/* Return whether a type, which is a URI, ends with a slash and this word. */
static bool
is_type(const char *type, const char *word)
{
	const char *slash = strrchr(type, '/');

	return slash != NULL && strcmp(slash + 1, word) == 0;
}

/*
 * Write the name of the part that a target means; empty if it is too long.  Only
 * targets beside or below the part that names them are written by any program.
 */
static void
resolve(const char *folder, const char *target, char part[XLSX_PART_SIZE])
{
	int length;

	if (target[0] == '/')
		folder = "";
	length = snprintf(part, XLSX_PART_SIZE, "%s%s", folder, target + (target[0] == '/'));
	if (length >= XLSX_PART_SIZE)
		part[0] = '\0';
}

/* Set the part of the sheet with this relation. */
static void
set_sheet_part(struct relations *relations, const char *id, const char *target)
{
	struct xlsx_workbook *workbook = relations->workbook;

	for (int i = 0; i < workbook->sheet_count; i++)
	{
		if (strcmp(workbook->sheets[i].relation, id) == 0)
			resolve(relations->folder, target, workbook->sheets[i].part);
	}
}

static bool
take_relation(void *context, const char *name, const char **attributes)
{
	struct relations *relations = context;
	const char *id = xml_attribute(attributes, "Id");
	const char *type = xml_attribute(attributes, "Type");
	const char *target = xml_attribute(attributes, "Target");

	if (strcmp(name, "Relationship") != 0 || id == NULL || type == NULL || target == NULL)
		return true;
	if (is_type(type, "officeDocument"))
		resolve(relations->folder, target, relations->document);
	else if (is_type(type, "sharedStrings"))
		resolve(relations->folder, target, relations->strings);
	else if (is_type(type, "styles"))
		resolve(relations->folder, target, relations->styles);
	else if (is_type(type, "worksheet"))
		set_sheet_part(relations, id, target);
	return true;
}

static bool
read_relations(struct relations *relations, const char *part, struct glue_error *error)
{
	struct xml_events events = {take_relation, xlsx_part_ignore_end, xlsx_part_ignore_text,
								relations};

	return xlsx_part_read(relations->workbook->zip, part, &events, error);
}

/* ----- the list of sheets ----- */

/* State while the workbook's own part is being read. */
struct listing
{
	struct xlsx_workbook *workbook;
	bool is_workbook; /* by its first element */
	int depth;
	struct glue_error *error;
};

/* Return whether the attribute of this name says yes. */
static bool
is_true(const char **attributes, const char *name)
{
	const char *value = xml_attribute(attributes, name);

	return value != NULL && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

/* Copy a name, cut at a character boundary if it is too long. */
static void
copy_name(char *copy, size_t size, const char *name)
{
	struct text_view text = text_of(name != NULL ? name : "");

	text.length = text_cut(text, size - 1);
	memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
}

static bool
add_sheet(struct listing *listing, const char **attributes)
{
	struct xlsx_workbook *workbook = listing->workbook;
	const char *state = xml_attribute(attributes, "state");
	struct xlsx_sheet *sheet;

	if (workbook->sheet_count == XLSX_MOST_SHEETS)
		return glue_error_set(listing->error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
							  "the workbook has more than %d sheets; save the product list alone",
							  XLSX_MOST_SHEETS);
	sheet = &workbook->sheets[workbook->sheet_count++];
	memset(sheet, 0, sizeof(*sheet));
	copy_name(sheet->name, sizeof(sheet->name), xml_attribute(attributes, "name"));
	copy_name(sheet->relation, sizeof(sheet->relation), xml_attribute(attributes, "id"));
	sheet->number = workbook->sheet_count;
	sheet->is_hidden = state != NULL && strcmp(state, "visible") != 0;
	return true;
}

static bool
take_sheet(void *context, const char *name, const char **attributes)
{
	struct listing *listing = context;

	if (listing->depth++ == 0)
		listing->is_workbook = strcmp(name, "workbook") == 0;
	if (strcmp(name, "workbookPr") == 0)
		listing->workbook->is_1904 = is_true(attributes, "date1904");
	return strcmp(name, "sheet") != 0 || add_sheet(listing, attributes);
}

static bool
other_document(struct glue_error *error)
{
	return glue_error_set(
		error, GLUE_FILE_FAULT, "NOT_TEXT",
		"this is a document but no workbook that can be read (such as Word, PowerPoint or xlsb); save the product list as \"Excel Workbook (.xlsx)\" or \"CSV UTF-8\" and send that");
}

static bool
list_sheets(struct xlsx_workbook *workbook, const char *part, struct glue_error *error)
{
	struct listing listing = {.workbook = workbook, .error = error};
	struct xml_events events = {take_sheet, xlsx_part_ignore_end, xlsx_part_ignore_text, &listing};

	workbook->sheets = glue_allocate(sizeof(*workbook->sheets) * XLSX_MOST_SHEETS);
	if (workbook->sheets == NULL)
		return glue_error_memory(error);
	return xlsx_part_read(workbook->zip, part, &events, error) &&
		   (listing.is_workbook || other_document(error));
}

/* ----- opening ----- */

/* Return whether a part is XML, by its name; that of an xlsb is not. */
static bool
is_xml(const char *part)
{
	size_t length = strlen(part);

	return length > 4 && strcmp(part + length - 4, ".xml") == 0;
}

/* Write the folder of a part, with its slash, and the name of its relations. */
static void
name_relations(const char *part, char folder[XLSX_PART_SIZE], char relations[2 * XLSX_PART_SIZE])
{
	const char *slash = strrchr(part, '/');
	int length = slash != NULL ? (int) (slash + 1 - part) : 0;

	snprintf(folder, XLSX_PART_SIZE, "%.*s", length, part);
	snprintf(relations, 2 * XLSX_PART_SIZE, "%s_rels/%s.rels", folder, part + length);
}

static bool
read_document(struct xlsx_workbook *workbook, const char *document, struct glue_error *error)
{
	char folder[XLSX_PART_SIZE];
	char part[2 * XLSX_PART_SIZE];
	struct relations relations = {.workbook = workbook, .folder = folder};

	name_relations(document, folder, part);
	return list_sheets(workbook, document, error) && read_relations(&relations, part, error) &&
		   (relations.styles[0] == '\0' ||
			xlsx_styles_read(&workbook->styles, workbook->zip, relations.styles, error)) &&
		   (relations.strings[0] == '\0' ||
			xlsx_strings_read(&workbook->strings, workbook->zip, relations.strings, error));
}

bool
xlsx_workbook_open(struct xlsx_workbook *workbook, struct zip_file *zip, struct glue_error *error)
{
	struct relations relations = {.workbook = workbook, .folder = ""};
	bool done;

	memset(workbook, 0, sizeof(*workbook));
	workbook->zip = zip;
	xlsx_strings_init(&workbook->strings);
	done = read_relations(&relations, PACKAGE_RELATIONS, error) &&
		   (is_xml(relations.document) || other_document(error)) &&
		   read_document(workbook, relations.document, error);
	if (!done)
		xlsx_workbook_close(workbook);
	return done;
}
