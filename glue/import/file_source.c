/*-------------------------------------------------------------------------
 *
 * file_source.c
 *	  byte_source for local files, pipes and standard input.
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
#include "base/spool.h"
#include "import/file_source.h"
#include "shared/text.h"

#define READ_SIZE (256 * 1024)

/* Name recorded for standard input unless --file-name is given. */
#define STANDARD_INPUT_NAME "standard-input.csv"

/* ----- reading ----- */

/*
 * Read the next bytes; *length is 0 at end of file.
 */
static bool
read_some(int descriptor, char *buffer, size_t *length, struct glue_error *error)
{
	for (;;)
	{
		ssize_t got;

		/* A signal that arrived earlier would not interrupt the wait for a pipe. */
		if (interrupted())
			return interrupt_error(error);
		got = read(descriptor, buffer, READ_SIZE);
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

/*
 * Return a descriptor positioned at offset; -1 on error.
 */
static int
seek(struct file_source *source, int64_t offset, struct glue_error *error)
{
	if (source->is_spooled && !source->is_drained)
		return source->descriptor;
	if (lseek(source->spool, offset, SEEK_SET) == offset)
		return source->spool;
	glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "READ_ERROR", "cannot read the file again: %s",
				   strerror(errno));
	return -1;
}

static bool
read_pieces(struct file_source *source, int descriptor, char *buffer, byte_source_take_fn take,
			void *context, struct glue_error *error)
{
	for (;;)
	{
		size_t length = 0;

		if (!read_some(descriptor, buffer, &length, error))
			return false;
		if (length == 0)
			return true;
		if (descriptor != source->spool && !spool_write(source->spool, buffer, length, error))
			return false;
		if (!take(context, buffer, length))
			return false;
	}
}

/*
 * A byte_source's read().
 */
static bool
read_file(struct byte_source *bytes, int64_t offset, byte_source_take_fn take, void *context,
		  struct glue_error *error)
{
	struct file_source *source = (struct file_source *) bytes;
	int descriptor;
	char *buffer;
	bool done;

	glue_error_clear(error);
	descriptor = seek(source, offset, error);
	if (descriptor < 0)
		return false;
	buffer = glue_allocate(READ_SIZE);
	if (buffer == NULL)
		return glue_error_memory(error);
	done = read_pieces(source, descriptor, buffer, take, context, error);
	source->is_drained = true;
	glue_release(buffer);
	return done;
}

/*
 * A byte_source's is_replaced().
 */
static bool
was_written(const struct byte_source *bytes)
{
	const struct file_source *source = (const struct file_source *) bytes;
	struct stat now;

	if (source->is_spooled)
		return false;
	return fstat(source->descriptor, &now) != 0 || now.st_size != source->opened.st_size ||
		   now.st_mtim.tv_sec != source->opened.st_mtim.tv_sec ||
		   now.st_mtim.tv_nsec != source->opened.st_mtim.tv_nsec;
}

/* ----- opening ----- */

/*
 * Copy a string, replacing bytes that are not UTF-8 by "?", because the
 * database accepts only UTF-8.  The caller owns the result; NULL if out of
 * memory.
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
 * Set the name and path to record for the file.
 */
static bool
name_source(struct file_source *source, const char *path, const char *name,
			struct glue_error *error)
{
	bool is_standard = strcmp(path, "-") == 0;
	const char *slash = strrchr(path, '/');
	char absolute[PATH_MAX];

	if (name == NULL && is_standard)
		name = STANDARD_INPUT_NAME;
	else if (name == NULL)
		name = slash != NULL ? slash + 1 : path;
	source->name = copy_as_utf8(name);
	if (source->name == NULL)
		return glue_error_memory(error);
	if (!is_standard && realpath(path, absolute) != NULL)
	{
		source->path = copy_as_utf8(absolute);
		if (source->path == NULL)
			return glue_error_memory(error);
	}
	return true;
}

static bool
open_error(const char *path, struct glue_error *error)
{
	if (errno == ENOENT)
		return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
							  "file \"%s\" does not exist", path);
	if (errno == EINTR)
		return interrupt_error(error);
	return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE", "cannot read \"%s\": %s", path,
						  strerror(errno));
}

/*
 * Open an unlinked file for input that can be read only once.
 */
static bool
open_spool(struct file_source *source, struct glue_error *error)
{
	source->spool = spool_open(error);
	if (source->spool < 0)
		return false;
	source->is_spooled = true;
	return true;
}

static void
init_source(struct file_source *source)
{
	memset(source, 0, sizeof(*source));
	source->bytes.read = read_file;
	source->bytes.is_replaced = was_written;
	source->bytes.replaced_message =
		"the file changed while it was being read; load it again when it is complete";
	source->descriptor = -1;
	source->spool = -1;
}

bool
file_source_take(struct file_source *source, int descriptor, const char *name,
				 struct glue_error *error)
{
	init_source(source);
	source->descriptor = source->spool = descriptor;
	source->name = copy_as_utf8(name);
	if (source->name == NULL)
	{
		close(descriptor);
		return glue_error_memory(error);
	}
	if (fstat(descriptor, &source->opened) != 0)
		return open_error(name, error);
	source->bytes.size = source->opened.st_size;
	return true;
}

bool
file_source_open(struct file_source *source, const char *path, const char *name,
				 struct glue_error *error)
{
	bool is_standard = strcmp(path, "-") == 0;

	init_source(source);
	if (!name_source(source, path, name, error))
		return false;
	if (is_standard)
		source->descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		source->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (source->descriptor < 0 || fstat(source->descriptor, &source->opened) != 0)
		return open_error(path, error);
	if (S_ISDIR(source->opened.st_mode))
		return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
							  "\"%s\" is a folder; name one CSV file in it", path);
	if (!S_ISREG(source->opened.st_mode) || is_standard)
		return open_spool(source, error);
	source->spool = source->descriptor;
	source->bytes.size = source->opened.st_size;
	return true;
}

void
file_source_close(struct file_source *source)
{
	if (source->is_spooled && source->spool >= 0)
		close(source->spool);
	if (source->name != NULL && source->descriptor >= 0)
		close(source->descriptor);
	glue_release(source->name);
	glue_release(source->path);
	memset(source, 0, sizeof(*source));
}
