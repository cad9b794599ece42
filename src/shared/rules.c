/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  The rule table, its checks, and the findings they produce.
 *
 * rules_judge() walks the table top down and each rule's columns left to right,
 * so findings come out ordered; findings_add() keeps that order for later
 * findings.  A check looks at one field and the settings, and reports only what
 * is wrong: which message, and the two numbers in it.  The message itself is
 * formatted here, once.
 *
 * A valid row writes nothing but its parsed numbers.  A broken one writes at
 * most MAX_FINDINGS messages, each with memcpy() into its own fixed buffer.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/rules.h"

#include "shared/appearance.h"
#include "shared/spreadsheet.h"
#include "shared/suggest.h"
#include "shared/text.h"
#include "shared/url.h"

/*
 * One field being judged by one rule.  The check reads the first half and, if the
 * field breaks the rule, fills in the second.  Placeholders in a message:
 *
 *	  %f	the name of the field
 *	  %v	its value, quoted and cut, and the first character in it that is hidden
 *	  %q	its value, quoted and cut
 *	  %c	the character found, and where
 *	  %s	the suggestion, quoted and cut
 *	  %n	the number found, such as a length or a line
 *	  %l	the limit
 *	  %a	the limit as an amount in hundredths, such as 0.01
 *	  %m	the number found, likewise
 */
struct judgement
{
	struct product_row *row;
	const struct rule_settings *settings;
	const struct rule_scope *scope; /* NULL: the row is the whole product */
	enum onboard_column column;
	struct text_view value;
	struct text_view raw; /* of a key that is a duplicate */

	const char *message; /* preset to that of the rule */

	/*
	 * Preset by the settings.  An error if the catalogue cannot hold the value,
	 * whatever they specify.
	 */
	enum rule_severity severity;
	int64_t number;
	int64_t limit;
	struct found_character found;
	char *suggestion; /* FINDING_SUGGESTION_SIZE, preset to "" */
};

/* Return whether the field satisfies the rule. */
typedef bool (*rule_check)(struct judgement *judgement);

/*
 * The fields of its columns that a rule applies to.  Most fields pass by their
 * length alone, so their check is not even called.
 */
enum field_state
{
	FIELD_MISSING, /* required and blank */
	FIELD_PRESENT,
	FIELD_LONG,    /* more bytes than characters allowed */
	FIELD_UNUSUAL, /* not only printable ASCII, or a key that a spreadsheet may have written */
	FIELD_STATES
};

struct built_in_rule
{
	struct rule rule;
	column_set columns;
	enum field_state applies_to;
	rule_check check;    /* NULL: decided elsewhere */
	const char *message; /* NULL: set by the check or the caller */
};

#define TOO_PRECISE "%f %v has more than 2 digits after the decimal point"
#define BELOW_AMOUNT "%f %v is below the minimum of %a"
#define ABOVE_AMOUNT "%f %v is above the maximum of %a"

/* Messages for invalid numbers, by kind. */
static const char *const number_messages[][NUMBER_ABOVE + 1] = {
	[NUMBER_MONEY] =
		{
			[NUMBER_NOT_PLAIN] = "%f %v is not a plain number such as 1299.00",
			[NUMBER_TOO_PRECISE] = TOO_PRECISE,
			[NUMBER_BELOW] = BELOW_AMOUNT,
			[NUMBER_ABOVE] = ABOVE_AMOUNT,
		},
	[NUMBER_KILOGRAMS] =
		{
			[NUMBER_NOT_PLAIN] = "%f %v is not a plain number such as 2.50",
			[NUMBER_TOO_PRECISE] = TOO_PRECISE,
			[NUMBER_BELOW] = BELOW_AMOUNT,
			[NUMBER_ABOVE] = ABOVE_AMOUNT,
		},
	[NUMBER_PIECES] =
		{
			[NUMBER_NOT_PLAIN] = "%f %v is not a whole number",
			[NUMBER_BELOW] = "%f %v is below the minimum of %l",
			[NUMBER_ABOVE] = "%f %v is above the maximum of %l",
		},
};

/* Indexed by verdict; those absent use the message of the rule. */
static const char *const url_messages[] = {
	[URL_NO_HOST] = "%f %v has no host",
	[URL_HAS_USER] = "%f %v has \"@\" in its host part",
	[URL_HAS_BACKSLASH] = "%f %v contains a backslash",
	[URL_SEVERAL] = "%f %q contains several addresses; only one is allowed",
	[URL_HAS_BLANK] = "%f %q contains a blank",
	[URL_HAS_INVISIBLE] = "%f %q contains %c",
};

