/*-------------------------------------------------------------------------
 *
 * mail_command.c
 *	  onboard mail: show the mail about an upload, and the texts of all mails.
 *
 * The texts are rows of the database, which fills them in and checks edited ones;
 * this command only moves them between the database and files.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/named.h"
#include "cli/text_file.h"
#include "report/report_content.h"

#define INVALID_PARAMETER_VALUE "22023"

/* The language that --language names for the texts. */
static const char *
chosen_language(const struct options *options)
{
	return options->language != NULL ? options->language : "en";
}

/* ----- the mail about an upload ----- */

static void
print_mail(const struct options *options, const char *upload_id, const struct report_mail *mail)
{
	cJSON *document;

	if (!options->json)
	{
		printf("To: %s\nSubject: %s\n\n%s", mail->address, mail->subject, mail->body);
		return;
	}
	document = cJSON_CreateObject();
	json_add_text(document, "upload_id", upload_id);
	json_add_text(document, "to", mail->address);
	json_add_text(document, "subject", mail->subject);
	json_add_text(document, "body", mail->body);
	json_out_print(document);
}

static bool
show_mail(struct database *database, const struct options *options, struct glue_error *error)
{
	const struct report_links links = {.language = options->language};
	struct upload upload = {0};
	struct report_mail mail = {0};
	bool done = named_upload_or_latest(database, options->operands[0], &upload, error) &&
				report_mail_read(database, upload.upload_id, &links, &mail, error);

	if (done)
		print_mail(options, upload.upload_id, &mail);
	report_mail_clean_up(&mail);
	upload_clean_up(&upload);
	return done;
}

/* ----- texts ----- */

static bool
print_texts(struct database *database, const struct options *options, struct glue_error *error)
{
	const char *const values[] = {chosen_language(options)};
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN, "SELECT onboard_mail_template($1::text)", 1, values,
						&result, error))
		return false;
	fputs(PQgetvalue(result, 0, 0), stdout);
	PQclear(result);
	return true;
}

/*
 * Explain why the database did not accept the texts; other errors stay as they are.
 */
static bool
refuse_texts(const struct options *options, struct glue_error *error)
{
	const char *sqlstate = glue_error_sqlstate(error);
	const char *reason = strstr(error->text, ": ");

	if (sqlstate == NULL || strcmp(sqlstate, INVALID_PARAMETER_VALUE) != 0 || reason == NULL)
		return false;
	glue_error_reword(error, "%s: %s", options->import != NULL ? options->import : "--language",
					  reason + 2);
	error->class = GLUE_USAGE_ERROR;
	return false;
}

static void
print_changes(const struct options *options, const PGresult *result)
{
	if (options->json)
	{
		json_out_print(json_of_result(result));
		return;
	}
	if (PQntuples(result) == 0)
		line_print(stdout, 2, "No text differs.");
	for (int row = 0; row < PQntuples(result); row++)
		line_print(stdout, 2, "%s: %s", PQgetvalue(result, row, 0), PQgetvalue(result, row, 1));
}

/*
 * Store edited texts, or with NULL restore all of the language as shipped.
 */
static bool
set_texts(struct database *database, const struct options *options, const char *texts,
		  struct glue_error *error)
{
	const char *const values[] = {chosen_language(options), texts};
	PGresult *result = NULL;

	if (!database_query(
			database, RUN_AGAIN,
			"SELECT t.name, t.change FROM onboard_set_mail_template($1::text, $2::text) t", 2,
			values, &result, error))
	{
		return refuse_texts(options, error);
	}
	print_changes(options, result);
	PQclear(result);
	return true;
}

static bool
change_texts(struct database *database, const struct options *options, struct glue_error *error)
{
	struct byte_buffer texts = {0};
	bool done = (options->reset || text_file_read(options->import, 0, &texts, error)) &&
				set_texts(database, options, texts.data, error);

	byte_buffer_clean_up(&texts);
	return done;
}

/* ----- the command ----- */

/*
 * Check which options may be combined, which the option table cannot express.
 */
static bool
check_options(const struct options *options, struct glue_error *error)
{
	if (options->template == (options->operand_count > 0))
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "\"onboard mail\" requires either UPLOAD or --template");
	if (!options->template && (options->import != NULL || options->reset))
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "--import and --reset require --template");
	if (options->import != NULL && options->reset)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "--import and --reset cannot be combined");
	return true;
}

int
command_mail(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = NULL;
	bool done = check_options(options, &error);

	if (done)
		database = chosen_database_open(options, &error);
	if (database == NULL)
		done = false;
	else if (!options->template)
		done = show_mail(database, options, &error);
	else if (options->import != NULL || options->reset)
		done = change_texts(database, options, &error);
	else
		done = print_texts(database, options, &error);
	database_close(database);
	return done ? EXIT_ALL_GOOD : command_fail(options, &error);
}
