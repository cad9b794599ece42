/*-------------------------------------------------------------------------
 *
 * handler.h
 *	  Interface of a handler: one job of the pipeline, run for each
 *	  invocation.
 *
 * To add a handler, add a file that defines its struct handler, and a row to
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
 * What a sandbox keeps between invocations.  All of it is owned here
 * (sandbox_clean_up()) except state, which belongs to the handler: its init
 * creates it for the life of the process.
 */
struct sandbox
{
	struct settings settings;
	struct log log;           /* has the request id during an invocation */
	struct http_client *http; /* for AWS */
	struct aws_credentials_provider *credentials;
	struct aws_client aws;
	struct secret database_secret;
	struct database *database;
	void *state;
};

/*
 * One invocation.  Everything is borrowed for its duration and nothing is
 * kept: the next one starts with empty metrics and an empty response.
 */
struct invocation
{
	const char *request_id;
	const char *function_arn; /* "" if not reported */
	int64_t deadline_ms;      /* monotonic clock: work stops here, before the
								 * service ends the sandbox */
	const char *event;        /* NUL-terminated */
	size_t event_length;
	struct metrics *metrics;
	struct byte_buffer *response; /* empty; JSON is appended */
};

struct handler
{
	enum handler_id id;

	/*
	 * Called once per sandbox, before the first event; may be NULL.  Returning
	 * false ends the process.
	 */
	bool (*init)(struct sandbox *sandbox, struct glue_error *error);

	/*
	 * Handle one event.  On true the response is sent, on false the error, and
	 * the service applies the event source's failure settings.  The sandbox
	 * may be killed at any moment, so everything done must be safe to repeat.
	 */
	bool (*invoke)(struct sandbox *sandbox, const struct invocation *invocation,
				   struct glue_error *error);
};

/*
 * Read the settings that this handler uses and create what all handlers
 * share.  Neither AWS nor the database is contacted yet.  sandbox is zero
 * except for log; clean it up even after an error.
 */
extern bool
sandbox_init(struct sandbox *sandbox, enum handler_id handler, struct glue_error *error);

/* Accepts a zeroed sandbox. */
extern void sandbox_clean_up(struct sandbox *sandbox);

/*
 * Return the number of AWS calls and connections retried since the last call
 * of this function.
 */
extern int64_t sandbox_take_retries(struct sandbox *sandbox);

#define HANDLER_EXTERN(symbol, name) extern const struct handler name##_handler;
HANDLERS(HANDLER_EXTERN)
#undef HANDLER_EXTERN

#endif /* GLUE_LAMBDA_HANDLER_H */
