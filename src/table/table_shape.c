/*-------------------------------------------------------------------------
 *
 * table_shape.c
 *	  Does a table do anything on INSERT that the extension did not ship?
 *
 * Direct insertion skips what an INSERT statement would do: triggers, policies,
 * defaults, generated columns, checks, exclusion constraints, partition bounds.
 * shipped_shape.c holds what direct insertion assumes; a table that has anything
 * else gets its rows through INSERT statements instead.
 *
 * What counts is what an object does, never its name: a user may replace a
 * shipped constraint or policy with another one of the same name.  Expressions
 * are compared as deparse_expression() prints them.
 *
 * Allowed beyond what we shipped: indexes that refuse no row, columns that are
 * null by default, triggers on UPDATE and DELETE, policies that do not concern
 * INSERT, other actions of a foreign key on UPDATE and DELETE.
 *
 * The comparison takes a good part of a small call of onboard_ingest(), so its
 * result is kept until the relation cache announces a change of the table or of
 * one that its foreign keys reference.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "nodes/pg_list.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "table/index_shape.h"
#include "table/table_shape.h"

#define DEPARTURE_SIZE 192 /* bytes, including the terminator */

/*
 * The policy on INSERT that we ship: the role that runs the statement is an
 * operator.
 */
#define SHIPPED_WITH_CHECK "(SELECT onboard.is_operator() AS is_operator)"

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

/* Return an expression of a column, constraint or policy of the table, as text. */
static char *
expression_text(Relation relation, Node *expression)
{
	List *context =
		deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));

	return deparse_expression(expression, context, false, false);
}

/* Direct insertion leaves added columns null; check that INSERT does, too. */
static bool
stays_null(Form_pg_attribute column)
{
	return column->attisdropped ||
		   (!column->attnotnull && !column->atthasdef && column->attidentity == '\0' &&
			column->attgenerated == '\0' && get_typtype(column->atttypid) != TYPTYPE_DOMAIN);
}

/* A long value in a column that is never stored out of line can make a row too big. */
static bool
stays_in_line(Form_pg_attribute column)
{
	return column->attlen < 0 && column->attstorage == TYPSTORAGE_PLAIN;
}

static bool
is_shipped_column(Form_pg_attribute column, const ColumnShape *shipped)
{
	Oid collation =
		OidIsValid(shipped->collation) ? shipped->collation : get_typcollation(shipped->type);

	return !column->attisdropped && strcmp(NameStr(column->attname), shipped->name) == 0 &&
		   column->atttypid == shipped->type && column->atttypmod == shipped->typmod &&
		   column->attcollation == collation && column->attnotnull == shipped->not_null &&
		   column->attidentity == shipped->identity && column->attgenerated == '\0' &&
		   !stays_in_line(column);
}

static bool
is_shipped_default(Relation relation, Form_pg_attribute column, const ColumnShape *shipped)
{
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	int i;

	if (!column->atthasdef || shipped->default_value == NULL)
		return !column->atthasdef && shipped->default_value == NULL;
	for (i = 0; i < constraints->num_defval; i++)
	{
		if (constraints->defval[i].adnum == column->attnum)
			return strcmp(expression_text(relation, stringToNode(constraints->defval[i].adbin)),
						  shipped->default_value) == 0;
	}
	return false;
}

static const char *
column_departure(Relation relation, const TableShape *shape)
{
	TupleDesc descriptor = RelationGetDescr(relation);
	int i;

	if (descriptor->natts < shape->column_count)
		return "it lacks columns";
	for (i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(descriptor, i);

		if (i >= shape->column_count)
		{
			if (!stays_null(column))
				return psprintf(
					"it has an added column with a default, a constraint or a generated value, \"%s\"",
					NameStr(column->attname));
			continue;
		}
		if (!is_shipped_column(column, &shape->columns[i]))
			return psprintf("the definition of column \"%s\" was changed", shape->columns[i].name);
		if (!is_shipped_default(relation, column, &shape->columns[i]))
			return psprintf("the default of column \"%s\" was changed", shape->columns[i].name);
	}
	return NULL;
}

static const char *
check_departure(Relation relation, const TableShape *shape)
{
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	int i;

	for (i = 0; constraints != NULL && i < constraints->num_check; i++)
	{
		const ConstrCheck *check = &constraints->check[i];

		if (is_enforced_check(check) &&
			!is_shipped_check(shape, expression_text(relation, stringToNode(check->ccbin))))
			return psprintf("it has an added or changed CHECK constraint, \"%s\"", check->ccname);
	}
	return NULL;
}

/* Is this array of column numbers, from a pg_constraint row, exactly this column? */
static bool
is_column_array(HeapTuple constraint, AttrNumber attribute, Oid relation, const char *column)
{
	bool is_null;
	Datum datum = SysCacheGetAttr(CONSTROID, constraint, attribute, &is_null);
	ArrayType *array;

	if (is_null)
		return false;
	array = DatumGetArrayTypeP(datum);
	return ARR_NDIM(array) == 1 && ARR_DIMS(array)[0] == 1 &&
		   *(AttrNumber *) ARR_DATA_PTR(array) == get_attnum(relation, column);
}

