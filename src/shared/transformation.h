/*-------------------------------------------------------------------------
 *
 * transformation.h
 *	  The one table of the transformations that a map can apply to a cell.
 *
 * The syntax of maps, the reader that applies them, and the pages that explain them
 * all read this table.  To add a transformation, add an entry here, and its function
 * to the table in glue/reader/transform.c.
 *
 * A transformation never fails: what it cannot read stays as it was, and the rules
 * judge it.
 *
 * X(symbol, name, usage, minimum, maximum, first, second, is_safe, help)
 *
 *	  symbol	suffix of the enum constant TRANSFORMATION_<symbol>
 *	  name		as in a map
 *	  usage		the name with its arguments; "?" marks one that may be left out
 *	  minimum, maximum	number of arguments
 *	  first, second		what the first argument and the later ones are: suffix of an
 *						ARGUMENT_<kind>
 *	  is_safe	true if a value that satisfies the rules of its column stays as it
 *				is, so that a suggestion may be put into the vendor's cell
 *	  help		what it does, in a few words
 *
 * This header includes nothing from PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TRANSFORMATION_H
#define ONBOARD_TRANSFORMATION_H

#include "shared/text.h"

/* Most arguments of one step. */
#define TRANSFORMATION_MAX_ARGUMENTS 16

/* clang-format off */
#define ONBOARD_TRANSFORMATIONS(X)                                                                                  \
	X(DECIMAL_COMMA,  decimal_comma,  "decimal_comma",                  0, 0,  NONE,     NONE,     true,               \
	  "1299,50 becomes 1299.50; a text with a comma and a point stays: use thousands first")                        \
	X(THOUSANDS,      thousands,      "thousands(SEPARATOR)",           1, 1,  GROUPING, NONE,     true,               \
	  "removes the separator (point, comma, apostrophe or space) between groups of three digits")                   \
	X(STRIP_CURRENCY, strip_currency, "strip_currency(CODE?)",          0, 1,  CURRENCY, NONE,     true,               \
	  "removes a currency sign or code at one end: that of CODE, or of the FROM of exchange, if there is one")      \
	X(PERCENT,        percent,        "percent",                        0, 0,  NONE,     NONE,     false,              \
	  "15 % becomes 0.15")                                                                                          \
	X(FACTOR,         factor,         "factor(NUMBER)",                 1, 1,  NUMBER,   NONE,     false,              \
	  "multiplies exactly; trailing zeros are dropped")                                                             \
	X(EXCHANGE,       exchange,       "exchange(FROM, TO)",             2, 2,  CURRENCY, CURRENCY, false,              \
	  "multiplies by the stored exchange rate and rounds half up to 2 decimals")                                    \
	X(DECIMALS,       decimals,       "decimals(N)",                    1, 1,  DECIMALS, NONE,     true,               \
	  "rounds half up to N decimals, adding zeros if needed")                                                       \
	X(AT_LEAST,       at_least,       "at_least(NUMBER)",               1, 1,  LEAST,    NONE,     true,               \
	  "replaces a smaller number by NUMBER")                                                                        \
	X(BLANK_ZERO,     blank_zero,     "blank_zero",                     0, 0,  NONE,     NONE,     false,              \
	  "a number that is zero becomes blank")                                                                        \
	X(VALUES,         values,         "values(LIST)",                   1, 1,  LIST,     NONE,     true,               \
	  "replaces a value by the one that the stored list has for it; other values stay")                             \
	X(CATEGORY_PATH,  category_path,  "category_path(SEPARATOR?)",      0, 1,  SIGN,     NONE,     true,               \
	  "the last part of a path that is a category; parts end at > / | : or SEPARATOR")                              \
	X(FIRST_OF,       first_of,       "first_of(SEPARATOR?)",           0, 1,  SIGN,     NONE,     true,               \
	  "the first of several values; they end at , ; | or SEPARATOR")                                                \
	X(FILL_DOWN,      fill_down,      "fill_down(HEADING?, ...)",       0, 4,  HEADING,  HEADING,  true,               \
	  "fills a blank cell from the last one above that is not blank; with headings, from the first row of its group") \
	X(SPLIT,          split,          "split(SEPARATOR, N)",            2, 2,  SIGN,     PART,     false,              \
	  "the N-th part of a text that SEPARATOR divides; a text without that part stays")                             \
	X(JOIN,           join,           "join(SEPARATOR, HEADING, ...)",  2, TRANSFORMATION_MAX_ARGUMENTS, TEXT, HEADING, false, \
	  "appends the cells of other columns that are not blank, with SEPARATOR between")                              \
	X(PREFIX,         prefix,         "prefix(TEXT)",                   1, 1,  TEXT,     NONE,     false,              \
	  "puts the text before a value that is not blank")                                                             \
	X(REPLACE,        replace,        "replace(TEXT, TEXT)",            2, 2,  TEXT,     TEXT,     false,              \
	  "replaces every occurrence of the first text by the second one")                                              \
	X(SLUG,           slug,           "slug",                           0, 0,  NONE,     NONE,     false,              \
	  "ASCII letters and digits in lower case, with - between words")                                               \
	X(STRIP_HTML,     strip_html,     "strip_html",                     0, 0,  NONE,     NONE,     true,               \
	  "removes HTML tags; paragraphs and line breaks become line ends")                                             \
	X(HTML_ENTITIES,  html_entities,  "html_entities",                  0, 0,  NONE,     NONE,     true,               \
	  "&amp; becomes &, and so on")                                                                                 \
	X(UPPER,          upper,          "upper",                          0, 0,  NONE,     NONE,     false,              \
	  "changes letters to upper case")                                                                              \
	X(LOWER,          lower,          "lower",                          0, 0,  NONE,     NONE,     false,              \
	  "changes letters to lower case")                                                                              \
	X(YES_NO,         yes_no,         "yes_no(YES, NO)",                2, 2,  TEXT,     TEXT,     false,              \
	  "replaces yes, true, 1 and the like by the first text, no, false, 0 and the like by the second")              \
	X(DEFAULT,        default,        "default(TEXT)",                  1, 1,  TEXT,     NONE,     true,               \
	  "replaces a blank value by the text")
