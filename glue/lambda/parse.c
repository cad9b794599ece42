/*-------------------------------------------------------------------------
 *
 * parse.c
 *	  A vendor's file in S3: from its object to rows on their way.
 *
 *	  vendor_object.c: which object -> s3_source.c: its bytes
 *		  -> import.h -> upload_items.c: items of DynamoDB, or COPY directly
 *		  -> outbox_delivery.c
 *
 * On the direct route each transaction saves a checkpoint, so that whoever comes
 * after a kill or a deadline resumes there with a Range request.  Before the time
 * is up the rows at hand are committed, so that each invocation gets on.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/heap.h"
#include "import/copy_sink.h"
#include "import/file_name.h"
#include "import/import.h"
#include "lambda/batch_response.h"
#include <cjson/cJSON.h>
#include "lambda/outbox_delivery.h"
#include "lambda/parse.h"
#include "lambda/s3_source.h"
#include "lambda/upload_items.h"

/* So long before the deadline the rows at hand are committed, in milliseconds. */
#define COMMIT_LEAD_MS 1500

/* Of a short invocation's time, at most one part in so many. */
#define COMMIT_LEAD_PART 2

/*
 * A transaction ends when it is so old, in milliseconds, however few rows it has:
 * no more than this is lost with a slow database.
 */
#define TRANSACTION_MS 5000

/* An object that is being imported. */
struct parsing
{
	struct sandbox *sandbox;
	const struct invocation *invocation;
	const struct vendor_object *object;
	enum parse_route route;
	struct s3_source source;
	struct vendor_file file;
	struct import import;
	int failures; /* readings in a row that got no further */
};

/* ----- the direct route ----- */

/*
 * When the last rows have to be on their way.
 */
static int64_t
commit_time(const struct invocation *invocation)
{
	int64_t lead = (invocation->deadline_ms - clock_milliseconds()) / COMMIT_LEAD_PART;

	return invocation->deadline_ms - (lead < COMMIT_LEAD_MS ? lead : COMMIT_LEAD_MS);
}

/*
 * Whether another reading may do better.  55000: the upload ended while its rows
 * were on the way, which the next reading will find.
 */
static bool
is_worth_another(const struct glue_error *error)
{
	return postgres_error_is_transient(error) || strcmp(error->code, IMPORT_OVERTAKEN) == 0 ||
		   strcmp(error->code, "55000") == 0 || strcmp(error->code, "DATABASE_PAUSED") == 0;
}

/*
 * Wait for the next attempt; false when there shall be none.
 */
static bool
wait_after(const struct parsing *parsing)
{
	struct aws_client *client = &parsing->sandbox->aws;
	int64_t now = clock_milliseconds();
	int64_t wake = aws_backoff(parsing->failures, false, now, parsing->import.request.stop_ms,
							   client->options.random());
	struct timespec pause;

	if (wake == 0)
		return false;
	pause.tv_sec = (wake - now) / 1000;
	pause.tv_nsec = (wake - now) % 1000 * 1000000;
	nanosleep(&pause, NULL);
	return true;
}

/*
 * An import_observer's again().
 */
static bool
read_again(void *context, bool advanced, struct glue_error *error)
{
	struct parsing *parsing = context;

	if (advanced)
		parsing->failures = 0;
	parsing->failures++;
	if (!is_worth_another(error) || !wait_after(parsing))
		return false;
	log_failure(&parsing->sandbox->log, "reading again from the last checkpoint", error,
				LOG_NAME(LOG_UPLOAD_ID, parsing->import.upload.upload_id),
				LOG_COUNT(LOG_ATTEMPT, parsing->failures));
	return true;
}

