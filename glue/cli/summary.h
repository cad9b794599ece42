/*-------------------------------------------------------------------------
 *
 * summary.h
 *	  Print the result of a load or check, for people or for programs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SUMMARY_H
#define GLUE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cli/causes.h"
#include "cli/line.h"
#include "cli/options.h"
#include "import/upload.h"
#include "report/report_files.h"

/* All pointers are borrowed. */
struct summary
{
	const char *file_name;
	const char *vendor_id;
	const struct upload *upload; /* NULL for a dry run */
	int64_t total;
	int64_t valid;
	int64_t errors;
	int64_t milliseconds; /* elapsed; 0 if nothing was done */
	int64_t resumed_rows; /* done by an earlier run */
	int64_t skipped_rows; /* skipped by the map; in no other count */
	const char *map_name; /* with which the file was read; NULL: none */
	bool loaded_before;
	const struct causes *causes;
	const struct report_files *files; /* NULL for none */
	const char *errors_path;          /* the error file of a dry run, or NULL */
	const struct glue_error *problem; /* why files is NULL, or NULL */
};

/* The total of several files.  */
struct summary_total
{
	bool is_dry; /* nothing was written */
	int files;
	int refused;
	int64_t total;
	int64_t valid;
	int64_t errors;
};

/* Add the rows of a file. */
extern void summary_add(struct summary_total *total, const struct summary *summary);

/* Print the total on one line. */
extern void summary_print_total(const struct summary_total *total);

/*
 * Print a summary, as text or, with options->json, as JSON.  Returns the exit
 * code.  The caller must have called upload_read_held().
 */
extern int summary_print(const struct summary *summary, const struct options *options);

/*
 * Print at most limit causes (0: all), most frequent first, under a heading;
 * above them what to do about the main cause.  Prints nothing if there are none.
 */
extern void summary_print_causes(const struct causes *causes, int limit);

/* Print how many records the map skipped, if any. */
extern void summary_print_skipped(int64_t skipped_rows, const char *map_name);

/* Return the causes as a JSON array. */
extern cJSON *summary_json_causes(const struct causes *causes);

/*
 * Add what valid rows did, such as "2 updated, 1 unchanged"; nothing if there
 * are none.  Actions are indexed by enum row_action.
 */
extern void summary_add_actions(struct line *line, const int64_t *actions);

/*
 * Add the mode of an upload, the counts of its actions and of the products that
 * a replace discontinued to a JSON object, as upload_history names them.
 */
extern void
summary_json_actions(cJSON *object, enum upload_mode mode, const int64_t *actions, int64_t missing);

/*
 * Format as "2025-12-21 03:42" in the local time zone. buffer holds
 * SUMMARY_TIME_SIZE bytes and is returned.
 */
#define SUMMARY_TIME_SIZE 64
extern const char *summary_time(char *buffer, int64_t seconds);

#endif /* GLUE_SUMMARY_H */
