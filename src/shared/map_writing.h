/*-------------------------------------------------------------------------
 *
 * map_writing.h
 *	  Writes texts as column maps have them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_WRITING_H
#define ONBOARD_MAP_WRITING_H

#include "shared/text.h"

/* Write a text in quotes, with escapes, so that map_syntax.h reads it back. */
extern void map_writing_add_text(struct text_builder *builder, struct text_view text);

#endif /* ONBOARD_MAP_WRITING_H */
