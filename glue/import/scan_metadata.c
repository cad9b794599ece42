/*-------------------------------------------------------------------------
 *
 * scan_metadata.c
 *	  What the first reading found, as the metadata of an upload.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include <cjson/cJSON.h>

#include "import/scan_metadata.h"

char *
scan_metadata(const struct scan_result *found)
{
	cJSON *metadata = cJSON_CreateObject();
	cJSON *header;
	char delimiter[2] = {found->delimiter, '\0'};
	char *text;

	if (found->map != NULL)
	{
		header = cJSON_AddArrayToObject(metadata, "header");
		for (int i = 0; i < found->map->field_count; i++)
		{
			const struct mapped_field *field = &found->map->fields[i];
			char name[ONBOARD_MAX_FIELD_BYTES + 1];

			snprintf(name, sizeof(name), "%.*s", (int) field->name.length, field->name.data);
			cJSON_AddItemToArray(header, cJSON_CreateString(name));
		}
		cJSON_AddStringToObject(metadata, "delimiter", delimiter);
	}
	cJSON_AddStringToObject(metadata, "encoding", found->encoding);
	text = cJSON_PrintUnformatted(metadata);
	cJSON_Delete(metadata);
	return text;
}
