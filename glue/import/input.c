/*-------------------------------------------------------------------------
 *
 * input.c
 *	  The file that a command reads, twice.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/interrupt.h"
#include "import/input.h"
#include "shared/text.h"

#define READ_SIZE (256 * 1024)

/* The name recorded for standard input when --file-name gives none. */
#define STANDARD_INPUT_NAME "standard-input.csv"

/* ----- opening ----- */

/*
 * A copy in which bytes that are no UTF-8 are "?": a database takes no others.
 * The caller owns the result; NULL without memory.
 */
static char *
copy_as_utf8(const char *string)
{
	struct text_view text = text_of(string);
	char *copy = glue_allocate(text.length + 1);
	size_t offset = 0;

	if (copy == NULL)
		return NULL;
	memcpy(copy, string, text.length + 1);
	while (offset < text.length)
	{
		uint32_t character;
		size_t size = text_decode(text, offset, &character);

		if (size == 1 && (unsigned char) string[offset] >= 0x80)
			copy[offset] = '?';
		offset += size;
	}
	return copy;
}

/*
 * Fill name and path: what will be recorded of the file.
 */
static bool
name_input(struct input *input, const char *operand, const struct options *options,
		   struct glue_error *error)
{
	bool is_standard = strcmp(operand, "-") == 0;
	const char *slash = strrchr(operand, '/');
	const char *name = slash != NULL ? slash + 1 : operand;
	char absolute[PATH_MAX];

	if (options->file_name != NULL)
		name = options->file_name;
	else if (is_standard)
		name = STANDARD_INPUT_NAME;
	input->name = copy_as_utf8(name);
	if (input->name == NULL)
		return glue_error_memory(error);
	if (!is_standard && realpath(operand, absolute) != NULL)
	{
		input->path = copy_as_utf8(absolute);
		if (input->path == NULL)
			return glue_error_memory(error);
	}
	return true;
}

static bool
open_error(const char *operand, struct glue_error *error)
{
	if (errno == ENOENT)
		return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE", "there is no file \"%s\"",
							  operand);
	if (errno == EINTR)
		return interrupt_error(error);
	return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE", "cannot read \"%s\": %s",
						  operand, strerror(errno));
}

/*
 * A nameless file in TMPDIR for what can be read only once.
 */
static bool
open_spool(struct input *input, struct glue_error *error)
{
	const char *folder = getenv("TMPDIR");
	char path[PATH_MAX];

	if (folder == NULL || folder[0] != '/')
		folder = "/tmp";
	snprintf(path, sizeof(path), "%s/onboard-XXXXXX", folder);
	input->spool = mkostemp(path, O_CLOEXEC);
	if (input->spool < 0)
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "NO_SPOOL",
			"cannot make a temporary file in %s: %s; set TMPDIR to a folder with room", folder,
			strerror(errno));
	unlink(path);
	input->is_spooled = true;
	return true;
}

bool
input_open(struct input *input, const char *operand, const struct options *options,
		   struct glue_error *error)
{
	memset(input, 0, sizeof(*input));
	input->descriptor = -1;
	input->spool = -1;
	if (!name_input(input, operand, options, error))
		return false;
	if (strcmp(operand, "-") == 0)
		input->descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		input->descriptor = open(operand, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (input->descriptor < 0 || fstat(input->descriptor, &input->opened) != 0)
		return open_error(operand, error);
	if (S_ISDIR(input->opened.st_mode))
		return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
							  "\"%s\" is a folder; name one CSV file in it", operand);
	if (!S_ISREG(input->opened.st_mode) || strcmp(operand, "-") == 0)
		return open_spool(input, error);
	input->spool = input->descriptor;
	return true;
}

void
input_clean_up(struct input *input)
{
	if (input->is_spooled && input->spool >= 0)
		close(input->spool);
	if (input->name != NULL && input->descriptor >= 0)
		close(input->descriptor);
	glue_release(input->name);
	glue_release(input->path);
	memset(input, 0, sizeof(*input));
}

/* ----- reading ----- */

/*
 * Read the next bytes; *length is 0 at the end.
 */
static bool
read_some(int descriptor, char *buffer, size_t *length, struct glue_error *error)
{
	for (;;)
	{
		ssize_t got = read(descriptor, buffer, READ_SIZE);

		if (interrupted())
			return interrupt_error(error);
		if (got >= 0)
		{
			*length = (size_t) got;
			return true;
		}
		if (errno != EINTR)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "READ_ERROR",
								  "cannot read the file: %s", strerror(errno));
	}
}

static bool
write_spool(struct input *input, const char *bytes, size_t length, struct glue_error *error)
{
	while (length > 0)
	{
		ssize_t written = write(input->spool, bytes, length);

		if (written < 0 && errno != EINTR)
			return glue_error_set(
				error, GLUE_INFRASTRUCTURE_ERROR, "NO_SPOOL",
				"cannot write a temporary file: %s; set TMPDIR to a folder with room",
				strerror(errno));
		if (written > 0)
		{
			bytes += written;
			length -= (size_t) written;
		}
	}
	return true;
}

/*
 * The loop of input_scan().  Reading continues after a fault, so that the content
 * is known.  A pipe may never end, so it is read only up to the default limit of
 * files.
 */
static bool
scan_all(struct input *input, struct scan *scan, struct progress *progress, char *buffer,
		 bool *content_known, struct glue_error *error)
{
	int64_t done = 0;
	size_t length;
	bool good = true;

	for (;;)
	{
		if (!read_some(input->descriptor, buffer, &length, error))
			return false;
		if (length == 0)
			break;
		good = scan_push(scan, buffer, length, NULL) && good;
		if (input->is_spooled && good && !write_spool(input, buffer, length, error))
			return false;
		done += (int64_t) length;
		if (input->is_spooled && !good && done > SCAN_DEFAULT_MAX_BYTES)
			return true;
		progress_update(progress, done);
	}
	*content_known = true;
	return true;
}

bool
input_scan(struct input *input, struct scan *scan, struct progress *progress,
		   struct scan_result *result, bool *content_known, struct glue_error *error)
{
	char *buffer = glue_allocate(READ_SIZE);
	bool done;

	memset(result, 0, sizeof(*result));
	*content_known = false;
	if (buffer == NULL)
		return glue_error_memory(error);
	done = scan_all(input, scan, progress, buffer, content_known, error);
	glue_release(buffer);
	return done && scan_finish(scan, result, error);
}

bool
input_read(struct input *input, struct row_reader *reader, struct glue_error *error)
{
	char *buffer = glue_allocate(READ_SIZE);
	size_t length = 0;
	bool done;

	if (buffer == NULL)
		return glue_error_memory(error);
	done = lseek(input->spool, 0, SEEK_SET) == 0;
	if (!done)
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "READ_ERROR",
					   "cannot read the file again: %s", strerror(errno));
	while (done)
	{
		done = read_some(input->spool, buffer, &length, error);
		if (!done || length == 0)
			break;
		done = row_reader_push(reader, buffer, length, error);
	}
	glue_release(buffer);
	return done && row_reader_finish(reader, error);
}

bool
input_changed(const struct input *input)
{
	struct stat now;

	if (input->is_spooled)
		return false;
	return fstat(input->descriptor, &now) != 0 || now.st_size != input->opened.st_size ||
		   now.st_mtim.tv_sec != input->opened.st_mtim.tv_sec ||
		   now.st_mtim.tv_nsec != input->opened.st_mtim.tv_nsec;
}
