/*-------------------------------------------------------------------------
 *
 * since.h
 *	  Parse the value of --since.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SINCE_H
#define GLUE_SINCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Parse a point in time into microseconds since 1970.  text is
 *	  a duration before now: 90s, 30m, 2h, 3d, 1w
 *	  a date, which begins at midnight: 2026-11-28
 *	  an RFC 3339 timestamp: 2026-11-28T12:30:00Z, ...T12:30:00.5+01:00
 * A blank may replace the T; seconds and zone are optional.  Without a zone,
 * the time is local. now is in microseconds since 1970.  Returns false for
 * anything else, including nonexistent days.
 */
extern bool since_parse(const char *text, int64_t now, int64_t *moment);

#endif /* GLUE_SINCE_H */
