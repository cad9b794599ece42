/*-------------------------------------------------------------------------
 *
 * map_command.c
 *	  onboard map list, show, set, remove, rate: the maps of a vendor, and the
 *	  exchange rates that maps use.
 *
 * A map is a text that a person edits; the database checks it and keeps every
 * version.  map_values_command.c changes the value lists that maps use, and
 * map_test_command.c tries a map on a file.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "base/clock.h"
#include "base/moment.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/list.h"
#include "cli/map_file.h"
#include "cli/map_refusal.h"
#include "cli/named.h"
#include "cli/not_found.h"
#include "database/postgres_error.h"
#include "database/postgres_value.h"
#include "import/vendor_map.h"
#include "shared/map_word.h"

/* ----- list ----- */

static const char *const droppable[] = {"updated_at", "version", NULL};

static int
list_of_vendor(const struct options *options, struct database *database, struct glue_error *error)
{
	const char *const values[] = {options->vendor};
	const struct list maps = {
		.table_query =
			"SELECT m.map_name AS map, CASE WHEN m.is_preset THEN 'preset' ELSE 'own' END"
			" AS kind, m.version, m.is_default AS \"default\","
			" extract(epoch FROM m.updated_at)::bigint AS updated_at"
			" FROM onboard_maps($1::text) m",
		.json_query =
			"SELECT m.map_name, m.version, m.is_preset, m.is_default, m.description, m.needs,"
			" m.updated_at FROM onboard_maps($1::text) m",
		.droppable = droppable,
		.count = 1,
		.values = values,
	};
	char status[32];

	if (!named_vendor_status(database, options->vendor, status, sizeof(status), error))
		return command_fail(options, error);
	return list_print(database, options, &maps);
}

/* The maps of all vendors, without the presets, which belong to none. */
#define OWN_MAPS                                                 \
	"(SELECT DISTINCT c.vendor_id FROM onboard.column_maps c) v" \
	" CROSS JOIN LATERAL onboard_maps(v.vendor_id) m WHERE NOT m.is_preset"

/*
 * Describe each preset, in paragraphs: the texts are too long for a table.
 */
static int
describe_presets(const struct options *options, struct database *database, struct glue_error *error)
{
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN,
						"SELECT s.map_name, s.description, s.needs FROM onboard.shipped_maps s"
						" ORDER BY 1",
						0, NULL, &result, error))
		return command_fail(options, error);
	for (int row = 0; row < PQntuples(result); row++)
	{
		putchar('\n');
		line_print_help(stdout, 2, "%s: %s", PQgetvalue(result, row, 0),
						PQgetvalue(result, row, 1));
		line_print_help(stdout, 4, "  You supply: %s", PQgetvalue(result, row, 2));
	}
	PQclear(result);
	return EXIT_ALL_GOOD;
}

static int
list_all(const struct options *options, struct database *database, struct glue_error *error)
{
	static const struct list maps = {
		.table_query = "SELECT m.map_name AS map, v.vendor_id AS vendor, m.version,"
					   " m.is_default AS \"default\","
					   " extract(epoch FROM m.updated_at)::bigint AS updated_at FROM " OWN_MAPS
					   " UNION ALL SELECT s.map_name, NULL, NULL, NULL, NULL"
					   " FROM onboard.shipped_maps s ORDER BY 2, 1",
		.json_query =
			"SELECT m.map_name, v.vendor_id, m.version, m.is_preset, m.is_default, m.description,"
			" m.needs, m.updated_at FROM " OWN_MAPS
			" UNION ALL SELECT s.map_name, NULL, NULL, true, NULL, s.description, s.needs,"
			" NULL FROM onboard.shipped_maps s ORDER BY 2, 1",
		.droppable = droppable,
	};
	int code = list_print(database, options, &maps);

	return code != EXIT_ALL_GOOD || options->json ? code
												  : describe_presets(options, database, error);
}

