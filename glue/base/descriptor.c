/*-------------------------------------------------------------------------
 *
 * descriptor.c
 *	  Writing to a file descriptor, all of it.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <unistd.h>

#include "base/descriptor.h"

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
