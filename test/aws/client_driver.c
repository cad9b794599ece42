/*-------------------------------------------------------------------------
 *
 * client_driver.c
 *	  Calls of the AWS client from the command line, for
 *	  tests/test_aws_client.py.
 *
 *	  client_driver DEADLINE COMMAND ARGUMENT...
 *
 * DEADLINE is in milliseconds from now, 0 for none.  Where the services are is
 * in AWS_ENDPOINT_URL; IDLE_SECONDS says when a connection on which nothing
 * moves is given up.  DRIVER_ACCESS_KEY, DRIVER_SECRET_KEY and
 * DRIVER_SESSION_TOKEN replace the planted credentials.  What a command has to say goes to standard output;
 * then a line "counters ..." and, when it failed, "error CODE TEXT" go to
 * standard error, and the exit code is 1.
 *
 *-------------------------------------------------------------------------
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/dynamodb.h"
#include "aws/dynamodb_query.h"
#include "aws/s3.h"
#include "aws/s3_versions.h"
#include "aws/secrets.h"
#include "aws/sns.h"
#include "aws/sqs.h"
#include "aws/sqs_queue.h"
#include "base/clock.h"

#define IN_FLIGHT 8

static struct aws_client client;
static int64_t deadline;
static int refreshes;

static const char *
setting(const char *name, const char *planted)
{
	const char *value = getenv(name);

	return value != NULL ? value : planted;
}

/* Counts how often fresh ones were asked for.  The test looks for both secrets
 * in all that is printed. */
static bool
give_credentials(void *context, bool refresh, int64_t until, struct aws_credentials *credentials,
				 struct glue_error *error)
{
	(void) context;
	(void) until;
	(void) error;
	refreshes += refresh;
	snprintf(credentials->access_key_id, sizeof(credentials->access_key_id), "%s",
			 setting("DRIVER_ACCESS_KEY", "AKIDEXAMPLE"));
	snprintf(credentials->secret_access_key, sizeof(credentials->secret_access_key), "%s",
			 setting("DRIVER_SECRET_KEY", "planted-secret-key"));
	snprintf(credentials->session_token, sizeof(credentials->session_token), "%s",
			 setting("DRIVER_SESSION_TOKEN", "planted-session-token"));
	return true;
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* ----- s3 ----- */

static void
print_object(const struct s3_object *object)
{
	fprintf(stderr, "object %" PRId64 " %s %s\n", object->length, object->etag,
			object->version_id[0] != '\0' ? object->version_id : "-");
}

/* The file by its descriptor, with or without a hash, or as bytes. */
static bool
put_file(struct s3_put *put, int file, const char *way, struct s3_object *object,
		 struct glue_error *error)
{
	char hash[AWS_HASH_SIZE];
	char *bytes;
	bool success;

