/*-------------------------------------------------------------------------
 *
 * stream_event.c
 *	  Parse the event of a DynamoDB stream: rows to judge, from item images.
 *
 * The event is read in one pass.  Members come in any order, so a product's
 * JSON is written when it is encountered, the numbers are appended to it, and
 * what turns out not to be a row is removed again.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/ascii_word.h"
#include "base/heap.h"
#include "base/json_reader.h"
#include "lambda/event_source.h"
#include "lambda/stream_event.h"
#include "shared/hash.h"
#include "shared/rules.h"

/* Bytes of "row_number":N,"line_number":N} with two 64-bit numbers. */
#define NUMBERS_SIZE 80

/* Most digits that always fit into 64 bits. */
#define MOST_DIGITS 18

/* Characters of our ids and those of AWS besides letters and digits. */
#define ID_CHARACTERS "-_.:/"

#define FIRST_RECORDS 64
#define FIRST_UPLOADS 8

/* An event being read, and the state of the current record. */
struct reading
{
	struct json_reader reader;
	struct stream_event *event;
	const char *table;
	struct text_view arn; /* of the latest record from the table's stream */
	struct stream_record *record;
	int64_t line_number;
	bool is_from_dynamodb;
	bool is_from_table;
	bool has_event_name;
	bool is_change; /* an INSERT or a MODIFY */
	bool has_image;
	bool is_pending;
	bool has_product;
	bool has_bad_product;
	bool has_defect;
	bool has_bad_defect;
	bool has_records;        /* of the event */
	struct glue_error error; /* that ends the reading; the first one is kept */
};

const char *
stream_fault_name(enum stream_fault fault)
{
	static const char *const names[] = {
		[STREAM_NO_FAULT] = "NO_FAULT",
		[STREAM_NO_RECORD] = "NO_RECORD",
		[STREAM_NO_IMAGE] = "NO_IMAGE",
		[STREAM_BAD_UPLOAD_ID] = "BAD_UPLOAD_ID",
		[STREAM_BAD_RECORD_ID] = "BAD_RECORD_ID",
		[STREAM_BAD_ROW_NUMBER] = "BAD_ROW_NUMBER",
		[STREAM_BAD_LINE_NUMBER] = "BAD_LINE_NUMBER",
		[STREAM_BAD_PRODUCT_DATA] = "BAD_PRODUCT_DATA",
		[STREAM_BAD_DEFECT] = "BAD_DEFECT",
		[STREAM_BAD_TEXT] = "BAD_TEXT",
		[STREAM_REFUSED_ROW] = "REFUSED_ROW",
	};

	return names[fault];
}

/* ----- writing rows ----- */

static void
append_bytes(struct reading *reading, const char *bytes, size_t length)
{
	struct glue_error *error = &reading->error;

	if (error->class == GLUE_NO_ERROR)
		(void) byte_buffer_append(&reading->event->rows, bytes, length, error);
}

static void
append_string(struct reading *reading, const char *string)
{
	append_bytes(reading, string, strlen(string));
}

static void
append_quoted(struct reading *reading, struct text_view text)
{
	append_bytes(reading, "\"", 1);
	append_bytes(reading, text.data, text.length);
	append_bytes(reading, "\"", 1);
}

/* ----- attributes ----- */

static bool
is_text(struct text_view text, const char *word)
{
	return text_equal(text, text_of(word));
}

/*
 * Read an attribute that must be {"<type>": "..."}, where type is one
 * character.  Skip anything else and return false.
 */
static bool
read_attribute(struct json_reader *reader, char type, struct text_view *value)
{
	struct text_view name;
	bool matches = false;
	int members = 0;

	if (!json_read_open(reader, '{'))
	{
		json_read_value(reader);
		return false;
	}
	for (; json_read_name(reader, &name); members++)
	{
		if (name.length == 1 && name.data[0] == type && json_read_text(reader, value))
			matches = true;
		else
			json_read_value(reader);
	}
	return matches && members == 1;
}

static void
read_word(struct json_reader *reader, char *word, size_t size)
{
	struct text_view text;

	word[0] = '\0';
	if (json_read_text(reader, &text))
		ascii_word_copy(word, size, text, ID_CHARACTERS);
	else
		json_read_value(reader);
}

