/*-------------------------------------------------------------------------
 *
 * chosen_map.c
 *	  Choose the map that a command reads a file with.
 *
 * A map that is not stored is stored in a transaction that is rolled back, so that
 * the database checks it and adds the value lists, rates and categories that it uses.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/byte_buffer.h"
#include "cli/chosen_map.h"
#include "cli/map_file.h"
#include "cli/map_refusal.h"
#include "cli/message.h"
#include "cli/not_found.h"
#include "import/vendor_map.h"

/* Name of a map that is not stored. */
#define UNSTORED_NAME "unstored"

bool
chosen_map_explain(const struct options *options, struct database *database,
				   struct glue_error *error)
{
	if (strcmp(error->code, UNKNOWN_MAP) == 0)
		(void) not_found_map(database, options->vendor, options->map, error);
	return false;
}

void
chosen_map_note_list(const struct local_file *local, int64_t errors)
{
	const struct file_map *map = local->file.map;
	const char *list = map != NULL ? file_map_empty_list(map) : NULL;

	if (list != NULL && errors > 0 && !local->options->quiet)
		message_note("map \"%s\" uses the value list \"%s\", which is empty; fill it with: onboard "
					 "map values %s FILE --vendor %s",
					 file_map_name(map), list, list, local->options->vendor);
}

static bool
store(const char *vendor, const char *definition, struct database *database,
	  struct glue_error *error)
{
	const char *const values[] = {vendor, UNSTORED_NAME, definition};

	return database_query(database, RUN_ONCE,
						  "SELECT onboard_set_map($1::text, $2::text, $3::text)", 3, values, NULL,
						  error);
}

/*
 * Read the map that is not stored.
 */
static bool
read_unstored(const struct options *options, const char *definition, struct database *database,
			  struct file_map **map, struct glue_error *error)
{
	bool done;

	*map = NULL;
	if (database_begin(database, error) == NULL)
		return false;
	done = store(options->vendor, definition, database, error) &&
		   vendor_map_choose(database, options->vendor, UNSTORED_NAME, NULL, map, error);
	database_roll_back(database);
	return done || map_refusal(database, options, options->map_file, error);
}

/*
 * Return the map of the options in *map, NULL for none.
 */
static bool
read_map(const struct options *options, struct database *database, struct file_map **map,
		 struct glue_error *error)
{
	struct byte_buffer text = {0};
	bool done;

	if (options->map_file == NULL)
		return vendor_map_choose(database, options->vendor, options->map, NULL, map, error) ||
			   chosen_map_explain(options, database, error);
	if (options->map != NULL)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "--map and --map-file cannot be combined");
	done = map_file_read(options->map_file, &text, error) &&
		   read_unstored(options, text.data, database, map, error);
	byte_buffer_clean_up(&text);
	return done;
}

bool
chosen_map_use(struct local_file *local, struct database *database, struct upload_apply *apply,
			   struct glue_error *error)
{
	struct file_map *map;

	if (!read_map(local->options, database, &map, error) ||
		!vendor_file_use_map(&local->file, map, error))
		return false;
	vendor_map_apply(map, apply);
	return true;
}
