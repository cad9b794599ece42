/*-------------------------------------------------------------------------
 *
 * not_text.h
 *	  Detects files that are not text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_NOT_TEXT_H
#define GLUE_NOT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Return "UTF-16LE" or "UTF-16BE" if that is what the first bytes of a file are,
 * although it has no byte order mark; otherwise NULL.
 */
extern const char *not_text_utf16(const char *bytes, size_t length);

/*
 * Return NULL if the first bytes of a file are text.  Otherwise (compressed
 * data, a spreadsheet, a PDF, or binary noise) return a constant line that
 * says what the file is and what to do.  If encoding_given, the caller
 * specified the encoding; noise is then not checked for, because an unusual
 * encoding resembles noise.  UTF-16 without a mark is text; encoding_check.h
 * refuses it.
 */
extern const char *not_text_reason(const char *bytes, size_t length, bool encoding_given);

#endif /* GLUE_NOT_TEXT_H */
