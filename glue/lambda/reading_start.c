/*-------------------------------------------------------------------------
 *
 * reading_start.c
 *	  Where the reading of an object begins.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "lambda/reading_start.h"

#define LOOK                                                                            \
	"SELECT u.status, coalesce(u.total_records, -1), u.checkpoint ->> 'byte_offset',"   \
	" u.checkpoint ->> 'row_number', u.checkpoint ->> 'line_number',"                   \
	" u.checkpoint -> 'state',"                                                         \
	" (SELECT j.last_row FROM onboard_judged_ranges($1::text) j WHERE j.first_row = 1)" \
	" FROM onboard_describe_upload($1::text) u"

enum
{
	START_STATUS,
	START_TOTAL,
	START_BYTE_OFFSET,
	START_ROW_NUMBER,
	START_LINE_NUMBER,
	START_STATE,
	START_JUDGED_TO
};

static int64_t
number(const PGresult *result, int column)
{
	return strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

bool
reading_start_init(struct reading_start *start, struct connection *connection, int64_t deadline_ms,
				   const char *upload_id, struct glue_error *error)
{
	const char *const values[] = {upload_id};
	PGresult *result;

	memset(start, 0, sizeof(*start));
	if (!connection_query(connection, deadline_ms, LOOK, 1, values, &start->result, error))
		return false;
	result = start->result;
	start->status = PQgetvalue(result, 0, START_STATUS);
	start->processing = strcmp(start->status, "processing") == 0;
	start->total_records = number(result, START_TOTAL);
	start->judged_to = number(result, START_JUDGED_TO);
	start->has_token = !PQgetisnull(result, 0, START_BYTE_OFFSET);
	start->token.byte_offset = number(result, START_BYTE_OFFSET);
	start->token.row_number = number(result, START_ROW_NUMBER);
	start->token.line_number = number(result, START_LINE_NUMBER);
	start->token.state = PQgetvalue(result, 0, START_STATE);
	return true;
}

void
reading_start_clean_up(struct reading_start *start)
{
	PQclear(start->result);
	memset(start, 0, sizeof(*start));
}

struct row_reader *
reading_start_reader(const struct reading_start *start, const struct row_reader_events *events,
					 int64_t *offset, struct glue_error *error)
{
	*offset = start->token.byte_offset;
	if (start->has_token)
		return row_reader_resume(&start->token, events, error);
	return row_reader_open(NULL, events, error);
}
