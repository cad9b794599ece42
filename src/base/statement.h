/*-------------------------------------------------------------------------
 *
 * statement.h
 *	  The extension's own SQL statements, prepared once per session.
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
#include "nodes/execnodes.h"

#define STATEMENT_MAX_PARAMETERS 64

typedef struct Statement
{
	const char *sql;
	int parameter_count;
	Oid parameter_types[STATEMENT_MAX_PARAMETERS];
	bool replanned; /* plan each run for its values and the current size of the tables */
	bool looks_up;  /* plan it as between lookup_plans_begin() and _end(); it may run users' code */
	bool rewinds;   /* its cursor can be moved back to the start, without running it again */
	SPIPlanPtr plan; /* kept for the session; NULL until the first run */
} Statement;

/*
 * Run a statement inside SPI_connect() and check that its result code is the
 * expected one (SPI_OK_SELECT and so on).  nulls has 'n' or ' ' per parameter, or
 * is NULL if no parameter is null.  A read_only statement uses the caller's
 * snapshot; others take a new one and see the effects of this command.  Returns
 * SPI_processed; rows are in SPI_tuptable.
 */
extern uint64 statement_run(Statement *statement, Datum *values, const char *nulls, bool read_only,
							int expected_result);

/*
 * Open a cursor for a SELECT, planned for its values and the current size of the
 * tables.  It returns what a new snapshot shows now, whatever changes while rows
 * are fetched.  The caller fetches with SPI_cursor_fetch(), frees each result with
 * SPI_freetuptable(), and closes it.
 */
extern Portal statement_open(Statement *statement, Datum *values);

/*
 * Return a column of row 0 of the last result; is_null may be NULL if the value
 * cannot be.
 */
extern Datum statement_value(int column, bool *is_null);

/*
 * Return the rows of the last result to the caller of a set-returning function,
 * after InitMaterializedSRF().  Its columns must have the types of the function's.
 */
extern void statement_return_rows(ReturnSetInfo *set);

#endif /* ONBOARD_STATEMENT_H */
