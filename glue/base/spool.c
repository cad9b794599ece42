/*-------------------------------------------------------------------------
 *
 * spool.c
 *	  A temporary file without a name, for bytes that memory should not hold.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/spool.h"

int
spool_open(struct glue_error *error)
{
	char path[PATH_MAX];
	int spool = descriptor_temporary("onboard", path, sizeof(path));

	if (spool < 0)
		glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "NO_SPOOL",
			"cannot create temporary file %s: %s; set TMPDIR to a folder with enough space", path,
			strerror(errno));
	else
		unlink(path);
	return spool;
}

static bool
write_error(struct glue_error *error)
{
	return glue_error_set(
		error, GLUE_INFRASTRUCTURE_ERROR, "NO_SPOOL",
		"cannot write a temporary file: %s; set TMPDIR to a folder with enough space",
		strerror(errno));
}

bool
spool_write(int spool, const char *bytes, size_t length, struct glue_error *error)
{
	return descriptor_write(spool, bytes, length) || write_error(error);
}

bool
spool_empty(int spool, struct glue_error *error)
{
	return descriptor_rewind(spool) || write_error(error);
}

static bool
read_error(struct glue_error *error, const char *reason)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "READ_ERROR",
						  "cannot read a temporary file: %s", reason);
}

bool
spool_read(int spool, int64_t offset, char *bytes, size_t size, size_t *length,
		   struct glue_error *error)
{
	*length = 0;
	while (*length < size)
	{
		ssize_t got = pread(spool, bytes + *length, size - *length, offset + (int64_t) *length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return read_error(error, strerror(errno));
		if (got == 0)
			break;
		*length += (size_t) got;
	}
	return true;
}

bool
spool_too_short(struct glue_error *error)
{
	return read_error(error, "it is too short");
}
