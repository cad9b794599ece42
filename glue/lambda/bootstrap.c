/*-------------------------------------------------------------------------
 *
 * bootstrap.c
 *	  The executable "bootstrap": one program for all functions, one handler
 *	  for each.
 *
 *	  bootstrap [HANDLER]		serve the Lambda Runtime API
 *	  bootstrap --settings		print the table of environment variables
 *	  bootstrap --help, --version
 *
 * The handler is the first argument (ImageConfig.Command of a container image
 * function, where _HANDLER is blank), otherwise the value of _HANDLER.
 *
 * A sandbox gets no notice before it is terminated, so nothing is left for
 * shutdown: log lines are written immediately, and everything stored is
 * committed before the reply.
 *
 *-------------------------------------------------------------------------
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lambda/handler.h"
#include "lambda/runtime.h"

static const struct handler *const handlers[HANDLER_COUNT] = {
#define HANDLER_ROW(symbol, name) &name##_handler,
	HANDLERS(HANDLER_ROW)
#undef HANDLER_ROW
};

/* Room for all handler names. */
#define HANDLER_LIST_SIZE 256

/* ----- start ----- */

static const char *
wanted_handler(int argc, char **argv)
{
	const char *handler = argc > 1 ? argv[1] : getenv("_HANDLER");

	return handler != NULL ? handler : "";
}

static void
list_handlers(char *list, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < HANDLER_COUNT; i++)
		used += snprintf(list + used, size - used, "%s%s", i > 0 ? ", " : "",
						 handler_name(handlers[i]->id));
}

static void
print_help(void)
{
	char known[HANDLER_LIST_SIZE];

	list_handlers(known, sizeof(known));
	printf("Usage: bootstrap [HANDLER]    serve the Lambda Runtime API; HANDLER defaults to\n"
		   "                              the value of _HANDLER\n"
		   "       bootstrap --settings   print the table of environment variables\n"
		   "       bootstrap --version\n"
		   "\n"
		   "Handlers: %s.\n"
		   "AWS Lambda starts it and sets AWS_LAMBDA_RUNTIME_API.\n",
		   known);
}

static const struct handler *
find_handler(const char *name, struct glue_error *error)
{
	char known[HANDLER_LIST_SIZE];

	for (int i = 0; i < HANDLER_COUNT; i++)
	{
		if (strcmp(name, handler_name(handlers[i]->id)) == 0)
			return handlers[i];
	}
	list_handlers(known, sizeof(known));
	if (name[0] == '\0')
		glue_error_set(
			error, GLUE_USAGE_ERROR, "NO_HANDLER",
			"no handler specified, neither as the first argument nor in _HANDLER; available handlers: %s",
			known);
	else
		glue_error_set(error, GLUE_USAGE_ERROR, "NO_HANDLER",
					   "unknown handler \"%s\"; available handlers: %s", name, known);
	return NULL;
}

/* ----- invocations ----- */

/*
 * Post the response, or the failure of the invocation.  Return false if the
 * sandbox is no longer usable.
 */
static bool
send_answer(struct runtime *runtime, struct sandbox *sandbox, const struct invocation *invocation,
			bool done, struct glue_error *failure)
{
	struct glue_error error = {0};

	if (done)
	{
		if (runtime_respond(runtime, invocation->request_id, invocation->response->data,
							invocation->response->used, failure))
			return true;
		if (strcmp(failure->code, "RESPONSE_TOO_LARGE") != 0)
		{
			log_failure(&sandbox->log, "the response was not accepted", failure);
			return failure->class != GLUE_INTERNAL_ERROR;
		}
	}
	log_failure(&sandbox->log, "the invocation failed", failure);
	if (runtime_fail(runtime, invocation->request_id, failure, &error))
		return true;
	log_failure(&sandbox->log, "the failure was not accepted", &error);
	return error.class != GLUE_INTERNAL_ERROR;
}

/*
 * Run the handler.  Metrics are written before the reply, after which the
 * service may freeze the sandbox.
 */
