/*-------------------------------------------------------------------------
 *
 * json_out.h
 *	  Print results for programs: one JSON document on standard output.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_JSON_OUT_H
#define GLUE_JSON_OUT_H

#include <stdint.h>

#include <cjson/cJSON.h>
#include <libpq-fe.h>

#include "base/failure.h"
#include "shared/text.h"

/*
 * Print a document and delete it.  Also escapes the control characters that
 * JSON allows, because the output may be a terminal.  A NULL document, left by
 * a failed allocation, prints an error message instead.
 */
extern void json_out_print(cJSON *document);

/*
 * Print the documents that follow as elements of an array, each as soon as it is
 * complete, until json_out_end_list().
 */
extern void json_out_begin_list(void);
extern void json_out_end_list(void);

/*
 * Add the member "error" that describes a failure: {"class", "code",
 * "exit_code", "message", "hint", "sqlstate"}; the last two may be null.  Omits
 * the server's other fields, notably DETAIL, because they may quote row values.
 */
extern void json_add_error(cJSON *object, const struct glue_error *error, int exit_code);

/*
 * Print a document that holds only that member and, in a list, the member
 * "file_name", which is the subject of the messages.
 */
extern void json_out_error(const struct glue_error *error, int exit_code);

/* Add a string; NULL becomes null. */
extern void json_add_text(cJSON *object, const char *name, const char *text);

/* Add a text that need not end with NUL. */
extern void json_add_view(cJSON *object, const char *name, struct text_view text);

/*
 * Convert a timestamptz from PostgreSQL's output format with
 * timestamp_rfc3339() and add it; null for NULL and for values that RFC 3339
 * cannot express.
 */
extern void json_add_time(cJSON *object, const char *name, const char *text);

/* Add an integer; exact up to 2^53. */
extern void json_add_integer(cJSON *object, const char *name, int64_t number);

/*
 * Convert a result to an array of objects, one per row, keyed by column name.
 * Integers, numerics, booleans and jsonb keep their type, timestamptz is added
 * as by json_add_time(), all other types as text.
 */
extern cJSON *json_of_result(const PGresult *result);

#endif /* GLUE_JSON_OUT_H */
