/*-------------------------------------------------------------------------
 *
 * unpacking.h
 *	  Limits of what may be unpacked from a compressed file.
 *
 * A small file can unpack to any size.  The size limit of a file therefore
 * holds after unpacking, too, and what unpacks to more than a hundred times its
 * size is refused: no list of products does, because names and numbers differ.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_UNPACKING_H
#define GLUE_UNPACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

/* Unpacked bytes per packed one. */
#define UNPACKING_MOST_RATIO 100

/* Up to this size, the ratio does not matter. */
#define UNPACKING_FREE_BYTES (INT64_C(1024) * 1024)

/* The limit of one reading of a file, and what was unpacked so far. */
struct unpacking
{
	int64_t max_bytes; /* 0: none */
	int64_t bytes;
};

/*
 * Count more bytes that were unpacked from a stream: from its first packed bytes,
 * unpacked bytes in all.  Returns false on file fault FILE_TOO_LARGE, and on
 * UNREADABLE_FILE if the stream exceeds the ratio.
 */
extern bool unpacking_add(struct unpacking *unpacking, int64_t more, int64_t packed,
						  int64_t unpacked, struct glue_error *error);

/*
 * Set fault UNREADABLE_FILE for an archive inside another one.  Always returns
 * false.
 */
extern bool unpacking_nested(struct glue_error *error);

#endif /* GLUE_UNPACKING_H */
