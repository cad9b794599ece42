/*-------------------------------------------------------------------------
 *
 * index_entry.c
 *	  Index entries of one tuple, made without the executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "utils/rel.h"

#include "table/index_entry.h"

IndexUniqueCheck
index_entry_usual_check(Relation index)
{
	return index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;
}

bool
index_entry_insert(Relation table, Relation index, IndexInfo *info, TupleTableSlot *slot,
				   EState *estate, IndexUniqueCheck check, bool is_unchanged)
{
	ExprContext *expressions = GetPerTupleExprContext(estate);
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];

	if (!info->ii_ReadyForInserts)
		return true;
	expressions->ecxt_scantuple = slot;
	if (info->ii_Predicate != NIL)
	{
		if (info->ii_PredicateState == NULL)
			info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, estate);
		if (!ExecQual(info->ii_PredicateState, expressions))
			return true;
	}
	FormIndexDatum(info, slot, estate, values, nulls);
	return index_insert(index, values, nulls, &slot->tts_tid, table, check, is_unchanged, info) ||
		   check != UNIQUE_CHECK_PARTIAL;
}
