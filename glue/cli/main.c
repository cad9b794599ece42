/*-------------------------------------------------------------------------
 *
 * main.c
 *	  The command line program: find the command and run it.
 *
 * The table in commands.c drives everything.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/heap.h"
#include "base/interrupt.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "shared/suggest.h"
#include "shared/text.h"

/* Columns where the descriptions of commands and exit codes begin. */
#define COMMAND_COLUMN 24
#define EXIT_CODE_COLUMN 5

/* Aligned with "onboard" in "Usage: onboard". */
#define USAGE_COLUMN 7

#define INSUFFICIENT_PRIVILEGE "42501"

/* Options accepted before any command; the general help lists them. */
#define OPTIONS_COMMON (OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE | OPTIONS_ALWAYS)

/* Meanings of exit codes; a command does not return codes without a text. */
static const char *const all_codes[EXIT_CODE_COUNT] = {
	[EXIT_ALL_GOOD] = "done",
	[EXIT_USAGE] = "usage error",
	[EXIT_INFRASTRUCTURE] = "database or system error; try again",
};

static const char *const group_codes[EXIT_CODE_COUNT] = {
	[EXIT_REFUSED] = "a named object does not exist",
};

static const char *const general_codes[EXIT_CODE_COUNT] = {
	[EXIT_ALL_GOOD] = "done; all rows are valid",
	[EXIT_SOME_REJECTED] = "some or all rows are rejected or held, or something needs attention",
	[EXIT_REFUSED] = "the file is refused, or a named object does not exist",
};

static const char more_help[] = "\"onboard COMMAND --help\" describes each one.";

/*
 * Print the last section of every help: the meanings of exit codes.
 */
static void
print_exit_codes(FILE *stream, const char *const *codes)
{
	fputs("\nExit codes:\n", stream);
	for (int code = 0; code < EXIT_CODE_COUNT; code++)
	{
		const char *text = codes[code] != NULL ? codes[code] : all_codes[code];

		if (text != NULL)
			line_print_help(stream, EXIT_CODE_COLUMN, "  %d  %s", code, text);
	}
}

/*
 * Print the usage line.  Arguments for a program that the command runs come
 * last.
 */
static void
print_usage(const struct command *command)
{
	struct line line;

	line_begin(&line, stdout, USAGE_COLUMN);
	line_add(&line, "Usage: onboard %s", command->name);
	if (command->operands != NULL && !command->stop_at_operand)
		line_add(&line, " %s", command->operands);
	for (int id = 0; id < OPTION_ID_COUNT; id++)
	{
		if ((command->required & OPTION_BIT(id)) != 0)
			line_add(&line, " %s %s", option_name(id), option_argument(id));
	}
	line_add(&line, " [OPTION]...");
	if (command->stop_at_operand)
		line_add(&line, " %s", command->operands);
	line_end_help(&line);
}

static int
print_command_help(const struct command *command)
{
	print_usage(command);
	putchar('\n');
	line_print_help(stdout, 0, "%s", command->description);
	puts("\nOptions:");
	options_print_help(stdout, command->options | OPTIONS_ALWAYS, command->meanings);
	print_exit_codes(stdout, command->codes);
	return EXIT_ALL_GOOD;
}

/*
 * Print the commands, or only those of a group such as "vendor".
 */
static void
print_command_list(FILE *stream, const char *group)
{
	size_t length = strlen(group);

	for (const struct command *command = commands; command->name != NULL; command++)
	{
		if (strncmp(command->name, group, length) == 0 &&
			(length == 0 || command->name[length] == ' '))
			line_print_help(stream, COMMAND_COLUMN, "  %-*s%s", COMMAND_COLUMN - 2, command->name,
							command->summary);
	}
}

static int
print_group_help(const char *group)
{
	line_print_help(stdout, USAGE_COLUMN, "Usage: onboard %s COMMAND [OPTION]...", group);
	puts("\nCommands:");
	print_command_list(stdout, group);
	putchar('\n');
	line_print_help(stdout, 0, "%s", more_help);
	print_exit_codes(stdout, group_codes);
	return EXIT_ALL_GOOD;
}

static int
print_general_help(FILE *stream)
{
	line_print_help(stream, 0, "onboard loads vendors' product files into one catalogue.");
	fputc('\n', stream);
	line_print_help(stream, USAGE_COLUMN, "Usage: onboard COMMAND [ARGUMENT]... [OPTION]...");
	fputs("\nCommands:\n", stream);
	print_command_list(stream, "");
	fputc('\n', stream);
	line_print_help(stream, 0, "%s", more_help);
	fputc('\n', stream);
	line_print_help(stream, 0, "Options, before or after the command:");
	options_print_help(stream, OPTIONS_COMMON, NULL);
	fputc('\n', stream);
	line_print_help(stream, 0,
					"Database: the one given by --db CONNINFO, else the one that the PG* "
					"environment variables name, else a private server that the program creates "
					"and starts in ONBOARD_HOME (default: $XDG_DATA_HOME/onboard or "
					"~/.local/share/onboard; for root /var/lib/onboard).");
	fputc('\n', stream);
	line_print_help(stream, 0,
					"Other variables: ONBOARD_PG_BINDIR, the directory of PostgreSQL's programs; "
					"TMPDIR, where standard input is spooled; NO_COLOR, to disable colours.");
	print_exit_codes(stream, general_codes);
	return EXIT_ALL_GOOD;
}

