/*-------------------------------------------------------------------------
 *
 * csv_reader.c
 *	  Reads records from chunks of UTF-8 text, using libcsv.
 *
 * libcsv is fed one physical line at a time, or the available part of one.  At
 * most one record ends in each call, and it ends where the fed bytes end.
 * This gives us the positions of records and lines, which libcsv does not
 * report.  The LF of a CRLF is not fed if the CR ended a record.
 *
 *	  region	the available text: the chunk itself, or carry[]
 *	  record	begins at an offset in the region; scanned bytes of it have
 *				been examined (and fed, unless it already has a fault)
 *	  carry		a record split by the end of a chunk; completed line by line
 *				until it ends, then reading continues in the chunk, without
 *				copying
 *	  fault		why a record cannot be read: reading restarts at the line after
 *				the one where the record began
 *
 * A record is abandoned at ONBOARD_MAX_RECORD_BYTES, which bounds carry[].
 *
 * Restarting never becomes quadratic: no byte is fed more than twice, whatever the
 * text contains.  A record that is not at its end after its first line is inside
 * quotes there and at each of its line ends, because a line end outside of quotes
 * is the end of the record.  How such a record reads its next line depends on that
 * line only, not on where the record began: inside quotes at a line end is one
 * single state of libcsv.  So let a record begin in line a and read on to line z.
 * Then a record that begins in a line between them, and is inside quotes at the
 * end of that line, would read all following lines just as the first record did:
 *
 *	  fault in line z	The other record would have the same fault.  It is
 *						given it at the end of its first line (doomed_until).
 *						This is exact but for the limits of sizes: a record that
 *						begins later may have room for more.  It is refused all
 *						the same.
 *	  end in line z		Reading resumes after the record, with one exception
 *						(hides_rows()), where it resumes at line a + 1.  A record
 *						that reads the same lines again ends in line z, too, and
 *						reading then resumes after it (doubted_until).
 *
 * So a line is fed once as the first line of a record, at most once as a later
 * line of the earliest record that reached it, and again as a later line only if
 * hides_rows() was true; but then it is not the first line of a record, because
 * the record that reads it again ends after it.  Twice in total.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "reader/csv_feed.h"
#include "reader/csv_reader.h"
#include "shared/text.h"

/* The longest record and the byte after it, which may be its line end. */
#define RECORD_WINDOW (ONBOARD_MAX_RECORD_BYTES + 1)

#define UNKNOWN SIZE_MAX

/*
 * Files with commas and semicolons need quoting, so they have it.  Others are
 * often written without it.
 */
#define NO_QUOTING_ADVICE "; if the file has no quoting, load it with --quote none"

struct csv_reader
{
	/* immutable after csv_reader_new() */
	record_fn take_record;
	void *context;
	struct feed_events events;
	char delimiter;
	char quote; /* or NUL */

	/* the file */
	struct csv_parser parser;
	int64_t next_row; /* 0 until the header has been read */
	int header_fields;
	int needed_fields; /* at most header_fields */
	bool keeps_fields;
	int64_t line_number; /* of the next byte to be examined */
	bool after_cr;       /* an LF here belongs to the previous line */
	bool skip_line;      /* skip the rest of an overlong line */
	bool may_be_damaged; /* the region may contain U+FFFD */
	bool stopped;
	bool out_of_memory;
	int64_t parsed_bytes;
	int64_t taken;         /* bytes of text read or stored in carry[] */
	int64_t region_offset; /* offset of the region in the text */

	/* the record being read */
	int64_t record_offset; /* offset of its beginning in the text */
	size_t scanned;
	int64_t record_line;
	int64_t field_line; /* where the current field began */
	size_t first_line;  /* bytes of its first line, or UNKNOWN */
	bool ended;         /* libcsv has reached its end */
	bool has_fault;
	int field_count;
	size_t values_length;
	struct text_view *fields; /* array of ONBOARD_MAX_COLUMNS */
	char *values;             /* RECORD_WINDOW bytes; fields point into it */
	int defect_field;         /* the field at fault; 0 for the whole record */
	char message[RECORD_MESSAGE_SIZE];