/* ---------- Checks, in the order of the table ---------- */

/* Called for required fields that are blank. */
static bool
check_present(struct judgement *judgement)
{
	if (onboard_columns[judgement->column].required)
		judgement->severity = SEVERITY_ERROR;
	return false;
}

/*
 * Judge what all numbers share.  A number that can be stored is noted in the row:
 * it is within the range or, if being outside is a warning, within what the
 * catalogue holds, from least to the maximum of the column.
 */
static enum number_verdict
judge_number(struct judgement *judgement, const struct number_range *range, int64_t least)
{
	struct product_row *row = judgement->row;
	enum onboard_column column = judgement->column;
	enum number_verdict verdict = number_parse(judgement->value, range, &row->number[column]);
	struct number_range widest;

	if (verdict == NUMBER_VALID)
	{
		row->numbers |= column_bit(column);
		return verdict;
	}

	judgement->message = number_messages[range->kind][verdict];
	judgement->limit = verdict == NUMBER_BELOW ? range->minimum : range->maximum;
	number_suggest(judgement->value, range, judgement->suggestion, FINDING_SUGGESTION_SIZE);
	widest = (struct number_range){range->kind, least, onboard_columns[column].maximum};
	if (judgement->severity == SEVERITY_WARNING &&
		number_parse(judgement->value, &widest, &row->number[column]) == NUMBER_VALID)
		row->numbers |= column_bit(column);
	else
		judgement->severity = SEVERITY_ERROR;
	return verdict;
}

static bool
check_number(struct judgement *judgement)
{
	enum onboard_column column = judgement->column;

	return judge_number(judgement, &judgement->settings->ranges[column],
						onboard_columns[column].minimum) == NUMBER_VALID;
}

/* Called only if there are more bytes than characters allowed. */
static bool
check_length(struct judgement *judgement)
{
	size_t limit = (size_t) judgement->settings->max_characters[judgement->column];
	size_t widest = (size_t) onboard_columns[judgement->column].max_characters;
	size_t characters = text_character_count(judgement->value);

	if (characters <= limit)
		return true;

	if (characters > widest)
		judgement->severity = SEVERITY_ERROR;
	judgement->number = (int64_t) characters;
	judgement->limit = (int64_t) limit;
	return false;
}

static bool
check_category(struct judgement *judgement)
{
	const struct category_list *list = &judgement->settings->categories;
	struct text_builder builder;
	int nearest;

	judgement->row->category_number = name_find(judgement->value, list->names, list->count);
	if (judgement->row->category_number >= 0)
		return true;

	/* A truncated name would not be a category; suggest nothing instead. */
	nearest = category_suggest(judgement->value, list);
	if (nearest >= 0 && list->names[nearest].length < FINDING_SUGGESTION_SIZE)
	{
		text_start(&builder, judgement->suggestion, FINDING_SUGGESTION_SIZE);
		text_add(&builder, list->names[nearest]);
		text_finish(&builder);
	}
	return false;
}

/* Does the number come from the product, in a column that the row does not set? */
static bool
is_stored(const struct judgement *judgement)
{
	return judgement->scope != NULL &&
		   (judgement->scope->stored & column_bit(judgement->column)) != 0;
}

/* Judge the amount that a product keeps against its new price, as the catalogue does. */
static bool
is_stored_amount_valid(struct judgement *judgement, int64_t least)
{
	judgement->number = judgement->row->number[judgement->column];
	if (judgement->number >= least)
		return true;
	judgement->severity = SEVERITY_ERROR;
	judgement->limit = least;
	judgement->message = "%f of the product, %m, is below its new price of %a";
	return false;
}

/*
 * A valid price replaces a lower minimum, for a mended number, too.  The
 * catalogue holds nothing below the price.
 */
static bool
check_compare_at_price(struct judgement *judgement)
{
	const struct product_row *row = judgement->row;
	struct number_range range = judgement->settings->ranges[judgement->column];
	int64_t least = onboard_columns[judgement->column].minimum;
	bool is_price_minimum = false;
	enum number_verdict verdict;

	if (row_has_number(row, COLUMN_PRICE))
	{
		least = row->number[COLUMN_PRICE];
		is_price_minimum = least >= range.minimum;
	}
	if (is_price_minimum)
		range.minimum = least;
	if (is_stored(judgement))
		return is_stored_amount_valid(judgement, least);
	verdict = judge_number(judgement, &range, least);
	if (verdict == NUMBER_BELOW && is_price_minimum)
		judgement->message = "%f %v is below the price of %a";
	return verdict == NUMBER_VALID;
}

