/*-------------------------------------------------------------------------
 *
 * xlsx_part.h
 *	  Reads a part of a workbook: an XML document in its archive.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XLSX_PART_H
#define GLUE_XLSX_PART_H

#include <stdbool.h>

#include "base/failure.h"
#include "reader/xml_reader.h"
#include "reader/zip_file.h"

/* Longest name of a part, including the terminating NUL. */
#define XLSX_PART_SIZE 256

/*
 * Read the part to its end.  Returns false on the errors of zip_file_read() and
 * xml_reader_parse(); if an event returned false, with the error that it has set, if
 * any.
 */
extern bool xlsx_part_read(struct zip_file *zip, const char *part, const struct xml_events *events,
						   struct glue_error *error);

/* Set fault UNREADABLE_FILE for a workbook that is damaged.  Always returns false. */
extern bool xlsx_part_damaged(struct glue_error *error, const char *reason);

/* For events that need no text. */
extern bool xlsx_part_ignore_text(void *context, const char *text, size_t length);

/* For events that need no ends of elements. */
extern bool xlsx_part_ignore_end(void *context, const char *name);

#endif /* GLUE_XLSX_PART_H */
