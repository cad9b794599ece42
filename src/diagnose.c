/*-------------------------------------------------------------------------
 *
 * diagnose.c
 *	  What an operator should know about this installation.
 *
 * To add a check, write a function here that adds findings and call it from
 * onboard_diagnose(); or, if a query can tell, add one to the table of queries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/search_path.h"
#include "base/settings.h"
#include "base/statement.h"
#include "base/subtransaction.h"
#include "catalogue/catalogue.h"
#include "table/table_shape.h"
#include "door/intake.h"
#include "load/loader.h"
#include "onboard.h"

#define SEVERITY_TEXT_ERROR "error"     /* rows cannot be loaded */
#define SEVERITY_TEXT_WARNING "warning" /* something should be done */
#define SEVERITY_TEXT_INFO "info"       /* worth knowing */

/* Add a finding; hint may be NULL. */
static void
add(ReturnSetInfo *result, const char *severity, const char *subject, const char *message,
	const char *hint)
{
	Datum values[4];
	bool nulls[4] = {false, false, false, hint == NULL};

	values[0] = CStringGetTextDatum(severity);
	values[1] = CStringGetTextDatum(subject);
	values[2] = CStringGetTextDatum(message);
	values[3] = hint != NULL ? CStringGetTextDatum(hint) : (Datum) 0;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Return whether the versions match; if they do not, nothing else can be checked. */
static bool
diagnose_versions(ReturnSetInfo *result)
{
	char *script = onboard_script_version();
	bool match = strcmp(script, ONBOARD_VERSION) == 0;

	if (!match)
		add(result, SEVERITY_TEXT_ERROR, "versions",
			psprintf("library version %s does not match script version %s", ONBOARD_VERSION,
					 script),
			psprintf(
				"Run ALTER EXTENSION onboard UPDATE, or install the library of version %s and reconnect.",
				script));
	return match;
}

/* A grant of CREATE calls for action; a schema that another role owns does not. */
static void
diagnose_search_path(ReturnSetInfo *result)
{
	OpenSchema open[SEARCH_PATH_SCHEMAS];
	int count;
	int i;

	(void) search_path_for(owner_of_tables(), open, &count);
	for (i = 0; i < count; i++)
	{
		bool everybody = open[i].by_grant && open[i].role == ACL_ID_PUBLIC;
		char *who = everybody ? pstrdup("everybody")
							  : psprintf("role %s",
										 quote_identifier(GetUserNameFromId(open[i].role, false)));

		add(result, open[i].by_grant ? SEVERITY_TEXT_WARNING : SEVERITY_TEXT_INFO,
			psprintf("schema %s", quote_identifier(open[i].name)),
			psprintf(
				"%s may create objects in it, so triggers on the tables of onboard do not look up names there",
				who),
			psprintf("Qualify names in triggers with their schema, or run %s.",
					 search_path_remedy(&open[i])));
	}
}

/* How rows reach onboard.products. */
typedef struct Inspection
{
	CataloguePath path;
	char *departure;
	char *update_departure;
} Inspection;

/* SubtransactionWork */
static bool
inspect(void *argument)
{
	Inspection *inspection = argument;

	inspection->path = catalogue_inspect(&inspection->departure, &inspection->update_departure);
	return true;
}

/* Is this an error in the tables' definition, which will not go away by itself? */
static bool
is_about_the_tables(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) ==
			   ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION ||
		   error->sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE ||
		   error->sqlerrcode == ERRCODE_FEATURE_NOT_SUPPORTED;
}

static void
add_departure(ReturnSetInfo *result, const char *table, const char *departure)
{
	add(result, SEVERITY_TEXT_INFO, psprintf("table onboard.%s", table),
		psprintf("rows are stored by INSERT statements, which is slower, because %s", departure),
		"This ensures that all triggers, policies and constraints take effect.");
}

static void
add_update_departure(ReturnSetInfo *result, const char *departure)
{
	add(result, SEVERITY_TEXT_INFO, "table onboard.products",
		psprintf(
			"uploads that may change products store rows by SQL statements, which is slower, because %s",
			departure),
		"This ensures that all triggers, policies and constraints take effect.");
}

