/*-------------------------------------------------------------------------
 *
 * json_out.h
 *	  Results for programs: one JSON document on standard output.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_JSON_OUT_H
#define GLUE_JSON_OUT_H

#include <stdint.h>

#include <cjson/cJSON.h>
#include <libpq-fe.h>

#include "base/failure.h"

/*
 * Print a document and delete it.  Control characters that JSON allows are
 * escaped too, as it may be a terminal that reads it.  A NULL document, one
 * that there was no memory for, is an error message.
 */
extern void json_out_print(cJSON *document);

/*
 * Add the member "error" that describes a failure: {"class", "code", "exit_code",
 * "message", "hint", "sqlstate"}, the last two null if there is none.  The rest of
 * what the server said, its DETAIL above all, may quote values of rows and is
 * left out.
 */
extern void json_add_error(cJSON *object, const struct glue_error *error, int exit_code);

/* Print a document of that member alone. */
extern void json_out_error(const struct glue_error *error, int exit_code);

/* Add a text, or null for NULL. */
extern void json_add_text(cJSON *object, const char *name, const char *text);

/*
 * Add a timestamptz, given as PostgreSQL prints it, in the form of
 * timestamp_rfc3339(); null for NULL and for what has no such form.
 */
extern void json_add_time(cJSON *object, const char *name, const char *text);

/* Add an integer; exact up to 2^53. */
extern void json_add_integer(cJSON *object, const char *name, int64_t number);

/*
 * Turn a result into an array of objects, one a row, by the names of its
 * columns: integers, numerics and booleans as such, a timestamptz as by
 * json_add_time(), the others as text.
 */
extern cJSON *json_of_result(const PGresult *result);

#endif /* GLUE_JSON_OUT_H */
