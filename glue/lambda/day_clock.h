/*-------------------------------------------------------------------------
 *
 * day_clock.h
 *	  The time of day, in milliseconds.
 *
 * Unlike clock_milliseconds() it goes on while a sandbox is frozen, and may
 * jump.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_DAY_CLOCK_H
#define GLUE_LAMBDA_DAY_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since 1970. */
static inline int64_t
day_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif /* GLUE_LAMBDA_DAY_CLOCK_H */
