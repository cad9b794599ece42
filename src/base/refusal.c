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
 * SQLSTATE 42501 has two meanings.  A policy whose WITH CHECK fails refuses the
 * row, like any check; anything else is a privilege that the owner or a trigger
 * lacks, and not a verdict.  Only the message tells them apart: the server keeps
 * the untranslated text with the error, in message_id.  The policy must also
 * have refused our statement, not one of a user's trigger.  Each statement
 * has an error context callback, so for our own statement only one, that of SPI,
 * is above the watch's on the stack.
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

#include "base/owner.h"
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

/*
 * Does an error with this SQLSTATE refuse the row being written, now and on every
 * retry?
 */
static bool
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

/* Error context callback: adds nothing, but notes where the error comes from. */
static void
note_origin(void *argument)
{
	RefusalWatch *watch = argument;

	watch->is_own =
		error_context_stack != NULL && error_context_stack->previous == &watch->callback;
}

void
refusal_watch_begin(RefusalWatch *watch)
{
	watch->is_own = false;
	watch->callback.callback = note_origin;
	watch->callback.arg = watch;
	watch->callback.previous = error_context_stack;
	error_context_stack = &watch->callback;
}

void
refusal_watch_end(RefusalWatch *watch)
{
	error_context_stack = watch->callback.previous;
}

/* Did the WITH CHECK of a policy on the table refuse the row? */
static bool
is_policy_violation(const RefusalWatch *watch, const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE && watch->is_own &&
		   error->message_id != NULL &&
		   (strcmp(error->message_id,
				   "new row violates row-level security policy for table \"%s\"") == 0 ||
			strcmp(error->message_id,
				   "new row violates row-level security policy \"%s\" for table \"%s\"") == 0);
}

bool
refusal_watch_judge(const RefusalWatch *watch, const ErrorData *error)
{
	if (sqlstate_is_refusal(error->sqlerrcode))
		return true;
	if (!is_policy_violation(watch, error))
		return false;
	owner_check_operator();
	return true;
}
