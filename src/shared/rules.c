/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  The rule table, the checks it names, and the findings they give.
 *
 * rules_judge() walks the table top down and each rule's columns left to
 * right, so findings come out ordered; findings_add() keeps that order for
 * what is found out later.  A check looks at one field and says only what is
 * wrong: which message, and the two numbers in it.  The message is written
 * here, once, from that.
 *
 * A valid row writes nothing but its parsed numbers.  A broken one writes at
 * most MAX_FINDINGS messages, each with memcpy() into its own fixed buffer.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/rules.h"

#include "shared/number.h"
#include "shared/suggest.h"
#include "shared/text.h"
#include "shared/url.h"

/*
 * One field before one rule.  The check reads the first half, and when the
 * field breaks the rule fills in the second.  In a message these stand for
 * themselves:
 *
 *	  %f	the name of the field
 *	  %v	its value, quoted and cut
 *	  %n	the number found, such as a length or a line
 *	  %l	the limit
 *	  %a	the limit as an amount in hundredths, such as 0.01
 */
struct judgement
{
	struct product_row *row;
	const struct rule_settings *settings;
	enum onboard_column column;
	struct text_view value;

	const char *message; /* preset to that of the rule */
	int64_t number;
	int64_t limit;
	char *suggestion; /* FINDING_SUGGESTION_SIZE, preset to "" */
};

/* Returns whether the field keeps the rule. */
typedef bool (*rule_check)(struct judgement *judgement);

/*
 * Which of its columns a rule is about in a given row; so a check that most
 * fields keep by their length alone is not even called.
 */
enum field_state
{
	FIELD_BLANK,
	FIELD_PRESENT,
	FIELD_LONG, /* more bytes than characters allowed */
	FIELD_STATES
};

struct rule
{
	const char *code;
	uint32_t columns; /* bits of enum onboard_column */
	enum field_state applies_to;
	rule_check check; /* NULL: decided elsewhere */
	const char *message;
	enum rule_severity severity;
};

/* In hundredths, but for stock. */
static const struct number_range price_range = {NUMBER_MONEY, 1, 99999999};
static const struct number_range compare_at_price_range = {NUMBER_MONEY, 0, INT64_C(9999999999)};
static const struct number_range weight_range = {NUMBER_KILOGRAMS, 1, 99999999};
static const struct number_range stock_range = {NUMBER_PIECES, 0, 1000000};

/* Indexed by the verdicts; those absent have the message of the rule. */
static const char *const decimal_messages[] = {
	[NUMBER_TOO_PRECISE] = "%f %v has more than 2 digits after the point",
	[NUMBER_BELOW] = "%f %v is below the minimum of %a",
	[NUMBER_ABOVE] = "%f %v is above the maximum of %a",
};

static const char *const whole_messages[] = {
	[NUMBER_BELOW] = "%f %v is below the minimum of %l",
	[NUMBER_ABOVE] = "%f %v is above the maximum of %l",
};

static const char *const url_messages[] = {
	[URL_NO_HOST] = "%f %v has no host",
	[URL_HAS_USER] = "%f %v has \"@\" in its host part",
	[URL_HAS_BACKSLASH] = "%f %v contains a backslash",
	[URL_HAS_BLANK] = "%f %v contains a blank",
	[URL_HAS_CONTROL] = "%f %v contains a control character",
};

/* ---------- Checks, in the order of the table ---------- */

/* Called for blank fields only. */
static bool
check_present(struct judgement *judgement)
{
	return judgement->value.length > 0;
}

/* The part that all four numbers share; *number is set when it is valid. */
static enum number_verdict
judge_number(struct judgement *judgement, const struct number_range *range, int64_t *number)
{
	enum number_verdict verdict = number_parse(judgement->value, range, number);
	const char *message;

	if (verdict == NUMBER_VALID)
		return verdict;

	message = range->kind == NUMBER_PIECES ? whole_messages[verdict] : decimal_messages[verdict];
	if (message != NULL)
		judgement->message = message;
	judgement->limit = verdict == NUMBER_BELOW ? range->minimum : range->maximum;
	number_suggest(judgement->value, range, judgement->suggestion, FINDING_SUGGESTION_SIZE);
	return verdict;
}

