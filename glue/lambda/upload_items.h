/*-------------------------------------------------------------------------
 *
 * upload_items.h
 *	  Rows of an upload -> items of the DynamoDB table UploadRecords.
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

#include "lambda/handler.h"
#include "lambda/object_upload.h"

/*
 * Bytes of headers up to which the items of any file fit: each item repeats
 * them, beside a record of 256 KiB and a byte or two for each column, and has
 * room for 400 KB (DynamoDB Developer Guide, "Item size").
 */
#define UPLOAD_ITEMS_HEADER_BYTES (96 * 1024)

/*
 * Read the object again and write an item for each row without a verdict;
 * *written says how many.  False on infrastructure errors: some are written,
 * and writing them again does no harm.
 */
extern bool
upload_items_write(struct object_upload *object, struct sandbox *sandbox,
				   const struct invocation *invocation, int64_t *written, struct glue_error *error);

#endif /* GLUE_LAMBDA_UPLOAD_ITEMS_H */
