/*-------------------------------------------------------------------------
 *
 * statement.h
 *	  SQL statements of the extension's own, prepared once per session.
 *
 * Every statement is a static Statement with its text and parameter types in
 * plain sight; values are always bound, never pasted into the text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_STATEMENT_H
#define ONBOARD_STATEMENT_H

#include "postgres.h"

#include "executor/spi.h"

#define STATEMENT_MAX_PARAMETERS 64

typedef struct Statement
{
	const char *sql;
	int parameter_count;
	Oid parameter_types[STATEMENT_MAX_PARAMETERS];
	SPIPlanPtr plan; /* kept for the session; NULL until first run */
} Statement;

/*
 * Run a statement inside SPI_connect() and check what kind of result it gave
 * (SPI_OK_SELECT and so on).  nulls is 'n' or ' ' per parameter, or NULL when
 * none is null.  read_only statements see the caller's snapshot; others take a
 * new one and see what this command did.  Returns SPI_processed; rows are in
 * SPI_tuptable.
 */
extern uint64 statement_run(Statement *statement, Datum *values, const char *nulls, bool read_only,
							int expected_result);

/* Column of row 0 of the last result; is_null may be NULL when it cannot be. */
extern Datum statement_value(int column, bool *is_null);

#endif /* ONBOARD_STATEMENT_H */
