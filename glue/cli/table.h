/*-------------------------------------------------------------------------
 *
 * table.h
 *	  Print a query result as a table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_TABLE_H
#define GLUE_TABLE_H

#include <libpq-fe.h>

/*
 * Print a result on standard output.  Column names become headings, with
 * underscores as blanks.  Numbers are right-aligned, and integers have
 * thousands separators.  Columns named "..._at" hold seconds since 1970.
 *
 * On a terminal, a table that is too wide loses columns: first those named in
 * droppable (least important first, NULL-terminated; may be NULL), then others
 * from the right, but never the first.  Text that still does not fit is
 * truncated.
 */
extern void table_print(const PGresult *result, const char *const *droppable);

#endif /* GLUE_TABLE_H */
