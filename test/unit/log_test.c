/*-------------------------------------------------------------------------
 *
 * log_test.c
 *	  Lines of the log and of metrics, read back by a JSON parser.
 *
 *-------------------------------------------------------------------------
 */
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "unit.h"

#include "lambda/json_line.h"
#include "lambda/log.h"
#include "lambda/metrics.h"

static int pipe_ends[2];

/*
 * What was written since the last call, parsed; NULL when it was not exactly
 * one line of JSON.
 */
static cJSON *
take_line(void)
{
	static char text[4 * JSON_LINE_SIZE];
	ssize_t length = read(pipe_ends[0], text, sizeof(text) - 1);
	char *end;

	if (length <= 0)
		return NULL;
	text[length] = '\0';
	end = strchr(text, '\n');
	if (end == NULL || end != text + length - 1 || length > PIPE_BUF)
		return NULL;
	*end = '\0';
	return cJSON_ParseWithOpts(text, NULL, true);
}

static const char *
text_member(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static double
number_member(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(member) ? member->valuedouble : -12345;
}

static void
test_line(void)
{
	struct log log = {.lowest = LOG_INFO, .descriptor = pipe_ends[1], .handler = "check"};
	cJSON *line;
	const char *time;

	log_write(&log, LOG_INFO, "hello");
	line = take_line();
	ok(line != NULL, "a line");
	time = text_member(line, "time");
	ok(time != NULL && strlen(time) == 24 && time[10] == 'T' && time[23] == 'Z', "time: %s", time);
	is_text(text_member(line, "level"), "info", "level");
	is_text(text_member(line, "message"), "hello", "message");
	is_text(text_member(line, "handler"), "check", "handler");
	ok(cJSON_GetObjectItem(line, "request_id") == NULL, "no request id before there is one");
	cJSON_Delete(line);

	log.request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
	log_write(&log, LOG_WARNING, "stored", LOG_COUNT(LOG_ROWS, INT64_MAX), LOG_COUNT(LOG_VALID, -1),
			  LOG_NAME(LOG_UPLOAD_ID, "VEND001-0123456789abcdef"), LOG_NAME(LOG_VENDOR_ID, NULL));
	line = take_line();
	is_text(text_member(line, "level"), "warning", "another level");
	is_text(text_member(line, "request_id"), log.request_id, "request id");
	is_text(text_member(line, "upload_id"), "VEND001-0123456789abcdef", "a name");
	is_int(number_member(line, "valid"), -1, "a number");
	ok(number_member(line, "rows") > 9.2e18, "a large number");
	ok(cJSON_GetObjectItem(line, "vendor_id") == NULL, "NULL is left out");
	cJSON_Delete(line);

	log_write(&log, LOG_DEBUG, "never");
	log_write(&log, LOG_INFO, "after");
	line = take_line();
	is_text(text_member(line, "message"), "after", "a line below the lowest level is not written");
	cJSON_Delete(line);
}

static void
test_names(void)
{
	struct log log = {.lowest = LOG_INFO, .descriptor = pipe_ends[1]};
	char name[300];
	cJSON *line;

	log_write(&log, LOG_INFO, "x", LOG_NAME(LOG_UPLOAD_ID, "Acme \"Drill\"\n{}\xff\xc3\xa4;$"));
	line = take_line();
	is_text(text_member(line, "upload_id"), "Acme??Drill?????????",
			"only letters, digits and -_.:/ stay");
	cJSON_Delete(line);

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	log_write(&log, LOG_INFO, "x", LOG_NAME(LOG_UPLOAD_ID, name));
	line = take_line();
	is_int(strlen(text_member(line, "upload_id")), LOG_NAME_LENGTH,
		   "and no more of them than that");
	cJSON_Delete(line);
}

static void
test_failures(void)
{
	struct log log = {.lowest = LOG_ERROR, .descriptor = pipe_ends[1]};
	struct glue_error failure = {0};
	cJSON *line;

	glue_error_set(&failure, GLUE_INFRASTRUCTURE_ERROR, "08001", "cannot reach \"db\": \xe4");
	log_failure(&log, "failed", &failure, LOG_COUNT(LOG_ATTEMPT, 2));
	line = take_line();
	is_text(text_member(line, "level"), "error", "a failure");
	is_text(text_member(line, "error_class"), "infrastructure", "its class");
	is_text(text_member(line, "error_code"), "08001", "its code");
	is_text(text_member(line, "error_text"), "cannot reach \"db\": \xef\xbf\xbd", "its text");
	is_int(number_member(line, "attempt"), 2, "and a field");
	cJSON_Delete(line);

	failure.quotes_server = true;
	log_failure(&log, "failed", &failure);
	line = take_line();
	is_text(text_member(line, "error_code"), "08001", "words of the server: the code");
	ok(cJSON_GetObjectItem(line, "error_text") == NULL, "but not the text");
	cJSON_Delete(line);

	glue_error_set(&failure, GLUE_FILE_FAULT, "MISSING_COLUMN", "column \"Secret Sauce\"");
	log_failure(&log, "failed", &failure);
	line = take_line();
	is_text(text_member(line, "error_code"), "MISSING_COLUMN", "a file fault: the code");
	ok(cJSON_GetObjectItem(line, "error_text") == NULL, "but not the text");
	cJSON_Delete(line);
}

/*
 * Any sequence of members gives one valid line, however much it is.
 */
static void
test_overflow(void)
{
	char text[700];
	bool all_valid = true;

	unit_seed();
	for (int round = 0; round < 3000 && all_valid; round++)
	{
		struct json_line line;
		cJSON *read;
		int members = unit_random(60);

		json_line_init(&line);
		for (int i = 0; i < members; i++)
		{
			size_t length = unit_random(sizeof(text));
			const char *name =
				line.skipped == 0 && line.closing[line.depth - 1] == ']' ? NULL : "name";

			for (size_t j = 0; j < length; j++)
				text[j] = (char) (1 + unit_random(255));
			text[length] = '\0';
			switch (unit_random(6))
			{
				case 0:
					json_line_open_object(&line, name);
					break;
				case 1:
					json_line_open_array(&line, name);
					break;
				case 2:
					if (line.depth > 1 || line.skipped > 0)
						json_line_close(&line);
					break;
				case 3:
					json_line_integer(&line, name, (int64_t) unit_random(UINT64_MAX));
					break;
				default:
					json_line_text(&line, name, text);
					break;
			}
		}
		json_line_write(&line, pipe_ends[1]);
		read = take_line();
		all_valid = cJSON_IsObject(read);
		cJSON_Delete(read);
	}
	ok(all_valid, "each line is one object, and one write");
}

static void
test_metrics(void)
{
	struct metrics metrics = {0};
	const cJSON *directive;
	const cJSON *defined;
	const cJSON *each;
	cJSON *line;

	metrics_add(&metrics, METRIC_PRODUCTS_VALID, 40);
	metrics_add(&metrics, METRIC_PRODUCTS_VALID, 2);
	metrics_add(&metrics, METRIC_PRODUCTS_INVALID, 0);
	metrics_add(&metrics, METRIC_DURATION, 17);
	metrics_write(&metrics, "shop", "validator", "id-1", INT64_C(1767517200123), pipe_ends[1]);
	line = take_line();
	is_text(text_member(line, "Handler"), "validator", "the dimension is a member");
	is_text(text_member(line, "request_id"), "id-1", "request id");
	is_int(number_member(line, "ProductsValid"), 42, "a sum");
	is_int(number_member(line, "ProductsInvalid"), 0, "0 is told when it was counted");
	ok(cJSON_GetObjectItem(line, "ErrorsProcessed") == NULL, "what was not counted is not told");

	is_int(number_member(cJSON_GetObjectItem(line, "_aws"), "Timestamp"), INT64_C(1767517200123),
		   "time in milliseconds");
	directive = cJSON_GetArrayItem(
		cJSON_GetObjectItem(cJSON_GetObjectItem(line, "_aws"), "CloudWatchMetrics"), 0);
	is_text(text_member(directive, "Namespace"), "shop", "namespace");
	is_text(cJSON_GetStringValue(cJSON_GetArrayItem(
				cJSON_GetArrayItem(cJSON_GetObjectItem(directive, "Dimensions"), 0), 0)),
			"Handler", "a set of one dimension");
	defined = cJSON_GetObjectItem(directive, "Metrics");
	is_int(cJSON_GetArraySize(defined), 2, "two metrics");
	cJSON_ArrayForEach(each, defined)
	{
		const char *name = text_member(each, "Name");

		ok(name != NULL && number_member(line, name) >= 0, "a number in the line");
		is_text(text_member(each, "Unit"), "Count", "its unit");
	}
	is_int(number_member(line, "Duration"), 17, "the duration is in the line, but not a metric");
	cJSON_Delete(line);
}

int
main(void)
{
	if (pipe(pipe_ends) != 0)
		return EXIT_FAILURE;
	(void) fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
	test_line();
	test_names();
	test_failures();
	test_overflow();
	test_metrics();
	return unit_done();
}