static void
read_id(struct json_reader *reader, char *id, size_t size)
{
	struct text_view text;

	id[0] = '\0';
	if (read_attribute(reader, 'S', &text))
		ascii_word_copy(id, size, text, ID_CHARACTERS);
}

/*
 * Read a positive number; return 0 for anything else.
 */
static int64_t
read_positive(struct json_reader *reader)
{
	struct text_view text;
	int64_t number = 0;

	if (!read_attribute(reader, 'N', &text) || text.length > MOST_DIGITS)
		return 0;
	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		number = number * 10 + (text.data[i] - '0');
	}
	return number;
}

/*
 * Enter an attribute of type M, whose members follow.  Skip anything else and
 * return false.
 */
static bool
open_map(struct json_reader *reader)
{
	struct text_view name;

	if (!json_read_open(reader, '{'))
		json_read_value(reader);
	else if (json_read_name(reader, &name))
	{
		if (is_text(name, "M") && json_read_open(reader, '{'))
			return true;
		json_read_value(reader);
		while (json_read_name(reader, &name))
			json_read_value(reader);
	}
	return false;
}

/*
 * Leave a map; return false if the attribute had further members.
 */
static bool
close_map(struct json_reader *reader)
{
	struct text_view name;
	bool is_alone = true;

	while (json_read_name(reader, &name))
	{
		is_alone = false;
		json_read_value(reader);
	}
	return is_alone;
}

/*
 * Convert {"M": {"sku": {"S": "A-1"}}} to "product":{"sku":"A-1"}, and a
 * comma.  Skip anything that is not a map of strings and return false.  Return
 * the value of a member error_type in *error_type.
 */
static bool
copy_texts(struct reading *reading, const char *member, struct text_view *error_type)
{
	struct json_reader *reader = &reading->reader;
	struct text_view name;
	struct text_view value;
	bool is_first = true;
	bool are_texts = true;

	if (!open_map(reader))
		return false;
	append_string(reading, member);
	while (json_read_name(reader, &name))
	{
		if (!read_attribute(reader, 'S', &value))
		{
			are_texts = false;
			continue;
		}
		if (is_text(name, "error_type"))
			*error_type = value;
		if (!is_first)
			append_bytes(reading, ",", 1);
		is_first = false;
		append_quoted(reading, name);
		append_bytes(reading, ":", 1);
		append_quoted(reading, value);
	}
	append_string(reading, "},");
	return close_map(reader) && are_texts;
}

static void
read_product(struct reading *reading)
{
	struct text_view ignored;

	reading->has_product = copy_texts(reading, "\"product\":{", &ignored);
	reading->has_bad_product |= !reading->has_product;
}

/*
 * Likewise for the source cells of a product that was read with a map.
 */
static void
read_source_cells(struct reading *reading)
{
	struct text_view ignored;

	if (!copy_texts(reading, "\"source_cells\":{", &ignored))
		reading->has_bad_product = true;
}

/*
 * Convert {"S": "delete"} to this member, "action":"delete", and a comma.
 */
static void
read_beside_product(struct reading *reading, const char *member)
{
	struct text_view text;

	if (!read_attribute(&reading->reader, 'S', &text))
	{
		reading->has_bad_product = true;
		return;
	}
	append_string(reading, member);
	append_quoted(reading, text);
	append_bytes(reading, ",", 1);
}

/*
 * Read a defect.  onboard_ingest() rejects a call with any other type.
 */
static void
read_defect(struct reading *reading)
{
	struct text_view type = {NULL, 0};
	const struct rule *rule = NULL;

	if (copy_texts(reading, "\"defect\":{", &type) && type.data != NULL)
		rule = rule_by_code(type);
	reading->has_defect = rule != NULL && rule_is_of_unreadable_row(rule);
	reading->has_bad_defect |= !reading->has_defect;
}

/* ----- records ----- */

/*
 * End the reading: the record is not from the table's stream.
 */
static void
refuse_record(struct reading *reading)
{
	if (reading->error.class == GLUE_NO_ERROR)
		event_source_refuse(&reading->error,
							"has a record that is not from the stream of UPLOAD_RECORDS_TABLE");
}

