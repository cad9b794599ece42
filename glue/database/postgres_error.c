/*-------------------------------------------------------------------------
 *
 * postgres_error.c
 *	  Convert errors of libpq and the server to a glue_error.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "database/postgres_error.h"

bool
postgres_error_is_transient(const struct glue_error *error)
{
	static const char *const classes[] = {"08", "40", "53", "57", "58", "XX"};

	if (error->class != GLUE_INFRASTRUCTURE_ERROR ||
		strlen(error->code) != POSTGRES_SQLSTATE_LENGTH)
		return false;
	if (strcmp(error->code, "55P03") == 0)
		return true;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
	{
		if (memcmp(error->code, classes[i], 2) == 0)
			return true;
	}
	return false;
}

bool
postgres_error_is_untrusted(const struct glue_error *error)
{
	/* libpq has no code for it; all of its texts about it have this word. */
	return strcmp(error->code, POSTGRES_UNREACHABLE) == 0 &&
		   strstr(error->text, "certificate") != NULL;
}

/*
 * Return the length of the position in COPY's error context, "COPY intake, line
 * 17, column price", excluding a value that may follow.  0 for any other
 * context.
 */
static int
copy_context_length(const char *context)
{
	if (context == NULL || strncmp(context, "COPY ", 5) != 0)
		return 0;
	return (int) strcspn(context, ":\n\"");
}

bool
postgres_error(PGconn *connection, const PGresult *result, struct glue_error *error)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	int context_length = copy_context_length(context);

	if (interrupted())
		return interrupt_error(error);
	if (sqlstate == NULL || primary == NULL)
	{
		/* libpq's own message contains neither values nor passwords. */
		const char *message = connection != NULL && PQstatus(connection) == CONNECTION_OK
								  ? PQerrorMessage(connection)
								  : "";

		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_LOST,
							  "the connection to the database was lost%s%.*s",
							  message[0] != '\0' ? ": " : "", (int) strcspn(message, "\n"),
							  message);
	}
	glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, sqlstate, "the database says: %s%s%.*s",
				   primary, context_length > 0 ? ", at " : "", context_length,
				   context_length > 0 ? context : "");
	if (hint != NULL)
		glue_error_hint(error, "%s", hint);
	if (error == NULL)
		return false;
	error->quotes_server = true;
	if (constraint != NULL)
		snprintf(error->constraint, sizeof(error->constraint), "%s", constraint);
	return false;
}
