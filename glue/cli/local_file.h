/*-------------------------------------------------------------------------
 *
 * local_file.h
 *	  The file that load and check read, as the options say.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LOCAL_FILE_H
#define GLUE_LOCAL_FILE_H

#include <stdbool.h>

#include "base/failure.h"
#include "cli/options.h"
#include "import/file_source.h"
#include "import/vendor_file.h"

/* Owns source and file: local_file_close(). */
struct local_file
{
	const struct options *options;
	struct file_source source;
	struct vendor_file file;
};

/*
 * Open the file of the first operand.  File fault when it cannot be read, or
 * when its name says that it is another vendor's.
 */
extern bool
local_file_open(struct local_file *local, const struct options *options, struct glue_error *error);

/* Accepts a zeroed file and one that could not be opened. */
extern void local_file_close(struct local_file *local);

/*
 * A fault as the user of the program is told it: with the option that lifts a
 * limit.  The vendor, who gets the fault's own text by mail, has no options.
 */
extern struct glue_error
local_file_advice(const struct local_file *local, const struct glue_error *fault);

#endif /* GLUE_LOCAL_FILE_H */
