/*-------------------------------------------------------------------------
 *
 * file_source_test.c
 *	  A file or a pipe returns the same bytes every time, or reports that it cannot.
 *
 *-------------------------------------------------------------------------
 */
#include <fcntl.h>
#include <unistd.h>

#include "unit.h"

#include "import/file_source.h"

#define CONTENT "0123456789"

struct bytes
{
	char data[64];
	size_t length;
	size_t most; /* where to stop */
};

static bool
take(void *context, const char *bytes, size_t length)
{
	struct bytes *taken = context;

	for (size_t i = 0; i < length; i++)
	{
		if (taken->length == taken->most)
			return false;
		taken->data[taken->length++] = bytes[i];
	}
	return true;
}

static const char *
read_from(struct file_source *source, int64_t offset)
{
	static struct bytes taken;
	static struct glue_error error;

	taken = (struct bytes){.most = sizeof(taken.data) - 1};
	if (!source->bytes.read(&source->bytes, offset, take, &taken, &error))
		return error.code;
	return taken.data;
}

static void
write_file(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");

	fputs(content, file);
	fclose(file);
}

static void
test_file(const char *path)
{
	struct file_source source;
	struct bytes taken = {.most = 3};
	struct glue_error error = {0};

	write_file(path, CONTENT);
	ok(file_source_open(&source, path, NULL, &error), "a file is opened");
	is_text(source.name, strrchr(path, '/') + 1, "by its name");
	is_int(source.bytes.size, 10, "its size is known");
	is_text(read_from(&source, 0), CONTENT, "it is read");
	is_text(read_from(&source, 0), CONTENT, "and again");
	is_text(read_from(&source, 7), "789", "and from the middle");
	ok(!source.bytes.read(&source.bytes, 0, take, &taken, &error),
	   "it stops when the callback says so");
	is_int(error.class, GLUE_NO_ERROR, "which is not an error");
	ok(!source.bytes.is_replaced(&source.bytes), "it was not replaced");
	write_file(path, CONTENT CONTENT);
	ok(source.bytes.is_replaced(&source.bytes), "until it was modified");
	byte_source_replaced(&source.bytes, &error);
	is_text(error.code, "OBJECT_REPLACED", "which has a code");
	is_int(error.class, GLUE_FILE_FAULT, "of a file fault");
	file_source_close(&source);
	file_source_close(&source);
	ok(!file_source_open(&source, "/nowhere/file", NULL, &error), "a file that does not exist");
	is_text(error.code, "UNREADABLE_FILE", "cannot be read");
	file_source_close(&source);
}

/*
 * A pipe is spooled during the first reading.
 */
static void
test_pipe(void)
{
	struct file_source source;
	struct glue_error error;
	int ends[2];
	int standard_input = dup(STDIN_FILENO);

	ok(pipe(ends) == 0 && write(ends[1], CONTENT, strlen(CONTENT)) == 10 &&
		   dup2(ends[0], STDIN_FILENO) == STDIN_FILENO,
	   "a pipe has bytes");
	close(ends[0]);
	close(ends[1]);
	ok(file_source_open(&source, "-", "named.csv", &error), "standard input is opened");
	is_text(source.name, "named.csv", "under the given name");
	ok(source.path == NULL, "without a path");
	is_int(source.bytes.size, 0, "its size is unknown");
	is_text(read_from(&source, 0), CONTENT, "it is read");
	is_text(read_from(&source, 0), CONTENT, "and again");
	is_text(read_from(&source, 4), "456789", "and from the middle");
	ok(!source.bytes.is_replaced(&source.bytes), "it cannot be replaced");
	file_source_close(&source);
	dup2(standard_input, STDIN_FILENO);
	close(standard_input);
}

int
main(void)
{
	char folder[] = "/tmp/onboard-unit-XXXXXX";
	char path[64];

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/file.csv", folder);
	test_file(path);
	test_pipe();
	unlink(path);
	rmdir(folder);
	return unit_done();
}
