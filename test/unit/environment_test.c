/*-------------------------------------------------------------------------
 *
 * environment_test.c
 *	  Environment variables: defaults, ranges, what is required, and that a
 *	  wrong value is never repeated.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "lambda/environment.h"
#include "lambda/log.h"

/* The environment: one variable, or all that are required and one. */
static const char *given_name;
static const char *given_value;
static bool required_are_set;

static char *
lookup(const char *name)
{
	static const char *const required[] = {
		"BUCKET",        "ERROR_QUEUE_URL", "QUARANTINE_QUEUE_URL", "NOTIFICATION_TOPIC_ARN",
		"LINK_BASE_URL",
	};

	if (given_name != NULL && strcmp(name, given_name) == 0)
		return (char *) given_value;
	for (size_t i = 0; required_are_set && i < sizeof(required) / sizeof(required[0]); i++)
	{
		if (strcmp(name, required[i]) == 0)
			return (char *) "given";
	}
	return NULL;
}

static bool
read_with(enum handler_id handler, const char *name, const char *value, struct settings *settings,
		  struct glue_error *error)
{
	given_name = name;
	given_value = value;
	glue_error_clear(error);
	return settings_read(settings, handler, lookup, error);
}

static void
test_defaults(void)
{
	struct settings settings;
	struct glue_error error;

	required_are_set = true;
	for (int id = 0; id < HANDLER_COUNT; id++)
		ok(read_with(id, NULL, NULL, &settings, &error), "defaults of %s are good: %s",
		   handler_name(id), error.text);

	ok(read_with(HANDLER_PARSER, NULL, NULL, &settings, &error), "the parser starts");
	is_text(settings.database_secret_id, "ecommerce/rds/credentials", "secret");
	ok(read_with(HANDLER_OPERATOR, "DATABASE_SECRET_ID", "other", &settings, &error),
	   "the operator");
	is_text(settings.database_secret_id, "ecommerce/rds/operator", "has a secret of its own");
	ok(read_with(HANDLER_OPERATOR, "OPERATOR_SECRET_ID", "other", &settings, &error),
	   "it is given");
	is_text(settings.database_secret_id, "other", "and used");
	ok(read_with(HANDLER_PARSER, NULL, NULL, &settings, &error), "the parser again");
	is_text(settings.upload_records_table, "UploadRecords", "table");
	is_text(settings.upload_prefix, "uploads/", "prefix of uploads");
	is_text(settings.error_prefix, "errors/", "prefix of reports");
	is_int(settings.max_file_bytes, 10485760, "bytes");
	is_int(settings.max_rows, 10000, "rows");
	is_int(settings.route, ROUTE_AUTO, "route");
	is_int(settings.log_level, LOG_INFO, "level");
	is_int(settings.metrics, true, "metrics");
	is_text(settings.metrics_namespace, "EcommerceProductOnboarding", "their namespace");
	is_text(settings.database_secret_file, NULL, "no default, not set");
	is_text(settings.notification_topic_arn, NULL, "what the handler does not use stays empty");
}

static void
test_required(void)
{
	static const struct
	{
		enum handler_id handler;
		const char *missing; /* NULL when nothing is required */
	} cases[] = {
		{HANDLER_CHECK, NULL},
		{HANDLER_PARSER, "ERROR_QUEUE_URL"},
		{HANDLER_VALIDATOR, "ERROR_QUEUE_URL"},
		{HANDLER_REPORTER, "BUCKET"},
		{HANDLER_LINK, "BUCKET"},
		{HANDLER_SWEEPER, "BUCKET"},
		{HANDLER_DIRECT, "ERROR_QUEUE_URL"},
		{HANDLER_ROTATE, NULL},
		{HANDLER_OPERATOR, NULL},
	};
	struct settings settings;
	struct glue_error error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *name = handler_name(cases[i].handler);
		bool done;

		required_are_set = false;
		done = read_with(cases[i].handler, NULL, NULL, &settings, &error);
		is_int(done, cases[i].missing == NULL, "%s without any: %s", name, error.text);
		if (cases[i].missing == NULL)
			continue;
		ok(strncmp(error.text, cases[i].missing, strlen(cases[i].missing)) == 0 &&
			   strstr(error.text, " must be set: ") != NULL,
		   "%s names it: %s", name, error.text);
		is_text(error.code, "SETTINGS", "%s: the code", name);
		required_are_set = true;
		ok(!read_with(cases[i].handler, cases[i].missing, "", &settings, &error),
		   "%s: empty is not set", name);
	}
}

static void
test_values(void)
{
	static const struct
	{
		const char *name;
		const char *value;
		bool good;
	} cases[] = {
		{"MAX_ROWS", "0", true},
		{"MAX_ROWS", "2147483647", true},
		{"MAX_ROWS", "2147483648", false},
		{"MAX_ROWS", "99999999999999999999999999", false},
		{"MAX_ROWS", "18446744073709551617", false},
		{"MAX_ROWS", "-1", false},
		{"MAX_ROWS", "+1", false},
		{"MAX_ROWS", " 1", false},
		{"MAX_ROWS", "1 ", false},
		{"MAX_ROWS", "1e3", false},
		{"MAX_ROWS", "0x10", false},
		{"MAX_ROWS", "10k", false},
		{"MAX_FILE_BYTES", "5497558138880", true},
		{"MAX_FILE_BYTES", "5497558138881", false},
		{"ITEM_TTL_DAYS", "0", false},
		{"ITEM_TTL_DAYS", "1", true},
		{"AWS_CALLS_IN_FLIGHT", "64", true},
		{"AWS_CALLS_IN_FLIGHT", "65", false},
		{"ROUTE", "stream", true},
		{"ROUTE", "direct", true},
		{"ROUTE", "Direct", false},
		{"ROUTE", "streams", false},
		{"METRICS", "false", true},
		{"METRICS", "0", false},
		{"METRICS", "True", false},
		{"LOG_LEVEL", "error", true},
		{"LOG_LEVEL", "err", false},
	};
	struct settings settings;
	struct glue_error error;

	required_are_set = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bool done = read_with(HANDLER_PARSER, cases[i].name, cases[i].value, &settings, &error);

		is_int(done, cases[i].good, "%s=%s", cases[i].name, cases[i].value);
		if (!cases[i].good)
			ok(strncmp(error.text, cases[i].name, strlen(cases[i].name)) == 0 &&
				   strstr(error.text, " must be ") != NULL,
			   "it is named: %s", error.text);
	}
	ok(read_with(HANDLER_PARSER, "ROUTE", "direct", &settings, &error) &&
		   settings.route == ROUTE_DIRECT,
	   "a choice is the place of its word");
	ok(read_with(HANDLER_PARSER, "METRICS", "false", &settings, &error) && !settings.metrics,
	   "false is false");
	ok(!read_with(HANDLER_PARSER, "MAX_ROWS", "planted-7b1", &settings, &error) &&
		   strstr(error.text, "planted") == NULL,
	   "the value is not repeated: %s", error.text);
	ok(!read_with(HANDLER_PARSER, "ROUTE", "planted-7b1", &settings, &error) &&
		   strstr(error.text, "planted") == NULL,
	   "not that of a choice: %s", error.text);
	is_text(error.text, "ROUTE must be auto, stream, direct", "what it takes");
	ok(read_with(HANDLER_CHECK, "MAX_ROWS", "many", &settings, &error),
	   "a handler does not mind what it does not use");
}

int
main(void)
{
	test_defaults();
	test_required();
	test_values();
	return unit_done();
}
