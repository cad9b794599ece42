/*-------------------------------------------------------------------------
 *
 * since_test.c
 *	  Timestamps and durations accepted by --since.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/moment.h"
#include "cli/since.h"

/* 2026-11-28 12:00:00 UTC */
#define NOW INT64_C(1795867200000000)
#define SECOND INT64_C(1000000)

static void
is_moment(const char *text, int64_t expected)
{
	int64_t moment = -1;

	ok(since_parse(text, NOW, &moment), "\"%s\" is accepted", text);
	is_int(moment, expected, "\"%s\" is converted", text);
}

static void
test_durations(void)
{
	is_moment("0s", NOW);
	is_moment("90s", NOW - 90 * SECOND);
	is_moment("30m", NOW - 1800 * SECOND);
	is_moment("2h", NOW - 7200 * SECOND);
	is_moment("3d", NOW - 3 * 86400 * SECOND);
	is_moment("1w", NOW - 7 * 86400 * SECOND);
	is_moment("604800s", NOW - 604800 * SECOND);
	is_moment("999999w", INT64_C(-62135596800) * SECOND);
}

/* Local time is 1:30 ahead of UTC here, in winter and in summer. */
static void
test_moments(void)
{
	is_moment("2026-11-28T12:00:00Z", NOW);
	is_moment("2026-11-28t12:00:00z", NOW);
	is_moment("2026-11-28T12:00:00.25Z", NOW + SECOND / 4);
	is_moment("2026-11-28T12:00:00.1234567Z", NOW + 123456);
	is_moment("2026-11-28T13:00:00+01:00", NOW);
	is_moment("2026-11-28T06:30:00-05:30", NOW);
	is_moment("2026-11-28 12:00Z", NOW);
	is_moment("2026-11-28 13:30", NOW);
	is_moment("2026-11-28T13:30:00", NOW);
	is_moment("2026-11-28", NOW - 13 * 3600 * SECOND - 1800 * SECOND);
	is_moment("2024-02-29T00:00:00Z", INT64_C(1709164800) * SECOND);
	is_moment("1969-12-31T23:59:59Z", -SECOND);
}

static void
test_refused(void)
{
	static const char *const texts[] = {
		"",
		" ",
		"2",
		"h",
		"-2h",
		"+2h",
		"2 h",
		"2h ",
		"2H",
		"1.5h",
		"2y",
		"2hours",
		"1h30m",
		"0x2h",
		"1000000s",
		"now",
		"yesterday",
		"infinity",
		"2026",
		"2026-11",
		"20261128",
		"2026-11-28T",
		"2026-11-28T12",
		"2026-11-28T12:00:",
		"2026-11-28T12:00:00.",
		"2026-11-28T12:00:00 Z",
		"2026-11-28T12:00:00+01",
		"2026-11-28T12:00:00+0100",
		"2026-11-28T12:00:00+24:00",
		"2026-11-28T12:00:00Z.",
		"2026-11-28Z",
		"2026-11-28T24:00:00Z",
		"2026-11-28T12:60:00Z",
		"2026-11-31",
		"2026-02-29",
		"2026-13-01",
		"2026-00-10",
		"2026-01-00",
		"28.11.2026",
		"11/28/2026",
		"26-11-28",
		"2026-1-2",
		"2026-11-28T1:00:00Z",
	};
	int64_t moment;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ok(!since_parse(texts[i], NOW, &moment), "\"%s\" is rejected", texts[i]);
}

static void
is_written(int64_t moment, const char *expected)
{
	char text[MOMENT_SIZE];

	moment_write(moment, text);
	is_text(text, expected, "%s is written", expected);
}

static void
test_written(void)
{
	is_written(NOW, "2026-11-28T12:00:00.000000Z");
	is_written(NOW + 1, "2026-11-28T12:00:00.000001Z");
	is_written(-1, "1969-12-31T23:59:59.999999Z");
	is_written(MOMENT_EARLIEST, "0001-01-01T00:00:00.000000Z");
}

int
main(void)
{
	setenv("TZ", "<+0130>-1:30", 1);
	test_durations();
	test_moments();
	test_refused();
	test_written();
	return unit_done();
}
