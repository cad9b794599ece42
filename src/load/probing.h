/*-------------------------------------------------------------------------
 *
 * probing.h
 *	  Which rows are looked up before they are stored.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PROBING_H
#define ONBOARD_PROBING_H

#include "postgres.h"

#include "catalogue/catalogue.h"

typedef struct Probing
{
	bool on;
	bool both; /* look up both keys, even if the SKU is free */
	int looked;
	int hits;
	int other_hits; /* of those, the ones with a free SKU */
	int rows_since;
} Probing;

/* Look up both keys of each row from now on. */
extern void probing_turn_on(Probing *probing);

/* Should the next row be looked up before it is stored? */
extern bool probing_is_due(Probing *probing, CataloguePath path);

/* Return how closely to look.  A sample of rows is looked up in full. */
extern CatalogueLook probing_depth(const Probing *probing, CataloguePath path);

/* Count a lookup and its result. */
extern void probing_note(Probing *probing, const FoundKeys *found);

#endif /* ONBOARD_PROBING_H */
