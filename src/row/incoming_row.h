/*-------------------------------------------------------------------------
 *
 * incoming_row.h
 *	  A row on its way through a door, and copies of it that outlive the call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_INCOMING_ROW_H
#define ONBOARD_INCOMING_ROW_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "row/source_cells.h"
#include "shared/rules.h"

/*
 * One row as a door passes it.  Everything it points to is borrowed and need only
 * stay valid until the call that takes the row returns.
 */
typedef struct IncomingRow
{
	int64 row_number;
	int64 line_number; /* 0 if not known */
	int64 position;    /* the door's own number for the row */
	struct product_row product;

	/*
	 * The text datum whose bytes are product.raw[i], or 0.  Only saves copying
	 * when the row is stored.
	 */
	Datum source[COLUMN_COUNT];
	Jsonb *attributes;       /* unknown columns, all strings; NULL for none */
	struct text_view action; /* column onboard_action, as written; or absent */
	struct text_view memo;   /* likewise, onboard_key: the keys as a fix file remembers them */

	SourceCells source_cells; /* cells that a map changed or left out, as the vendor wrote them */

	/*
	 * The product as it arrived in JSON, or NULL.  Must stay valid during the
	 * door's call.
	 */
	JsonbContainer *original;
	int original_length;

	/* Over the caps: only as much is kept as a record may have. */
	bool is_cut;

	/* A record that no client could pass on as text. */
	bool has_defect;
	const struct rule *defect; /* MALFORMED_ROW, EMPTY_ROW or INVALID_ENCODING */
	struct text_view defect_message;
	struct text_view raw_record;
} IncomingRow;

/* Return how many bytes the columns of a row have. */
static inline Size
product_row_bytes(const struct product_row *product)
{
	Size total = 0;
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
		total += product->raw[i].length;
	return total;
}

/* What a row requests in the column onboard_action. */
typedef enum RowRequest
{
	REQUEST_NONE,   /* blank: what the mode of the upload does */
	REQUEST_UPDATE, /* the same, in modes that change products */
	REQUEST_DELETE,
	REQUEST_UNKNOWN
} RowRequest;

extern RowRequest incoming_row_request(const IncomingRow *row);

/*
 * Set the defect of a row from its code.  Returns false if the code is not one
 * that a record can have.
 */
extern bool incoming_row_set_defect(IncomingRow *row, struct text_view code);

/*
 * Copy of a judged row without a defect, in one piece of memory: its text, its
 * numbers and its findings.
 */
typedef struct RowImage RowImage;

/* Return the size of the row's image. */
extern Size row_image_size(const IncomingRow *row, const struct findings *findings);

/* Copy the row to memory of that size, aligned like a pointer. */
extern RowImage *
row_image_save(const IncomingRow *row, const struct findings *findings, void *memory);

/* Does the row have any findings? */
extern bool row_image_has_findings(const RowImage *image);

/* Restore the row, trimmed and judged; both results borrow from the image. */
extern void row_image_load(const RowImage *image, IncomingRow *row, struct findings *findings);

/*
 * Return the trimmed value of a column within the image of this row, or NULL if
 * absent.
 */
extern const char *
row_image_text(const RowImage *image, const IncomingRow *row, enum onboard_column column);

/*
 * Judge a row by the rules and by what only the door can see: its defect, what a
 * fix file remembers of its keys, and the caps and the encoding of its attributes.
 */
extern void incoming_row_judge(IncomingRow *row, const struct rule_settings *settings,
							   struct findings *findings);

/* Likewise for a row that changes a product; see rules_judge_part(). */
extern void incoming_row_judge_part(IncomingRow *row, const struct rule_settings *settings,
									const struct rule_scope *scope, struct findings *findings);

/*
 * Judge a product with these attributes, whose columns have so many bytes, by the
 * caps on a whole row.  If it exceeds one, the finding replaces all others.
 */
extern void
incoming_row_judge_size(Size column_bytes, Jsonb *attributes, struct findings *findings);

/*
 * Could the row not be read at all?  Such a row is judged by no other rule, and
 * is compared with no other row.
 */
static inline bool
findings_are_of_unreadable_row(const struct findings *findings)
{
	return findings->count == 1 && rule_is_of_unreadable_row(findings->items[0].rule);
}

/*
 * Let findings about values that a map changed show what the vendor wrote, also in their
 * messages; they borrow it from the row, which keeps its cells as jsonb from now on.
 * Must be called only once, when the findings are final.
 */
extern void incoming_row_show_source(IncomingRow *row, struct findings *findings);

/* Return the row as it was judged, with its action. */
extern Jsonb *incoming_row_data(const IncomingRow *row);

/* Return the row as the vendor wrote it, for validation_errors.original_data. */
extern Jsonb *incoming_row_original_data(const IncomingRow *row);

#endif /* ONBOARD_INCOMING_ROW_H */
