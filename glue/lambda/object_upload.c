/*-------------------------------------------------------------------------
 *
 * object_upload.c
 *	  An object of S3 and the upload that it is.
 *
 * Of what is needed to read the object again, bucket, version and ETag stand in
 * the upload's metadata, its key where the database has the source of a file.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "import/file_name.h"
#include "import/scan_metadata.h"
#include "lambda/object_upload.h"
#include "shared/text.h"

/* Bytes of what identifies the content: names with what parts them. */
#define CONTENT_ID_SIZE \
	(S3_BUCKET_SIZE + S3_KEY_SIZE + S3_VERSION_ID_SIZE + S3_ETAG_SIZE + S3_SEQUENCER_SIZE)

#define UNDEFINED_OBJECT "42704"

#define HEADER_NAMES                                                                                         \
	"pg_catalog.jsonb_array_elements_text(CASE WHEN pg_catalog.jsonb_typeof(p.metadata->'header') = 'array'" \
	" THEN p.metadata->'header' ELSE '[]' END)"

/* What object_upload_begin() takes; the last three are null before the first reading. */
#define PARSE_COLUMNS                                                                     \
	"p.upload_id, p.status, p.parse_attempts, p.checkpoint IS NOT NULL, p.total_records," \
	" p.metadata->>'delimiter',"                                                          \
	" (SELECT sum(pg_catalog.octet_length(h.name)) FROM " HEADER_NAMES " h (name))"

enum
{
	PARSE_UPLOAD_ID,
	PARSE_STATUS,
	PARSE_ATTEMPTS,
	PARSE_HAS_CHECKPOINT,
	PARSE_TOTAL,
	PARSE_DELIMITER,
	PARSE_HEADER_BYTES
};

#define BEGIN_QUERY                                                                    \
	"SELECT " PARSE_COLUMNS " FROM onboard_begin_upload($1::text, $2::text, $3::text," \
	" $4::text, NULL::bigint, $5::jsonb, false) u, onboard_begin_parse(u) p"

#define BEGIN_AGAIN_QUERY "SELECT " PARSE_COLUMNS " FROM onboard_begin_parse($1::text) p"

#define STALLED_QUERY                                                                 \
	"SELECT u.vendor_id, u.s3_key, u.metadata->>'bucket', u.metadata->>'version_id'," \
	" u.metadata->>'etag' FROM onboard.upload_history u WHERE u.upload_id = $1::text"

#define IS_VENDOR_QUERY "SELECT EXISTS (SELECT FROM onboard.vendors v WHERE v.vendor_id = $1::text)"

#define DESCRIBE_QUERY \
	"SELECT u.status FROM onboard_describe_upload($1::text, $2::bigint, $3::jsonb) u"

#define REJECT_QUERY "SELECT u.status FROM onboard_reject_upload($1::text, $2::text, $3::text) u"

/* ----- which object ----- */

static bool
begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * What follows the last slash; the whole key when that is only blanks, for a
 * file without a name is refused, and nobody would be told.
 */
static const char *
name_in_key(const char *key)
{
	const char *slash = strrchr(key, '/');
	const char *name = slash != NULL ? slash + 1 : key;

	return name[strspn(name, " \t\r\n\v\f")] != '\0' ? name : key;
}

/*
 * The vendor is the folder below the uploads.
 */
static enum object_kind
read_key(struct object_upload *object, const struct settings *settings)
{
	const char *rest;
	size_t length;

	if (!begins_with(object->key, settings->upload_prefix) ||
		begins_with(object->key, settings->error_prefix))
		return OBJECT_NOT_OURS;
	rest = object->key + strlen(settings->upload_prefix);
	length = strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
	object->file_name = name_in_key(object->key);
	/* Consoles make a folder by an object of no bytes, its key ending in "/". */
	if (object->key[strlen(object->key) - 1] == '/')
		return OBJECT_NOT_OURS;
	if (length == 0 || length >= OBJECT_VENDOR_SIZE || rest[length] != '/')
		return OBJECT_OF_NOBODY;
	memcpy(object->vendor_id, rest, length);
	object->vendor_id[length] = '\0';
	return OBJECT_OF_VENDOR;
}

enum object_kind
object_upload_of_record(struct object_upload *object, const struct s3_event_record *record,
						const struct settings *settings)
{
	memset(object, 0, sizeof(*object));
	memcpy(object->bucket, record->bucket, sizeof(object->bucket));
	memcpy(object->key, record->key, sizeof(object->key));
	memcpy(object->version_id, record->version_id, sizeof(object->version_id));
	memcpy(object->etag, record->etag, sizeof(object->etag));
	memcpy(object->sequencer, record->sequencer, sizeof(object->sequencer));
	return read_key(object, settings);
}

