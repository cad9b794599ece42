/*-------------------------------------------------------------------------
 *
 * rejected.h
 *	  The rejected rows of an upload in the vendor's own columns, with what is wrong.
 *
 * The fix file and the workbook are made from them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_REJECTED_H
#define ONBOARD_REJECTED_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "report/upload_errors.h"
#include "shared/key_memo.h"

/* The columns added to the vendor's, in this order.  */
typedef enum AddedColumn
{
	ADDED_LINE,
	ADDED_ERRORS,
	ADDED_SUGGESTION,
	ADDED_KEY,
	ADDED_COUNT
} AddedColumn;

extern const char *const rejected_headings[ADDED_COUNT];

/* A column of the vendor's file. */
typedef struct VendorColumn
{
	struct text_view header; /* as the vendor wrote it */
	struct text_view key;    /* in original_data */
} VendorColumn;

/* What is wrong with a field of a row. */
typedef struct RejectedFinding
{
	int position; /* index of the vendor's column; -1 if it is about no column of the file */
	struct text_view suggestion; /* "" if there is none */
	bool is_guess;               /* the suggestion, which is not applied then */
	const char *text;            /* the message and, if there is one, the suggestion */
} RejectedFinding;

/* A rejected row: one or more errors. */
typedef struct RejectedRow
{
	int64 row_number;
	int64 line_number;
	Jsonb *original;
	struct text_view raw; /* of a record that could not be read as cells; or absent */
	StringInfoData errors;
	StringInfoData suggestion;
	List *findings; /* of RejectedFinding */

	/* Originals of keys that a spreadsheet changed; or absent. */
	struct text_view sku;
	struct text_view vendor_product_id;
} RejectedRow;

typedef struct Rejected Rejected;

/*
 * Process a row, which is freed afterwards together with whatever was allocated
 * meanwhile.
 */
typedef void (*rejected_row_fn)(Rejected *rejected, RejectedRow *row);

struct Rejected
{
	Report report;
	VendorColumn *columns;
	int column_count;
	int dropped_count; /* our columns that the file already had */

	/* internal */
	rejected_row_fn process;
	MemoryContext group_context;
	RejectedRow *row; /* the current one, or NULL */
};

/* Open the report and find the vendor's columns; see report_open(). */
extern bool rejected_open(Rejected *rejected, FunctionCallInfo fcinfo);

/* Process each rejected row, in ascending order, and close the report. */
extern void rejected_each_row(Rejected *rejected, rejected_row_fn process);

/* Return the vendor's cell in a column, verbatim. */
extern struct text_view
rejected_cell(const Rejected *rejected, const RejectedRow *row, int position);

/* Return the first suggestion for that cell that is not a guess, or else the cell. */
extern struct text_view
rejected_suggestion(const Rejected *rejected, const RejectedRow *row, int position);

/* Write the memo of the row's keys; see key_memo.h. */
extern void rejected_memo(const RejectedRow *row, char memo[KEY_MEMO_SIZE]);

#endif /* ONBOARD_REJECTED_H */
