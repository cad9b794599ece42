/*-------------------------------------------------------------------------
 *
 * role_password.c
 *	  Set the password of the login that becomes current next.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/byte_buffer.h"
#include "lambda/login.h"
#include "lambda/role_password.h"

/*
 * Roles that $2 is a member of: their names, and whether $1 is a member too.
 * From PostgreSQL 16 on, a membership may appear once per grantor.
 */
#define GROUPS                                                                \
	"SELECT g.rolname, EXISTS (SELECT FROM pg_catalog.pg_auth_members o"      \
	"   JOIN pg_catalog.pg_roles r ON r.oid = o.member"                       \
	"   WHERE o.roleid = g.oid AND r.rolname = $1)"                           \
	" FROM pg_catalog.pg_roles g"                                             \
	" WHERE g.oid IN (SELECT m.roleid FROM pg_catalog.pg_auth_members m"      \
	"   JOIN pg_catalog.pg_roles p ON p.oid = m.member WHERE p.rolname = $2)" \
	" ORDER BY g.rolname"

#define ROLE                                                                       \
	"SELECT r.rolcanlogin AND NOT (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb" \
	"   OR r.rolreplication OR r.rolbypassrls)"                                    \
	" FROM pg_catalog.pg_roles r WHERE r.rolname = $1"

/* Arguments of the transaction; all borrowed. */
struct role_change
{
	const char *role;
	const char *present;
	const char *password;
};

/* ----- statements with names ----- */

static bool
append_identifier(struct database *database, struct byte_buffer *statement, const char *name,
				  struct glue_error *error)
{
	char *quoted = PQescapeIdentifier(database_connection(database), name, strlen(name));
	bool done;

	if (quoted == NULL)
		return postgres_error(database_connection(database), NULL, error);
	done = byte_buffer_append_string(statement, quoted, error);
	PQfreemem(quoted);
	return done;
}

/*
 * Run a statement made of text, a role name, more text, and optionally
 * another name.
 */
static bool
run_with_names(struct database *database, const char *first, const char *role, const char *second,
			   const char *member, struct glue_error *error)
{
	struct byte_buffer statement = {0};
	bool done = byte_buffer_append_string(&statement, first, error) &&
				append_identifier(database, &statement, role, error) &&
				byte_buffer_append_string(&statement, second, error) &&
				(member == NULL || append_identifier(database, &statement, member, error)) &&
				byte_buffer_terminate(&statement, error) &&
				database_query(database, RUN_ONCE, statement.data, 0, NULL, NULL, error);

	byte_buffer_clean_up(&statement);
	return done;
}

/* ----- the role ----- */

static bool
is_true(const PGresult *result, int row, int column)
{
	return strcmp(PQgetvalue(result, row, column), "t") == 0;
}

static bool
unfit(struct glue_error *error, const char *reason)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "ROTATE_UNFIT_ROLE",
						  "the other login %s", reason);
}

static bool
create_role(struct database *database, const char *role, const PGresult *groups,
			struct glue_error *error)
{
	if (!run_with_names(database, "CREATE ROLE ", role, " LOGIN", NULL, error))
		return false;
	for (int i = 0; i < PQntuples(groups); i++)
	{
		if (!run_with_names(database, "GRANT ", PQgetvalue(groups, i, 0), " TO ", role, error))
			return false;
	}
	return true;
}

static bool
check_role(const PGresult *found, const PGresult *groups, struct glue_error *error)
{
	if (!is_true(found, 0, 0))
		return unfit(error, "must be a login without administrator rights");
	for (int i = 0; i < PQntuples(groups); i++)
	{
		if (!is_true(groups, i, 1))
			return unfit(error, "is not a member of all roles of the present login");
	}
	return true;
}

static bool
prepare_role(struct database *database, const struct role_change *change, struct glue_error *error)
{
	const char *const values[] = {change->role, change->present};
	PGresult *groups = NULL;
	PGresult *found = NULL;
	bool done;

	done = database_query(database, RUN_ONCE, GROUPS, 2, values, &groups, error) &&
		   database_query(database, RUN_ONCE, ROLE, 1, values, &found, error);
	if (done && PQntuples(groups) == 0)
		done = glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "ROTATE_NO_GROUP",
			"the present login is not a member of any role that another login could join");
	else if (done && PQntuples(found) == 0)
		done = create_role(database, change->role, groups, error);
	else if (done)
		done = check_role(found, groups, error);
	PQclear(groups);
	PQclear(found);
	return done;
}

/* ----- the password ----- */

static bool
send_verifier(struct database *database, const char *role, const char *verifier,
			  struct glue_error *error)
{
	char *literal = PQescapeLiteral(database_connection(database), verifier, strlen(verifier));
	struct byte_buffer last = {0};
	bool done;

	if (literal == NULL)
		return postgres_error(database_connection(database), NULL, error);
	done = byte_buffer_append_string(&last, " PASSWORD ", error) &&
		   byte_buffer_append_string(&last, literal, error) &&
		   byte_buffer_terminate(&last, error) &&
		   run_with_names(database, "ALTER ROLE ", role, last.data, NULL, error);
	login_wipe(&last);
	PQfreemem(literal);
	return done;
}

/*
 * A transaction_fn: prepare the role and set its password.
 */
static bool
change_role(struct database *database, void *context, struct glue_error *error)
{
	const struct role_change *change = context;
	char *verifier;
	bool done;

	if (!prepare_role(database, change, error))
		return false;
	verifier = PQencryptPasswordConn(database_connection(database), change->password, change->role,
									 "scram-sha-256");
	if (verifier == NULL)
		return postgres_error(database_connection(database), NULL, error);
	done = send_verifier(database, change->role, verifier, error);
	PQfreemem(verifier);
	return done;
}

bool
role_password_set(struct database *administrator, const char *role, const char *present,
				  const char *password, struct glue_error *error)
{
	struct role_change change = {role, present, password};

	return database_transaction(administrator, change_role, &change, error) ==
		   TRANSACTION_COMMITTED;
}
