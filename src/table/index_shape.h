/*-------------------------------------------------------------------------
 *
 * index_shape.h
 *	  What an index demands of a row: is it unique, and can it refuse the
 *	  row?
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_INDEX_SHAPE_H
#define ONBOARD_INDEX_SHAPE_H

#include "postgres.h"

#include "utils/relcache.h"

#include "table/shipped_shape.h"

/*
 * Return false only if inserting a row can never fail: what the index computes
 * cannot raise an error, and what it stores always fits.
 */
extern bool index_can_refuse(Relation index, const TableShape *shape);

/*
 * Is this a valid unique B-tree on exactly these columns in this order, bytewise
 * for text, over all rows, and checked immediately?
 */
extern bool index_is_unique_on(Relation index, const AttrNumber *columns, int column_count);

/*
 * Has the index nothing beyond its columns: no INCLUDE, no DESC, no NULLS NOT
 * DISTINCT?
 */
extern bool index_is_bare(Relation index);

#endif /* ONBOARD_INDEX_SHAPE_H */
