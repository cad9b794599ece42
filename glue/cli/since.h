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
 *	  a date or time, as moment_parse() reads it
 * now is in microseconds since 1970.  Returns false for anything else.
 */
extern bool since_parse(const char *text, int64_t now, int64_t *moment);

#endif /* GLUE_SINCE_H */
