/*-------------------------------------------------------------------------
 *
 * dynamodb.c
 *	  Amazon DynamoDB: batched item writes and statements.
 *
 * Items are written directly into the bodies of the calls, so rows are not
 * copied.  Unprocessed items are resent as a slice of the reply.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "aws/dynamodb.h"
#include "base/ascii_word.h"
#include "base/heap.h"
#include "base/json_reader.h"

/*
 * A call of this size is full even if it contains few items, so that large
 * items do not use much memory.  BatchWriteItem accepts 16 MB.
 */
#define FULL_BODY ((size_t) 512 * 1024)

/* ----- writing items ----- */

/* A call and the items in it. */
struct batch
{
	struct aws_call call;
	struct dynamodb_writer *writer;
	int items; /* not yet known to be written */
};

struct dynamodb_writer
{
	struct aws_client *client;
	const char *table;
	int64_t deadline;
	int64_t written;
	int batch_count;         /* maximum number */
	int filling;             /* the batch that receives the next item */
	int sending;             /* the next one to send during a flush */
	struct glue_error error; /* the first error of a flush */
	struct batch batches[];
};

struct dynamodb_writer *
dynamodb_writer_new(struct aws_client *client, const char *table, int in_flight, int64_t deadline,
					struct glue_error *error)
{
	struct dynamodb_writer *writer =
		glue_allocate_zero(sizeof(*writer) + sizeof(struct batch) * (size_t) in_flight);

	if (writer == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	writer->client = client;
	writer->table = table;
	writer->deadline = deadline;
	writer->batch_count = in_flight;
	return writer;
}

void
dynamodb_writer_destroy(struct dynamodb_writer *writer)
{
	if (writer == NULL)
		return;
	for (int i = 0; i < writer->batch_count; i++)
		aws_call_clean_up(&writer->batches[i].call);
	glue_release(writer);
}

/*
 * Return whether a reply looks complete: an object up to its last byte.
 */
static bool
is_whole(struct text_view document)
{
	while (document.length > 0 && strchr(" \t\r\n", document.data[document.length - 1]) != NULL)
		document.length--;
	return document.length >= 2 && document.data[0] == '{' &&
		   document.data[document.length - 1] == '}';
}

/*
 * Return the number of unprocessed items, an object that has a list for our
 * table; -1 if it has anything else.
 */
static int
count_items(struct text_view unprocessed)
{
	struct json_reader reader;
	struct text_view table;
	int count = 0;

	json_reader_init(&reader, unprocessed.data, unprocessed.length);
	if (!json_read_open(&reader, '{') || !json_read_name(&reader, &table))
		return 0;
	if (!json_read_open(&reader, '['))
		return -1;
	for (; json_read_element(&reader); count++)
		json_read_value(&reader);
	return count;
}

/*
 * Replace the body with the unprocessed items.  They are counted only to
 * determine whether any were processed.  All are for our one table, whatever
 * its name in the reply, because a table can also be specified by its ARN.
 */
static enum aws_outcome
accept_write(struct aws_call *call, struct glue_error *error)
{
	struct batch *batch = call->context;
	const struct byte_buffer *reply = &call->exchange.response.body;
	struct text_view document = {reply->data, reply->used};
	struct text_view unprocessed = json_find(document, "UnprocessedItems");
	int left = is_whole(document) ? count_items(unprocessed) : -1;

	if (left < 0)
	{
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
					   "dynamodb %s: the reply is not a JSON object or does not match the call",
					   call->operation);
		return AWS_FAILED;
	}
	if (left < batch->items)
		call->failures = 0;
	batch->writer->written += batch->items - left;
	batch->items = left;
	if (left == 0)
		return AWS_DONE;
	call->body.used = 0;
	if (byte_buffer_append_string(&call->body, "{\"RequestItems\":", error) &&
		byte_buffer_append(&call->body, unprocessed.data, unprocessed.length, error) &&
		byte_buffer_append_string(&call->body, "}", error))
		return AWS_AGAIN;
	return AWS_FAILED;
}

static bool
begin_batch(struct dynamodb_writer *writer, struct batch *batch, struct glue_error *error)
{
	struct dynamodb_json json;

	batch->writer = writer;
	aws_call_begin_json(&batch->call, AWS_DYNAMODB, "BatchWriteItem",
						"DynamoDB_20120810.BatchWriteItem", writer->deadline);
	batch->call.accept = accept_write;
	batch->call.context = batch;
	dynamodb_json_begin(&json, &batch->call.body);
	dynamodb_open(&json, NULL, '{');
	dynamodb_open(&json, "RequestItems", '{');
	dynamodb_open(&json, writer->table, '[');
	return dynamodb_json_end(&json, error);
}

bool
dynamodb_writer_item(struct dynamodb_writer *writer, struct dynamodb_json *json,
					 struct glue_error *error)
{
	struct batch *batch = &writer->batches[writer->filling];

	if (batch->items == 0 && !begin_batch(writer, batch, error))
		return false;
	if (!byte_buffer_append_string(
			&batch->call.body,
			batch->items > 0 ? ",{\"PutRequest\":{\"Item\":" : "{\"PutRequest\":{\"Item\":", error))
		return false;
	dynamodb_json_begin(json, &batch->call.body);
	return true;
}

