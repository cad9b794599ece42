/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  The rules that a product row must satisfy, as pure functions.
 *
 * Vocabulary, used consistently throughout the project:
 *
 *	  row		one product as a vendor sent it, all text
 *	  rule		what a row must satisfy: a code, and a place in the order
 *	  finding	one field of one row that breaks one rule
 *	  verdict	the outcome for the row as a whole: validated or error
 *	  settings	what the rules allow one vendor: ranges, lengths, and so on
 *
 * Nothing here allocates, raises an error or touches PostgreSQL: a check is a
 * function of a row and of settings, so all of it runs in a unit test without
 * a server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_RULES_H
#define ONBOARD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/category.h"
#include "shared/columns.h"
#include "shared/number.h"
#include "shared/text.h"

/* Raise this whenever a verdict on the same row could change. */
#define ONBOARD_RULESET_VERSION 1

/*
 * The built-in rules in reporting order.  The constants are the indexes of the
 * rule table in rules.c, and the numbers of these rules.
 */
enum rule_id
{
	RULE_MISSING_REQUIRED_FIELDS,
	RULE_INVALID_PRICE,
	RULE_INVALID_STOCK,
	RULE_FIELD_LENGTH_EXCEEDED,
	RULE_INVALID_CATEGORY,
	RULE_DUPLICATE_SKU,
	RULE_DUPLICATE_VENDOR_PRODUCT_ID,
	RULE_INVALID_COMPARE_AT_PRICE,
	RULE_INVALID_WEIGHT,
	RULE_INVALID_IMAGE_URL,
	RULE_INVALID_CHARACTERS,
	RULE_KEY_CHANGED_BY_SPREADSHEET,
	RULE_INVALID_ACTION,
	RULE_UNKNOWN_PRODUCT,
	RULE_MALFORMED_ROW,
	RULE_EMPTY_ROW,
	RULE_INVALID_ENCODING,
	RULE_REJECTED_BY_CATALOGUE,
	RULE_COUNT,
	RULE_NONE = -1 /* in the table of columns: no rule of its own */
};

enum rule_severity
{
	SEVERITY_ERROR,
	SEVERITY_WARNING
};

/*
 * A registered rule.  A finding points to its rule, so additional rules reach
 * tables, reports and messages like built-in ones.  Their numbers start at
 * RULE_COUNT, and they must outlive the statement that judges by them.
 */
struct rule
{
	int number;
	const char *code; /* "INVALID_PRICE" and so on */
	int order;        /* in reports; 10 * number for built-in rules */
	enum rule_severity severity;
};

/* Bytes, including the terminating NUL. */
#define FINDING_MESSAGE_SIZE 512
#define FINDING_SUGGESTION_SIZE 512

struct finding
{
	const struct rule *rule;
	enum onboard_column column; /* COLUMN_NONE: about the whole row */
	enum rule_severity severity;
	struct text_view rejected; /* untrimmed, borrowed from the row; or absent */
	char message[FINDING_MESSAGE_SIZE];
	char suggestion[FINDING_SUGGESTION_SIZE]; /* "" if none */
};

/*
 * A field breaks at most three built-in rules: being missing; or being too long, the
 * column's own rule, and holding invalid characters.  Few break one, which leaves
 * room for other rules.
 * Further findings are dropped, the last in the order first.
 */
#define MAX_FINDINGS (2 * COLUMN_COUNT)

struct findings
{
	int count;
	bool has_error; /* some finding has SEVERITY_ERROR */
	struct finding items[MAX_FINDINGS];
};

/*
 * A row under judgement.  raw is what the vendor wrote; value is raw without
 * blanks at either end (see row_trim()); both are borrowed.  rules_judge() sets
 * the parsed numbers, which are valid only for the columns in numbers; the
 * category's number is valid if the category is not blank.
 */
struct product_row
{
	struct text_view raw[COLUMN_COUNT];
	struct text_view value[COLUMN_COUNT];

	column_set numbers;           /* columns whose number can be stored */
	int64_t number[COLUMN_COUNT]; /* in the unit of the column's kind */
	int category_number;          /* index among the active ones; -1 if none */
};

/* Does the column have a number that can be stored, in row->number? */
static inline bool
row_has_number(const struct product_row *row, enum onboard_column column)
{
	return (row->numbers & column_bit(column)) != 0;
}

/*
 * What the rules need beyond the row: what they allow the vendor of the upload.
 * Made from rule_settings_standard, and never more permissive (rule_standard.h).
 */
struct rule_settings
{
	struct category_list categories; /* the active ones */

	column_set required;
	int max_characters[COLUMN_COUNT];         /* 0: no limit */
	struct number_range ranges[COLUMN_COUNT]; /* of columns with numbers */

