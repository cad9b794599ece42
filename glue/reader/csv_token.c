/*-------------------------------------------------------------------------
 *
 * csv_token.c
 *	  The state that a CSV source stores in a resume token.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/heap.h"
#include "reader/csv_token.h"
#include "reader/row_source.h"
#include "shared/columns.h"
#include "shared/csv_cell.h"

/* ----- writing ----- */

/* The double quote is not written.  */
static bool
append_quote(struct byte_buffer *buffer, enum quote_sign quote, struct glue_error *error)
{
	return quote == QUOTE_DOUBLE ||
		   (byte_buffer_append_string(buffer, ",\"quote\":", error) &&
			byte_buffer_append_json_string(buffer, text_of(quote_sign_name(quote)), error));
}

bool
csv_token_write(const struct csv_token *token, struct byte_buffer *buffer, struct glue_error *error)
{
	char beginning[48];

	buffer->used = 0;
	snprintf(beginning, sizeof(beginning), "{\"skip\":%" PRId64 ",\"encoding\":", token->skip);
	if (!byte_buffer_append_string(buffer, beginning, error) ||
		!byte_buffer_append_json_string(buffer, text_of(token->encoding), error) ||
		!byte_buffer_append_string(buffer, ",\"delimiter\":", error) ||
		!byte_buffer_append_json_string(buffer, (struct text_view){&token->delimiter, 1}, error) ||
		!append_quote(buffer, token->quote, error) ||
		!byte_buffer_append_string(buffer, ",\"header\":", error))
		return false;
	for (int i = 0; i < token->header_count; i++)
	{
		if (!byte_buffer_append(buffer, i == 0 ? "[" : ",", 1, error) ||
			!byte_buffer_append_json_string(buffer, token->header[i], error))
			return false;
	}
	return byte_buffer_append(buffer, "]}", 2, error) && byte_buffer_terminate(buffer, error);
}

/* ----- reading ----- */

static bool
read_names(struct csv_token *token, const cJSON *names, struct glue_error *error)
{
	const cJSON *name;
	int count = cJSON_GetArraySize(names);

	if (!cJSON_IsArray(names) || count < 1 || count > ONBOARD_MAX_COLUMNS)
		return row_source_foreign_token(error);
	token->names = glue_allocate(sizeof(*token->names) * count);
	if (token->names == NULL)
		return glue_error_memory(error);
	token->header = token->names;
	cJSON_ArrayForEach(name, names)
	{
		if (!cJSON_IsString(name))
			return row_source_foreign_token(error);
		token->names[token->header_count++] = text_of(name->valuestring);
	}
	return true;
}

static bool
read_members(struct csv_token *token, struct glue_error *error)
{
	const cJSON *skip = cJSON_GetObjectItemCaseSensitive(token->parsed, "skip");
	const cJSON *encoding = cJSON_GetObjectItemCaseSensitive(token->parsed, "encoding");
	const cJSON *delimiter = cJSON_GetObjectItemCaseSensitive(token->parsed, "delimiter");
	const cJSON *quote = cJSON_GetObjectItemCaseSensitive(token->parsed, "quote");

	if (!cJSON_IsNumber(skip) || skip->valuedouble < 0 || !cJSON_IsString(encoding) ||
		!cJSON_IsString(delimiter) || !csv_delimiter_is_acceptable(delimiter->valuestring[0]))
		return row_source_foreign_token(error);
	if (quote != NULL &&
		(!cJSON_IsString(quote) || !quote_sign_by_name(quote->valuestring, &token->quote)))
		return row_source_foreign_token(error);
	token->skip = (int64_t) skip->valuedouble;
	token->encoding = encoding->valuestring;
	token->delimiter = delimiter->valuestring[0];
	return read_names(token, cJSON_GetObjectItemCaseSensitive(token->parsed, "header"), error);
}

bool
csv_token_read(struct csv_token *token, const char *state, struct glue_error *error)
{
	memset(token, 0, sizeof(*token));
	token->parsed = cJSON_Parse(state);
	if (read_members(token, error))
		return true;
	csv_token_clean_up(token);
	return false;
}

void
csv_token_clean_up(struct csv_token *token)
{
	cJSON_Delete(token->parsed);
	glue_release(token->names);
	memset(token, 0, sizeof(*token));
}
