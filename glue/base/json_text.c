/*-------------------------------------------------------------------------
 *
 * json_text.c
 *	  A text as a JSON string of cJSON.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "base/json_text.h"

cJSON *
json_text(struct text_view text)
{
	char *string = glue_allocate(text.length + 1);
	cJSON *item;

	if (string == NULL)
		return NULL;
	if (text.length > 0)
		memcpy(string, text.data, text.length);
	string[text.length] = '\0';
	item = cJSON_CreateString(string);
	glue_release(string);
	return item;
}