int
command_map_list(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	int code;

	if (database == NULL)
		code = command_fail(options, &error);
	else if (options->vendor != NULL)
		code = list_of_vendor(options, database, &error);
	else
		code = list_all(options, database, &error);
	database_close(database);
	return code;
}

/* ----- show ----- */

/* The version of a preset is null; without a vendor, only presets are found. */
static const char show_query[] =
	"SELECT d.definition, d.version FROM onboard.map_definition($2::text, $1::text) d";

enum
{
	SHOW_DEFINITION,
	SHOW_VERSION
};

static void
print_definition(const struct options *options, const PGresult *result)
{
	const char *definition = PQgetvalue(result, 0, SHOW_DEFINITION);
	size_t length = strlen(definition);
	bool is_preset = PQgetisnull(result, 0, SHOW_VERSION);
	cJSON *document;

	if (!options->json)
	{
		fputs(definition, stdout);
		if (length > 0 && definition[length - 1] != '\n')
			putchar('\n');
		return;
	}
	document = cJSON_CreateObject();
	json_add_text(document, "map_name", options->operands[0]);
	json_add_text(document, "vendor_id", is_preset ? NULL : options->vendor);
	if (is_preset)
		cJSON_AddNullToObject(document, "version");
	else
		json_add_integer(document, "version", postgres_integer(result, 0, SHOW_VERSION));
	cJSON_AddBoolToObject(document, "is_preset", is_preset);
	json_add_text(document, "definition", definition);
	json_out_print(document);
}

static bool
show_map(struct database *database, const struct options *options, struct glue_error *error)
{
	const char *const values[] = {options->operands[0], options->vendor};
	PGresult *result = NULL;
	char status[32];

	if (options->vendor != NULL &&
		!named_vendor_status(database, options->vendor, status, sizeof(status), error))
		return false;
	if (!database_query(database, RUN_AGAIN, show_query, 2, values, &result, error))
		return strcmp(error->code, POSTGRES_UNDEFINED_OBJECT) == 0 &&
			   not_found_map(database, options->vendor, values[0], error);
	print_definition(options, result);
	PQclear(result);
	return true;
}

/* ----- set ----- */

struct map_change
{
	const struct options *options;
	const char *definition;
	int64_t version; /* that it became */
};

/* A transaction_fn. */
static bool
set_map(struct database *database, void *context, struct glue_error *error)
{
	struct map_change *change = context;
	const struct options *options = change->options;
	const char *const values[] = {options->vendor, options->operands[0], change->definition};
	PGresult *result = NULL;

	if (!database_query(database, RUN_ONCE, "SELECT onboard_set_map($1::text, $2::text, $3::text)",
						3, values, &result, error))
		return false;
	change->version = postgres_integer(result, 0, 0);
	PQclear(result);
	return !options->make_default ||
		   database_query(database, RUN_ONCE, "SELECT onboard_set_default_map($1::text, $2::text)",
						  2, values, NULL, error);
}

/* What a map uses and nobody has stored. */
static const char lacking_query[] =
	"SELECT 'list', v.key, NULL FROM jsonb_each(onboard_map($1::text, $2::text) -> 'values') v"
	" WHERE v.value = '{}'"
	" UNION ALL SELECT 'rate', split_part(r.pair, '/', 1), split_part(r.pair, '/', 2)"
	" FROM jsonb_array_elements_text(onboard_map($1::text, $2::text) -> 'missing_rates') r (pair)"
	" ORDER BY 1, 2, 3";

enum
{
	LACKING_KIND,
	LACKING_NAME,
	LACKING_TO
};

static bool
is_list(const PGresult *lacking, int row)
{
	return strcmp(PQgetvalue(lacking, row, LACKING_KIND), "list") == 0;
}

