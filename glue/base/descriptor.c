/*-------------------------------------------------------------------------
 *
 * descriptor.c
 *	  File descriptors: temporary files and complete writes.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/descriptor.h"

int
descriptor_temporary(const char *name, char *path, size_t size)
{
	const char *folder = getenv("TMPDIR");
	int length = snprintf(path, size, "%s/%s-XXXXXX",
						  folder != NULL && folder[0] == '/' ? folder : "/tmp", name);

	if (length < 0 || (size_t) length >= size)
	{
		errno = ENAMETOOLONG;
		return -1;
	}
	return mkostemp(path, O_CLOEXEC);
}

bool
descriptor_write(int descriptor, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t written = write(descriptor, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		length -= written;
	}
	return true;
}

bool
descriptor_rewind(int descriptor)
{
	return ftruncate(descriptor, 0) == 0 && lseek(descriptor, 0, SEEK_SET) == 0;
}
