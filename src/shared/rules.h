/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  The rules a product row must keep, as pure functions.
 *
 * Vocabulary, used the same way everywhere in the project:
 *
 *	  row		one product as a vendor sent it, all text
 *	  rule		one line of the rule table: a code and a check
 *	  finding	one field of one row that breaks one rule
 *	  verdict	what the row as a whole came to: validated or error
 *
 * Nothing here allocates, raises an error or touches PostgreSQL: a check is a
 * function of a row and of settings, so all of it runs in a unit test without
 * a server, and rules per vendor or per category need no more than another
 * settings object.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_RULES_H
#define ONBOARD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/columns.h"
#include "shared/text.h"

/* Raised whenever a verdict on the same row could come out differently. */
#define ONBOARD_RULESET_VERSION 1

/*
 * The rules in reporting order.  The constants are the indexes of the rule
 * table in rules.c.
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

/* Bytes, the terminating NUL included. */
#define FINDING_MESSAGE_SIZE 512
#define FINDING_SUGGESTION_SIZE 512

struct finding
{
	enum rule_id rule;
	enum onboard_column column; /* COLUMN_NONE: about the whole row */
	enum rule_severity severity;
	struct text_view rejected; /* untrimmed, borrowed from the row; or absent */
	char message[FINDING_MESSAGE_SIZE];
	char suggestion[FINDING_SUGGESTION_SIZE]; /* "" for none */
};

/*
 * A field breaks at most one rule; but for category, image_url and the two keys,
 * which may be too long besides.  The rest is room for a rule or two.
 */
#define MAX_FINDINGS (COLUMN_COUNT + 10)

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
 * category's number holds when the category breaks no rule.
 */
struct product_row
{
	struct text_view raw[COLUMN_COUNT];
	struct text_view value[COLUMN_COUNT];

	column_set numbers;           /* columns whose value is a valid number */
	int64_t number[COLUMN_COUNT]; /* in the unit of the column's kind */
	int category_number;          /* among the active ones; -1 for none of them */
};

/* Whether the column has a valid number, which is in row->number then. */
static inline bool
row_has_number(const struct product_row *row, enum onboard_column column)
{
	return (row->numbers & column_bit(column)) != 0;
}

/*
 * What the rules need to know beyond the row.  active_categories is sorted by
 * memcmp(), then length; borrowed.
 */
struct rule_settings
{
	const struct text_view *active_categories;
	int active_category_count;
};

/* Fill row->value from row->raw. */
extern void row_trim(struct product_row *row);

/*
 * Judge a trimmed row by every rule that needs no catalogue.  findings is
 * overwritten: ordered by rule, then by column.  Also parses the numbers into
 * the row.  A value over ONBOARD_MAX_FIELD_BYTES, or the row over
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
findings_add(struct findings *findings, enum rule_id rule, enum onboard_column column,
			 struct text_view rejected, const char *message);

/*
 * Add DUPLICATE_SKU (column COLUMN_SKU) or DUPLICATE_VENDOR_PRODUCT_ID.
 * winner_line is the line of this upload that holds the key, 0 when a product
 * of an earlier upload holds it.
 */
extern void findings_add_duplicate(struct findings *findings, const struct product_row *row,
								   enum onboard_column column, int64_t winner_line);

/* "INVALID_PRICE" and so on; never NULL. */
extern const char *rule_code(enum rule_id rule);

/* Finds a rule by its code; returns false when there is none. */
extern bool rule_by_code(struct text_view code, enum rule_id *rule);

/* "error" or "warning". */
extern const char *severity_name(enum rule_severity severity);

#endif /* ONBOARD_RULES_H */