static bool
check_image_url(struct judgement *judgement)
{
	enum url_verdict verdict = url_judge(judgement->value);

	if (verdict == URL_VALID)
		return true;
	if (url_messages[verdict] != NULL)
		judgement->message = url_messages[verdict];
	if ((verdict == URL_HAS_BLANK || verdict == URL_HAS_INVISIBLE) &&
		text_find_character(judgement->value, is_hidden_character, &judgement->found))
		judgement->message = url_messages[URL_HAS_INVISIBLE];
	url_suggest(judgement->value, judgement->suggestion, FINDING_SUGGESTION_SIZE);
	return false;
}

/* May a text other than a key not hold this character? */
static bool
is_refused_in_text(uint32_t character)
{
	return character != '\t' && character != '\n' && character != '\r' &&
		   is_control_character(character);
}

/* Two keys that look the same must not be two products, whatever the settings. */
static bool
is_refused_in_key(uint32_t character)
{
	return is_control_character(character) || is_format_character(character) ||
		   character == 0x2028 || character == 0x2029;
}

/*
 * Suggest a text without the characters of a kind.  In a text other than a key, those
 * that separate words become blanks.  Suggest nothing that would have to be cut.
 */
static void
suggest_without(struct text_view text, character_test test, bool is_key, char *suggestion)
{
	struct text_view kept =
		text_without(text, test, !is_key, suggestion, FINDING_SUGGESTION_SIZE - 1);

	memmove(suggestion, kept.data, kept.length);
	suggestion[kept.length] = '\0';
}

static bool
check_key_characters(struct judgement *judgement)
{
	struct text_view content;

	judgement->severity = SEVERITY_ERROR;
	if (spreadsheet_shortened(judgement->value))
	{
		judgement->message = "%f %q was shortened by a spreadsheet, and digits are lost: format "
							 "the column as text and export the file again";
		return false;
	}
	if (spreadsheet_formula_text(judgement->value, &content))
	{
		judgement->message = "%f %q is a spreadsheet formula; send only the text in it";
		suggest_without(content, is_refused_in_key, true, judgement->suggestion);
	}
	else if (text_find_character(judgement->value, is_refused_in_key, &judgement->found))
		suggest_without(judgement->value, is_refused_in_key, true, judgement->suggestion);
	else
		return true;

	/* What remains may be such a text itself. */
	if (spreadsheet_shortened(text_of(judgement->suggestion)) ||
		spreadsheet_formula_text(text_of(judgement->suggestion), &content))
		judgement->suggestion[0] = '\0';
	return false;
}

/* Called for few fields; see FIELD_UNUSUAL. */
static bool
check_characters(struct judgement *judgement)
{
	if (onboard_columns[judgement->column].kind == VALUE_EXACT)
		return check_key_characters(judgement);
	if (!text_find_character(judgement->value, is_refused_in_text, &judgement->found))
		return true;
	suggest_without(judgement->value, is_refused_in_text, false, judgement->suggestion);
	return false;
}

/* ---------- The table ---------- */

