/*-------------------------------------------------------------------------
 *
 * timestamp.h
 *	  Format timestamps for programs: RFC 3339, in UTC, with milliseconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_TIMESTAMP_H
#define GLUE_TIMESTAMP_H

#include <stdbool.h>

/* "2026-11-28T12:34:56.789Z" and the terminating NUL. */
#define TIMESTAMP_SIZE 32

/*
 * Convert a timestamptz as PostgreSQL prints it with DateStyle ISO, in any time
 * zone: "2026-11-28 13:34:56.789012+01".  Truncates to milliseconds, so that no
 * time becomes later. buffer holds TIMESTAMP_SIZE bytes.  Returns false for
 * values that RFC 3339 cannot express: infinity, and years before 1 or after
 * 9999.
 */
extern bool timestamp_rfc3339(const char *text, char *buffer);

#endif /* GLUE_TIMESTAMP_H */