	/* what earlier records found out about the text, see above */
	int64_t doomed_until;  /* offset of the line in which a record of several lines had a fault */
	int64_t doomed_line;   /* its number; 0: the fault was the end of the text */
	int64_t doubted_until; /* end of a record that hid rows */

	/* the record split by the end of a chunk */
	char *carry; /* RECORD_WINDOW bytes */
	size_t carry_length;
};

/* ---------------------------------------------------------------------
 * Faults
 * ---------------------------------------------------------------------
 */

/* For set_fault(): the message concerns the record as a whole. */
#define WHOLE_RECORD 0

/*
 * Record why the record cannot be read: because of this field, counted from 1,
 * or as a whole.  Only the first fault of a record counts.
 */
static void __attribute__((format(printf, 3, 4)))
set_fault(struct csv_reader *reader, int field, const char *format, ...)
{
	va_list arguments;

	if (reader->has_fault)
		return;
	reader->has_fault = true;
	reader->defect_field = field;
	va_start(arguments, format);
	vsnprintf(reader->message, sizeof(reader->message), format, arguments);
	va_end(arguments);
}

/* Return whether a quoted field continues past a line end. */
static bool
in_open_quote(const struct csv_reader *reader)
{
	return feed_in_quotes(&reader->parser) && reader->line_number > reader->field_line;
}

static void
set_quote_fault(struct csv_reader *reader)
{
	if (in_open_quote(reader))
		set_fault(reader, WHOLE_RECORD,
				  "the quote opened in line %" PRId64
				  " is not closed: the next quote, in line %" PRId64 ", does not end the field",
				  reader->field_line, reader->line_number);
	else
		set_fault(reader, reader->field_count + 1,
				  "has text after its closing quote; "
				  "a quote inside a quoted field must be doubled%s",
				  reader->delimiter == ',' || reader->delimiter == ';' ? "" : NO_QUOTING_ADVICE);
}

/*
 * A record of several lines has a fault in the line that begins at this offset
 * or before it: no other record can read beyond that line.
 */
static void
remember_doom(struct csv_reader *reader, int64_t offset, int64_t line)
{
	reader->doomed_until = offset;
	reader->doomed_line = line;
}

static void
set_doomed_fault(struct csv_reader *reader)
{
	if (reader->doomed_line == 0)
		set_fault(reader, WHOLE_RECORD, "the quote opened in line %" PRId64 " is never closed",
				  reader->field_line);
	else
		set_fault(reader, WHOLE_RECORD,
				  "the quote opened in line %" PRId64 " is not closed: what follows cannot be read "
				  "as one record beyond line %" PRId64,
				  reader->field_line, reader->doomed_line);
}

static void
set_cap_fault(struct csv_reader *reader, const char *what, int cap)
{
	if (in_open_quote(reader))
		set_fault(reader, WHOLE_RECORD,
				  "the quote opened in line %" PRId64
				  " is not closed within the %d bytes a %s may have",
				  reader->field_line, cap, what);
	else if (strcmp(what, "field") == 0)
		set_fault(reader, reader->field_count + 1, "is longer than %d bytes", cap);
	else
		set_fault(reader, WHOLE_RECORD, "the record is longer than %d bytes", cap);
}

/*
 * --------------------------------------------------------------------- libcsv
 * callbacks
 * ---------------------------------------------------------------------
 */

static void
take_field(void *value, size_t length, void *context)
{
	struct csv_reader *reader = context;
	struct text_view *field;

	if (reader->has_fault)
		return;
	if (length > ONBOARD_MAX_FIELD_BYTES)
	{
		set_fault(reader, reader->field_count + 1, "is longer than %d bytes",
				  ONBOARD_MAX_FIELD_BYTES);
		return;
	}
	if (reader->field_count == ONBOARD_MAX_COLUMNS)
	{
		set_fault(reader, WHOLE_RECORD, "the record has more than %d fields" ONBOARD_TOO_WIDE,
				  ONBOARD_MAX_COLUMNS);
		return;
	}
	/* The values of a record are never longer than the record itself. */
	field = &reader->fields[reader->field_count++];
	field->data = reader->values + reader->values_length;
	field->length = length;
	memcpy(reader->values + reader->values_length, value, length);
	reader->values_length += length;
	reader->field_line = reader->line_number;
}

