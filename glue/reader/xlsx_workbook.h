/*-------------------------------------------------------------------------
 *
 * xlsx_workbook.h
 *	  What is in a workbook: its sheets, texts and formats.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XLSX_WORKBOOK_H
#define GLUE_XLSX_WORKBOOK_H

#include <stdbool.h>

#include "base/failure.h"
#include "reader/xlsx_part.h"
#include "reader/xlsx_strings.h"
#include "reader/xlsx_styles.h"
#include "reader/zip_file.h"

/* A name has at most 31 characters; longer ones are cut to this size. */
#define XLSX_SHEET_NAME_SIZE 128

/* A workbook with more sheets is refused. */
#define XLSX_MOST_SHEETS 1000

struct xlsx_sheet
{
	char name[XLSX_SHEET_NAME_SIZE];
	char relation[64];         /* the id by which the workbook finds its part */
	char part[XLSX_PART_SIZE]; /* empty if it is no sheet of cells, but a chart */
	int number;                /* its position, from 1 */
	bool is_hidden;
};

/* Owns everything but zip: xlsx_workbook_close(). */
struct xlsx_workbook
{
	struct zip_file *zip;
	struct xlsx_sheet *sheets;
	int sheet_count;
	bool is_1904; /* dates are counted from 1904 */
	struct xlsx_strings strings;
	struct xlsx_styles styles;
};

/* Return whether an archive is a document of Office, such as a workbook. */
extern bool xlsx_workbook_recognize(struct zip_file *zip);

/*
 * Open the workbook in an archive, which is borrowed.  Returns false, with nothing
 * to close, on NOT_TEXT if it is another document, and on the errors of
 * xlsx_part_read() and xlsx_strings_read().
 */
extern bool
xlsx_workbook_open(struct xlsx_workbook *workbook, struct zip_file *zip, struct glue_error *error);

/* Free the workbook. */
extern void xlsx_workbook_close(struct xlsx_workbook *workbook);

#endif /* GLUE_XLSX_WORKBOOK_H */
