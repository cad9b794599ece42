/*-------------------------------------------------------------------------
 *
 * breaker.h
 *	  A circuit breaker: pause attempts after repeated failures.
 *
 * After most_failures consecutive failures, attempts are refused for pause_ms.
 * Then one attempt is allowed; if it fails, another pause begins, and if it
 * succeeds, the count restarts.  Reads no clock: the caller passes the time, in
 * milliseconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_BREAKER_H
#define GLUE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* Caller storage; owns nothing. */
struct breaker
{
	/* immutable */
	int64_t most_failures;
	int64_t pause_ms;
	/* mutable */
	int64_t failures;      /* consecutive */
	int64_t refused_until; /* end of the pause */
};

extern void breaker_init(struct breaker *breaker, int64_t most_failures, int64_t pause_ms);

/* Return whether an attempt may be made now. */
extern bool breaker_allows(const struct breaker *breaker, int64_t now_ms);

extern void breaker_success(struct breaker *breaker);
extern void breaker_failure(struct breaker *breaker, int64_t now_ms);

#endif /* GLUE_BREAKER_H */