static void
end_record(int terminator, void *context)
{
	struct csv_reader *reader = context;

	(void) terminator;
	reader->ended = true;
}

/*
 * ---------------------------------------------------------------------
 * Delivering records
 * ---------------------------------------------------------------------
 */

/* Return the number of the first field that contains U+FFFD; there must be one. */
static int
damaged_field(const struct csv_reader *reader)
{
	for (int i = 0; i < reader->field_count; i++)
	{
		if (text_has_replacement(reader->fields[i]))
			return i + 1;
	}
	return reader->field_count;
}

/* Return the length of a record without its last field, which is blank. */
static size_t
without_last_field(const struct csv_reader *reader, const char *record, size_t length)
{
	bool is_quoted = false;

	while (length > 0)
	{
		char c = record[--length];

		if (c == reader->quote && c != '\0')
			is_quoted = !is_quoted;
		else if (c == reader->delimiter && !is_quoted)
			break;
	}
	return length;
}

/*
 * Drop empty fields after the last field of the header.  Returns the length of the
 * record without them: a record with a defect is passed on as text, to which the
 * fix file adds fields.
 */
static size_t
drop_empty_fields(struct csv_reader *reader, const char *record, size_t length)
{
	while (reader->field_count > reader->header_fields &&
		   text_trim(reader->fields[reader->field_count - 1]).length == 0)
	{
		length = without_last_field(reader, record, length);
		reader->field_count--;
	}
	return length;
}

/* Return whether a record with this many fields can be a row. */
static bool
fits_header(const struct csv_reader *reader, int count)
{
	return count >= reader->needed_fields && count <= reader->header_fields;
}

/*
 * Return the defect of a record that was split into fields, or NULL.  A record with
 * a defect must have as many fields as the header, or the fix file would say
 * something else about its text.
 */
static const char *
find_defect(struct csv_reader *reader, struct text_view raw)
{
	int count = reader->field_count;
	bool is_damaged = reader->may_be_damaged && text_has_replacement(raw);

	if (reader->next_row > 0 && count != reader->header_fields &&
		(is_damaged || !fits_header(reader, count)))
	{
		snprintf(reader->message, sizeof(reader->message),
				 "the record has %d field%s, the header has %d", count, count == 1 ? "" : "s",
				 reader->header_fields);
		return "MALFORMED_ROW";
	}
	if (is_damaged)
	{
		reader->defect_field = damaged_field(reader);
		snprintf(reader->message, sizeof(reader->message),
				 "holds a character that could not be read (shown as U+FFFD); "
				 "save the file as \"CSV UTF-8\" or name its encoding");
		return "INVALID_ENCODING";
	}
	while (reader->next_row > 0 && reader->field_count < reader->header_fields)
		reader->fields[reader->field_count++] = text_of("");
	return NULL;
}

/* Prepare for the next record, leaving libcsv's state alone. */
static void
begin_record(struct csv_reader *reader)
{
	reader->scanned = 0;
	reader->first_line = UNKNOWN;
	reader->ended = false;
	reader->has_fault = false;
	reader->defect_field = WHOLE_RECORD;
	reader->field_count = 0;
	reader->values_length = 0;
}

static void
deliver(struct csv_reader *reader, struct record *record)
{
	record->row_number = reader->next_row;
	record->line_number = reader->record_line;
	record->defect_field = reader->defect_field;
	record->defect_message = record->defect_type != NULL ? reader->message : NULL;
	if (reader->next_row++ == 0)
		reader->header_fields = reader->needed_fields = record->field_count;
	if (!reader->take_record(reader->context, record))
		reader->stopped = true;
	begin_record(reader);
}

/* Deliver a record that was read to its end. */
static void
deliver_record(struct csv_reader *reader, struct text_view raw)
{
	struct record record = {.fields = reader->fields, .raw = raw};

	record.defect_type = find_defect(reader, raw);
	record.field_count = reader->field_count;
	deliver(reader, &record);
}

/*
 * Deliver a record that has a fault; raw is its first line, truncated if too
 * long.
 */
static void
deliver_fault(struct csv_reader *reader, struct text_view raw)
{
	struct record record = {
		.defect_type = "MALFORMED_ROW",
		.raw = raw,
	};

	feed_reset(&reader->parser);
	deliver(reader, &record);
}

