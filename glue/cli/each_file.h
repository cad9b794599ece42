/*-------------------------------------------------------------------------
 *
 * each_file.h
 *	  Run a command on each file that it names.
 *
 * Each file is read and reported by itself, so a command only implements the
 * processing of one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_EACH_FILE_H
#define GLUE_EACH_FILE_H

#include "cli/options.h"
#include "cli/summary.h"

/*
 * Process one file, named by the first operand, of the vendor options->vendor,
 * and print the result.  Adds its rows to the total, and returns the exit code.
 */
typedef int (*each_file_fn)(const struct options *options, struct summary_total *total);

/*
 * Call the function for each file of the operands, see file_list.h, with the
 * vendor given or else the one in the file's name.  Returns the highest exit code.
 *
 * If the operands are more than one file, each result is one line, or an element
 * of a JSON array, messages begin with the file's name, and a total comes last.  A
 * file that is refused does not affect the others; after a failure of the database
 * or the system, or Ctrl-C, the files that are left are not read.
 */
extern int each_file(const struct options *options, each_file_fn run);

#endif /* GLUE_EACH_FILE_H */
