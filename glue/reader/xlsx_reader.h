/*-------------------------------------------------------------------------
 *
 * xlsx_reader.h
 *	  Reads the records of a workbook: which sheet, which header, which rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XLSX_READER_H
#define GLUE_XLSX_READER_H

#include <stdbool.h>

#include "base/failure.h"
#include "reader/row_source.h"
#include "reader/xlsx_workbook.h"

/* What a reading found; owns nothing. */
struct xlsx_found
{
	bool has_content;
	char sheet[XLSX_SHEET_NAME_SIZE];
	int sheet_number; /* 0: none was chosen */
};

/*
 * Read the workbook in an archive, and yield its events.  The sheet is the one that
 * the options name, else the first visible one with known headings.  Its header is
 * the first row, unless titles stand above it.  Returns false without an error if
 * an event returned false, on NO_HEADER if several sheets have no header, on a
 * usage error if there is no such sheet, and on the errors of xlsx_workbook.h and
 * xlsx_sheet.h.
 */
extern bool xlsx_reader_read(struct zip_file *zip, const struct row_source_options *options,
							 const struct row_source_events *events, struct xlsx_found *found,
							 struct glue_error *error);

#endif /* GLUE_XLSX_READER_H */
