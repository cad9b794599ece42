/*-------------------------------------------------------------------------
 *
 * search_path.h
 *	  Where the names in users' triggers and policies are looked up.
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
	Oid role;      /* ACL_ID_PUBLIC for everybody */
	bool by_grant; /* it was granted CREATE; else it owns the schema */
	Oid owner;     /* as whom the code runs */
} OpenSchema;

#define SEARCH_PATH_SCHEMAS 2

/* Bytes of search_path_remedy(): two names, each in quotes, and the rest. */
#define SEARCH_PATH_REMEDY_SIZE (4 * NAMEDATALEN + 64)

/*
 * The search_path for code that runs as the owner: "$user" and public, unless a
 * role may create there that could not become the owner anyway, then pg_temp.
 * A static string.  Fills open with the schemas left out and sets *open_count.
 */
extern const char *
search_path_for(Oid owner, OpenSchema open[SEARCH_PATH_SCHEMAS], int *open_count);

/*
 * Raise an error when a temporary object of the session would be used in place of
 * one in a schema left out.
 */
extern void search_path_check_temporary(const OpenSchema *open, int open_count);

/* The statement after which a schema is searched again.  In the current context. */
extern char *search_path_remedy(const OpenSchema *open);

#endif /* ONBOARD_SEARCH_PATH_H */
