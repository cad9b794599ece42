/*-------------------------------------------------------------------------
 *
 * byte_copy.c
 *	  A byte_source that reads another one only once.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/spool.h"
#include "import/byte_copy.h"

#define READ_SIZE (256 * 1024)

/* The reading of bytes that were not copied yet. */
struct addition
{
	struct byte_copy *copy;
	byte_source_take_fn take;
	void *context;
	struct glue_error error; /* of the copy */
};

/* A byte_source_take_fn: copy bytes of the original and pass them on. */
static bool
take_new(void *context, const char *bytes, size_t length)
{
	struct addition *addition = context;
	struct byte_copy *copy = addition->copy;

	if (!spool_write(copy->spool, bytes, length, &addition->error))
		return false;
	copy->length += (int64_t) length;
	return addition->take(addition->context, bytes, length);
}

/* Read the original from where the copy ends. */
static bool
read_new(struct byte_copy *copy, byte_source_take_fn take, void *context, struct glue_error *error)
{
	struct addition addition = {.copy = copy, .take = take, .context = context};

	/* A source need not know how to read from its end. */
	if (copy->original->size > 0 && copy->length >= copy->original->size)
		copy->is_complete = true;
	if (copy->is_complete)
		return true;
	if (copy->original->read(copy->original, copy->length, take_new, &addition, error))
	{
		copy->is_complete = true;
		return true;
	}
	if (addition.error.class != GLUE_NO_ERROR)
		*error = addition.error;
	return false;
}

/* Pass the copied bytes from offset on. */
static bool
read_copied(const struct byte_copy *copy, int64_t offset, byte_source_take_fn take, void *context,
			struct glue_error *error)
{
	char *buffer = glue_allocate(READ_SIZE);
	bool done = buffer != NULL || glue_error_memory(error);

	while (done && offset < copy->length)
	{
		size_t length;

		done = spool_read(copy->spool, offset, buffer, READ_SIZE, &length, error) &&
			   (length > 0 || spool_too_short(error)) && take(context, buffer, length);
		offset += (int64_t) length;
	}
	glue_release(buffer);
	return done;
}

/* A byte_source's read(); the offset is not after the end of the copy. */
static bool
read_through(struct byte_source *bytes, int64_t offset, byte_source_take_fn take, void *context,
			 struct glue_error *error)
{
	struct byte_copy *copy = (struct byte_copy *) bytes;

	glue_error_clear(error);
	if (copy->spool < 0)
		copy->spool = spool_open(error);
	return copy->spool >= 0 && read_copied(copy, offset, take, context, error) &&
		   read_new(copy, take, context, error);
}

void
byte_copy_init(struct byte_copy *copy, struct byte_source *original)
{
	memset(copy, 0, sizeof(*copy));
	copy->bytes = (struct byte_source){
		.read = read_through,
		.size = original->size,
		.is_pinned = original->is_pinned,
		.replaced_message = original->replaced_message,
	};
	copy->original = original;
	copy->spool = -1;
}

void
byte_copy_clean_up(struct byte_copy *copy)
{
	if (copy->spool >= 0)
		close(copy->spool);
	copy->spool = -1;
}
