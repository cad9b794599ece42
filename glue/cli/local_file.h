/*-------------------------------------------------------------------------
 *
 * local_file.h
 *	  Open the file that load, check and diff read, according to the options.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LOCAL_FILE_H
#define GLUE_LOCAL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "cli/options.h"
#include "import/file_source.h"
#include "import/vendor_file.h"

/* Owns source and file; free with local_file_close(). */
struct local_file
{
	const struct options *options;
	struct file_source source;
	struct vendor_file file;
};

/*
 * Open the file named by the first operand.  File fault if it cannot be read or
 * its name belongs to another vendor.
 */
extern bool
local_file_open(struct local_file *local, const struct options *options, struct glue_error *error);

/* Close the file; accepts a zeroed one and one whose opening failed. */
extern void local_file_close(struct local_file *local);

/*
 * Find the time that the contents are of, in microseconds since 1970: the given
 * one, else that in the file's name, else when the file was written.  Returns
 * false for standard input, which may have none.
 */
extern bool local_file_source_time(const struct local_file *local, int64_t *moment);

/*
 * Return the fault as reported to the user, with the option that lifts the
 * limit, names the encoding or reads the columns.  The vendor's mail quotes the original text,
 * because the vendor has no options to set.
 */
extern struct glue_error
local_file_advice(const struct local_file *local, const struct glue_error *fault);

/*
 * Return whether a fault that the first reading found comes from the given options
 * and not from the file: it exceeds a limit that they set, or is not refused for
 * this reason if delimiter and encoding are detected.  To find that out, the file
 * is read once more.
 */
extern bool local_file_is_slip(struct local_file *local, const struct glue_error *fault);

/*
 * Print a note about the empty rows at the end of the file, which are ignored;
 * called after the first reading.
 */
extern void local_file_note_empty_rows(const struct local_file *local);

#endif /* GLUE_LOCAL_FILE_H */
