/*-------------------------------------------------------------------------
 *
 * operator_handler.c
 *	  The handler "operator": answer an operator's questions and make small
 *	  changes.
 *
 * An operator cannot reach a database in private subnets, but may invoke a
 * function.  An event is one command (operator_event.h).  Each is one
 * statement, which gets the event as its parameter and returns the answer as
 * one JSON document:
 *
 *	  {"vendor": {...}, "changed": true}
 *
 * A mistake of the operator's (a vendor that does not exist, an address that
 * the table's constraints refuse) is answered, too:
 *
 *	  {"error": {"code": "UNKNOWN_VENDOR", "message": "..."}}
 *
 * Only a malformed event and failures of the database or AWS fail the
 * invocation.  Every command may be repeated, because callers repeat an
 * invocation whose response they did not get.
 *
 * The login has the rights of onboard_grant_operator(), which do not include
 * reading products.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "database/vendor_columns.h"
#include "database/vendor_refusal.h"
#include "lambda/handler.h"
#include "lambda/operator_event.h"
#include "shared/text.h"

/* ----- the statements ----- */

/*
 * Each has the event as $1, if it needs it, and returns two columns: whether
 * the login sees all vendors, and the answer, which is null if the vendor or
 * upload was not found.
 */

/* The objects of README.md: of a row v of vendors, or a row u of uploads. */
#define VENDOR                                                       \
	"(to_jsonb(v) || jsonb_build_object("                            \
	"'created_at', onboard.utc_text(v.created_at),"                  \
	" 'updated_at', onboard.utc_text(v.updated_at),"                 \
	" 'last_upload_at', (SELECT onboard.utc_text(max(l.created_at))" \
	" FROM onboard.upload_history l WHERE l.vendor_id = v.vendor_id)))"

#define UPLOAD                                         \
	"jsonb_build_object("                              \
	"'upload_id', u.upload_id,"                        \
	" 'vendor_id', u.vendor_id,"                       \
	" 'file_name', u.file_name,"                       \
	" 'bucket', u.metadata -> 'bucket',"               \
	" 's3_key', u.s3_key,"                             \
	" 'version_id', u.metadata -> 'version_id',"       \
	" 'etag', u.metadata -> 'etag',"                   \
	" 'status', u.status,"                             \
	" 'failure_code', u.failure_code,"                 \
	" 'failure_message', u.failure_message,"           \
	" 'total_records', u.total_records,"               \
	" 'valid_records', u.valid_records,"               \
	" 'error_records', u.error_records,"               \
	" 'mode', u.mode,"                                 \
	" 'map', u.map_name,"                              \
	" 'actions', jsonb_build_object("                  \
	"'inserted', u.inserted,"                          \
	" 'updated', u.updated,"                           \
	" 'unchanged', u.unchanged,"                       \
	" 'stale', u.stale,"                               \
	" 'held', u.held,"                                 \
	" 'discontinued', u.discontinued),"                \
	" 'discontinued_missing', u.discontinued_missing," \
	" 'reported', u.metadata ? 'reported_at',"         \
	" 'undone', u.metadata ? 'undone_at',"             \
	" 'created_at', onboard.utc_text(u.created_at),"   \
	" 'updated_at', onboard.utc_text(u.updated_at),"   \
	" 'completed_at', onboard.utc_text(u.processing_completed_at))"

/* How many held rows of an upload u have each outcome. */
#define HELD_COUNTS                                                                 \
	"SELECT count(*) FILTER (WHERE h.outcome = 'waiting') AS waiting,"              \
	" jsonb_build_object('applied', count(*) FILTER (WHERE h.outcome = 'applied')," \
	" 'declined', count(*) FILTER (WHERE h.outcome = 'declined'),"                  \
	" 'superseded', count(*) FILTER (WHERE h.outcome = 'superseded'),"              \
	" 'refused', count(*) FILTER (WHERE h.outcome = 'refused')) AS decisions"       \
	" FROM onboard.held_rows h WHERE h.upload_id = u.upload_id"