static bool
is_foreign_key(Relation relation, HeapTuple constraint, const ForeignKeyShape *shipped)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(constraint);
	Oid referenced = get_relname_relid(shipped->referenced_table, RelationGetNamespace(relation));

	return form->contype == CONSTRAINT_FOREIGN && !form->condeferrable &&
		   form->confrelid == referenced &&
		   is_column_array(constraint, Anum_pg_constraint_conkey, RelationGetRelid(relation),
						   shipped->column) &&
		   is_column_array(constraint, Anum_pg_constraint_confkey, referenced,
						   shipped->referenced_column);
}

/* Is this the trigger of a foreign key that we shipped? */
static bool
is_shipped_foreign_key(Relation relation, const Trigger *trigger, const TableShape *shape)
{
	const ForeignKeyShape *shipped;
	HeapTuple constraint;
	bool found = false;

	if (trigger->tgfoid != F_RI_FKEY_CHECK_INS || !OidIsValid(trigger->tgconstraint))
		return false;
	constraint = SearchSysCache1(CONSTROID, ObjectIdGetDatum(trigger->tgconstraint));
	if (!HeapTupleIsValid(constraint))
		return false;
	for (shipped = shape->foreign_keys; shipped->column != NULL && !found; shipped++)
		found = is_foreign_key(relation, constraint, shipped);
	ReleaseSysCache(constraint);
	return found;
}

static bool
runs_on_insert(const Trigger *trigger)
{
	return TRIGGER_FOR_INSERT(trigger->tgtype) && trigger->tgenabled != TRIGGER_DISABLED;
}

bool
table_has_insert_trigger(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;
	int i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (runs_on_insert(&triggers->triggers[i]))
			return true;
	}
	return false;
}

static const char *
trigger_departure(Relation relation, const TableShape *shape)
{
	TriggerDesc *triggers = relation->trigdesc;
	int i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (!runs_on_insert(trigger) || is_shipped_foreign_key(relation, trigger, shape))
			continue;
		if (trigger->tgisinternal && OidIsValid(trigger->tgconstraint))
			return psprintf("it has an added or changed foreign key or constraint, \"%s\"",
							get_constraint_name(trigger->tgconstraint));
		return psprintf("it has a trigger on INSERT, \"%s\"", trigger->tgname);
	}
	return NULL;
}

/* Is this the policy that we shipped, as far as it concerns INSERT? */
static bool
is_shipped_policy(Relation relation, const RowSecurityPolicy *policy)
{
	return policy->permissive && policy->polcmd == '*' && policy->with_check_qual != NULL &&
		   ARR_NDIM(policy->roles) == 1 && ARR_DIMS(policy->roles)[0] == 1 &&
		   *(Oid *) ARR_DATA_PTR(policy->roles) == ACL_ID_PUBLIC &&
		   strcmp(expression_text(relation, (Node *) policy->with_check_qual),
				  SHIPPED_WITH_CHECK) == 0;
}

static const char *
policy_departure(Relation relation)
{
	bool found = false;
	ListCell *cell;

	/* Without row security no policy counts. */
	if (relation->rd_rsdesc == NULL)
		return NULL;
	foreach(cell, relation->rd_rsdesc->policies)
	{
		RowSecurityPolicy *policy = lfirst(cell);

		if (policy->polcmd != '*' && policy->polcmd != 'a')
			continue;
		if (!is_shipped_policy(relation, policy))
			return psprintf("it has an added or changed policy on INSERT, \"%s\"",
							policy->policy_name);
		found = true;
	}
	return found ? NULL : "its policy on INSERT is gone";
}

/* Return the position of this unique constraint among those we shipped, or -1. */
static int
shipped_unique(Relation relation, Relation index, const TableShape *shape)
{
	int i;

	for (i = 0; shape->unique[i].column_count > 0; i++)
	{
		const UniqueShape *shipped = &shape->unique[i];
		AttrNumber columns[SHAPE_MAX_KEYS];
		int column;

		for (column = 0; column < shipped->column_count; column++)
			columns[column] = get_attnum(RelationGetRelid(relation), shipped->columns[column]);
		if (index_is_unique_on(index, columns, shipped->column_count) && index_is_bare(index))
			return i;
	}
	return -1;
}

static const char *
index_departure_of(Relation relation, Relation index, const TableShape *shape, uint32 *seen)
{
	const char *name = RelationGetRelationName(index);
	int unique;

	if (index->rd_index->indisexclusion)
		return psprintf("it has an exclusion constraint, \"%s\"", name);
	if (index->rd_index->indisunique)
	{
		unique = shipped_unique(relation, index, shape);
		if (unique < 0 || (*seen & (1U << unique)) != 0)
			return psprintf("it has an added or changed unique index, \"%s\"", name);
		*seen |= 1U << unique;
		return NULL;
	}
	/* Ours are unique, or on short columns. */
	if (index_can_refuse(index, shape))
		return psprintf("it has an index that can refuse a row, \"%s\"", name);
	return NULL;
}

