/*-------------------------------------------------------------------------
 *
 * main.c
 *	  The command line program: finds the command and runs it.
 *
 * The table below is all there is to know about the commands; it finds them,
 * checks their arguments and writes their help.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "../src/suggest.h"
#include "../src/text.h"
#include "command.h"
#include "interrupt.h"
#include "json_out.h"
#include "memory.h"
#include "options.h"
#include "terminal.h"

#define COMMAND_COLUMN 22

#define OPTIONS_FILE \
	(OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_ENCODING) | \
	 OPTION_BIT(OPTION_DELIMITER) | OPTION_BIT(OPTION_FILE_NAME) | \
	 OPTION_BIT(OPTION_MAX_BYTES) | OPTION_BIT(OPTION_MAX_ROWS) | \
	 OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET) | OPTIONS_DATABASE)

#define OPTIONS_VENDOR \
	(OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_EMAIL) | \
	 OPTION_BIT(OPTION_PHONE) | OPTION_BIT(OPTION_BUSINESS_NAME) | \
	 OPTION_BIT(OPTION_TAX_ID) | OPTION_BIT(OPTION_ADDRESS) | \
	 OPTION_BIT(OPTION_CITY) | OPTION_BIT(OPTION_STATE) | \
	 OPTION_BIT(OPTION_COUNTRY) | OPTION_BIT(OPTION_POSTAL_CODE) | \
	 OPTION_BIT(OPTION_STATUS) | OPTION_BIT(OPTION_IF_NOT_EXISTS))

static const struct command commands[] = {
	{
		.name = "load", .operands = "FILE", .summary = "load a vendor's CSV file",
		.description =
		"Checks every row of FILE (\"-\" for standard input), puts the good rows into\n"
		"the catalogue and writes reports on the others.  The file is read twice: first\n"
		"for faults of the file as a whole, then for its rows.  Killed at any moment and\n"
		"run again, it goes on where it was.  The same file again shows the result it\n"
		"had; --again loads it once more.",
		.options = OPTIONS_FILE | OPTION_BIT(OPTION_AGAIN) |
		OPTION_BIT(OPTION_REPORTS) | OPTION_BIT(OPTION_NO_REPORTS),
		.required = OPTION_BIT(OPTION_VENDOR),
		.min_operands = 1, .max_operands = 1, .judges_rows = true, .run = command_load
	},
	{
		.name = "check", .operands = "FILE", .summary = "say what loading a file would do",
		.description =
		"Judges every row of FILE (\"-\" for standard input) against the live catalogue,\n"
		"as \"onboard load\" would, and writes nothing into the database.",
		.options = OPTIONS_FILE | OPTION_BIT(OPTION_ERRORS),
		.required = OPTION_BIT(OPTION_VENDOR),
		.min_operands = 1, .max_operands = 1, .judges_rows = true, .run = command_check
	},
	{
		.name = "status", .operands = "[UPLOAD]", .summary = "show recent uploads, or one in detail",
		.description = "Lists the latest uploads, or shows one with the causes of its errors.",
		.options = OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.max_operands = 1, .run = command_status
	},
	{
		.name = "report", .operands = "UPLOAD", .summary = "write an upload's reports",
		.description =
		"Writes errors.csv (one line per error), fix.csv (the rejected rows in the\n"
		"vendor's own columns, to correct and load) and mail.txt into DIR/UPLOAD.",
		.options = OPTION_BIT(OPTION_REPORTS) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1, .max_operands = 1, .run = command_report
	},
	{
		.name = "undo", .operands = "UPLOAD", .summary = "take an upload's products out again",
		.description =
		"Removes the products that came with UPLOAD, except those somebody changed\n"
		"since.  An upload that has not ended is cancelled.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1, .max_operands = 1, .run = command_undo
	},
	{
		.name = "template", .operands = "", .summary = "print a CSV file to start from",
		.description = "Prints the header line that a file needs and one example row.",
		.options = OPTION_BIT(OPTION_DELIMITER),
		.run = command_template
	},
	{
		.name = "vendor add", .operands = "ID", .summary = "add a vendor",
		.description = "Adds a vendor.  ID is up to 50 letters, digits and hyphens.",
		.options = OPTIONS_VENDOR | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.required = OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_EMAIL),
		.min_operands = 1, .max_operands = 1, .run = command_vendor_add
	},
	{
		.name = "vendor list", .operands = "", .summary = "list the vendors",
		.description = "Lists the vendors with their uploads and products.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.run = command_vendor_list
	},
	{
		.name = "vendor set-status", .operands = "ID STATUS", .summary = "suspend a vendor, or let it load again",
		.description =
		"Sets a vendor's status: active, suspended, inactive or pending_approval.\n"
		"Only an active vendor's files are loaded.  Exit code 2: there is no such vendor.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 2, .max_operands = 2, .run = command_vendor_set_status
	},
	{
		.name = "category add", .operands = "NAME", .summary = "add a category, or activate it again",
		.description = "Adds a category, or makes a deactivated one active again.",
		.options = OPTION_BIT(OPTION_PARENT) | OPTION_BIT(OPTION_DESCRIPTION) |
		OPTION_BIT(OPTION_IF_NOT_EXISTS) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1, .max_operands = 1, .run = command_category_add
	},
	{
		.name = "category list", .operands = "", .summary = "list the categories",
		.description = "Lists the categories under their parents.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.run = command_category_list
	},
	{
		.name = "category deactivate", .operands = "NAME", .summary = "accept no more products in a category",
		.description = "Deactivates a category: products in it stay, new ones are rejected.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1, .max_operands = 1, .run = command_category_deactivate
	},
	{
		.name = "conninfo", .operands = "", .summary = "print how to reach the database in use",
		.description =
		"Prints host, port, user and name of the database in use as a connection\n"
		"string for psql, pg_dump and others.  It never holds a password.",
		.options = OPTIONS_DATABASE,
		.run = command_conninfo
	},
	{
		.name = "psql", .operands = "[-- ARGUMENT...]", .summary = "open psql on the database in use",
		.description = "Runs psql with the arguments given, connected to the database in use.",
		.options = OPTIONS_DATABASE,
		.max_operands = -1, .stop_at_operand = true, .run = command_psql
	},
	{
		.name = "stop", .operands = "", .summary = "stop the private server",
		.description = "Stops the private server; the next command that needs it starts it again.",
		.run = command_stop
	},
	{0}
};

/*
 * Print the end of every help: what the exit codes mean.
 */
