/*-------------------------------------------------------------------------
 *
 * commands.c
 *	  The table of commands: their help, options and exit codes.
 *
 * It drives everything: finding commands, checking their arguments and printing
 * their help.
 *
 *-------------------------------------------------------------------------
 */
#include "cli/command.h"
#include "cli/options.h"

#define OPTIONS_FILE                                                                        \
	(OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_ENCODING) | OPTION_BIT(OPTION_FORCE) |   \
	 OPTION_BIT(OPTION_DELIMITER) | OPTION_BIT(OPTION_QUOTE) | OPTION_BIT(OPTION_SHEET) |   \
	 OPTION_BIT(OPTION_MAP) | OPTION_BIT(OPTION_FILE_NAME) | OPTION_BIT(OPTION_MAX_BYTES) | \
	 OPTION_BIT(OPTION_MAX_ROWS) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET) |     \
	 OPTIONS_DATABASE)

#define OPTIONS_VENDOR_FIELDS                                                                    \
	(OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_EMAIL) | OPTION_BIT(OPTION_PHONE) |             \
	 OPTION_BIT(OPTION_BUSINESS_NAME) | OPTION_BIT(OPTION_TAX_ID) | OPTION_BIT(OPTION_ADDRESS) | \
	 OPTION_BIT(OPTION_CITY) | OPTION_BIT(OPTION_STATE) | OPTION_BIT(OPTION_COUNTRY) |           \
	 OPTION_BIT(OPTION_POSTAL_CODE) | OPTION_BIT(OPTION_STATUS) | OPTION_BIT(OPTION_MODES) |     \
	 OPTION_BIT(OPTION_DEFAULT_MODE) | OPTION_BIT(OPTION_PRICE_GUARD) |                          \
	 OPTION_BIT(OPTION_SOLD_OUT_GUARD) | OPTION_BIT(OPTION_DISCONTINUE_GUARD) |                  \
	 OPTION_BIT(OPTION_LANGUAGE))

/*
 * Meanings of exit codes; a command does not return codes without a text.
 * The formatter would lay these tables out as blocks of code.
 */
/* clang-format off */
#define CODES_FILE { \
	[EXIT_ALL_GOOD] = "all rows are valid", \
	[EXIT_SOME_REJECTED] = "some or all rows are rejected or held", \
	[EXIT_REFUSED] = "the file is refused, or the file or vendor does not exist" \
}
#define CODES_MAIL { [EXIT_REFUSED] = "the upload or file does not exist" }
#define CODES_UPLOAD { [EXIT_REFUSED] = "the upload does not exist" }
#define CODES_FIX { \
	[EXIT_ALL_GOOD] = "all rows are good with the suggestions", \
	[EXIT_SOME_REJECTED] = "some rows still need manual correction", \
	[EXIT_REFUSED] = "the upload does not exist" \
}
#define CODES_APPROVE { \
	[EXIT_SOME_REJECTED] = "some rows could not be applied: they are superseded or refused", \
	[EXIT_REFUSED] = "the upload does not exist, or none of these rows is waiting" \
}
#define CODES_DECLINE { [EXIT_REFUSED] = "the upload does not exist, or none of these rows is waiting" }
#define CODES_HISTORY { [EXIT_REFUSED] = "the product or vendor does not exist, or did not exist then" }
#define CODES_STATUS { [EXIT_REFUSED] = "the upload or vendor does not exist" }
#define CODES_VENDOR { [EXIT_REFUSED] = "the vendor does not exist" }
#define CODES_CATEGORY { [EXIT_REFUSED] = "the category does not exist" }
#define CODES_MAP { \
	[EXIT_REFUSED] = "the vendor, map, value list or file does not exist, or the file cannot be read", \
	[EXIT_USAGE] = "usage error, or the database does not accept the map, list or rate" \
}
#define CODES_MAP_GUESS { \
	[EXIT_ALL_GOOD] = "the map has all columns that the file needs", \
	[EXIT_NEEDS_ATTENTION] = "the map lacks a required column", \
	[EXIT_REFUSED] = "the file cannot be read, or the file or vendor does not exist" \
}
#define CODES_RATE { [EXIT_USAGE] = "usage error, or the database does not accept the rate" }
#define CODES_DOCTOR { \
	[EXIT_ALL_GOOD] = "nothing needs attention", \
	[EXIT_NEEDS_ATTENTION] = "something needs attention" \
}
#define CODES_PSQL { \
	[EXIT_SOME_REJECTED] = "psql: a command or psql itself failed", \
	[EXIT_REFUSED] = "psql: the connection was lost", \
	[EXIT_USAGE] = "usage error; psql: a script failed under ON_ERROR_STOP" \
}
/* clang-format on */

