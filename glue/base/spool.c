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

bool
spool_write(int spool, const char *bytes, size_t length, struct glue_error *error)
{
	return descriptor_write(spool, bytes, length) ||
		   glue_error_set(
			   error, GLUE_INFRASTRUCTURE_ERROR, "NO_SPOOL",
			   "cannot write a temporary file: %s; set TMPDIR to a folder with enough space",
			   strerror(errno));
}