/* The parts of a trace, of a row u of uploads. */
#define TRACE_ROWS                                                                                \
	"(SELECT jsonb_build_object("                                                                 \
	"'judged', j.judged,"                                                                         \
	" 'ranges', j.ranges,"                                                                        \
	" 'last_row', j.last_row,"                                                                    \
	" 'parse_attempts', u.parse_attempts,"                                                        \
	" 'revivals', u.revivals,"                                                                    \
	" 'held_waiting', h.waiting,"                                                                 \
	" 'held_decisions', h.decisions,"                                                             \
	" 'checkpoint', u.checkpoint - 'state',"                                                      \
	" 'idle_seconds', onboard.seconds_since(u.updated_at))"                                       \
	" FROM (SELECT coalesce(sum(r.last_row - r.first_row + 1), 0) AS judged, count(*) AS ranges," \
	" max(r.last_row) AS last_row FROM onboard.judged_rows r WHERE r.upload_id = u.upload_id) j"  \
	" CROSS JOIN (" HELD_COUNTS ") h)"

#define TRACE_EVENTS                                                             \
	"(SELECT coalesce(jsonb_agg(jsonb_build_object("                             \
	"'event_id', o.event_id,"                                                    \
	" 'kind', o.kind,"                                                           \
	" 'attempt', o.attempt,"                                                     \
	" 'lease_until', onboard.utc_text(o.lease_until),"                           \
	" 'created_at', onboard.utc_text(o.created_at)) ORDER BY o.event_id), '[]')" \
	" FROM onboard.outbox o WHERE o.upload_id = u.upload_id)"

#define TRACE_REPORT                                                                 \
	"jsonb_build_object("                                                            \
	"'due', u.status <> 'processing' AND NOT u.metadata ? 'reported_at',"            \
	" 'reported_at', onboard.utc_text((u.metadata ->> 'reported_at')::timestamptz)," \
	" 'lease_until', onboard.utc_text(u.report_lease_until),"                        \
	" 'error_file_s3_key', u.error_file_s3_key,"                                     \
	" 'fix_file_s3_key', u.fix_file_s3_key,"                                         \
	" 'workbook_file_s3_key', u.workbook_file_s3_key)"

#define TRACE_ERRORS                                                             \
	"(SELECT coalesce(jsonb_agg(jsonb_build_object("                             \
	"'error_type', c.error_type,"                                                \
	" 'error_field', c.error_field,"                                             \
	" 'severity', c.severity,"                                                   \
	" 'rows', c.rows) ORDER BY c.rows DESC, c.error_type, c.error_field), '[]')" \
	" FROM (SELECT e.error_type, e.error_field, e.severity,"                     \
	" count(DISTINCT e.row_number) AS rows"                                      \
	" FROM onboard.validation_errors e WHERE e.upload_id = u.upload_id"          \
	" GROUP BY e.error_type, e.error_field, e.severity) c)"

/* A vendor that has all the given values was added by an earlier call. */
static const char vendor_add[] =
	"WITH added AS ("
	"INSERT INTO onboard.vendors AS v (vendor_id, vendor_name, email, phone, business_name,"
	" tax_id, address, city, state, country, postal_code, status)"
	" SELECT e.vendor_id, e.vendor_name, e.email, e.phone, e.business_name,"
	" e.tax_id, e.address, e.city, e.state, e.country, e.postal_code, coalesce(e.status, 'active')"
	" FROM jsonb_to_record($1::jsonb) e (vendor_id text, vendor_name text, email text, phone text,"
	" business_name text, tax_id text, address text, city text, state text, country text,"
	" postal_code text, status text)"
	" ON CONFLICT (vendor_id) DO NOTHING RETURNING v.*)"
	" SELECT onboard.is_operator(),"
	" (SELECT jsonb_build_object('added', f.added, 'vendor', f.vendor) FROM ("
	"SELECT true AS added, " VENDOR " AS vendor FROM added v"
	" UNION ALL SELECT false, " VENDOR " FROM onboard.vendors v"
	" WHERE v.vendor_id = $1::jsonb ->> 'vendor_id'"
	" AND jsonb_strip_nulls($1::jsonb) - 'command' <@ to_jsonb(v)) f)::text";

