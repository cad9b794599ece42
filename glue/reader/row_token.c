/*-------------------------------------------------------------------------
 *
 * row_token.c
 *	  The state of a resume token for a file that is read with a map.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <cjson/cJSON.h>

#include "reader/row_token.h"

bool
row_token_join(struct resume_token *token, const struct row_map *map, struct byte_buffer *buffer,
			   struct glue_error *error)
{
	buffer->used = 0;
	if (!byte_buffer_append_string(buffer, "{\"rows\":", error) ||
		!row_map_write(map, buffer, error) ||
		!byte_buffer_append_string(buffer, ",\"source\":", error) ||
		!byte_buffer_append_string(buffer, token->state, error) ||
		!byte_buffer_append_string(buffer, "}", error) || !byte_buffer_terminate(buffer, error))
		return false;
	token->row_number -= row_map_skipped(map);
	token->state = buffer->data;
	return true;
}

bool
row_token_split(struct row_token *token, const struct resume_token *stored,
				struct glue_error *error)
{
	const cJSON *skipped;

	memset(token, 0, sizeof(*token));
	token->source = *stored;
	token->parsed = cJSON_Parse(stored->state);
	token->rows = cJSON_GetObjectItemCaseSensitive(token->parsed, "rows");
	if (token->rows == NULL)
		return true;
	skipped = cJSON_GetObjectItemCaseSensitive(token->rows, "skipped");
	if (!cJSON_IsNumber(skipped) || skipped->valuedouble < 0)
		return row_source_foreign_token(error);
	token->state =
		cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(token->parsed, "source"));
	if (token->state == NULL)
		return row_source_foreign_token(error);
	token->source.state = token->state;
	token->source.row_number += (int64_t) skipped->valuedouble;
	return true;
}

void
row_token_clean_up(struct row_token *token)
{
	cJSON_Delete(token->parsed);
	cJSON_free(token->state);
	memset(token, 0, sizeof(*token));
}