bool
dynamodb_writer_item_end(struct dynamodb_writer *writer, struct dynamodb_json *json,
						 struct glue_error *error)
{
	struct batch *batch = &writer->batches[writer->filling];

	if (!dynamodb_json_end(json, error) ||
		!byte_buffer_append_string(&batch->call.body, "}}", error))
		return false;
	batch->items++;
	if (batch->items < DYNAMODB_BATCH && batch->call.body.used < FULL_BODY)
		return true;
	writer->filling++;
	return writer->filling < writer->batch_count || dynamodb_writer_flush(writer, error);
}

static struct aws_call *
next_batch(void *context, int64_t *wake)
{
	struct dynamodb_writer *writer = context;
	struct batch *batch = &writer->batches[writer->sending];

	(void) wake;
	/* A permanent failure fails the flush; sending the rest would be useless. */
	if (writer->error.class != GLUE_NO_ERROR || writer->sending == writer->batch_count ||
		batch->items == 0)
		return NULL;
	writer->sending++;
	if (byte_buffer_append_string(&batch->call.body, "]}}", &writer->error))
		return &batch->call;
	return NULL;
}

static void
batch_done(void *context, struct aws_call *call)
{
	struct dynamodb_writer *writer = context;

	if (call->error.class != GLUE_NO_ERROR && writer->error.class == GLUE_NO_ERROR)
		writer->error = call->error;
}

bool
dynamodb_writer_flush(struct dynamodb_writer *writer, struct glue_error *error)
{
	bool success;

	writer->sending = 0;
	glue_error_clear(&writer->error);
	success =
		aws_perform_all(writer->client, writer->batch_count, next_batch, batch_done, writer, error);
	for (int i = 0; i < writer->batch_count; i++)
		writer->batches[i].items = 0;
	writer->filling = 0;
	if (success && writer->error.class == GLUE_NO_ERROR)
		return true;
	if (success && error != NULL)
		*error = writer->error;
	return false;
}

int64_t
dynamodb_writer_written(const struct dynamodb_writer *writer)
{
	return writer->written;
}

/* ----- statements ----- */

bool
dynamodb_statement(struct dynamodb_statements *statements, const char *text,
				   struct dynamodb_json *json, struct glue_error *error)
{
	if (statements->count == statements->room)
	{
		int room = statements->room > 0 ? 2 * statements->room : DYNAMODB_BATCH;
		struct dynamodb_statement *list =
			glue_reallocate(statements->list, sizeof(*list) * (size_t) room);

		if (list == NULL)
			return glue_error_memory(error);
		statements->list = list;
		statements->room = room;
	}
	dynamodb_json_begin(json, &statements->json);
	dynamodb_open(json, NULL, '{');
	dynamodb_plain(json, "Statement", text_of(text));
	dynamodb_open(json, "Parameters", '[');
	return true;
}

bool
dynamodb_statement_end(struct dynamodb_statements *statements, struct dynamodb_json *json,
					   struct glue_error *error)
{
	struct dynamodb_statement *statement = &statements->list[statements->count];

	dynamodb_close(json, ']');
	dynamodb_close(json, '}');
	if (!dynamodb_json_end(json, error))
		return false;
	memset(statement, 0, sizeof(*statement));
	statement->start = json->start;
	statement->end = statements->json.used;
	statements->count++;
	return true;
}

void
dynamodb_statements_clean_up(struct dynamodb_statements *statements)
{
	byte_buffer_clean_up(&statements->json);
	glue_release(statements->list);
	memset(statements, 0, sizeof(*statements));
}

/* A call and the statements in it, by their index. */
struct statement_call
{
	struct aws_call call;
	struct execution *execution;
	int indexes[DYNAMODB_BATCH];
	int count;
	bool open;
};

/* One dynamodb_execute(). */
struct execution
{
	struct dynamodb_statements *statements;
	int64_t deadline;
	int next; /* index of the next one to send */
	int in_flight;
	struct glue_error error; /* of the first call that failed */
	struct statement_call *calls;
};

/*
 * Return whether a BatchStatementError code means that the unchanged statement
 * may succeed shortly.
 */
static bool
is_worth_repeating(const char *code)
{
	static const char *const codes[] = {
		"RequestLimitExceeded", "InternalServerError", "ProvisionedThroughputExceeded",
		"TransactionConflict",  "ThrottlingError",     NULL,
	};

	return ascii_word_is_in(code, codes);
}

static enum dynamodb_result
statement_result(const char *code)
{
	if (strcmp(code, "ConditionalCheckFailed") == 0)
		return DYNAMODB_CONDITION_FAILED;
	/*
	 * The permission may be granted or the table created later: not the fault
	 * of the statement.
	 */
	if (is_worth_repeating(code) || strcmp(code, "AccessDenied") == 0 ||
		strcmp(code, "ResourceNotFound") == 0)
		return DYNAMODB_UNDONE;
	return DYNAMODB_REFUSED;
}

