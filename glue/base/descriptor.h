/*-------------------------------------------------------------------------
 *
 * descriptor.h
 *	  File descriptors: temporary files, and writing all of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_DESCRIPTOR_H
#define GLUE_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Make a new file that only its owner can read, in the folder TMPDIR or else /tmp;
 * its name begins with name.  Puts its path into path.  -1 on an error, errno says
 * why.
 */
extern int descriptor_temporary(const char *name, char *path, size_t size);

/* Write all bytes, resuming after signals.  On false errno says why. */
extern bool descriptor_write(int descriptor, const char *bytes, size_t length);

/* Empty a file and go to its beginning.  On false errno says why. */
extern bool descriptor_rewind(int descriptor);

#endif /* GLUE_DESCRIPTOR_H */
