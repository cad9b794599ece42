/*-------------------------------------------------------------------------
 *
 * index_shape.h
 *	  Can an index that somebody added refuse a row?
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_INDEX_SHAPE_H
#define ONBOARD_INDEX_SHAPE_H

#include "postgres.h"

#include "table_shape.h"
#include "utils/relcache.h"

/*
 * False only when entering a row can never fail: what the index computes cannot
 * raise an error, and what it stores always fits.
 */
extern bool index_can_refuse(Relation index, const TableShape *shape);

#endif							/* ONBOARD_INDEX_SHAPE_H */
