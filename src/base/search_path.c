/*-------------------------------------------------------------------------
 *
 * search_path.c
 *	  Where names in users' triggers and policies are looked up.
 *
 * This code runs as the owner of the tables, often a superuser.  In a schema
 * where another role may create objects, an unqualified name, or just an
 * operator, can resolve to that role's function.  So "$user" and public are
 * searched only if every role that may create objects there could become the
 * owner anyway: databases that come from PostgreSQL 14 let everybody create in
 * public, and any role may own the schema named like the owner.
 *
 * A name that is then not found raises an error that explains why.  It must not
 * be found among the session's temporary objects instead, which are searched
 * last and may have been created by anybody, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/search_path.h"

static Oid
database_owner(void)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	owner = ((Form_pg_database) GETSTRUCT(tuple))->datdba;
	ReleaseSysCache(tuple);
	return owner;
}

/* Could this role become the owner? */
static bool
is_trusted(Oid role, Oid owner)
{
	if (role == ACL_ID_PUBLIC)
		return false;
	if (role == ROLE_PG_DATABASE_OWNER)
		role = database_owner();
	return is_member_of_role(role, owner);
}

/*
 * Find an untrusted role that was granted CREATE, preferably PUBLIC.  Skips the
 * owner of the schema, who is in the list as well.
 */
static bool
find_grantee(const Acl *acl, Oid schema_owner, Oid owner, Oid *role)
{
	const AclItem *items = ACL_DAT(acl);
	bool found = false;
	int i;

	for (i = 0; i < ACL_NUM(acl); i++)
	{
		if ((ACLITEM_GET_PRIVS(items[i]) & ACL_CREATE) == 0 ||
			items[i].ai_grantee == schema_owner || is_trusted(items[i].ai_grantee, owner))
			continue;
		if (!found || items[i].ai_grantee == ACL_ID_PUBLIC)
			*role = items[i].ai_grantee;
		found = true;
	}
	return found;
}

/* May any role create objects in the schema that could not become the owner? */
static bool
is_open(const char *name, Oid owner, OpenSchema *open)
{
	Oid schema = get_namespace_oid(name, true);
	HeapTuple tuple;
	Oid schema_owner;
	Datum acl;
	bool is_null;

	if (!OidIsValid(schema))
		return false;
	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	schema_owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	/* Without an ACL, only its owner may create in the schema. */
	acl = SysCacheGetAttr(NAMESPACEOID, tuple, Anum_pg_namespace_nspacl, &is_null);
	open->by_grant = !is_null && find_grantee(DatumGetAclP(acl), schema_owner, owner, &open->role);
	if (!open->by_grant)
		open->role = schema_owner;
	ReleaseSysCache(tuple);
	strlcpy(open->name, name, sizeof(open->name));
	open->owner = owner;
	return open->by_grant || !is_trusted(open->role, owner);
}

const char *
search_path_for(Oid owner, OpenSchema open[SEARCH_PATH_SCHEMAS], int *open_count)
{
	static const char *const paths[2][2] = {
		{"\"$user\", public, pg_temp", "\"$user\", pg_temp"},
		{"public, pg_temp", "pg_temp"},
	};
	int count = 0;
	bool own_open;
	bool public_open;

	own_open = is_open(GetUserNameFromId(owner, false), owner, &open[count]);
	count += own_open;
	public_open = is_open("public", owner, &open[count]);
	count += public_open;
	*open_count = count;
	return paths[own_open][public_open];
}

/*
 * Looking through all types takes longer than storing a row, so a clean result is
 * remembered until a type changes.  Each relation has a type.
 */
typedef struct KnownHarmless
{
	uint64 type_changes; /* counted before the look; 0 if nothing is known */
	Oid temporary;       /* schema of the session's temporary objects */
	Oid left_out[SEARCH_PATH_SCHEMAS];
} KnownHarmless;

static KnownHarmless known_harmless;
static uint64 type_changes = 1;

/* Syscache callback */
static void
count_type_change(Datum argument, int cache, uint32 hash)
{
	type_changes++;
}

/* Does a schema left out have a type of this name?  Each relation has one. */
static bool
is_shadow(const char *name, const Oid left_out[SEARCH_PATH_SCHEMAS])
{
	int i;

	for (i = 0; i < SEARCH_PATH_SCHEMAS; i++)
	{
		if (OidIsValid(left_out[i]) && SearchSysCacheExists2(TYPENAMENSP, CStringGetDatum(name),
															 ObjectIdGetDatum(left_out[i])))
			return true;
	}
	return false;
}

static void
refuse_shadow(const char *name, const OpenSchema *open)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("temporary object \"%s\" would be used in place of the one in schema \"%s\"",
					name, open->name),
			 errdetail("A trigger or policy on a table of onboard may mean either."),
			 errhint("Drop the temporary object, or run %s.", search_path_remedy(open))));
}

/* Check the type of each temporary object.  open is the schema to name in an error. */
static void
check_types(const KnownHarmless *look, const OpenSchema *open)
{
	Relation types = table_open(TypeRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_type_typnamespace, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(look->temporary));
	scan = systable_beginscan(types, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		const char *name = NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname);

		if (is_shadow(name, look->left_out))
			refuse_shadow(name, open);
	}
	systable_endscan(scan);
	table_close(types, AccessShareLock);
}

/* Functions and operators are never looked up among temporary objects. */
void
search_path_check_temporary(const OpenSchema *open, int open_count)
{
	static bool is_registered = false;
	KnownHarmless look;
	int i;

	if (open_count == 0)
		return;
	memset(&look, 0, sizeof(look));
	look.temporary = LookupExplicitNamespace("pg_temp", true);
	if (!OidIsValid(look.temporary))
		return;
	if (!is_registered)
	{
		CacheRegisterSyscacheCallback(TYPEOID, count_type_change, (Datum) 0);
		is_registered = true;
	}
	for (i = 0; i < open_count; i++)
		look.left_out[i] = get_namespace_oid(open[i].name, true);
	/* Types that change during the look make the result stale. */
	look.type_changes = type_changes;
	if (memcmp(&look, &known_harmless, sizeof(look)) == 0)
		return;
	check_types(&look, &open[open_count - 1]);
	memcpy(&known_harmless, &look, sizeof(look));
}

char *
search_path_remedy(const OpenSchema *open)
{
	const char *schema = quote_identifier(open->name);

	if (!open->by_grant)
		return psprintf("ALTER SCHEMA %s OWNER TO %s", schema,
						quote_identifier(GetUserNameFromId(open->owner, false)));
	return psprintf("REVOKE CREATE ON SCHEMA %s FROM %s", schema,
					open->role == ACL_ID_PUBLIC
						? "PUBLIC"
						: quote_identifier(GetUserNameFromId(open->role, false)));
}
