/*-------------------------------------------------------------------------
 *
 * counters.h
 *	  Counters of this session, shown by onboard_statistics().
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_COUNTERS_H
#define ONBOARD_COUNTERS_H

#include "postgres.h"

typedef struct OnboardCounters
{
	int64 rows_direct;    /* stored by direct insertion */
	int64 rows_probed;    /* of those, looked up before they were stored */
	int64 rows_plain;     /* stored by INSERT statements */
	int64 changes_direct; /* of products, by replacing the tuple */
	int64 changes_hot;    /* of those, without new index entries */
	int64 changes_plain;  /* by UPDATE statements */
	int64 rows_rejected;  /* got at least one finding */
	int64 rows_replayed;  /* already had a verdict */
	int64 conflicts;      /* inserted directly, then removed */
	int64 windows;        /* passes over the unique indexes */
} OnboardCounters;
extern OnboardCounters onboard_counters;

#endif /* ONBOARD_COUNTERS_H */
