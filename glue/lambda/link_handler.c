/*-------------------------------------------------------------------------
 *
 * link_handler.c
 *	  The handler "link": serve the function URL that the links in mails point
 *	  to.
 *
 *	  GET /r/<token>				the error report
 *	  GET /f/<token>				the fix file
 *	  GET /w/<token>				the workbook
 *	  GET /uploads/<id>?token=...	how far the upload is, as JSON
 *
 * The first three redirect (302) to a presigned S3 URL that is valid for a few
 * minutes.  The last reveals less than a report does, so it accepts the token
 * of any of them.  HEAD is answered like GET, without a body.
 *
 * A request is checked in the order method, path, token, and only then is the
 * database queried, so a client without a token cannot learn what exists.  A
 * failure on our side is 503 and never 403 or 404, so that a link that will
 * work again in a minute does not look dead.
 *
 * A token grants access to the file, so tokens are never logged.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <time.h>

#include "aws/s3.h"
#include "lambda/handler.h"
#include "lambda/link_keys.h"
#include "lambda/link_token.h"
#include "lambda/url_event.h"
#include "lambda/url_reply.h"

#define STATUS_PATH "/uploads/"

/* The columns of the keys are in the order of enum link_kind. */
#define FILE_QUERY                                                           \
	"SELECT u.error_file_s3_key, u.fix_file_s3_key, u.workbook_file_s3_key," \
	" u.metadata ? 'reported_at'"                                            \
	" FROM onboard.upload_history u WHERE u.upload_id = $1::text"

/* A missing upload is not an error here. */
#define STATUS_QUERY                                  \
	"SELECT onboard_upload_status(u.upload_id)::text" \
	" FROM onboard.upload_history u WHERE u.upload_id = $1::text"

/* A parsed request. */
struct link_request
{
	bool status;         /* the upload's status, not a file */
	enum link_kind kind; /* of a file */
	struct text_view token;
	const char *upload_id; /* of a status */
};

/* ----- the request ----- */

static bool
starts_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/*
 * Parse a request; return false if the path does not exist.
 */
static bool
read_request(const struct url_event *event, struct link_request *request)
{
	memset(request, 0, sizeof(*request));
	if (starts_with(event->path, STATUS_PATH))
	{
		request->status = true;
		request->upload_id = event->path + strlen(STATUS_PATH);
		request->token = url_event_parameter(event, "token");
		return true;
	}
	for (int kind = 0; kind < LINK_KIND_COUNT; kind++)
	{
		if (starts_with(event->path, link_path(kind)))
		{
			request->kind = kind;
			request->token = text_of(event->path + strlen(link_path(kind)));
			return true;
		}
	}
	return false;
}

/*
 * Verify the token with the cached keys.
 */
static enum link_verdict
verify(const struct link_keys *keys, const struct link_request *request,
	   char upload_id[LINK_UPLOAD_ID_SIZE])
{
	enum link_verdict verdict = LINK_FORGED;
	int64_t now = (int64_t) time(NULL);

	for (int kind = 0; kind < LINK_KIND_COUNT && verdict == LINK_FORGED; kind++)
	{
		if (request->status || request->kind == (enum link_kind) kind)
			verdict = link_token_verify(keys, kind, request->token.data, request->token.length, now,
										upload_id);
	}
	if (request->status && strcmp(upload_id, request->upload_id) != 0)
		return LINK_FORGED;
	return verdict;
}

/* ----- the answers ----- */

static bool
refuse(struct sandbox *sandbox, const struct url_reply *reply, enum url_refusal refusal,
	   const char *upload_id, struct glue_error *error)
{
	log_write(&sandbox->log, LOG_INFO, "refused",
			  LOG_COUNT(LOG_HTTP_STATUS, url_refusal_status(refusal)),
			  LOG_NAME(LOG_UPLOAD_ID, upload_id));
	return url_reply_refuse(reply, refusal, error);
}

/*
 * A failure on our side: log the reason, and ask the client to retry.
 */
static bool
reply_unavailable(struct sandbox *sandbox, const struct url_reply *reply, const char *upload_id,
				  const struct glue_error *failure, struct glue_error *error)
{
	log_failure(&sandbox->log, "the request failed", failure, LOG_NAME(LOG_UPLOAD_ID, upload_id));
	return refuse(sandbox, reply,
				  failure->class == GLUE_INTERNAL_ERROR ? REFUSAL_BROKEN : REFUSAL_UNAVAILABLE,
				  upload_id, error);
}

static bool
redirect(struct sandbox *sandbox, const struct url_reply *reply, const char *upload_id,
		 const char *key, struct glue_error *error)
{
	struct glue_error failure = {0};
	char *url = NULL;
	bool done;

	if (!s3_presign_get(&sandbox->aws, sandbox->settings.bucket, key, NULL, NULL,
						sandbox->settings.link_presigned_seconds, &url, &failure))
		return reply_unavailable(sandbox, reply, upload_id, &failure, error);
	log_write(&sandbox->log, LOG_INFO, "redirected", LOG_COUNT(LOG_HTTP_STATUS, 302),
			  LOG_NAME(LOG_UPLOAD_ID, upload_id));
	done = url_reply_redirect(reply, url, error);
	aws_url_destroy(url);
	return done;
}

