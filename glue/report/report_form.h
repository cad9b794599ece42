/*-------------------------------------------------------------------------
 *
 * report_form.h
 *	  How error report and fix file are written, on a disk or in a bucket.
 *
 * The database gives records; a file begins with a byte order mark, which
 * spreadsheets want, and each of its lines ends with CRLF.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_REPORT_FORM_H
#define GLUE_REPORT_FORM_H

/* One text column, a row for each record, the header first; $1 is the upload. */
#define ERROR_REPORT_QUERY "SELECT * FROM onboard_error_csv($1::text)"
#define FIX_FILE_QUERY "SELECT * FROM onboard_fix_csv($1::text)"

#define REPORT_BEGINNING "\xEF\xBB\xBF"
#define REPORT_LINE_END "\r\n"

#endif /* GLUE_REPORT_FORM_H */
