/*-------------------------------------------------------------------------
 *
 * each_file.c
 *	  Run a command on each file that it names.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "base/interrupt.h"
#include "cli/command.h"
#include "cli/each_file.h"
#include "cli/file_list.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/message.h"
#include "import/file_name.h"

/* Options whose value belongs to one file. */
static const enum option_id single[] = {OPTION_FILE_NAME, OPTION_ERRORS, OPTION_CSV};

static bool
check_options(const struct options *options, struct glue_error *error)
{
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
	{
		if ((options->given & OPTION_BIT(single[i])) != 0)
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option %s cannot be used with several files",
								  option_name(single[i]));
	}
	return true;
}

/*
 * Set the vendor of a file to the one in its name unless it is given.  The caller
 * owns *copy.
 */
static bool
choose_vendor(struct options *options, char **copy, struct glue_error *error)
{
	const char *name =
		options->file_name != NULL ? options->file_name : file_list_name(options->operands[0]);
	size_t length = file_name_vendor(name);

	if (options->vendor != NULL)
		return true;
	if (length == 0)
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"specify the vendor with --vendor; the file name \"%s\" does not contain it, as VENDOR_yyyymmdd_hhmmss.csv would",
			name);
	*copy = glue_allocate(length + 1);
	if (*copy == NULL)
		return glue_error_memory(error);
	memcpy(*copy, name, length);
	(*copy)[length] = '\0';
	options->vendor = *copy;
	return true;
}

/*
 * Process one file of the list.
 */
static int
run_file(const struct options *options, char **path, bool is_many, each_file_fn run,
		 struct summary_total *total)
{
	struct options own = *options;
	struct glue_error error = {0};
	char *vendor = NULL;
	int code;

	own.operands = path;
	own.operand_count = 1;
	own.one_line = is_many;
	if (is_many)
		message_about(file_list_name(*path));
	code = choose_vendor(&own, &vendor, &error) ? run(&own, total) : command_fail(&own, &error);
	if (is_many && code >= EXIT_REFUSED && !options->json)
		line_print(stdout, 2, "%s: %s", file_list_name(*path),
				   code == EXIT_INFRASTRUCTURE ? "not complete" : "refused");
	message_about(NULL);
	glue_release(vendor);
	/* Keep the results and the messages in order where both go to one file. */
	fflush(stdout);
	return code;
}

/*
 * Process the files in order, until a failure that would affect the next file as
 * well.
 */
static int
run_files(const struct options *options, const struct file_list *list, each_file_fn run,
		  struct summary_total *total)
{
	int worst = EXIT_ALL_GOOD;

	for (int i = 0; i < list->count && worst < EXIT_INFRASTRUCTURE && !interrupted(); i++)
	{
		int code = run_file(options, &list->paths[i], list->is_many, run, total);

		total->files++;
		total->refused += code == EXIT_REFUSED || code == EXIT_USAGE;
		if (code > worst)
			worst = code;
	}
	if (total->files == list->count)
		return worst;
	message_note("%d %s not read; run the same command again once the cause is removed",
				 list->count - total->files,
				 terminal_plural(list->count - total->files, "file was", "files were"));
	return EXIT_INFRASTRUCTURE;
}

int
each_file(const struct options *options, each_file_fn run)
{
	struct file_list list;
	struct summary_total total = {0};
	struct glue_error error = {0};
	int code;

	if (!file_list_make(&list, options, &error) ||
		(list.is_many && !check_options(options, &error)))
		code = command_fail(options, &error);
	else
	{
		if (list.is_many && options->json)
			json_out_begin_list();
		code = run_files(options, &list, run, &total);
		if (list.is_many && options->json)
			json_out_end_list();
		else if (list.is_many)
			summary_print_total(&total);
	}
	file_list_clean_up(&list);
	return code;
}
