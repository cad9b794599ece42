/*-------------------------------------------------------------------------
 *
 * table_shape.c
 *	  Does a table carry anything on INSERT that the extension did not ship?
 *
 * Direct insertion leaves out what an INSERT statement would do for others:
 * triggers, policies, generated columns, checks, exclusion constraints,
 * partition bounds.  Here stands what we shipped; a table that carries more
 * gets its rows through INSERT statements instead.
 *
 * Allowed beyond what we shipped: indexes that refuse no row, columns that
 * are null unless somebody sets them, triggers on UPDATE and DELETE, policies
 * that do not concern INSERT.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "nodes/pg_list.h"
#include "rewrite/rowsecurity.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "columns.h"
#include "index_shape.h"
#include "table_shape.h"

#define NUMERIC_TYPMOD(precision, scale) ((((precision) << 16) | (scale)) + VARHDRSZ)

static const ColumnShape products_columns[] = {
	{"product_id", INT8OID, -1, true},
	{"vendor_id", TEXTOID, -1, true},
	{"vendor_product_id", TEXTOID, -1, true, 400},
	{"product_name", TEXTOID, -1, true, 800},
	{"category", TEXTOID, -1, true, 400},
	{"subcategory", TEXTOID, -1, false, 400},
	{"description", TEXTOID, -1, false, 8000},
	{"sku", TEXTOID, -1, true, 400},
	{"brand", TEXTOID, -1, false, 400},
	{"price", NUMERICOID, NUMERIC_TYPMOD(10, 2), true},
	{"compare_at_price", NUMERICOID, NUMERIC_TYPMOD(10, 2), false},
	{"stock_quantity", INT4OID, -1, true},
	{"unit", TEXTOID, -1, true, 80},
	{"weight_kg", NUMERICOID, NUMERIC_TYPMOD(8, 2), false},
	{"dimensions_cm", TEXTOID, -1, false, 200},
	{"image_url", TEXTOID, -1, false, 8192},
	{"attributes", JSONBOID, -1, true, ONBOARD_MAX_RECORD_BYTES},
	{"status", TEXTOID, -1, true},
	{"upload_id", TEXTOID, -1, false},
	{"row_number", INT8OID, -1, false},
	{"line_number", INT8OID, -1, false},
	{"created_at", TIMESTAMPTZOID, -1, true},
	{"updated_at", TIMESTAMPTZOID, -1, true},
};

/* The rules are at least as strict as these, so rows that passed keep them. */
static const CheckShape products_checks[] = {
	{"products_price_check",
	"((price >= 0.01) AND (price <= 999999.99))"},
	{"products_compare_at_price_check",
	"((compare_at_price >= price) AND (compare_at_price <= 99999999.99))"},
	{"products_stock_quantity_check",
	"((stock_quantity >= 0) AND (stock_quantity <= 1000000))"},
	{"products_weight_kg_check",
	"((weight_kg >= 0.01) AND (weight_kg <= 999999.99))"},
	{"products_status_check",
	"(status = ANY (ARRAY['active'::text, 'inactive'::text, 'out_of_stock'::text, 'discontinued'::text]))"},
	{NULL}
};

static const char *const products_foreign_keys[] = {
	"products_vendor_id_fkey", NULL
};

static const char *const products_unique_indexes[] = {
	"products_pkey", "products_sku_key", "products_vendor_id_vendor_product_id_key", NULL
};

const TableShape products_shape = {
	products_columns, lengthof(products_columns), products_checks,
	products_foreign_keys, products_unique_indexes
};

static const ColumnShape validation_errors_columns[] = {
	{"error_id", INT8OID, -1, true},
	{"upload_id", TEXTOID, -1, true},
	{"vendor_id", TEXTOID, -1, true},
	{"row_number", INT8OID, -1, true},
	{"line_number", INT8OID, -1, false},
	{"vendor_product_id", TEXTOID, -1, false, ONBOARD_MAX_RECORD_BYTES},
	{"error_type", TEXTOID, -1, true},
	{"error_field", TEXTOID, -1, false},
	{"error_message", TEXTOID, -1, true, ONBOARD_MAX_RECORD_BYTES},
	{"severity", TEXTOID, -1, true},
	{"rejected_value", TEXTOID, -1, false, ONBOARD_MAX_RECORD_BYTES},
	{"suggestion", TEXTOID, -1, false, ONBOARD_MAX_RECORD_BYTES},
	{"original_data", JSONBOID, -1, true, ONBOARD_MAX_RECORD_BYTES},
	{"created_at", TIMESTAMPTZOID, -1, true},
};

static const CheckShape no_checks[] = {
	{NULL}
};

static const char *const validation_errors_foreign_keys[] = {
	"validation_errors_upload_id_fkey", "validation_errors_vendor_id_fkey", NULL
};

static const char *const validation_errors_unique_indexes[] = {
	"validation_errors_pkey", NULL
};

const TableShape validation_errors_shape = {
	validation_errors_columns, lengthof(validation_errors_columns), no_checks,
	validation_errors_foreign_keys, validation_errors_unique_indexes
};

static bool
is_listed(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
	{
		if (strcmp(name, *list) == 0)
			return true;
	}
	return false;
}

