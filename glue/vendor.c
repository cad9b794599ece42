/*-------------------------------------------------------------------------
 *
 * vendor.c
 *	  onboard vendor add, list, set-status.
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

/* What a refused value means, by the constraint that refused it. */
struct explanation
{
	const char *constraint;
	const char *text;
};

static const struct explanation explanations[] = {
	{"vendors_vendor_id_check", "a vendor's id is up to 50 letters, digits and hyphens"},
	{"vendors_vendor_name_check", "a vendor's name must not be blank"},
	{"vendors_email_key", "another vendor has this e-mail address already"},
	{"vendors_email_check", "the e-mail address does not look like name@example.com"},
	{"vendors_pkey", "there is a vendor of this id already; --if-not-exists accepts that"},
	{"vendors_status_check", "a vendor's status is active, suspended, inactive or pending_approval"},
	{NULL, NULL}
};

/*
 * Run a statement on vendors; a value that a constraint refuses is a usage
 * error in our own words.
 */
static bool
run(struct database *database, const char *statement, int count,
	const char *const *values, PGresult **result, struct glue_error *error)
{
	PGconn	   *connection = database_connection(database);
	PGresult   *answer = PQexecParams(connection, statement, count, NULL, values, NULL, NULL, 0);
	const char *constraint = PQresultErrorField(answer, PG_DIAG_CONSTRAINT_NAME);
	ExecStatusType status = PQresultStatus(answer);
	bool		explained = false;

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
	{
		*result = answer;
		return true;
	}
	for (const struct explanation *next = explanations; constraint != NULL && next->constraint != NULL; next++)
	{
		if (strcmp(constraint, next->constraint) == 0)
		{
			glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "%s", next->text);
			explained = true;
		}
	}
	if (!explained)
		postgres_error(connection, answer, error);
	PQclear(answer);
	return false;
}

/*
 * Insert the vendor of the options; *added is false when it was there already
 * and that is accepted.
 */
static bool
add_vendor(struct database *database, const struct options *options, bool *added,
		   struct glue_error *error)
{
	const char *const values[] = {
		options->operands[0], options->name, options->email, options->phone,
		options->business_name, options->tax_id, options->address, options->city,
		options->state, options->country, options->postal_code, options->status,
		options->if_not_exists ? "true" : "false"
	};
	PGresult   *result = NULL;

	if (!run(database,
			 "INSERT INTO onboard.vendors (vendor_id, vendor_name, email, phone, business_name,"
			 " tax_id, address, city, state, country, postal_code, status)"
			 " SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text,"
			 " $8::text, $9::text, $10::text, $11::text, coalesce($12::text, 'active')"
			 " WHERE NOT ($13::boolean"
			 " AND EXISTS (SELECT FROM onboard.vendors v WHERE v.vendor_id = $1::text))",
			 13, values, &result, error))
		return false;
	*added = strcmp(PQcmdTuples(result), "1") == 0;
	PQclear(result);
	return true;
}

int
command_vendor_add(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = database_open(options, &error);
	bool		added = false;
	int			code = EXIT_ALL_GOOD;

	if (database == NULL || !add_vendor(database, options, &added, &error))
		code = command_fail(options, &error);
	else if (options->json)
	{
		cJSON	   *document = cJSON_CreateObject();

		json_add_text(document, "vendor_id", options->operands[0]);
		cJSON_AddBoolToObject(document, "added", added);
		json_out_print(document);
	}
	else
		line_print(stdout, 2, added ? "Added vendor %s." : "Vendor %s is there already.",
				   options->operands[0]);
	database_close(database);
	return code;
}

int
command_vendor_list(const struct options *options)
{
	static const char *const droppable[] = {
		"last_upload_at", "uploads", "e-mail", "products", "name", "status", NULL
	};
	static const struct list vendors = {
		.table_query =
		"SELECT s.vendor_id AS vendor, s.vendor_name AS name, v.email AS \"e-mail\","
		" s.status, s.products, s.uploads,"
		" extract(epoch FROM s.last_upload_at)::bigint AS last_upload_at"
		" FROM onboard.vendor_summary s JOIN onboard.vendors v USING (vendor_id)"
		" ORDER BY s.vendor_id",
		.json_query =
		"SELECT s.*, v.email FROM onboard.vendor_summary s"
		" JOIN onboard.vendors v USING (vendor_id) ORDER BY s.vendor_id",
		.nothing = "There are no vendors yet.  Add one: onboard vendor add ID --name NAME --email ADDRESS",
		.droppable = droppable,
	};

	return list_command(options, &vendors);
}

int
command_vendor_set_status(const struct options *options)
{
	const char *const values[] = {options->operands[0], options->operands[1]};
	struct glue_error error = {0};
	struct database *database = database_open(options, &error);
	PGresult   *result = NULL;
	int			code = EXIT_ALL_GOOD;

	if (database == NULL ||
		!run(database, "UPDATE onboard.vendors SET status = $2::text WHERE vendor_id = $1::text",
			 2, values, &result, &error))
		code = command_fail(options, &error);
	else if (strcmp(PQcmdTuples(result), "0") == 0)
	{
		(void) not_found(database, NOT_FOUND_VENDOR, values[0], &error);
		code = command_fail(options, &error);
	}
	else if (options->json)
	{
		cJSON	   *document = cJSON_CreateObject();

		json_add_text(document, "vendor_id", values[0]);
		json_add_text(document, "status", values[1]);
		json_out_print(document);
	}
	else
		line_print(stdout, 2, "Vendor %s is %s now.", values[0], values[1]);
	PQclear(result);
	database_close(database);
	return code;
}
