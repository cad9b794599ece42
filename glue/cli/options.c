/*-------------------------------------------------------------------------
 *
 * options.c
 *	  Command line options: one table for both parsing and help.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii_word.h"
#include "base/moment.h"
#include "cli/line.h"
#include "cli/options.h"
#include "cli/since.h"
#include "reader/scan.h"
#include "shared/csv_cell.h"
#include "shared/suggest.h"
#include "shared/text.h"

/* Column where the descriptions in the help begin. */
#define HELP_COLUMN 30

enum option_kind
{
	KIND_FLAG,        /* bool */
	KIND_TEXT,        /* const char * */
	KIND_COUNT,       /* int64_t, digits */
	KIND_ROWS,        /* int64_t, digits and an optional k or M */
	KIND_SIZE,        /* int64_t, digits and an optional unit */
	KIND_MAYBE_COUNT, /* int64_t, digits; optional */
	KIND_MOMENT,      /* int64_t, microseconds since 1970; or a duration before now */
	KIND_TIME,        /* int64_t, microseconds since 1970 */
	KIND_WORD,        /* const char *, one of accepted_words */
	KIND_FRACTION,    /* const char *, digits and an optional point; or empty */
	KIND_DELIMITER,   /* char, or the word tab */
	KIND_QUOTE        /* enum quote_sign */
};

struct option_spec
{
	const char *name;
	char letter;          /* short form, or 0 */
	const char *argument; /* name of its value in the help */
	enum option_kind kind;
	size_t offset; /* of its field in struct options */
	const char *help;
};

#define FIELD(name) offsetof(struct options, name)

