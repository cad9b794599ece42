/*-------------------------------------------------------------------------
 *
 * upload_errors.h
 *	  The errors of an upload, as its reports read them.
 *
 * They are read once, in the order of validation_errors' primary key, through a
 * cursor, with the caller's rights: row security decides what is visible.  Memory
 * is bounded by the rows of one fetch.  Warnings are left out: a row that has
 * only warnings is in the catalogue, and would be a duplicate if sent again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_ERRORS_H
#define ONBOARD_UPLOAD_ERRORS_H

#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/jsonb.h"

#include "shared/columns.h"
#include "shared/text.h"

/* A report being written: the caller's result set and the upload. */
typedef struct Report
{
	Datum upload_id;
	ReturnSetInfo *result;
	MemoryContext row_context; /* reset for each error */
	Jsonb *metadata;           /* of the upload */
} Report;

/* Columns of an error. */
typedef enum ErrorColumn
{
	ERROR_ROW_NUMBER = 1,
	ERROR_LINE_NUMBER,
	ERROR_VENDOR_PRODUCT_ID,
	ERROR_TYPE,
	ERROR_FIELD,
	ERROR_MESSAGE,
	ERROR_REJECTED_VALUE,
	ERROR_SUGGESTION,
	ERROR_ORIGINAL_DATA
} ErrorColumn;

/* One error. */
typedef struct ErrorRow
{
	HeapTuple tuple;
	TupleDesc descriptor;
} ErrorRow;

typedef void (*error_row_fn)(void *context, const ErrorRow *row);

/*
 * Prepare the result set, connect to SPI and read the upload, whose id is the first
 * argument; return false if that is null, which has no report.  Raises an error if
 * the caller sees no such upload.  Ends with report_close().
 */
extern bool report_open(Report *report, FunctionCallInfo fcinfo);
extern void report_close(Report *report);

/* Call process for each error of the upload, in the row context. */
extern void report_each_error(Report *report, error_row_fn process, void *context);

/* Return a text column, "" for null. */
extern struct text_view error_text(const ErrorRow *row, ErrorColumn column);

/* Return a number column, 0 for null. */
extern int64 error_number(const ErrorRow *row, ErrorColumn column);

/* Return the row as the vendor wrote it. */
extern Jsonb *error_original_data(const ErrorRow *row);

/* Return the value of a JSON object's key as text; data is NULL if it has none.  */
extern struct text_view json_get(Jsonb *object, struct text_view key);

/*
 * Return the string of this name in the upload's metadata; false if there is none.  No
 * caps apply to metadata, so only strings are read: a short number can have a long text.
 */
extern bool report_metadata(const Report *report, const char *name, struct text_view *value);

/*
 * Return the delimiter of the vendor's file, or a comma; the reports use it as
 * well, because a spreadsheet expects the delimiter of its locale.
 */
extern struct text_view report_delimiter(const Report *report);

/* Return a number in decimal; "" for 0. */
extern struct text_view number_text(int64 number);

#endif /* ONBOARD_UPLOAD_ERRORS_H */
