/*-------------------------------------------------------------------------
 *
 * list.h
 *	  Print the rows of a query, for people or for programs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LIST_H
#define GLUE_LIST_H

#include "cli/options.h"
#include "database/database.h"

/* All pointers are borrowed. */
struct list
{
	const char *table_query;      /* see table_print() for its columns */
	const char *json_query;       /* for --json */
	const char *nothing;          /* printed instead of an empty table; may be NULL */
	const char *const *droppable; /* columns of the table; see table_print() */
	int count;                    /* number of parameters, the same for both queries */
	const char *const *values;
};

/*
 * Run the query for the requested format and print its rows.  Reports any
 * failure itself; returns the exit code.
 */
extern int
list_print(struct database *database, const struct options *options, const struct list *list);

/* Likewise, with its own connection, for a command that does nothing else. */
extern int list_command(const struct options *options, const struct list *list);

#endif /* GLUE_LIST_H */
