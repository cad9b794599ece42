/*-------------------------------------------------------------------------
 *
 * breaker.h
 *	  A circuit breaker: leaves alone what keeps failing.
 *
 * After so many failures in a row attempts are refused for a while.  Then one
 * attempt is let through; its failure begins another while, its success ends
 * it all.  Knows no clock: the caller says what time it is, in milliseconds.
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
	int64_t failures;      /* in a row */
	int64_t refused_until; /* attempts are refused before it */
};

extern void breaker_init(struct breaker *breaker, int64_t most_failures, int64_t pause_ms);

/* Whether an attempt may be made now. */
extern bool breaker_allows(const struct breaker *breaker, int64_t now_ms);

extern void breaker_success(struct breaker *breaker);
extern void breaker_failure(struct breaker *breaker, int64_t now_ms);

#endif /* GLUE_BREAKER_H */