/*
 * Copy a column; null is "".  False when it is too long to be what it was.
 */
static bool
copy_column(char *to, size_t size, const PGresult *row, int column)
{
	return snprintf(to, size, "%s", PQgetvalue(row, 0, column)) < (int) size;
}

static bool
copy_stalled(struct object_upload *object, const PGresult *row)
{
	return PQntuples(row) == 1 &&
		   copy_column(object->vendor_id, sizeof(object->vendor_id), row, 0) &&
		   copy_column(object->key, sizeof(object->key), row, 1) &&
		   copy_column(object->bucket, sizeof(object->bucket), row, 2) &&
		   copy_column(object->version_id, sizeof(object->version_id), row, 3) &&
		   copy_column(object->etag, sizeof(object->etag), row, 4) && object->key[0] != '\0' &&
		   object->bucket[0] != '\0';
}

bool
object_upload_of_stalled(struct object_upload *object, struct sandbox *sandbox,
						 const struct invocation *invocation, const char *upload_id,
						 struct glue_error *error)
{
	const char *const values[] = {upload_id};
	PGresult *row = NULL;
	bool found;

	memset(object, 0, sizeof(*object));
	if (!connection_query(sandbox->connection, invocation->deadline_ms, STALLED_QUERY, 1, values,
						  &row, error))
		return false;
	found = copy_stalled(object, row) &&
			snprintf(object->upload_id, sizeof(object->upload_id), "%s", upload_id) <
				(int) sizeof(object->upload_id);
	PQclear(row);
	if (!found)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "UPLOAD_WITHOUT_OBJECT",
							  "the upload was not begun from an object of S3");
	object->file_name = name_in_key(object->key);
	return true;
}

/* ----- its upload ----- */

/*
 * What tells this content from any other: the version, or where there is none
 * the ETag, and the sequencer for the same bytes written once more.
 */
static void
content_id(const struct object_upload *object, char id[CONTENT_ID_SIZE])
{
	if (object->version_id[0] != '\0')
		snprintf(id, CONTENT_ID_SIZE, "%s/%s/%s", object->bucket, object->key, object->version_id);
	else
		snprintf(id, CONTENT_ID_SIZE, "%s/%s/%s/%s", object->bucket, object->key, object->etag,
				 object->sequencer);
}

/*
 * Owned by the caller: cJSON_free().  NULL when there is no memory.
 */
static char *
object_metadata(const struct object_upload *object)
{
	cJSON *metadata = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(metadata, "bucket", object->bucket);
	if (object->version_id[0] != '\0')
		cJSON_AddStringToObject(metadata, "version_id", object->version_id);
	if (object->etag[0] != '\0')
		cJSON_AddStringToObject(metadata, "etag", object->etag);
	text = cJSON_PrintUnformatted(metadata);
	cJSON_Delete(metadata);
	return text;
}

static bool
is_open(const char *status)
{
	return strcmp(status, "processing") == 0;
}

static bool
begin_query(struct object_upload *object, struct sandbox *sandbox,
			const struct invocation *invocation, PGresult **row, struct glue_error *error)
{
	char content[CONTENT_ID_SIZE];
	char *metadata = object_metadata(object);
	const char *const values[] = {
		object->vendor_id, object->file_name, object->key, content, metadata,
	};
	bool done;

	if (metadata == NULL)
		return glue_error_memory(error);
	content_id(object, content);
	done = connection_query(sandbox->connection, invocation->deadline_ms, BEGIN_QUERY, 5, values,
							row, error);
	cJSON_free(metadata);
	return done;
}

/*
 * An object that is not there has the same SQLSTATE whatever it was, a function
 * of another version as well as a vendor: ask which it is.  When that cannot be
 * had the first error stays.
 */
static bool
explain_begin_error(const struct object_upload *object, struct sandbox *sandbox,
					const struct invocation *invocation, struct glue_error *error)
{
	const char *const values[] = {object->vendor_id};
	PGresult *row = NULL;
	bool is_unknown;

	if (strcmp(error->code, UNDEFINED_OBJECT) != 0 ||
		!connection_query(sandbox->connection, invocation->deadline_ms, IS_VENDOR_QUERY, 1, values,
						  &row, NULL))
		return false;
	is_unknown = strcmp(PQgetvalue(row, 0, 0), "f") == 0;
	PQclear(row);
	return is_unknown
			   ? glue_error_set(error, GLUE_FILE_FAULT, "UNKNOWN_VENDOR", "there is no such vendor")
			   : false;
}

