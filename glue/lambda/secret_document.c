/*-------------------------------------------------------------------------
 *
 * secret_document.c
 *	  A secret as a parsed JSON document.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "lambda/secret_document.h"

void
secret_document_delete(cJSON *document)
{
	cJSON *member;

	cJSON_ArrayForEach(member, document)
	{
		if (cJSON_IsString(member))
			explicit_bzero(member->valuestring, strlen(member->valuestring));
	}
	cJSON_Delete(document);
}
