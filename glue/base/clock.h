/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The two clocks: one that only runs forward, and the time of day.
 *
 * Deadlines and durations are of the monotonic clock.  It may stop while the
 * service has frozen a function's process; the time of day continues, but may jump.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CLOCK_H
#define GLUE_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock. */
extern int64_t clock_milliseconds(void);

/* Milliseconds since 1970. */
extern int64_t day_milliseconds(void);

/* What poll() takes for so many milliseconds. */
extern int clock_poll_timeout(int64_t milliseconds);

#endif /* GLUE_CLOCK_H */
