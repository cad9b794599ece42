/*-------------------------------------------------------------------------
 *
 * change_log.h
 *	  Stand-in for the history of products, with its interface.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHANGE_LOG_H
#define ONBOARD_CHANGE_LOG_H

#include "postgres.h"

#include "utils/relcache.h"
#include "utils/reltrigger.h"

typedef struct ChangeOrigin
{
	const char *action;   /* NULL to derive it from old and new status */
	Datum upload_id_text; /* 0 for none */
	int64 row_number;     /* 0 for none */
	int64 reverts;        /* the change that this one takes back; 0 for none */
} ChangeOrigin;

typedef struct ChangeLog ChangeLog;

extern ChangeLog *change_log_open(Relation products);
extern void change_log_close(ChangeLog *log);
extern bool change_log_is_on(const ChangeLog *log);
extern bool change_log_owns_trigger(const Trigger *trigger);
extern void change_log_add(ChangeLog *log, const ChangeOrigin *origin, const Datum *old_values,
						   const bool *old_nulls, const Datum *new_values, const bool *new_nulls,
						   uint64 changed);
extern void change_log_flush(ChangeLog *log);
extern void change_origin_set(const ChangeOrigin *origin);
extern void change_origin_clear(void);

/* Return the time of a change of a row whose updated_at is the time before. */
extern TimestampTz change_time(TimestampTz before);

#endif /* ONBOARD_CHANGE_LOG_H */