	if (strcmp(way, "bytes") != 0)
	{
		put->read = s3_read_file;
		put->read_context = &file;
		if (strcmp(way, "file") == 0)
		{
			if (!s3_file_hash(file, put->length, hash, error))
				return false;
			put->payload_hash = hash;
		}
		return s3_put(&client, put, object, error);
	}
	bytes = malloc((size_t) put->length + 1);
	put->bytes = bytes;
	success = read(file, bytes, (size_t) put->length) == put->length &&
			  s3_put(&client, put, object, error);
	free(bytes);
	return success;
}

/* put BUCKET KEY FILE bytes|file|unsigned */
static bool
run_put(char **arguments, struct glue_error *error)
{
	int file = open(arguments[2], O_RDONLY);
	struct stat status;
	struct s3_object object = {0};
	struct s3_put put = {
		.bucket = arguments[0],
		.key = arguments[1],
		.content_type = "text/csv; charset=utf-8",
		.content_disposition = "attachment; filename=\"errors.csv\"",
		.deadline = deadline,
	};
	bool success;

	if (file < 0 || fstat(file, &status) != 0)
		return glue_error_set(error, GLUE_USAGE_ERROR, "NO_FILE", "no such file");
	put.length = status.st_size;
	success = put_file(&put, file, arguments[3], &object, error);
	print_object(&object);
	close(file);
	return success;
}

static bool
write_bytes(void *context, const struct s3_object *object, const char *bytes, size_t length)
{
	(void) context;
	(void) object;
	return fwrite(bytes, 1, length, stdout) == length;
}

static bool
refuse_bytes(void *context, const struct s3_object *object, const char *bytes, size_t length)
{
	(void) context;
	(void) object;
	(void) bytes;
	(void) length;
	return false;
}

/* get|head|stop BUCKET KEY VERSION ETAG START END */
static bool
run_get(char **arguments, struct glue_error *error)
{
	struct s3_object object;
	struct s3_get get = {
		.bucket = arguments[1],
		.key = arguments[2],
		.version_id = or_null(arguments[3]),
		.etag = or_null(arguments[4]),
		.start = strtoll(arguments[5], NULL, 10),
		.end = strtoll(arguments[6], NULL, 10),
		.on_bytes = strcmp(arguments[0], "stop") == 0 ? refuse_bytes : write_bytes,
		.deadline = deadline,
	};
	bool success = strcmp(arguments[0], "head") == 0 ? s3_head(&client, &get, &object, error)
													 : s3_get(&client, &get, &object, error);

	print_object(&object);
	return success;
}

/* versions BUCKET PREFIX: a line for each version, with the key at its end */
static bool
run_versions(char **arguments, struct glue_error *error)
{
	struct s3_version_marker after = {0};
	bool success = true;
	bool is_last = false;

	while (success && !is_last)
	{
		struct s3_version_page page = {0};

		success =
			s3_list_versions(&client, arguments[0], arguments[1], &after, deadline, &page, error);
		for (int i = 0; success && i < page.count; i++)
			printf("%s %s %s %s\n", page.versions[i].version_id, page.versions[i].etag,
				   page.versions[i].is_latest ? "latest" : "older", page.versions[i].key);
		is_last = page.is_last;
		after = page.next;
		s3_version_page_clean_up(&page);
	}
	return success;
}

/* presign BUCKET KEY VERSION DISPOSITION SECONDS */
static bool
run_presign(char **arguments, struct glue_error *error)
{
	char *url;

	if (!s3_presign_get(&client, arguments[0], arguments[1], or_null(arguments[2]),
						or_null(arguments[3]), strtoll(arguments[4], NULL, 10), &url, error))
		return false;
	puts(url);
	aws_url_destroy(url);
	return true;
}

/* ----- dynamodb ----- */

static void
record_id(char id[32], int64_t number)
{
	snprintf(id, 32, "REC_%08" PRId64, number);
}

static bool
put_item(struct dynamodb_writer *writer, int64_t number, struct glue_error *error)
{
	struct dynamodb_json json;
	char id[32];

	record_id(id, number);
	if (!dynamodb_writer_item(writer, &json, error))
		return false;
	dynamodb_open(&json, NULL, '{');
	dynamodb_put_string(&json, "upload_id", "upload");
	dynamodb_put_string(&json, "record_id", id);
	dynamodb_put_number(&json, "row_number", number);
	dynamodb_put_string(&json, "status", "pending_validation");
	dynamodb_put_bool(&json, "draft", number % 2 == 0);
	dynamodb_open_map(&json, "product_data");
	dynamodb_put_string(&json, "product_name", "a \"quoted\"\ttext \\ \xC3\xA4");
	dynamodb_put_string(&json, "empty", "");
	dynamodb_close_map(&json);
	dynamodb_close(&json, '}');
	return dynamodb_writer_item_end(writer, &json, error);
}

/* items TABLE COUNT */
static bool
run_items(char **arguments, struct glue_error *error)
{
	struct dynamodb_writer *writer =
		dynamodb_writer_new(&client, arguments[0], IN_FLIGHT, deadline, error);
	int64_t count = strtoll(arguments[1], NULL, 10);
	bool success = writer != NULL;

	for (int64_t i = 1; success && i <= count; i++)
		success = put_item(writer, i, error);
	success = success && dynamodb_writer_flush(writer, error);
	printf("%" PRId64 "\n", writer != NULL ? dynamodb_writer_written(writer) : 0);
	dynamodb_writer_destroy(writer);
	return success;
}

struct copying
{
	struct dynamodb_writer *writer;
	struct glue_error *error;
	int64_t lines;
};

static bool
copy_lines(void *context, const struct s3_object *object, const char *bytes, size_t length)
{
	struct copying *copying = context;

	(void) object;
	for (size_t i = 0; i < length; i++)
	{
		if (bytes[i] == '\n' && !put_item(copying->writer, ++copying->lines, copying->error))
			return false;
	}
	return true;
}

/* copy BUCKET KEY TABLE: each line of the object becomes an item, put by calls
 * from within the stream */
static bool
run_copy(char **arguments, struct glue_error *error)
{
	struct copying copying = {
		dynamodb_writer_new(&client, arguments[2], IN_FLIGHT, deadline, error),
		error,
		0,
	};
	struct s3_get get = {
		.bucket = arguments[0],
		.key = arguments[1],
		.on_bytes = copy_lines,
		.context = &copying,
		.deadline = deadline,
	};
	bool success = copying.writer != NULL && s3_get(&client, &get, NULL, error) &&
				   dynamodb_writer_flush(copying.writer, error);

	printf("%" PRId64 "\n", copying.writer != NULL ? dynamodb_writer_written(copying.writer) : 0);
	dynamodb_writer_destroy(copying.writer);
	return success;
}

/* query TABLE PAGE: the record ids of pending items, a line for each page */
static bool
run_query(char **arguments, struct glue_error *error)
{
	struct dynamodb_query query = {
		.table = arguments[0],
		.key = {"upload_id", "upload"},
		.filter = {"status", "pending_validation"},
		.attribute = "record_id",
		.page_items = (int) strtol(arguments[1], NULL, 10),
		.deadline = deadline,
	};
	bool success = true;

	while (success && !query.at_end)
	{
		struct text_view items;

		success = dynamodb_query_page(&client, &query, &items, error);
		if (success)
			printf("%.*s\n", (int) items.length, items.data);
	}
	dynamodb_query_clean_up(&query);
	return success;
}

static bool
add_statement(struct dynamodb_statements *statements, const char *table, int64_t number,
			  struct glue_error *error)
{
	struct dynamodb_json json;
	char text[256];
	char id[32];

