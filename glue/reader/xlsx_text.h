/*-------------------------------------------------------------------------
 *
 * xlsx_text.h
 *	  Collects the text of a string in a workbook: a shared or an inline one.
 *
 *	  <si><t>plain</t></si>
 *	  <si><r><t>rich </t></r><r><t>text</t></r><rPh><t>pronunciation</t></rPh></si>
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XLSX_TEXT_H
#define GLUE_XLSX_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/columns.h"
#include "shared/text.h"

/*
 * A text longer than ONBOARD_MAX_FIELD_BYTES is cut one byte after it, which
 * shows that it is too long.  Owns nothing.
 */
struct xlsx_text
{
	size_t length;
	size_t section;   /* where the text of the current element began */
	bool is_open;     /* inside <t> */
	bool is_phonetic; /* inside <rPh> */
	bool keeps_blanks;
	char data[ONBOARD_MAX_FIELD_BYTES + 1];
};

/* Begin the text of another string. */
extern void xlsx_text_clear(struct xlsx_text *text);

/* An element inside the string begins, contains text, ends; see struct xml_events. */
extern void xlsx_text_begin(struct xlsx_text *text, const char *name, const char **attributes);
extern void xlsx_text_add(struct xlsx_text *text, const char *piece, size_t length);
extern void xlsx_text_end(struct xlsx_text *text, const char *name);

/*
 * Append a piece of text as it is, and replace the escapes after an offset:
 * _x000D_ is the character U+000D.  For text outside of <t>.
 */
extern void xlsx_text_append(struct xlsx_text *text, const char *piece, size_t length);
extern void xlsx_text_unescape(struct xlsx_text *text, size_t offset);

/* Return the text.  Borrowed until it changes. */
extern struct text_view xlsx_text_view(const struct xlsx_text *text);

#endif /* GLUE_XLSX_TEXT_H */
