/*-------------------------------------------------------------------------
 *
 * spool.h
 *	  A temporary file without a name, for bytes that memory should not hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SPOOL_H
#define GLUE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/*
 * Create an empty spool, which vanishes when its descriptor is closed, whatever
 * happens to the process.  Returns the descriptor, which the caller closes, or
 * -1 with infrastructure error NO_SPOOL.
 */
extern int spool_open(struct glue_error *error);

/* Append bytes.  Returns false on infrastructure error NO_SPOOL. */
extern bool spool_write(int spool, const char *bytes, size_t length, struct glue_error *error);

/* Discard all bytes.  Returns false on infrastructure error NO_SPOOL. */
extern bool spool_empty(int spool, struct glue_error *error);

/*
 * Read bytes from an offset on, fewer than size only at the end of the spool; *length
 * is how many.  Returns false on infrastructure error READ_ERROR.
 */
extern bool spool_read(int spool, int64_t offset, char *bytes, size_t size, size_t *length,
					   struct glue_error *error);

/* Set infrastructure error READ_ERROR: the spool has fewer bytes than were written. */
extern bool spool_too_short(struct glue_error *error);

#endif /* GLUE_SPOOL_H */
