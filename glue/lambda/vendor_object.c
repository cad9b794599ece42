/*-------------------------------------------------------------------------
 *
 * vendor_object.c
 *	  Identify the S3 object that is a vendor's file, and its vendor.
 *
 * To read the object again, the upload's metadata stores bucket, version and
 * ETag; the key is stored where the database keeps the source of a file.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambda/vendor_object.h"
#include "shared/action.h"

static bool
begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * Return what follows the last slash, or the whole key if that is blank: a
 * file without a name would be refused, and its vendor would not be notified.
 */
static const char *
name_in_key(const char *key)
{
	const char *slash = strrchr(key, '/');
	const char *name = slash != NULL ? slash + 1 : key;

	return name[strspn(name, " \t\r\n\v\f")] != '\0' ? name : key;
}

/*
 * Return the mode that the first of these folders is named after, or NULL.
 */
static const char *
mode_of_folder(const char *folders)
{
	for (int mode = 0; mode < MODE_COUNT; mode++)
	{
		const char *name = upload_mode_name((enum upload_mode) mode);

		if (begins_with(folders, name) && folders[strlen(name)] == '/')
			return name;
	}
	return NULL;
}

/*
 * Read the vendor from the folder below the upload prefix, and the mode from the
 * folder below that.
 */
static enum vendor_object_kind
read_key(struct vendor_object *object, const struct settings *settings)
{
	const char *rest;
	size_t length;

	if (!begins_with(object->key, settings->upload_prefix) ||
		begins_with(object->key, settings->error_prefix))
		return OBJECT_NOT_OURS;
	rest = object->key + strlen(settings->upload_prefix);
	length = strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
	object->file_name = name_in_key(object->key);
	/* Consoles create a folder as an empty object with a key ending in "/". */
	if (object->key[strlen(object->key) - 1] == '/')
		return OBJECT_NOT_OURS;
	if (length == 0 || length >= VENDOR_OBJECT_VENDOR_SIZE || rest[length] != '/')
		return OBJECT_OF_NOBODY;
	memcpy(object->vendor_id, rest, length);
	object->vendor_id[length] = '\0';
	object->mode = mode_of_folder(rest + length + 1);
	return OBJECT_OF_VENDOR;
}

enum vendor_object_kind
vendor_object_of_record(struct vendor_object *object, const struct s3_event_record *record,
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
 * Copy a column, null as "".  Return false if it is too long.
 */
static bool
copy_column(char *to, size_t size, const PGresult *row, int column)
{
	return snprintf(to, size, "%s", PQgetvalue(row, 0, column)) < (int) size;
}

static bool
copy_object(struct vendor_object *object, const PGresult *row)
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
vendor_object_of_upload(struct vendor_object *object, struct database *database,
						const char *upload_id, struct glue_error *error)
{
	const char *const values[] = {upload_id};
	PGresult *row = NULL;
	bool found;

	memset(object, 0, sizeof(*object));
	if (!database_query(
			database, RUN_AGAIN,
			"SELECT u.vendor_id, u.s3_key, u.metadata->>'bucket', u.metadata->>'version_id',"
			" u.metadata->>'etag' FROM onboard.upload_history u WHERE u.upload_id = $1::text",
			1, values, &row, error))
		return false;
	found = copy_object(object, row);
	PQclear(row);
	if (!found)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "UPLOAD_WITHOUT_OBJECT",
							  "the upload was not started from an S3 object");
	object->file_name = name_in_key(object->key);
	return true;
}

void
vendor_object_content_id(const struct vendor_object *object, char id[VENDOR_OBJECT_CONTENT_ID_SIZE])
{
	if (object->version_id[0] != '\0')
		snprintf(id, VENDOR_OBJECT_CONTENT_ID_SIZE, "%s/%s/%s", object->bucket, object->key,
				 object->version_id);
	else
		snprintf(id, VENDOR_OBJECT_CONTENT_ID_SIZE, "%s/%s/%s/%s", object->bucket, object->key,
				 object->etag, object->sequencer);
}

char *
vendor_object_metadata(const struct vendor_object *object, const char *encoding)
{
	cJSON *metadata = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(metadata, "bucket", object->bucket);
	if (object->version_id[0] != '\0')
		cJSON_AddStringToObject(metadata, "version_id", object->version_id);
	if (object->etag[0] != '\0')
		cJSON_AddStringToObject(metadata, "etag", object->etag);
	if (encoding != NULL)
		cJSON_AddStringToObject(metadata, "encoding", encoding);
	text = cJSON_PrintUnformatted(metadata);
	cJSON_Delete(metadata);
	return text;
}
