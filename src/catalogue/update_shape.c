/*-------------------------------------------------------------------------
 *
 * update_shape.c
 *	  Does onboard.products do anything on UPDATE that the extension did not
 *	  ship?
 *
 * This adds to table_shape.c what concerns UPDATE alone: its triggers, the rows
 * that policies let it see, constraints that old rows may violate, and foreign
 * keys of other tables.  Changing a product directly includes the work of the
 * shipped triggers, so each must exist as shipped and be enabled; whether
 * history is recorded is decided by its own triggers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/others_code.h"
#include "table/table_shape.h"
#include "catalogue/triggers.h"
#include "catalogue/update_shape.h"
#include "history/change_log.h"

#define DEPARTURE_SIZE 192 /* bytes, including the terminator */

/* A trigger whose work direct_change.c does itself. */
typedef struct ShippedTrigger
{
	PGFunction function;
	const char *column; /* UPDATE OF this column, or NULL */
	const char *what_is_missing;
} ShippedTrigger;

static const ShippedTrigger shipped_triggers[] = {
	{onboard_touch_updated_at, NULL, "the trigger that sets updated_at is missing or disabled"},
	{onboard_flip_stock_status, "stock_quantity",
	 "the trigger that makes the status follow the stock is missing or disabled"},
};

/* Would the trigger run in this session, on this kind of statement? */
static bool
runs_on_update(const Trigger *trigger)
{
	char not_here = SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA
						? TRIGGER_FIRES_ON_ORIGIN
						: TRIGGER_FIRES_ON_REPLICA;

	return TRIGGER_FOR_UPDATE(trigger->tgtype) && trigger->tgenabled != TRIGGER_DISABLED &&
		   trigger->tgenabled != not_here;
}

/*
 * Does the trigger run exactly this function of ours?  A function in another
 * language is not examined further, because that would load the language.
 */
static bool
runs_function(const Trigger *trigger, PGFunction function)
{
	FmgrInfo info;

	if (!function_is_compiled(trigger->tgfoid))
		return false;
	fmgr_info(trigger->tgfoid, &info);
	return info.fn_addr == function;
}

/* Does the trigger run for updates of exactly these columns?  NULL means any. */
static bool
runs_for_column(Relation products, const Trigger *trigger, const char *column)
{
	if (column == NULL)
		return trigger->tgnattr == 0;
	return trigger->tgnattr == 1 &&
		   trigger->tgattr[0] == get_attnum(RelationGetRelid(products), column);
}

static bool
is_shipped_trigger(Relation products, const Trigger *trigger, const ShippedTrigger *shipped)
{
	return trigger->tgtype == (TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_UPDATE) &&
		   trigger->tgqual == NULL && runs_for_column(products, trigger, shipped->column) &&
		   runs_function(trigger, shipped->function);
}

/*
 * The trigger of a foreign key does nothing unless one of its columns changes,
 * and the vendor of a product never does.
 */
static bool
is_foreign_key_trigger(const Trigger *trigger)
{
	return trigger->tgisinternal && RI_FKey_trigger_type(trigger->tgfoid) != RI_TRIGGER_NONE;
}

/* Is the trigger one that we shipped?  If so, notes it in seen. */
static bool
is_expected(Relation products, const Trigger *trigger, uint32 *seen)
{
	int i;

	for (i = 0; i < lengthof(shipped_triggers); i++)
	{
		if (is_shipped_trigger(products, trigger, &shipped_triggers[i]))
		{
			*seen |= 1U << i;
			return true;
		}
	}
	return is_foreign_key_trigger(trigger) || change_log_owns_trigger(trigger);
}

static const char *
trigger_departure(Relation products)
{
	TriggerDesc *triggers = products->trigdesc;
	uint32 seen = 0;
	int i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (runs_on_update(trigger) && !is_expected(products, trigger, &seen))
			return psprintf("it has a trigger on UPDATE, \"%s\"", trigger->tgname);
	}
	for (i = 0; i < lengthof(shipped_triggers); i++)
	{
		if ((seen & (1U << i)) == 0)
			return shipped_triggers[i].what_is_missing;
	}
	return NULL;
}

/* Is the expression true for every row if the current role is an operator? */
static bool
is_true_for_operators(Relation products, Node *expression)
{
	ListCell *cell;

	if (!is_orclause(expression))
		return is_operator_check(products, expression);
	foreach(cell, ((BoolExpr *) expression)->args)
	{
		if (is_operator_check(products, lfirst(cell)))
			return true;
	}
	return false;
}