/* Sets of columns, made from the table of columns. */
#define BIT_IF(condition, symbol) | ((column_set) (condition) << COLUMN_##symbol)
#define IF_NUMBER(symbol, name, kind, ...) BIT_IF(VALUE_##kind < VALUE_TEXT, symbol)
#define IF_TEXT(symbol, name, kind, ...) BIT_IF(VALUE_##kind >= VALUE_TEXT, symbol)
#define IF_NAMES(wanted, symbol, name, kind, required, minimum, maximum, rule, ...) \
	BIT_IF(RULE_##rule == (wanted), symbol)
#define NUMBER_COLUMNS (0 ONBOARD_COLUMNS(IF_NUMBER))
#define TEXT_COLUMNS (0 ONBOARD_COLUMNS(IF_TEXT))
#define ALL_COLUMNS (~UINT64_C(0) >> (COLUMN_SET_SIZE - COLUMN_COUNT))
/* The columns that name a rule as their own. */
#define COLUMNS_OF(rule) (0 ONBOARD_COLUMNS_WITH(IF_NAMES, rule))
#define KEY_COLUMNS (COLUMNS_OF(RULE_DUPLICATE_SKU) | COLUMNS_OF(RULE_DUPLICATE_VENDOR_PRODUCT_ID))

_Static_assert(NUMBER_COLUMNS ==
				   (COLUMNS_OF(RULE_INVALID_PRICE) | COLUMNS_OF(RULE_INVALID_STOCK) |
					COLUMNS_OF(RULE_INVALID_COMPARE_AT_PRICE) | COLUMNS_OF(RULE_INVALID_WEIGHT)),
			   "a number is read by no rule, or a text as a number");

#define NAMED(id)                                      \
	{                                                  \
		RULE_##id, #id, 10 * RULE_##id, SEVERITY_ERROR \
	}

/*
 * The rules, in reporting order.  Only MISSING_REQUIRED_FIELDS judges blank
 * fields.
 *
 * A row has NAMED(code), columns, which of them (enum field_state), check and
 * message; for the placeholders in a message, see struct judgement.  A check
 * receives one field and returns whether it satisfies the rule; it reads only
 * its argument, allocates nothing and raises no errors.  It may set another
 * message, the numbers in it and a suggestion; it must set severity to
 * SEVERITY_ERROR if the catalogue cannot hold the value.
 *
 * For the other steps of adding a rule, see CONTRIBUTING.md.
 *
 * Everything else, from reports to mails, follows this table.
 */
static const struct built_in_rule rules[RULE_COUNT] = {
	[RULE_MISSING_REQUIRED_FIELDS] =
		{
			NAMED(MISSING_REQUIRED_FIELDS),
			ALL_COLUMNS,
			FIELD_MISSING,
			check_present,
			"%f is required",
		},
	[RULE_INVALID_PRICE] =
		{
			NAMED(INVALID_PRICE),
			COLUMNS_OF(RULE_INVALID_PRICE),
			FIELD_PRESENT,
			check_number,
			NULL,
		},
	[RULE_INVALID_STOCK] =
		{
			NAMED(INVALID_STOCK),
			COLUMNS_OF(RULE_INVALID_STOCK),
			FIELD_PRESENT,
			check_number,
			NULL,
		},
	[RULE_FIELD_LENGTH_EXCEEDED] =
		{
			NAMED(FIELD_LENGTH_EXCEEDED),
			TEXT_COLUMNS,
			FIELD_LONG,
			check_length,
			"%f has %n characters; the limit is %l",
		},
	[RULE_INVALID_CATEGORY] =
		{
			NAMED(INVALID_CATEGORY),
			COLUMNS_OF(RULE_INVALID_CATEGORY),
			FIELD_PRESENT,
			check_category,
			"%f %v is not an active category",
		},

	/* The catalogue and the rest of the upload decide these two. */
	[RULE_DUPLICATE_SKU] =
		{
			NAMED(DUPLICATE_SKU),
			COLUMNS_OF(RULE_DUPLICATE_SKU),
			FIELD_PRESENT,
			NULL,
			"%f %v: same SKU as line %n",
		},
	[RULE_DUPLICATE_VENDOR_PRODUCT_ID] =
		{
			NAMED(DUPLICATE_VENDOR_PRODUCT_ID),
			COLUMNS_OF(RULE_DUPLICATE_VENDOR_PRODUCT_ID),
			FIELD_PRESENT,
			NULL,
			"%f %v: same vendor product ID as line %n",
		},

	/* Reads the parsed price, so INVALID_PRICE comes first. */
	[RULE_INVALID_COMPARE_AT_PRICE] =
		{
			NAMED(INVALID_COMPARE_AT_PRICE),
			COLUMNS_OF(RULE_INVALID_COMPARE_AT_PRICE),
			FIELD_PRESENT,
			check_compare_at_price,
			NULL,
		},
	[RULE_INVALID_WEIGHT] =
		{
			NAMED(INVALID_WEIGHT),
			COLUMNS_OF(RULE_INVALID_WEIGHT),
			FIELD_PRESENT,
			check_number,
			NULL,
		},
	[RULE_INVALID_IMAGE_URL] =
		{
			NAMED(INVALID_IMAGE_URL),
			COLUMNS_OF(RULE_INVALID_IMAGE_URL),
			FIELD_PRESENT,
			check_image_url,
			"%f %v does not start with http:// or https://",
		},

	/* A category and an address that hold such characters break their own rule. */
	[RULE_INVALID_CHARACTERS] =
		{
			NAMED(INVALID_CHARACTERS),
			TEXT_COLUMNS &
				~(COLUMNS_OF(RULE_INVALID_CATEGORY) | COLUMNS_OF(RULE_INVALID_IMAGE_URL)),
			FIELD_UNUSUAL,
			check_characters,
			"%f %q contains %c",
		},

	/* Needs what the fix file remembers of the row. */
	[RULE_KEY_CHANGED_BY_SPREADSHEET] =
		{
			NAMED(KEY_CHANGED_BY_SPREADSHEET),
			0,
			FIELD_PRESENT,
			NULL,
			"%f %v was %s before a spreadsheet changed it",
		},

	/* These two depend on the mode of the upload and the catalogue. */
	[RULE_INVALID_ACTION] =
		{
			NAMED(INVALID_ACTION),
			0,
			FIELD_PRESENT,
			NULL,
			NULL,
		},
	[RULE_UNKNOWN_PRODUCT] =
		{
			NAMED(UNKNOWN_PRODUCT),
			0,
			FIELD_PRESENT,
			NULL,
			"%f %v is not in the catalogue",
		},

	/*
	 * About the row as a whole.  They are found by the reader of the file, by
	 * judge_record() before any rule, or by the catalogue when it stores the row
	 * (which explains why in its own words).
	 */
	[RULE_MALFORMED_ROW] =
		{
			NAMED(MALFORMED_ROW),
			0,
			FIELD_PRESENT,
			NULL,
			"%f has %n bytes; the limit for one field is %l",
		},
	[RULE_EMPTY_ROW] =
		{
			NAMED(EMPTY_ROW),
			0,
			FIELD_PRESENT,
			NULL,
			NULL,
		},
	[RULE_INVALID_ENCODING] =
		{
			NAMED(INVALID_ENCODING),
			0,
			FIELD_PRESENT,
			NULL,
			"%f contains U+FFFD, a character that was damaged before it arrived",
		},
	[RULE_REJECTED_BY_CATALOGUE] =
		{
			NAMED(REJECTED_BY_CATALOGUE),
			0,
			FIELD_PRESENT,
			NULL,
			NULL,
		},
};

/* ---------- Findings ---------- */

/* Write a value as messages show it, and its invisible characters. */
static void
add_value(struct text_builder *builder, struct text_view value)
{
	struct found_character hidden;

	text_add_quoted(builder, value);
	if (text_is_printable_ascii(value) || !text_find_character(value, is_hidden_character, &hidden))
		return;
	text_add(builder, text_of(" with "));
	text_add_found(builder, &hidden);
}

/*
 * If the value and the suggestion look the same, say what differs.  What is hidden in
 * the value is in the message already.
 */
static void
add_difference(struct text_builder *builder, struct text_view value, const char *suggestion)
{
	char seen[2][FINDING_SUGGESTION_SIZE];
	struct text_view look;
	struct text_view meant;
	struct found_character found;
	char lookalike;
	struct text_view sign = {&lookalike, 1};

	if (text_is_as_seen(value))
		return;
	look = text_as_seen(value, seen[0], sizeof(seen[0]));
	meant = text_as_seen(text_of(suggestion), seen[1], sizeof(seen[1]));
	if (look.data == NULL || !text_equal(look, meant))
		return;
	lookalike = text_find_lookalike(value, &found);
	if (lookalike != '\0' &&
		!text_find_lookalike(text_of(suggestion), &(struct found_character){0}))
	{
		text_add(builder, text_of("; "));
		text_add_found(builder, &found);
		text_add(builder, text_of(" only looks like \""));
		text_add(builder, sign);
		text_add(builder, text_of("\""));
	}
	else if (!text_find_character(value, is_hidden_character, &found))
		text_add(builder, text_of("; it has extra blanks between words"));
}

/* A mark at the ends of a key does not make it a different one.  */
static void
add_ignored_mark(struct text_builder *builder, struct text_view raw, struct text_view value)
{
	struct found_character found;

	if (raw.length == value.length || text_is_printable_ascii(raw) ||
		text_find_character(value, is_format_character, &found) ||
		!text_find_character(raw, is_format_character, &found))
		return;
	text_add(builder, text_of("; "));
	text_add_found(builder, &found);
	text_add(builder, text_of(" is ignored"));
}

/* Format the message of a finding; see struct judgement. */
static void
write_message(struct finding *finding, const struct judgement *judgement)
{
	struct text_builder builder;
	const char *next = judgement->message;

	text_start(&builder, finding->message, FINDING_MESSAGE_SIZE);
	while (*next != '\0')
	{
		struct text_view plain = {next, strcspn(next, "%")};

		text_add(&builder, plain);
		next += plain.length;
		if (*next == '\0')
			break;
		switch (next[1])
		{
			case 'f':
				text_add(&builder, text_of(onboard_columns[judgement->column].name));
				break;
			case 'v':
				add_value(&builder, judgement->value);
				break;
			case 'q':
				text_add_quoted(&builder, judgement->value);
				break;
			case 'c':
				text_add_found(&builder, &judgement->found);
				break;
			case 's':
				text_add_quoted(&builder, text_of(finding->suggestion));
				break;
			case 'n':
				text_add_integer(&builder, judgement->number);
				break;
			case 'l':
				text_add_integer(&builder, judgement->limit);
				break;
			case 'm':
				text_add_hundredths(&builder, judgement->number);
				break;
			default:
				text_add_hundredths(&builder, judgement->limit);
				break;
		}
		next += 2;
	}
	if (judgement->suggestion != NULL && judgement->suggestion[0] != '\0')
		add_difference(&builder, judgement->value, judgement->suggestion);
	add_ignored_mark(&builder, judgement->raw, judgement->value);
	text_finish(&builder);
}

/* Fill in a finding, except for its message and suggestion. */
static void
fill_finding(struct finding *finding, const struct rule *rule, enum onboard_column column,
			 enum rule_severity severity, struct text_view rejected)
{
	finding->rule = rule;
	finding->column = column;
	finding->severity = severity;
	finding->rejected = rejected;
}

/* Does a finding of this rule and column sort after another one? */
static bool
comes_after(const struct rule *rule, enum onboard_column column, const struct finding *other)
{
	if (rule->order != other->rule->order)
		return rule->order > other->rule->order;
	if (rule->number != other->rule->number)
		return rule->number > other->rule->number;
	return column >= other->column;
}

/*
 * Make room for a finding at its place.  If there are MAX_FINDINGS already, drop
 * the last in the order; returns NULL if that is the new one.  The row has its
 * error either way.
 */
static struct finding *
insert_finding(struct findings *findings, const struct rule *rule, enum onboard_column column,
			   struct text_view rejected)
{
	int place = findings->count;

	if (rule->severity == SEVERITY_ERROR)
		findings->has_error = true;
	while (place > 0 && !comes_after(rule, column, &findings->items[place - 1]))
		place--;
	if (place == MAX_FINDINGS)
		return NULL;
	if (findings->count == MAX_FINDINGS)
		findings->count--;

	memmove(&findings->items[place + 1], &findings->items[place],
			(size_t) (findings->count - place) * sizeof(struct finding));
	findings->count++;
	fill_finding(&findings->items[place], rule, column, rule->severity, rejected);
	findings->items[place].suggestion[0] = '\0';
	return &findings->items[place];
}

/* Return NULL if the finding sorts after MAX_FINDINGS others. */
struct finding *
findings_add(struct findings *findings, const struct rule *rule, enum onboard_column column,
			 struct text_view rejected, const char *message)
{
	struct finding *finding = insert_finding(findings, rule, column, rejected);
	struct text_builder builder;

	if (finding == NULL)
		return NULL;
	text_start(&builder, finding->message, FINDING_MESSAGE_SIZE);
	text_add(&builder, text_of(message));
	text_finish(&builder);
	return finding;
}

void
findings_add_duplicate(struct findings *findings, const struct product_row *row,
					   enum onboard_column column, int64_t winner_line)
{
	const struct built_in_rule *rule =
		&rules[column == COLUMN_SKU ? RULE_DUPLICATE_SKU : RULE_DUPLICATE_VENDOR_PRODUCT_ID];
	struct finding *finding = insert_finding(findings, &rule->rule, column, row->raw[column]);
	struct judgement judgement = {
		.column = column,
		.value = row->value[column],
		.message = rule->message,
		.number = winner_line,
	};

	if (finding == NULL)
		return;
	if (winner_line == 0)
		judgement.message = "%f %v is already in the catalogue";
	judgement.raw = row->raw[column];
	write_message(finding, &judgement);
}

/* Add a finding about one field, with a message of the rule table's form. */
static void
add_about_field(struct findings *findings, const struct product_row *row, enum rule_id id,
				enum onboard_column column, const char *message)
{
	struct finding *finding = insert_finding(findings, &rules[id].rule, column, row->raw[column]);
	struct judgement judgement = {
		.column = column,
		.value = row->value[column],
		.message = message,
	};

	if (finding != NULL)
		write_message(finding, &judgement);
}

void
findings_add_key_conflict(struct findings *findings, const struct product_row *row,
						  enum onboard_column column, bool is_fixed)
{
	enum rule_id id = column == COLUMN_SKU ? RULE_DUPLICATE_SKU : RULE_DUPLICATE_VENDOR_PRODUCT_ID;

	add_about_field(findings, row, id, column,
					is_fixed ? "%f %v is not that of the product with this SKU"
							 : "%f %v belongs to another product when this row is judged; "
							   "rows are judged one after another");
}

/* Remove the finding that a field breaks a rule, if there is one. */
static void
remove_finding(struct findings *findings, enum rule_id id, enum onboard_column column)
{
	for (int i = 0; i < findings->count; i++)
	{
		struct finding *finding = &findings->items[i];

		if (finding->rule->number != (int) id || finding->column != column)
			continue;
		findings->count--;
		memmove(finding, finding + 1, sizeof(*finding) * (size_t) (findings->count - i));
		return;
	}
}

void
findings_add_changed_key(struct findings *findings, const struct product_row *row,
						 enum onboard_column column, const char *original)
{
	const struct built_in_rule *rule = &rules[RULE_KEY_CHANGED_BY_SPREADSHEET];
	struct judgement judgement = {
		.column = column,
		.value = row->value[column],
		.message = rule->message,
	};
	struct finding *finding;
	struct text_builder builder;

	/* The original says more than that digits are lost. */
	remove_finding(findings, RULE_INVALID_CHARACTERS, column);
	finding = insert_finding(findings, &rule->rule, column, row->raw[column]);
	if (finding == NULL)
		return;
	text_start(&builder, finding->suggestion, FINDING_SUGGESTION_SIZE);
	text_add(&builder, text_of(original));
	text_finish(&builder);
	write_message(finding, &judgement);
}

void
findings_add_unknown_product(struct findings *findings, const struct product_row *row,
							 enum onboard_column column)
{
	add_about_field(findings, row, RULE_UNKNOWN_PRODUCT, column,
					rules[RULE_UNKNOWN_PRODUCT].message);
}

/* ---------- Judging a row ---------- */

void
row_trim(struct product_row *row)
{
	for (int column = 0; column < COLUMN_COUNT; column++)
		row->value[column] = text_trim(row->raw[column]);
}

/* What one pass over the fields of a row finds. */
struct field_scan
{
	column_set in_state[FIELD_STATES];
	column_set over_cap;
	column_set damaged; /* containing U+FFFD */
	size_t bytes;
};

/*
 * May the value of a key be what a spreadsheet writes in place of it?  Few values
 * begin like that.
 */
static inline bool
may_be_from_spreadsheet(struct text_view value)
{
	char first = value.length > 0 ? value.data[0] : '\0';

	return first == '=' || (is_ascii_digit((unsigned char) first) && spreadsheet_shortened(value));
}

static void
scan_fields(const struct product_row *row, const struct rule_settings *settings,
			const struct rule_scope *scope, struct field_scan *scan)
{
	memset(scan, 0, sizeof(*scan));
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		struct text_view value = row->value[column];
		size_t limit = (size_t) settings->max_characters[column];
		column_set bit = column_bit((enum onboard_column) column);

		scan->bytes += row->raw[column].length;
		if (value.length > 0)
			scan->in_state[FIELD_PRESENT] |= bit;
		if (value.length > limit)
			scan->in_state[FIELD_LONG] |= bit;
		if (row->raw[column].length > ONBOARD_MAX_FIELD_BYTES)
			scan->over_cap |= bit;
		else if (!text_is_printable_ascii(value))
		{
			scan->in_state[FIELD_UNUSUAL] |= bit;
			if (text_has_replacement(value))
				scan->damaged |= bit;
		}
		else if ((bit & KEY_COLUMNS) != 0 && may_be_from_spreadsheet(value))
			scan->in_state[FIELD_UNUSUAL] |= bit;
	}
	scan->in_state[FIELD_MISSING] =
		(scope ? scope->required : settings->required) & ~scan->in_state[FIELD_PRESENT];
	if (scope != NULL)
	{
		scan->in_state[FIELD_PRESENT] &= scope->columns;
		scan->in_state[FIELD_LONG] &= scope->columns;
		scan->in_state[FIELD_UNUSUAL] &= scope->columns & ~scope->kept;
	}
}

