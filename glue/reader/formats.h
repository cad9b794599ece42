/*-------------------------------------------------------------------------
 *
 * formats.h
 *	  The formats that a file can be in.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FORMATS_H
#define GLUE_FORMATS_H

#include "base/failure.h"
#include "reader/row_source.h"

/*
 * A source for a file: of the format that options->format names, or else the
 * one that the file is in.  options may be NULL.  Results as
 * row_source_open().
 */
extern struct row_source *
formats_open(const struct row_source_options *options, const struct row_source_events *events,
			 struct glue_error *error);

/* A source of the format that wrote the token.  Results as row_source_resume(). */
extern struct row_source *
formats_resume(const struct resume_token *token, const struct row_source_events *events,
			   struct glue_error *error);

#endif /* GLUE_FORMATS_H */
