/*-------------------------------------------------------------------------
 *
 * changed_default.c
 *	  The defaults of columns of onboard.products that users changed.
 *
 * An INSERT leaves out a blank, so the server stores the default.  A row that
 * changes a product must store the same value: otherwise a file that is loaded
 * again would change the products that it inserted.  The value is also needed to
 * tell whether anything changes, so the default is evaluated here, once per
 * statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/owner.h"
#include "catalogue/catalogue_internal.h"
#include "catalogue/changed_default.h"

struct ChangedDefault
{
	bool is_evaluated;
	bool is_null;
	Datum value;
};

/* Return the default as an expression of the shipped type; NULL for null. */
static Node *
default_expression(Relation products, enum onboard_column column)
{
	const ColumnShape *shape = &products_shape.columns[product_column(column) - 1];
	AttrNumber number = get_attnum(RelationGetRelid(products), shape->name);
	Node *expression = build_column_default(products, number);

	if (expression == NULL)
		return NULL;
	return coerce_to_target_type(NULL, expression, exprType(expression), shape->type, shape->typmod,
								 COERCION_EXPLICIT, COERCE_EXPLICIT_CAST, -1);
}

/* Evaluate a default with the rights and the search_path that it has in an INSERT. */
static void
evaluate(Catalogue *catalogue, Node *expression, struct ChangedDefault *result)
{
	EState *estate = CreateExecutorState();
	OwnerSection section;
	Datum value;

	owner_enter_plain(&section);
	value = ExecEvalExprSwitchContext(ExecPrepareExpr((Expr *) expression, estate),
									  GetPerTupleExprContext(estate), &result->is_null);
	owner_leave(&section);
	if (!result->is_null)
	{
		MemoryContext caller = MemoryContextSwitchTo(catalogue->context);
		int16 length;
		bool by_value;

		get_typlenbyval(exprType(expression), &length, &by_value);
		result->value = datumCopy(value, by_value, length);
		MemoryContextSwitchTo(caller);
	}
	FreeExecutorState(estate);
}

static bool
is_changed(const Catalogue *catalogue, enum onboard_column column)
{
	return (catalogue->changed_defaults & (UINT64CONST(1) << (product_column(column) - 1))) != 0;
}

bool
changed_default_is_generated(Catalogue *catalogue, enum onboard_column column)
{
	AttrNumber number;

	if (!is_changed(catalogue, column))
		return false;
	number = get_attnum(RelationGetRelid(catalogue->products),
						products_shape.columns[product_column(column) - 1].name);
	return TupleDescAttr(RelationGetDescr(catalogue->products), number - 1)->attgenerated != '\0';
}

bool
changed_default_find(Catalogue *catalogue, enum onboard_column column, Datum *value, bool *is_null)
{
	struct ChangedDefault *found;

	if (!is_changed(catalogue, column))
		return false;
	if (catalogue->default_values == NULL)
		catalogue->default_values =
			MemoryContextAllocZero(catalogue->context, COLUMN_COUNT * sizeof(*found));
	found = &catalogue->default_values[column];
	if (!found->is_evaluated)
	{
		Node *expression = default_expression(catalogue->products, column);

		found->is_null = expression == NULL;
		if (expression != NULL)
			evaluate(catalogue, expression, found);
		found->is_evaluated = true;
	}
	*value = found->value;
	*is_null = found->is_null;
	return true;
}
