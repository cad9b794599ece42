/*-------------------------------------------------------------------------
 *
 * report_content.h
 *	  What the reports of an upload hold, wherever they go.
 *
 *	  error report	every finding, a line each
 *	  fix file		the rows with errors as the vendor sent them, to be corrected
 *	  mail			what the vendor is told
 *
 * The database makes the records; here is how a file is made of them.  The two CSV
 * files begin with a byte order mark, which spreadsheets want, and each of their
 * lines ends with CRLF.  The same upload gives the same bytes whenever it is done.
 *
 * Records are read row by row, so memory is flat however many errors there are.
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
	REPORT_MAIL
};

/* The file's name among those of its upload: "errors.csv". */
extern const char *report_name(enum report_kind kind);

/* Where a report goes. */
struct report_sink
{
	/* Forget what was written.  Called first, and again when the reading starts anew. */
	bool (*begin)(void *context, struct glue_error *error);
	/* Takes the next bytes, at least one. */
	bool (*write)(void *context, const char *bytes, size_t length, struct glue_error *error);
	void *context;
};

/* What was written. */
struct report_size
{
	int64_t records; /* header not counted; of the CSV files */
	int64_t bytes;
};

/*
 * Write a report of an upload.  Errors are those of the database and of the sink;
 * after an error the sink holds a part of it.
 */
extern bool
report_write(struct database *database, enum report_kind kind, const char *upload_id,
			 const struct report_sink *sink, struct report_size *size, struct glue_error *error);

/* Where the vendor finds the files; addresses for the mail, all borrowed. */
struct report_links
{
	const char *errors; /* NULL for none */
	const char *fix;    /* NULL for none */
	int64_t until;      /* epoch seconds: they work no longer than this */
};

/* Texts are borrowed from row, which is owned: report_mail_clean_up(). */
struct report_mail
{
	PGresult *row;
	const char *address;
	const char *subject;
	const char *body;
};

/* Read the mail; links is NULL where no addresses are known. */
extern bool
report_mail_read(struct database *database, const char *upload_id, const struct report_links *links,
				 struct report_mail *mail, struct glue_error *error);

/* Accepts a zeroed mail. */
extern void report_mail_clean_up(struct report_mail *mail);

/*
 * Record where the files of an upload are, NULL for those that there are not, and
 * with that, that the vendor was told.  *recorded is false when somebody has done
 * so before.
 */
extern bool report_record(struct database *database, const char *upload_id, const char *errors,
						  const char *fix, bool *recorded, struct glue_error *error);

#endif /* GLUE_REPORT_CONTENT_H */