/* Indexed by enum option_id, in the order the help shows. */
static const struct option_spec specs[OPTION_ID_COUNT] = {
	[OPTION_VENDOR] = {"vendor", 'v', "ID", KIND_TEXT, FIELD(vendor), "vendor who sent the file"},
	[OPTION_FILE_NAME] =
		{"file-name", 0, "NAME", KIND_TEXT, FIELD(file_name),
		 "name to record for the file (default: its own; required to resume standard input)"},
	[OPTION_ENCODING] =
		{"encoding", 'e', "NAME", KIND_TEXT, FIELD(encoding),
		 "character encoding, such as windows-1252, or auto to detect it (default: by byte order mark, else UTF-8)"},
	[OPTION_FORCE] = {"force", 0, NULL, KIND_FLAG, FIELD(force),
					  "read the file in the given encoding even if it looks like UTF-8"},
	[OPTION_DELIMITER] =
		{"delimiter", 'd', "CHAR", KIND_DELIMITER, FIELD(delimiter),
		 "field separator: a character or the word tab (default: comma, semicolon, tab or bar, whichever the header uses)"},
	[OPTION_QUOTE] =
		{"quote", 0, "CHAR", KIND_QUOTE, FIELD(quote),
		 "character that quotes fields: \", ' or the word none if quotes are plain text (default: \")"},
	[OPTION_SHEET] = {"sheet", 0, "NAME", KIND_TEXT, FIELD(sheet),
					  "sheet of a workbook (default: the first one with the column names)"},
	[OPTION_MAP] =
		{"map", 'm', "NAME", KIND_TEXT, FIELD(map),
		 "map that finds our columns in the file, or none (default: the vendor's default map)"},
	[OPTION_MAP_FILE] = {"map-file", 0, "FILE", KIND_TEXT, FIELD(map_file),
						 "read the file with the map in FILE, which need not be stored"},
	[OPTION_MAX_BYTES] =
		{"max-bytes", 0, "SIZE", KIND_SIZE, FIELD(max_bytes),
		 "refuse larger files, also when unpacked, such as 50M or 2G; 0 for no limit (default: 10M)"},
	[OPTION_MAX_ROWS] =
		{"max-rows", 0, "COUNT", KIND_ROWS, FIELD(max_rows),
		 "refuse files with more rows, such as 20k; 0 for no limit (default: 10000)"},
	[OPTION_MODE] = {"mode", 0, "MODE", KIND_WORD, FIELD(mode),
					 "insert, upsert, update or replace (default: the vendor's default mode)"},
	[OPTION_MATCH] =
		{"match", 0, "COLUMN", KIND_WORD, FIELD(match),
		 "column that finds the product of a row: vendor_product_id or sku (default: vendor_product_id, or sku if the file has only that)"},
	[OPTION_BLANK] =
		{"blank", 0, "POLICY", KIND_WORD, FIELD(blank),
		 "what a blank cell does to the value of a product: clear or keep (default: clear)"},
	[OPTION_AS_OF] =
		{"as-of", 0, "TIME", KIND_TIME, FIELD(as_of),
		 "time that the contents are of, such as 2026-11-28T12:30:00Z (default: the time in the file's name, in UTC, else when the file was last modified)"},
	[OPTION_AGAIN] = {"again", 0, NULL, KIND_FLAG, FIELD(again),
					  "load a file that was loaded before as a new upload"},
	[OPTION_RECORD_REFUSAL] =
		{"record-refusal", 0, NULL, KIND_FLAG, FIELD(record_refusal),
		 "record a refused file as a failed upload, with a mail to the vendor, even if only --max-rows, --max-bytes, --delimiter or --encoding is the reason"},
	[OPTION_REPORTS] = {"reports", 'r', "DIR", KIND_TEXT, FIELD(reports),
						"write the reports into DIR/UPLOAD (default: ./onboard-reports)"},
	[OPTION_NO_REPORTS] = {"no-reports", 0, NULL, KIND_FLAG, FIELD(no_reports),
						   "write no reports; \"onboard report\" writes them later"},
	[OPTION_ERRORS] = {"errors", 0, "FILE", KIND_TEXT, FIELD(errors),
					   "write every error found to this CSV file"},
	[OPTION_CSV] = {"csv", 0, "FILE", KIND_TEXT, FIELD(csv),
					"write every change to this CSV file, old and new value side by side"},
	[OPTION_ROWS] = {"rows", 0, "LIST", KIND_TEXT, FIELD(rows),
					 "only these row numbers, such as 3,7-9; 0 is the last step of a replace"},
	[OPTION_DRY_RUN] = {"dry-run", 0, NULL, KIND_FLAG, FIELD(dry_run),
						"show what would be done, and do nothing"},
	[OPTION_APPLY] = {"apply", 0, NULL, KIND_FLAG, FIELD(apply),
					  "write the file with the suggestions applied"},
	[OPTION_TEMPLATE] = {"template", 0, NULL, KIND_FLAG, FIELD(template),
						 "print the texts that mails are made of, to be edited"},
	[OPTION_IMPORT] = {"import", 0, "FILE", KIND_TEXT, FIELD(import),
					   "with --template: use the edited texts in FILE from now on"},
	[OPTION_RESET] = {"reset", 0, NULL, KIND_FLAG, FIELD(reset),
					  "with --template: use the texts that come with the extension again"},
	[OPTION_EXPLAIN] =
		{"explain", 0, NULL, KIND_FLAG, FIELD(explain),
		 "print a page for vendors instead: columns, categories, and what each message means"},
	[OPTION_FORMAT] = {"format", 0, "FORMAT", KIND_WORD, FIELD(format),
					   "csv or xlsx (default: csv)"},
	[OPTION_AT] = {"at", 0, "TIME", KIND_MOMENT, FIELD(at),
				   "show the product as it was then: 2h, 3d, 2026-11-28 or 2026-11-28T12:30:00Z"},
	[OPTION_NAME] = {"name", 0, "NAME", KIND_TEXT, FIELD(name), "name of the vendor"},
	[OPTION_EMAIL] = {"email", 0, "ADDRESS", KIND_TEXT, FIELD(email),
					  "address for the vendor's reports"},
	[OPTION_PHONE] = {"phone", 0, "TEXT", KIND_TEXT, FIELD(phone), "telephone number"},
	[OPTION_BUSINESS_NAME] = {"business-name", 0, "TEXT", KIND_TEXT, FIELD(business_name),
							  "registered name"},
	[OPTION_TAX_ID] = {"tax-id", 0, "TEXT", KIND_TEXT, FIELD(tax_id), "tax number"},
	[OPTION_ADDRESS] = {"address", 0, "TEXT", KIND_TEXT, FIELD(address), "street and number"},
	[OPTION_CITY] = {"city", 0, "TEXT", KIND_TEXT, FIELD(city), "city"},
	[OPTION_STATE] = {"state", 0, "TEXT", KIND_TEXT, FIELD(state), "state or province"},
	[OPTION_COUNTRY] = {"country", 0, "TEXT", KIND_TEXT, FIELD(country), "country"},
	[OPTION_POSTAL_CODE] = {"postal-code", 0, "TEXT", KIND_TEXT, FIELD(postal_code), "postal code"},
	[OPTION_STATUS] = {"status", 0, "STATUS", KIND_TEXT, FIELD(status),
					   "active, suspended, inactive or pending_approval (default: active)"},
	[OPTION_MODES] = {"modes", 0, "LIST", KIND_TEXT, FIELD(modes),
					  "modes that its uploads may have (default: insert,upsert,update)"},
	[OPTION_DEFAULT_MODE] = {"default-mode", 0, "MODE", KIND_WORD, FIELD(default_mode),
							 "mode of uploads that do not specify one (default: insert)"},
	[OPTION_DEFAULT_MAP] = {"default-map", 0, "NAME", KIND_TEXT, FIELD(default_map),
							"map of uploads that do not specify one (default: none)"},
	[OPTION_PRICE_GUARD] =
		{"price-guard", 0, "N", KIND_FRACTION, FIELD(price_guard),
		 "hold a row that multiplies or divides a price by more than this; '' for no limit (default: 5)"},
	[OPTION_SOLD_OUT_GUARD] =
		{"sold-out-guard", 0, "N", KIND_FRACTION, FIELD(sold_out_guard),
		 "hold rows that sell out products once more than this share of those in stock is sold out; '' for no limit (default: 0.5)"},
	[OPTION_DISCONTINUE_GUARD] =
		{"discontinue-guard", 0, "N", KIND_FRACTION, FIELD(discontinue_guard),
		 "hold a replacement that would discontinue more than this share of the products; '' for no limit (default: 0.2)"},
	[OPTION_LANGUAGE] =
		{"language", 0, "CODE", KIND_TEXT, FIELD(language),
		 "language of the vendor's mails, such as de (default: that of the database, else en)"},
	[OPTION_PARENT] = {"parent", 0, "NAME", KIND_TEXT, FIELD(parent), "parent of the new category"},
	[OPTION_DESCRIPTION] = {"description", 0, "TEXT", KIND_TEXT, FIELD(description),
							"what belongs in the category"},
	[OPTION_IF_NOT_EXISTS] = {"if-not-exists", 0, NULL, KIND_FLAG, FIELD(if_not_exists),
							  "do nothing if it already exists"},
	[OPTION_DEFAULT] = {"default", 0, NULL, KIND_FLAG, FIELD(make_default),
						"read the vendor's files with this map unless another is named"},
	[OPTION_REMOVE] = {"remove", 0, NULL, KIND_FLAG, FIELD(remove), "remove it"},
	[OPTION_LIMIT] = {"limit", 'n', "COUNT", KIND_COUNT, FIELD(limit),
					  "how many uploads to show, 0 for all (default: 20)"},
	[OPTION_UPLOAD_STATUS] = {"status", 0, "STATUS", KIND_TEXT, FIELD(upload_status),
							  "only uploads that are processing, completed, partial or failed"},
	[OPTION_SINCE] =
		{"since", 0, "TIME", KIND_MOMENT, FIELD(since),
		 "only uploads begun since then: 2h, 3d, 2026-11-28 or 2026-11-28T12:30:00Z (local time unless a zone is given)"},
	[OPTION_ROW_ERRORS] =
		{"errors", 0, "[COUNT]", KIND_MAYBE_COUNT, FIELD(row_errors),
		 "show the first rejected rows of UPLOAD and their errors, 0 for all (default: 20)"},
	[OPTION_JSON] = {"json", 0, NULL, KIND_FLAG, FIELD(json),
					 "print the result as one JSON document"},
	[OPTION_QUIET] = {"quiet", 'q', NULL, KIND_FLAG, FIELD(quiet),
					  "no progress bar or notes; print the result on one line"},
	[OPTION_DATABASE] =
		{"db", 0, "CONNINFO", KIND_TEXT, FIELD(database),
		 "database to use, as a URI or keywords (default: the PG* variables, else a private server)"},
	[OPTION_RETRY_FOR] =
		{"retry-for", 0, "SECONDS", KIND_COUNT, FIELD(retry_seconds),
		 "how long to retry if the database becomes unavailable (default: 60; 5 if it never answered)"},
	[OPTION_HELP] = {"help", 'h', NULL, KIND_FLAG, FIELD(help), "show this help"},
	[OPTION_VERSION] = {"version", 'V', NULL, KIND_FLAG, FIELD(version), "show the version"},
};

