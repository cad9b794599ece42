/*-------------------------------------------------------------------------
 *
 * named.c
 *	  Read the upload or vendor named on the command line.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "cli/named.h"
#include "cli/not_found.h"

bool
named_upload(struct database *database, const char *text, struct upload *upload,
			 struct glue_error *error)
{
	if (upload_resolve(database, text, upload, error))
		return true;
	if (error->class != GLUE_NOT_FOUND)
		return false;
	if (strcmp(text, NAMED_LATEST) == 0)
		return glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_UPLOAD",
							  "this command requires the id of an upload; only \"onboard status\", "
							  "\"onboard report\" and \"onboard fix\" accept \"%s\"",
							  text);
	return not_found(database, NOT_FOUND_UPLOAD, text, error);
}

bool
named_upload_latest(struct database *database, struct upload *upload, struct glue_error *error)
{
	if (!upload_find_latest(database, upload, error))
		return false;
	return upload->upload_id != NULL ||
		   glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_UPLOAD",
						  "no uploads yet; start with \"onboard load FILE --vendor ID\"");
}

bool
named_upload_or_latest(struct database *database, const char *text, struct upload *upload,
					   struct glue_error *error)
{
	return strcmp(text, NAMED_LATEST) == 0 ? named_upload_latest(database, upload, error)
										   : named_upload(database, text, upload, error);
}

bool
named_vendor_status(struct database *database, const char *vendor_id, char *buffer, size_t size,
					struct glue_error *error)
{
	const char *const values[] = {vendor_id};
	PGresult *result = NULL;

	buffer[0] = '\0';
	if (!database_query(database, RUN_AGAIN,
						"SELECT v.status FROM onboard.vendors v WHERE v.vendor_id = $1::text", 1,
						values, &result, error))
		return false;
	if (PQntuples(result) == 1)
		snprintf(buffer, size, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return buffer[0] != '\0' || not_found(database, NOT_FOUND_VENDOR, vendor_id, error);
}
