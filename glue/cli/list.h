/*-------------------------------------------------------------------------
 *
 * list.h
 *	  What a command lists: rows of a query, for people or for programs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LIST_H
#define GLUE_LIST_H

#include "cli/options.h"
#include "database/database.h"

/* All borrowed. */
struct list
{
	const char *table_query;      /* see table_print() for its columns */
	const char *json_query;       /* for --json */
	const char *nothing;          /* in place of a table without rows; may be NULL */
	const char *const *droppable; /* columns of the table; see table_print() */
	int count;                    /* parameters, of both queries */
	const char *const *values;
};

/*
 * Run the query that the options ask for and print its rows.  Returns the exit
 * code; a failure has been told then.
 */
extern int
list_print(struct database *database, const struct options *options, const struct list *list);

/* The same for a command that does nothing else: with a connection of its own. */
extern int list_command(const struct options *options, const struct list *list);

#endif /* GLUE_LIST_H */
