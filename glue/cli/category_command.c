/*-------------------------------------------------------------------------
 *
 * category_command.c
 *	  onboard category add, list, rename, deactivate, remove.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/list.h"
#include "cli/not_found.h"
#include "database/postgres_value.h"

/* Report what was done to a category; change is NULL if it already existed. */
static void
print_change(const struct options *options, const char *name, const char *change)
{
	if (options->json)
	{
		cJSON *document = cJSON_CreateObject();

		json_add_text(document, "category", name);
		json_add_text(document, "change", change != NULL ? change : "there already");
		json_out_print(document);
	}
	else if (change == NULL)
		line_print(stdout, 2, "Category \"%s\" already exists.", name);
	else
		line_print(stdout, 2, "Category \"%s\" is %s.", name, change);
}

/*
 * Report which category already has this name, possibly in different case.
 */
static bool
explain_taken(struct database *database, const char *name, struct glue_error *error)
{
	const char *const values[] = {name};
	PGresult *result = NULL;
	struct glue_error ignored;
	bool found =
		database_query(database, RUN_AGAIN,
					   "SELECT c.category_name FROM onboard.product_categories c"
					   " WHERE lower(c.category_name COLLATE \"default\") = lower($1::text)",
					   1, values, &result, &ignored) &&
		PQntuples(result) > 0;
	const char *taken = found ? PQgetvalue(result, 0, 0) : name;

	glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
				   strcmp(taken, name) == 0
					   ? "category \"%s\" already exists"
					   : "category \"%s\" already exists and differs only by case",
				   taken);
	PQclear(result);
	return false;
}

/*
 * Explain why a category could not be added or renamed.
 */
static bool
explain(struct database *database, const struct options *options, const char *name,
		struct glue_error *error)
{
	if (strcmp(error->code, "23505") == 0)
		return explain_taken(database, name, error);
	if (strcmp(error->code, "23503") == 0)
		return not_found(database, NOT_FOUND_CATEGORY, options->parent, error);
	if (strcmp(error->code, "23514") == 0)
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"a category name must have 1 to 100 characters and no leading or trailing blanks");
	return false;
}

/*
 * Add a category or activate it; *change names which, or is NULL for neither.
 */
static bool
add_category(struct database *database, const struct options *options, const char **change,
			 struct glue_error *error)
{
	const char *const values[] = {options->operands[0], options->parent, options->description};
	PGresult *result = NULL;

	*change = NULL;
	/*
	 * Both statements may run twice; the first that changes a row sets *change.
	 */
	if (!database_query(
			database, RUN_ONCE,
			"INSERT INTO onboard.product_categories (category_name, parent_category, description)"
			" VALUES ($1::text, $2::text, $3::text)"
			" ON CONFLICT (category_name) DO NOTHING",
			3, values, &result, error))
		return explain(database, options, options->operands[0], error);
	if (strcmp(PQcmdTuples(result), "0") != 0)
		*change = "added";
	PQclear(result);
	if (*change != NULL)
		return true;
	if (!database_query(database, RUN_ONCE,
						"UPDATE onboard.product_categories SET is_active = true"
						" WHERE category_name = $1::text AND NOT is_active",
						1, values, &result, error))
		return false;
	if (strcmp(PQcmdTuples(result), "0") != 0)
		*change = "active again";
	PQclear(result);
	if (*change == NULL && !options->if_not_exists)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "category \"%s\" already exists; --if-not-exists accepts that",
							  values[0]);
	return true;
}

int
command_category_add(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	const char *change;
	int code = EXIT_ALL_GOOD;

	if (database == NULL || !add_category(database, options, &change, &error))
		code = command_fail(options, &error);
	else
		print_change(options, options->operands[0], change);
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
		.json_query = "SELECT c.category_name, c.parent_category, c.description, c.is_active"
					  " FROM onboard.product_categories c ORDER BY c.category_id",
	};

	return list_command(options, &categories);
}

