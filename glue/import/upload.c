/*-------------------------------------------------------------------------
 *
 * upload.c
 *	  An upload as stored in the database, and operations on it.
 *
 * Each operation is one statement that returns the upload's row as
 * UPLOAD_COLUMNS.  All of them may run twice, because the SQL functions are
 * idempotent.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "database/postgres_value.h"
#include "import/upload.h"
#include "shared/text.h"

/* True if the upload failed for a reason outside the file. */
#define MAY_RETRY "(u.status = 'failed' AND onboard.may_retry(u.failure_code))"

#define HEADINGS                                                                         \
	"jsonb_array_elements_text(CASE WHEN jsonb_typeof(u.metadata -> 'header') = 'array'" \
	" THEN u.metadata -> 'header' ELSE '[]' END)"

/*
 * Columns of a row u of upload_history; fill_upload() reads them in this order.
 */
#define UPLOAD_COLUMNS                                                                                                                                \
	"u.upload_id, u.vendor_id, u.file_name, u.s3_key, u.status,"                                                                                      \
	" coalesce(u.total_records, -1), u.valid_records, u.error_records,"                                                                               \
	" onboard.success_rate(u.valid_records, coalesce(u.total_records, CASE WHEN u.failure_code IS NULL THEN u.valid_records + u.error_records END))," \
	" u.failure_code, u.failure_message, u.error_file_s3_key, u.fix_file_s3_key,"                                                                     \
	" extract(epoch FROM u.created_at)::bigint, u.processing_duration_seconds,"                                                                       \
	" u.metadata ? 'undone_at',"                                                                                                                      \
	" extract(epoch FROM (u.metadata ->> 'undone_at')::timestamptz)::bigint,"                                                                         \
	" u.created_at, u.processing_completed_at, (u.metadata ->> 'undone_at')::timestamptz,"                                                            \
	" " MAY_RETRY ", u.parse_attempts, u.metadata ->> 'delimiter',"                                                                                   \
	" (SELECT sum(octet_length(h.name)) FROM " HEADINGS " h (name)),"                                                                                 \
	" u.mode, u.match,"                                                                                                                               \
	" u.checkpoint ->> 'byte_offset', u.checkpoint ->> 'row_number', u.checkpoint ->> 'line_number', u.checkpoint -> 'state',"                        \
	" u.inserted, u.updated, u.unchanged, u.stale, u.held, u.discontinued, u.discontinued_missing,"                                                   \
	" u.metadata ->> 'encoding',"                                                                                                                     \
	" u.map_name, u.map_version, u.map_hash, onboard.skipped_rows(u.metadata)"

#define SELECT_UPLOAD "SELECT " UPLOAD_COLUMNS " FROM onboard.upload_history u"

/* Select the one row that a function returns. */
#define UPLOAD_OF(call) "SELECT " UPLOAD_COLUMNS " FROM " call " u"

/* Uploads listed if a prefix is ambiguous. */
#define MOST_CANDIDATES 5
#define TEXT_OF(macro) TEXT_OF_VALUE(macro)
#define TEXT_OF_VALUE(value) #value

/*
 * Begin or find an upload.  A redelivered event finds the upload that the first
 * delivery began, even if the vendor's default mode has changed since.
 */
#define BEGIN_UPLOAD                                                                       \
	"coalesce(CASE WHEN NOT $7::boolean AND $4::text IS NOT NULL"                          \
	" THEN onboard_find_upload($1::text, $4::text) END,"                                   \
	" onboard_begin_upload($1::text, $2::text, $3::text, $4::text, $5::bigint, $6::jsonb," \
	" $7::boolean, $8::text, $9::text, coalesce($10::text, 'clear'), $11::timestamptz,"    \
	" $12::text[], $13::text, $14::text))"

#define REQUEST_PARAMETERS 14

/*
 * Read the counters of the actions of valid rows: their columns, from this one
 * on, are in the order of the enum, in which ACTION_REJECT is last.
 */
static void
fill_actions(struct upload *upload, int column)
{
	for (int action = 0; action < ACTION_REJECT; action++)
		upload->actions[action] = postgres_integer(upload->row, 0, column + action);
	upload->actions[ACTION_REJECT] = upload->error_records;
}

/*
 * Take ownership of the one row of UPLOAD_COLUMNS.
 */