#define FILE_VENDOR \
	"vendor who sent the file (default: the one in its name, VENDOR_yyyymmdd_hhmmss.csv)"

static const struct option_meaning load_meanings[] = {
	{OPTION_VENDOR, FILE_VENDOR},
	{0},
};

static const struct option_meaning report_meanings[] = {
	{OPTION_FORMAT, "write only the report in this format: xlsx (default: all reports)"},
	{0},
};

static const struct option_meaning fix_meanings[] = {
	{OPTION_REPORTS, "write the file into DIR/UPLOAD (default: ./onboard-reports)"},
	{0},
};

static const struct option_meaning check_meanings[] = {
	{OPTION_VENDOR, FILE_VENDOR},
	{OPTION_FILE_NAME, "name that the file would be loaded under (default: its own)"},
	{0},
};

static const struct option_meaning history_meanings[] = {
	{OPTION_VENDOR, "vendor who sells the product"},
	{OPTION_MATCH, "column that names the product: sku or vendor_product_id (default: sku)"},
	{0},
};

static const struct option_meaning held_meanings[] = {
	{OPTION_VENDOR, "only what this vendor sent"},
	{0},
};

static const struct option_meaning map_meanings[] = {
	{OPTION_VENDOR, "vendor whose map or list it is"},
	{OPTION_REMOVE, "remove the list"},
	{0},
};

static const struct option_meaning map_list_meanings[] = {
	{OPTION_VENDOR, "only the maps that this vendor's files can be read with"},
	{0},
};

static const struct option_meaning map_guess_meanings[] = {
	{OPTION_VENDOR, "vendor whose file it is"},
	{OPTION_CSV,
	 "also write the unknown categories of the file into FILE, for \"onboard map values\""},
	{0},
};

static const struct option_meaning map_test_meanings[] = {
	{OPTION_VENDOR, "vendor whose maps and value lists are used"},
	{0},
};

static const struct option_meaning map_rate_meanings[] = {
	{OPTION_AS_OF, "day of the rate, such as 2026-11-28 (default: today, UTC)"},
	{0},
};

static const struct option_meaning set_meanings[] = {
	{OPTION_STATUS, "active, suspended, inactive or pending_approval"},
	{OPTION_MODES, "modes that its uploads may have, such as insert,update"},
	{OPTION_DEFAULT_MODE, "mode of uploads that do not specify one"},
	{OPTION_DEFAULT_MAP, "map of uploads that do not specify one; '' for none"},
	{OPTION_PRICE_GUARD,
	 "hold a row that multiplies or divides a price by more than this; '' for no limit"},
	{OPTION_SOLD_OUT_GUARD,
	 "hold rows that sell out products once more than this share of those in stock is sold out; '' for no limit"},
	{OPTION_DISCONTINUE_GUARD,
	 "hold a replacement that would discontinue more than this share of the products; '' for no limit"},
	{OPTION_LANGUAGE, "language of the vendor's mails, such as de; '' for that of the database"},
	{0},
};

static const struct option_meaning mail_meanings[] = {
	{OPTION_LANGUAGE, "language, such as de (default: that of the vendor; with --template en)"},
	{0},
};

static const struct option_meaning template_meanings[] = {
	{OPTION_DELIMITER, "field separator: a character or the word tab (default: comma)"},
	{OPTION_LANGUAGE, "language of the page or of the notes, such as de (default: en)"},
	{0},
};

/* How load, check and diff treat more than one file. */
#define SEVERAL_FILES                                                                                                   \
	"A folder as FILE stands for the files in it whose names end in .csv, .tsv, .txt, .xlsx, .xlsm, .gz or .zip.  "     \
	"Several files are read one after another, those of a vendor in the order of the "                                  \
	"times in their names, with one line for each and a total at the end.  A refused file does not affect the others; " \
	"the exit code is the highest of all files."