/* clang-format on */

enum transformation
{
#define ONBOARD_TRANSFORMATION_ENUM(symbol, ...) TRANSFORMATION_##symbol,
	ONBOARD_TRANSFORMATIONS(ONBOARD_TRANSFORMATION_ENUM)
#undef ONBOARD_TRANSFORMATION_ENUM
	TRANSFORMATION_COUNT
};

/* What an argument may be; map_step.c checks it. */
enum argument_kind
{
	ARGUMENT_NONE,
	ARGUMENT_GROUPING, /* . , ' or a blank, which stands for any */
	ARGUMENT_SIGN,     /* a separator: a short text */
	ARGUMENT_TEXT,     /* any */
	ARGUMENT_NUMBER,   /* a decimal number above 0 */
	ARGUMENT_LEAST,    /* a decimal number, which may be 0 */
	ARGUMENT_DECIMALS, /* how many digits after the point */
	ARGUMENT_PART,     /* which part, from 1 */
	ARGUMENT_CURRENCY, /* code of ISO 4217 */
	ARGUMENT_LIST,     /* name of a value list */
	ARGUMENT_HEADING   /* of another column of the file */
};

struct transformation_info
{
	const char *name;
	const char *usage;
	int minimum; /* arguments */
	int maximum;
	enum argument_kind first;
	enum argument_kind second; /* the second argument and all after it */
	bool is_safe;
	const char *help;
};

/* Indexed by enum transformation. */
extern const struct transformation_info transformations[TRANSFORMATION_COUNT];

/* Find a transformation by its name; returns false if there is none. */
extern bool transformation_by_name(struct text_view name, enum transformation *transformation);

/* Find the one whose name a text most likely means; NULL if none is plainly meant. */
extern const struct transformation_info *transformation_suggest(struct text_view name);

#endif /* ONBOARD_TRANSFORMATION_H */