static bool
answer_file(struct sandbox *sandbox, const struct url_reply *reply, enum link_kind kind,
			const char *upload_id, struct glue_error *error)
{
	const char *const values[] = {upload_id};
	int column = (int) kind;
	struct glue_error failure = {0};
	PGresult *result = NULL;
	bool done;

	if (!database_query(sandbox->database, RUN_AGAIN, FILE_QUERY, 1, values, &result, &failure))
		return reply_unavailable(sandbox, reply, upload_id, &failure, error);
	if (PQntuples(result) == 0)
		done = refuse(sandbox, reply, REFUSAL_NO_FILE, upload_id, error);
	else if (!PQgetisnull(result, 0, column))
		done = redirect(sandbox, reply, upload_id, PQgetvalue(result, 0, column), error);
	else
		done = refuse(sandbox, reply,
					  PQgetvalue(result, 0, LINK_KIND_COUNT)[0] == 't' ? REFUSAL_NO_FILE
																	   : REFUSAL_NOT_READY,
					  upload_id, error);
	PQclear(result);
	return done;
}

static bool
answer_status(struct sandbox *sandbox, const struct url_reply *reply, const char *upload_id,
			  struct glue_error *error)
{
	const char *const values[] = {upload_id};
	struct glue_error failure = {0};
	PGresult *result = NULL;
	bool done;

	if (!database_query(sandbox->database, RUN_AGAIN, STATUS_QUERY, 1, values, &result, &failure))
		return reply_unavailable(sandbox, reply, upload_id, &failure, error);
	if (PQntuples(result) == 0)
		done = refuse(sandbox, reply, REFUSAL_NO_FILE, upload_id, error);
	else
	{
		log_write(&sandbox->log, LOG_INFO, "status returned", LOG_COUNT(LOG_HTTP_STATUS, 200),
				  LOG_NAME(LOG_UPLOAD_ID, upload_id));
		done = url_reply_json(reply, PQgetvalue(result, 0, 0), error);
	}
	PQclear(result);
	return done;
}

/* ----- the handler ----- */

static bool
follow_link(struct sandbox *sandbox, const struct invocation *invocation,
			const struct url_reply *reply, const struct link_request *request,
			struct glue_error *error)
{
	struct link_key_store *store = sandbox->state;
	char upload_id[LINK_UPLOAD_ID_SIZE] = "";
	struct glue_error failure = {0};
	enum link_verdict verdict;

	/* Without a token, the secret is not needed. */
	if (request->token.length == 0)
		return refuse(sandbox, reply, REFUSAL_FORGED, NULL, error);
	if (!link_key_store_get(store, invocation->deadline_ms, &failure))
		return reply_unavailable(sandbox, reply, NULL, &failure, error);
	verdict = verify(&store->keys, request, upload_id);
	if (verdict == LINK_FORGED && link_key_store_refresh(store, invocation->deadline_ms))
		verdict = verify(&store->keys, request, upload_id);
	if (verdict == LINK_FORGED)
		return refuse(sandbox, reply, REFUSAL_FORGED, NULL, error);
	if (verdict == LINK_EXPIRED)
		return refuse(sandbox, reply, REFUSAL_EXPIRED, upload_id, error);
	if (request->status)
		return answer_status(sandbox, reply, upload_id, error);
	return answer_file(sandbox, reply, request->kind, upload_id, error);
}

static bool
link_init(struct sandbox *sandbox, struct glue_error *error)
{
	(void) error;
	sandbox->state = link_key_store_open(&sandbox->aws, &sandbox->settings);
	return true;
}

static bool
link_invoke(struct sandbox *sandbox, const struct invocation *invocation, struct glue_error *error)
{
	struct url_event event;
	struct link_request request;
	struct url_reply reply = {.response = invocation->response};
	bool found;
	bool done;

	if (!url_event_init(&event, invocation->event, invocation->event_length, error))
		return false;
	found = read_request(&event, &request);
	reply.head = strcmp(event.method, "HEAD") == 0;
	reply.json = request.status;
	if (!reply.head && strcmp(event.method, "GET") != 0)
		done = refuse(sandbox, &reply, REFUSAL_WRONG_METHOD, NULL, error);
	else if (!found)
		done = refuse(sandbox, &reply, REFUSAL_NOT_FOUND, NULL, error);
	else
		done = follow_link(sandbox, invocation, &reply, &request, error);
	url_event_clean_up(&event);
	return done;
}

const struct handler link_handler = {
	.id = HANDLER_LINK,
	.init = link_init,
	.invoke = link_invoke,
};
