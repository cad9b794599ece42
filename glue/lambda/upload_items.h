/*-------------------------------------------------------------------------
 *
 * upload_items.h
 *	  A row_sink that writes the rows of an upload as items of the DynamoDB
 *	  table UploadRecords.
 *
 * An item has upload_id, record_id ("REC_" and eight digits), vendor_id,
 * row_number, line_number, status "pending_validation", parse_attempt,
 * created_at and expires_at (epoch seconds), and
 *
 *	  product_data		a map of strings as the vendor wrote them, our columns by
 *						name, others by header, or
 *	  defect			a map of error_type, message and raw, for a record that
 *						could not be read
 *
 * Rewriting an item with another parse_attempt makes the stream deliver it
 * again.  Rows that have a verdict do not need that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_UPLOAD_ITEMS_H
#define GLUE_LAMBDA_UPLOAD_ITEMS_H

#include "aws/dynamodb.h"
#include "import/row_sink.h"
#include "lambda/handler.h"

/*
 * Longest header, in bytes, with which the items of any file fit: each item
 * repeats the header beside a record of up to 256 KiB and a byte or two per
 * column, and an item may have 400 KB (DynamoDB Developer Guide, "Item
 * size").
 */
#define UPLOAD_ITEMS_HEADER_BYTES (96 * 1024)

/* Owns writer: upload_items_clean_up(). */
struct upload_items
{
	struct row_sink sink; /* committed_rows: items written */
	const char *vendor_id;
	int64_t attempt;
	int64_t created_at;
	int64_t expires_at;
	struct dynamodb_writer *writer;

	/* of one reading, borrowed */
	const char *upload_id;
	const struct header_map *map;
};

/*
 * Initialize a sink for the rows of one vendor's file, being read for the
 * attempt-th time.  vendor_id is borrowed.  Fails with the errors of
 * dynamodb_writer_new().
 */
extern bool
upload_items_init(struct upload_items *items, struct sandbox *sandbox, int64_t deadline_ms,
				  const char *vendor_id, int64_t attempt, struct glue_error *error);

/* Accepts a zeroed sink. */
extern void upload_items_clean_up(struct upload_items *items);

#endif /* GLUE_LAMBDA_UPLOAD_ITEMS_H */
