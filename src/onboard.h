/*-------------------------------------------------------------------------
 *
 * onboard.h
 *	  Settings and counters that every part of the extension shares.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_H
#define ONBOARD_H

#include "postgres.h"

/*
 * Version of the library; the Makefile takes it from onboard.control, the one
 * place where it is written.
 */
#ifndef ONBOARD_VERSION
#error "ONBOARD_VERSION comes from the Makefile"
#endif

/* onboard.lock_wait, milliseconds: lock waits longer than this are an error. */
extern int	onboard_lock_wait;

/* onboard.window_rows: rows between two passes over the unique indexes. */
extern int	onboard_window_rows;

/* onboard.load_path: lets tests and operators choose how rows reach products. */
typedef enum LoadPath
{
	LOAD_PATH_AUTO,				/* direct when products allows it */
	LOAD_PATH_PROBE,			/* direct, but look before inserting */
	LOAD_PATH_PLAIN				/* an INSERT statement per row */
} LoadPath;
extern int	onboard_load_path;

/* What this session did; shown by onboard_statistics(). */
typedef struct OnboardCounters
{
	int64		rows_direct;	/* stored by direct insertion */
	int64		rows_probed;	/* of those, looked up before */
	int64		rows_plain;		/* stored by INSERT statements */
	int64		rows_rejected;	/* got at least one finding */
	int64		rows_replayed;	/* had a verdict already */
	int64		conflicts;		/* inserted directly, then taken back */
	int64		windows;		/* passes over the unique indexes */
} OnboardCounters;
extern OnboardCounters onboard_counters;

/* Version of the script that created the extension's objects, in the current context. */
extern char *onboard_script_version(void);

#endif							/* ONBOARD_H */
