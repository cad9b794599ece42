/*-------------------------------------------------------------------------
 *
 * refusal.c
 *	  Which errors refuse a row, and which mean that something is broken.
 *
 * A verdict can never be taken back, but an error can be retried.  So this file
 * lists the refusals, and everything else is an error: a trigger queries another
 * database that is down (class 08), calls a function that does not exist
 * (42883), or reads a table that its owner may not read (42501); out of memory,
 * locks, a bug.
 *
 * In class P0, only RAISE EXCEPTION is a refusal.  PL/pgSQL raises
 * no_data_found, too_many_rows and assert_failure when a trigger does not find
 * the data it was written for.  In class 22, an exhausted sequence is not a
 * refusal, because it would refuse the next row as well.  In class 54, only
 * program_limit_exceeded is: an index entry, or a value computed from the row,
 * is too large.  The others concern the statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/elog.h"

#include "base/refusal.h"

/* All classes in errcodes.txt of PostgreSQL 14 to 18, except those of refusals. */
static const char classes_of_postgres[][3] = {
	"00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20",
	"21", "24", "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D",
	"3F", "40", "42", "53", "54", "55", "57", "58", "72", "F0", "HV", "P0", "XX",
};

/*
 * Is this a class that PostgreSQL does not define, so that a user chose it for a
 * trigger?
 */
static bool
is_class_of_users(int sqlstate)
{
	const char *text = unpack_sql_state(sqlstate);
	int i;

	for (i = 0; i < lengthof(classes_of_postgres); i++)
	{
		if (memcmp(text, classes_of_postgres[i], 2) == 0)
			return false;
	}
	return true;
}

bool
sqlstate_is_refusal(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_DATA_EXCEPTION: /* 22 */
			return sqlstate != ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED;
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION: /* 23 */
		case ERRCODE_WITH_CHECK_OPTION_VIOLATION:    /* 44 */
			return true;
		default:
			return sqlstate == ERRCODE_RAISE_EXCEPTION ||
				   sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED || is_class_of_users(sqlstate);
	}
}