static bool
check_price(struct judgement *judgement)
{
	struct product_row *row = judgement->row;

	row->price_valid = judge_number(judgement, &price_range, &row->price_cents) == NUMBER_VALID;
	return row->price_valid;
}

static bool
check_stock(struct judgement *judgement)
{
	struct product_row *row = judgement->row;
	int64_t quantity = 0;

	row->stock_valid = judge_number(judgement, &stock_range, &quantity) == NUMBER_VALID;
	row->stock_quantity = (int32_t) quantity;
	return row->stock_valid;
}

/* Called only when there are more bytes than characters allowed. */
static bool
check_length(struct judgement *judgement)
{
	size_t limit = (size_t) onboard_columns[judgement->column].max_characters;
	size_t characters = text_character_count(judgement->value);

	if (characters <= limit)
		return true;

	judgement->number = (int64_t) characters;
	judgement->limit = (int64_t) limit;
	return false;
}

static bool
check_category(struct judgement *judgement)
{
	const struct rule_settings *settings = judgement->settings;
	struct text_builder builder;
	int nearest;

	judgement->row->category_number =
		name_find(judgement->value, settings->active_categories, settings->active_category_count);
	if (judgement->row->category_number >= 0)
		return true;

	/* A name that is cut short would be no category; then rather none. */
	nearest = name_suggest(judgement->value, settings->active_categories,
						   settings->active_category_count);
	if (nearest >= 0 && settings->active_categories[nearest].length < FINDING_SUGGESTION_SIZE)
	{
		text_start(&builder, judgement->suggestion, FINDING_SUGGESTION_SIZE);
		text_add(&builder, settings->active_categories[nearest]);
		text_finish(&builder);
	}
	return false;
}

/* A valid price takes the place of the minimum, for a mended number, too. */
static bool
check_compare_at_price(struct judgement *judgement)
{
	struct product_row *row = judgement->row;
	struct number_range range = compare_at_price_range;
	enum number_verdict verdict;

	if (row->price_valid)
		range.minimum = row->price_cents;
	verdict = judge_number(judgement, &range, &row->compare_at_price_cents);
	if (verdict == NUMBER_BELOW && row->price_valid)
		judgement->message = "%f %v is below the price of %a";
	row->compare_at_price_valid = verdict == NUMBER_VALID;
	return row->compare_at_price_valid;
}

static bool
check_weight(struct judgement *judgement)
{
	struct product_row *row = judgement->row;

	row->weight_valid =
		judge_number(judgement, &weight_range, &row->weight_centikilograms) == NUMBER_VALID;
	return row->weight_valid;
}

static bool
check_image_url(struct judgement *judgement)
{
	enum url_verdict verdict = url_judge(judgement->value);

	if (verdict == URL_VALID)
		return true;
	if (url_messages[verdict] != NULL)
		judgement->message = url_messages[verdict];
	return false;
}

/* ---------- The table ---------- */

