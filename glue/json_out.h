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

#include "error.h"

/*
 * Print a document and delete it.  Control characters that JSON allows are
 * escaped too, as it may be a terminal that reads it.  A NULL document, one
 * that there was no memory for, is an error message.
 */
extern void json_out_print(cJSON *document);

/* Print {"error": {"class": ..., "code": ..., "message": ...}}. */
extern void json_out_error(const struct glue_error *error);

/* Add a text, or null for NULL. */
extern void json_add_text(cJSON *object, const char *name, const char *text);

/* Add an integer; exact up to 2^53. */
extern void json_add_integer(cJSON *object, const char *name, int64_t number);

/*
 * Turn a result into an array of objects, one a row, by the names of its
 * columns: integers, numerics and booleans as such, the others as text.
 */
extern cJSON *json_of_result(const PGresult *result);

#endif							/* GLUE_JSON_OUT_H */
