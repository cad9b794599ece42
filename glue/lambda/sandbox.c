/*-------------------------------------------------------------------------
 *
 * sandbox.c
 *	  Create and release what a sandbox keeps between invocations.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "lambda/handler.h"
#include "lambda/secret_database.h"

/*
 * A login_secret_fn: read the database secret from Secrets Manager.
 */
static bool
secret_of_manager(void *context, bool refresh, int64_t deadline_ms, struct byte_buffer *text,
				  struct glue_error *error)
{
	struct secret *secret = context;

	return secret_get(secret, refresh, deadline_ms, error) &&
		   byte_buffer_append(text, secret->value.text.data, secret->value.text.used, error);
}

static bool
open_aws(struct sandbox *sandbox, struct glue_error *error)
{
	struct aws_credentials_functions functions;
	struct aws_client_options options = {0};

	sandbox->http = http_client_new(sandbox->settings.aws_ca_file, error);
	if (sandbox->http == NULL)
		return false;
	aws_credentials_functions_init(&functions, sandbox->http);
	sandbox->credentials = aws_credentials_provider_new(&functions, error);
	if (sandbox->credentials == NULL)
		return false;
	options.http = sandbox->http;
	options.credentials.get = aws_credentials_get;
	options.credentials.context = sandbox->credentials;
	return aws_client_init(&sandbox->aws, &options, error);
}

static bool
open_database(struct sandbox *sandbox, struct glue_error *error)
{
	const struct settings *settings = &sandbox->settings;

	sandbox->database_secret.client = &sandbox->aws;
	sandbox->database_secret.id = settings->database_secret_id;
	sandbox->database_secret.time_to_live = settings->secret_ttl_seconds * 1000;
	if (settings->database_secret_file != NULL)
		sandbox->database = secret_database_open(settings, login_secret_of_file,
												 (void *) settings->database_secret_file, error);
	else
		sandbox->database =
			secret_database_open(settings, secret_of_manager, &sandbox->database_secret, error);
	return sandbox->database != NULL;
}

bool
sandbox_init(struct sandbox *sandbox, enum handler_id handler, struct glue_error *error)
{
	sandbox->log.handler = handler_name(handler);
	if (!settings_read(&sandbox->settings, handler, getenv, error))
		return false;
	sandbox->log.lowest = (enum log_level) sandbox->settings.log_level;
	return open_aws(sandbox, error) && open_database(sandbox, error);
}

void
sandbox_clean_up(struct sandbox *sandbox)
{
	database_close(sandbox->database);
	secret_clean_up(&sandbox->database_secret);
	aws_client_clean_up(&sandbox->aws);
	aws_credentials_provider_destroy(sandbox->credentials);
	http_client_destroy(sandbox->http);
	memset(sandbox, 0, sizeof(*sandbox));
}

int64_t
sandbox_take_retries(struct sandbox *sandbox)
{
	int64_t retries = sandbox->aws.counters.retries;

	memset(&sandbox->aws.counters, 0, sizeof(sandbox->aws.counters));
	return retries + database_take_retries(sandbox->database);
}
