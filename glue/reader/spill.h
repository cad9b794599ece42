/*-------------------------------------------------------------------------
 *
 * spill.h
 *	  Bytes that are written once and then read anywhere: in memory while they
 *	  are few, then in a temporary file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SPILL_H
#define GLUE_SPILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "shared/text.h"

/* Longest stretch that spill_read() returns. */
#define SPILL_MOST_BYTES (128 * 1024)

struct spill_page;

/* Initialize with spill_init(), free with spill_clean_up(). */
struct spill
{
	size_t most_memory;
	struct byte_buffer memory; /* all bytes, or those not written to the file */
	int file;                  /* -1 while all bytes are in memory */
	int64_t length;            /* of all bytes */

	/* what was read from the file */
	struct spill_page *pages;
	char *stretch; /* one that is too long for a page */
};

/* Begin without bytes, of which at most this many are kept in memory. */
extern void spill_init(struct spill *spill, size_t most_memory);

/* Free memory and file. */
extern void spill_clean_up(struct spill *spill);

/* Append bytes.  Returns false on OUT_OF_MEMORY or NO_SPOOL. */
extern bool
spill_append(struct spill *spill, const void *bytes, size_t length, struct glue_error *error);

/*
 * Return a stretch of the bytes, which must exist; borrowed until the next call.
 * Returns false on infrastructure errors.
 */
extern bool spill_read(struct spill *spill, int64_t offset, size_t length, struct text_view *bytes,
					   struct glue_error *error);

#endif /* GLUE_SPILL_H */
