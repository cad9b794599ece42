/*-------------------------------------------------------------------------
 *
 * map_syntax_test.c
 *	  The statements of a map, and the fault of each wrong one.
 *
 *-------------------------------------------------------------------------
 */
#include <time.h>

#include "unit.h"

#include "shared/map_syntax.h"
#include "shared/map_writing.h"

/* Add a text with this before it. */
static void
add(struct text_builder *out, const char *before, struct text_view text)
{
	text_add(out, text_of(before));
	text_add(out, text);
}

/* Write a statement plainly: what it is about, headings, steps and arguments. */
static void
write_statement(struct text_builder *out, const struct map_statement *statement)
{
	static const char *const kinds[] = {"set",    "skip",      "ignore", "ignore others",
										"column", "attribute", "action"};

	text_add_integer(out, statement->line);
	add(out, " ", text_of(kinds[statement->kind]));
	if (statement->kind == MAP_STATEMENT_SETTING)
	{
		add(out, " ", text_of(""));
		text_add_integer(out, statement->setting);
		if (statement->number > 0)
		{
			add(out, " number ", text_of(""));
			text_add_integer(out, statement->number);
		}
	}
	if (statement->column != COLUMN_NONE)
		add(out, " ", text_of(onboard_columns[statement->column].name));
	if (statement->name.data != NULL)
		add(out, " ", statement->name);
	for (int i = 0; i < statement->heading_count; i++)
		add(out, " <", statement->headings[i]);
	if (statement->value.data != NULL)
		add(out, statement->is_not ? " not =" : " =", statement->value);
	else if (statement->is_not)
		add(out, " not", text_of(""));
	for (int i = 0; i < statement->step_count; i++)
	{
		add(out, " |", text_of(transformations[statement->steps[i].transformation].name));
		for (int j = 0; j < statement->steps[i].argument_count; j++)
			add(out, " :", statement->steps[i].arguments[j]);
	}
	text_add(out, text_of("\n"));
}

/* Read a map into plain lines; a fault is the last one. */
static const char *
read_map(struct text_view text)
{
	static char buffer[20000];
	struct text_builder out;
	struct map_syntax syntax;
	struct map_statement statement;

	text_start(&out, buffer, sizeof(buffer));
	map_syntax_start(&syntax, text);
	while (map_syntax_next(&syntax, &statement))
		write_statement(&out, &statement);
	if (map_syntax_failed(&syntax))
	{
		text_add(&out, text_of("fault in "));
		text_add_integer(&out, syntax.fault.line);
		add(&out, ": ", text_of(syntax.fault.message));
		ok(!map_syntax_next(&syntax, &statement), "nothing follows a fault");
	}
	text_finish(&out);
	return buffer;
}

static void
is_map(const char *text, const char *expected, const char *name)
{
	is_text(read_map(text_of(text)), expected, "%s", name);
}

/* Check the fault of one line. */
static void
is_fault(const char *line, const char *message)
{
	char text[1000];
	char expected[1000];

	snprintf(text, sizeof(text), "# comment\n%s\nmode insert\n", line);
	snprintf(expected, sizeof(expected), "fault in 2: %s", message);
	is_text(read_map(text_of(text)), expected, "fault of: %s", line);
}