/* $2 is the size of a page; one more vendor tells whether another page follows. */
static const char vendor_list[] =
	"WITH found AS MATERIALIZED (SELECT f.*, row_number() OVER (ORDER BY f.vendor_id) AS place"
	" FROM onboard.vendors f"
	" WHERE ($1::jsonb ->> 'vendor_id' IS NULL OR f.vendor_id = $1::jsonb ->> 'vendor_id')"
	" AND f.vendor_id > coalesce($1::jsonb ->> 'after', '')"
	" ORDER BY f.vendor_id LIMIT $2::integer + 1)"
	" SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'vendors', coalesce(jsonb_agg(" VENDOR " - 'place' ORDER BY v.vendor_id), '[]'),"
	" 'next', CASE WHEN EXISTS (SELECT FROM found o WHERE o.place > $2::integer)"
	" THEN max(v.vendor_id) END)"
	" FROM found v WHERE v.place <= $2::integer)::text";

/* After the UPDATE of the columns that the event has. */
static const char vendor_set[] =
	"SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'changed', to_jsonb(o) - 'updated_at' <> to_jsonb(v) - 'updated_at',"
	" 'vendor', " VENDOR ") FROM o CROSS JOIN v)::text";

static const char vendor_set_status[] =
	"WITH changed AS ("
	"UPDATE onboard.vendors v SET status = $1::jsonb ->> 'status'"
	" WHERE v.vendor_id = $1::jsonb ->> 'vendor_id' AND v.status <> $1::jsonb ->> 'status'"
	" RETURNING v.*)"
	" SELECT onboard.is_operator(),"
	" (SELECT jsonb_build_object('changed', f.changed, 'vendor', f.vendor) FROM ("
	"SELECT true AS changed, " VENDOR " AS vendor FROM changed v"
	" UNION ALL SELECT false, " VENDOR " FROM onboard.vendors v"
	" WHERE v.vendor_id = $1::jsonb ->> 'vendor_id'"
	" AND NOT EXISTS (SELECT FROM changed)) f)::text";

static const char upload_trace[] =
	"SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'upload', " UPLOAD ","
	" 'vendor', (SELECT " VENDOR " FROM onboard.vendors v WHERE v.vendor_id = u.vendor_id),"
	" 'rows', " TRACE_ROWS ","
	" 'events', " TRACE_EVENTS ","
	" 'report', " TRACE_REPORT ","
	" 'errors', " TRACE_ERRORS ")"
	" FROM onboard.upload_history u WHERE u.upload_id = $1::jsonb ->> 'upload_id')::text";

static const char upload_find[] =
	"SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'uploads', coalesce(jsonb_agg(" UPLOAD " ORDER BY u.created_at DESC, u.upload_id), '[]'))"
	" FROM (SELECT f.* FROM onboard.upload_history f"
	" WHERE ($1::jsonb ->> 'vendor_id' IS NULL OR f.vendor_id = $1::jsonb ->> 'vendor_id')"
	" AND ($1::jsonb ->> 's3_key' IS NULL OR f.s3_key = $1::jsonb ->> 's3_key')"
	" ORDER BY f.created_at DESC, f.upload_id"
	" LIMIT coalesce(($1::jsonb ->> 'limit')::integer, 20)) u)::text";

