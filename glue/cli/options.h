/*-------------------------------------------------------------------------
 *
 * options.h
 *	  Command line options: one table for both parsing and help.
 *
 * To add an option, add a constant and a field here, a row to the table in
 * options.c, and its bit to the commands in main.c that accept it.  Their help
 * then shows it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_OPTIONS_H
#define GLUE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "reader/csv_dialect.h"

enum option_id
{
	OPTION_VENDOR,
	OPTION_FILE_NAME,
	OPTION_ENCODING,
	OPTION_FORCE,
	OPTION_DELIMITER,
	OPTION_QUOTE,
	OPTION_SHEET,
	OPTION_MAP,
	OPTION_MAP_FILE,
	OPTION_MAX_BYTES,
	OPTION_MAX_ROWS,
	OPTION_MODE,
	OPTION_MATCH,
	OPTION_BLANK,
	OPTION_AS_OF,
	OPTION_AGAIN,
	OPTION_RECORD_REFUSAL,
	OPTION_REPORTS,
	OPTION_NO_REPORTS,
	OPTION_ERRORS,
	OPTION_CSV,
	OPTION_ROWS,
	OPTION_DRY_RUN,
	OPTION_APPLY,
	OPTION_TEMPLATE,
	OPTION_IMPORT,
	OPTION_RESET,
	OPTION_EXPLAIN,
	OPTION_FORMAT,
	OPTION_AT,
	OPTION_NAME,
	OPTION_EMAIL,
	OPTION_PHONE,
	OPTION_BUSINESS_NAME,
	OPTION_TAX_ID,
	OPTION_ADDRESS,
	OPTION_CITY,
	OPTION_STATE,
	OPTION_COUNTRY,
	OPTION_POSTAL_CODE,
	OPTION_STATUS,
	OPTION_MODES,
	OPTION_DEFAULT_MODE,
	OPTION_DEFAULT_MAP,
	OPTION_PRICE_GUARD,
	OPTION_SOLD_OUT_GUARD,
	OPTION_DISCONTINUE_GUARD,
	OPTION_LANGUAGE,
	OPTION_PARENT,
	OPTION_DESCRIPTION,
	OPTION_IF_NOT_EXISTS,
	OPTION_DEFAULT,
	OPTION_REMOVE,
	OPTION_LIMIT,
	OPTION_UPLOAD_STATUS,
	OPTION_SINCE,
	OPTION_ROW_ERRORS,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_DATABASE,
	OPTION_RETRY_FOR,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_ID_COUNT
};

/* A set of options. */
#define OPTION_BIT(id) (UINT64_C(1) << (id))
#define OPTIONS_EVERY (UINT64_MAX >> (64 - OPTION_ID_COUNT))

_Static_assert(OPTION_ID_COUNT <= 64, "a set of options has 64 bits");

#define OPTIONS_DATABASE (OPTION_BIT(OPTION_DATABASE) | OPTION_BIT(OPTION_RETRY_FOR))
#define OPTIONS_ALWAYS (OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION))

#define OPTION_DEFAULT_RETRY_SECONDS 60
#define OPTION_DEFAULT_LIMIT 20

/*
 * Help text that replaces an option's own for one command.  A list of these
 * ends with help NULL.
 */
struct option_meaning
{
	enum option_id id;
	const char *help;
};

/* All strings are borrowed from argv; NULL if not given. */
struct options
{
	uint64_t given; /* which options were on the command line */
	const char *vendor;
	const char *file_name;
	const char *encoding;
	bool force;     /* the encoding is right, whatever the file looks like */
	char delimiter; /* 0 if not given */
	enum quote_sign quote;
	const char *sheet;
	const char *map;
	const char *map_file;
	int64_t max_bytes;
	int64_t max_rows;
	const char *mode;
	const char *match;
	const char *blank;
	int64_t as_of; /* microseconds since 1970 */
	bool again;
	bool record_refusal;
	const char *reports;
	bool no_reports;
	const char *errors;
	const char *csv;
	const char *rows; /* a list of ranges, such as "3,7-9" */
	bool dry_run;
	bool apply;
	bool template;
	const char *import;
	bool reset;
	bool explain;
	const char *format;
	int64_t at; /* microseconds since 1970 */
	const char *name;
	const char *email;
	const char *phone;
	const char *business_name;
	const char *tax_id;
	const char *address;
	const char *city;
	const char *state;
	const char *country;
	const char *postal_code;
	const char *status;
	const char *modes;
	const char *default_mode;
	const char *default_map;
	const char *price_guard;
	const char *sold_out_guard;
	const char *discontinue_guard;
	const char *language;
	const char *parent;
	const char *description;
	bool if_not_exists;
	bool make_default;
	bool remove;
	int64_t limit;
	const char *upload_status;
	int64_t since;      /* microseconds since 1970 */
	int64_t row_errors; /* rejected rows to show, 0 for all */
	bool json;
	bool quiet;
	const char *database;
	int64_t retry_seconds;
	bool help;
	bool version;

	/* Print the result on one line, because others follow; not an option. */
	bool one_line;

	/* Non-option arguments, in order; points into argv. */
	char **operands;
	int operand_count;
};

/*
 * Parse the arguments of a command that accepts these options.  Moves the
 * operands to the front of argv.  "--" ends the options; "-" is an operand.
 * With stop_at_operand, everything from the first operand on is an operand.
 * Returns false on a usage error; *error describes the first one.  Parsing
 * continues after an error so that the json field is set.
 */
extern bool options_parse(struct options *options, uint64_t accepted, bool stop_at_operand,
						  int argc, char **argv, struct glue_error *error);

/*
 * Return the index of the first operand in argv at or after start, or argc.
 * Skips the options of all commands with their values. with_values tells
 * whether an option with an optional value has one that is not a number.
 */
extern int options_next_operand(int argc, char **argv, int start, bool with_values);

/* Print the help lines of these options; meanings may be NULL. */
extern void
options_print_help(FILE *stream, uint64_t accepted, const struct option_meaning *meanings);

/* Return the name of an option, with its dashes. */
extern const char *option_name(enum option_id id);

/* Return the name of its value in the help; NULL for a flag. */
extern const char *option_argument(enum option_id id);

/* Return the value of a text option; NULL if not given. */
extern const char *option_text(const struct options *options, enum option_id id);

#endif /* GLUE_OPTIONS_H */
