/*-------------------------------------------------------------------------
 *
 * formats.c
 *	  The supported file formats, and recognizing them by their first bytes.
 *
 * A file's name is no evidence: vendors rename what they are told to send.  A
 * detected source keeps the first bytes until they tell the format, then opens
 * a source of that format and forwards everything to it.  What has no signature
 * is CSV.  Errors in the options must be reported by open, so it opens CSV,
 * which is replaced if the file is something else.
 *
 * The only tokens are those of CSV, so a checkpoint is always resumed as CSV.  A
 * second format with tokens will need a member "format" in their states, which
 * CSV states lack; those are stored and must remain readable.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <strings.h>

#include "base/heap.h"
#include "reader/csv_source.h"
#include "reader/formats.h"
#include "reader/gzip_source.h"
#include "reader/ole_source.h"
#include "reader/zip_source.h"

/* Length of the longest signature. */
#define SIGNATURE_BYTES 4

static const struct
{
	const char *bytes;
	size_t length;
	const struct row_format *format;
} signatures[] = {
	{"PK\x03\x04", 4, &zip_format},
	{"PK\x05\x06", 4, &zip_format}, /* an archive without files */
	{"\x1F\x8B", 2, &gzip_format},
	{"\xD0\xCF\x11\xE0", 4, &ole_format},
};

struct detected_source
{
	struct row_source base;
	struct row_source_options options;
	struct row_source *inner; /* CSV until the format is known */
	bool is_known;
	char head[SIGNATURE_BYTES]; /* the first bytes, until it is */
	size_t head_length;
};

static struct detected_source *
detected_source_of(struct row_source *base)
{
	return (struct detected_source *) base;
}

static bool
take_header(void *context, const struct record *header)
{
	const struct row_source_events *events = &((struct detected_source *) context)->base.events;

	return events->header(events->context, header);
}

static bool
take_record(void *context, const struct record *record)
{
	const struct row_source_events *events = &((struct detected_source *) context)->base.events;

	return events->record(events->context, record);
}

/* Open the source of a format; on failure, the one before remains. */
static bool
open_inner(struct detected_source *source, const struct row_format *format,
		   struct glue_error *error)
{
	struct row_source_events events = {take_header, take_record, source};

	struct row_source *inner = row_source_open(format, &source->options, &events, error);

	if (inner == NULL)
		return false;
	row_source_destroy(source->inner);
	source->inner = inner;
	return true;
}

/* Return the format of a file that begins with these bytes. */
static const struct row_format *
recognize(const char *bytes, size_t length)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
	{
		if (length >= signatures[i].length &&
			memcmp(bytes, signatures[i].bytes, signatures[i].length) == 0)
			return signatures[i].format;
	}
	return &csv_format;
}

/* Choose the format by the bytes in head, and pass these on. */
static bool
decide(struct detected_source *source)
{
	const struct row_format *format = recognize(source->head, source->head_length);
	struct glue_error *error = &source->base.error;

	source->is_known = true;
	if (format == &csv_format && source->options.sheet != NULL)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "the file is no workbook, so it has no sheet \"%s\"",
							  source->options.sheet);
	return (format == &csv_format || open_inner(source, format, error)) &&
		   row_source_push(source->inner, source->head, source->head_length, error);
}

/* Collect the first bytes; returns how many of these were used. */
static size_t
collect(struct detected_source *source, const char *bytes, size_t length)
{
	size_t room = SIGNATURE_BYTES - source->head_length;

	if (length > room)
		length = room;
	memcpy(source->head + source->head_length, bytes, length);
	source->head_length += length;
	return length;
}

/* ----- the format ----- */

static struct row_source *
detected_open(const struct row_source_options *options, struct glue_error *error)
{
	struct detected_source *source = glue_allocate_zero(sizeof(*source));

	if (source == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	source->options = *options;
	if (open_inner(source, &csv_format, error))
		return &source->base;
	glue_release(source);
	return NULL;
}

static bool
detected_push(struct row_source *base, const char *bytes, size_t length)
{
	struct detected_source *source = detected_source_of(base);

	if (!source->is_known)
	{
		size_t taken = collect(source, bytes, length);

		if (source->head_length < SIGNATURE_BYTES)
			return true;
		if (!decide(source))
			return false;
		bytes += taken;
		length -= taken;
	}
	return length == 0 || row_source_push(source->inner, bytes, length, &base->error);
}

static bool
detected_finish(struct row_source *base)
{
	struct detected_source *source = detected_source_of(base);

	return (source->is_known || source->head_length == 0 || decide(source)) &&
		   row_source_finish(source->inner, &base->error);
}

static bool
detected_token(struct row_source *base, struct resume_token *token, struct glue_error *error)
{
	return row_source_token(detected_source_of(base)->inner, token, error);
}

static void
detected_found(const struct row_source *base, struct row_source_found *found)
{
	row_source_found(((const struct detected_source *) base)->inner, found);
}

static void
detected_destroy(struct row_source *base)
{
	row_source_destroy(detected_source_of(base)->inner);
	glue_release(base);
}

static const struct row_format detected_format = {
	.name = "detected",
	.open = detected_open,
	.push = detected_push,
	.finish = detected_finish,
	.token = detected_token,
	.found = detected_found,
	.destroy = detected_destroy,
};

struct row_source *
formats_open(const struct row_source_options *options, const struct row_source_events *events,
			 struct glue_error *error)
{
	struct row_source_options own = *options;

	own.inside = &detected_format;
	return row_source_open(own.format != NULL ? own.format : &detected_format, &own, events, error);
}

struct row_source *
formats_resume(const struct resume_token *token, const struct row_source_events *events,
			   struct glue_error *error)
{
	return row_source_resume(&csv_format, token, events, error);
}

/* ----- names ----- */

/*
 * Return the length of the ending at the start of a text, with its point; 0 if
 * none is there.
 */
static size_t
ending_length(const char *text)
{
	const char *next = FORMAT_ENDINGS;

	while (text[0] == '.' && *next != '\0')
	{
		size_t length = strcspn(next, "|");

		if (strncasecmp(text + 1, next, length) == 0 &&
			(text[length + 1] == '.' || text[length + 1] == '\0'))
			return length + 1;
		next += length + strspn(next + length, "|");
	}
	return 0;
}

bool
formats_accept_ending(const char *ending)
{
	size_t length = 0;

	while (ending[0] != '\0' && (length = ending_length(ending)) > 0)
		ending += length;
	return length > 0;
}

bool
formats_accept_name(const char *name)
{
	const char *point = strrchr(name, '.');

	return point != NULL && formats_accept_ending(point);
}