/* The upload is read before it is cancelled, to tell whether this call did so. */
static const char upload_cancel[] =
	"WITH earlier AS MATERIALIZED (SELECT f.upload_id, f.status FROM onboard.upload_history f"
	" WHERE f.upload_id = $1::jsonb ->> 'upload_id')"
	" SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'cancelled', e.status = 'processing' AND u.failure_code IS NOT DISTINCT FROM 'CANCELLED',"
	" 'upload', " UPLOAD ")"
	" FROM earlier e CROSS JOIN LATERAL onboard_cancel_upload(e.upload_id) u)::text";

#define HELD                             \
	"jsonb_build_object("                \
	"'upload_id', h.upload_id,"          \
	" 'vendor_id', h.vendor_id,"         \
	" 'file_name', u.file_name,"         \
	" 'row_number', h.row_number,"       \
	" 'line_number', h.line_number,"     \
	" 'product_id', h.product_id,"       \
	" 'cause', h.cause,"                 \
	" 'current_value', h.current_value," \
	" 'new_value', h.new_value,"         \
	" 'held_at', onboard.utc_text(h.held_at))"

#define HELD_ORDER "held_at, upload_id, row_number"

/* Rows that were decided on no longer wait, so the next page is again the first. */
static const char held_list[] =
	"WITH found AS MATERIALIZED (SELECT f.* FROM onboard_held("
	"$1::jsonb ->> 'vendor_id', $1::jsonb ->> 'upload_id') f)"
	" SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'waiting', (SELECT count(*) FROM found),"
	" 'held', coalesce(jsonb_agg(" HELD " ORDER BY " HELD_ORDER "), '[]'))"
	" FROM (SELECT f.* FROM found f ORDER BY " HELD_ORDER
	" LIMIT coalesce(($1::jsonb ->> 'limit')::integer, $2::integer)) h"
	" JOIN onboard.upload_history u USING (upload_id))::text";

/* The rows of the event that were held: the functions refuse any other. */
#define HELD_ROWS                                                            \
	"ARRAY(SELECT coalesce(o.row_number, 0) FROM onboard.held_rows o"        \
	" WHERE o.upload_id = e.upload_id AND coalesce(o.row_number, 0) = ANY (" \
	"ARRAY(SELECT r::bigint FROM jsonb_array_elements_text($1::jsonb -> 'rows') r)))"

/* The upload, if decisions on its rows are possible. */
#define HELD_UPLOAD                  \
	" FROM onboard.upload_history e" \
	" WHERE e.upload_id = $1::jsonb ->> 'upload_id' AND e.status <> 'processing'"

/* For a row that was decided on before, the function returns that decision. */
static const char held_approve[] =
	"SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'rows', (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.row_number), '[]')"
	" FROM onboard_approve_rows(e.upload_id, " HELD_ROWS ") a))" HELD_UPLOAD ")::text";

/*
 * This function counts only the rows that waited.  The last step is counted among
 * them, and named because it is not a row to a person.
 */
static const char held_decline[] =
	"SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'declined', onboard_decline_rows(e.upload_id, " HELD_ROWS ")"
	" + (SELECT count(*) FROM onboard.held_rows d WHERE d.upload_id = e.upload_id"
	" AND d.outcome = 'declined' AND coalesce(d.row_number, 0) = ANY (" HELD_ROWS ")),"
	" 'last_step', EXISTS (SELECT FROM onboard.held_rows d WHERE d.upload_id = e.upload_id"
	" AND d.outcome IN ('waiting', 'declined') AND d.row_number IS NULL"
	" AND 0 = ANY (" HELD_ROWS ")))" HELD_UPLOAD ")::text";

static const char backlog[] =
	"SELECT onboard.is_operator(), (SELECT jsonb_build_object("
	"'backlog', jsonb_object_agg(b.name, b.value)) FROM onboard_backlog() b)::text";

#define UNKNOWN_VENDOR "UNKNOWN_VENDOR"
#define NO_VENDOR "there is no vendor with this id"
#define UNKNOWN_UPLOAD "UNKNOWN_UPLOAD"
#define NO_UPLOAD "there is no upload with this id"
#define NO_ENDED_UPLOAD "there is no upload with this id that has ended"

