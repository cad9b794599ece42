/*-------------------------------------------------------------------------
 *
 * not_text.h
 *	  Files that are sent in place of a text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_NOT_TEXT_H
#define GLUE_NOT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the first bytes of a file are not text but compressed data, a
 * spreadsheet, a PDF, or binary noise.  bytes are as they are in the file.
 * encoding_given says that somebody named the encoding; then noise is not
 * judged, for a strange encoding looks like noise.  Returns NULL for text, or
 * one line that says what it is and what to do (a constant).
 */
extern const char *not_text_reason(const char *bytes, size_t length, bool encoding_given);

#endif /* GLUE_NOT_TEXT_H */
