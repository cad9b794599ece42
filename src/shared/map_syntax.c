/*-------------------------------------------------------------------------
 *
 * map_syntax.c
 *	  Reads the text of a column map, one statement after the other.
 *
 * A line is read token by token.  Texts are copied into the statement without
 * their escapes; a token needs no more bytes there than in the line, except for its NUL.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_syntax.h"

#include "shared/action.h"
#include "shared/apply.h"
#include "shared/csv_cell.h"
#include "shared/heading.h"
#include "shared/suggest.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Characters of a SEPARATOR, and of the name of an attribute. */
#define MAX_SIGN 10
#define MAX_ATTRIBUTE_NAME 200

/* Digits of a factor, of a number of parts or decimals, and of a setting. */
#define MAX_FACTOR_DIGITS 18
#define MAX_PART 100
#define MAX_DECIMALS 6
#define MAX_SETTING_DIGITS 15

enum token_kind
{
	TOKEN_END,  /* of the line */
	TOKEN_WORD, /* without quotes */
	TOKEN_TEXT, /* in quotes */
	TOKEN_SIGN  /* = | ( ) , */
};

struct token
{
	enum token_kind kind;
	struct text_view text; /* of a word or text; of a sign, the sign */
};

/* A line that is being read. */
struct line
{
	struct map_syntax *syntax;
	struct map_statement *statement;
	struct text_view text;
	size_t offset;
	size_t stored;      /* bytes of the statement's storage in use */
	struct token token; /* the next one */
};

/* ----- faults ----- */

/* Begin the message of a fault. */
static void
fault_start(struct line *line, struct text_builder *message)
{
	line->syntax->fault.line = line->statement->line;
	text_start(message, line->syntax->fault.message, MAP_MESSAGE_SIZE);
}

/* Set a fault: a text, a quoted text unless it is NULL, a text.  Always returns false. */
static bool
fault(struct line *line, const char *before, struct text_view quoted, const char *after)
{
	struct text_builder message;

	fault_start(line, &message);
	text_add(&message, text_of(before));
	if (quoted.data != NULL)
		text_add_quoted(&message, quoted);
	text_add(&message, text_of(after));
	text_finish(&message);
	return false;
}

static bool
plain_fault(struct line *line, const char *text)
{
	return fault(line, text, (struct text_view){NULL, 0}, "");
}

/* Set the fault that the next token is not what the statement needs. */
static bool
unexpected(struct line *line, const char *wanted)
{
	struct text_builder message;

	fault_start(line, &message);
	text_add(&message, text_of(wanted));
	if (line->token.kind == TOKEN_END)
		text_add(&message, text_of(" is missing at the end of the line"));
	else
	{
		text_add(&message, text_of(" is expected instead of "));
		text_add_quoted(&message, line->token.text);
	}
	text_finish(&message);
	return false;
}

/* ----- tokens ----- */

static bool
is_word_byte(char byte)
{
	return is_ascii_letter((unsigned char) byte) || is_ascii_digit((unsigned char) byte) ||
		   byte == '.' || byte == '_' || byte == '-';
}

static void
store(struct line *line, char byte)
{
	line->statement->storage[line->stored++] = byte;
}

/* Terminate the text that began at this place in the storage. */
static void
store_end(struct line *line, enum token_kind kind, size_t start)
{
	line->token.kind = kind;
	line->token.text = (struct text_view){line->statement->storage + start, line->stored - start};
	store(line, '\0');
}

static bool
read_escape(struct line *line)
{
	static const char signs[] = "\"\\tn";
	static const char meanings[] = "\"\\\t\n";
	const char *sign;

	if (++line->offset >= line->text.length)
		return plain_fault(line, "a text has no closing quote; write \"...\"");
	sign = memchr(signs, line->text.data[line->offset], sizeof(signs) - 1);
	if (sign == NULL)
		return plain_fault(line, "a backslash must be followed by \", \\, t or n; "
								 "for the backslash itself, write two");
	store(line, meanings[sign - signs]);
	return true;
}