static const char *
kind_departure(Relation relation)
{
	if (relation->rd_rel->relkind != RELKIND_RELATION)
		return "it is not a plain table";
	if (relation->rd_rel->relam != HEAP_TABLE_AM_OID)
		return "it is not stored as a heap";
	if (relation->rd_rel->relispartition)
		return "it is a partition";
	if (relation->rd_rules != NULL)
		return "it has rules";
	return NULL;
}

/* A column that somebody added is left null; that must be what INSERT does. */
static bool
stays_null(Form_pg_attribute column)
{
	return column->attisdropped ||
		(!column->attnotnull && !column->atthasdef && column->attidentity == '\0' &&
		 column->attgenerated == '\0' && get_typtype(column->atttypid) != TYPTYPE_DOMAIN);
}

/* A long value of a column that is never stored out of line can make a row too big. */
static bool
stays_in_line(Form_pg_attribute column)
{
	return column->attlen < 0 && column->attstorage == TYPSTORAGE_PLAIN;
}

static const char *
column_departure(Relation relation, const TableShape *shape)
{
	TupleDesc	descriptor = RelationGetDescr(relation);
	int			i;

	if (descriptor->natts < shape->column_count)
		return "it lacks columns";
	for (i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(descriptor, i);

		if (i >= shape->column_count)
		{
			if (!stays_null(column))
				return "it has a further column with a default, a constraint or a generated value";
			continue;
		}
		if (column->attisdropped ||
			strcmp(NameStr(column->attname), shape->columns[i].name) != 0 ||
			column->atttypid != shape->columns[i].type ||
			column->atttypmod != shape->columns[i].typmod ||
			column->attnotnull != shape->columns[i].not_null ||
			column->attgenerated != '\0' || stays_in_line(column))
			return "the definition of a column was changed";
	}
	return NULL;
}

static bool
is_shipped_check(Relation relation, const ConstrCheck *check, const CheckShape *shipped)
{
	for (; shipped->name != NULL; shipped++)
	{
		List	   *context;
		char	   *expression;

		if (strcmp(shipped->name, check->ccname) != 0)
			continue;
		context = deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));
		expression = deparse_expression(stringToNode(check->ccbin), context, false, false);
		return strcmp(expression, shipped->expression) == 0;
	}
	return false;
}

static const char *
check_departure(Relation relation, const TableShape *shape)
{
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	int			i;

	for (i = 0; constraints != NULL && i < constraints->num_check; i++)
	{
		if (!is_shipped_check(relation, &constraints->check[i], shape->checks))
			return "it has a further CHECK constraint";
	}
	return NULL;
}

static const char *
trigger_departure(Relation relation, const TableShape *shape)
{
	TriggerDesc *triggers = relation->trigdesc;
	int			i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		char	   *constraint;

		if (!TRIGGER_FOR_INSERT(trigger->tgtype) || trigger->tgenabled == TRIGGER_DISABLED)
			continue;
		constraint = OidIsValid(trigger->tgconstraint) ?
			get_constraint_name(trigger->tgconstraint) : NULL;
		if (trigger->tgfoid != F_RI_FKEY_CHECK_INS || constraint == NULL ||
			!is_listed(constraint, shape->foreign_keys))
			return "it has a trigger on INSERT or a further foreign key";
	}
	return NULL;
}

static const char *
policy_departure(Relation relation)
{
	ListCell   *cell;

	if (relation->rd_rsdesc == NULL)
		return NULL;
	foreach(cell, relation->rd_rsdesc->policies)
	{
		RowSecurityPolicy *policy = lfirst(cell);

		if ((policy->polcmd == '*' || policy->polcmd == 'a') &&
			strcmp(policy->policy_name, "tenant") != 0)
			return "it has a further policy on INSERT";
	}
	return NULL;
}

static const char *
departure_of_index(Relation index, const TableShape *shape)
{
	Form_pg_index form = index->rd_index;

	if (form->indisexclusion)
		return "it has an exclusion constraint";
	if (form->indisunique && !is_listed(RelationGetRelationName(index), shape->unique_indexes))
		return "it has a further unique index";
	if (form->indisunique && !form->indimmediate)
		return "a unique constraint is deferrable";
	/* Ours are unique, or on columns that are short. */
	if (!form->indisunique && index_can_refuse(index, shape))
		return "it has an index that can refuse a row";
	return NULL;
}

static const char *
index_departure(Relation relation, const TableShape *shape)
{
	List	   *indexes = RelationGetIndexList(relation);
	ListCell   *cell;
	const char *departure = NULL;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (departure == NULL)
			departure = departure_of_index(index, shape);
		index_close(index, NoLock);
	}
	list_free(indexes);
	return departure;
}

const char *
table_shape_departure(Relation relation, const TableShape *shape)
{
	const char *departure = kind_departure(relation);

	if (departure == NULL)
		departure = column_departure(relation, shape);
	if (departure == NULL)
		departure = check_departure(relation, shape);
	if (departure == NULL)
		departure = trigger_departure(relation, shape);
	if (departure == NULL)
		departure = policy_departure(relation);
	if (departure == NULL)
		departure = index_departure(relation, shape);
	return departure;
}
