/*-------------------------------------------------------------------------
 *
 * parse.c
 *	  Read a vendor's file in S3 and send its rows on.
 *
 *	  vendor_object.c: which object -> s3_source.c: its bytes
 *		  -> import.h -> upload_items.c: items of DynamoDB, or COPY directly
 *		  -> outbox_delivery.c
 *
 * On the direct route each transaction saves a checkpoint, so that after a
 * kill or a deadline the next invocation resumes there with a Range request.
 * Shortly before the deadline the rows read so far are committed, so that
 * each invocation makes progress.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/heap.h"
#include "import/copy_sink.h"
#include "import/file_name.h"
#include "import/import.h"
#include "import/vendor_map.h"
#include "lambda/batch_response.h"
#include "lambda/item_repair.h"
#include "lambda/object_apply.h"
#include "lambda/outbox_delivery.h"
#include "lambda/parse.h"
#include "lambda/s3_source.h"
#include "lambda/upload_items.h"

/*
 * Commit the rows read so far this long before the deadline, in milliseconds.
 */
#define COMMIT_LEAD_MS 1500

/*
 * In a short invocation, at most this fraction (one part in ...) of its time.
 */
#define COMMIT_LEAD_PART 2

/*
 * Age at which a transaction is committed, in milliseconds, however few rows
 * it has.  It bounds the work lost with a slow database.
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
	struct object_apply settings;
	char *metadata;          /* of the upload */
	struct glue_error fault; /* of the settings; none if they are valid */
	int failures;            /* consecutive readings without progress */
};

/* ----- the direct route ----- */

/*
 * Return the time by which the last rows must be sent.
 */
static int64_t
commit_time(const struct invocation *invocation)
{
	int64_t lead = (invocation->deadline_ms - clock_milliseconds()) / COMMIT_LEAD_PART;

	return invocation->deadline_ms - (lead < COMMIT_LEAD_MS ? lead : COMMIT_LEAD_MS);
}

/*
 * Return whether another reading may succeed.  55000: the upload ended while
 * its rows were being sent, which the next reading will find.
 */
static bool
is_worth_another(const struct glue_error *error)
{
	return postgres_error_is_transient(error) || strcmp(error->code, IMPORT_OVERTAKEN) == 0 ||
		   strcmp(error->code, "55000") == 0 || strcmp(error->code, "DATABASE_PAUSED") == 0;
}

/*
 * Wait for the next attempt; return false if there should be none.
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
 * again() of the import_observer.
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
	log_failure(&parsing->sandbox->log, "restarting from the last checkpoint", error,
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
	log_write(&sandbox->log, LOG_INFO, "rows loaded directly",
			  LOG_NAME(LOG_UPLOAD_ID, import->upload.upload_id),
			  LOG_NAME(LOG_STATUS, done ? import->upload.status : NULL),
			  LOG_COUNT(LOG_ROWS, import->loaded_rows),
			  LOG_COUNT(LOG_MILLISECONDS, clock_milliseconds() - started_ms));
	return done;
}

/* ----- through DynamoDB ----- */