#define MODES "insert, upsert, update, replace"

/* What the options of KIND_WORD accept, separated by ", ". */
static const char *const accepted_words[OPTION_ID_COUNT] = {
	[OPTION_MODE] = MODES,          [OPTION_MATCH] = "vendor_product_id, sku",
	[OPTION_BLANK] = "clear, keep", [OPTION_DEFAULT_MODE] = MODES,
	[OPTION_FORMAT] = "csv, xlsx",
};

const char *
option_name(enum option_id id)
{
	static char name[40];

	snprintf(name, sizeof(name), "--%s", specs[id].name);
	return name;
}

const char *
option_argument(enum option_id id)
{
	return specs[id].argument;
}

const char *
option_text(const struct options *options, enum option_id id)
{
	return *(const char *const *) ((const char *) options + specs[id].offset);
}

/*
 * Parse an unsigned number. unit is 0, or 1000 or 1024 to accept k, M and G as
 * its powers; with 1024, B or iB may follow.
 */
static bool
parse_count(const char *text, int unit, int64_t *count)
{
	static const char letters[] = "kmg";
	char *end;
	unsigned long long number;
	unsigned long long factor = 1;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (unit != 0 && *end != '\0')
	{
		const char *letter = strchr(letters, *end | 0x20);

		if (letter == NULL)
			return false;
		for (const char *power = letters; power <= letter; power++)
			factor *= (unsigned long long) unit;
		end++;
		if (unit == 1024 && (strcmp(end, "B") == 0 || strcmp(end, "iB") == 0))
			end += strlen(end);
	}
	if (errno != 0 || *end != '\0' || number > (unsigned long long) INT64_MAX / factor)
		return false;
	*count = (int64_t) (number * factor);
	return true;
}

