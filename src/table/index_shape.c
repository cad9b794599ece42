/*-------------------------------------------------------------------------
 *
 * index_shape.c
 *	  What an index demands of a row: is it unique, and can it refuse the
 *	  row?
 *
 * An index on 100 / stock_quantity refuses a product without stock, an index on
 * description a long description.  INSERT reports which row it was; a batch would
 * fail as a whole, now and on each retry.  So if an index might refuse a row, rows
 * are stored by INSERT.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/others_code.h"
#include "table/index_shape.h"

/*
 * A B-tree entry has at most 2704 bytes, the lowest limit of all index types;
 * part of that is overhead.
 */
#define INDEX_ENTRY_BYTES 2600

/*
 * Bytes for the value of a column that is too short to matter, with its header
 * and alignment.
 */
#define SHORT_VALUE_BYTES 80

/*
 * Growth of a text under upper(): some characters become three characters of two
 * bytes each.  A column counts four bytes per character, a constant its actual
 * size.
 */
#define CASE_MAPPING_GROWTH 2

/*
 * Leakproof functions of the server never raise an error, and neither do the ones
 * listed here.  What a user's function does can change at any time.
 */
static bool
may_raise(Oid function, void *context)
{
	static const Oid harmless[] = {
		F_LOWER_TEXT,  F_UPPER_TEXT,       F_BTRIM_TEXT, F_MD5_TEXT,
		F_LENGTH_TEXT, F_CHAR_LENGTH_TEXT, F_TEXTCAT,    F_TO_TSVECTOR_REGCONFIG_TEXT,
		F_NUMERIC_EQ,  F_NUMERIC_NE,       F_NUMERIC_LT, F_NUMERIC_LE,
		F_NUMERIC_GT,  F_NUMERIC_GE,
	};
	int i;

	for (i = 0; i < lengthof(harmless); i++)
	{
		if (function == harmless[i])
			return false;
	}
	return function >= FirstNormalObjectId || !get_func_leakproof(function);
}

static bool
may_raise_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_Var:
		case T_Const:
		case T_RelabelType:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CoalesceExpr:
			break;
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
			if (check_functions_in_node(node, may_raise, context))
				return true;
			break;
		default:
			return true;
	}
	return expression_tree_walker(node, may_raise_walker, context);
}

/*
 * Return the maximum size of a column's value; nothing fills the columns that
 * users added.
 */
static int
column_bytes(const TableShape *shape, AttrNumber number)
{
	if (number < 1 || number > shape->column_count)
		return 0;
	return Max(shape->columns[number - 1].max_bytes, SHORT_VALUE_BYTES);
}

/* What the values of an expression are made of. */
typedef struct ExpressionSize
{
	const TableShape *shape;
	Size bytes; /* of all its columns and constants */
} ExpressionSize;

static bool
add_bytes(Node *node, void *argument)
{
	ExpressionSize *size = argument;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
		size->bytes += column_bytes(size->shape, ((Var *) node)->varattno);
	else if (IsA(node, Const) && !((Const *) node)->constisnull && ((Const *) node)->constlen == -1)
		size->bytes += 2 * VARSIZE_ANY(DatumGetPointer(((Const *) node)->constvalue));
	return expression_tree_walker(node, add_bytes, argument);
}

/*
 * Return the maximum size of an entry.  A function that may_raise() accepts
 * returns a value as long as its arguments together, or one of them in another
 * case.
 */
static Size
entry_bytes(Relation index, const TableShape *shape)
{
	ExpressionSize size = {shape, 0};
	Size bytes = 0;
	int i;

	for (i = 0; i < index->rd_index->indnatts; i++)
		bytes += column_bytes(shape, index->rd_index->indkey.values[i]);
	(void) add_bytes((Node *) RelationGetIndexExpressions(index), &size);
	return bytes + CASE_MAPPING_GROWTH * size.bytes;
}

/* A user's operator class may compare by a function that raises any error. */
static bool
support_may_raise(Relation index)
{
	int count = IndexRelationGetNumberOfKeyAttributes(index) * index->rd_indam->amsupport;
	int i;

	for (i = 0; i < count; i++)
	{
		if (OidIsValid(index->rd_support[i]) && !function_is_compiled(index->rd_support[i]))
			return true;
	}
	return false;
}

/*
 * Does the index store a short key in place of the column's value?  It does for
 * hashes, trigrams and anything else of fixed size, for the words of a tsvector,
 * and for the keys and strings within jsonb, which are hashed if long.  Other
 * operator classes of GIN store elements or, with btree_gin, the value itself.
 */
static bool
stores_short_key(Relation index, int column)
{
	Oid input = index->rd_opcintype[column];

	if (index->rd_rel->relam == HASH_AM_OID)
		return true;
	return index->rd_rel->relam == GIN_AM_OID &&
		   (TupleDescAttr(RelationGetDescr(index), column)->attlen > 0 ||
			((input == TSVECTOROID || input == JSONBOID) &&
			 index->rd_opfamily[column] < FirstNormalObjectId));
}

/* Does it for all columns?  Neither index type has INCLUDE columns. */
static bool
stores_short_keys(Relation index)
{
	int i;

	for (i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		if (!stores_short_key(index, i))
			return false;
	}
	return true;
}

bool
index_is_unique_on(Relation index, const AttrNumber *columns, int column_count)
{
	int i;

	if (!index->rd_index->indisunique || !index->rd_index->indimmediate ||
		!index->rd_index->indisvalid || index->rd_rel->relam != BTREE_AM_OID ||
		index->rd_index->indnkeyatts != column_count || RelationGetIndexPredicate(index) != NIL)
		return false;
	for (i = 0; i < column_count; i++)
	{
		bool is_text = index->rd_opfamily[i] == TEXT_BTREE_FAM_OID;

		if (columns[i] == InvalidAttrNumber || index->rd_index->indkey.values[i] != columns[i] ||
			(!is_text && index->rd_opfamily[i] != INTEGER_BTREE_FAM_OID) ||
			(is_text && index->rd_indcollation[i] != C_COLLATION_OID))
			return false;
	}
	return true;
}

bool
index_is_bare(Relation index)
{
	int i;

	for (i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		if (index->rd_indoption[i] != 0)
			return false;
	}
	return index->rd_index->indnatts == index->rd_index->indnkeyatts &&
		   !index_nulls_not_distinct(index);
}

bool
index_can_refuse(Relation index, const TableShape *shape)
{
	if (may_raise_walker((Node *) RelationGetIndexExpressions(index), NULL) ||
		may_raise_walker((Node *) RelationGetIndexPredicate(index), NULL) ||
		support_may_raise(index))
		return true;
	return !stores_short_keys(index) && entry_bytes(index, shape) > INDEX_ENTRY_BYTES;
}
