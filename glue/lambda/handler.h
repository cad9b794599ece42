/*-------------------------------------------------------------------------
 *
 * handler.h
 *	  What a handler is: one job of the pipeline, run for each invocation.
 *
 * To add a handler: a file here that defines its struct handler, and a row in
 * handler_table.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_HANDLER_H
#define GLUE_LAMBDA_HANDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/secrets.h"
#include "base/byte_buffer.h"
#include "base/failure.h"
#include "database/database.h"
#include "lambda/environment.h"
#include "lambda/handler_table.h"
#include "lambda/log.h"
#include "lambda/metrics.h"

/*
 * What a sandbox keeps from invocation to invocation.  All of it is owned here
 * (sandbox_clean_up()) but state, which is the handler's own, made by its init
 * for as long as the process lives.
 */
struct sandbox
{
	struct settings settings;
	struct log log;           /* has the request id while one is handled */
	struct http_client *http; /* for AWS */
	struct aws_credentials_provider *credentials;
	struct aws_client aws;
	struct secret database_secret;
	struct database *database;
	void *state;
};

/*
 * One invocation.  Everything is borrowed for its time, and nothing of it is
 * kept: the next one begins with empty metrics and an empty response.
 */
struct invocation
{
	const char *request_id;
	const char *function_arn; /* "" when it was not told */
	int64_t deadline_ms;      /* monotonic clock: work stops here, the margin
								 * of the settings before the service would
								 * end the sandbox */
	const char *event;        /* NUL behind the last byte */
	size_t event_length;
	struct metrics *metrics;
	struct byte_buffer *response; /* empty; JSON is appended */
};

struct handler
{
	enum handler_id id;

	/*
	 * Called once per sandbox, before the first event; may be NULL.  False
	 * ends the process.
	 */
	bool (*init)(struct sandbox *sandbox, struct glue_error *error);

	/*
	 * Handle one event.  On true the response is sent, on false the error: the
	 * service then does what the event source's settings say about failures.
	 * The sandbox may be killed at any moment, so whatever is done must be
	 * harmless to do again.
	 */
	bool (*invoke)(struct sandbox *sandbox, const struct invocation *invocation,
				   struct glue_error *error);
};

/*
 * Read the settings that this handler uses and make what all handlers have.
 * Nothing is asked of AWS or of the database yet.  sandbox is zero but for
 * log; it is to be cleaned up also after an error.
 */
extern bool
sandbox_init(struct sandbox *sandbox, enum handler_id handler, struct glue_error *error);

/* Accepts a zeroed sandbox. */
extern void sandbox_clean_up(struct sandbox *sandbox);

/*
 * Calls to AWS and connections that were made again since the last call of
 * this function.
 */
extern int64_t sandbox_take_retries(struct sandbox *sandbox);

#define HANDLER_EXTERN(symbol, name) extern const struct handler name##_handler;
HANDLERS(HANDLER_EXTERN)
#undef HANDLER_EXTERN

#endif /* GLUE_LAMBDA_HANDLER_H */
