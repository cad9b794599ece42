/*-------------------------------------------------------------------------
 *
 * list.c
 *	  Print the rows of a query, for people or for programs.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/list.h"
#include "cli/table.h"

int
list_print(struct database *database, const struct options *options, const struct list *list)
{
	struct glue_error error = {0};
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN, options->json ? list->json_query : list->table_query,
						list->count, list->values, &result, &error))
		return command_fail(options, &error);
	if (options->json)
		json_out_print(json_of_result(result));
	else if (PQntuples(result) == 0 && list->nothing != NULL)
		line_print(stdout, 2, "%s", list->nothing);
	else
		table_print(result, list->droppable);
	PQclear(result);
	return EXIT_ALL_GOOD;
}

int
list_command(const struct options *options, const struct list *list)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	int code =
		database != NULL ? list_print(database, options, list) : command_fail(options, &error);

	database_close(database);
	return code;
}
