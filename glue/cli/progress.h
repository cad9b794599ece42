/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  Draw a progress bar on a terminal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_PROGRESS_H
#define GLUE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress
{
	bool enabled;
	const char *label; /* "Reading", "Loading" */
	const char *unit;  /* "rows", or "bytes", which are shown in MB */
	int64_t total;     /* 0: unknown */
	int64_t first;     /* done before the start; not part of the rate */
	int64_t started_ms;
	int64_t next_ms; /* when to draw again */
};

/*
 * Begin a bar; the strings are borrowed.  Draws nothing if enabled is false or
 * standard error is not a terminal.
 */
extern void progress_begin(struct progress *progress, bool enabled, const char *label,
						   const char *unit, int64_t total, int64_t first);

/*
 * Report the amount done; cheap enough to call for every block or thousand
 * rows.
 */
extern void progress_update(struct progress *progress, int64_t done);

/* Wipe the bar. */
extern void progress_end(struct progress *progress);

#endif /* GLUE_PROGRESS_H */
