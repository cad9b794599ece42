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

#include "base/failure.h"

/*
 * Create an empty spool, which vanishes when its descriptor is closed, whatever
 * happens to the process.  Returns the descriptor, which the caller closes, or
 * -1 with infrastructure error NO_SPOOL.
 */
extern int spool_open(struct glue_error *error);

/* Append bytes.  Returns false on infrastructure error NO_SPOOL. */
extern bool spool_write(int spool, const char *bytes, size_t length, struct glue_error *error);

#endif /* GLUE_SPOOL_H */