static int64_t
number(const PGresult *row, int column)
{
	return strtoll(PQgetvalue(row, 0, column), NULL, 10);
}

/*
 * What a first reading found before.  It stays true of an object that is the
 * same to its last byte, which only a version or an ETag says.
 */
static void
take_inspection(struct object_upload *object, const PGresult *row)
{
	bool is_pinned = object->version_id[0] != '\0' || object->etag[0] != '\0';

	object->is_inspected =
		object->has_checkpoint || (is_pinned && !PQgetisnull(row, 0, PARSE_TOTAL) &&
								   PQgetlength(row, 0, PARSE_DELIMITER) == 1);
	object->row_count = number(row, PARSE_TOTAL);
	object->delimiter = PQgetvalue(row, 0, PARSE_DELIMITER)[0];
	object->header_bytes = number(row, PARSE_HEADER_BYTES);
}

bool
object_upload_begin(struct object_upload *object, struct sandbox *sandbox,
					const struct invocation *invocation, struct glue_error *error)
{
	const char *const again[] = {object->upload_id};
	PGresult *row = NULL;
	bool done;

	if (object->upload_id[0] != '\0')
		done = connection_query(sandbox->connection, invocation->deadline_ms, BEGIN_AGAIN_QUERY, 1,
								again, &row, error);
	else
		done = begin_query(object, sandbox, invocation, &row, error);
	if (!done)
		return explain_begin_error(object, sandbox, invocation, error);
	snprintf(object->upload_id, sizeof(object->upload_id), "%s",
			 PQgetvalue(row, 0, PARSE_UPLOAD_ID));
	object->has_ended = !is_open(PQgetvalue(row, 0, PARSE_STATUS));
	object->attempt = number(row, PARSE_ATTEMPTS);
	object->has_checkpoint = strcmp(PQgetvalue(row, 0, PARSE_HAS_CHECKPOINT), "t") == 0;
	take_inspection(object, row);
	PQclear(row);
	return true;
}

/*
 * Run a statement that answers with the upload's status.
 */
static bool
change(struct object_upload *object, struct sandbox *sandbox, const struct invocation *invocation,
	   const char *statement, const char *const values[3], struct glue_error *error)
{
	PGresult *row = NULL;

	if (!connection_query(sandbox->connection, invocation->deadline_ms, statement, 3, values, &row,
						  error))
		return false;
	object->has_ended = !is_open(PQgetvalue(row, 0, 0));
	PQclear(row);
	return true;
}

bool
object_upload_reject(struct object_upload *object, struct sandbox *sandbox,
					 const struct invocation *invocation, const char *code, const char *message,
					 struct glue_error *error)
{
	const char *const values[] = {object->upload_id, code, message};

	if (!change(object, sandbox, invocation, REJECT_QUERY, values, error))
		return false;
	log_write(&sandbox->log, LOG_INFO, "upload is refused",
			  LOG_NAME(LOG_UPLOAD_ID, object->upload_id),
			  LOG_NAME(LOG_VENDOR_ID, object->vendor_id), LOG_NAME(LOG_CODE, code));
	return true;
}

/*
 * The name that was expected is made of the vendor's own id and what the vendor
 * wrote: whether there is a vendor of the other id is not said.
 */
bool
object_upload_check_name(struct object_upload *object, struct sandbox *sandbox,
						 const struct invocation *invocation, struct glue_error *error)
{
	struct glue_error fault;

	if (object->has_ended || file_name_agrees(object->file_name, object->vendor_id))
		return true;
	glue_error_set(&fault, GLUE_FILE_FAULT, "OTHER_VENDOR",
				   "by its name the file is another vendor's; name it %s%s and send it again",
				   object->vendor_id, object->file_name + file_name_vendor(object->file_name));
	return object_upload_reject(object, sandbox, invocation, fault.code, fault.text, error);
}

bool
object_upload_replaced(struct object_upload *object, struct sandbox *sandbox,
					   const struct invocation *invocation, struct glue_error *error)
{
	return object_upload_reject(
		object, sandbox, invocation, "OBJECT_REPLACED",
		"the file was removed or replaced before it was read to its end; send it again", error);
}

/* ----- readings ----- */

struct s3_get
object_upload_get(const struct object_upload *object, const struct invocation *invocation)
{
	return (struct s3_get){
		.bucket = object->bucket,
		.key = object->key,
		.version_id = object->version_id,
		.etag = object->etag,
		.deadline = invocation->deadline_ms,
	};
}