/* Return what keeps a table's rows from being stored directly, or NULL. */
static const char *
departure_of(const char *table, const TableShape *shape)
{
	Relation relation = table_open(onboard_relation(table), AccessShareLock);
	const char *departure = table_shape_departure(relation, shape);

	table_close(relation, NoLock);
	return departure;
}

/* Return what runs between the rows of every load. */
static const char *
code_between_rows(void)
{
	bool errors_stored_directly =
		departure_of("validation_errors", &validation_errors_shape) == NULL;
	Relation intake = table_open(onboard_relation("intake"), AccessShareLock);
	const char *code =
		loader_code_between_rows(errors_stored_directly, intake_code_between_rows(intake));

	table_close(intake, NoLock);
	return code;
}

static void
diagnose_products(ReturnSetInfo *result)
{
	Inspection inspection = {0};
	const char *between_rows = code_between_rows();
	ErrorData *error;

	if (!subtransaction_run(inspect, &inspection, &error))
	{
		if (!is_about_the_tables(error))
			ReThrowError(error);
		add(result, SEVERITY_TEXT_ERROR, "table onboard.products",
			psprintf("no row can be loaded: %s", error->message), error->hint);
	}
	else if (inspection.departure != NULL)
		add_departure(result, "products", inspection.departure);
	else if (between_rows != NULL)
		add_departure(result, "products", between_rows);
	else if (inspection.path == CATALOGUE_PLAIN || onboard_load_path != LOAD_PATH_AUTO)
		add(result, SEVERITY_TEXT_INFO, "table onboard.products",
			"rows do not take the fastest path, because onboard.load_path is set",
			"Run RESET onboard.load_path.");
	else if (inspection.path == CATALOGUE_DECODED)
		add(result, SEVERITY_TEXT_INFO, "table onboard.products",
			"rows are looked up before they are stored, because the table is logically decoded",
			NULL);
	else
		add(result, SEVERITY_TEXT_INFO, "table onboard.products", "rows are stored directly", NULL);
	if (inspection.departure == NULL && inspection.update_departure != NULL)
		add_update_departure(result, inspection.update_departure);
}

static void
diagnose_errors_table(ReturnSetInfo *result)
{
	const char *departure = departure_of("validation_errors", &validation_errors_shape);

	if (departure != NULL)
		add_departure(result, "validation_errors", departure);
}

/* Each query returns subjects, messages and hints of its severity. */
typedef struct DiagnosisQuery
{
	const char *severity;
	Statement statement;
} DiagnosisQuery;

