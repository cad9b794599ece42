/*-------------------------------------------------------------------------
 *
 * unit.h
 *	  A single-header unit test library: TAP on stdout, three macros, a seed.
 *
 * A test is one file with a main() that ends in "return unit_done();":
 *
 *	  ok(condition, name, ...)				the condition holds
 *	  is_int(actual, expected, name, ...)	two integers are equal
 *	  is_text(actual, expected, name, ...)	two strings are equal; NULL equals
 *											only NULL
 *
 * The name is a printf() format.  Each macro returns whether it passed, so
 * that a loop over many cases can report only its first failure.  Random
 * inputs come from unit_random() after unit_seed(), which prints the seed.  To
 * repeat a run, set the environment variable ONBOARD_SEED.
 *
 * The state is static: include this file in only one source file of a program.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UNIT_H
#define ONBOARD_UNIT_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ok(condition, ...) unit_ok((condition), #condition, __FILE__, __LINE__, __VA_ARGS__)
#define is_int(actual, expected, ...) \
	unit_is_int((actual), (expected), __FILE__, __LINE__, __VA_ARGS__)
#define is_text(actual, expected, ...) \
	unit_is_text((actual), (expected), __FILE__, __LINE__, __VA_ARGS__)

/*
 * Maximum time between two readings of the clock on a busy machine, in
 * seconds: a limit that only a hang reaches.
 */
#define HANG_SECONDS 900

static int unit_count;
static int unit_failures;
static uint64_t unit_random_state;

/* Print one TAP line. */
static inline void
unit_report(bool passed, const char *file, int line, const char *format, va_list arguments)
{
	unit_count++;
	printf("%s %d - ", passed ? "ok" : "not ok", unit_count);
	vprintf(format, arguments);
	putchar('\n');
	if (!passed)
	{
		unit_failures++;
		printf("#   failed at %s:%d\n", file, line);
	}
}

static inline bool __attribute__((format(printf, 5, 6)))
unit_ok(bool passed, const char *condition, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	unit_report(passed, file, line, format, arguments);
	va_end(arguments);
	if (!passed)
		printf("#   does not hold: %s\n", condition);
	fflush(stdout);
	return passed;
}

static inline bool __attribute__((format(printf, 5, 6)))
unit_is_int(int64_t actual, int64_t expected, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	unit_report(actual == expected, file, line, format, arguments);
	va_end(arguments);
	if (actual != expected)
		printf("#   got:      %" PRId64 "\n#   expected: %" PRId64 "\n", actual, expected);
	fflush(stdout);
	return actual == expected;
}

static inline bool __attribute__((format(printf, 5, 6)))
unit_is_text(const char *actual, const char *expected, const char *file, int line,
			 const char *format, ...)
{
	bool passed =
		(actual == NULL || expected == NULL) ? actual == expected : strcmp(actual, expected) == 0;
	va_list arguments;

	va_start(arguments, format);
	unit_report(passed, file, line, format, arguments);
	va_end(arguments);
	if (!passed)
		printf("#   got:      %s\n#   expected: %s\n", actual ? actual : "(null)",
			   expected ? expected : "(null)");
	fflush(stdout);
	return passed;
}

/* Seed the random numbers, and print how to repeat them. */
static inline void
unit_seed(void)
{
	const char *given = getenv("ONBOARD_SEED");

	unit_random_state = given ? strtoull(given, NULL, 10) : (uint64_t) time(NULL);
	printf("# repeat with ONBOARD_SEED=%" PRIu64 "\n", unit_random_state);
}

/* For glue_set_reallocate(): there is no memory. */
static inline void *
unit_no_memory(void *block, size_t size)
{
	(void) block;
	(void) size;
	return NULL;
}

/* A random number below limit, which is not 0 (splitmix64). */
static inline uint64_t
unit_random(uint64_t limit)
{
	uint64_t mixed = (unit_random_state += UINT64_C(0x9E3779B97F4A7C15));

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (mixed ^ (mixed >> 31)) % limit;
}

/* Print the plan; the exit status of main().  No test at all is a failure. */
static inline int
unit_done(void)
{
	printf("1..%d\n", unit_count);
	return unit_failures > 0 || unit_count == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif /* ONBOARD_UNIT_H */
