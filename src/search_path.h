/*-------------------------------------------------------------------------
 *
 * search_path.h
 *	  Where the names in others' triggers and policies are looked up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SEARCH_PATH_H
#define ONBOARD_SEARCH_PATH_H

#include "postgres.h"

#define SEARCH_PATH_NOTE_SIZE (3 * NAMEDATALEN + 100)

/* A schema that is not looked into, and a role because of which it is not. */
typedef struct OpenSchema
{
	char		name[NAMEDATALEN];
	Oid			role;			/* ACL_ID_PUBLIC for everybody */
	bool		by_grant;		/* it was given CREATE; else it owns the schema */
	Oid			owner;			/* whose code must not be led there */
} OpenSchema;

#define SEARCH_PATH_SCHEMAS 2

/*
 * The search_path for code that runs as the owner: "$user" and public, as far as
 * nobody may create there who could not become the owner anyway, then pg_temp.
 * A static string.  Fills open with the schemas left out and sets *open_count.
 */
extern const char *search_path_for(Oid owner, OpenSchema open[SEARCH_PATH_SCHEMAS],
								   int *open_count);

/*
 * Raise an error when a temporary object of the session would be found in the
 * place of one in a schema left out.
 */
extern void search_path_check_temporary(const OpenSchema *open, int open_count);

/* How to let a schema be looked into again, as a statement.  In the current context. */
extern char *search_path_remedy(const OpenSchema *open);

#endif							/* ONBOARD_SEARCH_PATH_H */
