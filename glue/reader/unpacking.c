/*-------------------------------------------------------------------------
 *
 * unpacking.c
 *	  Limits of what may be unpacked from a compressed file.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>

#include "reader/unpacking.h"

bool
unpacking_add(struct unpacking *unpacking, int64_t more, int64_t packed, int64_t unpacked,
			  struct glue_error *error)
{
	unpacking->bytes += more;
	if (unpacking->max_bytes > 0 && unpacking->bytes > unpacking->max_bytes)
		return glue_error_set(error, GLUE_FILE_FAULT, "FILE_TOO_LARGE",
							  "the file is larger than %" PRId64 " bytes when unpacked; split it",
							  unpacking->max_bytes);
	if (unpacked > UNPACKING_FREE_BYTES && unpacked / UNPACKING_MOST_RATIO > packed)
		return glue_error_set(
			error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
			"the file unpacks to more than %d times its size, which no product list does",
			UNPACKING_MOST_RATIO);
	return true;
}

bool
unpacking_nested(struct glue_error *error)
{
	return glue_error_set(
		error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
		"the file is an archive inside an archive; unpack it and send the file that is in it");
}
