/*-------------------------------------------------------------------------
 *
 * batch_response_test.c
 *	  Tests of the reply to a batch: each reply to the byte.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "lambda/batch_response.h"

/* The identifiers "1" to "5" of a batch, and which of them failed. */
static const struct
{
	const char *name;
	const char *failed[6]; /* NULL ends them */
	const char *reply;
} replies[] = {
	{"none", {NULL}, "{\"batchItemFailures\":[]}"},
	{"the first", {"1", NULL}, "{\"batchItemFailures\":[{\"itemIdentifier\":\"1\"}]}"},
	{"one in the middle", {"3", NULL}, "{\"batchItemFailures\":[{\"itemIdentifier\":\"3\"}]}"},
	{"the last", {"5", NULL}, "{\"batchItemFailures\":[{\"itemIdentifier\":\"5\"}]}"},
	{
		"all",
		{"1", "2", "3", "4", "5", NULL},
		"{\"batchItemFailures\":[{\"itemIdentifier\":\"1\"},{\"itemIdentifier\":\"2\"},"
		"{\"itemIdentifier\":\"3\"},{\"itemIdentifier\":\"4\"},{\"itemIdentifier\":\"5\"}]}",
	},
	{
		"one with characters to escape",
		{"a\"b\\c\n", NULL},
		"{\"batchItemFailures\":[{\"itemIdentifier\":\"a\\\"b\\\\c\\u000a\"}]}",
	},
};

int
main(void)
{
	struct byte_buffer buffer = {0};
	struct batch_response response;
	struct glue_error error = {0};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
	{
		bool done;

		buffer.used = 0;
		done = batch_response_begin(&response, &buffer, &error);
		for (int j = 0; replies[i].failed[j] != NULL; j++)
			done = done && batch_response_fail(&response, replies[i].failed[j], &error);
		done =
			done && batch_response_end(&response, &error) && byte_buffer_terminate(&buffer, &error);
		ok(done, "failed: %s", replies[i].name);
		is_text(buffer.data, replies[i].reply, "reply when failed: %s", replies[i].name);
	}

	for (int i = 0; i < 2; i++)
	{
		buffer.used = 0;
		glue_error_clear(&error);
		ok(batch_response_begin(&response, &buffer, &error) &&
			   !batch_response_fail(&response, i == 0 ? "" : NULL, &error),
		   "an identifier that is %s is no reply", i == 0 ? "empty" : "missing");
		is_text(error.code, "NO_IDENTIFIER", "but an error of its own");
		is_int(error.class, GLUE_INTERNAL_ERROR, "of class internal");
	}
	byte_buffer_clean_up(&buffer);
	return unit_done();
}
