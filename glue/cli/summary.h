/*-------------------------------------------------------------------------
 *
 * summary.h
 *	  What came of a file, for people and for programs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SUMMARY_H
#define GLUE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cli/causes.h"
#include "cli/options.h"
#include "import/upload.h"
#include "report/report_files.h"

/* All borrowed. */
struct summary
{
	const char *file_name;
	const char *vendor_id;
	const struct upload *upload; /* NULL for a dry run */
	int64_t total;
	int64_t valid;
	int64_t errors;
	int64_t milliseconds; /* that it took now; 0 when nothing was done */
	int64_t resumed_rows; /* that an earlier run had done */
	bool loaded_before;
	const struct causes *causes;
	const struct report_files *files; /* NULL for none */
	const char *errors_path;          /* of a dry run's error file, or NULL */
	const struct glue_error *problem; /* why files are NULL, or NULL */
};

/* Print it, as text or with options->json as a document.  Returns the exit code. */
extern int summary_print(const struct summary *summary, const struct options *options);

/* Print the causes, most rows first, at most limit of them (0: all). */
extern void summary_print_causes(const struct causes *causes, int limit);

/* The causes as a JSON array. */
extern cJSON *summary_json_causes(const struct causes *causes);

/*
 * "2025-12-21 03:42" in the local time zone; buffer holds SUMMARY_TIME_SIZE.
 * Returns it.
 */
#define SUMMARY_TIME_SIZE 64
extern const char *summary_time(char *buffer, int64_t seconds);

#endif /* GLUE_SUMMARY_H */
