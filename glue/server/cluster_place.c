/*-------------------------------------------------------------------------
 *
 * cluster_place.c
 *	  Location, owner and connection string of the private PostgreSQL server.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "database/postgres_connect.h"
#include "server/cluster_place.h"
#include "server/pid_file.h"

#ifndef ONBOARD_PG_BINDIR
#error "ONBOARD_PG_BINDIR is not defined; build with glue/Makefile"
#endif

const char *
cluster_bindir(void)
{
	const char *bindir = getenv("ONBOARD_PG_BINDIR");

	return bindir != NULL && bindir[0] != '\0' ? bindir : ONBOARD_PG_BINDIR;
}

/* ----- where ----- */

/*
 * Determine the server's owner: the caller, or for root an unprivileged user.
 */
static bool
find_owner(struct cluster *cluster, struct glue_error *error)
{
	struct passwd *entry;

	if (geteuid() == 0)
	{
		entry = getpwnam("postgres");
		if (entry == NULL || entry->pw_uid == 0)
			entry = getpwnam("nobody");
		if (entry != NULL && entry->pw_uid == 0)
			entry = NULL;
	}
	else
		entry = getpwuid(geteuid());
	if (entry == NULL)
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "NO_USER",
			"there is no user to run the private server; create user postgres, or use --db");
	cluster->owner = entry->pw_uid;
	cluster->owner_group = entry->pw_gid;
	snprintf(cluster->owner_name, sizeof(cluster->owner_name), "%s", entry->pw_name);
	snprintf(cluster->owner_home, sizeof(cluster->owner_home), "%s", entry->pw_dir);
	return true;
}

/*
 * Determine the home: an absolute path, short enough for the suffixes appended
 * to it.
 */
static bool
find_home(struct cluster *cluster, struct glue_error *error)
{
	const char *given = getenv("ONBOARD_HOME");
	const char *data_home = getenv("XDG_DATA_HOME");
	const char *user_home = getenv("HOME");
	char current[CLUSTER_PATH_SIZE];
	int length;

	if (given != NULL && given[0] == '/')
		length = snprintf(cluster->home, sizeof(cluster->home), "%s", given);
	else if (given != NULL && given[0] != '\0')
	{
		if (getcwd(current, sizeof(current)) == NULL)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME",
								  "cannot find the current folder: %s", strerror(errno));
		length = snprintf(cluster->home, sizeof(cluster->home), "%s/%s", current, given);
	}
	else if (geteuid() == 0)
		length = snprintf(cluster->home, sizeof(cluster->home), "/var/lib/onboard");
	else if (data_home != NULL && data_home[0] == '/')
		length = snprintf(cluster->home, sizeof(cluster->home), "%s/onboard", data_home);
	else
		length =
			snprintf(cluster->home, sizeof(cluster->home), "%s/.local/share/onboard",
					 user_home != NULL && user_home[0] == '/' ? user_home : cluster->owner_home);
	if (length + 64 > (int) sizeof(cluster->home))
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "the path in ONBOARD_HOME is too long");
	/*
	 * pg_ctl runs the server through a shell, with the path in double quotes.
	 */
	if (cluster->home[strcspn(cluster->home, "\"$`\\\n\r")] != '\0')
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"the path in ONBOARD_HOME contains a double quote, dollar sign, back quote, backslash or line break; choose another one");
	while (length > 1 && cluster->home[length - 1] == '/')
		cluster->home[--length] = '\0';
	memcpy(cluster->data, cluster->home, length);
	memcpy(cluster->data + length, "/data", sizeof("/data"));
	return true;
}

bool
cluster_locate(struct cluster *cluster, struct glue_error *error)
{
	memset(cluster, 0, sizeof(*cluster));
	return find_owner(cluster, error) && find_home(cluster, error);
}

/* ----- connecting ----- */

/*
 * Append " keyword='value'", the value escaped for libpq.
 * CLUSTER_CONNINFO_SIZE is large enough for the longest.  Returns the end.
 */
static char *
append_keyword(char *next, const char *keyword, const char *value)
{
	*next++ = ' ';
	while (*keyword != '\0')
		*next++ = *keyword++;
	*next++ = '=';
	*next++ = '\'';
	for (; *value != '\0'; value++)
	{
		if (*value == '\'' || *value == '\\')
			*next++ = '\\';
		*next++ = *value;
	}
	*next++ = '\'';
	*next = '\0';
	return next;
}

bool
cluster_conninfo(const struct cluster *cluster, const char *dbname, char *buffer)
{
	char folder[CLUSTER_PATH_SIZE];
	char *next = buffer;

	if (!pid_file_read_socket(cluster->data, folder, sizeof(folder)))
		return false;
	next = append_keyword(next, "host", folder);
	next = append_keyword(next, "port", CLUSTER_PORT);
	next = append_keyword(next, "dbname", dbname);
	next = append_keyword(next, "user", CLUSTER_USER);
	/* No other user can impersonate our server. */
	append_keyword(next, "requirepeer", cluster->owner_name);
	return true;
}

bool
cluster_is_ready(const char *conninfo)
{
	PGconn *connection =
		postgres_connect_conninfo(conninfo, clock_milliseconds() + POSTGRES_CONNECT_MS, NULL);
	PGresult *result;
	bool ready;

	if (connection == NULL)
		return false;
	result = PQexec(connection,
					"SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'onboard'");
	ready = PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), ONBOARD_VERSION) == 0;
	PQclear(result);
	PQfinish(connection);
	return ready;
}
