/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  A progress bar on a terminal, nothing anywhere else.
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
	int64_t total;     /* 0: not known */
	int64_t first;     /* done before we began; not part of the rate */
	int64_t started_ms;
	int64_t next_ms; /* when to draw again */
};

/*
 * Begin a bar; the texts are borrowed.  With enabled false, or where standard
 * error is no terminal, nothing is ever drawn.
 */
extern void progress_begin(struct progress *progress, bool enabled, const char *label,
						   const char *unit, int64_t total, int64_t first);

/* So much is done; cheap enough to call for every block or thousand rows. */
extern void progress_update(struct progress *progress, int64_t done);

/* Wipe the bar. */
extern void progress_end(struct progress *progress);

#endif /* GLUE_PROGRESS_H */
