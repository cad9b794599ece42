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

#include "csv_reader.h"
#include "error.h"
#include "input.h"
#include "options.h"
#include "progress.h"
#include "scan.h"

/* Owns input and scan: vendor_file_clean_up().  found.header is scan's. */
struct vendor_file
{
	const struct options *options;
	struct input input;
	struct scan *scan;
	struct scan_result found;
	bool		content_known;	/* found.content_id stands for the whole file */
};

/*
 * Open the file of the first operand.  File fault when it cannot be read, or
 * when its name says that it is another vendor's.
 */
extern bool vendor_file_open(struct vendor_file *file, const struct options *options,
							 struct glue_error *error);

/* Read it for faults; fills found in either case. */
extern bool vendor_file_scan(struct vendor_file *file, struct glue_error *error);

/*
 * Read it for its rows.  Results as csv_source_push(): false without an error
 * when record_fn stopped it.
 */
extern bool vendor_file_read(struct vendor_file *file, csv_record_fn record_fn,
							 void *context, struct glue_error *error);

/*
 * A fault as the user of the program is told it: with the option that lifts a
 * limit.  The vendor, who gets the fault's own text by mail, has no options.
 */
extern struct glue_error vendor_file_advice(const struct vendor_file *file,
											const struct glue_error *fault);

/* Accepts a zeroed file. */
extern void vendor_file_clean_up(struct vendor_file *file);

#endif							/* GLUE_VENDOR_FILE_H */