/*
 * May the policy hide a product from the owner's UPDATE, or refuse its new
 * version?  The WITH CHECK of a policy for all commands was already
 * compared as that of INSERT.  A permissive policy on SELECT only makes
 * more rows visible.
 */
static bool
may_refuse(Relation products, const RowSecurityPolicy *policy)
{
	switch (policy->polcmd)
	{
		case '*':
			return policy->qual == NULL || !is_true_for_operators(products, (Node *) policy->qual);
		case ACL_UPDATE_CHR:
			return true;
		case ACL_SELECT_CHR:
			return !policy->permissive;
		default:
			return false;
	}
}

static const char *
policy_departure(Relation products)
{
	ListCell *cell;

	if (products->rd_rsdesc == NULL)
		return NULL;
	foreach(cell, products->rd_rsdesc->policies)
	{
		const RowSecurityPolicy *policy = lfirst(cell);

		if (may_refuse(products, policy))
			return psprintf("it has an added or changed policy on UPDATE, \"%s\"",
							policy->policy_name);
	}
	return NULL;
}

/* UPDATE checks a constraint that is not validated, whatever it changes in a row. */
static const char *
check_departure(Relation products)
{
	TupleConstr *constraints = RelationGetDescr(products)->constr;
	int i;

	for (i = 0; constraints != NULL && i < constraints->num_check; i++)
	{
		const ConstrCheck *check = &constraints->check[i];

		if (is_enforced_check(check) && !check->ccvalid)
			return psprintf("its CHECK constraint \"%s\" is not validated", check->ccname);
	}
	return NULL;
}

static const char *
find_departure(Relation products)
{
	const char *departure = trigger_departure(products);

	if (departure == NULL)
		departure = policy_departure(products);
	if (departure == NULL)
		departure = check_departure(products);
	return departure;
}

/* Does this foreign key reference a column other than the product's ID? */
static bool
references_key(Relation products, Oid constraint)
{
	AttrNumber product_id = get_attnum(RelationGetRelid(products), "product_id");
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	bool found = false;
	bool is_null;
	ArrayType *columns;
	int i;

	if (!HeapTupleIsValid(tuple))
		return false;
	columns =
		DatumGetArrayTypeP(SysCacheGetAttr(CONSTROID, tuple, Anum_pg_constraint_confkey, &is_null));
	for (i = 0; i < ARR_DIMS(columns)[0]; i++)
		found = found || ((int16 *) ARR_DATA_PTR(columns))[i] != product_id;
	ReleaseSysCache(tuple);
	return found;
}

static bool
find_references(Relation products)
{
	TriggerDesc *triggers = products->trigdesc;
	int i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (runs_on_update(trigger) && trigger->tgisinternal &&
			RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_PK &&
			references_key(products, trigger->tgconstraint))
			return true;
	}
	return false;
}

/* Cached result, valid until the table or a function changes. */
static struct
{
	Oid products;
	int replication_role;
	bool valid;
	bool references_keys;
	char departure[DEPARTURE_SIZE]; /* "" for none */
} known;

/* Relcache callback; InvalidOid is every relation. */
static void
forget_relation(Datum argument, Oid relation)
{
	if (!OidIsValid(relation) || relation == known.products)
		known.valid = false;
}

/* Syscache callback: the function of a trigger may have been replaced. */
static void
forget_functions(Datum argument, int cache, uint32 hash)
{
	known.valid = false;
}

static void
find_out(Relation products)
{
	static bool is_registered = false;
	const char *departure;

	if (!is_registered)
	{
		CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, forget_functions, (Datum) 0);
		is_registered = true;
	}
	if (known.valid && known.products == RelationGetRelid(products) &&
		known.replication_role == SessionReplicationRole)
		return;
	known.products = RelationGetRelid(products);
	known.replication_role = SessionReplicationRole;
	/* A change announced during the comparison makes it invalid again. */
	known.valid = true;
	PG_TRY();
	{
		departure = find_departure(products);
		strlcpy(known.departure, departure != NULL ? departure : "", sizeof(known.departure));
		known.references_keys = find_references(products);
	}
	PG_CATCH();
	{
		known.valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

const char *
update_shape_departure(Relation products)
{
	find_out(products);
	return known.departure[0] != '\0' ? known.departure : NULL;
}

bool
update_shape_references_keys(Relation products)
{
	find_out(products);
	return known.references_keys;
}