static DiagnosisQuery queries[] = {
	{SEVERITY_TEXT_WARNING,
	 {"SELECT format('table onboard.%I', c.relname), 'row security is off: a vendor''s login sees all vendors', "
	  "  format('ALTER TABLE onboard.%I ENABLE ROW LEVEL SECURITY.', c.relname) "
	  "FROM onboard.shipped_parts s "
	  "  JOIN pg_catalog.pg_class c ON c.relname = s.relation AND c.relnamespace = 'onboard'::regnamespace "
	  "WHERE s.kind = 'row security' AND s.name = 'enabled' AND NOT c.relrowsecurity ORDER BY c.relname"}},
	{SEVERITY_TEXT_WARNING,
	 {"SELECT format('index %s', i.indexrelid::regclass), 'it is invalid: writes maintain it, but no query uses it', "
	  "  format('DROP INDEX %s, and create it again.', i.indexrelid::regclass) "
	  "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid "
	  "WHERE c.relnamespace = 'onboard'::regnamespace AND NOT i.indisvalid ORDER BY i.indexrelid::regclass::text"}},
	{SEVERITY_TEXT_WARNING,
	 {"SELECT format('role %I', r.role_name), "
	  "  format('it is confined to %s in onboard.vendor_roles and does not exist; a new role of this name would be confined, too', "
	  "    string_agg(r.vendor_id, ', ' ORDER BY r.vendor_id)), "
	  "  format('DELETE FROM onboard.vendor_roles WHERE role_name = %L.', r.role_name) "
	  "FROM onboard.vendor_roles r "
	  "WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles p WHERE p.rolname = r.role_name) "
	  "GROUP BY r.role_name ORDER BY r.role_name"}},
	{SEVERITY_TEXT_WARNING,
	 {"SELECT format('role %I', p.rolname), "
	  "  'it is confined to vendors in onboard.vendor_roles, but row security does not apply to it', "
	  "  format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS.', p.rolname) "
	  "FROM pg_catalog.pg_roles p WHERE (p.rolsuper OR p.rolbypassrls) "
	  "  AND EXISTS (SELECT FROM onboard.vendor_roles r WHERE r.role_name = p.rolname) ORDER BY p.rolname"}},
	{SEVERITY_TEXT_WARNING,
	 {"SELECT 'uploads', format('%s made no progress for a day; the oldest is %s', count(*), "
	  "    (array_agg(u.upload_id ORDER BY u.updated_at))[1]), "
	  "  'Load their files again, or end them with onboard_sweep_uploads().' "
	  "FROM onboard.upload_history u "
	  "WHERE u.status = 'processing' AND u.updated_at < now() - '1 day'::interval HAVING count(*) > 0"}},
	{SEVERITY_TEXT_INFO,
	 {"SELECT 'vendors', 'none is active, so nothing can be loaded', "
	  "  'Add one with INSERT INTO onboard.vendors, or onboard vendor add.' "
	  "WHERE NOT EXISTS (SELECT FROM onboard.vendors v WHERE v.status = 'active')"}},
	{SEVERITY_TEXT_INFO,
	 {"SELECT 'history', "
	  "  format('changes of products are not recorded, because %s', "
	  "    string_agg(format('trigger %I is %s', s.name, CASE WHEN t.oid IS NULL THEN 'gone' ELSE 'disabled' END), ' and ' ORDER BY s.name DESC)), "
	  "  'While history is off, what uploads change cannot be undone, and onboard_product_as_of() cannot return earlier versions.' "
	  "FROM onboard.shipped_parts s LEFT JOIN pg_catalog.pg_trigger t "
	  "  ON t.tgrelid = 'onboard.products'::regclass AND t.tgname = s.name "
	  "WHERE s.kind = 'trigger' AND s.relation = 'products' AND s.name LIKE 'products\\_record\\_%' "
	  "  AND coalesce(t.tgenabled, 'D') NOT IN ('O', 'A') HAVING count(*) > 0"}},
	{SEVERITY_TEXT_INFO,
	 {"SELECT 'local changes', format('the tables and views of the extension were changed; statements that repeat the changes: %s', count(*)), "
	  "  'Keep the output of onboard_local_changes() with each dump: pg_dump leaves these changes out.' "
	  "FROM onboard.changed_parts() HAVING count(*) > 0"}},
};

static void
diagnose_by_queries(ReturnSetInfo *result)
{
	int i;

	for (i = 0; i < lengthof(queries); i++)
	{
		uint64 count = statement_run(&queries[i].statement, NULL, NULL, true, SPI_OK_SELECT);
		SPITupleTable *table = SPI_tuptable;
		uint64 row;

		for (row = 0; row < count; row++)
			add(result, queries[i].severity, SPI_getvalue(table->vals[row], table->tupdesc, 1),
				SPI_getvalue(table->vals[row], table->tupdesc, 2),
				SPI_getvalue(table->vals[row], table->tupdesc, 3));
	}
}

PG_FUNCTION_INFO_V1(onboard_diagnose);

/* Report what is wrong or worth knowing: severity, subject, message, hint. */
Datum
onboard_diagnose(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	OwnerSection section;

	owner_check_all_vendors("to diagnose");
	InitMaterializedSRF(fcinfo, 0);
	if (!diagnose_versions(result))
		return (Datum) 0;
	owner_enter(&section);
	diagnose_search_path(result);
	diagnose_products(result);
	diagnose_errors_table(result);
	SPI_connect();
	diagnose_by_queries(result);
	SPI_finish();
	owner_leave(&section);
	return (Datum) 0;
}