static bool
write_items(struct parsing *parsing, struct glue_error *error)
{
	struct sandbox *sandbox = parsing->sandbox;
	struct import *import = &parsing->import;
	const char *vendor_id = parsing->object->vendor_id;
	struct upload_items items = {0};
	bool done = item_repair_expect(sandbox->database, import->upload.upload_id, error) &&
				upload_items_init(&items, sandbox, parsing->invocation->deadline_ms, vendor_id,
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

/*
 * Repair the items of an upload that is being read again.  Rows with a verdict
 * are skipped, so reading alone would leave their items as they are.
 */
static void
repair_items(const struct parsing *parsing)
{
	const struct upload *upload = &parsing->import.upload;

	if (parsing->route == PARSE_BY_SETTING && (upload->attempts > 1 || !upload_is_open(upload)))
		item_repair_upload(parsing->sandbox, parsing->invocation, upload->upload_id);
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
 * Refuse a file whose name contains the id of a vendor other than its
 * folder's.  The expected name in the message is made of the vendor's own id
 * and what the vendor wrote, so it does not reveal whether a vendor with the
 * other id exists.
 */
static bool
check_name(struct parsing *parsing, struct glue_error *error)
{
	const struct vendor_object *object = parsing->object;
	struct glue_error fault;

	if (file_name_agrees(object->file_name, object->vendor_id))
		return true;
	glue_error_set(
		&fault, GLUE_FILE_FAULT, "OTHER_VENDOR",
		"the file name belongs to another vendor; rename the file to %s%s and send it again",
		object->vendor_id, object->file_name + file_name_vendor(object->file_name));
	return import_refuse(&parsing->import, &fault, error);
}

/*
 * Run the steps that follow the start of the upload.
 */
static bool
run_steps(struct parsing *parsing, struct glue_error *error)
{
	struct import *import = &parsing->import;

	if (!upload_is_open(&import->upload))
		return true;
	if (!check_name(parsing, error))
		return false;
	/* Inspect only once: the first reading of a large file is slow. */
	if (upload_is_open(&import->upload) && !import->is_inspected && !import_inspect(import, error))
		return false;
	if (!upload_is_open(&import->upload))
		return true;
	return goes_directly(parsing) ? copy_rows(parsing, error) : write_items(parsing, error);
}

/*
 * If S3 denies the metadata, it denies the contents, too.  The upload begins all
 * the same: only then are the attempts to read the file counted, and the vendor
 * notified when they are given up.
 */
static bool
is_denied(const struct glue_error *error)
{
	return strcmp(error->code, "AWS_ACCESS_DENIED") == 0;
}

/*
 * Choose the map.  An unknown name is for the vendor to correct.
 */
static bool
choose_map(struct parsing *parsing, struct glue_error *error)
{
	const char *map = parsing->settings.map;

	parsing->import.request.map = map;
	if (import_choose_map(&parsing->import, error))
		return true;
	if (strcmp(error->code, UNKNOWN_MAP) != 0)
		return false;
	return glue_error_set(error, GLUE_FILE_FAULT, "INVALID_SETTING",
						  "onboard-map of the file is \"%s\"; the vendor has no such map", map);
}

/*
 * Find out how the file is to be read and its rows applied.  A fault is kept until
 * the upload, which has not begun, can record it.
 */
static bool
read_settings(struct parsing *parsing, struct glue_error *error)
{
	struct glue_error *fault = &parsing->fault;
	bool good;

	glue_error_clear(fault);
	good = object_apply_read(&parsing->settings, &parsing->sandbox->aws, parsing->object,
							 parsing->invocation->deadline_ms, fault);
	if (!good && s3_source_is_replaced(fault))
		byte_source_replaced(&parsing->source.bytes, fault);
	if (!good && is_denied(fault))
	{
		glue_error_clear(fault);
		good = true;
	}
	parsing->import.request.apply = parsing->settings.apply;
	good = good && choose_map(parsing, fault);
	if (good || fault->class == GLUE_FILE_FAULT)
		return true;
	*error = *fault;
	return false;
}

/*
 * Ask for the encoding, and keep with the upload what later readings need.
 */
static bool
take_settings(struct parsing *parsing, struct glue_error *error)
{
	const char *encoding = parsing->settings.encoding;

	parsing->metadata = vendor_object_metadata(parsing->object, encoding);
	if (parsing->metadata == NULL)
		return glue_error_memory(error);
	parsing->import.request.metadata = parsing->metadata;
	return encoding == NULL || vendor_file_use_encoding(&parsing->file, encoding, error);
}

/*
 * Start the upload, or a failed one if the settings are faulty: rows must not be
 * applied in a way that the vendor did not request.  An unknown vendor is a file
 * fault: the file is in a folder that belongs to no vendor.
 */
static bool
begin(struct parsing *parsing, struct glue_error *error)
{
	struct import *import = &parsing->import;
	bool done = import->request.upload_id != NULL ||
				(read_settings(parsing, error) && take_settings(parsing, error));

	if (done)
		done = parsing->fault.class == GLUE_NO_ERROR
				   ? import_begin(import, error)
				   : import_refuse(import, &parsing->fault, error);
	if (done || error->class != GLUE_NOT_FOUND)
		return done;
	return glue_error_set(error, GLUE_FILE_FAULT, "UNKNOWN_VENDOR", "the vendor does not exist");
}

static bool
run_import(struct parsing *parsing, struct glue_error *error)
{
	struct sandbox *sandbox = parsing->sandbox;
	const struct import *import = &parsing->import;
	bool done;

	if (!begin(parsing, error))
		return false;
	repair_items(parsing);
	done = run_steps(parsing, error);
	if (import->fault.class != GLUE_NO_ERROR)
		log_write(&sandbox->log, LOG_INFO, "upload refused",
				  LOG_NAME(LOG_UPLOAD_ID, import->upload.upload_id),
				  LOG_NAME(LOG_VENDOR_ID, parsing->object->vendor_id),
				  LOG_NAME(LOG_CODE, import->fault.code));
	/* Even after a failure, deliver what was committed before it. */
	outbox_drain(sandbox, parsing->invocation, import->upload.upload_id);
	return done;
}

static bool
init_file(struct parsing *parsing, struct glue_error *error)
{
	struct sandbox *sandbox = parsing->sandbox;
	const struct vendor_file_request request = {
		.limits = {sandbox->settings.max_file_bytes, sandbox->settings.max_rows},
	};

	s3_source_init(&parsing->source, &sandbox->aws, parsing->object,
				   parsing->invocation->deadline_ms);
	return vendor_file_init(&parsing->file, &parsing->source.bytes, parsing->object->file_name,
							&request, error);
}

/*
 * Import an object; upload_id names its upload if it was started before.
 */
static bool
import_object(struct parsing *parsing, const char *upload_id, struct glue_error *error)
{
	const struct vendor_object *object = parsing->object;
	char content_id[VENDOR_OBJECT_CONTENT_ID_SIZE];
	struct import_request request = {
		.database = parsing->sandbox->database,
		.file = &parsing->file,
		.vendor_id = object->vendor_id,
		.source = object->key,
		.content_id = content_id,
		.upload_id = upload_id,
		.map_advice = "ask the marketplace to make it the default, or send it "
					  "again with the metadata onboard-map=",
		.is_delivered = true,
		.stop_ms = POSTGRES_NO_DEADLINE,
	};
	bool done;

	vendor_object_content_id(object, content_id);
	import_init(&parsing->import, &request);
	done = init_file(parsing, error) && run_import(parsing, error);
	import_clean_up(&parsing->import);
	vendor_file_clean_up(&parsing->file);
	cJSON_free(parsing->metadata);
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
