/*-------------------------------------------------------------------------
 *
 * undo.c
 *	  onboard undo: take an upload's products out of the catalogue again.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "database.h"
#include "json_out.h"
#include "line.h"
#include "terminal.h"
#include "upload.h"

/*
 * Tell what happened; removed and kept are -1 for an upload that was
 * cancelled.
 */
static void
print_undone(const struct options *options, const struct upload *upload,
			 int64_t removed, int64_t kept)
{
	char		count[TERMINAL_COUNT_SIZE];

	if (options->json)
	{
		cJSON	   *document = cJSON_CreateObject();

		json_add_text(document, "upload_id", upload->upload_id);
		cJSON_AddBoolToObject(document, "cancelled", removed < 0);
		if (removed >= 0)
		{
			json_add_integer(document, "removed", removed);
			json_add_integer(document, "kept", kept);
		}
		json_out_print(document);
		return;
	}
	if (removed < 0)
	{
		line_print(stdout, 2, "Upload %s had not ended and is cancelled; nothing of it stays.",
				   upload->upload_id);
		return;
	}
	line_print(stdout, 2, "Removed %s %s of upload %s.", terminal_count(count, removed),
			   terminal_plural(removed, "product", "products"), upload->upload_id);
	if (kept > 0)
		line_print(stdout, 2, "Kept %s that %s changed since, or that something else refers to.",
				   terminal_count(count, kept), terminal_plural(kept, "was", "were"));
}

/*
 * Take the products of an upload that has ended.
 */
static bool
undo_upload(struct database *database, const struct upload *upload,
			int64_t *removed, int64_t *kept, struct glue_error *error)
{
	const char *const values[] = {upload->upload_id};
	PGresult   *result = NULL;

	/* Once: a second call could only say that nothing was left. */
	if (!database_query(database, RUN_ONCE,
						"SELECT removed, kept FROM onboard_undo_upload($1::text)",
						1, values, &result, error))
		return false;
	*removed = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	*kept = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
	PQclear(result);
	return true;
}

int
command_undo(const struct options *options)
{
	struct glue_error error = {0};
	struct upload upload = {0};
	struct database *database = database_open(options, &error);
	int64_t		removed = -1;
	int64_t		kept = -1;
	int			code = EXIT_ALL_GOOD;
	bool		done = database != NULL &&
		upload_read(database, options->operands[0], &upload, &error);

	if (done && strcmp(upload.status, "processing") == 0)
		done = upload_reject(database, &upload, "CANCELLED",
							 "cancelled before all rows were loaded", &error);
	/* One that was abandoned has failed, and kept its good rows. */
	else if (done && strcmp(upload.status, "failed") == 0 && upload.valid_records == 0)
		done = glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE",
							  "upload %s has failed; nothing of it is in the catalogue",
							  upload.upload_id);
	else if (done)
		done = undo_upload(database, &upload, &removed, &kept, &error);
	if (done)
		print_undone(options, &upload, removed, kept);
	else
		code = command_fail(options, &error);
	upload_clean_up(&upload);
	database_close(database);
	return code;
}