/* How a command is answered. */
struct answer
{
	const char *statement;
	int parameters;           /* the event and the size of a page, or fewer */
	const char *missing_code; /* why there is no answer */
	const char *missing_text;
};

static const struct answer answers[OPERATOR_COMMAND_COUNT] = {
	[OPERATOR_VENDOR_ADD] =
		{
			.statement = vendor_add,
			.parameters = 1,
			.missing_code = VENDOR_EXISTS,
			.missing_text = "a vendor with this id already exists, with other values",
		},
	[OPERATOR_VENDOR_LIST] = {.statement = vendor_list, .parameters = 2},
	[OPERATOR_VENDOR_SET] =
		{
			.statement = vendor_set,
			.parameters = 1,
			.missing_code = UNKNOWN_VENDOR,
			.missing_text = NO_VENDOR,
		},
	[OPERATOR_VENDOR_SET_STATUS] =
		{
			.statement = vendor_set_status,
			.parameters = 1,
			.missing_code = UNKNOWN_VENDOR,
			.missing_text = NO_VENDOR,
		},
	[OPERATOR_UPLOAD_TRACE] =
		{
			.statement = upload_trace,
			.parameters = 1,
			.missing_code = UNKNOWN_UPLOAD,
			.missing_text = NO_UPLOAD,
		},
	[OPERATOR_UPLOAD_FIND] = {.statement = upload_find, .parameters = 1},
	[OPERATOR_UPLOAD_CANCEL] =
		{
			.statement = upload_cancel,
			.parameters = 1,
			.missing_code = UNKNOWN_UPLOAD,
			.missing_text = NO_UPLOAD,
		},
	[OPERATOR_HELD_LIST] = {.statement = held_list, .parameters = 2},
	[OPERATOR_HELD_APPROVE] =
		{
			.statement = held_approve,
			.parameters = 1,
			.missing_code = UNKNOWN_UPLOAD,
			.missing_text = NO_ENDED_UPLOAD,
		},
	[OPERATOR_HELD_DECLINE] =
		{
			.statement = held_decline,
			.parameters = 1,
			.missing_code = UNKNOWN_UPLOAD,
			.missing_text = NO_ENDED_UPLOAD,
		},
	[OPERATOR_BACKLOG] = {.statement = backlog},
};

/* ----- answering ----- */

/* The SQLSTATE class of constraint violations. */
#define CONSTRAINT_VIOLATION "23"

/* Size of an id in the log, including the NUL. */
#define ID_SIZE (LOG_NAME_LENGTH + 1)

/*
 * Copy an id for the log; return NULL if it is absent.
 */
static const char *
copy_id(char copy[ID_SIZE], struct text_view id)
{
	if (id.data == NULL)
		return NULL;
	snprintf(copy, ID_SIZE, "%.*s", id.length < ID_SIZE ? (int) id.length : ID_SIZE, id.data);
	return copy;
}

/*
 * Log the command with its ids, and the code of a refusal, or NULL.
 */
static void
log_answer(const struct sandbox *sandbox, const struct operator_event *event, const char *code)
{
	char vendor_id[ID_SIZE];
	char upload_id[ID_SIZE];

	log_write(&sandbox->log, LOG_INFO, "answered",
			  LOG_NAME(LOG_OPERATION, operator_command_name(event->command)),
			  LOG_NAME(LOG_VENDOR_ID, copy_id(vendor_id, event->vendor_id)),
			  LOG_NAME(LOG_UPLOAD_ID, copy_id(upload_id, event->upload_id)),
			  LOG_NAME(LOG_CODE, code));
}

static bool
answer_refusal(const struct invocation *invocation, const char *code, const char *text,
			   struct glue_error *error)
{
	struct byte_buffer *response = invocation->response;
	struct text_view message = text_of(text);

