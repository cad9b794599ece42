/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  The first pass over a file: is it fit to be loaded, and what is it.
 *
 * A file is read twice, so that nothing is ever half loaded: the scan finds
 * every file fault, counts, and hashes; then a row_reader hands out the rows.
 * Bytes are pushed, so a caller can spool standard input meanwhile.
 *
 *	  struct scan *scan = scan_new(&options, &limits, "file.csv", &error);
 *
 *	  while (read a chunk && scan_push(scan, chunk, length, &error))
 *		  ;
 *	  if (scan_finish(scan, &result, &error)) ...
 *	  scan_destroy(scan);
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SCAN_H
#define GLUE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/decode.h"
#include "reader/row_reader.h"

#define SCAN_DEFAULT_MAX_BYTES (INT64_C(10) * 1024 * 1024)
#define SCAN_DEFAULT_MAX_ROWS INT64_C(10000)

/* 0 means none. */
struct scan_limits
{
	int64_t max_bytes;
	int64_t max_rows;
};

#define SCAN_DEFAULT_LIMITS                           \
	{                                                 \
		SCAN_DEFAULT_MAX_BYTES, SCAN_DEFAULT_MAX_ROWS \
	}

/* Hexadecimal digits of a SHA-256 and the terminating NUL. */
#define SCAN_CONTENT_ID_SIZE 65

/* Owns nothing; map is borrowed from the scan. */
struct scan_result
{
	int64_t byte_count;   /* of the file as it is, all that was pushed */
	int64_t row_count;    /* records below the header, defects included */
	int64_t defect_count; /* rows with a defect */

	/* SHA-256 over content, one NUL, file name. */
	char content_id[SCAN_CONTENT_ID_SIZE];

	/* As in struct row_source_found; delimiter is 0 without a map. */
	const char *format;
	char encoding[DECODE_NAME_SIZE];
	char delimiter;

	/* NULL when the header was not understood; until scan_destroy(). */
	const struct column_map *map;
};

/* Opaque. */
struct scan;

/*
 * A new scan.  options NULL: find out; limits NULL: the defaults; file_name
 * NULL: "".  None is kept beyond the call, except that the name is hashed at
 * the end (it is copied).  The caller owns the result: scan_destroy().  NULL
 * on the errors of row_reader_open().
 */
extern struct scan *
scan_new(const struct row_source_options *options, const struct scan_limits *limits,
		 const char *file_name, struct glue_error *error);

/* NULL is accepted. */
extern void scan_destroy(struct scan *scan);

/*
 * The next bytes, borrowed for the call.  Returns false once the file cannot
 * be loaded: the file faults of row_reader_push(), FILE_TOO_LARGE,
 * TOO_MANY_ROWS, or OUT_OF_MEMORY.  A caller that wants the content_id of a
 * refused file pushes the rest all the same: it is counted and hashed, not
 * read, and each call returns false with the same error.
 */
extern bool
scan_push(struct scan *scan, const char *bytes, size_t length, struct glue_error *error);

/*
 * The file ended.  Returns false with the fault that scan_push() found, or
 * EMPTY_FILE, NO_ROWS, or another that only the end shows.  *result is filled
 * in either case with what was found in the bytes pushed.
 */
extern bool scan_finish(struct scan *scan, struct scan_result *result, struct glue_error *error);

#endif /* GLUE_SCAN_H */