/* Sets of columns; the first two follow the column table by themselves. */
#define COLUMN_BIT(symbol) (UINT32_C(1) << COLUMN_##symbol)
#define IF_REQUIRED(symbol, name, required, max_characters) \
	| ((uint32_t) ((required) != 0) << COLUMN_##symbol)
#define IF_LIMITED(symbol, name, required, max_characters) \
	| ((uint32_t) ((max_characters) > 0) << COLUMN_##symbol)
#define REQUIRED_COLUMNS (0 ONBOARD_COLUMNS(IF_REQUIRED))
#define LIMITED_COLUMNS (0 ONBOARD_COLUMNS(IF_LIMITED))

/*
 * The rules, in reporting order.  A blank field is judged by
 * MISSING_REQUIRED_FIELDS only.  To add a rule:
 *
 *	  1. rules.h: add a constant to enum rule_id, at its place in the order,
 *		 and raise ONBOARD_RULESET_VERSION; raise MAX_FINDINGS when a row can
 *		 now collect more.
 *	  2. Add a row to this table: code, columns, which of them (FIELD_PRESENT,
 *		 FIELD_BLANK, FIELD_LONG), check, message, severity.  What stands for
 *		 what in a message is said at struct judgement.
 *	  3. Write the check above the table.  It gets one field and returns
 *		 whether the rule holds; it reads nothing but its argument, allocates
 *		 nothing and raises nothing.  It may set another message, the numbers
 *		 in it and a suggestion.
 *	  4. test/unit/rules_test.c: add the code to codes[] in test_names() and a
 *		 test that accepts and refuses, called by main().  Run
 *		 make -C test/unit check TESTS=rules_test
 *	  5. test/tap/020_differential.pl judges random rows once more in SQL:
 *		 teach it the rule when its rows can break it.
 *	  6. Add a row to the table of rules in README.md.
 *
 * Everything else, from reports to mails, follows this table.
 */
static const struct rule rules[RULE_COUNT] = {
	[RULE_MISSING_REQUIRED_FIELDS] =
		{
			"MISSING_REQUIRED_FIELDS",
			REQUIRED_COLUMNS,
			FIELD_BLANK,
			check_present,
			"%f is required",
			SEVERITY_ERROR,
		},
	[RULE_INVALID_PRICE] =
		{
			"INVALID_PRICE",
			COLUMN_BIT(PRICE),
			FIELD_PRESENT,
			check_price,
			"%f %v is not a plain number such as 1299.00",
			SEVERITY_ERROR,
		},
	[RULE_INVALID_STOCK] =
		{
			"INVALID_STOCK",
			COLUMN_BIT(STOCK_QUANTITY),
			FIELD_PRESENT,
			check_stock,
			"%f %v is not a whole number",
			SEVERITY_ERROR,
		},
	[RULE_FIELD_LENGTH_EXCEEDED] =
		{
			"FIELD_LENGTH_EXCEEDED",
			LIMITED_COLUMNS,
			FIELD_LONG,
			check_length,
			"%f has %n characters, the limit is %l",
			SEVERITY_ERROR,
		},
	[RULE_INVALID_CATEGORY] =
		{
			"INVALID_CATEGORY",
			COLUMN_BIT(CATEGORY),
			FIELD_PRESENT,
			check_category,
			"%f %v is not an active category",
			SEVERITY_ERROR,
		},

	/* The catalogue and the rest of the upload decide these two. */
	[RULE_DUPLICATE_SKU] =
		{
			"DUPLICATE_SKU",
			COLUMN_BIT(SKU),
			FIELD_PRESENT,
			NULL,
			"%f %v: same SKU as line %n",
			SEVERITY_ERROR,
		},
	[RULE_DUPLICATE_VENDOR_PRODUCT_ID] =
		{
			"DUPLICATE_VENDOR_PRODUCT_ID",
			COLUMN_BIT(VENDOR_PRODUCT_ID),
			FIELD_PRESENT,
			NULL,
			"%f %v: same vendor product ID as line %n",
			SEVERITY_ERROR,
		},

	/* Reads the parsed price, so INVALID_PRICE stands above. */
	[RULE_INVALID_COMPARE_AT_PRICE] =
		{
			"INVALID_COMPARE_AT_PRICE",
			COLUMN_BIT(COMPARE_AT_PRICE),
			FIELD_PRESENT,
			check_compare_at_price,
			"%f %v is not a plain number such as 1299.00",
			SEVERITY_ERROR,
		},
	[RULE_INVALID_WEIGHT] =
		{
			"INVALID_WEIGHT",
			COLUMN_BIT(WEIGHT_KG),
			FIELD_PRESENT,
			check_weight,
			"%f %v is not a plain number such as 2.50",
			SEVERITY_ERROR,
		},
	[RULE_INVALID_IMAGE_URL] =
		{
			"INVALID_IMAGE_URL",
			COLUMN_BIT(IMAGE_URL),
			FIELD_PRESENT,
			check_image_url,
			"%f %v does not start with http:// or https://",
			SEVERITY_ERROR,
		},

	/*
	 * About the row as a whole: the reader of the file sees them, or
	 * judge_record() before any rule, or the catalogue when it stores the row
	 * (which says why in its own words).
	 */
	[RULE_MALFORMED_ROW] =
		{
			"MALFORMED_ROW",
			0,
			FIELD_PRESENT,
			NULL,
			"%f has %n bytes, the limit for one field is %l",
			SEVERITY_ERROR,
		},
	[RULE_INVALID_ENCODING] =
		{
			"INVALID_ENCODING",
			0,
			FIELD_PRESENT,
			NULL,
			"%f contains U+FFFD, a character that was damaged before it arrived",
			SEVERITY_ERROR,
		},
	[RULE_REJECTED_BY_CATALOGUE] =
		{
			"REJECTED_BY_CATALOGUE",
			0,
			FIELD_PRESENT,
			NULL,
			NULL,
			SEVERITY_ERROR,
		},
};

/* ---------- Findings ---------- */

/* Write the message of a finding; see struct judgement. */
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
				text_add_quoted(&builder, judgement->value);
				break;
			case 'n':
				text_add_integer(&builder, judgement->number);
				break;
			case 'l':
				text_add_integer(&builder, judgement->limit);
				break;
			default:
				text_add_hundredths(&builder, judgement->limit);
				break;
		}
		next += 2;
	}
	text_finish(&builder);
}