/*
 * Judge what must hold before any field is looked at: the caps, and that no
 * character was lost.  Only the first fault is reported.
 */
static bool
judge_record(const struct product_row *row, const struct field_scan *scan,
			 struct findings *findings)
{
	struct judgement judgement = {.column = COLUMN_NONE};
	struct text_view rejected = {NULL, 0};
	const struct built_in_rule *rule = &rules[RULE_MALFORMED_ROW];
	column_set faults = scan->over_cap;

	if (faults == 0 && scan->bytes <= ONBOARD_MAX_RECORD_BYTES)
	{
		if (scan->damaged == 0)
			return true;
		rule = &rules[RULE_INVALID_ENCODING];
		faults = scan->damaged;
	}

	if (faults != 0)
	{
		judgement.column = column_first(faults);
		rejected = row->raw[judgement.column];
		judgement.message = rule->message;
		judgement.number = (int64_t) rejected.length;
		rejected.length = text_cut(rejected, ONBOARD_MAX_RECORD_BYTES);
		judgement.limit = ONBOARD_MAX_FIELD_BYTES;
	}
	else
	{
		judgement.message = "row has %n bytes; the limit is %l";
		judgement.number = (int64_t) scan->bytes;
		judgement.limit = ONBOARD_MAX_RECORD_BYTES;
	}
	write_message(insert_finding(findings, &rule->rule, COLUMN_NONE, rejected), &judgement);
	return false;
}