static void
print_exit_codes(FILE *stream, bool judges_rows)
{
	fputs("\nExit codes:\n", stream);
	fprintf(stream, "  0  %s\n", judges_rows ? "all rows are good" : "done");
	if (judges_rows)
		fputs("  1  some rows are rejected\n"
			  "  2  the file is refused\n", stream);
	fputs("  3  wrong usage\n"
		  "  4  the database or the machine is at fault; try again\n", stream);
}

static int
print_command_help(const struct command *command)
{
	printf("Usage: onboard %s%s%s", command->name,
		   command->operands[0] != '\0' ? " " : "", command->operands);
	for (int id = 0; id < OPTION_ID_COUNT; id++)
	{
		if ((command->required & OPTION_BIT(id)) != 0)
			printf(" %s ...", option_name(id));
	}
	printf(" [OPTION]...\n\n%s\n\nOptions:\n", command->description);
	options_print_help(stdout, command->options | OPTIONS_ALWAYS);
	print_exit_codes(stdout, command->judges_rows);
	return EXIT_ALL_GOOD;
}

/*
 * Print the commands, or only those of one group such as "vendor".
 */
static void
print_command_list(FILE *stream, const char *group)
{
	size_t		length = strlen(group);

	for (const struct command *command = commands; command->name != NULL; command++)
	{
		if (strncmp(command->name, group, length) == 0 &&
			(length == 0 || command->name[length] == ' '))
			fprintf(stream, "  %-*s%s\n", COMMAND_COLUMN, command->name,
					command->summary);
	}
}

