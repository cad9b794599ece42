/*-------------------------------------------------------------------------
 *
 * entity.h
 *	  Character references of HTML, such as &amp; and &#38;, in a text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ENTITY_H
#define ONBOARD_ENTITY_H

#include "shared/text.h"

/*
 * Return a text with the characters that its references stand for: the given one if
 * it can have none, or written to buffer, without NUL.  An unknown reference stays as
 * it is.  data is NULL if the text does not fit.
 */
extern struct text_view entities_decode(struct text_view text, char *buffer, size_t size);

#endif /* ONBOARD_ENTITY_H */
