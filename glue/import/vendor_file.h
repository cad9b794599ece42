/*-------------------------------------------------------------------------
 *
 * vendor_file.h
 *	  A vendor's file on its way in: opened, scanned, then read for its rows.
 *
 * What load and check have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VENDOR_FILE_H
#define GLUE_VENDOR_FILE_H

#include <stdbool.h>

#include "base/failure.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "import/input.h"
#include "reader/record.h"
#include "reader/scan.h"

/*
 * Bytes of a content id: that of the scan, what else the file is read with, and
 * room for the number of upload_choose_content().
 */
#define VENDOR_FILE_CONTENT_ID_SIZE (SCAN_CONTENT_ID_SIZE + DECODE_NAME_SIZE + 128)

/* Owns input and scan: vendor_file_clean_up().  found.map is scan's. */
struct vendor_file
{
	const struct options *options;
	struct input input;
	struct scan *scan;
	struct scan_result found;
	char content_id[VENDOR_FILE_CONTENT_ID_SIZE]; /* "" when not all of the
															 * file was read */
};

/*
 * Open the file of the first operand.  File fault when it cannot be read, or
 * when its name says that it is another vendor's.
 */
extern bool
vendor_file_open(struct vendor_file *file, const struct options *options, struct glue_error *error);

/*
 * Read it for faults; fills found and content_id in either case.
 *
 * The content id says what the file is, by content and name, and how it is read:
 * another reading gives other rows and is another upload.  The defaults, comma and
 * UTF-8, add nothing to it.  What counts is what the file is read with in the end:
 * it makes no difference whether a delimiter was detected or given, nor by which
 * of two limits the file was accepted.  A limit that refuses the file is part of
 * the content id.
 */
extern bool vendor_file_scan(struct vendor_file *file, struct glue_error *error);

/*
 * Read it for its rows.  Results as row_reader_push(): false without an error
 * when take_row returned false.
 */
extern bool vendor_file_read(struct vendor_file *file, record_fn take_row, void *context,
							 struct glue_error *error);

/*
 * A fault as the user of the program is told it: with the option that lifts a
 * limit.  The vendor, who gets the fault's own text by mail, has no options.
 */
extern struct glue_error
vendor_file_advice(const struct vendor_file *file, const struct glue_error *fault);

/* Accepts a zeroed file. */
extern void vendor_file_clean_up(struct vendor_file *file);

#endif /* GLUE_VENDOR_FILE_H */