	record_id(id, number);
	snprintf(text, sizeof(text),
			 "UPDATE \"%s\" SET \"status\" = ? WHERE \"upload_id\" = ? "
			 "AND \"record_id\" = ? AND \"status\" = 'pending_validation'",
			 table);
	if (!dynamodb_statement(statements, text, &json, error))
		return false;
	dynamodb_put_string(&json, NULL, "validated");
	dynamodb_put_string(&json, NULL, "upload");
	dynamodb_put_string(&json, NULL, id);
	return dynamodb_statement_end(statements, &json, error);
}

/* statements TABLE FIRST LAST: sets the status of these items, if pending */
static bool
run_statements(char **arguments, struct glue_error *error)
{
	struct dynamodb_statements statements = {0};
	int64_t last = strtoll(arguments[2], NULL, 10);
	int results[4] = {0};
	bool success = true;

	for (int64_t i = strtoll(arguments[1], NULL, 10); success && i <= last; i++)
		success = add_statement(&statements, arguments[0], i, error);
	success = success && dynamodb_execute(&client, &statements, IN_FLIGHT, deadline, error);
	for (int i = 0; i < statements.count; i++)
		results[statements.list[i].result]++;
	printf("undone %d done %d condition %d refused %d\n", results[DYNAMODB_UNDONE],
		   results[DYNAMODB_DONE], results[DYNAMODB_CONDITION_FAILED], results[DYNAMODB_REFUSED]);
	dynamodb_statements_clean_up(&statements);
	return success;
}

/* ----- sqs and sns ----- */

/* send QUEUE_URL COUNT */
static bool
run_send(char **arguments, struct glue_error *error)
{
	int count = (int) strtol(arguments[1], NULL, 10);
	struct sqs_message *messages = calloc((size_t) count + 1, sizeof(*messages));
	char(*bodies)[64] = calloc((size_t) count + 1, sizeof(*bodies));
	int results[3] = {0};
	bool success;

	for (int i = 0; i < count; i++)
	{
		snprintf(bodies[i], sizeof(bodies[i]), "{\"v\":1,\"event_id\":%d}", i);
		messages[i].body = text_of(bodies[i]);
	}
	success = sqs_send(&client, arguments[0], messages, count, IN_FLIGHT, deadline, error);
	for (int i = 0; i < count; i++)
		results[messages[i].result]++;
	printf("unsent %d sent %d refused %d\n", results[SQS_UNSENT], results[SQS_SENT],
		   results[SQS_REFUSED]);
	free(messages);
	free(bodies);
	return success;
}

static bool
read_body(const char *name, struct byte_buffer *body, struct glue_error *error)
{
	FILE *file = fopen(name, "rb");
	char bytes[4096];
	size_t length;
	bool success = file != NULL;

	while (success && (length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		success = byte_buffer_append(body, bytes, length, error);
	if (file == NULL)
		return glue_error_set(error, GLUE_USAGE_ERROR, "NO_FILE", "no such file");
	fclose(file);
	return success;
}

/* between QUEUE_URL FILE: sends the file's text between two messages; a line for
 * the result of each */
static bool
run_between(char **arguments, struct glue_error *error)
{
	static const char *const names[] = {"unsent", "sent", "refused"};
	struct byte_buffer body = {0};
	struct sqs_message messages[3] = {0};
	bool success = read_body(arguments[1], &body, error);

	messages[0].body = text_of("first");
	messages[2].body = text_of("last");
	messages[1].body = (struct text_view){body.data, body.used};
	success = success && sqs_send(&client, arguments[0], messages, 3, IN_FLIGHT, deadline, error);
	for (int i = 0; i < 3; i++)
		printf("%s %s\n", names[messages[i].result], messages[i].code);
	byte_buffer_clean_up(&body);
	return success;
}

/* drain QUEUE_URL: counts the messages, then prints and deletes up to ten */
static bool
run_drain(char **arguments, struct glue_error *error)
{
	struct sqs_counts counts = {0};
	struct sqs_batch batch = {0};
	struct text_view handles[SQS_BATCH];
	bool success = sqs_count(&client, arguments[0], deadline, &counts, error) &&
				   sqs_receive(&client, arguments[0], "rounds", 60, deadline, &batch, error);

	printf("visible %" PRId64 " others %" PRId64 "\n", counts.visible, counts.others);
	for (int i = 0; i < batch.count; i++)
	{
		handles[i] = batch.messages[i].receipt_handle;
		printf("%.*s\n", (int) batch.messages[i].body.length, batch.messages[i].body.data);
	}
	if (success && batch.count > 0)
		success = sqs_delete(&client, arguments[0], handles, batch.count, deadline, error);
	sqs_batch_clean_up(&batch);
	return success;
}

/* publish TOPIC_ARN SUBJECT TEXT VENDOR_ID TIMES */
static bool
run_publish(char **arguments, struct glue_error *error)
{
	struct aws_pair attributes[] = {{"vendor_id", arguments[3]}, {"status", "completed"}};
	struct sns_message message = {
		.topic_arn = arguments[0],
		.subject = arguments[1],
		.text = text_of(arguments[2]),
		.attributes = attributes,
		.attribute_count = 2,
		.deadline = deadline,
	};
	char id[SNS_MESSAGE_ID_SIZE];

	for (long i = 0; i < strtol(arguments[4], NULL, 10); i++)
	{
		if (!sns_publish(&client, &message, id, error))
			return false;
		puts(id);
	}
	return true;
}

/* ----- secrets ----- */

/* secret ID TIME_TO_LIVE TIMES PAUSE REFRESH: reads it so many times */
static bool
run_secret(char **arguments, struct glue_error *error)
{
	struct secret secret = {
		.client = &client,
		.id = arguments[0],
		.time_to_live = strtoll(arguments[1], NULL, 10),
	};
	bool success = true;

	for (long i = 0; success && i < strtol(arguments[2], NULL, 10); i++)
	{
		if (i > 0)
			usleep((useconds_t) (1000 * strtol(arguments[3], NULL, 10)));
		success = secret_get(&secret, arguments[4][0] == '1', deadline, error);
		if (success)
			printf("%s %s\n", secret.value.version, secret.value.text.data);
	}
	secret_clean_up(&secret);
	return success;
}

/* rotate ID TOKEN: a pending version, which then becomes the current one */
static bool
run_rotate(char **arguments, struct glue_error *error)
{
	const char *id = arguments[0];
	const char *token = arguments[1];
	struct secret_stages stages;
	struct secret_value password = {0};
	bool success =
		secret_random_password(&client, 40, deadline, &password, error) &&
		secret_describe(&client, id, token, deadline, &stages, error) &&
		secret_put(&client, id, token, SECRET_PENDING,
				   (struct text_view){password.text.data, password.text.used}, deadline, error) &&
		secret_move_stage(&client, id, SECRET_CURRENT, token, stages.current, deadline, error);

	if (success)
		printf("%s %s\n", password.text.data, stages.version_known ? "known" : "new");
	success = success && secret_describe(&client, id, token, deadline, &stages, error);
	if (success)
		printf("current %s previous %s %s\n", stages.current, stages.previous,
			   stages.version_known ? "known" : "new");
	secret_value_clean_up(&password);
	return success;
}

/* ----- main ----- */

static const struct command
{
	const char *name;
	int arguments;
	bool (*run)(char **arguments, struct glue_error *error);
	bool with_name; /* its name is the first argument */
} commands[] = {
	{"put", 4, run_put, false},         {"get", 6, run_get, true},
	{"head", 6, run_get, true},         {"stop", 6, run_get, true},
	{"copy", 3, run_copy, false},       {"presign", 5, run_presign, false},
	{"items", 2, run_items, false},     {"statements", 3, run_statements, false},
	{"query", 2, run_query, false},     {"send", 2, run_send, false},
	{"publish", 5, run_publish, false}, {"secret", 5, run_secret, false},
	{"rotate", 2, run_rotate, false},   {"versions", 2, run_versions, false},
	{"between", 2, run_between, false}, {"drain", 1, run_drain, false},
};

static int
run_command(const struct command *command, char **arguments)
{
	const char *idle = getenv("IDLE_SECONDS");
	struct glue_error error = {0};
	struct aws_client_options options = {
		.http = http_client_new(NULL, &error),
		.credentials = {give_credentials, NULL},
		.idle_seconds = idle != NULL ? (int) strtol(idle, NULL, 10) : 0,
	};
	bool success = options.http != NULL && aws_client_init(&client, &options, &error) &&
				   command->run(arguments - command->with_name, &error);

	fflush(stdout);
	fprintf(stderr,
			"counters requests %" PRId64 " retries %" PRId64 " throttles %" PRId64
			" partial %" PRId64 " refreshes %d\n",
			client.counters.requests, client.counters.retries, client.counters.throttles,
			client.counters.partial, refreshes);
	if (!success)
		fprintf(stderr, "error %s %s\n", error.code, error.text);
	aws_client_clean_up(&client);
	http_client_destroy(options.http);
	return success ? 0 : 1;
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc >= 3 && i < sizeof(commands) / sizeof(commands[0]); i++)
	{
		int64_t milliseconds = strtoll(argv[1], NULL, 10);

		if (strcmp(argv[2], commands[i].name) != 0 || argc != 3 + commands[i].arguments)
			continue;
		deadline = milliseconds > 0 ? clock_milliseconds() + milliseconds : 0;
		return run_command(&commands[i], argv + 3);
	}
	fprintf(stderr, "usage: client_driver DEADLINE COMMAND ARGUMENT...\n");
	return 2;
}
