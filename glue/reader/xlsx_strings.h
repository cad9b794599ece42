/*-------------------------------------------------------------------------
 *
 * xlsx_strings.h
 *	  The shared strings of a workbook, which cells name by their number.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XLSX_STRINGS_H
#define GLUE_XLSX_STRINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/spill.h"
#include "reader/zip_file.h"
#include "shared/text.h"

/*
 * Memory that the strings and their offsets take before they go to a temporary
 * file: 16 MB together.
 */
#define XLSX_STRINGS_TEXT_BYTES (12 * 1024 * 1024)
#define XLSX_STRINGS_OFFSET_BYTES (4 * 1024 * 1024)

/* Initialize with xlsx_strings_init(), free with xlsx_strings_clean_up(). */
struct xlsx_strings
{
	struct spill texts;   /* one after the other */
	struct spill offsets; /* int64_t: where each begins, and where the last one ends */
	int64_t count;
};

extern void xlsx_strings_init(struct xlsx_strings *strings);
extern void xlsx_strings_clean_up(struct xlsx_strings *strings);

/*
 * Read the strings from their part of the workbook.  Errors are those of
 * xlsx_part_read() and spill_append().
 */
extern bool xlsx_strings_read(struct xlsx_strings *strings, struct zip_file *zip, const char *part,
							  struct glue_error *error);

/*
 * Return a string, as struct xlsx_text has it: borrowed until the next call.  A
 * number without a string is file fault UNREADABLE_FILE.
 */
extern bool xlsx_strings_get(struct xlsx_strings *strings, int64_t number, struct text_view *text,
							 struct glue_error *error);

#endif /* GLUE_XLSX_STRINGS_H */