const struct command commands[] = {
	{
		.name = "load",
		.operands = "FILE...",
		.summary = "load vendors' files: CSV or workbooks",
		.description =
			"Checks every row of FILE (\"-\" for standard input), loads the valid rows into "
			"the catalogue and writes reports on the rest.  The file is read twice: first "
			"for faults of the file as a whole, then for its rows.  If killed at any point and "
			"run again, it resumes where it stopped.  Loading the same file in the same "
			"way again shows its earlier result; --again loads it as a new upload.  "
			"In mode insert, rows are new products.  In mode update, they change the vendor's "
			"products, and only the columns that FILE has; upsert also inserts new ones; "
			"replace also discontinues the products that no row of FILE names.  " SEVERAL_FILES,
		.options = OPTIONS_FILE | OPTION_BIT(OPTION_MODE) | OPTION_BIT(OPTION_MATCH) |
				   OPTION_BIT(OPTION_BLANK) | OPTION_BIT(OPTION_AS_OF) | OPTION_BIT(OPTION_AGAIN) |
				   OPTION_BIT(OPTION_RECORD_REFUSAL) | OPTION_BIT(OPTION_REPORTS) |
				   OPTION_BIT(OPTION_NO_REPORTS),
		.min_operands = 1,
		.max_operands = -1,
		.codes = CODES_FILE,
		.meanings = load_meanings,
		.run = command_load,
	},
	{
		.name = "check",
		.operands = "FILE...",
		.summary = "judge the rows of a file without loading it",
		.description =
			"Judges every row of FILE (\"-\" for standard input) against the live catalogue, "
			"as \"onboard load --mode insert\" would, but writes nothing to the database.  " SEVERAL_FILES
			"  Each file is judged by itself: a key that two of them share is not detected.",
		.options = OPTIONS_FILE | OPTION_BIT(OPTION_MAP_FILE) | OPTION_BIT(OPTION_ERRORS),
		.min_operands = 1,
		.max_operands = -1,
		.codes = CODES_FILE,
		.meanings = check_meanings,
		.run = command_check,
	},
	{
		.name = "diff",
		.operands = "FILE...",
		.summary = "show what a file would change",
		.description =
			"Compares FILE (\"-\" for standard input) with the live catalogue and shows what "
			"loading it with this mode would insert, change, hold, discontinue and reject, but "
			"writes nothing to the database.  A mode that the vendor may not use, or a time in "
			"the future, is compared all the same, with a note that a load would be refused.  " SEVERAL_FILES,
		.options = OPTIONS_FILE | OPTION_BIT(OPTION_MAP_FILE) | OPTION_BIT(OPTION_MODE) |
				   OPTION_BIT(OPTION_MATCH) | OPTION_BIT(OPTION_BLANK) | OPTION_BIT(OPTION_AS_OF) |
				   OPTION_BIT(OPTION_CSV),
		.min_operands = 1,
		.max_operands = -1,
		.codes = CODES_FILE,
		.meanings = check_meanings,
		.run = command_diff,
	},
	{
		.name = "status",
		.operands = "[UPLOAD]",
		.summary = "show recent uploads, or one in detail",
		.description =
			"Lists the latest uploads, or shows one with the causes of its errors.  UPLOAD is "
			"an upload id or a unique prefix of one, or \"latest\" for the newest of those that "
			"--vendor, --status and --since select.",
		.options = OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_UPLOAD_STATUS) |
				   OPTION_BIT(OPTION_SINCE) | OPTION_BIT(OPTION_LIMIT) |
				   OPTION_BIT(OPTION_ROW_ERRORS) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.max_operands = 1,
		.codes = CODES_STATUS,
		.run = command_status,
	},
	{
		.name = "report",
		.operands = "UPLOAD",
		.summary = "write an upload's reports",
		.description =
			"Writes errors.csv (one line per error), fix.csv (the rejected rows in the "
			"vendor's own columns, to correct and load), fix.xlsx (the same as a workbook, "
			"in which a spreadsheet changes no value) and mail.txt into DIR/UPLOAD.  UPLOAD "
			"is an upload id or a unique prefix of one, or \"latest\".",
		.options = OPTION_BIT(OPTION_REPORTS) | OPTION_BIT(OPTION_FORMAT) |
				   OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_UPLOAD,
		.meanings = report_meanings,
		.run = command_report,
	},
	{
		.name = "fix",
		.operands = "UPLOAD",
		.summary = "apply the suggestions to an upload's rejected rows",
		.description =
			"Reports how many rejected rows would be good with the suggestions applied, and how "
			"many still need manual correction.  With --apply, writes all rejected rows with the "
			"suggestions applied into DIR/UPLOAD/fixed.csv, to review and load.  A category that is "
			"only the nearest in spelling is a guess and is not applied.  UPLOAD is an upload id or "
			"a unique prefix of one, or \"latest\".",
		.options = OPTION_BIT(OPTION_APPLY) | OPTION_BIT(OPTION_REPORTS) | OPTION_BIT(OPTION_JSON) |
				   OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_FIX,
		.meanings = fix_meanings,
		.run = command_fix,
	},
	{
		.name = "undo",
		.operands = "UPLOAD",
		.summary = "take back what an upload did",
		.description =
			"Removes the products that UPLOAD inserted and puts back those that it changed or "
			"discontinued, except products that were changed since or that other data refers "
			"to.  Its rows that wait for approval are declined.  An upload that has not ended is "
			"cancelled.  UPLOAD is an upload id or a unique prefix of one.",
		.options = OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_UPLOAD,
		.run = command_undo,
	},
	{
		.name = "held",
		.operands = "[UPLOAD]",
		.summary = "list what waits for approval",
		.description =
			"Lists the rows that a guard held because they would change a price, the stock or "
			"the catalogue of a vendor too much.  Row 0 is the last step of a replace, which "
			"discontinues the products that are no longer in the file.  UPLOAD is an upload id "
			"or a unique prefix of one.",
		.options = OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.max_operands = 1,
		.codes = CODES_STATUS,
		.meanings = held_meanings,
		.run = command_held,
	},
	{
		.name = "approve",
		.operands = "UPLOAD",
		.summary = "apply rows that wait for approval",
		.description =
			"Applies the rows of UPLOAD that wait, or those that --rows lists.  Each is judged "
			"again, against the product as it is now.  Approving row 0 discontinues the products "
			"that no row of a replace names.  UPLOAD is an upload id or a unique prefix of one.",
		.options = OPTION_BIT(OPTION_ROWS) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_APPROVE,
		.run = command_approve,
	},
	{
		.name = "decline",
		.operands = "UPLOAD",
		.summary = "drop rows that wait for approval",
		.description =
			"Drops the rows of UPLOAD that wait, or those that --rows lists; their products "
			"stay as they are.  Declining row 0 keeps the products that no row of a replace "
			"names.  UPLOAD is an upload id or a unique prefix of one.",
		.options = OPTION_BIT(OPTION_ROWS) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_DECLINE,
		.run = command_decline,
	},
	{
		.name = "history",
		.operands = "SKU",
		.summary = "show what changed a product, and when",
		.description =
			"Shows the life of a product: its insertion and every change, with the upload and "
			"line, or the user, that made it.  A product that was deleted is found by its last "
			"SKU.",
		.options = OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_MATCH) | OPTION_BIT(OPTION_AT) |
				   OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_HISTORY,
		.meanings = history_meanings,
		.run = command_history,
	},
	{
		.name = "mail",
		.operands = "[UPLOAD]",
		.summary = "show the mail about an upload, or change its texts",
		.description =
			"Prints the mail that the vendor receives about UPLOAD, an upload id or a unique "
			"prefix of one, or \"latest\".  With --template, prints the texts of all mails in a "
			"language, which a marketplace can edit and import to add its name, change the "
			"wording or add a language.",
		.options = OPTION_BIT(OPTION_TEMPLATE) | OPTION_BIT(OPTION_LANGUAGE) |
				   OPTION_BIT(OPTION_IMPORT) | OPTION_BIT(OPTION_RESET) | OPTION_BIT(OPTION_JSON) |
				   OPTIONS_DATABASE,
		.max_operands = 1,
		.codes = CODES_MAIL,
		.meanings = mail_meanings,
		.run = command_mail,
	},
	{
		.name = "template",
		.summary = "print a file to start from, or a page for vendors",
		.description =
			"Prints the header line that a file needs and one example row.  As a workbook, it "
			"has lists of categories and units to choose from, a note on each heading, and all "
			"cells as text.  With --explain, prints a page in Markdown for vendors: how to "
			"prepare a file, and what each message means.",
		.options = OPTION_BIT(OPTION_DELIMITER) | OPTION_BIT(OPTION_FORMAT) |
				   OPTION_BIT(OPTION_EXPLAIN) | OPTION_BIT(OPTION_LANGUAGE) | OPTIONS_DATABASE,
		.meanings = template_meanings,
		.run = command_template,
	},
	{
		.name = "vendor add",
		.operands = "ID",
		.summary = "add a vendor",
		.description = "Adds a vendor.  ID is up to 50 letters, digits and hyphens.",
		.options = OPTIONS_VENDOR_FIELDS | OPTION_BIT(OPTION_IF_NOT_EXISTS) |
				   OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.required = OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_EMAIL),
		.min_operands = 1,
		.max_operands = 1,
		.run = command_vendor_add,
	},
	{
		.name = "vendor list",
		.summary = "list the vendors",
		.description = "Lists the vendors with their uploads and products.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.run = command_vendor_list,
	},
	{
		.name = "vendor show",
		.operands = "ID",
		.summary = "show everything about a vendor",
		.description = "Shows what is stored about a vendor: its fields, the logins restricted to "
					   "it, its product and upload counts, and its latest uploads.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_VENDOR,
		.run = command_vendor_show,
	},
	{
		.name = "vendor set",
		.operands = "ID",
		.summary = "change a vendor's fields",
		.description =
			"Changes the given fields and prints their old and new values.  An empty string "
			"(--phone '') clears a field; a vendor always has a name, an e-mail, a status and its "
			"modes.",
		.options = OPTIONS_VENDOR_FIELDS | OPTION_BIT(OPTION_DEFAULT_MAP) |
				   OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_VENDOR,
		.meanings = set_meanings,
		.run = command_vendor_set,
	},
	{
		.name = "vendor set-status",
		.operands = "ID STATUS",
		.summary = "suspend a vendor, or let it load again",
		.description = "Sets a vendor's status: active, suspended, inactive or pending_approval. "
					   "Only an active vendor's files are loaded.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 2,
		.max_operands = 2,
		.codes = CODES_VENDOR,
		.run = command_vendor_set_status,
	},
	{
		.name = "category add",
		.operands = "NAME",
		.summary = "add or reactivate a category",
		.description = "Adds a category, or reactivates a deactivated one.",
		.options = OPTION_BIT(OPTION_PARENT) | OPTION_BIT(OPTION_DESCRIPTION) |
				   OPTION_BIT(OPTION_IF_NOT_EXISTS) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_CATEGORY,
		.run = command_category_add,
	},
	{
		.name = "category list",
		.summary = "list the categories",
		.description = "Lists the categories under their parents.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.run = command_category_list,
	},
	{
		.name = "category rename",
		.operands = "OLD NEW",
		.summary = "rename a category",
		.description =
			"Renames a category, even one that comes with the extension.  Its products and "
			"the categories under it follow.  Because this changes the products, \"onboard "
			"undo\" no longer removes them.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 2,
		.max_operands = 2,
		.codes = CODES_CATEGORY,
		.run = command_category_rename,
	},
	{
		.name = "category deactivate",
		.operands = "NAME",
		.summary = "stop accepting products in a category",
		.description = "Deactivates a category: its products stay, new ones are rejected.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_CATEGORY,
		.run = command_category_deactivate,
	},
	{
		.name = "category remove",
		.operands = "NAME",
		.summary = "remove a category that is not in use",
		.description =
			"Removes a category that has no products and no categories under it.  One that "
			"comes with the extension can only be deactivated.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_CATEGORY,
		.run = command_category_remove,
	},
	{
		.name = "map list",
		.summary = "list the maps and presets",
		.description =
			"Lists the maps of vendors and the presets that come with the extension, with what "
			"an operator has to supply for each preset.  A map finds our columns under a "
			"vendor's own headings and transforms its values.",
		.options = OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.codes = CODES_VENDOR,
		.meanings = map_list_meanings,
		.run = command_map_list,
	},
	{
		.name = "map show",
		.operands = "NAME",
		.summary = "print a map, to be edited",
		.description =
			"Prints the text of a vendor's map or of a preset, to be edited and stored with "
			"\"onboard map set\".",
		.options = OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_MAP,
		.meanings = map_meanings,
		.run = command_map_show,
	},
	{
		.name = "map set",
		.operands = "NAME FILE",
		.summary = "store a vendor's map",
		.description =
			"Stores the map in FILE (\"-\" for standard input) as a new version of the vendor's map "
			"NAME.  Uploads that have begun are still read with their own version.  A "
			"map with the name of a preset replaces the preset for this vendor.",
		.options = OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_DEFAULT) |
				   OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.required = OPTION_BIT(OPTION_VENDOR),
		.min_operands = 2,
		.max_operands = 2,
		.codes = CODES_MAP,
		.meanings = map_meanings,
		.run = command_map_set,
	},
	{
		.name = "map remove",
		.operands = "NAME",
		.summary = "remove a vendor's map",
		.description =
			"Removes a vendor's map.  Uploads that have begun are still read with it.  A "
			"vendor's default map cannot be removed.",
		.options = OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.required = OPTION_BIT(OPTION_VENDOR),
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_MAP,
		.meanings = map_meanings,
		.run = command_map_remove,
	},
	{
		.name = "map guess",
		.operands = "FILE",
		.summary = "propose a map for a file",
		.description =
			"Reads FILE (\"-\" for standard input), compares its headings with those that vendors "
			"write in English, German, French, Spanish, Italian, Dutch, Polish and Portuguese, looks "
			"at its values, and prints a map that \"onboard map set\" stores, edited or not.  "
			"Comments say how sure each line is and why, what is missing, and which categories of the "
			"file are unknown.  Stores nothing.",
		.options = (OPTIONS_FILE & ~(OPTION_BIT(OPTION_MAP) | OPTION_BIT(OPTION_FILE_NAME) |
									 OPTION_BIT(OPTION_MAX_ROWS) | OPTION_BIT(OPTION_QUIET))) |
				   OPTION_BIT(OPTION_CSV),
		.required = OPTION_BIT(OPTION_VENDOR),
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_MAP_GUESS,
		.meanings = map_guess_meanings,
		.run = command_map_guess,
	},
	{
		.name = "map test",
		.operands = "FILE",
		.summary = "show what a map makes of a file",
		.description =
			"Reads FILE (\"-\" for standard input) with a map and shows the first ten rows before and "
			"after: each column, the vendor's heading, its cell and the value that is judged.  "
			"Stores nothing.  \"onboard check\" then judges the values.",
		.options = (OPTIONS_FILE & ~OPTION_BIT(OPTION_FILE_NAME)) | OPTION_BIT(OPTION_MAP_FILE),
		.required = OPTION_BIT(OPTION_VENDOR),
		.min_operands = 1,
		.max_operands = 1,
		.codes = CODES_MAP,
		.meanings = map_test_meanings,
		.run = command_map_test,
	},
	{
		.name = "map values",
		.operands = "LIST [FILE]",
		.summary = "show or store a value list",
		.description =
			"Stores the list in FILE (\"-\" for standard input), with which maps replace a vendor's "
			"values by ours: a table, such as a CSV file, with the columns \"value\" and "
			"\"replacement\".  It replaces the earlier list of this name.  Without FILE, prints the "
			"list as such a file.",
		.options = OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_REMOVE) | OPTION_BIT(OPTION_JSON) |
				   OPTIONS_DATABASE,
		.required = OPTION_BIT(OPTION_VENDOR),
		.min_operands = 1,
		.max_operands = 2,
		.codes = CODES_MAP,
		.meanings = map_meanings,
		.run = command_map_values,
	},
	{
		.name = "map rate",
		.operands = "[FROM TO RATE]",
		.summary = "list or store exchange rates",
		.description =
			"Stores what one unit of currency FROM is worth in currency TO, such as EUR USD 1.0832.  "
			"Maps use the rate of the latest day; uploads that have begun keep theirs.  Without "
			"arguments, lists the rates in use.",
		.options = OPTION_BIT(OPTION_AS_OF) | OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.max_operands = 3,
		.codes = CODES_RATE,
		.meanings = map_rate_meanings,
		.run = command_map_rate,
	},
	{
		.name = "doctor",
		.summary = "diagnose the database",
		.description =
			"Reports problems with the database and notable facts about it: versions, "
			"schemas where others may create objects, how rows are stored and why, roles, "
			"row security, stalled uploads, local changes.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.codes = CODES_DOCTOR,
		.run = command_doctor,
	},
	{
		.name = "conninfo",
		.summary = "print how to connect to the database in use",
		.description = "Prints host, port, user and name of the database in use as a connection "
					   "string for psql, pg_dump and others, without the password.",
		.options = OPTION_BIT(OPTION_JSON) | OPTIONS_DATABASE,
		.run = command_conninfo,
	},
	{
		.name = "psql",
		.operands = "[-- ARGUMENT...]",
		.summary = "open psql on the database in use",
		.description = "Runs psql with the arguments given, connected to the database in use.",
		.options = OPTIONS_DATABASE,
		.max_operands = -1,
		.stop_at_operand = true,
		.codes = CODES_PSQL,
		.run = command_psql,
	},
	{
		.name = "stop",
		.summary = "stop the private server",
		.description = "Stops the private server; the next command that needs it starts it again.",
		.options = OPTION_BIT(OPTION_JSON),
		.run = command_stop,
	},
	{0},
};

_Static_assert(sizeof(commands) / sizeof(commands[0]) <= MOST_COMMANDS,
			   "MOST_COMMANDS is too small");
