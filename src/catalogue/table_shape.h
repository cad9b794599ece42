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

#define SHAPE_MAX_KEYS 3 /* columns of a unique constraint */
#define SHAPE_MAX_FOREIGN_KEYS 2
#define SHAPE_DEPARTURE_SIZE 192 /* bytes, with the end */

typedef struct ColumnShape
{
	const char *name;
	Oid type;
	int32 typmod;
	bool not_null;
	int max_bytes;             /* of a value, where it is worth mentioning */
	Oid collation;             /* where it is not that of the type */
	const char *default_value; /* as deparse_expression() prints it; NULL for none */
	char identity;             /* as in pg_attribute */
} ColumnShape;

typedef struct ForeignKeyShape
{
	const char *column;
	const char *referenced_table; /* in the same schema */
	const char *referenced_column;
} ForeignKeyShape;

typedef struct UniqueShape
{
	const char *columns[SHAPE_MAX_KEYS];
	int column_count;
} UniqueShape;

typedef struct TableShape
{
	const ColumnShape *columns;
	int column_count;
	const char *const *checks;           /* as deparse_expression() prints them, ended by NULL */
	const ForeignKeyShape *foreign_keys; /* ended by a NULL column */
	const UniqueShape *unique;           /* ended by one of no columns */
} TableShape;

extern const TableShape products_shape;
extern const TableShape validation_errors_shape;

/*
 * Returns NULL when inserting tuples and index entries directly has exactly the
 * effect of an INSERT statement (given that the checks and foreign keys we
 * shipped hold), otherwise what stands in the way, as text that is valid until
 * the next call for this shape.  Cheap: the answer is kept while the table stays
 * as it is.
 */
extern const char *table_shape_departure(Relation relation, const TableShape *shape);

/* Does a trigger run when a row is inserted into this table? */
extern bool table_has_insert_trigger(Relation relation);

/*
 * Which columns of the shape have another default than was shipped?  A bit for
 * each, in the order of the shape.  As cheap as table_shape_departure().
 */
extern uint32 table_shape_changed_defaults(Relation relation, const TableShape *shape);

#endif /* ONBOARD_TABLE_SHAPE_H */
