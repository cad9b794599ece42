/*-------------------------------------------------------------------------
 *
 * others_code.c
 *	  Does a query or expression run code written by users of this database?
 *
 * Such code may raise any error and, if volatile, may read and change any table.
 * Functions of PostgreSQL and its modules, which are written in C, do not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/others_code.h"

bool
function_is_compiled(Oid function)
{
	HeapTuple tuple;
	Oid language;

	if (function < FirstNormalObjectId)
		return true;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;
	ReleaseSysCache(tuple);
	return language == ClanguageId || language == INTERNALlanguageId;
}

static bool
may_change_tables(Oid function, void *context)
{
	return !function_is_compiled(function) && func_volatile(function) == PROVOLATILE_VOLATILE;
}

static bool
find_volatile_code(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_volatile_code, context, 0);
	if (check_functions_in_node(node, may_change_tables, context))
		return true;
	return expression_tree_walker(node, find_volatile_code, context);
}

bool
runs_volatile_code(Node *node)
{
	return find_volatile_code(node, NULL);
}
