/*-------------------------------------------------------------------------
 *
 * change_decision.h
 *	  What happens to a row that may change a product.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHANGE_DECISION_H
#define ONBOARD_CHANGE_DECISION_H

#include "postgres.h"

#include "catalogue/catalogue.h"
#include "catalogue/product_change.h"
#include "load/action_store.h"
#include "load/guard.h"
#include "load/window.h"
#include "row/incoming_row.h"
#include "row/row_columns.h"
#include "shared/action.h"
#include "upload/change_terms.h"

/* What all decisions on the rows of one upload that changes products share. */
typedef struct ChangeSetting
{
	Catalogue *catalogue;
	const CatalogueOwner *owner;
	ActionStore *store;
	enum upload_mode mode;
	ChangeTerms *terms;
	const struct rule_settings *rules;
	bool guards_are_off;
} ChangeSetting;

/* A row that may change a product, and what is to happen to it. */
typedef struct Change
{
	const ChangeSetting *with;
	IncomingRow *row;
	const RowKeys *keys;
	CatalogueKey key; /* that finds the product */
	enum onboard_column key_column;
	RowRequest request;

	/* Set by the caller, once it has found the product. */
	FoundProduct product;
	CatalogueLook look; /* how it was found, and how its other key is to be looked up */
	int64 earlier_line; /* of the upload's first row for the product; 0 if this is it */

	RowColumns columns; /* that the row sets */
	bool is_whole_file; /* these are all columns of its file */
	RowColumns left;    /* columns, less those that are stale */

	ProductChange result; /* the product as the row changes it, unless rejected or stale */
	GuardCause cause;     /* with ACTION_HOLD */
} Change;

/* Return the key that finds the products of such an upload. */
extern CatalogueKey change_key(const ChangeTerms *terms);

/* Begin with a trimmed row. */
extern void
change_init(Change *change, const ChangeSetting *with, IncomingRow *row, const RowKeys *keys);

/* Can the row's key be trusted to name a product? */
extern bool change_has_key(const Change *change);

/* May the row become a product if its key finds none?  Otherwise it is rejected. */
extern bool change_may_insert(const Change *change);

/* Fill findings with the reasons to reject a row whose key finds no product. */
extern void change_judge_unknown(Change *change, struct findings *findings);

/* Does the row bring a SKU that its product does not have? */
extern bool change_brings_sku(const Change *change);

/*
 * Decide what happens to the row and its product, and fill in the findings.
 * Allocates in the current memory context.
 */
extern enum row_action change_decide(Change *change, struct findings *findings);

#endif /* ONBOARD_CHANGE_DECISION_H */