static int
print_version(void)
{
	puts("onboard " ONBOARD_VERSION);
	return EXIT_ALL_GOOD;
}

static int
exit_code_of(const struct glue_error *error)
{
	switch (error->class)
	{
		case GLUE_USAGE_ERROR:
			return EXIT_USAGE;
		case GLUE_FILE_FAULT:
		case GLUE_NOT_FOUND:
			return EXIT_REFUSED;
		default:
			return EXIT_INFRASTRUCTURE;
	}
}

int
command_fail(const struct options *options, const struct glue_error *error)
{
	struct glue_error told = *error;
	int code = exit_code_of(error);

	if (strcmp(told.code, INSUFFICIENT_PRIVILEGE) == 0 && told.hint[0] == '\0')
		glue_error_hint(&told,
						"Connect as a role that may do this (--db), or have the owner grant it.");
	message_error(&told);
	if (options->json)
		json_out_error(&told, code);
	return code;
}

/*
 * Report a usage error and point to the help.
 */
static int
fail_usage(const struct options *options, const char *name, struct glue_error *error)
{
	glue_error_hint(error, "Try \"onboard %s%s--help\".", name, name[0] != '\0' ? " " : "");
	return command_fail(options, error);
}

/* Return the length of the first word of a command's name. */
static size_t
first_word_length(const struct command *command)
{
	return strcspn(command->name, " ");
}

static bool
has_two_words(const struct command *command)
{
	return command->name[first_word_length(command)] != '\0';
}

/*
 * Find the command of this name; second is NULL if there is no second word.
 */
static const struct command *
find_command(const char *first, const char *second)
{
	for (const struct command *command = commands; command->name != NULL; command++)
	{
		size_t length = first_word_length(command);

		if (strlen(first) != length || memcmp(first, command->name, length) != 0)
			continue;
		if (has_two_words(command) &&
			(second == NULL || strcmp(second, command->name + length + 1) != 0))
			continue;
		return command;
	}
	return NULL;
}

/* Return whether a word is the first word of two-word commands. */
static bool
is_group(const char *word)
{
	size_t length = strlen(word);

	for (const struct command *command = commands; command->name != NULL; command++)
	{
		if (strncmp(command->name, word, length) == 0 && command->name[length] == ' ')
			return true;
	}
	return false;
}

/*
 * Collect the names of all two-word commands, or the distinct first words of
 * all commands.
 */
static int
collect_names(struct text_view *names, bool two_words)
{
	int count = 0;

	for (const struct command *command = commands; command->name != NULL; command++)
	{
		struct text_view name = {command->name,
								 two_words ? strlen(command->name) : first_word_length(command)};

		/* The commands of a group are adjacent. */
		if (two_words ? has_two_words(command) : count == 0 || !text_equal(names[count - 1], name))
			names[count++] = name;
	}
	return count;
}

/*
 * Guess what these words meant: a two-word command, else a one-word command or
 * a group.  Returns the length of *meant, which is borrowed, or 0 for no guess.
 */
static int
suggest_command(const char *first, const char *second, const char **meant)
{
	struct text_view names[MOST_COMMANDS];
	char wanted[80];
	int nearest = -1;

	if (second != NULL)
	{
		snprintf(wanted, sizeof(wanted), "%s %s", first, second);
		nearest = name_suggest(text_of(wanted), names, collect_names(names, true));
	}
	if (nearest < 0 && !is_group(first))
		nearest = name_suggest(text_of(first), names, collect_names(names, false));
	if (nearest < 0)
		return 0;
	*meant = names[nearest].data;
	return (int) names[nearest].length;
}

/*
 * Report a usage error in a group and list its commands.
 */
static int
fail_with_commands(const struct options *options, const char *group, struct glue_error *error)
{
	int code = fail_usage(options, group, error);

	fputs("\nCommands:\n", stderr);
	print_command_list(stderr, group);
	return code;
}

/*
 * Report an unknown command and suggest one, or list the commands of the group.
 */
static int
fail_unknown_command(const struct options *options, const char *first, const char *second)
{
	struct glue_error error;
	const char *meant = "";
	int length = suggest_command(first, second, &meant);
	bool in_group = is_group(first);

	if (!in_group && memchr(meant, ' ', (size_t) length) == NULL)
		second = NULL;
	glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE", "unknown command \"%s%s%s\"%s%.*s%s", first,
				   second != NULL ? " " : "", second != NULL ? second : "",
				   length > 0 ? "; did you mean \"" : "", length, meant, length > 0 ? "\"?" : "");
	if (in_group && length == 0)
		return fail_with_commands(options, first, &error);
	return fail_usage(options, in_group ? first : "", &error);
}