static void
fill_upload(struct upload *upload, PGresult *row)
{
	upload_clean_up(upload);
	upload->row = row;
	upload->upload_id = postgres_text(row, 0, 0);
	upload->vendor_id = postgres_text(row, 0, 1);
	upload->file_name = postgres_text(row, 0, 2);
	upload->source = postgres_text(row, 0, 3);
	upload->status = postgres_text(row, 0, 4);
	upload->total_records = postgres_integer(row, 0, 5);
	upload->valid_records = postgres_integer(row, 0, 6);
	upload->error_records = postgres_integer(row, 0, 7);
	upload->success_rate = postgres_text(row, 0, 8);
	upload->failure_code = postgres_text(row, 0, 9);
	upload->failure_message = postgres_text(row, 0, 10);
	upload->error_file = postgres_text(row, 0, 11);
	upload->fix_file = postgres_text(row, 0, 12);
	upload->created_at = postgres_integer(row, 0, 13);
	upload->duration = postgres_text(row, 0, 14);
	upload->undone = strcmp(PQgetvalue(row, 0, 15), "t") == 0;
	upload->undone_at = postgres_integer(row, 0, 16);
	upload->begun_text = postgres_text(row, 0, 17);
	upload->ended_text = postgres_text(row, 0, 18);
	upload->undone_text = postgres_text(row, 0, 19);
	upload->may_retry = strcmp(PQgetvalue(row, 0, 20), "t") == 0;
	upload->attempts = postgres_integer(row, 0, 21);
	upload->delimiter = PQgetlength(row, 0, 22) == 1 ? PQgetvalue(row, 0, 22)[0] : '\0';
	upload->heading_bytes = postgres_integer(row, 0, 23);
	if (!upload_mode_by_name(PQgetvalue(row, 0, 24), &upload->mode))
		upload->mode = MODE_INSERT;
	if (!upload_match_by_name(PQgetvalue(row, 0, 25), &upload->match))
		upload->match = MATCH_COUNT;
	upload->has_checkpoint = !PQgetisnull(row, 0, 26);
	upload->checkpoint = (struct resume_token){
		.byte_offset = postgres_integer(row, 0, 26),
		.row_number = postgres_integer(row, 0, 27),
		.line_number = postgres_integer(row, 0, 28),
		.state = postgres_text(row, 0, 29),
	};
	fill_actions(upload, 30);
	upload->discontinued_missing = postgres_integer(row, 0, 36);
	upload->encoding = postgres_text(row, 0, 37);
	upload->map_name = postgres_text(row, 0, 38);
	upload->map_version = postgres_integer(row, 0, 39);
	upload->map_hash = postgres_text(row, 0, 40);
	upload->skipped_rows = postgres_integer(row, 0, 41);
}

void
upload_clean_up(struct upload *upload)
{
	PQclear(upload->row);
	memset(upload, 0, sizeof(*upload));
}

bool
upload_is_open(const struct upload *upload)
{
	return strcmp(upload->status, "processing") == 0;
}

/*
 * Run a statement that returns UPLOAD_COLUMNS; *upload is emptied if there is
 * no row.
 */
static bool
find_upload(struct database *database, const char *statement, int count, const char *const *values,
			struct upload *upload, struct glue_error *error)
{
	PGresult *result = NULL;

	/*
	 * A value may point into the upload's row, so free that row only
	 * afterwards.
	 */
	if (!database_query(database, RUN_AGAIN, statement, count, values, &result, error))
		return false;
	if (PQntuples(result) > 0)
		fill_upload(upload, result);
	else
	{
		upload_clean_up(upload);
		PQclear(result);
	}
	return true;
}

/* ----- its life ----- */

bool
upload_explain_unknown_vendor(struct database *database, const char *vendor_id,
							  struct glue_error *error)
{
	const char *const values[] = {vendor_id};
	PGresult *row = NULL;
	bool is_unknown;

	if (strcmp(error->code, POSTGRES_UNDEFINED_OBJECT) != 0 ||
		!database_query(
			database, RUN_AGAIN,
			"SELECT EXISTS (SELECT FROM onboard.vendors v WHERE v.vendor_id = $1::text)", 1, values,
			&row, NULL))
		return false;
	is_unknown = strcmp(PQgetvalue(row, 0, 0), "f") == 0;
	PQclear(row);
	return is_unknown ? glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_VENDOR",
									   "vendor \"%s\" does not exist", vendor_id)
					  : false;
}

/*
 * Fill the parameters of BEGIN_UPLOAD.
 */
