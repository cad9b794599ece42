/*-------------------------------------------------------------------------
 *
 * doctor_command.c
 *	  onboard doctor: report problems with the database and notable facts about it.
 *
 * The extension makes the diagnosis; this file only prints it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/terminal.h"

static const char query[] =
	"SELECT d.severity, d.subject, d.message, d.hint FROM onboard_diagnose() d"
	" ORDER BY array_position(ARRAY['error', 'warning', 'info'], d.severity), d.subject COLLATE \"C\", d.message COLLATE \"C\"";

#define SEVERITY_COLUMNS 9 /* the longest severity and two blanks */

/* Columns of the query. */
enum
{
	DIAGNOSIS_SEVERITY,
	DIAGNOSIS_SUBJECT,
	DIAGNOSIS_MESSAGE,
	DIAGNOSIS_HINT
};

static bool
is_severity(const PGresult *result, int row, const char *severity)
{
	return strcmp(PQgetvalue(result, row, DIAGNOSIS_SEVERITY), severity) == 0;
}

/* Count the findings that need attention. */
static int
count_faults(const PGresult *result)
{
	int count = 0;

	for (int row = 0; row < PQntuples(result); row++)
		count += !is_severity(result, row, "info");
	return count;
}

static void
print_finding(const PGresult *result, int row)
{
	struct line line;

	line_begin(&line, stdout, SEVERITY_COLUMNS);
	line_style(&line, is_severity(result, row, "error")     ? STYLE_BAD
					  : is_severity(result, row, "warning") ? STYLE_WARN
															: STYLE_DIM);
	line_add(&line, "%-*s", SEVERITY_COLUMNS, PQgetvalue(result, row, DIAGNOSIS_SEVERITY));
	line_style(&line, STYLE_PLAIN);
	line_add(&line, "%s: %s", PQgetvalue(result, row, DIAGNOSIS_SUBJECT),
			 PQgetvalue(result, row, DIAGNOSIS_MESSAGE));
	line_end(&line);
	if (!PQgetisnull(result, row, DIAGNOSIS_HINT))
		line_print(stdout, SEVERITY_COLUMNS, "%*s%s", SEVERITY_COLUMNS, "",
				   PQgetvalue(result, row, DIAGNOSIS_HINT));
}

static void
print_findings(const PGresult *result)
{
	char buffer[TERMINAL_COUNT_SIZE];
	int faults = count_faults(result);

	for (int row = 0; row < PQntuples(result); row++)
		print_finding(result, row);
	if (faults == 0)
		puts("Nothing needs attention.");
	else
		printf("%s %s attention.\n", terminal_count(buffer, faults),
			   terminal_plural(faults, "finding needs", "findings need"));
}

int
command_doctor(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	PGresult *result = NULL;
	int code;

	if (database == NULL)
		return command_fail(options, &error);
	if (!database_query(database, RUN_AGAIN, query, 0, NULL, &result, &error))
		code = command_fail(options, &error);
	else
	{
		if (options->json)
			json_out_print(json_of_result(result));
		else
			print_findings(result);
		code = count_faults(result) > 0 ? EXIT_NEEDS_ATTENTION : EXIT_ALL_GOOD;
	}
	PQclear(result);
	database_close(database);
	return code;
}