/* Read a text in quotes. */
static bool
read_text(struct line *line)
{
	size_t start = line->stored;

	for (line->offset++; line->offset < line->text.length; line->offset++)
	{
		char byte = line->text.data[line->offset];

		if (byte == '"')
		{
			line->offset++;
			store_end(line, TOKEN_TEXT, start);
			return true;
		}
		if (byte == '\\')
		{
			if (!read_escape(line))
				return false;
		}
		else
			store(line, byte);
	}
	return plain_fault(line, "a text has no closing quote; write \"...\"");
}

static void
read_word(struct line *line)
{
	size_t start = line->stored;

	while (line->offset < line->text.length && is_word_byte(line->text.data[line->offset]))
		store(line, line->text.data[line->offset++]);
	store_end(line, TOKEN_WORD, start);
}

static void
skip_blanks(struct line *line)
{
	while (line->offset < line->text.length)
	{
		uint32_t character;
		size_t size = text_decode(line->text, line->offset, &character);

		if (!is_blank_character(character))
			break;
		line->offset += size;
	}
}

/* Set the fault that no token begins with the next character. */
static bool
strange_character(struct line *line)
{
	uint32_t character;
	size_t size = text_decode(line->text, line->offset, &character);
	struct text_view text = {line->text.data + line->offset, size};

	if (character == '\'' || character == 0x201C || character == 0x201D || character == 0x201E)
		return fault(line, "", text, " is not a quote character here; write \"...\"");
	return fault(line, "a text with ", text, " needs quotes: write \"...\" around all of it");
}

/* Read the next token. */
static bool
advance(struct line *line)
{
	char byte;

	skip_blanks(line);
	line->token = (struct token){TOKEN_END, {"", 0}};
	if (line->offset == line->text.length)
		return true;
	byte = line->text.data[line->offset];
	if (byte == '#')
		return true;
	if (byte == '"')
		return read_text(line);
	if (is_word_byte(byte))
	{
		read_word(line);
		return true;
	}
	if (byte == '\0' || strchr("=|(),", byte) == NULL)
		return strange_character(line);
	line->token = (struct token){TOKEN_SIGN, {line->text.data + line->offset++, 1}};
	return true;
}

static bool
is_sign(const struct line *line, char sign)
{
	return line->token.kind == TOKEN_SIGN && line->token.text.data[0] == sign;
}

static bool
is_word(const struct line *line, const char *word)
{
	return line->token.kind == TOKEN_WORD && text_equal(line->token.text, text_of(word));
}

static bool
is_text(const struct line *line)
{
	return line->token.kind == TOKEN_WORD || line->token.kind == TOKEN_TEXT;
}

/* Read a required word. */
static bool
take_word(struct line *line, const char *word, const char *wanted)
{
	return is_word(line, word) ? advance(line) : unexpected(line, wanted);
}

/* Read a required text. */
static bool
take_text(struct line *line, struct text_view *text, const char *wanted)
{
	if (!is_text(line))
		return unexpected(line, wanted);
	*text = line->token.text;
	return advance(line);
}

static bool
take_end(struct line *line)
{
	if (line->token.kind == TOKEN_END)
		return true;
	return fault(line, "the statement ends before ", line->token.text,
				 "; a text of several words needs quotes, and each statement its own line");
}

/* Read the heading of a column of the file. */
static bool
take_heading(struct line *line, struct text_view *heading)
{
	if (!take_text(line, heading, "the heading of a column of the file"))
		return false;
	if (heading_is_blank(*heading))
		return plain_fault(line, "a heading is blank; a column without a heading is named by its "
								 "number: \"column_3\"");
	return true;
}

/* ----- settings ----- */

