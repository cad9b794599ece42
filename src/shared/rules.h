/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  The rules a product row must keep, as pure functions.
 *
 * Vocabulary, used the same way everywhere in the project:
 *
 *	  row		one product as a vendor sent it, all text
 *	  rule		what a row must keep: a code, and a place in the order
 *	  finding	one field of one row that breaks one rule
 *	  verdict	what the row as a whole came to: validated or error
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

#include "shared/columns.h"
#include "shared/number.h"
#include "shared/text.h"

/* Raised whenever a verdict on the same row could come out differently. */
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
	RULE_MALFORMED_ROW,
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
 * A registered rule.  A finding points to its rule, and only code, order and
 * severity of that count: rules that are not built in take the same way to
 * tables, reports and messages.  They have numbers from RULE_COUNT on, and must
 * outlive the findings.
 */
struct rule
{
	int number;
	const char *code; /* "INVALID_PRICE" and so on */
	int order;        /* in reports; 10 * number for those that are built in */
	enum rule_severity severity;
};

/* Bytes, the terminating NUL included. */
#define FINDING_MESSAGE_SIZE 512
#define FINDING_SUGGESTION_SIZE 512

struct finding
{
	const struct rule *rule;
	enum onboard_column column; /* COLUMN_NONE: about the whole row */
	enum rule_severity severity;
	struct text_view rejected; /* untrimmed, borrowed from the row; or absent */
	char message[FINDING_MESSAGE_SIZE];
	char suggestion[FINDING_SUGGESTION_SIZE]; /* "" for none */
};

/*
 * A field breaks at most two built-in rules: being missing, or being too long and
 * the rule of its own.  As few do, there is room for other rules.  Findings beyond
 * are dropped, the last in the order first.
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
 * the blanks at both ends (see row_trim()); both are borrowed.  The parsed
 * numbers are set by rules_judge() and hold only for the columns in numbers; the
 * category's number holds when the category is not blank.
 */
struct product_row
{
	struct text_view raw[COLUMN_COUNT];
	struct text_view value[COLUMN_COUNT];

	column_set numbers;           /* columns whose number can be stored */
	int64_t number[COLUMN_COUNT]; /* in the unit of the column's kind */
	int category_number;          /* among the active ones; -1 for none of them */
};

/* Whether the column has a number that can be stored, in row->number. */
static inline bool
row_has_number(const struct product_row *row, enum onboard_column column)
{
	return (row->numbers & column_bit(column)) != 0;
}

/*
 * What the rules need to know beyond the row: what they allow the vendor of the
 * upload.  Made from rule_settings_standard, and never laxer (rule_standard.h).
 */
struct rule_settings
{
	/* Sorted by memcmp(), then length; borrowed. */
	const struct text_view *active_categories;
	int active_category_count;

	column_set required;
	int max_characters[COLUMN_COUNT];         /* 0: no limit */
	struct number_range ranges[COLUMN_COUNT]; /* of columns with numbers */

	/*
	 * Indexed by enum rule_id; read for rules with a check in the rule table.
	 * The others say that the row cannot be stored, which is an error always.
	 */
	enum rule_severity severity[RULE_COUNT];

	/*
	 * Adds what the row breaks of rules that are not built in, after those that
	 * are; NULL for none.
	 */
	void (*judge_added)(const struct product_row *row, const struct rule_settings *settings,
						struct findings *findings);
};

/* Fill row->value from row->raw. */
extern void row_trim(struct product_row *row);

/*
 * Judge a trimmed row by every rule that needs no catalogue.  findings is
 * overwritten: ordered by rule, then by column.  Also parses the numbers into
 * the row; a number that only breaks a warning is among them.  A value over ONBOARD_MAX_FIELD_BYTES, or the row over
 * ONBOARD_MAX_RECORD_BYTES, gives MALFORMED_ROW alone; U+FFFD in any value
 * gives INVALID_ENCODING alone: such a row is judged by no other rule.
 */
extern void rules_judge(struct product_row *row, const struct rule_settings *settings,
						struct findings *findings);

/*
 * Add a finding that a check cannot make by itself (a duplicate, a defect the
 * reader saw, a refusal by the catalogue), at its place in the order.
 * message is copied, cut at a character boundary when too long.
 */
extern struct finding *
findings_add(struct findings *findings, const struct rule *rule, enum onboard_column column,
			 struct text_view rejected, const char *message);

/*
 * Add DUPLICATE_SKU (column COLUMN_SKU) or DUPLICATE_VENDOR_PRODUCT_ID.
 * winner_line is the line of this upload that holds the key, 0 when a product
 * of an earlier upload holds it.
 */
extern void findings_add_duplicate(struct findings *findings, const struct product_row *row,
								   enum onboard_column column, int64_t winner_line);

/* A built-in rule; never NULL. */
extern const struct rule *rule_built_in(enum rule_id id);

/* Finds a built-in rule by its code; returns NULL when there is none. */
extern const struct rule *rule_by_code(struct text_view code);

/* "error" or "warning". */
extern const char *severity_name(enum rule_severity severity);

#endif /* ONBOARD_RULES_H */
