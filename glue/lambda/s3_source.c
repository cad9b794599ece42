/*-------------------------------------------------------------------------
 *
 * s3_source.c
 *	  Read an S3 object as a byte_source.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "lambda/s3_source.h"

/* One reading. */
struct reading
{
	struct s3_source *source;
	byte_source_take_fn take;
	void *context;
	bool stopped; /* by take() */
};

static bool
take_bytes(void *context, const struct s3_object *found, const char *bytes, size_t length)
{
	struct reading *reading = context;

	(void) found;
	reading->source->byte_count += (int64_t) length;
	reading->stopped = !reading->take(reading->context, bytes, length);
	return !reading->stopped;
}

bool
s3_source_is_replaced(const struct glue_error *error)
{
	return strcmp(error->code, "S3_OBJECT_GONE") == 0 ||
		   strcmp(error->code, "S3_OBJECT_CHANGED") == 0;
}

/*
 * read() of the byte_source.
 */
static bool
read_object(struct byte_source *bytes, int64_t offset, byte_source_take_fn take, void *context,
			struct glue_error *error)
{
	struct s3_source *source = (struct s3_source *) bytes;
	const struct vendor_object *object = source->object;
	struct reading reading = {.source = source, .take = take, .context = context};
	struct s3_get get = {
		.bucket = object->bucket,
		.key = object->key,
		.version_id = object->version_id,
		.etag = object->etag,
		.start = offset,
		.on_bytes = take_bytes,
		.context = &reading,
		.deadline = source->deadline_ms,
	};

	source->byte_count = 0;
	if (s3_get(source->client, &get, NULL, error))
		return true;
	if (reading.stopped)
		glue_error_clear(error);
	else if (s3_source_is_replaced(error))
		byte_source_replaced(bytes, error);
	return false;
}

void
s3_source_init(struct s3_source *source, struct aws_client *client,
			   const struct vendor_object *object, int64_t deadline_ms)
{
	memset(source, 0, sizeof(*source));
	source->bytes.read = read_object;
	source->bytes.is_pinned = object->version_id[0] != '\0' || object->etag[0] != '\0';
	source->bytes.replaced_message =
		"the file was removed or replaced before it was read to its end; send it again";
	source->client = client;
	source->object = object;
	source->deadline_ms = deadline_ms;
}
