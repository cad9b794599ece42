/*-------------------------------------------------------------------------
 *
 * command.h
 *	  The commands of the command line.
 *
 * To add a command, declare its function here, define it in a file of its own,
 * and add a row to the table in commands.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_COMMAND_H
#define GLUE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "cli/options.h"

/*
 * Exit codes; the help of each command lists those it uses.  Every command
 * returns EXIT_REFUSED if a file, vendor, upload or category named on the
 * command line does not exist, and EXIT_USAGE if its arguments would be wrong
 * for any database contents.
 */
enum exit_code
{
	EXIT_ALL_GOOD = 0,
	EXIT_SOME_REJECTED = 1,
	EXIT_NEEDS_ATTENTION = EXIT_SOME_REJECTED, /* onboard doctor */
	EXIT_REFUSED = 2,
	EXIT_USAGE = 3,
	EXIT_INFRASTRUCTURE = 4
};

#define EXIT_CODE_COUNT 5

struct command
{
	const char *name;        /* one word, or group and word */
	const char *operands;    /* as the help shows them; NULL for none */
	const char *summary;     /* half a line, for the list of commands */
	const char *description; /* for the command's --help */
	uint64_t options;        /* accepted; see OPTION_BIT() */
	uint64_t required;       /* mandatory ones */
	int min_operands;
	int max_operands;                      /* -1 for any number */
	bool stop_at_operand;                  /* later options belong to another program */
	const struct option_meaning *meanings; /* overrides option help; or NULL */
	const char *codes[EXIT_CODE_COUNT];    /* meanings of exit codes in its help,
										 * where they are not those of all */
	int (*run)(const struct options *options);
};

/* Room for a list of all commands. */
#define MOST_COMMANDS 64

/* The last one has no name; defined in commands.c. */
extern const struct command commands[];

extern int command_load(const struct options *options);
extern int command_check(const struct options *options);
extern int command_diff(const struct options *options);
extern int command_status(const struct options *options);
extern int command_report(const struct options *options);
extern int command_fix(const struct options *options);
extern int command_undo(const struct options *options);
extern int command_held(const struct options *options);
extern int command_approve(const struct options *options);
extern int command_decline(const struct options *options);
extern int command_history(const struct options *options);
extern int command_mail(const struct options *options);
extern int command_template(const struct options *options);
extern int command_vendor_add(const struct options *options);
extern int command_vendor_list(const struct options *options);
extern int command_vendor_show(const struct options *options);
extern int command_vendor_set(const struct options *options);
extern int command_vendor_set_status(const struct options *options);
extern int command_category_add(const struct options *options);
extern int command_category_list(const struct options *options);
extern int command_category_rename(const struct options *options);
extern int command_category_deactivate(const struct options *options);
extern int command_category_remove(const struct options *options);
extern int command_map_list(const struct options *options);
extern int command_map_show(const struct options *options);
extern int command_map_set(const struct options *options);
extern int command_map_remove(const struct options *options);
extern int command_map_guess(const struct options *options);
extern int command_map_test(const struct options *options);
extern int command_map_values(const struct options *options);
extern int command_map_rate(const struct options *options);
extern int command_doctor(const struct options *options);
extern int command_conninfo(const struct options *options);
extern int command_psql(const struct options *options);
extern int command_stop(const struct options *options);

/*
 * Report a failure on standard error and, with --json, as a document on
 * standard output.  Returns the exit code of its class.
 */
extern int command_fail(const struct options *options, const struct glue_error *error);

#endif /* GLUE_COMMAND_H */
