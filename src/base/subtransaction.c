/*-------------------------------------------------------------------------
 *
 * subtransaction.c
 *	  Work that can be undone without ending the transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/subtransaction.h"

bool
subtransaction_run(SubtransactionWork work, void *argument, ErrorData **caught)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner resource_owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;
	volatile bool stays = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		stays = work(argument);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		stays = false;
	}
	PG_END_TRY();
	if (stays)
		ReleaseCurrentSubTransaction();
	else
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = resource_owner;
	if (error != NULL && caught == NULL)
		ReThrowError(error);
	if (caught != NULL)
		*caught = error;
	return stays;
}