static void
test_statements(void)
{
	is_map("", "", "an empty map");
	is_map("\n  \n# only a comment\n\t# another", "", "blank lines and comments");
	is_map("mode upsert\nmatch sku\nblank keep\nencoding windows-1252\ndelimiter \";\"\n"
		   "quote none\nsheet \"Products 2\"\nheader item_sku\nmax_bytes 200000000\n"
		   "max_rows 500000\n",
		   "1 set 0 =upsert\n2 set 1 =sku\n3 set 2 =keep\n4 set 3 =windows-1252\n5 set 4 =;\n"
		   "6 set 5 =none\n7 set 6 =Products 2\n8 set 7 =item_sku\n"
		   "9 set 8 number 200000000 =200000000\n10 set 9 number 500000 =500000\n",
		   "settings");
	is_map("delimiter tab", "1 set 4 =\t\n", "a tab by name");
	is_map("delimiter \"\\t\"", "1 set 4 =\t\n", "a tab as an escape");
	is_map("quote \"'\"", "1 set 5 ='\n", "an apostrophe that quotes");
	is_map("skip when \"Variant Price\" is blank\nskip when Type is \"variable\" # parents",
		   "1 skip <Variant Price\n2 skip <Type =variable\n", "rows that are skipped");
	is_map("skip when Type is \"blank\"", "1 skip <Type =blank\n", "the value blank");
	is_map("skip when Code is not blank\nskip when A or \"B c\" | fill_down(D, E) is not draft",
		   "1 skip <Code not\n2 skip <A <B c not =draft |fill_down :D :E\n",
		   "skips of other values, with alternatives and filled down");
	is_map("skip when Type is \"not\"", "1 skip <Type =not\n", "the value not");
	is_map("price = a | fill_down(b, c) | replace(\" - x\", \"\") | at_least(0) | blank_zero",
		   "1 column price <a |fill_down :b :c |replace : - x : |at_least :0 |blank_zero\n",
		   "replacing, and limits of numbers");
	is_map("ignore Tags\nignore \"others\"\nignore others",
		   "1 ignore <Tags\n2 ignore <others\n3 ignore others\n", "columns that are left out");
	is_map("sku = \"Variant SKU\" or SKU or \"or\"", "1 column sku <Variant SKU <SKU <or\n",
		   "alternatives");
	is_map("unit = constant piece\nattribute \" source \" = constant \"shop # 1\" # not in quotes",
		   "1 column unit =piece\n2 attribute source =shop # 1\n", "constants");
	is_map("unit=\"constant\"", "1 column unit <constant\n", "a heading that is a keyword");
	is_map("onboard_action = \"update-delete\" | lower", "1 action <update-delete |lower\n",
		   "the column of actions");
	is_map("price = \"Preis\" | thousands(\".\") |decimal_comma|exchange(EUR , USD)",
		   "1 column price <Preis |thousands :. |decimal_comma |exchange :EUR :USD\n",
		   "transformations");
	is_map("product_name = Title | fill_down(Handle) | join(\" / \", \"Option1 Value\", b)",
		   "1 column product_name <Title |fill_down :Handle |join : /  :Option1 Value :b\n",
		   "join after fill_down");
	is_map("brand = a | first_of | first_of(\"/\") | category_path | yes_no(1, \"\")",
		   "1 column brand <a |first_of |first_of :/ |category_path |yes_no :1 :\n",
		   "arguments that may be left out, and blank ones");
	is_map("brand = \"a\\\"b\\\\c\\td\\ne\"", "1 column brand <a\"b\\c\td\ne\n", "escapes");
	is_map("\xEF\xBB\xBFmode insert\r\n\xC2\xA0mode\xC2\xA0"
		   "x",
		   "1 set 0 =insert\n"
		   "fault in 2: the map has \"mode\" twice; remove one of these lines",
		   "a byte order mark, CR and other blanks");
	is_map("attribute \"Größe\" = \"Größe\"", "1 attribute Größe <Größe\n", "other letters");
}

