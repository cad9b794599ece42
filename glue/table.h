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
 */
extern void table_print(const PGresult *result);

#endif							/* GLUE_TABLE_H */