/* Fill in a finding, but for its message and suggestion. */
static void
fill_finding(struct finding *finding, enum rule_id rule, enum onboard_column column,
			 struct text_view rejected)
{
	finding->rule = rule;
	finding->column = column;
	finding->severity = rules[rule].severity;
	finding->rejected = rejected;
}

/* Whether a finding of this rule and column belongs behind another one. */
static bool
belongs_behind(enum rule_id rule, enum onboard_column column, const struct finding *other)
{
	if (rule != other->rule)
		return rule > other->rule;
	return column >= other->column;
}

/*
 * Make room for a finding at its place.  When there are MAX_FINDINGS already,
 * the last of all gives way, which is NULL when that is the new one; the row
 * has its error either way.
 */
static struct finding *
insert_finding(struct findings *findings, enum rule_id rule, enum onboard_column column,
			   struct text_view rejected)
{
	int place = findings->count;

	if (rules[rule].severity == SEVERITY_ERROR)
		findings->has_error = true;
	while (place > 0 && !belongs_behind(rule, column, &findings->items[place - 1]))
		place--;
	if (place == MAX_FINDINGS)
		return NULL;
	if (findings->count == MAX_FINDINGS)
		findings->count--;

	memmove(&findings->items[place + 1], &findings->items[place],
			(size_t) (findings->count - place) * sizeof(struct finding));
	findings->count++;
	fill_finding(&findings->items[place], rule, column, rejected);
	findings->items[place].suggestion[0] = '\0';
	return &findings->items[place];
}

/* Returns NULL when the finding came behind MAX_FINDINGS others. */
struct finding *
findings_add(struct findings *findings, enum rule_id rule, enum onboard_column column,
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
	enum rule_id rule =
		column == COLUMN_SKU ? RULE_DUPLICATE_SKU : RULE_DUPLICATE_VENDOR_PRODUCT_ID;
	struct finding *finding = insert_finding(findings, rule, column, row->raw[column]);
	struct judgement judgement = {
		.column = column,
		.value = row->value[column],
		.message = rules[rule].message,
		.number = winner_line,
	};

	if (finding == NULL)
		return;
	if (winner_line == 0)
		judgement.message = "%f %v is already in the catalogue";
	write_message(finding, &judgement);
}

/* ---------- Judging a row ---------- */

void
row_trim(struct product_row *row)
{
	for (int column = 0; column < COLUMN_COUNT; column++)
		row->value[column] = text_trim(row->raw[column]);
}

/* What one pass over the fields of a row finds; columns as bits. */
struct field_scan
{
	uint32_t in_state[FIELD_STATES];
	uint32_t over_cap;
	uint32_t damaged; /* with a character that was lost */
	size_t bytes;
};

