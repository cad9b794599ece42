/*-------------------------------------------------------------------------
 *
 * formats.h
 *	  The supported file formats.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FORMATS_H
#define GLUE_FORMATS_H

#include "base/failure.h"
#include "reader/row_source.h"

/*
 * Open a source in the format options->format, or by default in the format
 * detected from the file.  options may be NULL.  Results as row_source_open().
 */
extern struct row_source *
formats_open(const struct row_source_options *options, const struct row_source_events *events,
			 struct glue_error *error);

/*
 * Open a source in the format that wrote the token.  Results as
 * row_source_resume().
 */
extern struct row_source *
formats_resume(const struct resume_token *token, const struct row_source_events *events,
			   struct glue_error *error);

/*
 * The endings of the formats and of compressed files, in lower case and without
 * the point; alternatives of a regular expression.  A name may have several.
 */
#define FORMAT_ENDINGS "csv|tsv|txt|xlsx|xlsm|gz|zip"

/* Return whether a file of this name is probably in one of the formats. */
extern bool formats_accept_name(const char *name);

/* Return whether a text is one or several of these endings, with their points. */
extern bool formats_accept_ending(const char *ending);

#endif /* GLUE_FORMATS_H */
