/*-------------------------------------------------------------------------
 *
 * not_found.h
 *	  Report names that do not exist in the database, with a suggestion.
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
	NOT_FOUND_CATEGORY,
	NOT_FOUND_SKU
};

/*
 * Fill *error with class GLUE_NOT_FOUND and the code of the kind, suggesting a
 * similar name.  Suggests only names visible to the login.  Queries the
 * database, so must be called outside a transaction; if the query fails,
 * nothing is suggested.  Always returns false.
 */
extern bool not_found(struct database *database, enum not_found_kind kind, const char *name,
					  struct glue_error *error);

/* Likewise, for a map of a vendor or a preset: UNKNOWN_MAP. */
extern bool not_found_map(struct database *database, const char *vendor_id, const char *name,
						  struct glue_error *error);

#endif /* GLUE_NOT_FOUND_H */