static bool
fill_statements(struct statement_call *open, struct glue_error *error)
{
	const struct dynamodb_statements *statements = open->execution->statements;
	struct byte_buffer *body = &open->call.body;

	body->used = 0;
	if (!byte_buffer_append_string(body, "{\"Statements\":[", error))
		return false;
	for (int i = 0; i < open->count; i++)
	{
		const struct dynamodb_statement *statement = &statements->list[open->indexes[i]];

		if ((i > 0 && !byte_buffer_append(body, ",", 1, error)) ||
			!byte_buffer_append(body, statements->json.data + statement->start,
								statement->end - statement->start, error))
			return false;
	}
	return byte_buffer_append_string(body, "]}", error);
}

/*
 * Record one answer.  Returns whether the statement must be sent again.
 */
static bool
take_answer(struct execution *execution, struct dynamodb_statement *statement,
			struct text_view answer)
{
	struct text_view failure = json_find(answer, "Error");

	statement->code[0] = '\0';
	if (failure.length == 0 || failure.data[0] != '{')
	{
		statement->result = DYNAMODB_DONE;
		return false;
	}
	ascii_word_copy(statement->code, sizeof(statement->code), json_find_text(failure, "Code"),
					ASCII_WORD_PRINTABLE);
	statement->result = statement_result(statement->code);
	if (is_worth_repeating(statement->code))
		return true;
	if (statement->result == DYNAMODB_UNDONE && execution->error.class == GLUE_NO_ERROR)
		glue_error_set(&execution->error, GLUE_INFRASTRUCTURE_ERROR,
					   strcmp(statement->code, "AccessDenied") == 0 ? "AWS_ACCESS_DENIED"
																	: "AWS_NOT_FOUND",
					   "dynamodb BatchExecuteStatement: a statement ended in %s", statement->code);
	return false;
}

static enum aws_outcome
accept_statements(struct aws_call *call, struct glue_error *error)
{
	struct statement_call *open = call->context;
	const struct byte_buffer *reply = &call->exchange.response.body;
	struct text_view answers = json_find((struct text_view){reply->data, reply->used}, "Responses");
	struct json_reader reader;
	int answered = 0;
	int left = 0;

	json_reader_init(&reader, answers.data, answers.length);
	(void) json_read_open(&reader, '[');
	while (answered < open->count && json_read_element(&reader))
	{
		int index = open->indexes[answered++];
		struct text_view answer = json_read_slice(&reader);

		if (take_answer(open->execution, &open->execution->statements->list[index], answer))
			open->indexes[left++] = index;
	}
	if (answered < open->count)
	{
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
					   "dynamodb %s: fewer answers than statements", call->operation);
		return AWS_FAILED;
	}
	if (left < open->count)
		call->failures = 0;
	open->count = left;
	if (left == 0)
		return AWS_DONE;
	return fill_statements(open, error) ? AWS_AGAIN : AWS_FAILED;
}

static struct statement_call *
free_call(struct execution *execution)
{
	struct statement_call *open = execution->calls;

	while (open->open)
		open++;
	return open;
}

static struct aws_call *
next_statements(void *context, int64_t *wake)
{
	struct execution *execution = context;
	struct dynamodb_statements *statements = execution->statements;
	struct statement_call *open = free_call(execution);

	(void) wake;
	open->execution = execution;
	open->count = 0;
	for (; execution->next < statements->count && open->count < DYNAMODB_BATCH; execution->next++)
	{
		if (statements->list[execution->next].result == DYNAMODB_UNDONE)
			open->indexes[open->count++] = execution->next;
	}
	if (open->count == 0)
		return NULL;
	aws_call_begin_json(&open->call, AWS_DYNAMODB, "BatchExecuteStatement",
						"DynamoDB_20120810.BatchExecuteStatement", execution->deadline);
	open->call.accept = accept_statements;
	open->call.context = open;
	if (!fill_statements(open, &execution->error))
		return NULL;
	open->open = true;
	return &open->call;
}

static void
statements_done(void *context, struct aws_call *call)
{
	struct execution *execution = context;
	struct statement_call *open = call->context;

	open->open = false;
	if (call->error.class != GLUE_NO_ERROR && execution->error.class == GLUE_NO_ERROR)
		execution->error = call->error;
}

bool
dynamodb_execute(struct aws_client *client, struct dynamodb_statements *statements, int in_flight,
				 int64_t deadline, struct glue_error *error)
{
	struct execution execution = {
		.statements = statements,
		.deadline = deadline,
		.in_flight = in_flight,
		.calls = glue_allocate_zero(sizeof(struct statement_call) * ((size_t) in_flight + 1)),
	};
	bool success;

	if (execution.calls == NULL)
		return glue_error_memory(error);
	success =
		aws_perform_all(client, in_flight, next_statements, statements_done, &execution, error);
	for (int i = 0; i <= in_flight; i++)
		aws_call_clean_up(&execution.calls[i].call);
	glue_release(execution.calls);
	if (success && execution.error.class == GLUE_NO_ERROR)
		return true;
	if (success && error != NULL)
		*error = execution.error;
	return false;
}