int
command_category_deactivate(const struct options *options)
{
	const char *const values[] = {options->operands[0]};
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	PGresult *result = NULL;
	int code = EXIT_ALL_GOOD;

	if (database == NULL ||
		!database_query(
			database, RUN_AGAIN,
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

/*
 * Limit how long renaming and removing wait for loads that have read the
 * categories, because new loads queue behind them.
 */
static bool
limit_wait(struct database *database, struct glue_error *error)
{
	return database_query(database, RUN_AGAIN, "SET lock_timeout = '30s'", 0, NULL, NULL, error);
}

/* ----- rename ----- */

/*
 * Rename a category; sets *products to the number of its products.
 */
static bool
rename_category(struct database *database, const struct options *options, int64_t *products,
				struct glue_error *error)
{
	const char *const values[] = {options->operands[0], options->operands[1]};
	PGresult *result = NULL;
	bool known;

	if (!limit_wait(database, error))
		return false;
	/* Not repeatable: after the first run the old name no longer exists. */
	if (!database_query(database, RUN_ONCE,
						"UPDATE onboard.product_categories SET category_name = $2::text"
						" WHERE category_name = $1::text",
						2, values, &result, error))
		return explain(database, options, values[1], error);
	known = strcmp(PQcmdTuples(result), "0") != 0;
	PQclear(result);
	if (!known)
		return not_found(database, NOT_FOUND_CATEGORY, values[0], error);
	if (!database_query(database, RUN_AGAIN,
						"SELECT count(*) FROM onboard.products p WHERE p.category = $1::text", 1,
						values + 1, &result, error))
		return false;
	*products = postgres_integer(result, 0, 0);
	PQclear(result);
	return true;
}

static void
print_renamed(const struct options *options, int64_t products)
{
	char count[TERMINAL_COUNT_SIZE];

	if (options->json)
	{
		cJSON *document = cJSON_CreateObject();

		json_add_text(document, "category", options->operands[1]);
		json_add_text(document, "change", "renamed");
		json_add_text(document, "from", options->operands[0]);
		json_add_integer(document, "products", products);
		json_out_print(document);
		return;
	}
	line_print(stdout, 2, "Category \"%s\" is renamed to \"%s\", with %s %s.", options->operands[0],
			   options->operands[1], terminal_count(count, products),
			   terminal_plural(products, "product", "products"));
}

int
command_category_rename(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	int64_t products = 0;
	int code = EXIT_ALL_GOOD;

	if (database == NULL || !rename_category(database, options, &products, &error))
		code = command_fail(options, &error);
	else
		print_renamed(options, products);
	database_close(database);
	return code;
}

/* ----- remove ----- */

/*
 * Explain why a category could not be deleted.
 */
static bool
explain_kept(struct database *database, const char *name, struct glue_error *error)
{
	const char *const values[] = {name};
	PGresult *result = NULL;
	struct glue_error reason;

	if (strncmp(error->code, "23", 2) != 0)
		return false;
	if (!database_query(
			database, RUN_AGAIN,
			"SELECT CASE WHEN c.shipped THEN 'it comes with the extension'"
			" WHEN k.children > 0 THEN 'there are categories under it: ' || k.names"
			" ELSE 'it has products: ' || (SELECT count(*) FROM onboard.products p"
			"  WHERE p.category = c.category_name) END"
			" FROM onboard.product_categories c CROSS JOIN LATERAL"
			" (SELECT count(*) AS children, string_agg(n.category_name, ', ' ORDER BY n.category_id) AS names"
			"  FROM onboard.product_categories n WHERE n.parent_category = c.category_name) k"
			" WHERE c.category_name = $1::text",
			1, values, &result, &reason))
		return false;
	if (PQntuples(result) > 0)
		glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"category \"%s\" cannot be removed: %s; to accept no more products in it, use \"onboard category deactivate\"",
			name, PQgetvalue(result, 0, 0));
	PQclear(result);
	return false;
}

static bool
remove_category(struct database *database, const char *name, struct glue_error *error)
{
	const char *const values[] = {name};
	PGresult *result = NULL;
	bool known;

	if (!limit_wait(database, error))
		return false;
	if (!database_query(database, RUN_ONCE,
						"DELETE FROM onboard.product_categories WHERE category_name = $1::text", 1,
						values, &result, error))
		return explain_kept(database, name, error);
	known = strcmp(PQcmdTuples(result), "0") != 0;
	PQclear(result);
	return known || not_found(database, NOT_FOUND_CATEGORY, name, error);
}

int
command_category_remove(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	int code = EXIT_ALL_GOOD;

	if (database == NULL || !remove_category(database, options->operands[0], &error))
		code = command_fail(options, &error);
	else
		print_change(options, options->operands[0], "removed");
	database_close(database);
	return code;
}
