/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  The first pass over a file: validates, counts and hashes it.
 *
 * A file is read twice, so that it is never partially loaded: the scan finds
 * every file fault, counts rows and hashes the file; then a row_reader returns
 * the rows.  Bytes are pushed, so that a caller can spool standard input at
 * the same time.
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
#include "reader/sheet_rows.h"

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

/* Size of a SHA-256 in hexadecimal digits, including the terminating NUL. */
#define SCAN_CONTENT_ID_SIZE 65

/* Owns nothing; map is borrowed from the scan. */
struct scan_result
{
	int64_t byte_count;   /* all bytes that were pushed */
	int64_t row_count;    /* records after the header, including those with a defect */
	int64_t defect_count; /* rows with a defect, except for those that a map makes too large */
	int64_t empty_rows;   /* at the end of the file, ignored */
	int64_t skipped_rows; /* left out by the vendor's map, and not counted above */
	struct sheet_rows sheet_rows;

	/* SHA-256 over content, a NUL and the file name. */
	char content_id[SCAN_CONTENT_ID_SIZE];

	/* As in struct row_source_found; delimiter is 0 if map is NULL. */
	const char *format;
	const char *compression;
	char encoding[DECODE_NAME_SIZE];
	bool encoding_mattered; /* it is UTF-8, and was named; else the file would be refused */
	char delimiter;
	enum quote_sign quote;

	/* The encoding of a file refused as WRONG_ENCODING, if known; else "". */
	char encoding_guess[DECODE_NAME_SIZE];
	const char *sheet; /* valid until scan_destroy() */
	int sheet_number;

	/* NULL if the header was not mapped; valid until scan_destroy(). */
	const struct header_map *map;

	/* As of row_reader_refused_header(); valid until scan_destroy(). */
	const struct record *refused_header;
};

/* Opaque. */
struct scan;

/*
 * Create a scan.  NULL options: detect everything; NULL limits: the defaults;
 * NULL file_name: "".  With the encoding "auto" (encoding_is_auto), the file is
 * read as UTF-8, and refused as WRONG_ENCODING with a guess if it is not.  The
 * arguments need not outlive the call.  The caller must call scan_destroy().
 * Returns NULL on the errors of row_reader_open().
 */
extern struct scan *
scan_new(const struct row_source_options *options, const struct scan_limits *limits,
		 const char *file_name, struct glue_error *error);

/* Free the scan; NULL is accepted. */
extern void scan_destroy(struct scan *scan);

/* Like row_reader_need(). */
extern void scan_need(struct scan *scan, const struct column_needs *needs);

/*
 * Scan the next bytes, borrowed for the call.  Returns false once the file
 * cannot be loaded: the file faults of row_reader_push(), FILE_TOO_LARGE,
 * TOO_MANY_ROWS, or OUT_OF_MEMORY.  To obtain the content_id of a refused
 * file, push the rest anyway: it is counted and hashed but not read, and each
 * call returns false with the same error.
 */
extern bool
scan_push(struct scan *scan, const char *bytes, size_t length, struct glue_error *error);

/*
 * Return whether no further byte can change the fault of a refused file.  The
 * encoding of a file with a fault in its header depends on all of it.
 */
extern bool scan_is_settled(const struct scan *scan);

/*
 * End the file.  Returns false with the fault that scan_push() reported, or
 * EMPTY_FILE, NO_ROWS, WRONG_ENCODING, or another fault that is only detected at
 * the end.  WRONG_ENCODING takes the place of a fault of the header.
 * *result is filled in either case from the bytes pushed.
 */
extern bool scan_finish(struct scan *scan, struct scan_result *result, struct glue_error *error);

#endif /* GLUE_SCAN_H */