/*
 * Parse a field separator: one character, or the word tab.
 */
static bool
parse_delimiter(const char *text, char *delimiter)
{
	if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
		*delimiter = '\t';
	else if (strlen(text) == 1)
		*delimiter = text[0];
	else
		return false;
	return csv_delimiter_is_acceptable(*delimiter);
}

/*
 * Return whether a list separated by ", " contains a word.
 */
static bool
has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (list != NULL && (strncmp(list, word, length) != 0 || strcspn(list, ",") != length))
	{
		list = strchr(list, ' ');
		list = list != NULL ? list + 1 : NULL;
	}
	return list != NULL;
}

/*
 * Store the value of an option (NULL for a flag) in its field.
 */
static bool
store_value(struct options *options, const struct option_spec *spec, const char *value,
			struct glue_error *error)
{
	void *field = (char *) options + spec->offset;

	switch (spec->kind)
	{
		case KIND_FLAG:
			*(bool *) field = true;
			return true;
		case KIND_TEXT:
			*(const char **) field = value;
			return true;
		case KIND_COUNT:
		case KIND_MAYBE_COUNT:
			if (value == NULL || parse_count(value, 0, field))
				return true;
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --%s takes a number, not \"%s\"", spec->name, value);
		case KIND_ROWS:
			if (parse_count(value, 1000, field))
				return true;
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --%s takes a number, such as 20000 or 20k, not \"%s\"",
								  spec->name, value);
		case KIND_SIZE:
			if (parse_count(value, 1024, field))
				return true;
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --%s takes a size such as 500k, 50M or 2G, not \"%s\"",
								  spec->name, value);
		case KIND_MOMENT:
			if (since_parse(value, (int64_t) time(NULL) * 1000000, field))
				return true;
			return glue_error_set(
				error, GLUE_USAGE_ERROR, "USAGE",
				"option --%s takes a duration such as 90s, 30m, 2h, 3d or 1w, or a time such as 2026-11-28 or 2026-11-28T12:30:00Z, not \"%s\"",
				spec->name, value);
		case KIND_TIME:
			if (moment_parse(value, field))
				return true;
			return glue_error_set(
				error, GLUE_USAGE_ERROR, "USAGE",
				"option --%s takes a time such as 2026-11-28T12:30:00Z or 2026-11-28, not \"%s\"",
				spec->name, value);
		case KIND_WORD:
			*(const char **) field = value;
			if (has_word(accepted_words[spec - specs], value))
				return true;
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --%s takes one of these words: %s; not \"%s\"",
								  spec->name, accepted_words[spec - specs], value);
		case KIND_FRACTION:
			*(const char **) field = value;
			if (value[0] == '\0' || ascii_word_is_fraction(text_of(value)))
				return true;
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --%s takes a number such as 0.5, not \"%s\"", spec->name,
								  value);
		case KIND_DELIMITER:
			if (parse_delimiter(value, field))
				return true;
			return glue_error_set(
				error, GLUE_USAGE_ERROR, "USAGE",
				"option --%s takes one ASCII character other than a letter, a digit, a double quote or a line end, or the word tab, not \"%s\"",
				spec->name, value);
		case KIND_QUOTE:
			if (quote_sign_by_name(value, field))
				return true;
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --%s takes \", ' or the word none, not \"%s\"",
								  spec->name, value);
	}
	return false;
}