	if (!byte_buffer_append_string(response, "{\"error\":{\"code\":\"", error) ||
		!byte_buffer_append_string(response, code, error) ||
		!byte_buffer_append_string(response, "\",\"message\":\"", error) ||
		!byte_buffer_reserve(response, message.length * LONGEST_JSON_ESCAPE, error))
		return false;
	byte_buffer_append_json(response, message);
	return byte_buffer_append_string(response, "\"}}", error);
}

/*
 * Answer a statement that failed: a value that a column does not accept is for
 * the operator to correct, anything else fails the invocation.
 */
static bool
answer_failure(const struct sandbox *sandbox, const struct invocation *invocation,
			   const struct operator_event *event, struct glue_error *error)
{
	const struct vendor_refusal *refusal =
		event->vendor_columns != 0 ? vendor_refusal_find(error) : NULL;
	const char *sqlstate = glue_error_sqlstate(error);
	const char *code = refusal != NULL ? refusal->code : INVALID_VALUE;
	char text[GLUE_ERROR_TEXT_SIZE];

	if (refusal == NULL && (sqlstate == NULL || strncmp(sqlstate, CONSTRAINT_VIOLATION, 2) != 0))
		return false;
	if (refusal != NULL)
		snprintf(text, sizeof(text), "%s", refusal->text);
	else if (error->constraint[0] != '\0')
		snprintf(text, sizeof(text), "the values violate the constraint %s", error->constraint);
	else
		snprintf(text, sizeof(text), "a column that must not be null has no value");
	glue_error_clear(error);
	log_answer(sandbox, event, code);
	return answer_refusal(invocation, code, text, error);
}

static bool
answer_result(const struct sandbox *sandbox, const struct invocation *invocation,
			  const struct operator_event *event, const PGresult *result, struct glue_error *error)
{
	const struct answer *answer = &answers[event->command];

	if (PQgetvalue(result, 0, 0)[0] != 't')
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NOT_OPERATOR",
							  "the database login does not see all vendors;"
							  " grant it onboard_grant_operator()");
	if (PQgetisnull(result, 0, 1))
	{
		log_answer(sandbox, event, answer->missing_code);
		return answer_refusal(invocation, answer->missing_code, answer->missing_text, error);
	}
	log_answer(sandbox, event, NULL);
	return byte_buffer_append_string(invocation->response, PQgetvalue(result, 0, 1), error);
}

/*
 * Write the statement that answers an event, NUL-terminated.
 */
static bool
write_statement(struct byte_buffer *statement, const struct operator_event *event,
				struct glue_error *error)
{
	if (event->command == OPERATOR_VENDOR_SET &&
		!vendor_columns_append_update(statement, event->vendor_columns, error))
		return false;
	return byte_buffer_append_string(statement, answers[event->command].statement, error) &&
		   byte_buffer_terminate(statement, error);
}

static bool
operator_invoke(struct sandbox *sandbox, const struct invocation *invocation,
				struct glue_error *error)
{
	char page[INTEGER_TEXT_SIZE];
	const char *const values[] = {invocation->event, integer_text(page, OPERATOR_MOST_ROWS)};
	struct byte_buffer statement = {0};
	struct operator_event event;
	PGresult *result = NULL;
	bool done;

	if (!operator_event_read(&event, invocation->event, invocation->event_length, error))
		return false;
	if (!write_statement(&statement, &event, error))
		done = false;
	else if (database_query(sandbox->database, RUN_AGAIN, statement.data,
							answers[event.command].parameters, values, &result, error))
		done = answer_result(sandbox, invocation, &event, result, error);
	else
		done = answer_failure(sandbox, invocation, &event, error);
	PQclear(result);
	byte_buffer_clean_up(&statement);
	return done;
}

const struct handler operator_handler = {
	.id = HANDLER_OPERATOR,
	.invoke = operator_invoke,
};