/*
 * Report a group without a command and list its commands.
 */
static int
fail_group(const struct options *options, const char *group)
{
	struct glue_error error;

	glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE", "\"onboard %s\" requires a command", group);
	return fail_with_commands(options, group, &error);
}

/*
 * Check a command's arguments against the table.
 */
static bool
check_arguments(const struct command *command, const struct options *options,
				struct glue_error *error)
{
	uint64_t missing = command->required & ~options->given;

	if (options->operand_count < command->min_operands)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "\"onboard %s\" requires %s",
							  command->name, command->operands);
	if (command->max_operands >= 0 && options->operand_count > command->max_operands)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "too many arguments, starting with \"%s\"",
							  options->operands[command->max_operands]);
	for (int id = 0; id < OPTION_ID_COUNT; id++)
	{
		if ((missing & OPTION_BIT(id)) != 0)
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "\"onboard %s\" requires %s",
								  command->name, option_name(id));
	}
	return true;
}

/*
 * Report options that cannot be parsed.  They may have been meant for the
 * program that the command runs.
 */
static int
fail_options(const struct command *command, const struct options *options, struct glue_error *error)
{
	if (command->stop_at_operand)
		glue_error_reword(error, "%s; options for %s itself go after \"--\": onboard %s -- ...",
						  error->text, command->name, command->name);
	return fail_usage(options, command->name, error);
}

static int
run_command(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct glue_error error = {0};

	if (!options_parse(&options, command->options | OPTIONS_ALWAYS, command->stop_at_operand, argc,
					   argv, &error))
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
 * Print the help of a command or a group, or the general help.
 */
static int
show_help(const struct options *options, const char *first, const char *second)
{
	const struct command *command = first != NULL ? find_command(first, second) : NULL;

	if (first == NULL)
		return print_general_help(stdout);
	if (command != NULL)
		return print_command_help(command);
	if (is_group(first) && second == NULL)
		return print_group_help(first);
	return fail_unknown_command(options, first, second);
}

/*
 * Handle every invocation without a complete command: "onboard", "onboard --help",
 * "onboard help load", "onboard vendor --help".
 */
static int
run_without_command(int argc, char **argv)
{
	struct options options;
	struct glue_error error = {0};
	bool good = options_parse(&options, OPTIONS_EVERY, false, argc, argv, &error);
	const char *words[3] = {NULL};

	for (int i = 0; i < options.operand_count && i < 3; i++)
		words[i] = options.operands[i];
	if (argc == 0)
	{
		print_general_help(stderr);
		return EXIT_USAGE;
	}
	if (words[0] != NULL && strcmp(words[0], "help") == 0)
		return show_help(&options, words[1], words[2]);
	if (words[0] != NULL && !is_group(words[0]))
		return fail_unknown_command(&options, words[0], words[1]);
	if (!good)
		return fail_usage(&options, words[0] != NULL ? words[0] : "", &error);
	if (options.version)
		return print_version();
	if (options.help)
		return show_help(&options, words[0], words[1]);
	if (words[0] != NULL && words[1] == NULL)
		return fail_group(&options, words[0]);
	if (words[0] != NULL)
		return fail_unknown_command(&options, words[0], words[1]);
	glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE", "no command given");
	return fail_usage(&options, "", &error);
}

/*
 * Remove an argument, so that the options before and after it form one list.
 */
static void
take_out(int *argc, char **argv, int index)
{
	memmove(argv + index, argv + index + 1, sizeof(char *) * (*argc - index - 1));
	--*argc;
}

/*
 * Find the command named by the first words of the arguments and remove these
 * words.  Options may come before, between and after them.
 */
static const struct command *
take_command_of(int *argc, char **argv, bool with_values)
{
	int first = options_next_operand(*argc, argv, 0, with_values);
	int second = options_next_operand(*argc, argv, first + 1, with_values);
	const struct command *command = NULL;

	if (first < *argc)
		command = find_command(argv[first], second < *argc ? argv[second] : NULL);
	if (command == NULL)
		return NULL;
	if (has_two_words(command))
		take_out(argc, argv, second);
	take_out(argc, argv, first);
	return command;
}

/*
 * Find and remove the command.  A word after an option with an optional value
 * is taken as the value, unless that would leave no command: "--errors
 * check.csv check FILE", "--errors status UPLOAD".
 */
static const struct command *
take_command(int *argc, char **argv)
{
	const struct command *command = take_command_of(argc, argv, true);

	return command != NULL ? command : take_command_of(argc, argv, false);
}

int
main(int argc, char **argv)
{
	cJSON_Hooks hooks = {glue_allocate, glue_release};
	const struct command *command;
	int code;

	cJSON_InitHooks(&hooks);
	terminal_init();
	argc--;
	argv++;
	command = take_command(&argc, argv);
	if (command != NULL)
		code = run_command(command, argc, argv);
	else
		code = run_without_command(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout))
	{
		message_note("could not write to standard output");
		return EXIT_INFRASTRUCTURE;
	}
	return code;
}
