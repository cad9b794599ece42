/*-------------------------------------------------------------------------
 *
 * dynamodb_query.c
 *	  Amazon DynamoDB: read some items of a partition, page by page.
 *
 * Attribute names are sent as placeholders, because many plain words, such as
 * status, are reserved.
 *
 *-------------------------------------------------------------------------
 */
#include "aws/dynamodb_query.h"
#include "base/json_reader.h"

static void
put_names(struct dynamodb_json *json, const struct dynamodb_query *query)
{
	dynamodb_open(json, "ExpressionAttributeNames", '{');
	dynamodb_plain(json, "#key", text_of(query->key.name));
	dynamodb_plain(json, "#filter", text_of(query->filter.name));
	dynamodb_plain(json, "#attribute", text_of(query->attribute));
	dynamodb_close(json, '}');
}

static void
put_values(struct dynamodb_json *json, const struct dynamodb_query *query)
{
	dynamodb_open(json, "ExpressionAttributeValues", '{');
	dynamodb_put_string(json, ":key", query->key.value);
	dynamodb_put_string(json, ":filter", query->filter.value);
	dynamodb_close(json, '}');
}

static bool
fill_body(struct dynamodb_query *query, struct glue_error *error)
{
	char limit[INTEGER_TEXT_SIZE];
	struct dynamodb_json json;

	dynamodb_json_begin(&json, &query->call.body);
	dynamodb_open(&json, NULL, '{');
	dynamodb_plain(&json, "TableName", text_of(query->table));
	dynamodb_plain(&json, "KeyConditionExpression", text_of("#key = :key"));
	dynamodb_plain(&json, "FilterExpression", text_of("#filter = :filter"));
	dynamodb_plain(&json, "ProjectionExpression", text_of("#attribute"));
	put_names(&json, query);
	put_values(&json, query);
	dynamodb_raw(&json, "ConsistentRead", text_of("true"));
	dynamodb_raw(&json, "Limit", text_of(integer_text(limit, query->page_items)));
	if (query->next_key.used > 0)
		dynamodb_raw(&json, "ExclusiveStartKey",
					 (struct text_view){query->next_key.data, query->next_key.used});
	dynamodb_close(&json, '}');
	return dynamodb_json_end(&json, error);
}

/*
 * Note where the next page begins.
 */
static bool
take_key(struct dynamodb_query *query, struct text_view reply, struct glue_error *error)
{
	struct text_view key = json_find(reply, "LastEvaluatedKey");

	query->next_key.used = 0;
	query->at_end = key.length == 0 || key.data[0] != '{';
	return query->at_end || byte_buffer_append(&query->next_key, key.data, key.length, error);
}

bool
dynamodb_query_page(struct aws_client *client, struct dynamodb_query *query,
					struct text_view *items, struct glue_error *error)
{
	struct aws_call *call = &query->call;
	struct text_view reply;

	aws_call_begin_json(call, AWS_DYNAMODB, "Query", "DynamoDB_20120810.Query", query->deadline);
	if (!fill_body(query, error) || !aws_perform(client, call, error))
		return false;
	reply =
		(struct text_view){call->exchange.response.body.data, call->exchange.response.body.used};
	*items = json_find(reply, "Items");
	if (items->length == 0 || items->data[0] != '[')
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
							  "dynamodb %s: the reply has no list of items", call->operation);
	return take_key(query, reply, error);
}

void
dynamodb_query_clean_up(struct dynamodb_query *query)
{
	aws_call_clean_up(&query->call);
	byte_buffer_clean_up(&query->next_key);
}