static int
print_group_help(const char *group)
{
	printf("Usage: onboard %s COMMAND [OPTION]...\n\nCommands:\n", group);
	print_command_list(stdout, group);
	puts("\n\"onboard COMMAND --help\" tells more about each.");
	print_exit_codes(stdout, false);
	return EXIT_ALL_GOOD;
}

static int
print_general_help(FILE *stream)
{
	fputs("onboard loads vendors' product files into one catalogue.\n\n"
		  "Usage: onboard COMMAND [ARGUMENT]... [OPTION]...\n\nCommands:\n", stream);
	print_command_list(stream, "");
	fputs("\n\"onboard COMMAND --help\" tells more about each.\n\nOptions:\n", stream);
	options_print_help(stream, OPTIONS_ALWAYS);
	fputs("\nWhich database: the one of --db CONNINFO, else the one that the PG*\n"
		  "environment variables name, else a private server that the program creates\n"
		  "and starts in ONBOARD_HOME (default: $XDG_DATA_HOME/onboard or\n"
		  "~/.local/share/onboard; for root /var/lib/onboard).\n\n"
		  "Other variables: ONBOARD_PG_BINDIR, the folder of PostgreSQL's programs;\n"
		  "TMPDIR, where standard input is spooled; NO_COLOR, for no colours.\n", stream);
	print_exit_codes(stream, true);
	return EXIT_ALL_GOOD;
}

static int
print_version(void)
{
	puts("onboard " ONBOARD_VERSION);
	return EXIT_ALL_GOOD;
}

int
command_fail(const struct options *options, const struct glue_error *error)
{
	terminal_error(error);
	if (options->json)
		json_out_error(error);
	switch (error->class)
	{
		case GLUE_USAGE_ERROR:
			return EXIT_USAGE;
		case GLUE_FILE_FAULT:
			return EXIT_FILE_REFUSED;
		default:
			return EXIT_INFRASTRUCTURE;
	}
}

/*
 * A usage error: what is wrong and where to read more.
 */
static int
fail_usage(const struct options *options, const char *name,
		   const struct glue_error *error)
{
	int			code = command_fail(options, error);

	fprintf(stderr, "Try \"onboard %s%s--help\".\n", name, name[0] != '\0' ? " " : "");
	return code;
}

/*
 * Find the command that these arguments begin with; *used says how many of
 * them are its name.
 */
static const struct command *
find_command(int argc, char **argv, int *used)
{
	for (const struct command *command = commands; command->name != NULL; command++)
	{
		const char *space = strchr(command->name, ' ');
		size_t		length = space != NULL ? (size_t) (space - command->name) :
			strlen(command->name);

		if (strlen(argv[0]) != length || memcmp(argv[0], command->name, length) != 0)
			continue;
		if (space != NULL && (argc < 2 || strcmp(argv[1], space + 1) != 0))
			continue;
		*used = space != NULL ? 2 : 1;
		return command;
	}
	return NULL;
}

/* Whether a word is the first of two-word commands. */
static bool
is_group(const char *word)
{
	size_t		length = strlen(word);

	for (const struct command *command = commands; command->name != NULL; command++)
	{
		if (strncmp(command->name, word, length) == 0 && command->name[length] == ' ')
			return true;
	}
	return false;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static bool
is_version(const char *word)
{
	return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0;
}

/*
 * These arguments begin with no command; name the one that was meant.
 */
static int
fail_unknown_command(int argc, char **argv)
{
	struct text_view names[sizeof(commands) / sizeof(commands[0])];
	struct options options = {0};
	struct glue_error error;
	char		wanted[80];
	int			count = 0;
	int			nearest;

	if (is_group(argv[0]) && argc > 1 && argv[1][0] != '-')
		snprintf(wanted, sizeof(wanted), "%s %s", argv[0], argv[1]);
	else
		snprintf(wanted, sizeof(wanted), "%s", argv[0]);
	for (const struct command *command = commands; command->name != NULL; command++)
		names[count++] = text_of(command->name);
	nearest = category_suggest(text_of(wanted), names, count);
	if (is_group(wanted))
		glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE",
					   "\"onboard %s\" needs the name of a command", wanted);
	else if (nearest >= 0)
		glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE",
					   "there is no command \"%s\"; did you mean \"%s\"?",
					   wanted, commands[nearest].name);
	else
		glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE",
					   "there is no command \"%s\"", wanted);
	return fail_usage(&options, is_group(argv[0]) ? argv[0] : "", &error);
}