/* Read a number of digits only; false if it is none or too large. */
static bool
read_whole(struct text_view text, int64_t minimum, int64_t maximum, int64_t *number)
{
	int64_t value = 0;

	if (text.length == 0 || text.length > MAX_SETTING_DIGITS)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (!is_ascii_digit((unsigned char) text.data[i]))
			return false;
		value = value * 10 + (text.data[i] - '0');
	}
	*number = value;
	return value >= minimum && value <= maximum;
}

static bool
is_mode(struct map_statement *statement)
{
	enum upload_mode mode;

	return upload_mode_by_name(statement->value.data, &mode);
}

static bool
is_match(struct map_statement *statement)
{
	enum upload_match match;

	return upload_match_by_name(statement->value.data, &match);
}

static bool
is_blank_policy(struct map_statement *statement)
{
	enum upload_blank blank;

	return upload_blank_by_name(statement->value.data, &blank);
}

/* The word tab stands for its character. */
static bool
is_delimiter(struct map_statement *statement)
{
	if (text_equal(statement->value, text_of("tab")))
		statement->value = text_of("\t");
	return statement->value.length == 1 && csv_delimiter_is_acceptable(statement->value.data[0]);
}

static bool
is_quote(struct map_statement *statement)
{
	return text_equal(statement->value, text_of("none")) ||
		   text_equal(statement->value, text_of("\"")) ||
		   text_equal(statement->value, text_of("'"));
}

static bool
is_not_blank(struct map_statement *statement)
{
	return text_trim(statement->value).length > 0;
}

static bool
is_heading_of_file(struct map_statement *statement)
{
	return !heading_is_blank(statement->value);
}

static bool
is_limit(struct map_statement *statement)
{
	return read_whole(statement->value, 1, INT64_MAX, &statement->number);
}

static const struct
{
	const char *name;
	bool (*is_valid)(struct map_statement *statement);
	const char *values;
} settings[MAP_SETTING_COUNT] = {
	[MAP_SETTING_MODE] = {"mode", is_mode, "one of insert, upsert, update and replace"},
	[MAP_SETTING_MATCH] = {"match", is_match, "sku or vendor_product_id"},
	[MAP_SETTING_BLANK] = {"blank", is_blank_policy, "clear or keep"},
	[MAP_SETTING_ENCODING] = {"encoding", is_not_blank, "a name such as windows-1252"},
	[MAP_SETTING_DELIMITER] = {"delimiter", is_delimiter,
							   "one character in quotes, such as \";\", or the word tab"},
	[MAP_SETTING_QUOTE] = {"quote", is_quote, "none, \"'\" or \"\\\"\""},
	[MAP_SETTING_SHEET] = {"sheet", is_not_blank, "the name of a sheet in quotes"},
	[MAP_SETTING_HEADER] = {"header", is_heading_of_file, "a heading that only the header has"},
	[MAP_SETTING_MAX_BYTES] = {"max_bytes", is_limit, "a positive number, in digits only"},
	[MAP_SETTING_MAX_ROWS] = {"max_rows", is_limit, "a positive number, in digits only"},
};

/* Set the fault that a setting has no such value. */
static bool
wrong_setting(struct line *line)
{
	enum map_setting setting = line->statement->setting;
	struct text_builder message;

	fault_start(line, &message);
	text_add(&message, text_of(settings[setting].name));
	text_add(&message, text_of(" must be "));
	text_add(&message, text_of(settings[setting].values));
	if (is_text(line) || line->token.kind == TOKEN_SIGN)
	{
		text_add(&message, text_of(", not "));
		text_add_quoted(&message, line->token.text);
	}
	text_finish(&message);
	return false;
}

/* Read a setting from its value on. */
static bool
read_setting(struct line *line)
{
	struct map_statement *statement = line->statement;
	unsigned bit = 1u << statement->setting;

	if (line->syntax->settings & bit)
		return fault(line, "the map has ", text_of(settings[statement->setting].name),
					 " twice; remove one of these lines");
	line->syntax->settings |= bit;
	statement->kind = MAP_STATEMENT_SETTING;
	statement->value = line->token.text;
	if (!is_text(line) || !settings[statement->setting].is_valid(statement))
		return wrong_setting(line);
	return advance(line) && take_end(line);
}

