/*-------------------------------------------------------------------------
 *
 * index_shape.h
 *	  What an index asks of a row: is it unique, and may it refuse the row?
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_INDEX_SHAPE_H
#define ONBOARD_INDEX_SHAPE_H

#include "postgres.h"

#include "utils/relcache.h"

#include "catalogue/shipped_shape.h"

/*
 * False only when entering a row can never fail: what the index computes cannot
 * raise an error, and what it stores always fits.
 */
extern bool index_can_refuse(Relation index, const TableShape *shape);

/*
 * Is this a valid unique B-tree on exactly these columns in this order, byte by
 * byte for text, over all rows, and checked immediately?
 */
extern bool index_is_unique_on(Relation index, const AttrNumber *columns, int column_count);

/* Has it nothing beyond its columns: no INCLUDE, no DESC, no NULLS NOT DISTINCT? */
extern bool index_is_bare(Relation index);

#endif /* ONBOARD_INDEX_SHAPE_H */