/*
 * Find the accepted option with this name, or this letter.
 */
static int
find_option(uint64_t accepted, const char *name, size_t length, char letter)
{
	for (int id = 0; id < OPTION_ID_COUNT; id++)
	{
		if ((accepted & OPTION_BIT(id)) == 0)
			continue;
		if (letter != 0
				? specs[id].letter == letter
				: (strlen(specs[id].name) == length && memcmp(specs[id].name, name, length) == 0))
			return id;
	}
	return -1;
}

/*
 * Report an unknown option and suggest a similar one.
 */
static bool
report_unknown(uint64_t accepted, const char *argument, size_t length, struct glue_error *error)
{
	struct text_view names[OPTION_ID_COUNT];
	struct text_view wanted = {argument, length};
	int count = 0;
	int nearest;

	for (int id = 0; id < OPTION_ID_COUNT; id++)
	{
		if ((accepted & OPTION_BIT(id)) != 0)
			names[count++] = text_of(specs[id].name);
	}
	while (wanted.length > 0 && wanted.data[0] == '-')
	{
		wanted.data++;
		wanted.length--;
	}
	nearest = name_suggest(wanted, names, count);
	if (nearest >= 0)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "unknown option %.*s; did you mean --%.*s?", (int) length, argument,
							  (int) names[nearest].length, names[nearest].data);
	return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "unknown option %.*s", (int) length,
						  argument);
}

/*
 * Return whether an argument can be the value of an option with an optional
 * count.
 */
static bool
is_count(const char *argument)
{
	int64_t count;

	return argument != NULL && parse_count(argument, 0, &count);
}

/*
 * Parse the option at argv[*index], taking its value from the next argument
 * unless it is attached.
 */
static bool
parse_option(struct options *options, uint64_t accepted, int argc, char **argv, int *index,
			 struct glue_error *error)
{
	const char *argument = argv[*index];
	const char *value = NULL;
	size_t length = strlen(argument);
	int id;

	if (argument[1] == '-')
	{
		value = strchr(argument, '=');
		if (value != NULL)
			length = value++ - argument;
		id = find_option(accepted, argument + 2, length - 2, 0);
	}
	else
	{
		id = find_option(accepted, NULL, 0, argument[1]);
		if (length > 2)
			value = argument + 2;
	}
	if (id < 0)
	{
		/* A command without --json still prints its failure as JSON. */
		options->json = options->json || strcmp(argument, "--json") == 0;
		return report_unknown(accepted, argument, length, error);
	}