/* Does the line begin with the name of a setting? */
static bool
begins_setting(struct line *line)
{
	for (size_t i = 0; i < COUNT_OF(settings); i++)
	{
		if (is_word(line, settings[i].name))
		{
			line->statement->setting = (enum map_setting) i;
			return true;
		}
	}
	return false;
}

/* ----- columns that are left out ----- */

/* Read an ignore from what is ignored on. */
static bool
read_ignore(struct line *line)
{
	struct map_statement *statement = line->statement;

	if (is_word(line, "others"))
	{
		statement->kind = MAP_STATEMENT_IGNORE_OTHERS;
		return advance(line) && take_end(line);
	}
	statement->kind = MAP_STATEMENT_IGNORE;
	statement->heading_count = 1;
	return take_heading(line, &statement->headings[0]) && take_end(line);
}

/* ----- transformations ----- */

/* Is the text one of . , ' and a blank? */
static bool
is_grouping(struct text_view text)
{
	return text.length == 1 && text.data[0] != '\0' && strchr(".,' ", text.data[0]) != NULL;
}

/* Is it a short text, by which others can be divided? */
static bool
is_divider(struct text_view text)
{
	return text.length > 0 && text_character_count(text) <= MAX_SIGN;
}

/* Is it a decimal number? */
static bool
read_decimal(struct text_view text, bool *above_zero)
{
	size_t digits = 0;
	size_t points = 0;

	*above_zero = false;
	for (size_t i = 0; i < text.length; i++)
	{
		bool is_digit = is_ascii_digit((unsigned char) text.data[i]);

		if (!is_digit && text.data[i] != '.')
			return false;
		digits += is_digit;
		points += !is_digit;
		*above_zero |= is_digit && text.data[i] != '0';
	}
	return points <= 1 && digits > 0 && digits <= MAX_FACTOR_DIGITS;
}

static bool
is_factor(struct text_view text)
{
	bool above_zero;

	return read_decimal(text, &above_zero) && above_zero;
}

static bool
is_least(struct text_view text)
{
	bool above_zero;

	return read_decimal(text, &above_zero);
}

static bool
is_decimals(struct text_view text)
{
	int64_t number;

	return read_whole(text, 0, MAX_DECIMALS, &number);
}

static bool
is_part(struct text_view text)
{
	int64_t number;

	return read_whole(text, 1, MAX_PART, &number);
}

static bool
is_currency(struct text_view text)
{
	if (text.length != 3)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] < 'A' || text.data[i] > 'Z')
			return false;
	}
	return true;
}

bool
map_name_is_valid(struct text_view name)
{
	for (size_t i = 0; i < name.length; i++)
	{
		if (!is_word_byte(name.data[i]) || name.data[i] == '.')
			return false;
	}
	return name.length > 0 && name.length <= MAP_MAX_NAME;
}

static bool
is_any(struct text_view text)
{
	(void) text;
	return true;
}

static bool
is_heading(struct text_view text)
{
	return !heading_is_blank(text);
}

static const struct
{
	bool (*is_valid)(struct text_view text);
	const char *values;
} arguments[] = {
	[ARGUMENT_GROUPING] = {is_grouping, "SEPARATOR is one of \".\", \",\", \"'\" and \" \""},
	[ARGUMENT_SIGN] = {is_divider, "SEPARATOR has 1 to 10 characters"},
	[ARGUMENT_TEXT] = {is_any, ""},
	[ARGUMENT_NUMBER] = {is_factor,
						 "NUMBER is positive, with at most 18 digits and a point, such as 0.001"},
	[ARGUMENT_LEAST] = {is_least, "NUMBER is 0 or more, with at most 18 digits and a point"},
	[ARGUMENT_DECIMALS] = {is_decimals, "N is a number from 0 to 6"},
	[ARGUMENT_PART] = {is_part, "N is a number from 1 to 100"},
	[ARGUMENT_CURRENCY] = {is_currency,
						   "a currency is a code of three capital letters, such as EUR"},
	[ARGUMENT_LIST] = {map_name_is_valid, "LIST is at most 50 letters, digits, \"_\" and \"-\""},
	[ARGUMENT_HEADING] = {is_heading, "HEADING is that of another column"},
};

