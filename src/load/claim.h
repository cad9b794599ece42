/*-------------------------------------------------------------------------
 *
 * claim.h
 *	  Claiming the keys of the stored rows of a window.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CLAIM_H
#define ONBOARD_CLAIM_H

#include "postgres.h"

#include "catalogue/catalogue.h"
#include "load/window.h"

/*
 * Write the last batch to the heap and insert the keys of all stored rows of the
 * window.  Rows in doubt are marked, and removed from the catalogue again.
 * Returns how many rows were stored, and sets *in_doubt to how many may have a
 * conflict.
 */
extern int
claim_window(Catalogue *catalogue, const CatalogueOwner *owner, Window *window, int *in_doubt);

#endif /* ONBOARD_CLAIM_H */
