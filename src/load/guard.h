/*-------------------------------------------------------------------------
 *
 * guard.h
 *	  Changes that are held rather than applied.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_GUARD_H
#define ONBOARD_GUARD_H

#include "postgres.h"

#include "catalogue/product_change.h"
#include "row/incoming_row.h"
#include "upload/change_terms.h"

/* Why a row is held. */
typedef struct GuardCause
{
	const char *name; /* as in held_rows.cause */
	char current_value[32];
	char new_value[32];
} GuardCause;

/*
 * Decide whether a guard of the vendor holds a change.  May count products, as the
 * owner of the tables, and note the result in the terms.
 */
extern bool
guard_holds(Catalogue *catalogue, const CatalogueOwner *owner, ChangeTerms *terms,
			const FoundProduct *product, const ProductChange *change, GuardCause *cause);

/* Note that the change was applied. */
extern void
guard_note(ChangeTerms *terms, const FoundProduct *product, const ProductChange *change);

/* Record a row that is held. */
extern void guard_hold(const CatalogueOwner *owner, const IncomingRow *row, int64 product_id,
					   const GuardCause *cause);

#endif /* ONBOARD_GUARD_H */
