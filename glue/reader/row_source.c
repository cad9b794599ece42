/*-------------------------------------------------------------------------
 *
 * row_source.c
 *	  Reads the records of a file of any format that is pushed in chunks.
 *
 * Behavior common to all sources: after a source has stopped, every call
 * reports the same reason.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "reader/row_source.h"

/* Initialize the common head of a source that its format has created. */
static struct row_source *
set_base(struct row_source *source, const struct row_format *format,
		 const struct row_source_events *events)
{
	if (source == NULL)
		return NULL;
	source->format = format;
	source->events = *events;
	return source;
}

struct row_source *
row_source_open(const struct row_format *format, const struct row_source_options *options,
				const struct row_source_events *events, struct glue_error *error)
{
	glue_error_clear(error);
	return set_base(format->open(options, error), format, events);
}

struct row_source *
row_source_resume(const struct row_format *format, const struct resume_token *token,
				  const struct row_source_events *events, struct glue_error *error)
{
	glue_error_clear(error);
	return set_base(format->resume(token, error), format, events);
}

/*
 * Finish a call that reads: keep the error of a source that has stopped, and
 * report it.
 */
static bool
settle(struct row_source *source, bool good, struct glue_error *error)
{
	if (!good)
		source->stopped = true;
	if (error != NULL)
		*error = source->error;
	return good;
}

bool
row_source_push(struct row_source *source, const char *bytes, size_t length,
				struct glue_error *error)
{
	return settle(source, !source->stopped && source->format->push(source, bytes, length), error);
}

bool
row_source_finish(struct row_source *source, struct glue_error *error)
{
	bool good = settle(source, !source->stopped && source->format->finish(source), error);

	source->stopped = true;
	return good;
}

bool
row_source_token(struct row_source *source, struct resume_token *token, struct glue_error *error)
{
	glue_error_clear(error);
	return source->format->token != NULL && source->format->token(source, token, error);
}

void
row_source_keep_fields(struct row_source *source)
{
	source->keeps_fields = true;
}

void
row_source_found(const struct row_source *source, struct row_source_found *found)
{
	memset(found, 0, sizeof(*found));
	found->format = source->format->name;
	source->format->found(source, found);
}

void
row_source_destroy(struct row_source *source)
{
	if (source != NULL)
		source->format->destroy(source);
}

bool
row_source_foreign_token(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INTERNAL_ERROR, "CHECKPOINT",
						  "the checkpoint of the upload was not written by this program");
}
