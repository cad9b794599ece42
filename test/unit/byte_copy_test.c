/*-------------------------------------------------------------------------
 *
 * byte_copy_test.c
 *	  A copy returns the bytes of its original, each of which it reads only once.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "import/byte_copy.h"

#define CONTENT "0123456789"

/* Returns CONTENT in pieces of three bytes; fails at a byte if told so. */
struct original
{
	struct byte_source bytes;
	int64_t fails_at; /* -1: nowhere */
	int readings;
	int64_t passed; /* bytes, in all readings */
};

static bool
read_original(struct byte_source *bytes, int64_t offset, byte_source_take_fn take, void *context,
			  struct glue_error *error)
{
	struct original *original = (struct original *) bytes;

	glue_error_clear(error);
	original->readings++;
	while (offset < (int64_t) strlen(CONTENT))
	{
		size_t length = strlen(CONTENT) - (size_t) offset;

		if (length > 3)
			length = 3;
		if (original->fails_at >= 0 && offset + (int64_t) length > original->fails_at)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "LOST", "it is lost");
		original->passed += (int64_t) length;
		if (!take(context, &CONTENT[offset], length))
			return false;
		offset += (int64_t) length;
	}
	return true;
}

static struct original
new_original(int64_t size)
{
	return (struct original){
		.bytes = {.read = read_original, .size = size, .replaced_message = "replaced"},
		.fails_at = -1,
	};
}

struct taken
{
	char text[64];
	size_t most; /* stop after so many bytes */
};

static bool
take(void *context, const char *bytes, size_t length)
{
	struct taken *taken = context;

	strncat(taken->text, bytes, length);
	return strlen(taken->text) < taken->most;
}

/* Return what is read from offset on, stopped after so many bytes; or the code of the error. */
static const char *
read_copy(struct byte_copy *copy, int64_t offset, size_t most)
{
	static struct taken taken;
	static struct glue_error error;

	taken = (struct taken){.most = most};
	(void) copy->bytes.read(&copy->bytes, offset, take, &taken, &error);
	return error.class != GLUE_NO_ERROR ? error.code : taken.text;
}

/* Read parts of the original, then all of it, its size known or not. */
static void
test_copy(int64_t size)
{
	struct original original = new_original(size);
	struct byte_copy copy;

	byte_copy_init(&copy, &original.bytes);
	is_int(copy.bytes.size, size, "a copy has the size of its original");
	is_int(original.readings, 0, "which is not read before the copy");
	is_text(read_copy(&copy, 0, 2), "012", "a reading is stopped");
	is_text(read_copy(&copy, 0, 3), "012", "the next one needs no more");
	is_int(original.readings, 1, "and does not read the original");
	is_text(read_copy(&copy, 1, 4), "12345", "one from the middle needs more");
	is_text(read_copy(&copy, 0, 99), CONTENT, "another reads all");
	is_int(original.passed, 10, "the original passed each byte once");
	is_text(read_copy(&copy, 0, 99), CONTENT, "all is read again");
	is_text(read_copy(&copy, 10, 99), "", "nothing follows the end");
	is_int(original.readings, 3, "without the original, which has no more");
	byte_copy_clean_up(&copy);
}

/* A reading that stops with the last byte leaves nothing to read. */
static void
test_last_byte(void)
{
	struct original original = new_original(10);
	struct byte_copy copy;

	byte_copy_init(&copy, &original.bytes);
	is_text(read_copy(&copy, 0, 10), CONTENT, "a reading is stopped at the end");
	is_text(read_copy(&copy, 0, 99), CONTENT, "the next one is not");
	is_int(original.readings, 1, "the original is not read past its end");
	byte_copy_clean_up(&copy);
}

static void
test_failure(void)
{
	struct original original = new_original(0);
	struct byte_copy copy;

	byte_copy_init(&copy, &original.bytes);
	original.fails_at = 5;
	is_text(read_copy(&copy, 0, 99), "LOST", "the original fails");
	original.fails_at = -1;
	is_text(read_copy(&copy, 0, 99), CONTENT, "what was read before is kept");
	is_int(original.passed, 10, "and not read again");
	byte_copy_clean_up(&copy);
}

/* Without a place for temporary files there is no copy. */
static void
test_no_spool(void)
{
	struct original original = new_original(10);
	struct byte_copy copy;

	setenv("TMPDIR", "/dev/null/none", 1);
	byte_copy_init(&copy, &original.bytes);
	is_text(read_copy(&copy, 0, 99), "NO_SPOOL", "there is no place for a copy");
	unsetenv("TMPDIR");
	is_text(read_copy(&copy, 0, 99), CONTENT, "now there is one");
	byte_copy_clean_up(&copy);
}

int
main(void)
{
	test_copy(10);
	test_copy(0);
	test_last_byte();
	test_failure();
	test_no_spool();
	return unit_done();
}
