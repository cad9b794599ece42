/*-------------------------------------------------------------------------
 *
 * stream_event.h
 *	  Parse the event of a DynamoDB stream: rows to judge, from item images.
 *
 * Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB";
 * Amazon DynamoDB Streams API Reference, "Record" and "StreamRecord".
 *
 *	  {"Records": [{"eventName": "INSERT", "eventSource": "aws:dynamodb",
 *					"eventSourceARN": "arn:...:table/NAME/stream/...",
 *					"dynamodb": {"SequenceNumber": "...",
 *								 "Keys": {...}, "NewImage": {...}}}]}
 *
 * A row to judge is the image of an item with status pending_validation that
 * was inserted or modified:
 *
 *	  upload_id			S
 *	  record_id			S, REC_ and the row number in 8 digits or more
 *	  row_number		N, from 1
 *	  line_number		N, from 1
 *	  product_data		M of S, the fields as the vendor wrote them, unless a map
 *						changed them
 *	  source_cells		M of S, what the vendor wrote where a map changed it or left
 *						it out; or absent
 *	  action			S, what the vendor wrote in column onboard_action; or absent
 *	  key_memo			S, likewise in column onboard_key
 *	  defect			M of S: error_type, message, raw; instead of
 *						product_data
 *
 * It is converted to a record for onboard_ingest() as it is read, copying
 * each string once, unchanged.  Other records are skipped.  A pending item with
 * any other shape was not written by us and is undecodable: it must neither
 * delay nor fail the records around it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_STREAM_EVENT_H
#define GLUE_LAMBDA_STREAM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/* Sizes including the NUL; a sequence number has 21 to 40 digits. */
#define STREAM_SEQUENCE_NUMBER_SIZE 64
#define STREAM_UPLOAD_ID_SIZE 97
#define STREAM_RECORD_ID_SIZE 32
#define STREAM_ARN_SIZE 512
#define STREAM_SHARD_ID_SIZE 66

enum stream_record_kind
{
	STREAM_OTHER, /* to be skipped */
	STREAM_ROW,
	STREAM_UNDECODABLE
};

/* Why a record is undecodable. */
enum stream_fault
{
	STREAM_NO_FAULT,
	STREAM_NO_RECORD, /* no eventName */
	STREAM_NO_IMAGE,
	STREAM_BAD_UPLOAD_ID,
	STREAM_BAD_RECORD_ID, /* or does not match the row number */
	STREAM_BAD_ROW_NUMBER,
	STREAM_BAD_LINE_NUMBER,
	STREAM_BAD_PRODUCT_DATA, /* or both it and defect are missing */
	STREAM_BAD_DEFECT,
	STREAM_BAD_TEXT,   /* text that the database cannot store */
	STREAM_REFUSED_ROW /* rejected by the database; set by the caller */
};

/* One record.  Missing or invalid values are "" or 0. */
struct stream_record
{
	enum stream_record_kind kind;
	enum stream_fault fault;
	char sequence_number[STREAM_SEQUENCE_NUMBER_SIZE];
	char upload_id[STREAM_UPLOAD_ID_SIZE];
	char record_id[STREAM_RECORD_ID_SIZE];
	int64_t row_number;
	struct text_view raw; /* the record as received; borrowed from the event's JSON */
	size_t start;         /* of its JSON in rows of the event */
	size_t length;
	size_t next; /* next row of the same upload, or STREAM_NO_ROW */
};

#define STREAM_NO_ROW SIZE_MAX

/* An upload with rows in the batch; first and last are indexes of records. */
struct stream_upload
{
	const char *upload_id; /* borrowed from the first row */
	uint32_t hash;
	size_t first;
	size_t last;
};

/* A batch.  Owns everything: stream_event_clean_up(). */
struct stream_event
{
	struct stream_record *records; /* in the order of the stream */
	size_t count;
	size_t room;
	struct stream_upload *uploads; /* by first appearance */
	size_t upload_count;
	size_t upload_room;
	struct byte_buffer rows;
	char arn[STREAM_ARN_SIZE];           /* of the stream */
	char shard_id[STREAM_SHARD_ID_SIZE]; /* "" unless the mapping has tumbling windows */
};

/*
 * Parse an event of the stream of a table.  Records keep pointing into json.
 * event is zero before.  Errors: usage error EVENT_INVALID if any record is not
 * from a stream of this table, and OUT_OF_MEMORY; *event is empty then.
 */
extern bool stream_event_init(struct stream_event *event, struct text_view json, const char *table,
							  struct glue_error *error);

/* Accepts a zeroed event, and leaves it zeroed. */
extern void stream_event_clean_up(struct stream_event *event);

/*
 * Append the JSON of a row: one element of the array that onboard_ingest()
 * accepts.
 */
extern bool
stream_event_append_row(const struct stream_event *event, const struct stream_record *record,
						struct byte_buffer *buffer, struct glue_error *error);

/* Return "NO_RECORD", "NO_IMAGE" and so on. */
extern const char *stream_fault_name(enum stream_fault fault);

#endif /* GLUE_LAMBDA_STREAM_EVENT_H */