static bool
copy_rows(struct parsing *parsing, struct glue_error *error)
{
	struct sandbox *sandbox = parsing->sandbox;
	struct import *import = &parsing->import;
	struct copy_options options = {
		.transaction_rows = sandbox->settings.direct_transaction_rows,
		.transaction_ms = TRANSACTION_MS,
		.with_defects = true,
	};
	int64_t started_ms = clock_milliseconds();
	struct copy_sink copy;
	bool done;

	import->request.saves_checkpoints = true;
	import->request.stop_ms = commit_time(parsing->invocation);
	import->request.observer = (struct import_observer){.again = read_again, .context = parsing};
	copy_sink_init(&copy, sandbox->database, &options);
	done = import_load(import, &copy.sink, error);
	copy_sink_clean_up(&copy);
	metrics_add(parsing->invocation->metrics, METRIC_RECORDS_PROCESSED, import->loaded_rows);
	log_write(&sandbox->log, LOG_INFO, "rows were loaded directly",
			  LOG_NAME(LOG_UPLOAD_ID, import->upload.upload_id),
			  LOG_NAME(LOG_STATUS, done ? import->upload.status : NULL),
			  LOG_COUNT(LOG_ROWS, import->loaded_rows),
			  LOG_COUNT(LOG_MILLISECONDS, clock_milliseconds() - started_ms));
	return done;
}

/* ----- by DynamoDB ----- */

static bool
write_items(struct parsing *parsing, struct glue_error *error)
{
	struct sandbox *sandbox = parsing->sandbox;
	struct import *import = &parsing->import;
	const char *vendor_id = parsing->object->vendor_id;
	struct upload_items items;
	bool done = upload_items_init(&items, sandbox, parsing->invocation->deadline_ms, vendor_id,
								  import->upload.attempts, error) &&
				import_load(import, &items.sink, error);

	upload_items_clean_up(&items);
	if (done)
		metrics_add(parsing->invocation->metrics, METRIC_RECORDS_PROCESSED, import->loaded_rows);
	log_write(&sandbox->log, LOG_INFO, "rows sent",
			  LOG_NAME(LOG_UPLOAD_ID, import->upload.upload_id), LOG_NAME(LOG_VENDOR_ID, vendor_id),
			  LOG_COUNT(LOG_ROWS, import->row_count), LOG_COUNT(LOG_RECORDS, import->loaded_rows),
			  LOG_COUNT(LOG_BYTES, parsing->source.byte_count),
			  LOG_COUNT(LOG_ATTEMPT, import->upload.attempts));
	return done;
}

/* ----- an object ----- */

static bool
goes_directly(const struct parsing *parsing)
{
	const struct settings *settings = &parsing->sandbox->settings;
	const struct import *import = &parsing->import;

	if (parsing->route == PARSE_DIRECT || import->upload.has_checkpoint ||
		settings->route == ROUTE_DIRECT || import->heading_bytes > UPLOAD_ITEMS_HEADER_BYTES)
		return true;
	return settings->route == ROUTE_AUTO && import->row_count > settings->direct_route_rows;
}

/*
 * Refuse a file that is named after another vendor than its folder.  The name that
 * was expected is made of the vendor's own id and what the vendor wrote: whether
 * there is a vendor of the other id is not said.
 */
static bool
check_name(struct parsing *parsing, struct glue_error *error)
{
	const struct vendor_object *object = parsing->object;
	struct glue_error fault;

	if (file_name_agrees(object->file_name, object->vendor_id))
		return true;
	glue_error_set(&fault, GLUE_FILE_FAULT, "OTHER_VENDOR",
				   "by its name the file is another vendor's; name it %s%s and send it again",
				   object->vendor_id, object->file_name + file_name_vendor(object->file_name));
	return import_refuse(&parsing->import, &fault, error);
}

/*
 * The steps after the upload has begun.
 */
static bool
run_steps(struct parsing *parsing, struct glue_error *error)
{
	struct import *import = &parsing->import;

	if (!upload_is_open(&import->upload))
		return true;
	if (!check_name(parsing, error))
		return false;
	/* Once is enough: the first reading of a large file takes its time. */
	if (upload_is_open(&import->upload) && !import->is_inspected && !import_inspect(import, error))
		return false;
	if (!upload_is_open(&import->upload))
		return true;
	return goes_directly(parsing) ? copy_rows(parsing, error) : write_items(parsing, error);
}