static void
fill_parameters(const struct upload_request *request, const char **values, char *total)
{
	values[0] = request->vendor_id;
	values[1] = request->file_name;
	values[2] = request->source;
	values[3] = request->content_id;
	values[4] = request->total_records >= 0 ? integer_text(total, request->total_records) : NULL;
	values[5] = request->metadata;
	values[6] = request->again ? "t" : "f";
	values[7] = request->apply.mode;
	values[8] = request->apply.match;
	values[9] = request->apply.blank;
	values[10] = request->apply.source_time;
	values[11] = request->columns;
	values[12] = request->map_name;
	values[13] = request->map_hash;
}

bool
upload_choose_mode(struct database *database, const char *vendor_id, const char *mode,
				   enum upload_mode *chosen, bool *is_allowed, struct glue_error *error)
{
	const char *const values[] = {vendor_id, mode};
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN,
						"SELECT onboard_upload_mode($1::text, $2::text), EXISTS ("
						"SELECT FROM onboard.vendors v WHERE v.vendor_id = $1::text"
						" AND coalesce($2::text, v.default_mode) = ANY (v.modes))",
						2, values, &result, error))
		return upload_explain_unknown_vendor(database, vendor_id, error);
	if (!upload_mode_by_name(PQgetvalue(result, 0, 0), chosen))
		*chosen = MODE_INSERT;
	*is_allowed = strcmp(PQgetvalue(result, 0, 1), "t") == 0;
	PQclear(result);
	return true;
}

bool
upload_begin(struct database *database, const struct upload_request *request, struct upload *upload,
			 struct glue_error *error)
{
	const char *values[REQUEST_PARAMETERS];
	char total[INTEGER_TEXT_SIZE];
	PGresult *result = NULL;
	bool done;

	fill_parameters(request, values, total);
	if (!database_query(database, RUN_AGAIN, "SELECT " BEGIN_UPLOAD, REQUEST_PARAMETERS, values,
						&result, error))
		return upload_explain_unknown_vendor(database, request->vendor_id, error);
	/* A separate statement sees the row stored by the first one. */
	done = upload_read(database, PQgetvalue(result, 0, 0), upload, error);
	PQclear(result);
	return done;
}

bool
upload_begin_reading(struct database *database, const struct upload_request *request,
					 struct upload *upload, struct glue_error *error)
{
	const char *values[REQUEST_PARAMETERS];
	char total[INTEGER_TEXT_SIZE];

	fill_parameters(request, values, total);
	return find_upload(database, UPLOAD_OF(BEGIN_UPLOAD " b, onboard_begin_parse(b)"),
					   REQUEST_PARAMETERS, values, upload, error) ||
		   upload_explain_unknown_vendor(database, request->vendor_id, error);
}

bool
upload_read_again(struct database *database, const char *upload_id, struct upload *upload,
				  struct glue_error *error)
{
	const char *const values[] = {upload_id};

	return find_upload(database, UPLOAD_OF("onboard_begin_parse($1::text)"), 1, values, upload,
					   error);
}

bool
upload_describe(struct database *database, struct upload *upload, int64_t total,
				const char *metadata, const char *columns, struct glue_error *error)
{
	char number[INTEGER_TEXT_SIZE];
	const char *const values[] = {
		upload->upload_id,
		integer_text(number, total),
		metadata,
		columns,
	};

	return find_upload(
		database, UPLOAD_OF("onboard_describe_upload($1::text, $2::bigint, $3::jsonb, $4::text[])"),
		4, values, upload, error);
}

bool
upload_save_checkpoint(struct database *database, const char *upload_id,
					   const struct resume_token *checkpoint, bool *moved, struct glue_error *error)
{
	char numbers[3][INTEGER_TEXT_SIZE];
	const char *const values[] = {
		upload_id,
		integer_text(numbers[0], checkpoint->byte_offset),
		integer_text(numbers[1], checkpoint->row_number),
		integer_text(numbers[2], checkpoint->line_number),
		checkpoint->state,
	};
	PGresult *result = NULL;

	if (!database_query(
			database, RUN_ONCE,
			"SELECT onboard_save_checkpoint($1::text, $2::bigint, $3::bigint, $4::bigint, $5::jsonb)",
			5, values, &result, error))
		return false;
	*moved = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	return true;
}

bool
upload_finish(struct database *database, struct upload *upload, int64_t total,
			  struct glue_error *error)
{
	char number[INTEGER_TEXT_SIZE];
	const char *const values[] = {upload->upload_id, integer_text(number, total)};

