/*-------------------------------------------------------------------------
 *
 * upload_items.h
 *	  Rows of an upload -> items of the DynamoDB table UploadRecords, as a sink.
 *
 * An item has upload_id, record_id ("REC_" and eight digits), vendor_id,
 * row_number, line_number, status "pending_validation", parse_attempt,
 * created_at and expires_at (epoch seconds), and
 *
 *	  product_data		a map of texts as the vendor wrote them, our columns by
 *						their names, others by their headers, or
 *	  defect			a map of error_type, message and raw, for a record that
 *						could not be read
 *
 * Writing an item again with another parse_attempt makes the stream deliver it
 * again.  Rows that have a verdict need none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_UPLOAD_ITEMS_H
#define GLUE_LAMBDA_UPLOAD_ITEMS_H

#include "aws/dynamodb.h"
#include "import/row_sink.h"
#include "lambda/handler.h"

/*
 * Bytes of headers up to which the items of any file fit: each item repeats
 * them, beside a record of 256 KiB and a byte or two for each column, and has
 * room for 400 KB (DynamoDB Developer Guide, "Item size").
 */
#define UPLOAD_ITEMS_HEADER_BYTES (96 * 1024)

/* Owns writer: upload_items_clean_up(). */
struct upload_items
{
	struct row_sink sink; /* committed_rows: items that were written */
	const char *vendor_id;
	int64_t attempt;
	int64_t created_at;
	int64_t expires_at;
	struct dynamodb_writer *writer;

	/* of one reading, borrowed */
	const char *upload_id;
	const struct column_map *map;
};

/*
 * A sink for the rows of one vendor's file, which somebody began to read for the
 * attempt-th time.  vendor_id is borrowed.  False on the errors of
 * dynamodb_writer_new().
 */
extern bool
upload_items_init(struct upload_items *items, struct sandbox *sandbox, int64_t deadline_ms,
				  const char *vendor_id, int64_t attempt, struct glue_error *error);

/* Accepts a zeroed sink. */
extern void upload_items_clean_up(struct upload_items *items);

#endif /* GLUE_LAMBDA_UPLOAD_ITEMS_H */