static void
test_faults(void)
{
	is_fault("Price = \"a\"",
			 "\"Price\" is neither a column nor a setting; did you mean price? A line "
			 "begins with a column, as in price = \"Heading\", or with attribute, "
			 "onboard_action, skip, ignore, mode, match, blank, encoding, delimiter, quote, "
			 "sheet, header, max_bytes or max_rows");
	is_fault("= a",
			 "\"=\" is neither a column nor a setting. A line begins with a column, as in price = "
			 "\"Heading\", or with attribute, onboard_action, skip, ignore, mode, match, blank, "
			 "encoding, delimiter, quote, sheet, header, max_bytes or max_rows");
	is_fault("price \"a\"", "= is expected instead of \"a\"");
	is_fault("price =", "the heading of a column of the file is missing at the end of the line");
	is_fault("price = \" * \"", "a heading is blank; a column without a heading is named by its "
								"number: \"column_3\"");
	is_fault("price = Variant Price", "the statement ends before \"Price\"; a text of several "
									  "words needs quotes, and each statement its own line");
	is_fault("price = \"a", "a text has no closing quote; write \"...\"");
	is_fault("price = \"a\\", "a text has no closing quote; write \"...\"");
	is_fault("price = \"a\\x\"", "a backslash must be followed by \", \\, t or n; for the "
								 "backslash itself, write two");
	is_fault("price = 'a'", "\"'\" is not a quote character here; write \"...\"");
	is_fault("price = \xE2\x80\x9C"
			 "a",
			 "\"\xE2\x80\x9C\" is not a quote character here; write \"...\"");
	is_fault("price = Größe", "a text with \"ö\" needs quotes: write \"...\" around all of it");
	is_fault("sku = constant a", "sku and vendor_product_id cannot be constant, because they "
								 "differ from row to row");
	is_fault(
		"onboard_action = constant a",
		"onboard_action cannot be constant; name the column of the file that has the actions, or use the mode");
	is_fault("unit = constant \" \"", "a constant is blank; remove the line");
	is_fault("unit = constant", "the value of the constant is missing at the end of the line");
	is_fault("unit = constant a | upper", "a constant accepts no transformations; write its final "
										  "value");
	is_fault("attribute sku = a", "this is a column, not an attribute: write \"sku\" = ... without "
								  "the word attribute");
	is_fault("attribute onboard_line = a", "\"onboard_line\" is reserved for files that onboard "
										   "writes; choose another name");
	is_fault("attribute \"\" = a", "the name of an attribute has 1 to 200 characters");
	is_fault("mode = insert", "mode must be one of insert, upsert, update and replace, not "
							  "\"=\"");
	is_fault("mode", "mode must be one of insert, upsert, update and replace");
	is_fault("mode upsert sku", "the statement ends before \"sku\"; a text of several words needs "
								"quotes, and each statement its own line");
	is_fault("match brand", "match must be sku or vendor_product_id, not \"brand\"");
	is_fault("blank delete", "blank must be clear or keep, not \"delete\"");
	is_fault("delimiter x", "delimiter must be one character in quotes, such as \";\", or the word "
							"tab, not \"x\"");
	is_fault("quote x", "quote must be none, \"'\" or \"\\\"\", not \"x\"");
	is_fault("sheet \"\"", "sheet must be the name of a sheet in quotes, not \"\"");
	is_fault("max_rows 1e5", "max_rows must be a positive number, in digits only, not \"1e5\"");
	is_fault("max_rows 0", "max_rows must be a positive number, in digits only, not \"0\"");
	is_fault("skip \"Type\" is blank", "the word when, as in skip when \"Type\" is \"variable\", "
									   "is expected instead of \"Type\"");
	is_fault("skip when Type = x", "the word is, as in skip when \"Type\" is \"variable\", is "
								   "expected instead of \"=\"");
	is_fault("skip when Type is \"\"", "the value of a skip is blank; write: is blank");
	is_fault("skip when Type | lower is x",
			 "a skip compares cells of the file; it accepts no transformation except fill_down");
	is_fault("skip when Type is not",
			 "the word blank or a value is missing at the end of the line");
	is_fault("header \"*\"", "header must be a heading that only the header has, not \"*\"");
	is_fault("ignore", "the heading of a column of the file is missing at the end of the line");
}

