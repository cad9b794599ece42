/*-------------------------------------------------------------------------
 *
 * shipped_shape.h
 *	  The tables that take rows, as the script creates them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SHIPPED_SHAPE_H
#define ONBOARD_SHIPPED_SHAPE_H

#include "postgres.h"

#include "access/attnum.h"

#include "shared/columns.h"

/* In UTF-8. */
#define MAX_CHARACTER_BYTES 4

#define SHAPE_MAX_KEYS 3 /* columns of a unique constraint */
#define SHAPE_MAX_FOREIGN_KEYS 2

typedef struct ColumnShape
{
	const char *name;
	Oid type;
	int32 typmod;
	bool not_null;
	int max_bytes;             /* of a value, where it matters */
	Oid collation;             /* if not that of the type */
	const char *default_value; /* as printed by deparse_expression(); NULL for none */
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
	const char *const *checks;           /* see is_shipped_check() */
	const ForeignKeyShape *foreign_keys; /* terminated by a NULL column */
	const UniqueShape *unique;           /* terminated by one without columns */
} TableShape;

/* Columns of products. */
enum
{
	PRODUCT_ID = 1,
	PRODUCT_VENDOR_ID,
#define PRODUCT_ENUM(symbol, ...) PRODUCT_##symbol,
	ONBOARD_COLUMNS(PRODUCT_ENUM)
#undef PRODUCT_ENUM
	PRODUCT_ATTRIBUTES,
	PRODUCT_STATUS,
	PRODUCT_UPLOAD_ID,
	PRODUCT_ROW_NUMBER,
	PRODUCT_LINE_NUMBER,
	PRODUCT_CREATED_AT,
	PRODUCT_UPDATED_AT
};
#define PRODUCT_COLUMN_COUNT PRODUCT_UPDATED_AT

/* Return the column of products that holds this column. */
static inline AttrNumber
product_column(enum onboard_column column)
{
	return PRODUCT_VENDOR_ID + 1 + column;
}

extern const TableShape products_shape;
extern const TableShape validation_errors_shape;
extern const TableShape row_actions_shape;
extern const TableShape product_changes_shape;

/*
 * Does every row that the rules accept satisfy this CHECK, because we ship it?
 * The expression is as deparse_expression() prints it.
 */
extern bool is_shipped_check(const TableShape *shape, const char *expression);

#endif /* ONBOARD_SHIPPED_SHAPE_H */