static void
read_image(struct reading *reading)
{
	struct json_reader *reader = &reading->reader;
	struct stream_record *record = reading->record;
	struct text_view name;
	struct text_view status;

	if (!json_read_open(reader, '{'))
	{
		json_read_value(reader);
		return;
	}
	reading->has_image = true;
	while (json_read_name(reader, &name))
	{
		if (is_text(name, "product_data"))
			read_product(reading);
		else if (is_text(name, "source_cells"))
			read_source_cells(reading);
		else if (is_text(name, "action"))
			read_beside_product(reading, "\"action\":");
		else if (is_text(name, "key_memo"))
			read_beside_product(reading, "\"key_memo\":");
		else if (is_text(name, "defect"))
			read_defect(reading);
		else if (is_text(name, "upload_id"))
			read_id(reader, record->upload_id, sizeof(record->upload_id));
		else if (is_text(name, "record_id"))
			read_id(reader, record->record_id, sizeof(record->record_id));
		else if (is_text(name, "row_number"))
			record->row_number = read_positive(reader);
		else if (is_text(name, "line_number"))
			reading->line_number = read_positive(reader);
		else if (is_text(name, "status"))
			reading->is_pending =
				read_attribute(reader, 'S', &status) && is_text(status, "pending_validation");
		else
			json_read_value(reader);
	}
}

/*
 * Read the keys, for a record without an image.
 */
static void
read_keys(struct json_reader *reader, struct stream_record *keys)
{
	struct text_view name;

	if (!json_read_open(reader, '{'))
	{
		json_read_value(reader);
		return;
	}
	while (json_read_name(reader, &name))
	{
		if (is_text(name, "upload_id"))
			read_id(reader, keys->upload_id, sizeof(keys->upload_id));
		else if (is_text(name, "record_id"))
			read_id(reader, keys->record_id, sizeof(keys->record_id));
		else
			json_read_value(reader);
	}
}

static void
read_change(struct reading *reading)
{
	struct json_reader *reader = &reading->reader;
	struct stream_record keys = {0};
	struct text_view name;

	if (!json_read_open(reader, '{'))
	{
		json_read_value(reader);
		return;
	}
	while (json_read_name(reader, &name))
	{
		if (is_text(name, "NewImage"))
			read_image(reading);
		else if (is_text(name, "Keys"))
			read_keys(reader, &keys);
		else if (is_text(name, "SequenceNumber"))
			read_word(reader, reading->record->sequence_number, STREAM_SEQUENCE_NUMBER_SIZE);
		else
			json_read_value(reader);
	}
	if (!reading->has_image)
	{
		memcpy(reading->record->upload_id, keys.upload_id, sizeof(keys.upload_id));
		memcpy(reading->record->record_id, keys.record_id, sizeof(keys.record_id));
	}
}

static void
read_event_name(struct reading *reading)
{
	struct text_view text;

	if (!json_read_text(&reading->reader, &text))
	{
		json_read_value(&reading->reader);
		return;
	}
	reading->has_event_name = true;
	reading->is_change = is_text(text, "INSERT") || is_text(text, "MODIFY");
}

static void
read_source(struct reading *reading)
{
	struct text_view source;

	if (json_read_text(&reading->reader, &source))
		reading->is_from_dynamodb = is_text(source, "aws:dynamodb");
	else
		json_read_value(&reading->reader);
}

/*
 * Read the stream of a record.  Usually it is that of the previous record.
 */
static void
read_stream(struct reading *reading)
{
	struct text_view arn;

	if (!json_read_text(&reading->reader, &arn))
	{
		json_read_value(&reading->reader);
		return;
	}
	if (!text_equal(arn, reading->arn) && event_source_is_stream(arn, reading->table))
	{
		reading->arn = arn;
		ascii_word_copy(reading->event->arn, sizeof(reading->event->arn), arn, ID_CHARACTERS);
	}
	reading->is_from_table = arn.length > 0 && text_equal(arn, reading->arn);
}

static bool
has_its_id(const struct stream_record *record)
{
	char record_id[STREAM_RECORD_ID_SIZE];

	snprintf(record_id, sizeof(record_id), "REC_%08" PRId64, record->row_number);
	return strcmp(record_id, record->record_id) == 0;
}

