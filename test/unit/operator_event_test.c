/*-------------------------------------------------------------------------
 *
 * operator_event_test.c
 *	  Events of the handler "operator": every command, and every kind of invalid
 *	  event.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "database/vendor_columns.h"
#include "lambda/operator_event.h"

static bool
read_event(const char *json, struct operator_event *event, struct glue_error *error)
{
	glue_error_clear(error);
	return operator_event_read(event, json, strlen(json), error);
}

static void
test_commands(void)
{
	static const char *const events[OPERATOR_COMMAND_COUNT] = {
		[OPERATOR_VENDOR_ADD] =
			("{\"command\": \"vendor_add\", \"vendor_id\": \"V\", \"vendor_name\": \"N\","
			 " \"email\": \"e\", \"phone\": null, \"status\": \"\", \"postal_code\": \"1\"}"),
		[OPERATOR_VENDOR_LIST] = "{\"command\": \"vendor_list\"}",
		[OPERATOR_VENDOR_SET] =
			("{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"modes\": \"insert, replace\","
			 " \"default_mode\": null, \"price_guard\": \"\", \"discontinue_guard\": \"0.25\"}"),
		[OPERATOR_VENDOR_SET_STATUS] =
			"{\"status\": \"s\", \"vendor_id\": \"V\", \"command\": \"vendor_set_status\"}",
		[OPERATOR_UPLOAD_TRACE] = " {\"command\":\"upload_trace\",\"upload_id\":\"U\"} ",
		[OPERATOR_UPLOAD_FIND] =
			"{\"command\": \"upload_find\", \"vendor_id\": \"V\", \"limit\": 1000}",
		[OPERATOR_UPLOAD_CANCEL] = "{\"command\": \"upload_cancel\", \"upload_id\": \"U\"}",
		[OPERATOR_HELD_LIST] = "{\"command\": \"held_list\", \"upload_id\": \"U\", \"limit\": 2}",
		[OPERATOR_HELD_APPROVE] =
			"{\"command\": \"held_approve\", \"rows\": [0, 999999999999999], \"upload_id\": \"U\"}",
		[OPERATOR_HELD_DECLINE] =
			"{\"command\": \"held_decline\", \"upload_id\": \"U\", \"rows\": [ 7 ]}",
		[OPERATOR_BACKLOG] = "{\"command\": \"backlog\"}",
	};
	struct operator_event event;
	struct glue_error error = {0};

	for (int id = 0; id < OPERATOR_COMMAND_COUNT; id++)
	{
		const char *name = operator_command_name(id);

		ok(read_event(events[id], &event, &error), "%s: %s", name, error.text);
		is_int(event.command, id, "%s is recognized", name);
		if (strstr(events[id], "\"vendor_id\"") != NULL)
			ok(text_equal(event.vendor_id, text_of("V")), "%s: the vendor", name);
		else
			ok(event.vendor_id.data == NULL, "%s: no vendor", name);
		if (strstr(events[id], "\"upload_id\"") != NULL)
			ok(text_equal(event.upload_id, text_of("U")), "%s: the upload", name);
		else
			ok(event.upload_id.data == NULL, "%s: no upload", name);
	}
	ok(read_event(events[OPERATOR_VENDOR_SET], &event, &error), "%s", error.text);
	is_int(event.vendor_columns,
		   VENDOR_BIT(VENDOR_MODES) | VENDOR_BIT(VENDOR_PRICE_GUARD) |
			   VENDOR_BIT(VENDOR_DISCONTINUE_GUARD),
		   "the columns that have a value, even if it is blank");
	ok(read_event(
		   "{\"command\": \"upload_find\", \"vendor_id\": null, \"s3_key\": \"k\", \"limit\": 1}",
		   &event, &error),
	   "one of two members is enough: %s", error.text);
	ok(read_event("{\"command\": \"upload_find\", \"s3_key\": \"k\", \"limit\": null}", &event,
				  &error),
	   "null is absent: %s", error.text);
}

static void
test_refusals(void)
{
	static const char *const events[] = {
		/* no command */
		"",
		"null",
		"[]",
		"7",
		"\"backlog\"",
		"{}",
		"{\"command\": null}",
		"{\"command\": 1}",
		"{\"command\": \"\"}",
		"{\"command\": \"Backlog\"}",
		"{\"command\": \"vendor_remove\"}",
		"[{\"command\": \"backlog\"}]",
		"{\"Command\": \"backlog\"}",
		/* members */
		"{\"command\": \"backlog\", \"vendor_id\": \"V\"}",
		"{\"command\": \"backlog\", \"command\": \"backlog\"}",
		"{\"command\": \"vendor_list\", \"after\": \"V\", \"after\": \"W\"}",
		"{\"command\": \"vendor_list\", \"after\": null, \"after\": \"W\"}",
		"{\"command\": \"vendor_set_status\", \"vendor_id\": \"V\"}",
		"{\"command\": \"vendor_set_status\", \"vendor_id\": \"V\", \"status\": null}",
		"{\"command\": \"vendor_set_status\", \"vendor_id\": \"V\", \"status\": 1}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\"}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"modes\": null}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"modes\": [\"insert\"]}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"email\": \"e\"}",
		"{\"command\": \"vendor_set\", \"modes\": \"insert\"}",
		"{\"command\": \"upload_trace\", \"upload_id\": [\"U\"]}",
		"{\"command\": \"upload_trace\", \"upload_id\": true}",
		"{\"command\": \"upload_find\"}",
		"{\"command\": \"upload_find\", \"limit\": 5}",
		"{\"command\": \"upload_find\", \"vendor_id\": null, \"s3_key\": null}",
		/* limits */
		"{\"command\": \"upload_find\", \"s3_key\": \"k\", \"limit\": 0}",
		"{\"command\": \"upload_find\", \"s3_key\": \"k\", \"limit\": 1001}",
		"{\"command\": \"upload_find\", \"s3_key\": \"k\", \"limit\": 99999999999999999999}",
		"{\"command\": \"upload_find\", \"s3_key\": \"k\", \"limit\": -1}",
		"{\"command\": \"upload_find\", \"s3_key\": \"k\", \"limit\": 1.5}",
		"{\"command\": \"upload_find\", \"s3_key\": \"k\", \"limit\": 1e2}",
		"{\"command\": \"upload_find\", \"s3_key\": \"k\", \"limit\": \"5\"}",
		/* numbers */
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"price_guard\": 5}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"price_guard\": \"NaN\"}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"price_guard\": \"-1\"}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"price_guard\": \"5.\"}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"price_guard\": \".5\"}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"price_guard\": \"1.2.3\"}",
		"{\"command\": \"vendor_set\", \"vendor_id\": \"V\", \"price_guard\": \"1000000000000000\"}",
		/* rows */
		"{\"command\": \"held_approve\", \"upload_id\": \"U\"}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": null}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": 7}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": \"7\"}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": {\"7\": 7}}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": []}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": [\"7\"]}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": [[7]]}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": [7, null]}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": [-7]}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": [7.5]}",
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": [1000000000000000]}",
		"{\"command\": \"held_decline\", \"upload_id\": \"U\", \"rows\": [7",
		/* JSON and text */
		"{\"command\": \"backlog\"",
		"{\"command\": \"backlog\"} x",
		"{\"command\": \"backlog\",}",
		"{\"command\": \"upload_trace\", \"upload_id\": \"\\u0000\"}",
		"{\"command\": \"upload_trace\", \"upload_id\": \"\\ud800\"}",
		"{\"command\": \"upload_trace\", \"upload_id\": \"\xff\"}",
		"{\"command\": \"upload_trace\", \"upload_id\": \"U\"",
	};
	struct operator_event event;
	struct glue_error error = {0};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
	{
		ok(!read_event(events[i], &event, &error), "event %zu is refused", i);
		ok(error.class == GLUE_USAGE_ERROR && strcmp(error.code, "EVENT_INVALID") == 0,
		   "as an invalid event: %s", error.text);
	}
}

/* No prefix of an event is an event. */
static void
test_cut(void)
{
	static const char json[] =
		"{\"command\": \"held_approve\", \"upload_id\": \"U\", \"rows\": [20, 3]}";
	struct operator_event event;
	struct glue_error error = {0};
	size_t length;

	for (length = 0; length < sizeof(json) - 1; length++)
	{
		if (operator_event_read(&event, json, length, &error))
			break;
	}
	is_int(length, sizeof(json) - 1, "all prefixes are refused");
	ok(operator_event_read(&event, json, length, &error), "the whole is not");
}

int
main(void)
{
	test_commands();
	test_refusals();
	test_cut();
	return unit_done();
}
