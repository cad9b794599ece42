/*-------------------------------------------------------------------------
 *
 * upload_calls.c
 *	  What the database knows about an upload, and the calls on it.
 *
 * Every statement here may run twice: the functions give the same answer to
 * the same call again.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "import/not_found.h"
#include "import/upload_calls.h"

/* Whether it failed for a reason outside the file. */
#define MAY_RETRY "(u.status = 'failed' AND onboard.may_retry(u.failure_code))"

#define SELECT_UPLOAD                                                                                                                                 \
	"SELECT u.upload_id, u.vendor_id, u.file_name, u.s3_key, u.status,"                                                                               \
	" coalesce(u.total_records, -1), u.valid_records, u.error_records,"                                                                               \
	" onboard.success_rate(u.valid_records, coalesce(u.total_records, CASE WHEN u.failure_code IS NULL THEN u.valid_records + u.error_records END))," \
	" u.failure_code, u.failure_message, u.error_file_s3_key, u.fix_file_s3_key,"                                                                     \
	" extract(epoch FROM u.created_at)::bigint, u.processing_duration_seconds,"                                                                       \
	" u.metadata ? 'undone_at',"                                                                                                                      \
	" extract(epoch FROM (u.metadata ->> 'undone_at')::timestamptz)::bigint,"                                                                         \
	" u.created_at, u.processing_completed_at, (u.metadata ->> 'undone_at')::timestamptz,"                                                            \
	" " MAY_RETRY " FROM onboard.upload_history u"

/* Uploads that are named when the beginning of an id is not enough. */
#define MOST_CANDIDATES 5
#define TEXT_OF(macro) TEXT_OF_VALUE(macro)
#define TEXT_OF_VALUE(value) #value

/* SQLSTATEs that the functions raise on purpose. */
#define UNDEFINED_OBJECT "42704"
#define INVALID_PARAMETER "22023"

static const char *
text_or_null(const PGresult *row, int column)
{
	return PQgetisnull(row, 0, column) ? NULL : PQgetvalue(row, 0, column);
}

static int64_t
number_of(const PGresult *row, int column)
{
	return strtoll(PQgetvalue(row, 0, column), NULL, 10);
}

/*
 * Take over the one row of a SELECT_UPLOAD.
 */
static void
fill_upload(struct upload *upload, PGresult *row)
{
	upload_clean_up(upload);
	upload->row = row;
	upload->upload_id = text_or_null(row, 0);
	upload->vendor_id = text_or_null(row, 1);
	upload->file_name = text_or_null(row, 2);
	upload->source = text_or_null(row, 3);
	upload->status = text_or_null(row, 4);
	upload->total_records = number_of(row, 5);
	upload->valid_records = number_of(row, 6);
	upload->error_records = number_of(row, 7);
	upload->success_rate = text_or_null(row, 8);
	upload->failure_code = text_or_null(row, 9);
	upload->failure_message = text_or_null(row, 10);
	upload->error_file = text_or_null(row, 11);
	upload->fix_file = text_or_null(row, 12);
	upload->created_at = number_of(row, 13);
	upload->duration = text_or_null(row, 14);
	upload->undone = strcmp(PQgetvalue(row, 0, 15), "t") == 0;
	upload->undone_at = number_of(row, 16);
	upload->begun_text = text_or_null(row, 17);
	upload->ended_text = text_or_null(row, 18);
	upload->undone_text = text_or_null(row, 19);
	upload->may_retry = strcmp(PQgetvalue(row, 0, 20), "t") == 0;
}

void
upload_clean_up(struct upload *upload)
{
	PQclear(upload->row);
	memset(upload, 0, sizeof(*upload));
}

bool
upload_read(struct database *database, const char *upload_id, struct upload *upload,
			struct glue_error *error)
{
	const char *const values[] = {upload_id};
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN, SELECT_UPLOAD " WHERE u.upload_id = $1::text", 1,
						values, &result, error))
		return false;
	if (PQntuples(result) == 0)
	{
		PQclear(result);
		return not_found(database, NOT_FOUND_UPLOAD, upload_id, error);
	}
	fill_upload(upload, result);
	return true;
}

/*
 * Several uploads begin like this; name them.
 */
static bool
ambiguous_upload(const char *text, const PGresult *result, struct glue_error *error)
{
	char names[GLUE_ERROR_TEXT_SIZE] = "";
	int count = PQntuples(result) < MOST_CANDIDATES ? PQntuples(result) : MOST_CANDIDATES;
	size_t used = 0;

	for (int i = 0; i < count && used < sizeof(names); i++)
		used += snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
						 PQgetvalue(result, i, 0));
	return glue_error_set(error, GLUE_USAGE_ERROR, "AMBIGUOUS_UPLOAD",
						  "more than one upload begins with \"%s\": %s%s", text, names,
						  count < PQntuples(result) ? ", ..." : "");
}