static void
scan_fields(const struct product_row *row, struct field_scan *scan)
{
	memset(scan, 0, sizeof(*scan));
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		struct text_view value = row->value[column];
		size_t limit = (size_t) onboard_columns[column].max_characters;
		uint32_t bit = UINT32_C(1) << column;

		scan->bytes += row->raw[column].length;
		if (value.length > 0)
			scan->in_state[FIELD_PRESENT] |= bit;
		if (value.length > limit)
			scan->in_state[FIELD_LONG] |= bit;
		if (row->raw[column].length > ONBOARD_MAX_FIELD_BYTES)
			scan->over_cap |= bit;
		else if (text_has_replacement(value))
			scan->damaged |= bit;
	}
	scan->in_state[FIELD_BLANK] = ~scan->in_state[FIELD_PRESENT];
}

/*
 * Judge what must hold before any field is looked at: the caps, and that no
 * character was lost.  The first fault is the only one told.
 */
static bool
judge_record(const struct product_row *row, const struct field_scan *scan,
			 struct findings *findings)
{
	struct judgement judgement = {.column = COLUMN_NONE};
	struct text_view rejected = {NULL, 0};
	enum rule_id rule = RULE_MALFORMED_ROW;
	uint32_t faults = scan->over_cap;

	if (faults == 0 && scan->bytes <= ONBOARD_MAX_RECORD_BYTES)
	{
		if (scan->damaged == 0)
			return true;
		rule = RULE_INVALID_ENCODING;
		faults = scan->damaged;
	}

	if (faults != 0)
	{
		judgement.column = (enum onboard_column) __builtin_ctz(faults);
		rejected = row->raw[judgement.column];
		judgement.message = rules[rule].message;
		judgement.number = (int64_t) rejected.length;
		rejected.length = text_cut(rejected, ONBOARD_MAX_RECORD_BYTES);
		judgement.limit = ONBOARD_MAX_FIELD_BYTES;
	}
	else
	{
		judgement.message = "row has %n bytes, the limit is %l";
		judgement.number = (int64_t) scan->bytes;
		judgement.limit = ONBOARD_MAX_RECORD_BYTES;
	}
	write_message(insert_finding(findings, rule, COLUMN_NONE, rejected), &judgement);
	return false;
}

/* Judge one field by one rule. */
static void
judge_field(enum rule_id rule, enum onboard_column column, struct judgement *judgement,
			struct findings *findings)
{
	struct finding *finding = &findings->items[findings->count];

	judgement->column = column;
	judgement->value = judgement->row->value[column];
	judgement->message = rules[rule].message;
	judgement->suggestion = finding->suggestion;
	finding->suggestion[0] = '\0';
	if (rules[rule].check(judgement))
		return;

	fill_finding(finding, rule, column, judgement->row->raw[column]);
	write_message(finding, judgement);
	findings->count++;
	if (finding->severity == SEVERITY_ERROR)
		findings->has_error = true;
}

void
rules_judge(struct product_row *row, const struct rule_settings *settings,
			struct findings *findings)
{
	struct judgement judgement = {.row = row, .settings = settings};
	struct field_scan scan;

	findings->count = 0;
	findings->has_error = false;
	row->price_valid = false;
	row->compare_at_price_valid = false;
	row->weight_valid = false;
	row->stock_valid = false;
	scan_fields(row, &scan);
	if (!judge_record(row, &scan, findings))
		return;

	for (int rule = 0; rule < RULE_COUNT; rule++)
	{
		uint32_t columns = rules[rule].columns & scan.in_state[rules[rule].applies_to];

		if (rules[rule].check == NULL)
			continue;

		/* From the lowest bit to the highest. */
		for (; columns != 0 && findings->count < MAX_FINDINGS; columns &= columns - 1)
			judge_field((enum rule_id) rule, (enum onboard_column) __builtin_ctz(columns),
						&judgement, findings);
	}
}

/* ---------- Names ---------- */

const char *
rule_code(enum rule_id rule)
{
	return rules[rule].code;
}

bool
rule_by_code(struct text_view code, enum rule_id *rule)
{
	for (int i = 0; i < RULE_COUNT; i++)
	{
		if (text_equal(code, text_of(rules[i].code)))
		{
			*rule = (enum rule_id) i;
			return true;
		}
	}
	return false;
}

const char *
severity_name(enum rule_severity severity)
{
	return severity == SEVERITY_WARNING ? "warning" : "error";
}
