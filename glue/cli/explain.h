/*-------------------------------------------------------------------------
 *
 * explain.h
 *	  Print the page for vendors: how to prepare a file, what each message means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_EXPLAIN_H
#define GLUE_EXPLAIN_H

#include <stdbool.h>

#include "base/failure.h"
#include "database/database.h"

/*
 * Print the page in Markdown, in a language such as "de", with the categories that
 * are active now.  A text that the language lacks is in English.
 */
extern bool
explain_print(struct database *database, const char *language, struct glue_error *error);

#endif /* GLUE_EXPLAIN_H */
