/*-------------------------------------------------------------------------
 *
 * formats.c
 *	  The supported file formats.
 *
 * With a single format there is nothing to detect.  A second format will need
 * a source that keeps the first bytes until they identify the format, then
 * opens that format's source and forwards everything to it.  The bytes may
 * begin with a byte order mark and be UTF-16.  Errors in the options must be
 * reported by open: it opens CSV, and replaces it later.  A delimiter in the
 * options means CSV.
 *
 * The second format will also need a member "format" in the states of its
 * tokens, which CSV states lack; those are stored and must remain readable.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <strings.h>

#include "reader/csv_source.h"
#include "reader/formats.h"

struct row_source *
formats_open(const struct row_source_options *options, const struct row_source_events *events,
			 struct glue_error *error)
{
	const struct row_format *format = options->format != NULL ? options->format : &csv_format;

	return row_source_open(format, options, events, error);
}

struct row_source *
formats_resume(const struct resume_token *token, const struct row_source_events *events,
			   struct glue_error *error)
{
	return row_source_resume(&csv_format, token, events, error);
}

bool
formats_accept_name(const char *name)
{
	const char *point = strrchr(name, '.');

	return point != NULL && strcasecmp(point, ".csv") == 0;
}
