/*-------------------------------------------------------------------------
 *
 * table.h
 *	  A query's result as a table for people.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_TABLE_H
#define GLUE_TABLE_H

#include <libpq-fe.h>

/*
 * Print a result on standard output: its column names as headings, with
 * underscores as blanks; numbers right-aligned, and grouped by thousands when
 * they are integers.  Columns named "..._at" hold seconds since 1970.
 *
 * On a terminal, a table that is too wide loses columns: first those named in
 * droppable (NULL at its end; may be NULL), in that order, which is least
 * important first, then others from the right, never the first.  Texts that
 * are still too long are cut.
 */
extern void table_print(const PGresult *result, const char *const *droppable);

#endif /* GLUE_TABLE_H */
