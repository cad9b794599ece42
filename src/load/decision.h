/*-------------------------------------------------------------------------
 *
 * decision.h
 *	  What happens to a judged row.
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
 * Decide what happens to a row, given the mode of its upload, what the catalogue
 * has under its keys, and its findings so far, those of the rules.  Adds the
 * findings that its keys cause.  A key that was not looked up counts as free.
 */
extern enum row_action decide_action(enum upload_mode mode, const IncomingRow *row,
									 const FoundKeys *found, struct findings *findings);

#endif /* ONBOARD_DECISION_H */