	return find_upload(database, UPLOAD_OF("onboard_finish_upload($1::text, $2::bigint)"), 2,
					   values, upload, error);
}

bool
upload_reject(struct database *database, struct upload *upload, const char *code,
			  const char *message, struct glue_error *error)
{
	const char *const values[] = {upload->upload_id, code, message};

	return find_upload(database, UPLOAD_OF("onboard_reject_upload($1::text, $2::text, $3::text)"),
					   3, values, upload, error);
}

bool
upload_refuse(struct database *database, const struct upload_request *request,
			  const struct glue_error *fault, struct upload *upload, struct glue_error *error)
{
	const char *values[REQUEST_PARAMETERS + 2];
	char total[INTEGER_TEXT_SIZE];

	fill_parameters(request, values, total);
	values[4] = NULL;
	values[REQUEST_PARAMETERS] = fault->code;
	values[REQUEST_PARAMETERS + 1] = fault->text;
	return find_upload(database,
					   UPLOAD_OF("onboard_reject_upload(" BEGIN_UPLOAD ", $15::text, $16::text)"),
					   REQUEST_PARAMETERS + 2, values, upload, error) ||
		   upload_explain_unknown_vendor(database, request->vendor_id, error);
}

/* ----- finding one ----- */

static bool
unknown_upload(const char *upload_id, struct glue_error *error)
{
	return glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_UPLOAD", "upload \"%s\" does not exist",
						  upload_id);
}

bool
upload_read(struct database *database, const char *upload_id, struct upload *upload,
			struct glue_error *error)
{
	const char *const values[] = {upload_id};

	return find_upload(database, SELECT_UPLOAD " WHERE u.upload_id = $1::text", 1, values, upload,
					   error) &&
		   (upload->upload_id != NULL || unknown_upload(upload_id, error));
}

const char *const held_decision_names[HELD_DECISION_COUNT] = {
	[HELD_APPLIED] = "applied",
	[HELD_DECLINED] = "declined",
	[HELD_SUPERSEDED] = "superseded",
	[HELD_REFUSED] = "refused",
};

/* The decisions last, in the order of enum held_decision. */
static const char held_query[] =
	"SELECT count(*) FILTER (WHERE h.outcome = 'waiting'),"
	" coalesce(bool_or(h.row_number IS NULL AND h.outcome = 'waiting'), false),"
	" max(CASE WHEN h.row_number IS NULL THEN h.new_value::bigint END),"
	" count(*) FILTER (WHERE h.outcome = 'applied'),"
	" count(*) FILTER (WHERE h.outcome = 'declined'),"
	" count(*) FILTER (WHERE h.outcome = 'superseded'),"
	" count(*) FILTER (WHERE h.outcome = 'refused')"
	" FROM onboard.held_rows h WHERE h.upload_id = $1::text";

bool
upload_read_held(struct database *database, struct upload *upload, struct glue_error *error)
{
	const char *const values[] = {upload->upload_id};
	PGresult *result = NULL;

	if (!upload_mode_changes(upload->mode))
		return true;
	if (!database_query(database, RUN_AGAIN, held_query, 1, values, &result, error))
		return false;
	upload->waiting = postgres_integer(result, 0, 0);
	upload->waiting_step = strcmp(PQgetvalue(result, 0, 1), "t") == 0;
	upload->waiting_products = postgres_integer(result, 0, 2);
	for (int decision = 0; decision < HELD_DECISION_COUNT; decision++)
		upload->decisions[decision] = postgres_integer(result, 0, 3 + decision);
	PQclear(result);
	return true;
}

/*
 * Report an ambiguous prefix and name the uploads.
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

	/* A full id is a prefix of itself and takes precedence. */
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
			unknown_upload(text, error);
		else
			ambiguous_upload(text, result, error);
		PQclear(result);
	}
	return known;
}

bool
upload_find_latest(struct database *database, struct upload *upload, struct glue_error *error)
{
	return find_upload(database, SELECT_UPLOAD " ORDER BY u.created_at DESC, u.upload_id LIMIT 1",
					   0, NULL, upload, error);
}

bool
upload_find(struct database *database, const char *vendor_id, const char *content_id,
			struct upload *upload, struct glue_error *error)
{
	const char *const values[] = {vendor_id, content_id};

	/* Only the last attempt can be non-retryable. */
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
