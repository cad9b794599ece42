/*-------------------------------------------------------------------------
 *
 * row_sink.h
 *	  Interface of destinations for the rows of a file.
 *
 * Each reading calls begin(), row() for each row without a verdict, commit()
 * before a row if is_full() returned true, then finish() after the last row or
 * abort() after a failure.  Implementations are copy_sink.c, which runs COPY
 * into the database, and in lambda/ the DynamoDB items.
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
#include "reader/header_map.h"
#include "reader/record.h"
#include "reader/row_source.h"

struct row_sink
{
	/*
	 * Prepare for rows with these columns; borrows map until finish() or
	 * abort().
	 */
	bool (*begin)(struct row_sink *sink, const char *upload_id, const struct header_map *map,
				  struct glue_error *error);

	/*
	 * Consume a row, borrowed for the call.  After false, the caller must
	 * abort().
	 */
	bool (*row)(struct row_sink *sink, const struct record *record, struct glue_error *error);

	/*
	 * Return whether to commit the rows so far before the next one; now_ms is
	 * of the monotonic clock.  NULL, like commit(), for a sink that commits by
	 * itself.
	 */
	bool (*is_full)(const struct row_sink *sink, int64_t now_ms);

	/*
	 * Commit the rows so far together with a checkpoint (may be NULL). *moved
	 * is false if the checkpoint was not accepted; see
	 * upload_save_checkpoint().  After false, the caller must abort(); after a
	 * lost connection it is unknown whether the rows were committed.
	 */
	bool (*commit)(struct row_sink *sink, const struct resume_token *checkpoint, bool *moved,
				   struct glue_error *error);

	/*
	 * Commit the remaining rows after the last one and wait for the result.
	 * Otherwise like commit().
	 */
	bool (*finish)(struct row_sink *sink, struct glue_error *error);

	/* Discard uncommitted rows.  No effect after finish(). */
	void (*abort)(struct row_sink *sink);

	bool judges;            /* committed rows have verdicts */
	int64_t committed_rows; /* since begin() */
};

#endif /* GLUE_ROW_SINK_H */