static void
test_faults_of_steps(void)
{
	is_fault("price = a |", "a transformation, such as decimal_comma, is missing at the end of "
							"the line");
	is_fault("price = a | decimalcomma", "there is no transformation \"decimalcomma\"; did you "
										 "mean decimal_comma?");
	is_fault("price = a | regex(x)", "there is no transformation \"regex\"");
	is_fault("price = a | thousands", "write thousands(SEPARATOR)");
	is_fault("price = a | thousands()", "write thousands(SEPARATOR)");
	is_fault("price = a | thousands(\".\", x)", "write thousands(SEPARATOR); it has no further "
												"arguments");
	is_fault("price = a | thousands(x)",
			 "write thousands(SEPARATOR); SEPARATOR is one of \".\", \",\", "
			 "\"'\" and \" \"");
	is_fault("price = a | upper(x)", "write upper; it has no arguments");
	is_fault("price = a | thousands(\".\"", "write thousands(SEPARATOR)");
	is_fault(
		"price = a | factor(0)",
		"write factor(NUMBER); NUMBER is positive, with at most 18 digits and a point, such as 0.001");
	is_fault(
		"price = a | factor(1.2.3)",
		"write factor(NUMBER); NUMBER is positive, with at most 18 digits and a point, such as 0.001");
	is_fault("price = a | decimals(7)", "write decimals(N); N is a number from 0 to 6");
	is_fault("price = a | at_least(-1)",
			 "write at_least(NUMBER); NUMBER is 0 or more, with at most 18 digits and a point");
	is_fault("price = a | replace(b)", "write replace(TEXT, TEXT)");
	is_fault("price = a | split(\",\", 0)",
			 "write split(SEPARATOR, N); N is a number from 1 to 100");
	is_fault("price = a | split(\"\", 1)",
			 "write split(SEPARATOR, N); SEPARATOR has 1 to 10 characters");
	is_fault(
		"price = a | exchange(EUR, usd)",
		"write exchange(FROM, TO); a currency is a code of three capital letters, such as EUR");
	is_fault("price = a | exchange(EUR, EUR)", "write exchange(FROM, TO); the two currencies are "
											   "the same");
	is_fault("price = a | exchange(EUR)", "write exchange(FROM, TO)");
	is_fault("price = a | values(\"a b\")",
			 "write values(LIST); LIST is at most 50 letters, digits, \"_\" and \"-\"");
	is_fault("price = a | upper | fill_down", "fill_down acts on the cell of the file; write it "
											  "before the other transformations");
	is_fault("price = a | upper | join(\",\", b)", "join appends cells of the file; write it "
												   "first, or after fill_down");
	is_fault("price = a | join(\",\")", "write join(SEPARATOR, HEADING, ...)");
	is_fault("price = a | fill_down(\"-\")", "write fill_down(HEADING?, ...); HEADING is that of "
											 "another column");
}

/* Return a map that consists of this many times a text. */
static struct text_view
repeated(const char *before, const char *text, int count, char *buffer, size_t size)
{
	struct text_builder out;

	text_start(&out, buffer, size);
	text_add(&out, text_of(before));
	for (int i = 0; i < count; i++)
		text_add(&out, text_of(text));
	text_finish(&out);
	return text_of(buffer);
}

static void
test_limits(void)
{
	static char buffer[100000];
	char steps[1000];

	is_text(read_map(repeated("", "#23456789", MAP_MAX_BYTES / 9 + 1, buffer, sizeof(buffer))),
			"fault in 0: a map has at most 64 KiB; remove comments", "a map that is too large");
	is_text(read_map(repeated("", "x", MAP_MAX_LINE_BYTES + 1, buffer, sizeof(buffer))),
			"fault in 1: a line has at most 4096 bytes", "a line that is too long");
	ok(strstr(read_map(repeated("price = ", "=", MAP_MAX_LINE_BYTES - 8, buffer, sizeof(buffer))),
			  "is expected instead of \"=\"") != NULL,
	   "the longest line");
	ok(strstr(read_map(repeated("", "ignore a\n", MAP_MAX_STATEMENTS + 1, buffer, sizeof(buffer))),
			  "fault in 1001: a map has at most 1000 statements") != NULL,
	   "too many statements");
	is_text(read_map(repeated("price = a", " or a", MAP_MAX_HEADINGS, steps, sizeof(steps))),
			"fault in 1: a column has at most 16 headings", "too many headings");
	is_text(read_map(repeated("price = a", " | slug", MAP_MAX_STEPS + 1, steps, sizeof(steps))),
			"fault in 1: a column has at most 16 transformations", "too many transformations");
	is_text(read_map(repeated("price = a | join(x", ",a", TRANSFORMATION_MAX_ARGUMENTS, steps,
							  sizeof(steps))),
			"fault in 1: write join(SEPARATOR, HEADING, ...); it has no further arguments",
			"too many arguments");
	is_text(read_map((struct text_view){"unit = \0", 8}),
			"fault in 1: a text with \" \" needs quotes: write \"...\" around all of it", "a NUL");
}

