/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the major versions of PostgreSQL, in one place.
 *
 * All other code is written as for the version the tests run on.  Include this
 * after the server's own headers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_COMPAT_H
#define ONBOARD_COMPAT_H

#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/* Return the sequence that belongs to an identity column. */
static inline Oid
identity_sequence(Relation relation, AttrNumber column)
{
#if PG_VERSION_NUM >= 170000
	return getIdentitySequence(relation, column, false);
#else
	return getIdentitySequence(RelationGetRelid(relation), column, false);
#endif
}

/* Insert a tuple's entries into all indexes; a duplicate raises an error. */
static inline void
insert_index_entries(ResultRelInfo *result_info, TupleTableSlot *slot, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	ExecInsertIndexTuples(result_info, slot, estate, false, false, NULL, NIL, false);
#else
	ExecInsertIndexTuples(result_info, slot, estate, false, false, NULL, NIL);
#endif
}

/* Begin an index scan; index_rescan() supplies the keys. */
static inline IndexScanDesc
begin_index_scan(Relation table, Relation index, Snapshot snapshot, int key_count)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, key_count, 0);
#else
	return index_beginscan(table, index, snapshot, key_count, 0);
#endif
}

/* Release what index_insert() keeps between calls (BRIN does). */
static inline void
end_index_entries(Relation index, IndexInfo *info)
{
#if PG_VERSION_NUM >= 170000
	index_insert_cleanup(index, info);
#else
	(void) index;
	(void) info;
#endif
}

#if PG_VERSION_NUM < 160000
/* Which indexes need an entry for the new version of a tuple. */
typedef enum TU_UpdateIndexes
{
	TU_None,
	TU_All,
	TU_Summarizing
} TU_UpdateIndexes;
#endif

/*
 * Replace a tuple, waiting for other transactions that change it; see
 * table_tuple_update().
 */
static inline TM_Result
update_tuple(Relation table, ItemPointer tid, TupleTableSlot *slot, Snapshot crosscheck,
			 TM_FailureData *failure, TU_UpdateIndexes *entries)
{
	LockTupleMode lock_mode;
#if PG_VERSION_NUM >= 160000
	return table_tuple_update(table, tid, slot, GetCurrentCommandId(true), SnapshotSelf, crosscheck,
							  true, failure, &lock_mode, entries);
#else
	bool any_entries;
	TM_Result result = table_tuple_update(table, tid, slot, GetCurrentCommandId(true), SnapshotSelf,
										  crosscheck, true, failure, &lock_mode, &any_entries);

	*entries = any_entries ? TU_All : TU_None;
	return result;
#endif
}

/* Does the index summarize page ranges, and so need an entry even if others do not? */
static inline bool
index_is_summarizing(const IndexInfo *info)
{
#if PG_VERSION_NUM >= 160000
	return info->ii_Summarizing;
#else
	(void) info;
	return false;
#endif
}

/* Is the CHECK constraint enforced? */
static inline bool
is_enforced_check(const ConstrCheck *check)
{
#if PG_VERSION_NUM >= 180000
	return check->ccenforced;
#else
	(void) check;
	return true;
#endif
}

/* Does the unique index treat nulls as equal? */
static inline bool
index_nulls_not_distinct(Relation index)
{
#if PG_VERSION_NUM >= 150000
	return index->rd_index->indnullsnotdistinct;
#else
	(void) index;
	return false;
#endif
}

#if PG_VERSION_NUM < 150000
/* Collect the result of a set-returning function, as later versions do. */
static inline void
InitMaterializedSRF(FunctionCallInfo fcinfo, uint32 flags)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;

	if (result == NULL || !IsA(result, ReturnSetInfo) || !(result->allowedModes & SFRM_Materialize))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("set-valued function called in context that cannot accept a set")));
	caller = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &result->setDesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result->returnMode = SFRM_Materialize;
	result->setResult = tuplestore_begin_heap(true, false, work_mem);
	MemoryContextSwitchTo(caller);
}
#endif

#endif /* ONBOARD_COMPAT_H */