/* ---------------------------------------------------------------------
 * Reading
 * ---------------------------------------------------------------------
 */

/* Return the first CR or LF, or NULL. */
static const char *
find_line_end(const char *data, size_t length)
{
	const char *lf = memchr(data, '\n', length);
	const char *cr = memchr(data, '\r', lf != NULL ? (size_t) (lf - data) : length);

	return cr != NULL ? cr : lf;
}

/* Count a line end, unless it is the LF of a CRLF. */
static void
count_line(struct csv_reader *reader, char line_end)
{
	if (!(line_end == '\n' && reader->after_cr))
		reader->line_number++;
	reader->after_cr = line_end == '\r';
}

/*
 * Between records, skip blank lines, the LF of a CRLF and the rest of an
 * overlong line.  Returns where the next record begins, or length.
 */
static size_t
skip_between_records(struct csv_reader *reader, const char *region, size_t start, size_t length)
{
	while (start < length)
	{
		const char *line_end = region + start;

		if (reader->skip_line)
		{
			line_end = find_line_end(line_end, length - start);
			if (line_end == NULL)
				return length;
			reader->skip_line = false;
		}
		else if (*line_end != '\n' && *line_end != '\r')
			break;
		count_line(reader, *line_end);
		start = line_end + 1 - region;
	}
	reader->after_cr = reader->after_cr && start == length;
	return start;
}

static void
feed(struct csv_reader *reader, const char *data, size_t length)
{
	reader->parsed_bytes += length;
	switch (feed_parse(&reader->parser, data, length, &reader->events))
	{
		case FEED_GOOD:
			break;
		case FEED_BAD_QUOTE:
			set_quote_fault(reader);
			break;
		case FEED_FIELD_TOO_LONG:
			set_cap_fault(reader, "field", ONBOARD_MAX_FIELD_BYTES);
			break;
		case FEED_OUT_OF_MEMORY:
			reader->out_of_memory = true;
			break;
	}
}

/*
 * Read the next line of the record, or the available part of it.  Feed it to
 * libcsv, unless the record has a fault and only the end of its first line is
 * needed.
 */
static void
read_line(struct csv_reader *reader, const char *record, size_t available)
{
	const char *line = record + reader->scanned;
	int64_t offset = reader->record_offset + reader->scanned;
	bool is_first = reader->first_line == UNKNOWN;
	size_t room = RECORD_WINDOW - reader->scanned;
	size_t length = available - reader->scanned;
	const char *line_end;

	if (reader->scanned == 0)
		reader->record_line = reader->field_line = reader->line_number;
	if (length > room)
		length = room;
	line_end = find_line_end(line, length);
	if (line_end != NULL)
		length = line_end + 1 - line;
	if (!reader->has_fault)
		feed(reader, line, length);
	reader->scanned += length;
	if (line_end != NULL && is_first)
		reader->first_line = reader->scanned - 1;
	if (!reader->ended && reader->scanned == RECORD_WINDOW)
		set_cap_fault(reader, "record", ONBOARD_MAX_RECORD_BYTES);
	if (reader->has_fault && !is_first)
		remember_doom(reader, offset, reader->line_number);
	else if (!reader->ended && line_end != NULL && is_first &&
			 offset + (int64_t) length <= reader->doomed_until)
		set_doomed_fault(reader);
	if (length > 1 || line_end == NULL)
		reader->after_cr = false;
	if (line_end != NULL)
		count_line(reader, *line_end);
}

/* Truncate to the limit, at a character boundary. */
static struct text_view
cut_raw(const char *record, size_t length)
{
	struct text_view raw = {record, length};

	raw.length = text_cut(raw, ONBOARD_MAX_RECORD_BYTES);
	return raw;
}

/*
 * Deliver a record that has a fault once its first line is complete, and
 * restart after that line.  Returns the number of bytes to advance by, or 0 if
 * more text is needed.
 */
static size_t
settle_fault(struct csv_reader *reader, const char *record)
{
	size_t first_line = reader->first_line;

	if (first_line != UNKNOWN)
	{
		reader->line_number = reader->record_line + 1;
		reader->after_cr = record[first_line] == '\r';
		deliver_fault(reader, cut_raw(record, first_line));
		return first_line + 1;
	}
	if (reader->scanned == RECORD_WINDOW)
	{
		reader->skip_line = true;
		reader->after_cr = false;
		deliver_fault(reader, cut_raw(record, RECORD_WINDOW));
		return RECORD_WINDOW;
	}
	return 0;
}