static void
print_set(const struct map_change *change, const PGresult *lacking)
{
	const struct options *options = change->options;

	line_print(stdout, 2, "Map \"%s\" of vendor %s is stored as version %lld%s.",
			   options->operands[0], options->vendor, (long long) change->version,
			   options->make_default ? " and is the default" : "");
	for (int row = 0; row < PQntuples(lacking); row++)
	{
		const char *name = PQgetvalue(lacking, row, LACKING_NAME);
		const char *to = PQgetvalue(lacking, row, LACKING_TO);

		if (is_list(lacking, row))
			line_print(
				stdout, 2,
				"The map uses the value list \"%s\", which is empty; fill it with: onboard map "
				"values %s FILE --vendor %s",
				name, name, options->vendor);
		else
			line_print(
				stdout, 2,
				"The map converts %s to %s, and no rate is stored; store one with: onboard map "
				"rate %s %s RATE",
				name, to, name, to);
	}
}

static void
print_set_json(const struct map_change *change, const PGresult *lacking)
{
	const struct options *options = change->options;
	cJSON *document = cJSON_CreateObject();
	cJSON *lists;
	cJSON *rates;

	json_add_text(document, "map_name", options->operands[0]);
	json_add_text(document, "vendor_id", options->vendor);
	json_add_integer(document, "version", change->version);
	cJSON_AddBoolToObject(document, "made_default", options->make_default);
	lists = cJSON_AddArrayToObject(document, "empty_value_lists");
	rates = cJSON_AddArrayToObject(document, "missing_rates");
	for (int row = 0; row < PQntuples(lacking); row++)
	{
		const char *name = PQgetvalue(lacking, row, LACKING_NAME);
		char pair[16];

		if (is_list(lacking, row))
			cJSON_AddItemToArray(lists, cJSON_CreateString(name));
		else
		{
			snprintf(pair, sizeof(pair), "%s/%s", name, PQgetvalue(lacking, row, LACKING_TO));
			cJSON_AddItemToArray(rates, cJSON_CreateString(pair));
		}
	}
	json_out_print(document);
}

static bool
check_name(const char *name, struct glue_error *error)
{
	return (map_word_is_name(text_of(name)) && strcmp(name, VENDOR_MAP_NONE) != 0) ||
		   glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
						  "the name of a map is 1 to 50 letters, digits, \"_\" and \"-\", and not "
						  "\"" VENDOR_MAP_NONE "\"");
}

static bool
store_map(struct database *database, const struct options *options, struct glue_error *error)
{
	const char *const values[] = {options->vendor, options->operands[0]};
	struct byte_buffer text = {0};
	struct map_change change = {.options = options};
	PGresult *lacking = NULL;
	bool done = check_name(values[1], error) && map_file_read(options->operands[1], &text, error);

	change.definition = text.data;
	if (done && database_transaction(database, set_map, &change, error) == TRANSACTION_ROLLED_BACK)
		done = map_refusal(database, options, options->operands[1], error);
	done = done && database_query(database, RUN_AGAIN, lacking_query, 2, values, &lacking, error);
	if (done && options->json)
		print_set_json(&change, lacking);
	else if (done)
		print_set(&change, lacking);
	PQclear(lacking);
	byte_buffer_clean_up(&text);
	return done;
}

/* ----- remove ----- */

static bool
is_preset(struct database *database, const char *name)
{
	const char *const values[] = {name};
	PGresult *result = NULL;
	bool found = database_query(database, RUN_ONCE,
								"SELECT FROM onboard.shipped_maps s WHERE s.map_name = $1::text", 1,
								values, &result, NULL) &&
				 PQntuples(result) > 0;

	PQclear(result);
	return found;
}

static void
print_removed(const struct options *options)
{
	cJSON *document;

	if (!options->json)
	{
		line_print(stdout, 2, "Map \"%s\" of vendor %s is removed.", options->operands[0],
				   options->vendor);
		return;
	}
	document = cJSON_CreateObject();
	json_add_text(document, "map_name", options->operands[0]);
	json_add_text(document, "vendor_id", options->vendor);
	json_add_text(document, "change", "removed");
	json_out_print(document);
}