	if (specs[id].kind == KIND_FLAG && value != NULL)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "option --%s does not take a value",
							  specs[id].name);
	if (specs[id].kind == KIND_MAYBE_COUNT)
	{
		if (value == NULL && *index + 1 < argc && is_count(argv[*index + 1]))
			value = argv[++*index];
	}
	else if (specs[id].kind != KIND_FLAG && value == NULL)
	{
		if (*index + 1 >= argc)
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --%s requires a value: --%s %s", specs[id].name,
								  specs[id].name, specs[id].argument);
		value = argv[++*index];
	}
	options->given |= OPTION_BIT(id);
	return store_value(options, &specs[id], value, error);
}

bool
options_parse(struct options *options, uint64_t accepted, bool stop_at_operand, int argc,
			  char **argv, struct glue_error *error)
{
	bool only_operands = false;
	bool good = true;

	memset(options, 0, sizeof(*options));
	options->max_bytes = SCAN_DEFAULT_MAX_BYTES;
	options->max_rows = SCAN_DEFAULT_MAX_ROWS;
	options->limit = OPTION_DEFAULT_LIMIT;
	options->row_errors = OPTION_DEFAULT_LIMIT;
	options->retry_seconds = OPTION_DEFAULT_RETRY_SECONDS;
	options->operands = argv;

	for (int i = 0; i < argc; i++)
	{
		const char *argument = argv[i];

		if (only_operands || argument[0] != '-' || argument[1] == '\0')
		{
			/* Never past i: every operand comes from at least one argument. */
			argv[options->operand_count++] = argv[i];
			only_operands = only_operands || stop_at_operand;
		}
		else if (strcmp(argument, "--") == 0)
			only_operands = true;
		else if (!parse_option(options, accepted, argc, argv, &i, good ? error : NULL))
			good = false;
	}
	return good;
}

/*
 * Return whether any command has an option of this name with an optional value;
 * another command may require one.
 */
static bool
value_may_be_left_out(const char *name, size_t length)
{
	for (int id = 0; id < OPTION_ID_COUNT; id++)
	{
		if (specs[id].kind == KIND_MAYBE_COUNT && strlen(specs[id].name) == length &&
			memcmp(specs[id].name, name, length) == 0)
			return true;
	}
	return false;
}

/*
 * Return whether the next argument is the value of the option at argv[i].
 */
static bool
takes_next(int argc, char **argv, int i, bool with_values)
{
	const char *argument = argv[i];
	const char *next = i + 1 < argc ? argv[i + 1] : NULL;
	size_t length = strlen(argument);
	int id = -1;

	if (argument[1] != '-')
		id = length == 2 ? find_option(OPTIONS_EVERY, NULL, 0, argument[1]) : -1;
	else if (value_may_be_left_out(argument + 2, length - 2))
		return with_values || is_count(next);
	else
		id = find_option(OPTIONS_EVERY, argument + 2, length - 2, 0);
	return id >= 0 && specs[id].kind != KIND_FLAG;
}

int
options_next_operand(int argc, char **argv, int start, bool with_values)
{
	for (int i = start; i < argc; i++)
	{
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			return i;
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (takes_next(argc, argv, i, with_values))
			i++;
	}
	return argc;
}

/*
 * Return the help text of an option.
 */
static const char *
help_of(enum option_id id, const struct option_meaning *meanings)
{
	for (; meanings != NULL && meanings->help != NULL; meanings++)
	{
		if (meanings->id == id)
			return meanings->help;
	}
	return specs[id].help;
}

void
options_print_help(FILE *stream, uint64_t accepted, const struct option_meaning *meanings)
{
	char letter[] = "-x,";
	char name[HELP_COLUMN];

	for (int id = 0; id < OPTION_ID_COUNT; id++)
	{
		const struct option_spec *spec = &specs[id];

		if ((accepted & OPTION_BIT(id)) == 0)
			continue;
		letter[1] = spec->letter;
		snprintf(name, sizeof(name), "  %3s --%s%s%s", spec->letter != 0 ? letter : "", spec->name,
				 spec->argument != NULL ? " " : "", spec->argument != NULL ? spec->argument : "");
		line_print_help(stream, HELP_COLUMN, "%-*s%s", HELP_COLUMN, name, help_of(id, meanings));
	}
}
