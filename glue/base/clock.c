/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  The two clocks: monotonic time and the time of day.
 *
 *-------------------------------------------------------------------------
 */
#include <time.h>

#include "base/clock.h"

static int64_t
milliseconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_milliseconds(void)
{
	return milliseconds_of(CLOCK_MONOTONIC);
}

int64_t
day_milliseconds(void)
{
	return milliseconds_of(CLOCK_REALTIME);
}

int
clock_poll_timeout(int64_t milliseconds)
{
	return milliseconds > INT32_MAX ? INT32_MAX : (int) milliseconds;
}