/* Set the fault that a step is not as its usage says. */
static bool
wrong_step(struct line *line, const struct map_step *step, const char *reason)
{
	struct text_builder message;

	fault_start(line, &message);
	text_add(&message, text_of("write "));
	text_add(&message, text_of(transformations[step->transformation].usage));
	text_add(&message, text_of(reason[0] != '\0' ? "; " : ""));
	text_add(&message, text_of(reason));
	text_finish(&message);
	return false;
}

/* Read the arguments of a step, from "(" on. */
static bool
read_arguments(struct line *line, struct map_step *step)
{
	const struct transformation_info *info = &transformations[step->transformation];

	do
	{
		enum argument_kind kind = step->argument_count == 0 ? info->first : info->second;
		struct text_view *argument = &step->arguments[step->argument_count];

		if (!advance(line))
			return false;
		if (step->argument_count == info->maximum)
			return wrong_step(line, step,
							  info->maximum == 0 ? "it has no arguments"
												 : "it has no further arguments");
		if (!is_text(line))
			return wrong_step(line, step, "");
		*argument = line->token.text;
		if (!arguments[kind].is_valid(*argument))
			return wrong_step(line, step, arguments[kind].values);
		step->argument_count++;
		if (!advance(line))
			return false;
	} while (is_sign(line, ','));
	return is_sign(line, ')') ? advance(line) : wrong_step(line, step, "");
}

/* Set the fault that there is no such transformation. */
static bool
unknown_step(struct line *line)
{
	const struct transformation_info *meant = transformation_suggest(line->token.text);
	struct text_builder message;

	fault_start(line, &message);
	text_add(&message, text_of("there is no transformation "));
	text_add_quoted(&message, line->token.text);
	if (meant != NULL)
	{
		text_add(&message, text_of("; did you mean "));
		text_add(&message, text_of(meant->usage));
		text_add(&message, text_of("?"));
	}
	text_finish(&message);
	return false;
}

/* Check that a step is allowed at its place. */
static bool
check_place(struct line *line, const struct map_step *step)
{
	int before = line->statement->step_count;
	bool fills =
		before == 1 && line->statement->steps[0].transformation == TRANSFORMATION_FILL_DOWN;

	switch (step->transformation)
	{
		case TRANSFORMATION_FILL_DOWN:
			return before == 0 || plain_fault(line, "fill_down acts on the cell of the file; "
													"write it before the other transformations");
		case TRANSFORMATION_JOIN:
			return before == 0 || fills ||
				   plain_fault(line, "join appends cells of the file; write it first, or after "
									 "fill_down");
		case TRANSFORMATION_EXCHANGE:
			return !text_equal(step->arguments[0], step->arguments[1]) ||
				   wrong_step(line, step, "the two currencies are the same");
		default:
			return true;
	}
}

/* Read a step, from its name on. */
static bool
read_step(struct line *line)
{
	struct map_statement *statement = line->statement;
	struct map_step *step = &statement->steps[statement->step_count];

	if (statement->step_count == MAP_MAX_STEPS)
		return plain_fault(line, "a column has at most 16 transformations");
	if (line->token.kind != TOKEN_WORD)
		return unexpected(line, "a transformation, such as decimal_comma,");
	if (!transformation_by_name(line->token.text, &step->transformation))
		return unknown_step(line);
	step->argument_count = 0;
	if (!advance(line) || (is_sign(line, '(') && !read_arguments(line, step)))
		return false;
	if (step->argument_count < transformations[step->transformation].minimum)
		return wrong_step(line, step, "");
	if (!check_place(line, step))
		return false;
	statement->step_count++;
	return true;
}

