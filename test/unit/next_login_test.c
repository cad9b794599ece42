/*-------------------------------------------------------------------------
 *
 * next_login_test.c
 *	  The database's secret of the next version: names take turns, all else
 *	  stays, nothing of it is told.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/heap.h"
#include "lambda/login.h"
#include "lambda/next_login.h"

#define PLANTED "planted-91ac"

#define SECRET(members) \
	"{\"host\":\"db\",\"dbname\":\"shop\",\"password\":\"" PLANTED "\"" members "}"

static struct byte_buffer next;

static bool
write_next(const char *current, const char *password, struct glue_error *error)
{
	login_wipe(&next);
	glue_error_clear(error);
	return next_login_write(text_of(current), password, &next, error) &&
		   byte_buffer_terminate(&next, error);
}

static void
test_turns(void)
{
	static const struct
	{
		const char *current;
		const char *expected;
	} cases[] = {
		{SECRET(",\"username\":\"shop\""),
		 "{\"host\":\"db\",\"dbname\":\"shop\",\"password\":\"new\",\"username\":\"shop_clone\"}"},
		{SECRET(",\"username\":\"shop_clone\""),
		 "{\"host\":\"db\",\"dbname\":\"shop\",\"password\":\"new\",\"username\":\"shop\"}"},
		{SECRET(",\"username\":\"_clone\""),
		 "{\"host\":\"db\",\"dbname\":\"shop\",\"password\":\"new\",\"username\":\"_clone_clone\"}"},
		{SECRET(
			 ",\"username\":\"onboard_a\",\"alternate_username\":\"onboard_b\",\"ca\":\"---\\n\""),
		 "{\"host\":\"db\",\"dbname\":\"shop\",\"password\":\"new\",\"username\":\"onboard_b\","
		 "\"alternate_username\":\"onboard_a\",\"ca\":\"---\\n\"}"},
		{SECRET(
			 ",\"port\":6432,\"engine\":\"postgres\",\"username\":\"a\",\"more\":[1,{\"x\":null}]"),
		 "{\"host\":\"db\",\"dbname\":\"shop\",\"password\":\"new\",\"port\":6432,\"engine\":\"postgres\","
		 "\"username\":\"a_clone\",\"more\":[1,{\"x\":null}]}"},
	};
	struct glue_error error = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		ok(write_next(cases[i].current, "new", &error), "turn %zu: %s", i, error.text);
		is_text(next.data, cases[i].expected, "turn %zu: the secret", i);
		ok(strstr(next.data, PLANTED) == NULL, "turn %zu: the old password is gone", i);
	}
}

static void
test_bad(void)
{
	static const char *const secrets[] = {
		"",
		"null",
		"{\"password\":\"" PLANTED,
		SECRET(""),
		SECRET(",\"username\":7"),
		SECRET(",\"username\":\"a\",\"alternate_username\":\"a\""),
		SECRET(",\"username\":\"a\",\"alternate_username\":\"\""),
		SECRET(",\"username\":\"a\",\"alternate_username\":7"),
		/* 58 and 6 bytes are one too many; so are 64. */
		SECRET(",\"username\":\"" PLANTED "4567890123456789012345678901234567890123456789\""),
		SECRET(",\"username\":\"a\",\"alternate_username\":\"" PLANTED
			   "4567890123456789012345678901234567890123456789012345\""),
	};
	struct glue_error error = {0};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
	{
		ok(!write_next(secrets[i], "new", &error), "bad secret %zu", i);
		is_text(error.code, "SECRET_INVALID", "bad secret %zu: code", i);
		ok(strstr(error.text, PLANTED) == NULL, "bad secret %zu: nothing of it is told", i);
		is_int(next.used, 0, "bad secret %zu: nothing is written", i);
	}
	ok(write_next(
		   SECRET(",\"username\":\"" PLANTED "456789012345678901234567890123456789012345678\""),
		   "new", &error),
	   "57 bytes leave room for the suffix: %s", error.text);
}

static void
test_memory(void)
{
	struct glue_error error = {0};
	bool done;

	login_wipe(&next);
	glue_set_reallocate(unit_no_memory);
	done = next_login_write(text_of(SECRET(",\"username\":\"a\"")), "new", &next, &error);
	glue_set_reallocate(NULL);
	ok(!done, "no memory");
	is_text(error.code, "OUT_OF_MEMORY", "and it says so");
}

int
main(void)
{
	test_turns();
	test_bad();
	test_memory();
	login_wipe(&next);
	return unit_done();
}