bool
object_upload_is_replaced(const struct glue_error *error)
{
	return strcmp(error->code, "S3_OBJECT_GONE") == 0 ||
		   strcmp(error->code, "S3_OBJECT_CHANGED") == 0;
}

/* The first reading. */
struct inspection
{
	struct scan *scan;
	struct glue_error fault;
};

static bool
take_scan_bytes(void *context, const struct s3_object *found, const char *bytes, size_t length)
{
	struct inspection *inspection = context;

	(void) found;
	/* A file that is refused need not be read to its end. */
	return scan_push(inspection->scan, bytes, length, &inspection->fault);
}

static int64_t
count_header_bytes(const struct column_map *map)
{
	int64_t bytes = 0;

	for (int i = 0; map != NULL && i < map->field_count; i++)
		bytes += (int64_t) map->fields[i].name.length;
	return bytes;
}

static bool
describe(struct object_upload *object, struct sandbox *sandbox, const struct invocation *invocation,
		 const struct scan_result *found, struct glue_error *error)
{
	char total[INTEGER_TEXT_SIZE];
	char *metadata = scan_metadata(found);
	const char *const values[] = {object->upload_id, total, metadata};
	bool done;

	if (metadata == NULL)
		return glue_error_memory(error);
	object->row_count = found->row_count;
	object->header_bytes = count_header_bytes(found->map);
	object->delimiter = found->delimiter;
	(void) integer_text(total, found->row_count);
	done = change(object, sandbox, invocation, DESCRIBE_QUERY, values, error);
	cJSON_free(metadata);
	return done;
}

/*
 * Read, and put what came of it into the database.
 */
static bool
inspect(struct object_upload *object, struct sandbox *sandbox, const struct invocation *invocation,
		struct inspection *inspection, struct glue_error *error)
{
	struct s3_get get = object_upload_get(object, invocation);
	struct scan_result found;

	get.on_bytes = take_scan_bytes;
	get.context = inspection;
	if (!s3_get(&sandbox->aws, &get, NULL, error) && inspection->fault.class == GLUE_NO_ERROR)
		return object_upload_is_replaced(error) &&
			   object_upload_replaced(object, sandbox, invocation, error);
	if (inspection->fault.class == GLUE_NO_ERROR &&
		scan_finish(inspection->scan, &found, &inspection->fault))
		return describe(object, sandbox, invocation, &found, error);
	if (inspection->fault.class != GLUE_FILE_FAULT)
	{
		*error = inspection->fault;
		return false;
	}
	return object_upload_reject(object, sandbox, invocation, inspection->fault.code,
								inspection->fault.text, error);
}

bool
object_upload_inspect(struct object_upload *object, struct sandbox *sandbox,
					  const struct invocation *invocation, struct glue_error *error)
{
	struct scan_limits limits = {
		sandbox->settings.max_file_bytes,
		sandbox->settings.max_rows,
	};
	struct inspection inspection = {0};
	bool done;

	inspection.scan = scan_new(NULL, &limits, object->file_name, error);
	if (inspection.scan == NULL)
		return false;
	done = inspect(object, sandbox, invocation, &inspection, error);
	scan_destroy(inspection.scan);
	return done;
}

/* The second reading. */
struct reading
{
	struct row_reader *reader;
	int64_t byte_count;
	struct glue_error error; /* why it stopped; none when the events said so */
	bool stopped;
};

static bool
take_source_bytes(void *context, const struct s3_object *found, const char *bytes, size_t length)
{
	struct reading *reading = context;

	(void) found;
	reading->byte_count += (int64_t) length;
	reading->stopped = !row_reader_push(reading->reader, bytes, length, &reading->error);
	return !reading->stopped;
}

bool
object_upload_read(struct object_upload *object, struct sandbox *sandbox,
				   const struct invocation *invocation, const struct row_reader_events *events,
				   struct glue_error *error)
{
	struct row_source_options options = {.delimiter = object->delimiter};
	struct s3_get get = object_upload_get(object, invocation);
	struct reading reading = {.reader = row_reader_open(&options, events, error)};
	bool done;

	if (reading.reader == NULL)
		return false;
	get.on_bytes = take_source_bytes;
	get.context = &reading;
	done = s3_get(&sandbox->aws, &get, NULL, error);
	object->byte_count = reading.byte_count;
	if (done)
		done = row_reader_finish(reading.reader, error);
	else if (reading.stopped)
		*error = reading.error;
	row_reader_destroy(reading.reader);
	if (!done && object_upload_is_replaced(error))
		return object_upload_replaced(object, sandbox, invocation, error);
	return done;
}
