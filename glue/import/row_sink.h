/*-------------------------------------------------------------------------
 *
 * row_sink.h
 *	  Where the rows of a reading go.
 *
 * For each reading: begin(), row() for each row that has no verdict, commit()
 * before a row when the rows so far are enough, then finish() after the last one,
 * or abort() if there is no such end.  The implementations are copy_sink.c, COPY
 * into the database, and in lambda/ the items of DynamoDB.
 *
 * An implementation has a struct row_sink as its first member.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ROW_SINK_H
#define GLUE_ROW_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/column_map.h"
#include "reader/record.h"
#include "reader/row_source.h"

struct row_sink
{
	/*
	 * Rows with these columns follow; map is borrowed until finish() or abort().
	 */
	bool (*begin)(struct row_sink *sink, const char *upload_id, const struct column_map *map,
				  struct glue_error *error);

	/* Take a row, borrowed for the call.  False: abort() has to follow. */
	bool (*row)(struct row_sink *sink, const struct record *record, struct glue_error *error);

	/*
	 * Whether the rows so far are to be committed before the next one; now_ms is
	 * of the monotonic clock.  NULL, like commit(), for a sink that commits by
	 * itself.
	 */
	bool (*is_full)(const struct row_sink *sink, int64_t now_ms);

	/*
	 * Commit the rows so far, along with the checkpoint, NULL for none.  *moved is
	 * false when the checkpoint was not taken; see upload_save_checkpoint().  False: abort()
	 * has to follow, and after a lost connection nobody knows whether they were
	 * committed.
	 */
	bool (*commit)(struct row_sink *sink, const struct resume_token *checkpoint, bool *moved,
				   struct glue_error *error);

	/* No row follows: commit the rest, and wait for it.  Otherwise as commit(). */
	bool (*finish)(struct row_sink *sink, struct glue_error *error);

	/* Give up what is not committed.  Nothing happens after finish(). */
	void (*abort)(struct row_sink *sink);

	bool judges;            /* rows have their verdicts when they are committed */
	int64_t committed_rows; /* since begin() */
};

#endif /* GLUE_ROW_SINK_H */
