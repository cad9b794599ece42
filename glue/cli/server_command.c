/*-------------------------------------------------------------------------
 *
 * server_command.c
 *	  onboard stop, onboard conninfo and onboard psql.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "server/cluster.h"
#include "server/cluster_place.h"

int
command_stop(const struct options *options)
{
	struct glue_error error = {0};
	bool was_running;

	if (!cluster_stop(&was_running, &error))
		return command_fail(options, &error);
	if (options->json)
	{
		cJSON *document = cJSON_CreateObject();

		cJSON_AddBoolToObject(document, "was_running", was_running);
		json_out_print(document);
	}
	else
		puts(was_running ? "The private server was stopped."
						 : "The private server is not running.");
	return EXIT_ALL_GOOD;
}

/*
 * Print a keyword and value of a connection string, quoted if necessary.
 */
static void
print_keyword(const char *keyword, const char *value)
{
	bool plain;

	if (value == NULL || value[0] == '\0')
		return;
	plain = value[strcspn(value, " \t\n\r\f\v'\\")] == '\0';
	printf("%s=%s", keyword, plain ? "" : "'");
	for (const char *next = value; *next != '\0'; next++)
	{
		if (*next == '\'' || *next == '\\')
			putchar('\\');
		putchar(*next);
	}
	fputs(plain ? "" : "'", stdout);
}

static void
print_conninfo(PGconn *connection)
{
	print_keyword("host", PQhost(connection));
	print_keyword(" port", PQport(connection));
	print_keyword(" user", PQuser(connection));
	print_keyword(" dbname", PQdb(connection));
	putchar('\n');
}

static void
print_state_json(PGconn *connection)
{
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "host", PQhost(connection));
	json_add_text(document, "port", PQport(connection));
	json_add_text(document, "user", PQuser(connection));
	json_add_text(document, "dbname", PQdb(connection));
	json_out_print(document);
}

int
command_conninfo(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	PGconn *connection;

	if (database == NULL)
		return command_fail(options, &error);
	connection = database_connection(database);
	if (options->json)
		print_state_json(connection);
	else
		print_conninfo(connection);
	database_close(database);
	return EXIT_ALL_GOOD;
}

/*
 * Export the connection's parameters as environment variables.  As arguments, a
 * password would be visible to anyone who lists processes.
 */
static bool
export_connection(PGconn *connection, struct glue_error *error)
{
	PQconninfoOption *options = PQconninfo(connection);

	if (options == NULL)
		return glue_error_memory(error);
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
	{
		if (option->envvar != NULL && option->val != NULL && option->val[0] != '\0')
			setenv(option->envvar, option->val, 1);
	}
	PQconninfoFree(options);
	unsetenv("PGSERVICE");
	return true;
}

/*
 * Replace this program with psql. arguments ends with NULL and leaves [0] free.
 * Returns only on error.
 */
static bool
exec_psql(char **arguments, struct glue_error *error)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/psql", cluster_bindir());
	arguments[0] = path;
	execv(path, arguments);
	arguments[0] = "psql";
	execvp("psql", arguments);
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_PSQL", "cannot run psql: %s",
						  strerror(errno));
}

int
command_psql(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	char **arguments;
	int count = options->operand_count;
	bool exported;

	if (database == NULL)
		return command_fail(options, &error);
	exported = export_connection(database_connection(database), &error);
	database_close(database);
	if (!exported)
		return command_fail(options, &error);
	/* Room for the program name and the terminating NULL. */
	arguments = glue_allocate(sizeof(char *) * (count + 2));
	if (arguments == NULL)
		glue_error_memory(&error);
	else
	{
		memcpy(arguments + 1, options->operands, sizeof(char *) * count);
		arguments[count + 1] = NULL;
		(void) exec_psql(arguments, &error);
	}
	glue_release(arguments);
	return command_fail(options, &error);
}
