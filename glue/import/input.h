/*-------------------------------------------------------------------------
 *
 * input.h
 *	  The file that a command reads, twice.
 *
 * What cannot be read twice (standard input, a pipe) is spooled into a nameless
 * temporary file while it is read the first time.  Memory is flat.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_INPUT_H
#define GLUE_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/failure.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "reader/row_reader.h"
#include "reader/scan.h"

/* Owns the descriptors and the texts: input_clean_up(). */
struct input
{
	int descriptor;     /* what is read the first time */
	int spool;          /* what is read the second time */
	bool is_spooled;    /* they differ */
	char *name;         /* without folders, valid UTF-8 */
	char *path;         /* absolute, valid UTF-8; NULL for no file */
	struct stat opened; /* as it was before the first reading */
};

/*
 * Open the file that the operand names ("-" is standard input).  A file fault
 * says what is the matter with it.  *input is filled by it, not read before.
 */
extern bool input_open(struct input *input, const char *operand, const struct options *options,
					   struct glue_error *error);

/* Accepts a zeroed input and one that could not be opened. */
extern void input_clean_up(struct input *input);

/*
 * Read it the first time, through scan.  False on the scan's faults, with
 * *result filled; *content_known says whether all of the file was read, so
 * that result->content_id stands for it.
 */
extern bool input_scan(struct input *input, struct scan *scan, struct progress *progress,
					   struct scan_result *result, bool *content_known, struct glue_error *error);

/*
 * Read it again, from its beginning, through reader.  Results as
 * row_reader_push(); infrastructure error on trouble with the file.
 */
extern bool input_read(struct input *input, struct row_reader *reader, struct glue_error *error);

/* Whether somebody wrote to the file, or replaced it, since it was opened. */
extern bool input_changed(const struct input *input);

#endif /* GLUE_INPUT_H */
