/*-------------------------------------------------------------------------
 *
 * category.c
 *	  onboard category add, list, deactivate.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "database.h"
#include "json_out.h"
#include "line.h"
#include "list.h"
#include "not_found.h"

/* What became of a category. */
static void
print_change(const struct options *options, const char *name, const char *change)
{
	if (options->json)
	{
		cJSON	   *document = cJSON_CreateObject();

		json_add_text(document, "category", name);
		json_add_text(document, "change", change);
		json_out_print(document);
		return;
	}
	line_print(stdout, 2, "Category \"%s\" is %s.", name, change);
}

/*
 * Explain why a category could not be added.
 */
static bool
explain(struct database *database, const struct options *options, struct glue_error *error)
{
	if (strcmp(error->code, "23503") == 0)
		return not_found(database, NOT_FOUND_CATEGORY, options->parent, error);
	if (strcmp(error->code, "23514") == 0)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "a category's name is 1 to 100 characters and not blank");
	return false;
}

/*
 * Add a category or activate it; *change says which, NULL for neither.
 */
static bool
add_category(struct database *database, const struct options *options,
			 const char **change, struct glue_error *error)
{
	const char *const values[] = {options->operands[0], options->parent, options->description};
	PGresult   *result = NULL;

	*change = NULL;
	/* Both may run twice; the first that changes something tells. */
	if (!database_query(database, RUN_ONCE,
						"INSERT INTO onboard.product_categories (category_name, parent_category, description)"
						" VALUES ($1::text, $2::text, $3::text)"
						" ON CONFLICT (category_name) DO NOTHING", 3, values, &result, error))
		return explain(database, options, error);
	if (strcmp(PQcmdTuples(result), "0") != 0)
		*change = "added";
	PQclear(result);
	if (*change != NULL)
		return true;
	if (!database_query(database, RUN_ONCE,
						"UPDATE onboard.product_categories SET is_active = true"
						" WHERE category_name = $1::text AND NOT is_active", 1, values, &result, error))
		return false;
	if (strcmp(PQcmdTuples(result), "0") != 0)
		*change = "active again";
	PQclear(result);
	if (*change == NULL && !options->if_not_exists)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "there is a category \"%s\" already; --if-not-exists accepts that",
							  values[0]);
	return true;
}

int
command_category_add(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = database_open(options, &error);
	const char *change;
	int			code = EXIT_ALL_GOOD;

	if (database == NULL || !add_category(database, options, &change, &error))
		code = command_fail(options, &error);
	else
		print_change(options, options->operands[0], change != NULL ? change : "there already");
	database_close(database);
	return code;
}

int
command_category_list(const struct options *options)
{
	static const struct list categories = {
		.table_query =
		"SELECT CASE WHEN c.parent_category IS NULL THEN '' ELSE '  ' END || c.category_name AS category,"
		" c.is_active AS active"
		" FROM onboard.product_categories c"
		" LEFT JOIN onboard.product_categories p ON p.category_name = c.parent_category"
		" ORDER BY coalesce(p.category_id, c.category_id), c.parent_category IS NOT NULL, c.category_id",
		.json_query =
		"SELECT c.category_name, c.parent_category, c.description, c.is_active"
		" FROM onboard.product_categories c ORDER BY c.category_id",
	};

	return list_command(options, &categories);
}

int
command_category_deactivate(const struct options *options)
{
	const char *const values[] = {options->operands[0]};
	struct glue_error error = {0};
	struct database *database = database_open(options, &error);
	PGresult   *result = NULL;
	int			code = EXIT_ALL_GOOD;

	if (database == NULL ||
		!database_query(database, RUN_AGAIN,
						"UPDATE onboard.product_categories SET is_active = false WHERE category_name = $1::text",
						1, values, &result, &error))
		code = command_fail(options, &error);
	else if (strcmp(PQcmdTuples(result), "0") == 0)
	{
		(void) not_found(database, NOT_FOUND_CATEGORY, values[0], &error);
		code = command_fail(options, &error);
	}
	else
		print_change(options, values[0], "deactivated");
	PQclear(result);
	database_close(database);
	return code;
}
