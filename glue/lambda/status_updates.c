/*-------------------------------------------------------------------------
 *
 * status_updates.c
 *	  Write verdicts to the status of items in UploadRecords.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/heap.h"
#include "lambda/status_updates.h"

/* "REC_" and the digits of a row number. */
#define RECORD_ID_SIZE 32

#define FIRST_ROWS 64
#define FIRST_UPLOADS 8

void
status_updates_init(struct status_updates *updates, const char *table)
{
	static const char which[] =
		"WHERE \"upload_id\"=? AND \"record_id\"=? AND \"status\"='" ITEM_PENDING "'";

	memset(updates, 0, sizeof(*updates));
	snprintf(updates->validated, sizeof(updates->validated),
			 "UPDATE \"%s\" SET \"status\"=? SET \"processed_at\"=? SET \"action\"=? %s", table,
			 which);
	snprintf(updates->error, sizeof(updates->error),
			 "UPDATE \"%s\" SET \"status\"=? SET \"processed_at\"=? SET \"error_reason\"=? "
			 "SET \"error_details\"=? %s",
			 table, which);
	updates->processed_at = time(NULL);
}

void
status_updates_clean_up(struct status_updates *updates)
{
	dynamodb_statements_clean_up(&updates->statements);
	glue_release(updates->uploads);
	glue_release(updates->rows);
	memset(updates, 0, sizeof(*updates));
}

bool
status_updates_begin_upload(struct status_updates *updates, const char *upload_id,
							struct glue_error *error)
{
	if (updates->upload_count == updates->upload_room)
	{
		int room = updates->upload_room > 0 ? 2 * updates->upload_room : FIRST_UPLOADS;
		struct status_upload *uploads =
			glue_reallocate(updates->uploads, sizeof(*uploads) * (size_t) room);

		if (uploads == NULL)
			return glue_error_memory(error);
		updates->uploads = uploads;
		updates->upload_room = room;
	}
	updates->uploads[updates->upload_count++] =
		(struct status_upload){upload_id, updates->statements.count, 0};
	updates->count = 0;
	updates->highest = 0;
	return true;
}

/*
 * Return whether the row is in the list.  Two statements of one call must not
 * update the same item.  Rows arrive in order unless a call was split, so the
 * search is rare.
 */
static bool
is_there(const struct status_updates *updates, int64_t row_number)
{
	if (row_number > updates->highest)
		return false;
	for (size_t i = updates->count; i > 0; i--)
	{
		if (updates->rows[i - 1] == row_number)
			return true;
	}
	return false;
}

static bool
remember(struct status_updates *updates, int64_t row_number, struct glue_error *error)
{
	if (updates->count == updates->room)
	{
		size_t room = updates->room > 0 ? 2 * updates->room : FIRST_ROWS;
		int64_t *rows = glue_reallocate(updates->rows, room * sizeof(*rows));

		if (rows == NULL)
			return glue_error_memory(error);
		updates->rows = rows;
		updates->room = room;
	}
	updates->rows[updates->count++] = row_number;
	if (row_number > updates->highest)
		updates->highest = row_number;
	return true;
}

bool
status_updates_add(struct status_updates *updates, const struct row_outcome *outcome, bool *is_new,
				   struct glue_error *error)
{
	/* A row without a verdict appears as an error in the item. */
	enum row_action action = outcome->is_judged ? outcome->action : ACTION_REJECT;
	bool is_valid = action_is_valid(action);
	struct dynamodb_json json;
	char record_id[RECORD_ID_SIZE];

	*is_new = !is_there(updates, outcome->row_number);
	if (!*is_new)
		return true;
	if (!remember(updates, outcome->row_number, error) ||
		!dynamodb_statement(&updates->statements, is_valid ? updates->validated : updates->error,
							&json, error))
		return false;
	dynamodb_put_string(&json, NULL, action_status(action));
	dynamodb_put_number(&json, NULL, updates->processed_at);
	if (is_valid)
		dynamodb_put_string(&json, NULL, action_name(action));
	else
	{
		dynamodb_put_string(&json, NULL, outcome->reason);
		dynamodb_put_string(&json, NULL, outcome->details != NULL ? outcome->details : "[]");
	}
	snprintf(record_id, sizeof(record_id), "REC_%08" PRId64, outcome->row_number);
	dynamodb_put_string(&json, NULL, updates->uploads[updates->upload_count - 1].upload_id);
	dynamodb_put_string(&json, NULL, record_id);
	return dynamodb_statement_end(&updates->statements, &json, error);
}

bool
status_updates_execute(struct status_updates *updates, struct aws_client *client, int in_flight,
					   int64_t deadline, struct status_counts *counts, struct glue_error *error)
{
	const struct dynamodb_statements *statements = &updates->statements;
	struct status_upload *upload = updates->uploads;
	struct glue_error reason = {0};

	memset(counts, 0, sizeof(*counts));
	if (statements->count == 0)
		return true;
	(void) dynamodb_execute(client, &updates->statements, in_flight, deadline, &reason);
	for (int i = 0; i < statements->count; i++)
	{
		enum dynamodb_result result = statements->list[i].result;

		while (upload + 1 < updates->uploads + updates->upload_count && upload[1].first <= i)
			upload++;
		if (result == DYNAMODB_DONE || result == DYNAMODB_CONDITION_FAILED)
			counts->done++;
		else
		{
			counts->failed++;
			upload->missed++;
		}
		if (result == DYNAMODB_REFUSED && reason.class == GLUE_NO_ERROR)
			glue_error_set(&reason, GLUE_INFRASTRUCTURE_ERROR, "AWS_REFUSED",
						   "dynamodb BatchExecuteStatement: a statement ended in %s",
						   statements->list[i].code);
	}
	if (counts->failed == 0)
		return true;
	if (error != NULL)
		*error = reason;
	return false;
}