static const char *
index_departure(Relation relation, const TableShape *shape)
{
	List *indexes = RelationGetIndexList(relation);
	ListCell *cell;
	uint32 seen = 0;
	const char *departure = NULL;

	foreach(cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (departure == NULL)
			departure = index_departure_of(relation, index, shape, &seen);
		index_close(index, NoLock);
	}
	list_free(indexes);
	return departure;
}

/*
 * Expressions are printed according to the session's search_path and quoting;
 * with these settings a user's operator is printed with its schema.
 */
static int
begin_printing(void)
{
	int nest_level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("quote_all_identifiers", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

bool
is_operator_check(Relation relation, Node *expression)
{
	int nest_level = begin_printing();
	char *text = expression_text(relation, expression);

	AtEOXact_GUC(true, nest_level);
	return strcmp(text, SHIPPED_WITH_CHECK) == 0;
}

static const char *
find_departure(Relation relation, const TableShape *shape)
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

/* Find the columns whose default is not the shipped one. */
static uint64
find_changed_defaults(Relation relation, const TableShape *shape)
{
	TupleDesc descriptor = RelationGetDescr(relation);
	uint64 changed = 0;
	int i;

	for (i = 0; i < shape->column_count; i++)
	{
		AttrNumber number = get_attnum(RelationGetRelid(relation), shape->columns[i].name);

		if (number != InvalidAttrNumber &&
			!is_shipped_default(relation, TupleDescAttr(descriptor, number - 1),
								&shape->columns[i]))
			changed |= UINT64CONST(1) << i;
	}
	return changed;
}

/* What is known about a table, until it changes. */

typedef struct KnownShape
{
	const TableShape *shape;
	Oid relation;
	bool valid;
	Oid depends_on[SHAPE_MAX_FOREIGN_KEYS];
	char departure[DEPARTURE_SIZE]; /* "" for none */
	uint64 changed_defaults;        /* none without a departure */
} KnownShape;

static KnownShape known_shapes[] = {
	{&products_shape},
	{&validation_errors_shape},
	{&product_changes_shape},
	{&row_actions_shape},
};

/* Relcache callback; InvalidOid is every relation. */
static void
forget_shape(Datum argument, Oid relation)
{
	int i;
	int key;

	for (i = 0; i < lengthof(known_shapes); i++)
	{
		KnownShape *known = &known_shapes[i];

		if (!OidIsValid(relation) || relation == known->relation)
			known->valid = false;
		for (key = 0; key < SHAPE_MAX_FOREIGN_KEYS; key++)
		{
			if (relation == known->depends_on[key])
				known->valid = false;
		}
	}
}

/* Fill the cache entry from the table. */
static void
look_at(KnownShape *known, Relation relation)
{
	int nest_level = begin_printing();
	const char *departure = find_departure(relation, known->shape);

	strlcpy(known->departure, departure != NULL ? departure : "", sizeof(known->departure));
	known->changed_defaults = departure != NULL ? find_changed_defaults(relation, known->shape) : 0;
	AtEOXact_GUC(true, nest_level);
}

static void
find_out(KnownShape *known, Relation relation)
{
	const ForeignKeyShape *foreign_key = known->shape->foreign_keys;
	int i;

	known->relation = RelationGetRelid(relation);
	for (i = 0; i < SHAPE_MAX_FOREIGN_KEYS; i++)
	{
		known->depends_on[i] = InvalidOid;
		if (foreign_key->column != NULL)
			known->depends_on[i] = get_relname_relid((foreign_key++)->referenced_table,
													 RelationGetNamespace(relation));
	}
	/* A change announced during the look makes it invalid again. */
	known->valid = true;
	PG_TRY();
	{
		look_at(known, relation);
	}
	PG_CATCH();
	{
		known->valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

static const KnownShape *
known_shape(Relation relation, const TableShape *shape)
{
	static bool is_registered = false;
	KnownShape *known = known_shapes;

	if (!is_registered)
	{
		CacheRegisterRelcacheCallback(forget_shape, (Datum) 0);
		is_registered = true;
	}
	while (known->shape != shape)
		known++;
	if (!known->valid || known->relation != RelationGetRelid(relation))
		find_out(known, relation);
	return known;
}

const char *
table_shape_departure(Relation relation, const TableShape *shape)
{
	const KnownShape *known = known_shape(relation, shape);

	return known->departure[0] != '\0' ? known->departure : NULL;
}

uint64
table_shape_changed_defaults(Relation relation, const TableShape *shape)
{
	return known_shape(relation, shape)->changed_defaults;
}
