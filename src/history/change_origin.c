/*-------------------------------------------------------------------------
 *
 * change_origin.c
 *	  What caused a change of a product: an upload, an undo, or neither.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "history/change_origin.h"

/* Maximum nesting of our statements: a user's trigger may load another file. */
#define MAX_NESTED 16

/* The origins that are set, innermost last. */
static struct
{
	ChangeOrigin origin;
	int trigger_depth;       /* of the statements that it applies to */
	SubTransactionId set_in; /* forgotten if this is rolled back */
} origins[MAX_NESTED];
static int origin_count = 0;

/* Return the nesting depth of running trigger functions. */
static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId id, SubTransactionId parent,
					  void *argument)
{
	int i;

	for (i = origin_count - 1; i >= 0 && origins[i].set_in == id; i--)
	{
		if (event == SUBXACT_EVENT_ABORT_SUB)
			origin_count = i;
		else if (event == SUBXACT_EVENT_COMMIT_SUB)
			origins[i].set_in = parent;
	}
}

static void
at_transaction_end(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		origin_count = 0;
}

void
change_origin_set(const ChangeOrigin *origin)
{
	static bool is_registered = false;

	if (!is_registered)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_subtransaction_end, NULL);
		is_registered = true;
	}
	if (origin_count == MAX_NESTED)
		ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
						errmsg("uploads are nested too deeply by triggers")));
	origins[origin_count].origin = *origin;
	origins[origin_count].trigger_depth = trigger_depth();
	origins[origin_count].set_in = GetCurrentSubTransactionId();
	origin_count++;
}

void
change_origin_clear(void)
{
	Assert(origin_count > 0);
	origin_count--;
}

static int
compare_products(const void *a, const void *b)
{
	int64 first = *(const int64 *) a;
	int64 second = ((const ChangeReversal *) b)->product_id;

	return (first > second) - (first < second);
}

const ChangeReversal *
change_origin_reversal(const ChangeOrigin *origin, int64 product_id)
{
	if (origin->reversals == NULL)
		return NULL;
	return bsearch(&product_id, origin->reversals, origin->reversal_count, sizeof(ChangeReversal),
				   compare_products);
}

const ChangeOrigin *
change_origin_of_trigger(void)
{
	if (origin_count == 0 || trigger_depth() != origins[origin_count - 1].trigger_depth + 1)
		return NULL;
	return &origins[origin_count - 1].origin;
}
