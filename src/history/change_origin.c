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

/* The origin that is set, if set_in is valid. */
static struct
{
	ChangeOrigin origin;
	int trigger_depth;       /* of the statements that it applies to */
	SubTransactionId set_in; /* forgotten if this is rolled back */
} current = {.set_in = InvalidSubTransactionId};

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
	if (current.set_in != id)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		current.set_in = InvalidSubTransactionId;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		current.set_in = parent;
}

static void
at_transaction_end(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		current.set_in = InvalidSubTransactionId;
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
	current.origin = *origin;
	current.trigger_depth = trigger_depth();
	current.set_in = GetCurrentSubTransactionId();
}

void
change_origin_clear(void)
{
	current.set_in = InvalidSubTransactionId;
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
	if (current.set_in == InvalidSubTransactionId || trigger_depth() != current.trigger_depth + 1)
		return NULL;
	return &current.origin;
}
