/*-------------------------------------------------------------------------
 *
 * change_log.c
 *	  Stand-in for the history of products, which records nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "history/change_log.h"

struct ChangeLog
{
	Relation products;
};

ChangeLog *
change_log_open(Relation products)
{
	ChangeLog *log = palloc0(sizeof(ChangeLog));

	log->products = products;
	return log;
}

void
change_log_close(ChangeLog *log)
{
	pfree(log);
}

bool
change_log_is_on(const ChangeLog *log)
{
	return false;
}

bool
change_log_owns_trigger(const Trigger *trigger)
{
	return false;
}

void
change_log_add(ChangeLog *log, const ChangeOrigin *origin, const Datum *old_values,
			   const bool *old_nulls, const Datum *new_values, const bool *new_nulls,
			   uint64 changed)
{
}

void
change_log_flush(ChangeLog *log)
{
}

void
change_origin_set(const ChangeOrigin *origin)
{
}

void
change_origin_clear(void)
{
}

TimestampTz
change_time(TimestampTz before)
{
	TimestampTz now = GetCurrentTimestamp();

	if (now <= before && !TIMESTAMP_NOT_FINITE(before))
		return before + 1;
	return now;
}
