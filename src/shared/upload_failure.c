/*-------------------------------------------------------------------------
 *
 * upload_failure.c
 *	  Why an upload can fail as a whole: the codes and their messages.
 *
 * The CHECK constraint on upload_history.failure_code has the same codes.
 *
 *-------------------------------------------------------------------------
 */
#include <stddef.h>
#include <string.h>

#include "shared/upload_failure.h"

const struct upload_failure upload_failures[UPLOAD_FAILURE_COUNT] = {
	{"EMPTY_FILE", false, "The file is empty."},
	{"NO_ROWS", false, "The file has no rows after its header."},
	{"NO_HEADER", false, "The first line of the file is not a header."},
	{"MISSING_COLUMN", false, "A required column is missing."},
	{"DUPLICATE_COLUMN", false, "A column appears twice."},
	{"FILE_TOO_LARGE", true, "The file is too large."},
	{"TOO_MANY_ROWS", true, "The file has too many rows."},
	{"NOT_TEXT", false, "The file is neither text nor a workbook."},
	{"UNREADABLE_FILE", false, "The file is damaged, or an archive that cannot be read."},
	{"UNSUPPORTED_ENCODING", false, "The file is in an encoding that is not supported."},
	{"WRONG_ENCODING", false, "The file is in another encoding than it is read in."},
	{"OTHER_VENDOR", true, "The file is named after another vendor."},
	{"VENDOR_NOT_ACTIVE", true, "The vendor is not active."},
	{"MODE_NOT_ALLOWED", true, "The vendor may not use this mode."},
	{"INVALID_SETTING", true, "A setting of the file is not valid."},
	{"INVALID_SOURCE_TIME", true, "The time of the file is not valid, or is in the future."},
	{"OBJECT_REPLACED", true, "The file was replaced while it was read."},
	{"PROCESSING_ABANDONED", true, "Processing stopped before all rows were judged."},
	{"CANCELLED", true, "The upload was cancelled."},
};

const struct upload_failure *
upload_failure_find(const char *code)
{
	for (int i = 0; i < UPLOAD_FAILURE_COUNT; i++)
	{
		if (strcmp(upload_failures[i].code, code) == 0)
			return &upload_failures[i];
	}
	return NULL;
}
