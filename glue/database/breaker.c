/*-------------------------------------------------------------------------
 *
 * breaker.c
 *	  A circuit breaker: pause attempts after repeated failures.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "database/breaker.h"

void
breaker_init(struct breaker *breaker, int64_t most_failures, int64_t pause_ms)
{
	memset(breaker, 0, sizeof(*breaker));
	breaker->most_failures = most_failures;
	breaker->pause_ms = pause_ms;
}

bool
breaker_allows(const struct breaker *breaker, int64_t now_ms)
{
	return breaker->failures < breaker->most_failures || now_ms >= breaker->refused_until;
}

void
breaker_success(struct breaker *breaker)
{
	breaker->failures = 0;
}

void
breaker_failure(struct breaker *breaker, int64_t now_ms)
{
	if (breaker->failures < breaker->most_failures)
		breaker->failures++;
	breaker->refused_until = now_ms + breaker->pause_ms;
}
