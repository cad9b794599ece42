/*-------------------------------------------------------------------------
 *
 * map_refusal.c
 *	  Explain why the database did not accept a map, a value list or a rate.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "cli/map_refusal.h"
#include "cli/named.h"
#include "cli/not_found.h"
#include "cli/text_file.h"
#include "database/postgres_error.h"

/* object_in_use: the vendor's default map cannot be removed. */
#define DEFAULT_MAP "55006"

/* SQLSTATEs of what the database refuses in arguments. */
static const char *const refusals[] = {
	"22023", /* invalid_parameter_value */
	"22003", /* numeric_value_out_of_range */
	"54000", /* program_limit_exceeded */
	DEFAULT_MAP,
};

/*
 * Say what to do.  A hint of the server may be about its functions.
 */
static void
give_hint(const struct options *options, const char *sqlstate, struct glue_error *error)
{
	if (strcmp(sqlstate, DEFAULT_MAP) == 0)
		glue_error_hint(error,
						"Choose another default first: onboard vendor set %s --default-map NAME",
						options->vendor);
	else if (strstr(error->hint, "onboard_") != NULL)
		error->hint[0] = '\0';
}

/*
 * Begin the message with the file at fault, instead of "the database says".
 */
static void
reword(const char *path, struct glue_error *error)
{
	const char *reason = strstr(error->text, ": ");

	reason = reason != NULL ? reason + 2 : error->text;
	if (path == NULL)
		glue_error_reword(error, "%s", reason);
	else
		glue_error_reword(error, "%s: %s", text_file_name(path), reason);
}

/*
 * Report the vendor, or else the map, that does not exist.
 */
static bool
report_unknown(struct database *database, const struct options *options, struct glue_error *error)
{
	char status[32];

	if (!named_vendor_status(database, options->vendor, status, sizeof(status), error))
		return false;
	return not_found_map(database, options->vendor, options->operands[0], error);
}

bool
map_refusal(struct database *database, const struct options *options, const char *path,
			struct glue_error *error)
{
	if (strcmp(error->code, POSTGRES_UNDEFINED_OBJECT) == 0 && options->vendor != NULL)
		return report_unknown(database, options, error);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		if (strcmp(error->code, refusals[i]) != 0)
			continue;
		give_hint(options, refusals[i], error);
		reword(path, error);
		error->class = GLUE_USAGE_ERROR;
		snprintf(error->code, sizeof(error->code), "USAGE");
		break;
	}
	return false;
}