/* Drop a suggestion that is too long: never suggest what the rules refuse. */
static void
limit_suggestion(const struct judgement *judgement)
{
	size_t limit = (size_t) judgement->settings->max_characters[judgement->column];

	if (limit > 0 && text_character_count(text_of(judgement->suggestion)) > limit)
		judgement->suggestion[0] = '\0';
}

/* Judge one field by one rule. */
static void
judge_field(const struct built_in_rule *rule, enum onboard_column column,
			struct judgement *judgement, struct findings *findings)
{
	struct finding *finding = &findings->items[findings->count];

	judgement->column = column;
	judgement->value = judgement->row->value[column];
	judgement->message = rule->message;
	judgement->severity = judgement->settings->severity[rule->rule.number];
	judgement->suggestion = finding->suggestion;
	finding->suggestion[0] = '\0';
	if (rule->check(judgement))
		return;

	limit_suggestion(judgement);
	fill_finding(finding, &rule->rule, column, judgement->severity, judgement->row->raw[column]);
	write_message(finding, judgement);
	findings->count++;
	if (finding->severity == SEVERITY_ERROR)
		findings->has_error = true;
}

/* Add the numbers that the product keeps, and judge those that depend on new ones. */
static void
add_stored_numbers(struct product_row *row, const struct rule_scope *scope, struct field_scan *scan)
{
	column_set columns;

	row->numbers = scope->stored;
	for (columns = scope->stored; columns != 0; columns &= columns - 1)
		row->number[column_first(columns)] = scope->number[column_first(columns)];
	if ((scope->columns & column_bit(COLUMN_PRICE)) != 0)
		scan->in_state[FIELD_PRESENT] |= scope->stored & column_bit(COLUMN_COMPARE_AT_PRICE);
}