/* ----- headings ----- */

/* Read the alternative headings of a column, from the first one on. */
static bool
read_headings(struct line *line)
{
	struct map_statement *statement = line->statement;

	for (;;)
	{
		if (statement->heading_count == MAP_MAX_HEADINGS)
			return plain_fault(line, "a column has at most 16 headings");
		if (!take_heading(line, &statement->headings[statement->heading_count++]))
			return false;
		if (!is_word(line, "or"))
			return true;
		if (!advance(line))
			return false;
	}
}

/* ----- rows that are left out ----- */

/* Read the transformation of a skip: fill_down, if there is one. */
static bool
read_skip_step(struct line *line)
{
	if (!is_sign(line, '|'))
		return true;
	if (!advance(line) || !read_step(line))
		return false;
	if (line->statement->steps[0].transformation != TRANSFORMATION_FILL_DOWN)
		return plain_fault(line, "a skip compares cells of the file; it accepts no transformation "
								 "except fill_down");
	return true;
}

/* Read a skip from "when" on. */
static bool
read_skip(struct line *line)
{
	struct map_statement *statement = line->statement;

	statement->kind = MAP_STATEMENT_SKIP;
	if (!take_word(line, "when", "the word when, as in skip when \"Type\" is \"variable\",") ||
		!read_headings(line) || !read_skip_step(line) ||
		!take_word(line, "is", "the word is, as in skip when \"Type\" is \"variable\","))
		return false;
	statement->is_not = is_word(line, "not");
	if (statement->is_not && !advance(line))
		return false;
	if (is_word(line, "blank"))
		return advance(line) && take_end(line);
	if (!take_text(line, &statement->value, "the word blank or a value"))
		return false;
	if (text_trim(statement->value).length == 0)
		return plain_fault(line, "the value of a skip is blank; write: is blank");
	return take_end(line);
}

/* ----- columns ----- */

/* Read a constant, from its value on. */
static bool
read_constant(struct line *line)
{
	struct map_statement *statement = line->statement;

	if (statement->kind == MAP_STATEMENT_ACTION)
		return plain_fault(line, "onboard_action cannot be constant; name the column of the file "
								 "that has the actions, or use the mode");
	if (statement->column == COLUMN_SKU || statement->column == COLUMN_VENDOR_PRODUCT_ID)
		return plain_fault(line, "sku and vendor_product_id cannot be constant, because they "
								 "differ from row to row");
	if (!take_text(line, &statement->value, "the value of the constant"))
		return false;
	if (text_trim(statement->value).length == 0)
		return plain_fault(line, "a constant is blank; remove the line");
	if (is_sign(line, '|'))
		return plain_fault(line, "a constant accepts no transformations; write its final value");
	return take_end(line);
}

/* Read what a column, an attribute or the action is, from "=" on. */
static bool
read_assignment(struct line *line)
{
	if (!is_sign(line, '='))
		return unexpected(line, "=");
	if (!advance(line))
		return false;
	if (is_word(line, "constant"))
		return advance(line) && read_constant(line);
	if (!read_headings(line))
		return false;
	while (is_sign(line, '|'))
	{
		if (!advance(line) || !read_step(line))
			return false;
	}
	return take_end(line);
}

/* Return the next line of a text, without its end, and move offset after it. */
static struct text_view
next_line(struct text_view text, size_t *offset)
{
	struct text_view line = {text.data + *offset, text.length - *offset};
	const char *end = memchr(line.data, '\n', line.length);

	if (end != NULL)
		line.length = (size_t) (end - line.data);
	*offset += line.length + (end != NULL);
	return line;
}

/* Begin to read a line into a statement; reads its first token. */
static bool
line_start(struct line *line, struct map_syntax *syntax, struct text_view text,
		   struct map_statement *statement)
{
	line->syntax = syntax;
	line->statement = statement;
	line->text = text;
	line->offset = 0;
	line->stored = 0;
	return advance(line);
}

