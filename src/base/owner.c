/*-------------------------------------------------------------------------
 *
 * owner.c
 *	  Checking the caller, and acting as the owner of the tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/plancache.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "base/owner.h"
#include "base/settings.h"
#include "base/statement.h"

Oid
onboard_relation(const char *name)
{
	Oid schema = get_namespace_oid("onboard", false);
	Oid relation = get_relname_relid(name, schema);

	if (!OidIsValid(relation))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation \"onboard.%s\" does not exist", name),
						errhint("Create the extension with CREATE EXTENSION onboard.")));
	return relation;
}

Oid
owner_of_tables(void)
{
	Oid relation = onboard_relation("products");
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Make waits for other uploads' locks end after onboard.lock_wait, or earlier if
 * the session's own lock_timeout is shorter.
 */
static void
limit_lock_waits(void)
{
	char value[32];

	if (onboard_lock_wait <= 0 || (LockTimeout > 0 && LockTimeout <= onboard_lock_wait))
		return;
	snprintf(value, sizeof(value), "%d", onboard_lock_wait);
	(void) set_config_option("lock_timeout", value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
}

/*
 * Turn on row security, whatever the caller's setting: the section alone decides
 * whether policies apply.  With row_security off, as in a session that restores a
 * dump, a statement that is subject to policies would fail.
 */
static void
turn_on_row_security(void)
{
	if (!row_security)
		(void) set_config_option("row_security", "on", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
}

/*
 * Never use the caller's search_path: user triggers on our tables run in a
 * section, as the owner, and would find objects that the caller planted.
 * Temporary objects are searched last.
 */
/* Statement.replanned and .looks_up say how each statement of ours is planned. */
static void
choose_plans_ourselves(void)
{
	if (plan_cache_mode != PLAN_CACHE_MODE_AUTO)
		(void) set_config_option("plan_cache_mode", "auto", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

static void
enter(OwnerSection *section, int security_context, const char *search_path)
{
	section->explains_names = false;
	GetUserIdAndSecContext(&section->saved_user, &section->saved_security_context);
	SetUserIdAndSecContext(owner_of_tables(),
						   (section->saved_security_context & ~SECURITY_NOFORCE_RLS) |
							   security_context);
	section->guc_nest_level = NewGUCNestLevel();
	limit_lock_waits();
	turn_on_row_security();
	choose_plans_ourselves();
	(void) set_config_option("search_path", search_path, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Error context callback: a missing name may be in a schema left out of the path. */
static void
explain_missing_name(void *argument)
{
	const OwnerSection *section = argument;

	switch (geterrcode())
	{
		case ERRCODE_UNDEFINED_FUNCTION:
		case ERRCODE_UNDEFINED_TABLE:
		case ERRCODE_UNDEFINED_OBJECT:
			errhint("Triggers do not look up names in a schema where others may create objects. "
					"Qualify the name with its schema, or run %s.",
					section->remedy);
			break;
		default:
			break;
	}
}

void
owner_enter(OwnerSection *section)
{
	enter(section, SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS, "pg_catalog, pg_temp");
}

void
owner_enter_plain(OwnerSection *section)
{
	OpenSchema open[SEARCH_PATH_SCHEMAS];
	int open_count;
	const char *search_path = search_path_for(owner_of_tables(), open, &open_count);

	search_path_check_temporary(open, open_count);
	enter(section, SECURITY_LOCAL_USERID_CHANGE, search_path);
	if (open_count == 0)
		return;
	strlcpy(section->remedy, search_path_remedy(&open[open_count - 1]), sizeof(section->remedy));
	section->explains_names = true;
	section->callback.callback = explain_missing_name;
	section->callback.arg = section;
	section->callback.previous = error_context_stack;
	error_context_stack = &section->callback;
}

void
owner_leave(OwnerSection *section)
{
	if (section->explains_names)
		error_context_stack = section->callback.previous;
	AtEOXact_GUC(true, section->guc_nest_level);
	SetUserIdAndSecContext(section->saved_user, section->saved_security_context);
}

/*
 * May this role load for this vendor?  Read as the owner, because the role itself
 * may lack SELECT on vendor_roles.
 */
static bool
role_may_load(Oid role, const char *vendor_id)
{
	static Statement rights = {
		"SELECT count(*) > 0, count(*) FILTER (WHERE r.vendor_id = $2) > 0, "
		"       has_function_privilege($1, 'onboard.all_vendors()', 'EXECUTE') "
		"FROM onboard.vendor_roles r WHERE r.role_name = $1",
		2,
		{NAMEOID, TEXTOID},
	};
	Datum values[2];
	bool is_confined;
	bool is_named;
	bool has_all_vendors;

	values[0] = DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(role, false)));
	values[1] = CStringGetTextDatum(vendor_id);
	statement_run(&rights, values, NULL, true, SPI_OK_SELECT);
	is_confined = DatumGetBool(statement_value(1, NULL));
	is_named = DatumGetBool(statement_value(2, NULL));
	has_all_vendors = DatumGetBool(statement_value(3, NULL));
	return is_confined ? is_named : has_all_vendors;
}

bool
owner_caller_may_load(const char *vendor_id)
{
	Oid caller = GetUserId();
	OwnerSection section;
	bool result;

	owner_enter(&section);
	SPI_connect();
	result = role_may_load(caller, vendor_id);
	SPI_finish();
	owner_leave(&section);
	return result;
}

void
owner_check_caller(const char *vendor_id)
{
	if (!owner_caller_may_load(vendor_id))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for vendor \"%s\"", vendor_id),
				 errdetail("Role \"%s\" is confined to other vendors by onboard.vendor_roles.",
						   GetUserNameFromId(GetUserId(), false))));
}

void
owner_check_all_vendors(const char *action)
{
	/* No vendor has an empty id, so this asks for the right to all vendors. */
	if (!owner_caller_may_load(""))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied %s", action),
				 errdetail("Role \"%s\" is confined to its vendors by onboard.vendor_roles.",
						   GetUserNameFromId(GetUserId(), false))));
}

void
owner_check_operator(void)
{
	static Statement right = {"SELECT onboard.is_operator()", 0, {InvalidOid}};
	OwnerSection section;
	bool is_operator;

	owner_enter(&section);
	SPI_connect();
	statement_run(&right, NULL, NULL, true, SPI_OK_SELECT);
	is_operator = DatumGetBool(statement_value(1, NULL));
	SPI_finish();
	owner_leave(&section);
	if (!is_operator)
		ereport(
			ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the owner of onboard.products cannot write for all vendors"),
			 errhint(
				 "Grant it EXECUTE on onboard.all_vendors(), and remove it from onboard.vendor_roles.")));
}
