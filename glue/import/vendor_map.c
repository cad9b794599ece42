/*-------------------------------------------------------------------------
 *
 * vendor_map.c
 *	  The column map that a vendor's file is read with, from the database.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "import/vendor_map.h"

/* The frozen map of the upload of this content, or the map to begin one with. */
#define CHOOSE                                                                                  \
	"SELECT CASE WHEN f.upload_id IS NOT NULL THEN onboard_upload_map(f.upload_id)"             \
	" WHEN $2::text IS DISTINCT FROM '" VENDOR_MAP_NONE "'"                                     \
	" THEN onboard_map($1::text, $2::text) END"                                                 \
	" FROM (SELECT CASE WHEN $3::text IS NOT NULL THEN onboard_find_upload($1::text, $3::text)" \
	" END) f (upload_id)"

/*
 * Run a query and parse the document that it returns; null means no map.
 */
static bool
query_map(struct database *database, const char *query, int count, const char *const *values,
		  struct file_map **map, struct glue_error *error)
{
	PGresult *result = NULL;
	bool is_null;

	*map = NULL;
	if (!database_query(database, RUN_AGAIN, query, count, values, &result, error))
		return false;
	is_null = PQgetisnull(result, 0, 0);
	if (!is_null)
		*map = file_map_parse(PQgetvalue(result, 0, 0), error);
	PQclear(result);
	return is_null || *map != NULL;
}

/*
 * Explain why there is no map: the vendor does not exist, or else no map has the name.
 */
static bool
explain_choice(struct database *database, const char *vendor_id, const char *name,
			   struct glue_error *error)
{
	if (strcmp(error->code, POSTGRES_UNDEFINED_OBJECT) != 0)
		return false;
	(void) upload_explain_unknown_vendor(database, vendor_id, error);
	if (strcmp(error->code, POSTGRES_UNDEFINED_OBJECT) != 0 || name == NULL)
		return false;
	return glue_error_set(error, GLUE_NOT_FOUND, UNKNOWN_MAP, "map \"%s\" does not exist", name);
}

bool
vendor_map_choose(struct database *database, const char *vendor_id, const char *name,
				  const char *content_id, struct file_map **map, struct glue_error *error)
{
	const char *const values[] = {vendor_id, name, content_id};

	return query_map(database, CHOOSE, 3, values, map, error) ||
		   explain_choice(database, vendor_id, name, error);
}

bool
vendor_map_of_upload(struct database *database, const char *upload_id, struct file_map **map,
					 struct glue_error *error)
{
	const char *const values[] = {upload_id};

	return query_map(database, "SELECT onboard_upload_map($1::text)", 1, values, map, error);
}

void
vendor_map_apply(const struct file_map *map, struct upload_apply *apply)
{
	const struct file_map_defaults *defaults;

	if (map == NULL)
		return;
	defaults = file_map_defaults(map);
	if (apply->mode == NULL)
		apply->mode = defaults->mode;
	if (apply->match == NULL)
		apply->match = defaults->match;
	if (apply->blank == NULL)
		apply->blank = defaults->blank;
}