bool
upload_resolve(struct database *database, const char *text, struct upload *upload,
			   struct glue_error *error)
{
	const char *const values[] = {text};
	PGresult *result = NULL;
	bool known;

	/* An id is a beginning of itself, and wins. */
	if (!database_query(database, RUN_AGAIN,
						SELECT_UPLOAD
						" WHERE u.upload_id ^@ $1::text AND $1::text <> ''"
						" ORDER BY u.upload_id <> $1::text, u.created_at DESC, u.upload_id"
						" LIMIT 1 + " TEXT_OF(MOST_CANDIDATES),
						1, values, &result, error))
		return false;
	known = PQntuples(result) == 1 ||
			(PQntuples(result) > 1 && strcmp(PQgetvalue(result, 0, 0), text) == 0);
	if (known)
		fill_upload(upload, result);
	else
	{
		if (PQntuples(result) == 0)
			(void) not_found(database, NOT_FOUND_UPLOAD, text, error);
		else
			ambiguous_upload(text, result, error);
		PQclear(result);
	}
	return known;
}

/*
 * Read the upload that a SELECT_UPLOAD finds, if any.
 */
static bool
find_upload(struct database *database, const char *statement, int count, const char *const *values,
			struct upload *upload, struct glue_error *error)
{
	PGresult *result = NULL;

	upload_clean_up(upload);
	if (!database_query(database, RUN_AGAIN, statement, count, values, &result, error))
		return false;
	if (PQntuples(result) > 0)
		fill_upload(upload, result);
	else
		PQclear(result);
	return true;
}

bool
upload_read_latest(struct database *database, struct upload *upload, struct glue_error *error)
{
	if (!find_upload(database, SELECT_UPLOAD " ORDER BY u.created_at DESC, u.upload_id LIMIT 1", 0,
					 NULL, upload, error))
		return false;
	if (upload->upload_id == NULL)
		return glue_error_set(
			error, GLUE_NOT_FOUND, "UNKNOWN_UPLOAD",
			"there are no uploads yet; start with \"onboard load FILE --vendor ID\"");
	return true;
}

bool
upload_find(struct database *database, const char *vendor_id, const char *content_id,
			struct upload *upload, struct glue_error *error)
{
	const char *const values[] = {vendor_id, content_id};

	/* Only the last attempt can be one that is not to be retried. */
	return find_upload(database,
					   SELECT_UPLOAD " WHERE u.vendor_id = $1::text AND u.content_id = $2::text"
									 " ORDER BY " MAY_RETRY ", u.created_at DESC LIMIT 1",
					   2, values, upload, error);
}

bool
upload_find_other_reading(struct database *database, const char *vendor_id, const char *digest,
						  const char *content_id, struct upload *upload, struct glue_error *error)
{
	const char *const values[] = {vendor_id, digest, content_id};

	return find_upload(database,
					   SELECT_UPLOAD
					   " WHERE u.vendor_id = $1::text"
					   " AND split_part(split_part(u.content_id, '+', 1), ',', 1) = $2::text"
					   " AND split_part(u.content_id, '+', 1) <> split_part($3::text, '+', 1)"
					   " AND u.status <> 'failed' AND NOT u.metadata ? 'undone_at'"
					   " ORDER BY u.created_at DESC LIMIT 1",
					   3, values, upload, error);
}

/*
 * Run a statement whose first column is an upload's id, and read that upload.
 */
static bool
run_and_read(struct database *database, const char *statement, int count, const char *const *values,
			 struct upload *upload, struct glue_error *error)
{
	PGresult *result = NULL;
	bool done;

	if (!database_query(database, RUN_AGAIN, statement, count, values, &result, error))
		return false;
	done = upload_read(database, PQgetvalue(result, 0, 0), upload, error);
	PQclear(result);
	return done;
}

/*
 * What onboard_begin_upload() raises for a vendor it does not know.
 */
static bool
explain_begin_error(struct database *database, const char *vendor_id, struct glue_error *error)
{
	if (strcmp(error->code, UNDEFINED_OBJECT) == 0)
		return not_found(database, NOT_FOUND_VENDOR, vendor_id, error);
	if (strcmp(error->code, INVALID_PARAMETER) == 0)
		return glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_VENDOR",
							  "\"%s\" is no vendor id; it is up to 50 letters, digits and hyphens",
							  vendor_id);
	return false;
}

/*
 * The six parameters of onboard_begin_upload().
 */
static void
fill_parameters(const struct upload_request *request, const char **values, char *total)
{
	snprintf(total, POSTGRES_INTEGER_SIZE, "%" PRId64, request->total_records);
	values[0] = request->vendor_id;
	values[1] = request->file_name;
	values[2] = request->source;
	values[3] = request->content_id;
	values[4] = request->total_records >= 0 ? total : NULL;
	values[5] = request->metadata;
}

