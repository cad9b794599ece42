/*-------------------------------------------------------------------------
 *
 * table_shape.h
 *	  Does a table carry anything on INSERT that the extension did not ship?
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TABLE_SHAPE_H
#define ONBOARD_TABLE_SHAPE_H

#include "postgres.h"

#include "utils/relcache.h"

typedef struct ColumnShape
{
	const char *name;
	Oid			type;
	int32		typmod;
	bool		not_null;
	int			max_bytes;		/* of a value, where it is worth mentioning */
} ColumnShape;

typedef struct CheckShape
{
	const char *name;
	const char *expression;		/* as pg_get_expr() prints it */
} CheckShape;

typedef struct TableShape
{
	const ColumnShape *columns;
	int			column_count;
	const CheckShape *checks;	/* ended by a NULL name */
	const char *const *foreign_keys;	/* constraint names, ended by NULL */
	const char *const *unique_indexes;	/* index names, ended by NULL */
} TableShape;

extern const TableShape products_shape;
extern const TableShape validation_errors_shape;

/*
 * Returns NULL when inserting tuples and index entries directly has exactly the
 * effect of an INSERT statement (given that the checks and foreign keys we
 * shipped hold), otherwise what stands in the way, as a static string.
 */
extern const char *table_shape_departure(Relation relation, const TableShape *shape);

#endif							/* ONBOARD_TABLE_SHAPE_H */
