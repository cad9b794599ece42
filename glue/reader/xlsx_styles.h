/*-------------------------------------------------------------------------
 *
 * xlsx_styles.h
 *	  The formats of a workbook's cells, as far as they change a number's text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XLSX_STYLES_H
#define GLUE_XLSX_STYLES_H

#include <stdbool.h>

#include "base/failure.h"
#include "reader/xlsx_number.h"
#include "reader/zip_file.h"

/* Cell formats beyond this number, which Excel never writes, are plain. */
#define XLSX_STYLES_MOST 65536

/* An all-zero struct has no styles.  Owns formats: xlsx_styles_clean_up(). */
struct xlsx_styles
{
	struct xlsx_format *formats; /* by the number that a cell has as its style */
	int count;
};

extern void xlsx_styles_clean_up(struct xlsx_styles *styles);

/*
 * Read the styles from their part of the workbook.  Errors are those of
 * xlsx_part_read().
 */
extern bool xlsx_styles_read(struct xlsx_styles *styles, struct zip_file *zip, const char *part,
							 struct glue_error *error);

/* Return the format of a style by its number; that of plain numbers if it is not defined. */
extern struct xlsx_format xlsx_styles_format(const struct xlsx_styles *styles, int number);

#endif /* GLUE_XLSX_STYLES_H */