static void
judge(struct product_row *row, const struct rule_settings *settings, const struct rule_scope *scope,
	  struct findings *findings)
{
	struct judgement judgement = {.row = row, .settings = settings, .scope = scope};
	struct field_scan scan;

	findings->count = 0;
	findings->has_error = false;
	row->numbers = 0;
	scan_fields(row, settings, scope, &scan);
	if (!judge_record(row, &scan, findings))
		return;
	if (scope != NULL)
		add_stored_numbers(row, scope, &scan);

	for (int id = 0; id < RULE_COUNT; id++)
	{
		const struct built_in_rule *rule = &rules[id];
		column_set columns = rule->columns & scan.in_state[rule->applies_to];

		if (rule->check == NULL)
			continue;

		/* From the lowest bit to the highest. */
		for (; columns != 0 && findings->count < MAX_FINDINGS; columns &= columns - 1)
			judge_field(rule, column_first(columns), &judgement, findings);
	}
	if (settings->judge_added != NULL && (scope == NULL || !scope->skips_added))
		settings->judge_added(row, settings, findings);
}

void
rules_judge(struct product_row *row, const struct rule_settings *settings,
			struct findings *findings)
{
	judge(row, settings, NULL, findings);
}

void
rules_judge_part(struct product_row *row, const struct rule_settings *settings,
				 const struct rule_scope *scope, struct findings *findings)
{
	judge(row, settings, scope, findings);
}

/* ---------- Names ---------- */

const struct rule *
rule_built_in(enum rule_id id)
{
	return &rules[id].rule;
}

const struct rule *
rule_by_code(struct text_view code)
{
	for (int id = 0; id < RULE_COUNT; id++)
	{
		if (text_equal(code, text_of(rules[id].rule.code)))
			return &rules[id].rule;
	}
	return NULL;
}

bool
rule_is_guess(struct text_view code, struct text_view value, struct text_view suggestion)
{
	return suggestion.length > 0 &&
		   text_equal(code, text_of(rules[RULE_INVALID_CATEGORY].rule.code)) &&
		   !category_is_plain(value, suggestion);
}

const char *
finding_field(const struct finding *finding)
{
	if (finding->column != COLUMN_NONE)
		return onboard_columns[finding->column].name;
	return finding->rule->number == RULE_INVALID_ACTION ? ONBOARD_ACTION_COLUMN : NULL;
}

const char *
severity_name(enum rule_severity severity)
{
	return severity == SEVERITY_WARNING ? "warning" : "error";
}
