/*-------------------------------------------------------------------------
 *
 * report_content.c
 *	  Produce the reports of an upload, independent of their destination.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/byte_buffer.h"
#include "report/rejected_workbook.h"
#include "report/report_content.h"

/* Bytes to collect before writing. */
#define CHUNK_SIZE ((size_t) 64 * 1024)

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"
#define LINE_END "\r\n"

static const struct
{
	const char *name;
	const char *query; /* returns one text column, header first; $1 is the upload */
} reports[] = {
	[REPORT_ERRORS] = {"errors.csv", "SELECT * FROM onboard_error_csv($1::text)"},
	[REPORT_FIX] = {"fix.csv", "SELECT * FROM onboard_fix_csv($1::text)"},
	[REPORT_FIXED] = {"fixed.csv", "SELECT * FROM onboard_fixed_csv($1::text)"},
	[REPORT_WORKBOOK] = {"fix.xlsx", NULL},
	[REPORT_MAIL] = {"mail.txt", NULL},
};

#define MAIL_QUERY                                                                                              \
	"SELECT v.email, n.subject, n.body"                                                                         \
	" FROM onboard_notification($1::text, $2::text, $3::text, to_timestamp($4::bigint), $5::text, $6::text) n," \
	" onboard.upload_history u JOIN onboard.vendors v ON v.vendor_id = u.vendor_id"                             \
	" WHERE u.upload_id = $1::text"

/* State of writing a report. */
struct writing
{
	enum report_kind kind;
	const char *upload_id;
	const struct report_sink *sink;
	struct byte_buffer chunk; /* owned; not written yet */
	struct report_size size;
};

const char *
report_name(enum report_kind kind)
{
	return reports[kind].name;
}

/* ----- mail ----- */

bool
report_mail_read(struct database *database, const char *upload_id, const struct report_links *links,
				 struct report_mail *mail, struct glue_error *error)
{
	char until[INTEGER_TEXT_SIZE];
	const char *values[] = {upload_id, NULL, NULL, NULL, NULL, NULL};

	if (links != NULL)
	{
		values[1] = links->errors;
		values[2] = links->fix;
		values[3] = links->until > 0 ? integer_text(until, links->until) : NULL;
		values[4] = links->workbook;
		values[5] = links->language;
	}
	memset(mail, 0, sizeof(*mail));
	if (!database_query(database, RUN_AGAIN, MAIL_QUERY, 6, values, &mail->row, error))
		return false;
	if (PQntuples(mail->row) != 1)
	{
		report_mail_clean_up(mail);
		return glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_UPLOAD",
							  "upload %s is no longer in the database", upload_id);
	}
	mail->address = PQgetvalue(mail->row, 0, 0);
	mail->subject = PQgetvalue(mail->row, 0, 1);
	mail->body = PQgetvalue(mail->row, 0, 2);
	return true;
}

void
report_mail_clean_up(struct report_mail *mail)
{
	PQclear(mail->row);
	memset(mail, 0, sizeof(*mail));
}

/*
 * Append the mail as a file, without links: the files are in the same folder.
 */
static bool
take_mail(struct database *database, struct writing *writing, struct glue_error *error)
{
	struct byte_buffer *chunk = &writing->chunk;
	struct report_mail mail;
	bool done;

	if (!report_mail_read(database, writing->upload_id, NULL, &mail, error))
		return false;
	done = byte_buffer_append_string(chunk, "To: ", error) &&
		   byte_buffer_append_string(chunk, mail.address, error) &&
		   byte_buffer_append_string(chunk, "\nSubject: ", error) &&
		   byte_buffer_append_string(chunk, mail.subject, error) &&
		   byte_buffer_append_string(chunk, "\n\n", error) &&
		   byte_buffer_append_string(chunk, mail.body, error);
	report_mail_clean_up(&mail);
	return done;
}

/* ----- records ----- */

static bool
write_chunk(struct writing *writing, struct glue_error *error)
{
	struct byte_buffer *chunk = &writing->chunk;

	if (chunk->used > 0 &&
		!writing->sink->write(writing->sink->context, chunk->data, chunk->used, error))
		return false;
	writing->size.bytes += chunk->used;
	chunk->used = 0;
	return true;
}

/*
 * A postgres_row_fn.
 */
static bool
take_record(void *context, const PGresult *row, struct glue_error *error)
{
	struct writing *writing = context;
	size_t length = PQgetlength(row, 0, 0);

	writing->size.records++;
	if (!byte_buffer_append(&writing->chunk, PQgetvalue(row, 0, 0), length, error) ||
		!byte_buffer_append_string(&writing->chunk, LINE_END, error))
		return false;
	return writing->chunk.used < CHUNK_SIZE || write_chunk(writing, error);
}

static bool
take_records(struct database *database, struct writing *writing, struct glue_error *error)
{
	const char *const values[] = {writing->upload_id};

	writing->size.records = -1; /* the header is not one */
	return byte_buffer_append_string(&writing->chunk, BYTE_ORDER_MARK, error) &&
		   database_each_row(database, reports[writing->kind].query, 1, values, take_record,
							 writing, error);
}

/* ----- the workbook ----- */

/* Copy a file to the sink. */
static bool
take_file(struct writing *writing, int file, struct glue_error *error)
{
	struct byte_buffer *chunk = &writing->chunk;

	for (;;)
	{
		ssize_t length;

		if (!byte_buffer_reserve(chunk, CHUNK_SIZE, error))
			return false;
		length = read(file, chunk->data, CHUNK_SIZE);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "TEMPORARY_FILE",
								  "cannot read a workbook: %s", strerror(errno));
		if (length == 0)
			return true;
		chunk->used = (size_t) length;
		if (!write_chunk(writing, error))
			return false;
	}
}

static bool
take_workbook(struct database *database, struct writing *writing, struct glue_error *error)
{
	int file = rejected_workbook_make(database, writing->upload_id, &writing->size.records, error);
	bool done = file >= 0 && take_file(writing, file, error);

	if (file >= 0)
		close(file);
	return done;
}

static bool
take_report(struct database *database, struct writing *writing, struct glue_error *error)
{
	switch (writing->kind)
	{
		case REPORT_MAIL:
			return take_mail(database, writing, error);
		case REPORT_WORKBOOK:
			return take_workbook(database, writing, error);
		case REPORT_ERRORS:
		case REPORT_FIX:
		case REPORT_FIXED:
			break;
	}
	return take_records(database, writing, error);
}

/*
 * A transaction_fn: write the report from the start.
 */
static bool
fill_sink(struct database *database, void *context, struct glue_error *error)
{
	struct writing *writing = context;
	const struct report_sink *sink = writing->sink;

	memset(&writing->size, 0, sizeof(writing->size));
	writing->chunk.used = 0;
	if (!sink->begin(sink->context, error))
		return false;
	return take_report(database, writing, error) && write_chunk(writing, error);
}

bool
report_write(struct database *database, enum report_kind kind, const char *upload_id,
			 const struct report_sink *sink, struct report_size *size, struct glue_error *error)
{
	struct writing writing = {.kind = kind, .upload_id = upload_id, .sink = sink};
	/* The transaction only reads, so an unknown outcome does not matter. */
	bool done =
		database_transaction(database, fill_sink, &writing, error) != TRANSACTION_ROLLED_BACK;

	byte_buffer_clean_up(&writing.chunk);
	*size = writing.size;
	return done;
}
