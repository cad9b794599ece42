/*-------------------------------------------------------------------------
 *
 * xlsx_fuzz.c
 *	  Fuzz target: the parts of a workbook, in an archive that is in order.
 *
 * An input has up to four parts, with an empty line between them: the first sheet,
 * shared strings, styles, and the workbook with its list of sheets.  Their
 * outermost elements are added.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>

#include "archive.h"
#include "fuzz.h"

#define PARTS 4

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Divide a text in place; missing parts are NULL. */
static void
split(char *text, char *parts[PARTS])
{
	for (int i = 0; i < PARTS && text != NULL; i++)
	{
		char *end = strstr(text, "\n\n");

		parts[i] = text;
		if (end != NULL)
			*end = '\0';
		text = end != NULL ? end + 2 : NULL;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *parts[PARTS] = {NULL};
	struct archive archive;
	struct book book = {0};

	memcpy(text, data, size);
	text[size] = '\0';
	split(text, parts);
	book = (struct book){
		.workbook = parts[3],
		.strings = parts[1],
		.styles = parts[2],
		.sheets = {parts[0], parts[0]},
	};
	archive_make_book(&archive, &book);
	fuzz_read(archive.bytes, archive.length);
	free(archive.bytes);
	free(text);
	return 0;
}