/*
 * A vendor that does not exist is a fault of the file: it came into a folder that
 * belongs to nobody.
 */
static bool
begin(struct parsing *parsing, struct glue_error *error)
{
	if (import_begin(&parsing->import, error))
		return true;
	return error->class == GLUE_NOT_FOUND
			   ? glue_error_set(error, GLUE_FILE_FAULT, "UNKNOWN_VENDOR", "there is no such vendor")
			   : false;
}

static bool
run_import(struct parsing *parsing, struct glue_error *error)
{
	struct sandbox *sandbox = parsing->sandbox;
	const struct import *import = &parsing->import;
	bool done;

	if (!begin(parsing, error))
		return false;
	done = run_steps(parsing, error);
	if (import->fault.class != GLUE_NO_ERROR)
		log_write(&sandbox->log, LOG_INFO, "upload is refused",
				  LOG_NAME(LOG_UPLOAD_ID, import->upload.upload_id),
				  LOG_NAME(LOG_VENDOR_ID, parsing->object->vendor_id),
				  LOG_NAME(LOG_CODE, import->fault.code));
	/* Even after a failure: what was committed until then is to be delivered. */
	outbox_drain(sandbox, parsing->invocation, import->upload.upload_id);
	return done;
}

static bool
init_file(struct parsing *parsing, struct glue_error *error)
{
	struct sandbox *sandbox = parsing->sandbox;
	const struct row_source_options find_out = {0};
	struct scan_limits limits = {
		sandbox->settings.max_file_bytes,
		sandbox->settings.max_rows,
	};

	s3_source_init(&parsing->source, &sandbox->aws, parsing->object,
				   parsing->invocation->deadline_ms);
	return vendor_file_init(&parsing->file, &parsing->source.bytes, parsing->object->file_name,
							&find_out, &limits, error);
}

/*
 * Import an object; upload_id is that of its upload if it has begun before.
 */
static bool
import_object(struct parsing *parsing, const char *upload_id, struct glue_error *error)
{
	const struct vendor_object *object = parsing->object;
	char content_id[VENDOR_OBJECT_CONTENT_ID_SIZE];
	char *metadata = vendor_object_metadata(object);
	struct import_request request = {
		.database = parsing->sandbox->database,
		.file = &parsing->file,
		.vendor_id = object->vendor_id,
		.source = object->key,
		.content_id = content_id,
		.upload_id = upload_id,
		.metadata = metadata,
		.is_delivered = true,
		.stop_ms = POSTGRES_NO_DEADLINE,
	};
	bool done;

	if (metadata == NULL)
		return glue_error_memory(error);
	vendor_object_content_id(object, content_id);
	import_init(&parsing->import, &request);
	done = init_file(parsing, error) && run_import(parsing, error);
	import_clean_up(&parsing->import);
	vendor_file_clean_up(&parsing->file);
	cJSON_free(metadata);
	return done;
}

bool
parse_object(struct sandbox *sandbox, const struct invocation *invocation,
			 const struct vendor_object *object, enum parse_route route, struct glue_error *error)
{
	struct parsing parsing = {
		.sandbox = sandbox,
		.invocation = invocation,
		.object = object,
		.route = route,
	};

	return import_object(&parsing, NULL, error);
}

bool
parse_upload(struct sandbox *sandbox, const struct invocation *invocation, const char *upload_id,
			 struct glue_error *error)
{
	struct vendor_object object;
	struct parsing parsing = {
		.sandbox = sandbox,
		.invocation = invocation,
		.object = &object,
		.route = PARSE_BY_SETTING,
	};

	return vendor_object_of_upload(&object, sandbox->database, upload_id, error) &&
		   import_object(&parsing, upload_id, error);
}