/*
 * Return whether an earlier line has the attribute; as in the header of a file, case
 * does not matter.  Only the beginnings of the lines are read again.
 */
static bool
has_attribute_before(struct line *line, struct text_view name)
{
	struct map_syntax *syntax = line->syntax;
	struct map_statement statement;
	size_t offset = 0;

	for (int number = 1; number < syntax->line; number++)
	{
		struct line earlier;
		struct text_view text = next_line(syntax->text, &offset);

		if (line_start(&earlier, syntax, text, &statement) && is_word(&earlier, "attribute") &&
			advance(&earlier) && text_compare_folded(text_trim(earlier.token.text), name) == 0)
			return true;
	}
	return false;
}

/* Read an attribute from its name on. */
static bool
read_attribute(struct line *line)
{
	struct map_statement *statement = line->statement;
	enum onboard_column column;

	statement->kind = MAP_STATEMENT_ATTRIBUTE;
	if (!take_text(line, &statement->name, "the name of an attribute"))
		return false;
	statement->name = text_trim(statement->name);
	if (statement->name.length == 0 || text_character_count(statement->name) > MAX_ATTRIBUTE_NAME)
		return plain_fault(line, "the name of an attribute has 1 to 200 characters");
	column = heading_column(statement->name);
	if (column != COLUMN_NONE)
		return fault(line, "this is a column, not an attribute: write ",
					 text_of(onboard_columns[column].name), " = ... without the word attribute");
	if (heading_is_ours(statement->name))
		return fault(line, "", statement->name,
					 " is reserved for files that onboard writes; choose another name");
	if (has_attribute_before(line, statement->name))
		return fault(line, "the map has the attribute ", statement->name,
					 " twice; remove one of these lines, or write both headings with \"or\"");
	return read_assignment(line);
}

/* Read a column from "=" on. */
static bool
read_column(struct line *line, enum onboard_column column)
{
	struct map_syntax *syntax = line->syntax;

	if (syntax->columns & column_bit(column))
		return fault(line, "the map has the column ", text_of(onboard_columns[column].name),
					 " twice; remove one of these lines, or write both headings with \"or\"");
	syntax->columns |= column_bit(column);
	line->statement->kind = MAP_STATEMENT_COLUMN;
	line->statement->column = column;
	return read_assignment(line);
}

/* Read the column of actions from "=" on. */
static bool
read_action(struct line *line)
{
	if (line->syntax->has_action)
		return plain_fault(line, "the map has " ONBOARD_ACTION_COLUMN
								 " twice; remove one of these lines");
	line->syntax->has_action = true;
	line->statement->kind = MAP_STATEMENT_ACTION;
	return read_assignment(line);
}

/* ----- statements ----- */

/* Set the fault that no statement begins with a text. */
static bool
unknown_statement(struct line *line)
{
	struct text_view names[COLUMN_COUNT];
	struct text_builder message;
	enum onboard_column column = heading_column(line->token.text);
	int meant = (int) column;

	for (int i = 0; i < COLUMN_COUNT; i++)
		names[i] = text_of(onboard_columns[i].name);
	if (column == COLUMN_NONE)
		meant = name_suggest(line->token.text, names, COLUMN_COUNT);
	fault_start(line, &message);
	text_add_quoted(&message, line->token.text);
	text_add(&message, text_of(" is neither a column nor a setting"));
	if (meant >= 0)
	{
		text_add(&message, text_of("; did you mean "));
		text_add(&message, names[meant]);
	}
	text_add(&message, text_of(meant >= 0 ? "?" : "."));
	text_add(&message, text_of(" A line begins with a column, as in price = \"Heading\", or with "
							   "attribute, onboard_action, skip, ignore"));
	for (size_t i = 0; i < COUNT_OF(settings); i++)
	{
		text_add(&message, text_of(i + 1 < COUNT_OF(settings) ? ", " : " or "));
		text_add(&message, text_of(settings[i].name));
	}
	text_finish(&message);
	return false;
}