/* Return whether a line, read by itself, has as many fields as the header. */
static bool
could_be_row(const struct csv_reader *reader, const char *line, size_t length)
{
	int count = 1;
	bool is_quoted = false;

	for (size_t i = 0; i < length; i++)
	{
		if (line[i] == reader->quote && reader->quote != '\0')
			is_quoted = !is_quoted;
		else if (line[i] == reader->delimiter && !is_quoted)
			count++;
	}
	return fits_header(reader, count);
}

/*
 * Return whether a record of several lines that has ended with another number of
 * fields than the header has swallowed rows: a quote was not closed in its line,
 * and a later line happened to have one that closes it.
 */
static bool
hides_rows(const struct csv_reader *reader, const char *record, size_t length)
{
	size_t start = reader->first_line + 1;

	if (reader->next_row == 0 || fits_header(reader, reader->field_count) ||
		reader->record_offset < reader->doubted_until)
		return false;
	while (start < length)
	{
		const char *line_end = find_line_end(record + start, length - start);
		size_t size = line_end != NULL ? (size_t) (line_end - record) - start : length - start;

		if (size > 0 && could_be_row(reader, record + start, size))
			return true;
		start += size + 1;
	}
	return false;
}

/*
 * Deliver a record that libcsv has read to its end; size is its length with its
 * line end, if any.  Returns the number of bytes to advance by.
 */
static size_t
settle_record(struct csv_reader *reader, const char *record, size_t length, size_t size)
{
	size_t kept = length;

	if (reader->next_row > 0 && !reader->keeps_fields)
		kept = drop_empty_fields(reader, record, length);
	if (reader->first_line < length && hides_rows(reader, record, length))
	{
		reader->doubted_until = reader->record_offset + (int64_t) size;
		set_fault(reader, WHOLE_RECORD,
				  "the quote opened in line %" PRId64 " is not closed in its row: "
				  "with it, the record would have %d field%s, the header has %d",
				  reader->record_line, reader->field_count, reader->field_count == 1 ? "" : "s",
				  reader->header_fields);
		return settle_fault(reader, record);
	}
	deliver_record(reader, (struct text_view){record, kept});
	return size;
}

/*
 * Read all records that end in the region.  Returns the offset of the record
 * that does not end there; all of it has been scanned.
 */
static size_t
read_region(struct csv_reader *reader, const char *region, size_t length)
{
	size_t start = 0;

	while (!reader->stopped && !reader->out_of_memory)
	{
		if (reader->scanned == 0)
			start = skip_between_records(reader, region, start, length);
		if (start + reader->scanned == length)
			break;
		reader->record_offset = reader->region_offset + start;
		read_line(reader, region + start, length - start);
		if (reader->has_fault)
			start += settle_fault(reader, region + start);
		else if (reader->ended)
			start += settle_record(reader, region + start, reader->scanned - 1, reader->scanned);
	}
	return start;
}

/* Return whether reading can continue; sets *error if out of memory. */
static bool
can_continue(struct csv_reader *reader, struct glue_error *error)
{
	if (reader->out_of_memory)
		return glue_error_memory(error);
	return !reader->stopped;
}

/*
 * Continue the record in carry[]: append the next line of the text, or the
 * available part of it, and read on.  Returns the number of bytes appended.
 */
static size_t
read_carry(struct csv_reader *reader, struct text_view text)
{
	size_t added = RECORD_WINDOW - reader->carry_length;
	const char *line_end;
	size_t done;

	if (added > text.length)
		added = text.length;
	line_end = find_line_end(text.data, added);
	if (line_end != NULL)
		added = line_end + 1 - text.data;
	memcpy(reader->carry + reader->carry_length, text.data, added);
	reader->carry_length += added;
	reader->region_offset = reader->record_offset;
	done = read_region(reader, reader->carry, reader->carry_length);
	reader->carry_length -= done;
	memmove(reader->carry, reader->carry + done, reader->carry_length);
	return added;
}