#define BEGIN_UPLOAD \
	"onboard_begin_upload($1::text, $2::text, $3::text, $4::text, $5::bigint, $6::jsonb)"

bool
upload_begin(struct database *database, const struct upload_request *request, struct upload *upload,
			 struct glue_error *error)
{
	const char *values[6];
	char total[POSTGRES_INTEGER_SIZE];

	fill_parameters(request, values, total);
	if (run_and_read(database, "SELECT " BEGIN_UPLOAD, 6, values, upload, error))
		return true;
	return explain_begin_error(database, request->vendor_id, error);
}

bool
upload_refuse(struct database *database, const struct upload_request *request,
			  const struct glue_error *fault, struct upload *upload, struct glue_error *error)
{
	const char *values[8];
	char total[POSTGRES_INTEGER_SIZE];

	fill_parameters(request, values, total);
	values[4] = NULL;
	values[6] = fault->code;
	values[7] = fault->text;
	if (run_and_read(database,
					 "SELECT upload_id FROM onboard_reject_upload(" BEGIN_UPLOAD
					 ", $7::text, $8::text)",
					 8, values, upload, error))
		return true;
	return explain_begin_error(database, request->vendor_id, error);
}

bool
upload_reject(struct database *database, struct upload *upload, const char *code,
			  const char *message, struct glue_error *error)
{
	const char *const values[] = {upload->upload_id, code, message};

	return run_and_read(database,
						"SELECT upload_id FROM onboard_reject_upload($1::text, $2::text, $3::text)",
						3, values, upload, error);
}

bool
upload_finish(struct database *database, struct upload *upload, int64_t total,
			  struct glue_error *error)
{
	char number[POSTGRES_INTEGER_SIZE];
	const char *const values[] = {upload->upload_id, number};

	snprintf(number, sizeof(number), "%" PRId64, total);
	return run_and_read(database,
						"SELECT upload_id FROM onboard_finish_upload($1::text, $2::bigint)", 2,
						values, upload, error);
}

bool
upload_choose_content(struct database *database, const char *vendor_id, bool again,
					  char *content_id, size_t size, struct glue_error *error)
{
	static const char latest[] = "SELECT u.content_id FROM onboard.upload_history u"
								 " WHERE u.vendor_id = $1::text AND NOT " MAY_RETRY
								 " AND split_part(u.content_id, '+', 1) = $2::text"
								 " ORDER BY u.created_at DESC, u.content_id DESC LIMIT 1";
	static const char next[] =
		"SELECT $2::text || '+' || 1 + count(*) FROM onboard.upload_history u"
		" WHERE u.vendor_id = $1::text AND u.status <> 'processing'"
		" AND NOT " MAY_RETRY
		" AND split_part(u.content_id, '+', 1) = $2::text HAVING count(*) > 0";
	const char *const values[] = {vendor_id, content_id};
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN, again ? next : latest, 2, values, &result, error))
		return false;
	if (PQntuples(result) > 0)
		snprintf(content_id, size, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}

bool
judged_rows_read(struct database *database, const char *upload_id, struct judged_rows *judged,
				 struct glue_error *error)
{
	const char *const values[] = {upload_id};
	PGresult *result = NULL;
	int count;

	judged_rows_clean_up(judged);
	if (!database_query(
			database, RUN_AGAIN,
			"SELECT first_row, last_row FROM onboard_judged_ranges($1::text) ORDER BY 1", 1, values,
			&result, error))
		return false;
	count = PQntuples(result);
	judged->ranges = glue_allocate(sizeof(struct row_range) * (count > 0 ? count : 1));
	if (judged->ranges == NULL)
	{
		PQclear(result);
		return glue_error_memory(error);
	}
	for (int i = 0; i < count; i++)
	{
		judged->ranges[i].first = strtoll(PQgetvalue(result, i, 0), NULL, 10);
		judged->ranges[i].last = strtoll(PQgetvalue(result, i, 1), NULL, 10);
		judged->rows += judged->ranges[i].last - judged->ranges[i].first + 1;
	}
	judged->count = count;
	PQclear(result);
	return true;
}

void
judged_rows_clean_up(struct judged_rows *judged)
{
	glue_release(judged->ranges);
	memset(judged, 0, sizeof(*judged));
}

bool
vendor_read_status(struct database *database, const char *vendor_id, char *buffer, size_t size,
				   struct glue_error *error)
{
	const char *const values[] = {vendor_id};
	PGresult *result = NULL;

	buffer[0] = '\0';
	if (!database_query(database, RUN_AGAIN,
						"SELECT v.status FROM onboard.vendors v WHERE v.vendor_id = $1::text", 1,
						values, &result, error))
		return false;
	if (PQntuples(result) == 1)
		snprintf(buffer, size, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	if (buffer[0] != '\0')
		return true;
	return not_found(database, NOT_FOUND_VENDOR, vendor_id, error);
}
