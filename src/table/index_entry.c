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
index_entry_has_changed_key(const IndexInfo *info, uint64 changed)
{
	int i;

	for (i = 0; i < info->ii_NumIndexKeyAttrs; i++)
	{
		AttrNumber column = info->ii_IndexAttrNumbers[i];

		/* An expression counts as changed, which costs a check and a hint. */
		if (column <= 0 || column > 64 || (changed & (UINT64CONST(1) << (column - 1))) != 0)
			return true;
	}
	return false;
}

void
index_entry_insert_values(Relation table, Relation index, IndexInfo *info, Datum *values,
						  bool *nulls, ItemPointer tid, uint64 changed, bool has_gone_entries)
{
	bool is_changed = index_entry_has_changed_key(info, changed);

	(void) index_insert(index, values, nulls, tid, table,
						is_changed ? index_entry_usual_check(index) : UNIQUE_CHECK_NO,
						!is_changed && has_gone_entries, info);
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
