/*-------------------------------------------------------------------------
 *
 * ole_source.c
 *	  Refuses OLE files: old workbooks (.xls) and workbooks with a password.
 *
 * Excel wraps a workbook that has a password in an OLE file, where a stream is
 * named EncryptedPackage.  The name is all that we look for, because the advice
 * differs: save in another format, or remove the password.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "reader/ole_source.h"

/* Names are UTF-16. */
static const char encrypted[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";

#define NAME_BYTES (sizeof(encrypted))

struct ole_source
{
	struct row_source base;
	bool is_encrypted;
	char tail[NAME_BYTES - 1]; /* the last bytes, where a name may begin */
	size_t tail_length;
};

static struct row_source *
ole_open(const struct row_source_options *options, struct glue_error *error)
{
	struct ole_source *source = glue_allocate_zero(sizeof(*source));

	(void) options;
	if (source != NULL)
		return &source->base;
	glue_error_memory(error);
	return NULL;
}

/* Look for a name that begins in the tail and ends in these bytes. */
static bool
ends_in(const struct ole_source *source, const char *bytes, size_t length)
{
	char joined[2 * NAME_BYTES];
	size_t more = length < NAME_BYTES ? length : NAME_BYTES;

	memcpy(joined, source->tail, source->tail_length);
	memcpy(joined + source->tail_length, bytes, more);
	return memmem(joined, source->tail_length + more, encrypted, NAME_BYTES) != NULL;
}

/* Keep the last bytes of what was pushed so far. */
static void
keep_tail(struct ole_source *source, const char *bytes, size_t length)
{
	size_t kept = sizeof(source->tail);

	if (length < kept)
	{
		kept -= length;
		if (kept > source->tail_length)
			kept = source->tail_length;
		memmove(source->tail, source->tail + source->tail_length - kept, kept);
		memcpy(source->tail + kept, bytes, length);
		source->tail_length = kept + length;
		return;
	}
	memcpy(source->tail, bytes + length - kept, kept);
	source->tail_length = kept;
}

static bool
ole_push(struct row_source *base, const char *bytes, size_t length)
{
	struct ole_source *source = (struct ole_source *) base;

	source->is_encrypted = source->is_encrypted || ends_in(source, bytes, length) ||
						   memmem(bytes, length, encrypted, NAME_BYTES) != NULL;
	keep_tail(source, bytes, length);
	return true;
}

static bool
ole_finish(struct row_source *base)
{
	const struct ole_source *source = (const struct ole_source *) base;

	return glue_error_set(
		&base->error, GLUE_FILE_FAULT, "NOT_TEXT",
		source->is_encrypted
			? "this is a workbook with a password; remove the password, save the workbook as .xlsx and send that"
			: "this is a workbook in the old Excel format (xls); open it, save it as \"Excel Workbook (.xlsx)\" or \"CSV UTF-8\" and send that");
}

static void
ole_found(const struct row_source *base, struct row_source_found *found)
{
	(void) base;
	found->encoding = "UTF-8";
	found->has_content = true;
}

static void
ole_destroy(struct row_source *base)
{
	glue_release(base);
}

const struct row_format ole_format = {
	.name = "ole",
	.open = ole_open,
	.push = ole_push,
	.finish = ole_finish,
	.found = ole_found,
	.destroy = ole_destroy,
};