static enum stream_fault
fault_of(const struct reading *reading)
{
	const struct stream_record *record = reading->record;

	if (record->upload_id[0] == '\0')
		return STREAM_BAD_UPLOAD_ID;
	if (record->row_number == 0)
		return STREAM_BAD_ROW_NUMBER;
	if (!has_its_id(record))
		return STREAM_BAD_RECORD_ID;
	if (reading->line_number == 0)
		return STREAM_BAD_LINE_NUMBER;
	if (reading->has_bad_defect)
		return STREAM_BAD_DEFECT;
	if (reading->has_bad_product || (!reading->has_product && !reading->has_defect))
		return STREAM_BAD_PRODUCT_DATA;
	if (reading->reader.has_bad_text)
		return STREAM_BAD_TEXT;
	return STREAM_NO_FAULT;
}

/*
 * Classify a record that has been read completely.
 */
static void
classify(struct reading *reading)
{
	struct stream_record *record = reading->record;

	if (!reading->has_event_name)
		record->fault = STREAM_NO_RECORD;
	else if (!reading->is_change)
		return;
	else if (!reading->has_image)
		record->fault = STREAM_NO_IMAGE;
	else if (!reading->is_pending)
		return;
	else
		record->fault = fault_of(reading);
	record->kind = record->fault == STREAM_NO_FAULT ? STREAM_ROW : STREAM_UNDECODABLE;
}

/*
 * Complete the row's JSON, or remove it.
 */
static void
end_row(struct reading *reading)
{
	struct stream_record *record = reading->record;
	struct byte_buffer *rows = &reading->event->rows;
	char numbers[NUMBERS_SIZE];

	if (record->kind != STREAM_ROW)
	{
		rows->used = record->start;
		return;
	}
	snprintf(numbers, sizeof(numbers), "\"row_number\":%" PRId64 ",\"line_number\":%" PRId64 "}",
			 record->row_number, reading->line_number);
	append_string(reading, numbers);
	record->length = rows->used - record->start;
}

static void
read_record_members(struct reading *reading)
{
	struct json_reader *reader = &reading->reader;
	struct text_view name;

	while (json_read_name(reader, &name))
	{
		if (is_text(name, "dynamodb"))
			read_change(reading);
		else if (is_text(name, "eventName"))
			read_event_name(reading);
		else if (is_text(name, "eventSource"))
			read_source(reading);
		else if (is_text(name, "eventSourceARN"))
			read_stream(reading);
		else
			json_read_value(reader);
	}
}

static void
read_stream_record(struct reading *reading)
{
	struct json_reader *reader = &reading->reader;
	struct stream_record *record = reading->record;
	const char *start = json_read_start(reader);

	reading->line_number = 0;
	reading->is_from_dynamodb = reading->is_from_table = false;
	reading->has_event_name = reading->is_change = false;
	reading->has_image = reading->is_pending = false;
	reading->has_product = reading->has_bad_product = false;
	reading->has_defect = reading->has_bad_defect = false;
	reader->has_bad_text = false;
	record->start = reading->event->rows.used;
	record->next = STREAM_NO_ROW;
	append_bytes(reading, "{", 1);
	if (json_read_open(reader, '{'))
		read_record_members(reading);
	else
		json_read_value(reader);
	record->raw = json_read_since(reader, start);
	if (!reading->is_from_dynamodb || !reading->is_from_table)
	{
		refuse_record(reading);
		return;
	}
	classify(reading);
	end_row(reading);
}

/* ----- uploads ----- */

/* Avoids comparing the text of other uploads. */
static uint32_t
hash_of(const char *text)
{
	uint32_t hash = HASH_START;

	for (; *text != '\0'; text++)
		hash = hash_add(hash, (unsigned char) *text);
	return hash;
}

/*
 * Find the upload with an id; NULL if there is none yet.  The latest ones are
 * searched first, because rows of an upload come in runs.
 */
static struct stream_upload *
find_or_add_upload(const struct stream_event *event, const char *upload_id, uint32_t hash)
{
	for (size_t i = event->upload_count; i > 0; i--)
	{
		struct stream_upload *upload = &event->uploads[i - 1];

		if (upload->hash == hash && strcmp(upload->upload_id, upload_id) == 0)
			return upload;
	}
	return NULL;
}

