/*-------------------------------------------------------------------------
 *
 * csv_text.h
 *	  Writing CSV records (RFC 4180), cell by cell.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CSV_TEXT_H
#define ONBOARD_CSV_TEXT_H

#include "postgres.h"

#include "funcapi.h"
#include "lib/stringinfo.h"

#include "shared/text.h"

/* A record being written, without its line end. */
typedef struct CsvRecord
{
	StringInfoData text;
	struct text_view delimiter; /* one character, borrowed */
	int cell_count;
} CsvRecord;

/* Allocate the record's buffer in the current context. */
extern void csv_init(CsvRecord *record, struct text_view delimiter);

/* Start an empty record in the same buffer. */
extern void csv_reset(CsvRecord *record);

/* Add a cell as it is, quoted if necessary. */
extern void csv_add(CsvRecord *record, struct text_view cell);

/* Add a cell in quotes, whether necessary or not. */
extern void csv_add_quoted(CsvRecord *record, struct text_view cell);

/*
 * Add a cell for a spreadsheet: prefixed with ' if the spreadsheet would run it
 * as a formula.
 */
extern void csv_add_safe(CsvRecord *record, struct text_view cell);

/* Return the record as a row of a set of text, and start the next. */
extern void csv_return(CsvRecord *record, ReturnSetInfo *result);

#endif /* ONBOARD_CSV_TEXT_H */