static bool
remove_map(struct database *database, const struct options *options, struct glue_error *error)
{
	const char *const values[] = {options->vendor, options->operands[0]};
	PGresult *result = NULL;
	bool removed;

	if (!database_query(database, RUN_ONCE, "SELECT onboard_remove_map($1::text, $2::text)", 2,
						values, &result, error))
		return map_refusal(database, options, NULL, error);
	removed = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	if (removed)
	{
		print_removed(options);
		return true;
	}
	if (is_preset(database, values[1]))
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "map \"%s\" comes with the extension and cannot be removed",
							  values[1]);
	return not_found_map(database, values[0], values[1], error);
}

/* ----- rate ----- */

/* SQLSTATE of a text that is not a number. */
#define INVALID_NUMBER "22P02"

static int
list_rates(const struct options *options)
{
	static const struct list rates = {
		.table_query =
			"SELECT DISTINCT ON (r.from_currency, r.to_currency) r.from_currency AS \"from\","
			" r.to_currency AS \"to\", r.rate, r.rate_date AS date FROM onboard.exchange_rates r"
			" ORDER BY r.from_currency, r.to_currency, r.rate_date DESC",
		.json_query = "SELECT r.from_currency, r.to_currency, r.rate::text AS rate, r.rate_date"
					  " FROM onboard.exchange_rates r"
					  " ORDER BY r.from_currency, r.to_currency, r.rate_date DESC",
		.nothing = "No exchange rate is stored.  Store one: onboard map rate FROM TO RATE",
	};

	return list_command(options, &rates);
}

/* Length of a day such as 2026-11-28, with which a moment begins. */
#define DAY_LENGTH 10

/*
 * Write the day of the rate, in UTC.
 */
static void
write_day(const struct options *options, char day[MOMENT_SIZE])
{
	bool is_given = (options->given & OPTION_BIT(OPTION_AS_OF)) != 0;

	moment_write(is_given ? options->as_of : day_milliseconds() * 1000, day);
	day[DAY_LENGTH] = '\0';
}

static void
print_rate(const struct options *options, const char *day)
{
	const char *from = options->operands[0];
	const char *to = options->operands[1];
	const char *rate = options->operands[2];
	cJSON *document;

	if (!options->json)
	{
		line_print(stdout, 2, "1 %s is %s %s on %s.", from, rate, to, day);
		return;
	}
	document = cJSON_CreateObject();
	json_add_text(document, "from_currency", from);
	json_add_text(document, "to_currency", to);
	json_add_text(document, "rate", rate);
	json_add_text(document, "rate_date", day);
	json_out_print(document);
}

static bool
set_rate(struct database *database, const struct options *options, struct glue_error *error)
{
	char day[MOMENT_SIZE];
	const char *const values[] = {options->operands[0], options->operands[1], options->operands[2],
								  day};

	write_day(options, day);
	if (database_query(
			database, RUN_AGAIN,
			"SELECT onboard_set_exchange_rate($1::text, $2::text, $3::numeric, $4::date)", 4,
			values, NULL, error))
	{
		print_rate(options, day);
		return true;
	}
	if (strcmp(error->code, INVALID_NUMBER) == 0)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "a rate is a number such as 1.0832, not \"%s\"", values[2]);
	return map_refusal(database, options, NULL, error);
}

/* ----- the commands ----- */

/* Works on maps and prints the result. */
typedef bool
map_work_fn(struct database *database, const struct options *options, struct glue_error *error);

static int
run(const struct options *options, map_work_fn *work)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	bool done = database != NULL && work(database, options, &error);

	database_close(database);
	return done ? EXIT_ALL_GOOD : command_fail(options, &error);
}

int
command_map_show(const struct options *options)
{
	return run(options, show_map);
}

int
command_map_set(const struct options *options)
{
	return run(options, store_map);
}

int
command_map_remove(const struct options *options)
{
	return run(options, remove_map);
}

int
command_map_rate(const struct options *options)
{
	struct glue_error error = {0};

	if (options->operand_count == 0)
		return list_rates(options);
	if (options->operand_count == 3)
		return run(options, set_rate);
	glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE",
				   "\"onboard map rate\" requires FROM TO RATE, such as EUR USD 1.0832");
	return command_fail(options, &error);
}