bool
csv_reader_push(struct csv_reader *reader, struct text_view text, bool may_be_damaged,
				struct glue_error *error)
{
	glue_error_clear(error);
	reader->may_be_damaged = may_be_damaged || (reader->may_be_damaged && reader->carry_length > 0);
	while (text.length > 0 && can_continue(reader, error))
	{
		size_t done;

		if (reader->carry_length > 0)
			done = read_carry(reader, text);
		else
		{
			reader->region_offset = reader->taken;
			done = read_region(reader, text.data, text.length);
			if (!can_continue(reader, error))
				return false;
			reader->carry_length = text.length - done;
			memcpy(reader->carry, text.data + done, reader->carry_length);
			done = text.length;
		}
		reader->taken += done;
		text.data += done;
		text.length -= done;
	}
	return can_continue(reader, error);
}

/*
 * Complete the record in carry[] at the end of the text.  Returns the number
 * of bytes to advance by; the bytes after that must be read again.
 */
static size_t
settle_end(struct csv_reader *reader)
{
	size_t length = reader->carry_length;

	if (!reader->has_fault && feed_finish(&reader->parser, &reader->events) != FEED_GOOD)
	{
		remember_doom(reader, INT64_MAX, 0);
		set_doomed_fault(reader);
	}
	if (!reader->has_fault)
		return settle_record(reader, reader->carry, length, length);
	if (reader->first_line != UNKNOWN)
		return settle_fault(reader, reader->carry);
	deliver_fault(reader, (struct text_view){reader->carry, length});
	return length;
}

bool
csv_reader_finish(struct csv_reader *reader, struct glue_error *error)
{
	glue_error_clear(error);
	while (reader->carry_length > 0 && can_continue(reader, error))
	{
		size_t done = settle_end(reader);

		reader->region_offset = reader->record_offset + done;
		if (!reader->stopped)
			done += read_region(reader, reader->carry + done, reader->carry_length - done);
		reader->carry_length -= done;
		memmove(reader->carry, reader->carry + done, reader->carry_length);
	}
	return can_continue(reader, error);
}

struct csv_reader *
csv_reader_new(char delimiter, char quote, record_fn take_record, void *context,
			   struct glue_error *error)
{
	struct csv_reader *reader = glue_allocate_zero(sizeof(*reader));

	if (reader == NULL)
		goto error;
	feed_init(&reader->parser, delimiter, quote);
	reader->delimiter = delimiter;
	reader->quote = quote;
	reader->take_record = take_record;
	reader->context = context;
	reader->events = (struct feed_events){take_field, end_record, reader};
	reader->line_number = 1;
	reader->fields = glue_allocate(sizeof(*reader->fields) * ONBOARD_MAX_COLUMNS);
	reader->values = glue_allocate(RECORD_WINDOW);
	reader->carry = glue_allocate(RECORD_WINDOW);
	if (reader->fields == NULL || reader->values == NULL || reader->carry == NULL)
		goto error;
	begin_record(reader);
	return reader;

error:
	glue_error_memory(error);
	csv_reader_destroy(reader);
	return NULL;
}

void
csv_reader_destroy(struct csv_reader *reader)
{
	if (reader == NULL)
		return;
	feed_clean_up(&reader->parser);
	glue_release(reader->fields);
	glue_release(reader->values);
	glue_release(reader->carry);
	glue_release(reader);
}

void
csv_reader_begin_at(struct csv_reader *reader, int64_t row_number, int64_t line_number,
					int header_fields)
{
	reader->next_row = row_number;
	reader->line_number = line_number;
	reader->header_fields = reader->needed_fields = header_fields;
}

void
csv_reader_need_fields(struct csv_reader *reader, int needed_fields)
{
	reader->needed_fields = needed_fields;
}

void
csv_reader_keep_fields(struct csv_reader *reader)
{
	reader->keeps_fields = true;
}

int64_t
csv_reader_record_offset(const struct csv_reader *reader)
{
	return reader->record_offset;
}

bool
csv_reader_may_resume(const struct csv_reader *reader)
{
	return reader->record_offset >= reader->doomed_until &&
		   reader->record_offset >= reader->doubted_until;
}

int64_t
csv_reader_parsed_bytes(const struct csv_reader *reader)
{
	return reader->parsed_bytes;
}
