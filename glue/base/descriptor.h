/*-------------------------------------------------------------------------
 *
 * descriptor.h
 *	  File descriptors: temporary files and complete writes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_DESCRIPTOR_H
#define GLUE_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Create a file that only its owner can read, in directory TMPDIR, or /tmp by
 * default.  Its name begins with name; its path is stored in path.  Returns
 * the descriptor, or -1 with errno set.
 */
extern int descriptor_temporary(const char *name, char *path, size_t size);

/* Write all bytes, resuming after signals.  Sets errno on failure. */
extern bool descriptor_write(int descriptor, const char *bytes, size_t length);

/* Truncate a file and seek to its beginning.  Sets errno on failure. */
extern bool descriptor_rewind(int descriptor);

#endif /* GLUE_DESCRIPTOR_H */
