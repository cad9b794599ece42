/*-------------------------------------------------------------------------
 *
 * vendor_columns.h
 *	  Statements that set columns of a vendor: the columns, and their parts of the SQL.
 *
 * Only the columns that a caller names are set, so that a login needs no
 * privilege on the others.  A statement's parameter $1 is a JSON object: the
 * member vendor_id, and for each column a member of its name, a text.  A list is
 * separated by commas; an empty text is null where a column may be null.  A default map
 * that does not exist is refused with POSTGRES_UNDEFINED_OBJECT.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VENDOR_COLUMNS_H
#define GLUE_VENDOR_COLUMNS_H

#include "base/byte_buffer.h"

/* The columns that may be set, in the order in which they are shown. */
enum vendor_column
{
	VENDOR_NAME,
	VENDOR_EMAIL,
	VENDOR_PHONE,
	VENDOR_BUSINESS_NAME,
	VENDOR_TAX_ID,
	VENDOR_ADDRESS,
	VENDOR_CITY,
	VENDOR_STATE,
	VENDOR_COUNTRY,
	VENDOR_POSTAL_CODE,
	VENDOR_STATUS,
	VENDOR_MODES,
	VENDOR_DEFAULT_MODE,
	VENDOR_DEFAULT_MAP,
	VENDOR_PRICE_GUARD,
	VENDOR_SOLD_OUT_GUARD,
	VENDOR_DISCONTINUE_GUARD,
	VENDOR_LANGUAGE,
	VENDOR_COLUMN_COUNT
};

#define VENDOR_BIT(column) (1u << (column))

/* What to append to a statement for each column, separated by commas. */
enum vendor_part
{
	VENDOR_PART_NAME,       /* column */
	VENDOR_PART_VALUE,      /* the member of $1 as a value of the column */
	VENDOR_PART_ASSIGNMENT, /* column = value */
	VENDOR_PART_CHANGE      /* the texts of o.column and v.column */
};

/* Return the name of a column in onboard.vendors. */
extern const char *vendor_column_name(enum vendor_column column);

/* Return the column of this name, or VENDOR_COLUMN_COUNT. */
extern enum vendor_column vendor_column_find(const char *name);

/*
 * Append a part for each of the columns, a set of bits, in the order above.
 * Returns false on OUT_OF_MEMORY.
 */
extern bool vendor_columns_append(struct byte_buffer *statement, unsigned columns,
								  enum vendor_part part, struct glue_error *error);

/*
 * Append the beginning of a statement that sets these columns, at least one.  In
 * the SELECT that the caller appends, o is the vendor before and v after; both
 * are empty if it does not exist.
 */
extern bool vendor_columns_append_update(struct byte_buffer *statement, unsigned columns,
										 struct glue_error *error);

#endif /* GLUE_VENDOR_COLUMNS_H */
