/*-------------------------------------------------------------------------
 *
 * descriptor.h
 *	  Writing to a file descriptor, all of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_DESCRIPTOR_H
#define GLUE_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>

/* Write all bytes, resuming after signals.  On false errno says why. */
extern bool descriptor_write(int descriptor, const char *bytes, size_t length);

/* Empty a file and go to its beginning.  On false errno says why. */
extern bool descriptor_rewind(int descriptor);

#endif /* GLUE_DESCRIPTOR_H */
