/*-------------------------------------------------------------------------
 *
 * breaker_test.c
 *	  The circuit breaker.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "database/breaker.h"

static void
test_breaker(void)
{
	struct breaker breaker;

	breaker_init(&breaker, 3, 1000);
	ok(breaker_allows(&breaker, 0), "initially, attempts are allowed");
	breaker_failure(&breaker, 10);
	breaker_failure(&breaker, 20);
	ok(breaker_allows(&breaker, 20), "after two failures");
	breaker_success(&breaker);
	breaker_failure(&breaker, 30);
	breaker_failure(&breaker, 40);
	ok(breaker_allows(&breaker, 40), "a success resets the count");
	breaker_failure(&breaker, 50);
	ok(!breaker_allows(&breaker, 50), "not after three consecutive failures");
	ok(!breaker_allows(&breaker, 1049), "during the pause");
	ok(breaker_allows(&breaker, 1050), "then one attempt is allowed");
	breaker_failure(&breaker, 1060);
	ok(!breaker_allows(&breaker, 1061), "its failure starts another pause");
	ok(breaker_allows(&breaker, 2060), "and then again");
	breaker_success(&breaker);
	breaker_failure(&breaker, 2070);
	ok(breaker_allows(&breaker, 2070), "its success ends the pause");
}

int
main(void)
{
	test_breaker();
	return unit_done();
}