/*
 * Check what the table says about a command's arguments.
 */
static bool
check_arguments(const struct command *command, const struct options *options,
				struct glue_error *error)
{
	uint64_t	missing = command->required & ~options->given;

	if (options->operand_count < command->min_operands)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "\"onboard %s\" needs %s", command->name, command->operands);
	if (command->max_operands >= 0 && options->operand_count > command->max_operands)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "there is one argument too many: \"%s\"",
							  options->operands[command->max_operands]);
	for (int id = 0; id < OPTION_ID_COUNT; id++)
	{
		if ((missing & OPTION_BIT(id)) != 0)
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "\"onboard %s\" needs %s", command->name, option_name(id));
	}
	return true;
}

/*
 * The options cannot be parsed.  Those of a program that the command runs may
 * have been meant for it.
 */
static int
fail_options(const struct command *command, const struct options *options,
			 struct glue_error *error)
{
	struct glue_error reason = *error;

	if (command->stop_at_operand)
		glue_error_set(error, reason.class, reason.code,
					   "%s; options for %s itself go behind \"--\": onboard %s -- ...",
					   reason.text, command->name, command->name);
	return fail_usage(options, command->name, error);
}

static int
run_command(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct glue_error error = {0};

	if (!options_parse(&options, command->options | OPTIONS_ALWAYS,
					   command->stop_at_operand, argc, argv, &error))
		return fail_options(command, &options, &error);
	if (options.help)
		return print_command_help(command);
	if (options.version)
		return print_version();
	if (!check_arguments(command, &options, &error))
		return fail_usage(&options, command->name, &error);
	interrupt_install();
	return command->run(&options);
}

/*
 * "onboard", "onboard --help", "onboard help load", "onboard vendor --help":
 * everything that is asked without a whole command.
 */
static int
run_without_command(int argc, char **argv)
{
	int			used;
	const struct command *command;

	if (argc == 0)
	{
		print_general_help(stderr);
		return EXIT_USAGE;
	}
	if (is_version(argv[0]))
		return print_version();
	if (is_help(argv[0]) && argc > 1)
	{
		command = find_command(argc - 1, argv + 1, &used);
		if (command != NULL)
			return print_command_help(command);
		if (is_group(argv[1]))
			return print_group_help(argv[1]);
		return fail_unknown_command(argc - 1, argv + 1);
	}
	if (is_help(argv[0]))
		return print_general_help(stdout);
	if (is_group(argv[0]) && argc > 1 && is_help(argv[1]))
		return print_group_help(argv[0]);
	if (is_group(argv[0]) && argc > 1 && is_version(argv[1]))
		return print_version();
	return fail_unknown_command(argc, argv);
}

int
main(int argc, char **argv)
{
	cJSON_Hooks hooks = {glue_allocate, glue_release};
	const struct command *command = NULL;
	int			used = 0;
	int			code;

	cJSON_InitHooks(&hooks);
	terminal_init();
	argc--;
	argv++;
	if (argc > 0)
		command = find_command(argc, argv, &used);
	if (command != NULL)
		code = run_command(command, argc - used, argv + used);
	else
		code = run_without_command(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout))
	{
		terminal_note("could not write to standard output");
		return EXIT_INFRASTRUCTURE;
	}
	return code;
}
