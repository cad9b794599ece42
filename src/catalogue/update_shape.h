/*-------------------------------------------------------------------------
 *
 * update_shape.h
 *	  Does onboard.products do anything on UPDATE that the extension did not
 *	  ship?
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPDATE_SHAPE_H
#define ONBOARD_UPDATE_SHAPE_H

#include "postgres.h"

#include "utils/relcache.h"

/*
 * Return NULL if, on a table without a departure from its shape on INSERT (see
 * table_shape_departure()), replacing a product directly has exactly the effect
 * of an UPDATE of columns that no foreign key references; otherwise the obstacle,
 * as text that is valid until the next call.  Cheap: the answer is cached until
 * the table or a function changes.
 */
extern const char *update_shape_departure(Relation products);

/*
 * Do foreign keys reference columns that a row may change?  As cheap as
 * update_shape_departure().
 */
extern bool update_shape_references_keys(Relation products);

#endif /* ONBOARD_UPDATE_SHAPE_H */