static bool
handle_event(struct runtime *runtime, struct sandbox *sandbox, const struct handler *handler,
			 const struct runtime_event *event, struct byte_buffer *response)
{
	int64_t started_ms = clock_milliseconds();
	struct metrics metrics = {0};
	struct glue_error failure = {0};
	struct invocation invocation = {
		.request_id = event->request_id,
		.function_arn = event->function_arn,
		.deadline_ms = event->deadline_ms - sandbox->settings.deadline_margin_ms,
		.event = event->event,
		.event_length = event->event_length,
		.metrics = &metrics,
		.response = response,
	};
	bool done;

	response->used = 0;
	sandbox->log.request_id = event->request_id;
	database_set_deadline(sandbox->database, invocation.deadline_ms);
	done = handler->invoke(sandbox, &invocation, &failure);
	metrics_add(&metrics, METRIC_RETRIES, sandbox_take_retries(sandbox));
	metrics_add(&metrics, METRIC_DURATION, clock_milliseconds() - started_ms);
	if (sandbox->settings.metrics)
		metrics_write(&metrics, sandbox->settings.metrics_namespace, handler_name(handler->id),
					  event->request_id, day_milliseconds(), sandbox->log.descriptor);
	done = send_answer(runtime, sandbox, &invocation, done, &failure);
	sandbox->log.request_id = NULL;
	return done;
}

/*
 * Serve events until the sandbox is no longer usable or the process is
 * killed.
 */
static void
serve(struct runtime *runtime, struct sandbox *sandbox, const struct handler *handler)
{
	struct byte_buffer response = {0};
	struct runtime_event event;
	struct glue_error error = {0};

	do
	{
		if (!runtime_next(runtime, &event, &error))
		{
			log_failure(&sandbox->log, "cannot get the next event", &error);
			break;
		}
	} while (handle_event(runtime, sandbox, handler, &event, &response));
	byte_buffer_clean_up(&response);
}

/*
 * Find the handler, initialize it and serve; report once if that is not
 * possible.
 */
static void
start_and_serve(struct runtime *runtime, struct sandbox *sandbox, const char *name)
{
	struct glue_error failure = {0};
	struct glue_error error = {0};
	const struct handler *handler = find_handler(name, &failure);

	if (handler != NULL && sandbox_init(sandbox, handler->id, &failure) &&
		(handler->init == NULL || handler->init(sandbox, &failure)))
		serve(runtime, sandbox, handler);
	else
	{
		log_failure(&sandbox->log, "cannot start", &failure);
		if (!runtime_fail_init(runtime, &failure, &error))
			log_failure(&sandbox->log, "the failure was not accepted", &error);
	}
}

int
main(int argc, char **argv)
{
	struct sandbox sandbox = {.log = {.lowest = LOG_INFO, .descriptor = STDOUT_FILENO}};
	struct http_client *http;
	struct runtime *runtime = NULL;
	struct glue_error error = {0};

	if (argc > 1 && strcmp(argv[1], "--version") == 0)
	{
		puts("bootstrap (onboard) " ONBOARD_VERSION);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--settings") == 0)
	{
		settings_print(stdout);
		return 0;
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
	{
		print_help();
		return 0;
	}
	/* A lost peer is an error of the call and must not kill the process. */
	signal(SIGPIPE, SIG_IGN);
	/* A separate client, because it is needed before the settings are read. */
	http = http_client_new(NULL, &error);
	if (http != NULL)
		runtime = runtime_new(getenv("AWS_LAMBDA_RUNTIME_API"), http, &error);
	if (runtime != NULL)
		start_and_serve(runtime, &sandbox, wanted_handler(argc, argv));
	else
		log_failure(&sandbox.log, "cannot start", &error);
	sandbox_clean_up(&sandbox);
	runtime_destroy(runtime);
	http_client_destroy(http);
	/* Serving ends only on failure. */
	return 1;
}
