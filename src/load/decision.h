/*-------------------------------------------------------------------------
 *
 * decision.h
 *	  What happens to a judged row that may become a product.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_DECISION_H
#define ONBOARD_DECISION_H

#include "postgres.h"

#include "catalogue/catalogue.h"
#include "row/incoming_row.h"
#include "shared/action.h"

/*
 * Decide whether a row becomes a product, given what the catalogue has under its
 * keys, and its findings so far, those of the rules.  Adds the findings that its
 * keys cause.  A key that was not looked up counts as free.
 */
extern enum row_action
decide_insertion(const IncomingRow *row, const FoundKeys *found, struct findings *findings);

/*
 * Add INVALID_ACTION if the row asks for something that an upload of this mode
 * cannot do; returns whether it does.
 */
extern bool
decide_request(enum upload_mode mode, const IncomingRow *row, struct findings *findings);

#endif /* ONBOARD_DECISION_H */
