/*-------------------------------------------------------------------------
 *
 * changed_default.h
 *	  The defaults of columns of onboard.products that users changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHANGED_DEFAULT_H
#define ONBOARD_CHANGED_DEFAULT_H

#include "postgres.h"

#include "catalogue/catalogue.h"
#include "shared/columns.h"

/*
 * Find what a blank value of a row stores in the column of a product.  Returns false
 * unless users changed the column's default.  The value, which is null if *is_null is
 * set, lives as long as the catalogue.
 */
extern bool
changed_default_find(Catalogue *catalogue, enum onboard_column column, Datum *value, bool *is_null);

/*
 * Did users replace the column by a generated one?  Then a row does not set it, and the
 * server computes the value.
 */
extern bool changed_default_is_generated(Catalogue *catalogue, enum onboard_column column);

#endif /* ONBOARD_CHANGED_DEFAULT_H */
