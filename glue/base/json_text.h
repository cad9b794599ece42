/*-------------------------------------------------------------------------
 *
 * json_text.h
 *	  A text as a JSON string of cJSON, which only reads strings that end with NUL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_JSON_TEXT_H
#define GLUE_JSON_TEXT_H

#include <cjson/cJSON.h>

#include "shared/text.h"

/* Return a JSON string, which the caller owns; NULL if out of memory. */
extern cJSON *json_text(struct text_view text);

#endif /* GLUE_JSON_TEXT_H */
