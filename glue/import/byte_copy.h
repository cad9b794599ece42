/*-------------------------------------------------------------------------
 *
 * byte_copy.h
 *	  A byte_source that reads another one only once.
 *
 * What was read is kept in a temporary file, and only what follows it is read from the
 * other source: for readings of the same beginning, one after another, of a file that
 * costs a request or an unpacking each time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_BYTE_COPY_H
#define GLUE_BYTE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "import/byte_source.h"

/* Initialize with byte_copy_init(), free with byte_copy_clean_up(). */
struct byte_copy
{
	struct byte_source bytes;
	struct byte_source *original;
	int spool;        /* -1 before the first reading */
	int64_t length;   /* of what the spool has */
	bool is_complete; /* the original has no more */
};

/*
 * Copy a source while it is read.  Borrows the original.  read() also fails with
 * NO_SPOOL, READ_ERROR of the temporary file and OUT_OF_MEMORY.
 */
extern void byte_copy_init(struct byte_copy *copy, struct byte_source *original);

/* Delete the copy. */
extern void byte_copy_clean_up(struct byte_copy *copy);

#endif /* GLUE_BYTE_COPY_H */
