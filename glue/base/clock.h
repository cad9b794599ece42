/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The two clocks: monotonic time and the time of day.
 *
 * Deadlines and durations use the monotonic clock, which may stop while Lambda
 * has frozen the process.  The time of day continues, but may jump.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CLOCK_H
#define GLUE_CLOCK_H

#include <stdint.h>

/* Return monotonic time in milliseconds. */
extern int64_t clock_milliseconds(void);

/* Return milliseconds since 1970-01-01 00:00 UTC. */
extern int64_t day_milliseconds(void);

/* Clamp milliseconds to a timeout that poll() accepts. */
extern int clock_poll_timeout(int64_t milliseconds);

#endif /* GLUE_CLOCK_H */
