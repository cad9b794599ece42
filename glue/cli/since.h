/*-------------------------------------------------------------------------
 *
 * since.h
 *	  The time that --since means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SINCE_H
#define GLUE_SINCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Read a moment, as microseconds since 1970.  text is
 *	  a duration before now: 90s, 30m, 2h, 3d, 1w
 *	  a date, which begins at midnight: 2026-11-28
 *	  a moment of RFC 3339: 2026-11-28T12:30:00Z, ...T12:30:00.5+01:00
 * A blank may stand for the T; seconds and zone may be left out.  Without a zone
 * it is local time.  now is in microseconds since 1970.  False for anything else,
 * including days that no calendar has.
 */
extern bool since_parse(const char *text, int64_t now, int64_t *moment);

#endif /* GLUE_SINCE_H */
