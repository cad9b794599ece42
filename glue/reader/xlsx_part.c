/*-------------------------------------------------------------------------
 *
 * xlsx_part.c
 *	  Reads a part of a workbook: an XML document in its archive.
 *
 *-------------------------------------------------------------------------
 */
#include "reader/xlsx_part.h"

#define PIECE_BYTES (64 * 1024)

static bool
read_pieces(struct zip_file *zip, struct xml_reader *reader, struct glue_error *error)
{
	size_t length;

	do
	{
		char *room = xml_reader_room(reader, PIECE_BYTES, error);

		if (room == NULL || !zip_file_read(zip, room, PIECE_BYTES, &length, error) ||
			!xml_reader_parse(reader, length, error))
			return false;
	} while (length > 0);
	return true;
}

bool
xlsx_part_read(struct zip_file *zip, const char *part, const struct xml_events *events,
			   struct glue_error *error)
{
	struct xml_reader *reader;
	bool done;

	glue_error_clear(error);
	if (!zip_file_enter(zip, part, error))
		return false;
	reader = xml_reader_new(part, events, error);
	done = reader != NULL && read_pieces(zip, reader, error);
	xml_reader_destroy(reader);
	zip_file_leave(zip);
	return done;
}

bool
xlsx_part_damaged(struct glue_error *error, const char *reason)
{
	return glue_error_set(
		error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
		"the workbook is damaged (%s); open it in a spreadsheet program, save it and send that",
		reason);
}

bool
xlsx_part_ignore_text(void *context, const char *text, size_t length)
{
	(void) context;
	(void) text;
	(void) length;
	return true;
}

bool
xlsx_part_ignore_end(void *context, const char *name)
{
	(void) context;
	(void) name;
	return true;
}
