/*-------------------------------------------------------------------------
 *
 * not_found.h
 *	  Errors about names that the database does not have, with a suggestion.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_NOT_FOUND_H
#define GLUE_NOT_FOUND_H

#include <stdbool.h>

#include "base/failure.h"
#include "database/database.h"

enum not_found_kind
{
	NOT_FOUND_VENDOR,
	NOT_FOUND_UPLOAD,
	NOT_FOUND_CATEGORY
};

/*
 * Fill *error with class GLUE_NOT_FOUND and the code of the kind: there is none
 * of this name; did you mean that one?  Only what the login may see is ever
 * suggested.  Queries the database, outside of transactions; if that fails, there
 * is no suggestion.  Always returns false.
 */
extern bool not_found(struct database *database, enum not_found_kind kind, const char *name,
					  struct glue_error *error);

#endif /* GLUE_NOT_FOUND_H */
