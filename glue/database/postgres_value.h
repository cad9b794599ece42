/*-------------------------------------------------------------------------
 *
 * postgres_value.h
 *	  Write values in a statement, read values of a result.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_VALUE_H
#define GLUE_POSTGRES_VALUE_H

#include <stdint.h>
#include <stdlib.h>

#include <libpq-fe.h>

/* SQL for an interval of the number of seconds in a parameter such as "$1". */
#define POSTGRES_SECONDS(parameter) \
	"pg_catalog.make_interval(secs => " parameter "::double precision)"

/* Return a text value, borrowed from the result; NULL for null. */
static inline const char *
postgres_text(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

/* Return an integer of up to 64 bits; 0 for null. */
static inline int64_t
postgres_integer(const PGresult *result, int row, int column)
{
	return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

#endif /* GLUE_POSTGRES_VALUE_H */