static void
test_repetition(void)
{
	is_map("price = a\nprice = b",
		   "1 column price <a\nfault in 2: the map has the column \"price\" twice; remove one of "
		   "these lines, or write both headings with \"or\"",
		   "a column twice");
	is_map("onboard_action = a\nonboard_action = b",
		   "1 action <a\nfault in 2: the map has onboard_action twice; remove one of these lines",
		   "actions twice");
	is_map("attribute Material = a\nattribute \"other\" = a\nattribute \"MATERIAL\" = b",
		   "1 attribute Material <a\n2 attribute other <a\nfault in 3: the map has the attribute "
		   "\"MATERIAL\" twice; remove one of these lines, or write both headings with \"or\"",
		   "an attribute twice");
	is_map("attribute \"a\\tb \" = a # the same\n\nattribute \"A\\tB\" = b",
		   "1 attribute a\tb <a\nfault in 3: the map has the attribute \"A B\" twice; remove one "
		   "of these lines, or write both headings with \"or\"",
		   "an attribute with escapes and blanks twice");
}

/* A map of the greatest size, however it is divided into lines, is read at once. */
static void
test_time(void)
{
	static char buffer[MAP_MAX_BYTES + 1];
	struct map_syntax syntax;
	struct map_statement statement;
	struct text_builder out;
	clock_t start;
	int count = 0;

	text_start(&out, buffer, sizeof(buffer));
	for (int i = 0; i < 40000; i++)
		text_add(&out, text_of("\n"));
	for (int i = 0; i < 900; i++)
	{
		text_add(&out, text_of("attribute a"));
		text_add_integer(&out, i);
		text_add(&out, text_of(" = b\n"));
	}
	text_finish(&out);
	start = clock();
	map_syntax_start(&syntax, text_of(buffer));
	while (map_syntax_next(&syntax, &statement))
		count++;
	is_int(count, 900, "attributes after blank lines");
	/* It takes milliseconds; searching all lines for each attribute took most of a second. */
	ok(clock() - start < CLOCKS_PER_SEC / 4, "are read within a quarter of a second");
}

/* What is written is read again. */
static void
test_writing(void)
{
	static const char *const texts[] = {"a", "", "a b", "\"", "\\", "\t\n", "Größe \"x\"\\n", "or"};
	char buffer[200];

	for (size_t i = 1; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		struct text_builder out;
		struct map_syntax syntax;
		struct map_statement statement;

		text_start(&out, buffer, sizeof(buffer));
		text_add(&out, text_of("brand = a | prefix("));
		map_writing_add_text(&out, text_of(texts[i]));
		text_add(&out, text_of(")"));
		text_finish(&out);
		map_syntax_start(&syntax, text_of(buffer));
		ok(map_syntax_next(&syntax, &statement) &&
			   text_equal(statement.steps[0].arguments[0], text_of(texts[i])),
		   "%s is read again", buffer);
	}
}

/* Every entry of the table has consistent facts. */
static void
test_table(void)
{
	for (int i = 0; i < TRANSFORMATION_COUNT; i++)
	{
		const struct transformation_info *info = &transformations[i];
		enum transformation found = TRANSFORMATION_COUNT;

		ok(transformation_by_name(text_of(info->name), &found) && (int) found == i, "%s is found",
		   info->name);
		ok(strncmp(info->usage, info->name, strlen(info->name)) == 0, "%s begins its usage",
		   info->name);
		ok((info->maximum > 0) == (info->first != ARGUMENT_NONE) &&
			   (info->maximum > 1) == (info->second != ARGUMENT_NONE) &&
			   info->minimum <= info->maximum && info->maximum <= TRANSFORMATION_MAX_ARGUMENTS,
		   "the arguments of %s fit together", info->name);
		ok((info->maximum > 0) == (strchr(info->usage, '(') != NULL), "the usage of %s has them",
		   info->name);
	}
}

int
main(void)
{
	test_table();
	test_statements();
	test_faults();
	test_faults_of_steps();
	test_limits();
	test_repetition();
	test_time();
	test_writing();
	return unit_done();
}