	/*
	 * Indexed by enum rule_id; read for rules with a check in the rule table.
	 * The others mean that the row cannot be stored, which is always an error.
	 */
	enum rule_severity severity[RULE_COUNT];

	/*
	 * Add violations of additional rules, after those of the built-in ones; NULL
	 * if there are none.
	 */
	void (*judge_added)(const struct product_row *row, const struct rule_settings *settings,
						struct findings *findings);
};

/*
 * The part of a product that a row is about to change.  Rules judge the product
 * as it would become; the rest comes from the product itself.
 */
struct rule_scope
{
	column_set columns;  /* that the row sets; all others are left alone */
	column_set required; /* that must not be blank, whether or not the row sets them */
	column_set kept;     /* keys that the product already has and may keep */
	bool skips_added;    /* added rules do not judge the row */

	/* Numbers of the product in columns that the row does not set. */
	column_set stored;
	int64_t number[COLUMN_COUNT];
};

/* Fill row->value from row->raw. */
extern void row_trim(struct product_row *row);

/*
 * Judge a trimmed row by every rule that needs no catalogue.  findings is
 * overwritten, ordered by rule, then by column.  Also stores the parsed numbers in
 * the row, including those with only a warning.  A value over
 * ONBOARD_MAX_FIELD_BYTES, or a row over ONBOARD_MAX_RECORD_BYTES, yields
 * MALFORMED_ROW alone; U+FFFD in any value yields INVALID_ENCODING alone: such a
 * row is judged by no other rule.
 */
extern void rules_judge(struct product_row *row, const struct rule_settings *settings,
						struct findings *findings);

/*
 * Judge a trimmed row by the rules of the columns that it sets, and by those that
 * compare them with other columns of the product.  The caps and damaged characters
 * are judged in all columns.
 */
extern void rules_judge_part(struct product_row *row, const struct rule_settings *settings,
							 const struct rule_scope *scope, struct findings *findings);

/*
 * Add a finding that a check cannot make by itself (a duplicate, a defect the
 * reader saw, a refusal by the catalogue), at its place in the order.  message is
 * copied, and cut at a character boundary if too long.
 */
extern struct finding *
findings_add(struct findings *findings, const struct rule *rule, enum onboard_column column,
			 struct text_view rejected, const char *message);

/*
 * Add DUPLICATE_SKU (column COLUMN_SKU) or DUPLICATE_VENDOR_PRODUCT_ID.
 * winner_line is the line of this upload that holds the key, or 0 if a product of an
 * earlier upload holds it.
 */
extern void findings_add_duplicate(struct findings *findings, const struct product_row *row,
								   enum onboard_column column, int64_t winner_line);

/*
 * Add the finding that a row cannot give its product the key in this column: another
 * product has it, or, if is_fixed, a product found by its SKU has another one.
 */
extern void findings_add_key_conflict(struct findings *findings, const struct product_row *row,
									  enum onboard_column column, bool is_fixed);

/*
 * Add KEY_CHANGED_BY_SPREADSHEET: the key in this column differs from that in the
 * fix file that the row comes from.  The original is the suggestion.  It replaces
 * the finding that a spreadsheet shortened the key.
 */
extern void findings_add_changed_key(struct findings *findings, const struct product_row *row,
									 enum onboard_column column, const char *original);

/* Add UNKNOWN_PRODUCT, about the key in this column. */
extern void findings_add_unknown_product(struct findings *findings, const struct product_row *row,
										 enum onboard_column column);

/* Return a built-in rule; never NULL. */
extern const struct rule *rule_built_in(enum rule_id id);

/* Find a built-in rule by its code; returns NULL if there is none. */
extern const struct rule *rule_by_code(struct text_view code);

/*
 * Does a row that breaks the rule lack values to judge, because it is empty or could
 * not be read?  No other rule judges it; readers report only such rules as defects.
 */
static inline bool
rule_is_of_unreadable_row(const struct rule *rule)
{
	return rule->number == RULE_MALFORMED_ROW || rule->number == RULE_EMPTY_ROW ||
		   rule->number == RULE_INVALID_ENCODING;
}

/*
 * Is the suggestion of the rule with this code only a guess: the name nearest to the
 * value?  A guess is shown, but not applied.
 */
extern bool
rule_is_guess(struct text_view code, struct text_view value, struct text_view suggestion);

/*
 * Return the name of the column that a finding is about, which may be that of the row's
 * action; NULL if it is about the whole row.
 */
extern const char *finding_field(const struct finding *finding);

/* Return "error" or "warning". */
extern const char *severity_name(enum rule_severity severity);

#endif /* ONBOARD_RULES_H */
