/*-------------------------------------------------------------------------
 *
 * batch_response.c
 *	  Write the reply to a batch of a queue or a stream: what failed.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "lambda/batch_response.h"

bool
batch_response_begin(struct batch_response *response, struct byte_buffer *buffer,
					 struct glue_error *error)
{
	response->buffer = buffer;
	response->failures = 0;
	return byte_buffer_append_string(buffer, "{\"batchItemFailures\":[", error);
}

bool
batch_response_fail(struct batch_response *response, const char *identifier,
					struct glue_error *error)
{
	size_t length = identifier != NULL ? strlen(identifier) : 0;

	if (length == 0)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "NO_IDENTIFIER",
							  "the failed item has no identifier");
	if (!byte_buffer_append_string(
			response->buffer,
			response->failures > 0 ? ",{\"itemIdentifier\":\"" : "{\"itemIdentifier\":\"", error) ||
		!byte_buffer_reserve(response->buffer, LONGEST_JSON_ESCAPE * length, error))
		return false;
	byte_buffer_append_json(response->buffer, (struct text_view){identifier, length});
	response->failures++;
	return byte_buffer_append_string(response->buffer, "\"}", error);
}

bool
batch_response_end(struct batch_response *response, struct glue_error *error)
{
	return byte_buffer_append_string(response->buffer, "]}", error);
}