static struct stream_upload *
add_upload(struct stream_event *event, struct glue_error *error)
{
	if (event->upload_count == event->upload_room)
	{
		size_t room = event->upload_room > 0 ? 2 * event->upload_room : FIRST_UPLOADS;
		struct stream_upload *uploads =
			glue_reallocate(event->uploads, room * sizeof(event->uploads[0]));

		if (uploads == NULL)
		{
			glue_error_memory(error);
			return NULL;
		}
		event->uploads = uploads;
		event->upload_room = room;
	}
	return &event->uploads[event->upload_count++];
}

/*
 * Chain the rows of each upload.  The records no longer move.
 */
static bool
gather_uploads(struct stream_event *event, struct glue_error *error)
{
	for (size_t i = 0; i < event->count; i++)
	{
		struct stream_record *record = &event->records[i];
		struct stream_upload *upload;
		uint32_t hash;

		if (record->kind != STREAM_ROW)
			continue;
		hash = hash_of(record->upload_id);
		upload = find_or_add_upload(event, record->upload_id, hash);
		if (upload != NULL)
			event->records[upload->last].next = i;
		else
		{
			upload = add_upload(event, error);
			if (upload == NULL)
				return false;
			upload->upload_id = record->upload_id;
			upload->hash = hash;
			upload->first = i;
		}
		upload->last = i;
	}
	return true;
}

/* ----- the event ----- */

static struct stream_record *
add_record(struct stream_event *event, struct glue_error *error)
{
	struct stream_record *record;

	if (event->count == event->room)
	{
		size_t room = event->room > 0 ? 2 * event->room : FIRST_RECORDS;
		struct stream_record *records =
			glue_reallocate(event->records, room * sizeof(event->records[0]));

		if (records == NULL)
		{
			glue_error_memory(error);
			return NULL;
		}
		event->records = records;
		event->room = room;
	}
	record = &event->records[event->count++];
	memset(record, 0, sizeof(*record));
	return record;
}

static void
read_records(struct reading *reading)
{
	if (!json_read_open(&reading->reader, '['))
	{
		json_read_value(&reading->reader);
		return;
	}
	reading->has_records = true;
	while (reading->error.class == GLUE_NO_ERROR && json_read_element(&reading->reader))
	{
		reading->record = add_record(reading->event, &reading->error);
		if (reading->record != NULL)
			read_stream_record(reading);
	}
}

static bool
read_whole_event(struct reading *reading, struct glue_error *error)
{
	struct json_reader *reader = &reading->reader;
	struct text_view name;

	if (json_read_open(reader, '{'))
	{
		while (json_read_name(reader, &name))
		{
			if (is_text(name, "Records"))
				read_records(reading);
			else if (is_text(name, "shardId"))
				read_word(reader, reading->event->shard_id, STREAM_SHARD_ID_SIZE);
			else
				json_read_value(reader);
			if (reading->error.class != GLUE_NO_ERROR)
			{
				*error = reading->error;
				return false;
			}
		}
	}
	if (!json_reader_end(reader))
		return event_source_refuse(error, "is not a JSON object");
	if (!reading->has_records)
		return event_source_refuse(error, "is not from a stream: it has no Records");
	return gather_uploads(reading->event, error);
}

bool
stream_event_init(struct stream_event *event, struct text_view json, const char *table,
				  struct glue_error *error)
{
	struct reading reading = {.event = event, .table = table};
	struct glue_error reason = {0};

	json_reader_init(&reading.reader, json.data, json.length);
	if (read_whole_event(&reading, &reason))
		return true;
	if (error != NULL)
		*error = reason;
	stream_event_clean_up(event);
	return false;
}

void
stream_event_clean_up(struct stream_event *event)
{
	glue_release(event->records);
	glue_release(event->uploads);
	byte_buffer_clean_up(&event->rows);
	memset(event, 0, sizeof(*event));
}

bool
stream_event_append_row(const struct stream_event *event, const struct stream_record *record,
						struct byte_buffer *buffer, struct glue_error *error)
{
	return byte_buffer_append(buffer, event->rows.data + record->start, record->length, error);
}
