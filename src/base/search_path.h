/*-------------------------------------------------------------------------
 *
 * search_path.h
 *	  Where names in users' triggers and policies are looked up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SEARCH_PATH_H
#define ONBOARD_SEARCH_PATH_H

#include "postgres.h"

/* A schema that is not searched, and a role that is the reason. */
typedef struct OpenSchema
{
	char name[NAMEDATALEN];
	Oid role;      /* ACL_ID_PUBLIC for PUBLIC */
	bool by_grant; /* the role was granted CREATE; otherwise it owns the schema */
	Oid owner;     /* the role the code runs as */
} OpenSchema;

#define SEARCH_PATH_SCHEMAS 2

/* Size of search_path_remedy(): two quoted names and the rest. */
#define SEARCH_PATH_REMEDY_SIZE (4 * NAMEDATALEN + 64)

/*
 * Return the search_path for code that runs as the owner: "$user" and public,
 * except where a role may create objects that could not become the owner anyway,
 * then pg_temp.  Returns a static string.  Fills open with the schemas left out
 * and sets *open_count.
 */
extern const char *
search_path_for(Oid owner, OpenSchema open[SEARCH_PATH_SCHEMAS], int *open_count);

/*
 * Raise an error if a temporary object of the session would be used in place of
 * one in a schema left out.
 */
extern void search_path_check_temporary(const OpenSchema *open, int open_count);

/* Return the statement after which the schema is searched again, palloc'd. */
extern char *search_path_remedy(const OpenSchema *open);

#endif /* ONBOARD_SEARCH_PATH_H */
