/*-------------------------------------------------------------------------
 *
 * map_step.c
 *	  The transformations of a column map: their names, arguments and places.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_step.h"

#include "shared/heading.h"
#include "shared/map_word.h"

/* Characters of a SEPARATOR. */
#define MAX_SIGN 10

/* Digits of a factor; the greatest number of a part, and of decimals. */
#define MAX_FACTOR_DIGITS 18
#define MAX_PART 100
#define MAX_DECIMALS 6

/* Is the text a point, a comma, an apostrophe or a space? */
static bool
is_grouping(struct text_view text)
{
	return text.length == 1 && text.data[0] != '\0' && strchr(".,' ", text.data[0]) != NULL;
}

/* Is it a short text that can divide others? */
static bool
is_divider(struct text_view text)
{
	return text.length > 0 && text_character_count(text) <= MAX_SIGN;
}

/* Is it a decimal number?  *above_zero says whether it is positive. */
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

	return map_word_read_whole(text, 0, MAX_DECIMALS, &number);
}

static bool
is_part(struct text_view text)
{
	int64_t number;

	return map_word_read_whole(text, 1, MAX_PART, &number);
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
	[ARGUMENT_LIST] = {map_word_is_name, "LIST is at most 50 letters, digits, \"_\" and \"-\""},
	[ARGUMENT_HEADING] = {is_heading, "HEADING is that of another column"},
};

/* Set the fault that a step is not as its usage says. */
static bool
wrong_step(struct map_line *line, const struct map_step *step, const char *reason)
{
	struct text_builder message;

	map_line_fault_start(line, &message);
	text_add(&message, text_of("write "));
	text_add(&message, text_of(transformations[step->transformation].usage));
	text_add(&message, text_of(reason[0] != '\0' ? "; " : ""));
	text_add(&message, text_of(reason));
	text_finish(&message);
	return false;
}

/* Read the arguments of a step, from "(" on. */
static bool
read_arguments(struct map_line *line, struct map_step *step)
{
	const struct transformation_info *info = &transformations[step->transformation];

	do
	{
		enum argument_kind kind = step->argument_count == 0 ? info->first : info->second;
		struct text_view *argument = &step->arguments[step->argument_count];

		if (!map_line_advance(line))
			return false;
		if (step->argument_count == info->maximum)
			return wrong_step(line, step,
							  info->maximum == 0 ? "it has no arguments"
												 : "it has no further arguments");
		if (!map_line_is_text(line))
			return wrong_step(line, step, "");
		*argument = line->token.text;
		if (!arguments[kind].is_valid(*argument))
			return wrong_step(line, step, arguments[kind].values);
		step->argument_count++;
		if (!map_line_advance(line))
			return false;
	} while (map_line_is_sign(line, ','));
	return map_line_is_sign(line, ')') ? map_line_advance(line) : wrong_step(line, step, "");
}

/* Set the fault that there is no such transformation. */
static bool
unknown_step(struct map_line *line)
{
	const struct transformation_info *meant = transformation_suggest(line->token.text);
	struct text_builder message;

	map_line_fault_start(line, &message);
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
check_place(struct map_line *line, const struct map_step *step)
{
	int before = line->statement->step_count;
	bool fills =
		before == 1 && line->statement->steps[0].transformation == TRANSFORMATION_FILL_DOWN;

	switch (step->transformation)
	{
		case TRANSFORMATION_FILL_DOWN:
			return before == 0 ||
				   map_line_plain_fault(line, "fill_down acts on the cell of the file; "
											  "write it before the other transformations");
		case TRANSFORMATION_JOIN:
			return before == 0 || fills ||
				   map_line_plain_fault(line,
										"join appends cells of the file; write it first, or after "
										"fill_down");
		case TRANSFORMATION_EXCHANGE:
			return !text_equal(step->arguments[0], step->arguments[1]) ||
				   wrong_step(line, step, "the two currencies are the same");
		default:
			return true;
	}
}

bool
map_step_read(struct map_line *line)
{
	struct map_statement *statement = line->statement;
	struct map_step *step = &statement->steps[statement->step_count];

	if (statement->step_count == MAP_MAX_STEPS)
		return map_line_plain_fault(line, "a column has at most 16 transformations");
	if (line->token.kind != MAP_TOKEN_WORD)
		return map_line_unexpected(line, "a transformation, such as decimal_comma,");
	if (!transformation_by_name(line->token.text, &step->transformation))
		return unknown_step(line);
	step->argument_count = 0;
	if (!map_line_advance(line) || (map_line_is_sign(line, '(') && !read_arguments(line, step)))
		return false;
	if (step->argument_count < transformations[step->transformation].minimum)
		return wrong_step(line, step, "");
	if (!check_place(line, step))
		return false;
	statement->step_count++;
	return true;
}
