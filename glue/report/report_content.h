/*-------------------------------------------------------------------------
 *
 * report_content.h
 *	  Produce the reports of an upload, independent of their destination.
 *
 *	  error report	every finding, one per line
 *	  fix file		the rows with errors as the vendor sent them, to be corrected
 *	  workbook		the same rows as a workbook, which a spreadsheet cannot damage
 *	  fixed file	the fix file with all suggestions applied
 *	  mail			the notification of the vendor
 *
 * The database produces the records; this module assembles files from them.
 * The CSV files begin with a byte order mark, which spreadsheets expect,
 * and their lines end with CRLF.  The same upload always yields the same bytes.
 *
 * Records are read row by row, so memory use does not depend on the number of
 * errors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_REPORT_CONTENT_H
#define GLUE_REPORT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "database/database.h"

enum report_kind
{
	REPORT_ERRORS,
	REPORT_FIX,
	REPORT_FIXED,
	REPORT_WORKBOOK,
	REPORT_MAIL
};

/* Return the file name of a report, such as "errors.csv". */
extern const char *report_name(enum report_kind kind);

/* Where a report goes. */
struct report_sink
{
	/* Discard what was written.  Called first, and again on each retry. */
	bool (*begin)(void *context, struct glue_error *error);
	/* Write the next bytes; length is at least 1. */
	bool (*write)(void *context, const char *bytes, size_t length, struct glue_error *error);
	void *context;
};

/* What was written. */
struct report_size
{
	int64_t records; /* without the header; 0 for the mail */
	int64_t bytes;
};

/*
 * Write a report of an upload.  Errors are those of the database and of the
 * sink; after an error the sink holds part of the report.  A workbook may be too large:
 * WORKBOOK_TOO_LARGE.
 */
extern bool
report_write(struct database *database, enum report_kind kind, const char *upload_id,
			 const struct report_sink *sink, struct report_size *size, struct glue_error *error);

/* Links to the files for the mail, or their names; all pointers are borrowed. */
struct report_links
{
	const char *errors;   /* NULL for none */
	const char *fix;      /* NULL for none */
	const char *workbook; /* NULL for none */
	int64_t until;        /* epoch seconds: when they expire; 0 for never */
	const char *language; /* of the mail; NULL for that of the vendor */
};

/*
 * The strings point into row, which is owned; free with report_mail_clean_up().
 */
struct report_mail
{
	PGresult *row;
	const char *address;
	const char *subject;
	const char *body;
};

/* Read the mail; links may be NULL. */
extern bool
report_mail_read(struct database *database, const char *upload_id, const struct report_links *links,
				 struct report_mail *mail, struct glue_error *error);

/* Free a mail's memory; accepts a zeroed one. */
extern void report_mail_clean_up(struct report_mail *mail);

#endif /* GLUE_REPORT_CONTENT_H */
