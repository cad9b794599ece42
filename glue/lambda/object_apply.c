/*-------------------------------------------------------------------------
 *
 * object_apply.c
 *	  How an S3 object is to be read and its rows applied, from its metadata
 *	  and its key.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "lambda/object_apply.h"
#include "reader/decode.h"
#include "reader/encoding_check.h"

#define MICROSECONDS INT64_C(1000000)

/*
 * Replace bytes other than printable ASCII: the database accepts only UTF-8, and no
 * setting has such characters.
 */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

/*
 * Return a value of metadata, NULL if there is none.
 */
static const char *
value_of(const struct object_apply *settings, int index)
{
	const char *value = settings->metadata[index].value;

	return value[0] != '\0' ? value : NULL;
}

/*
 * Set match and blank policy if they are valid.  An invalid one is left out, so
 * that the upload can be stored.
 */
static bool
take_words(struct object_apply *settings, struct glue_error *error)
{
	const char *match = value_of(settings, OBJECT_MATCH);
	const char *blank = value_of(settings, OBJECT_BLANK);
	enum upload_match known_match;
	enum upload_blank known_blank;

	if (match != NULL && !upload_match_by_name(match, &known_match))
		return glue_error_set(
			error, GLUE_FILE_FAULT, "INVALID_SETTING",
			"onboard-match of the file is \"%s\"; it must be vendor_product_id or sku", match);
	if (blank != NULL && !upload_blank_by_name(blank, &known_blank))
		return glue_error_set(error, GLUE_FILE_FAULT, "INVALID_SETTING",
							  "onboard-blank of the file is \"%s\"; it must be clear or keep",
							  blank);
	settings->apply.match = match;
	settings->apply.blank = blank;
	return true;
}

static bool
take_encoding(struct object_apply *settings, struct glue_error *error)
{
	const char *encoding = value_of(settings, OBJECT_ENCODING);

	if (!encoding_check_name(encoding, NULL))
		return glue_error_set(
			error, GLUE_FILE_FAULT, "INVALID_SETTING",
			"onboard-encoding of the file is \"%s\"; it must be auto or an encoding such as windows-1252",
			encoding);
	settings->encoding = encoding;
	return true;
}

/*
 * Set the time of the contents.  modified_at is 0 if unknown.
 */
static bool
set_source_time(struct object_apply *settings, int64_t modified_at, struct glue_error *error)
{
	const char *as_of = value_of(settings, OBJECT_AS_OF);
	int64_t moment = modified_at * MICROSECONDS;

	if (as_of != NULL && !moment_parse(as_of, &moment))
		return glue_error_set(
			error, GLUE_FILE_FAULT, "INVALID_SOURCE_TIME",
			"onboard-as-of of the file is \"%s\"; it must be a time such as 2026-11-28T12:30:00Z",
			as_of);
	if (moment == 0)
		return true;
	moment_write(moment, settings->source_time);
	settings->apply.source_time = settings->source_time;
	return true;
}

bool
object_apply_read(struct object_apply *settings, struct aws_client *client,
				  const struct vendor_object *object, int64_t deadline, struct glue_error *error)
{
	const struct s3_get get = {
		.bucket = object->bucket,
		.key = object->key,
		.version_id = object->version_id,
		.etag = object->etag,
		.metadata = settings->metadata,
		.metadata_count = OBJECT_METADATA_COUNT,
		.deadline = deadline,
	};
	struct s3_object found;

	memset(settings, 0, sizeof(*settings));
	settings->metadata[OBJECT_MODE].name = "onboard-mode";
	settings->metadata[OBJECT_MATCH].name = "onboard-match";
	settings->metadata[OBJECT_BLANK].name = "onboard-blank";
	settings->metadata[OBJECT_AS_OF].name = "onboard-as-of";
	settings->metadata[OBJECT_ENCODING].name = "onboard-encoding";
	settings->metadata[OBJECT_MAP].name = "onboard-map";
	settings->apply.mode = object->mode;
	if (!s3_head(client, &get, &found, error))
		return false;
	for (int i = 0; i < OBJECT_METADATA_COUNT; i++)
		make_printable(settings->metadata[i].value);
	if (value_of(settings, OBJECT_MODE) != NULL)
		settings->apply.mode = value_of(settings, OBJECT_MODE);
	settings->map = value_of(settings, OBJECT_MAP);
	return take_words(settings, error) && take_encoding(settings, error) &&
		   set_source_time(settings, found.modified_at, error);
}
