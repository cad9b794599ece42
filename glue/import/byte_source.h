/*-------------------------------------------------------------------------
 *
 * byte_source.h
 *	  Where the bytes of a vendor's file come from.
 *
 * A file is read twice, and again after each interruption, so a source can be
 * read more than once and always gives the same bytes, or says that it cannot
 * any more.  The implementations are file_source.c, a file or a pipe on this
 * machine, and the objects of S3 in lambda/.
 *
 * An implementation has a struct byte_source as its first member.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_BYTE_SOURCE_H
#define GLUE_BYTE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/* Takes the next bytes, borrowed for the call, never none.  False stops. */
typedef bool (*byte_source_take_fn)(void *context, const char *bytes, size_t length);

struct byte_source
{
	/*
	 * Give the bytes from this offset to the end to take(context, ...).  False
	 * with GLUE_NO_ERROR when take() stopped it, with the fault of
	 * byte_source_replaced() when the bytes are other ones by now, and on
	 * infrastructure errors.
	 */
	bool (*read)(struct byte_source *source, int64_t offset, byte_source_take_fn take,
				 void *context, struct glue_error *error);

	/*
	 * Whether the file was replaced since it was opened.  NULL for a source
	 * whose read() tells.
	 */
	bool (*is_replaced)(const struct byte_source *source);

	int64_t size;                 /* 0: not known, there may be no end */
	bool is_pinned;               /* whoever opens it again gets the same bytes */
	const char *replaced_message; /* for whoever sent the file */
};

/*
 * File fault OBJECT_REPLACED, in the words of this source.  Always returns
 * false.
 */
static inline bool
byte_source_replaced(const struct byte_source *source, struct glue_error *error)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "OBJECT_REPLACED", "%s",
						  source->replaced_message);
}

#endif /* GLUE_BYTE_SOURCE_H */
