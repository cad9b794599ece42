/*-------------------------------------------------------------------------
 *
 * byte_source.h
 *	  Interface of sources of a vendor's file.
 *
 * A file is read twice, and again after each interruption.  A source therefore
 * can be read repeatedly and either returns the same bytes every time or
 * reports that the file was replaced.  Implementations are file_source.c, for
 * local files and pipes, and the S3 objects in lambda/.
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

/*
 * Consume the next bytes, borrowed for the call; length is at least 1.
 * Returning false stops the reading.
 */
typedef bool (*byte_source_take_fn)(void *context, const char *bytes, size_t length);

struct byte_source
{
	/*
	 * Pass the bytes from offset to the end to take(context, ...).  Returns
	 * false with GLUE_NO_ERROR if take() stopped the reading, with the fault of
	 * byte_source_replaced() if the file was replaced, and on infrastructure
	 * errors.
	 */
	bool (*read)(struct byte_source *source, int64_t offset, byte_source_take_fn take,
				 void *context, struct glue_error *error);

	/*
	 * Return whether the file was replaced since it was opened.  NULL if read()
	 * detects that.
	 */
	bool (*is_replaced)(const struct byte_source *source);

	int64_t size;                 /* 0: unknown, possibly endless */
	bool is_pinned;               /* reopening it returns the same bytes */
	const char *replaced_message; /* for the sender of the file */
};

/*
 * Set file fault OBJECT_REPLACED with this source's message.  Always returns
 * false.
 */
static inline bool
byte_source_replaced(const struct byte_source *source, struct glue_error *error)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "OBJECT_REPLACED", "%s",
						  source->replaced_message);
}

#endif /* GLUE_BYTE_SOURCE_H */
