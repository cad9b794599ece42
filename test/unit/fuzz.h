/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  Reads a file as a fuzz target does: all of it, and each byte of its records.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_FUZZ_H
#define ONBOARD_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "reader/formats.h"
#include "reader/header_map.h"

/* Unpacked bytes that a file may have: enough for any behaviour. */
#define FUZZ_MAX_BYTES (4 * 1024 * 1024)

/* So that the compiler keeps the reading. */
static volatile unsigned fuzz_sum;

static inline void
fuzz_touch(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fuzz_sum += (unsigned char) data[i];
}

/* A record_fn. */
static inline bool
fuzz_record(void *context, const struct record *record)
{
	(void) context;
	for (int i = 0; i < record->field_count; i++)
	{
		if (record->fields[i].data == NULL)
			abort();
		fuzz_touch(record->fields[i].data, record->fields[i].length);
	}
	fuzz_touch(record->raw.data, record->raw.length);
	if (record->defect_type != NULL)
		fuzz_touch(record->defect_message, strlen(record->defect_message));
	return true;
}

/* Read a file in two pieces. */
static inline void
fuzz_read(const char *bytes, size_t length)
{
	const struct row_source_options options = {
		.max_bytes = FUZZ_MAX_BYTES,
		.known = {header_map_is_heading, NULL, NULL},
	};
	struct row_source_events events = {fuzz_record, fuzz_record, NULL};
	struct glue_error error;
	struct row_source *source = formats_open(&options, &events, &error);
	struct row_source_found found;

	if (row_source_push(source, bytes, length / 2, &error) &&
		row_source_push(source, bytes + length / 2, length - length / 2, &error))
		row_source_finish(source, &error);
	row_source_found(source, &found);
	fuzz_touch(found.format, strlen(found.format));
	row_source_destroy(source);
}

#endif /* ONBOARD_FUZZ_H */