/* Return the column whose name the token is. */
static enum onboard_column
named_column(const struct line *line)
{
	return line->token.kind == TOKEN_WORD ? column_by_name(line->token.text) : COLUMN_NONE;
}

/* Read a statement, whose first token has been read. */
static bool
read_statement(struct line *line)
{
	enum onboard_column column = named_column(line);

	if (column != COLUMN_NONE)
		return advance(line) && read_column(line, column);
	if (begins_setting(line))
		return advance(line) && read_setting(line);
	if (is_word(line, "attribute"))
		return advance(line) && read_attribute(line);
	if (is_word(line, ONBOARD_ACTION_COLUMN))
		return advance(line) && read_action(line);
	if (is_word(line, "skip"))
		return advance(line) && read_skip(line);
	if (is_word(line, "ignore"))
		return advance(line) && read_ignore(line);
	return unknown_statement(line);
}

/* Clear a statement, except for its storage. */
static void
clear_statement(struct map_statement *statement, int line)
{
	statement->line = line;
	statement->number = 0;
	statement->value = (struct text_view){NULL, 0};
	statement->is_not = false;
	statement->name = (struct text_view){NULL, 0};
	statement->column = COLUMN_NONE;
	statement->heading_count = 0;
	statement->step_count = 0;
}

/* Set a fault of the map as a whole. */
static void
map_fault(struct map_syntax *syntax, int line, const char *message)
{
	struct text_builder builder;

	syntax->fault.line = line;
	text_start(&builder, syntax->fault.message, MAP_MESSAGE_SIZE);
	text_add(&builder, text_of(message));
	text_finish(&builder);
}

void
map_syntax_start(struct map_syntax *syntax, struct text_view text)
{
	*syntax = (struct map_syntax){.text = text};
	if (text.length > MAP_MAX_BYTES)
		map_fault(syntax, 0, "a map has at most 64 KiB; remove comments");
}

bool
map_syntax_failed(const struct map_syntax *syntax)
{
	return syntax->fault.message[0] != '\0';
}

/* Check the size of a line and the number of statements. */
static bool
check_limits(struct map_syntax *syntax, struct text_view text)
{
	if (text.length > MAP_MAX_LINE_BYTES)
		map_fault(syntax, syntax->line, "a line has at most 4096 bytes");
	else if (syntax->statement_count > MAP_MAX_STATEMENTS)
		map_fault(syntax, syntax->line, "a map has at most 1000 statements");
	return !map_syntax_failed(syntax);
}

bool
map_syntax_next(struct map_syntax *syntax, struct map_statement *statement)
{
	while (!map_syntax_failed(syntax) && syntax->offset < syntax->text.length)
	{
		struct text_view text = next_line(syntax->text, &syntax->offset);
		struct line line;

		clear_statement(statement, ++syntax->line);
		if (!check_limits(syntax, text) || !line_start(&line, syntax, text, statement))
			return false;
		if (line.token.kind == TOKEN_END)
			continue;
		syntax->statement_count++;
		return check_limits(syntax, text) && read_statement(&line);
	}
	return false;
}

/* ----- writing ----- */

void
map_syntax_add_text(struct text_builder *builder, struct text_view text)
{
	text_add(builder, text_of("\""));
	while (text.length > 0)
	{
		struct text_view piece = {text.data, 0};

		while (piece.length < text.length && strchr("\"\\\t\n", text.data[piece.length]) == NULL)
			piece.length++;
		text_add(builder, piece);
		text.data += piece.length;
		text.length -= piece.length;
		if (text.length == 0)
			break;
		text_add(builder, text_of(text.data[0] == '"'    ? "\\\""
								  : text.data[0] == '\\' ? "\\\\"
								  : text.data[0] == '\t' ? "\\t"
														 : "\\n"));
		text.data++;
		text.length--;
	}
	text_add(builder, text_of("\""));
}
