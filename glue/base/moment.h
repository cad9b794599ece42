/*-------------------------------------------------------------------------
 *
 * moment.h
 *	  Points in time as text.
 *
 * A moment is in microseconds since 1970.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MOMENT_H
#define GLUE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* The beginning of the year 1, the earliest time. */
#define MOMENT_EARLIEST INT64_C(-62135596800000000)

/* "2026-11-28T12:34:56.789012Z" and the NUL, with room for any year. */
#define MOMENT_SIZE 64

/*
 * Parse
 *	  a date, which begins at midnight: 2026-11-28
 *	  an RFC 3339 timestamp: 2026-11-28T12:30:00Z, ...T12:30:00.5+01:00
 * A blank may replace the T; seconds and zone are optional.  Without a zone, the
 * time is local.  Returns false for anything else, including nonexistent days.
 */
extern bool moment_parse(const char *text, int64_t *moment);

/* Write a moment in UTC, as PostgreSQL reads it in every setting. */
extern void moment_write(int64_t moment, char text[MOMENT_SIZE]);

#endif /* GLUE_MOMENT_H */
