/*-------------------------------------------------------------------------
 *
 * cluster.c
 *	  The private PostgreSQL server: where it is, and acting as its owner.
 *
 * Root never works inside the home itself.  It makes the folder, gives it to
 * the unprivileged owner, and forks a child that becomes the owner and does
 * the rest; what went wrong comes back through shared memory.
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/heap.h"
#include "cli/database.h"
#include "server/cluster.h"
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
 * Who runs the server: the caller, or for root an unprivileged user.
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
			"there is no user to run the private server as; create a user postgres, or use --db");
	cluster->owner = entry->pw_uid;
	cluster->owner_group = entry->pw_gid;
	snprintf(cluster->owner_name, sizeof(cluster->owner_name), "%s", entry->pw_name);
	snprintf(cluster->owner_home, sizeof(cluster->owner_home), "%s", entry->pw_dir);
	return true;
}

/*
 * The home: an absolute path, short enough for what is put behind it.
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
	/* PostgreSQL's pg_ctl runs the server by a shell and puts the path in double quotes. */
	if (cluster->home[strcspn(cluster->home, "\"$`\\\n\r")] != '\0')
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"the path in ONBOARD_HOME holds a double quote, dollar sign, back quote, backslash or line break; choose another one");
	while (length > 1 && cluster->home[length - 1] == '/')
		cluster->home[--length] = '\0';
	memcpy(cluster->data, cluster->home, length);
	memcpy(cluster->data + length, "/data", sizeof("/data"));
	return true;
}

static bool
locate(struct cluster *cluster, bool quiet, struct glue_error *error)
{
	memset(cluster, 0, sizeof(*cluster));
	cluster->is_quiet = quiet;
	return find_owner(cluster, error) && find_home(cluster, error);
}

/* ----- connecting ----- */

/*
 * Append " keyword='value'", the value escaped as libpq wants it.  The buffer
 * is sized by CLUSTER_CONNINFO_SIZE for the longest.  Returns the end.
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
	/* Nobody else can pretend to be our server. */
	append_keyword(next, "requirepeer", cluster->owner_name);
	return true;
}

bool
cluster_is_ready(const char *conninfo)
{
	PGconn *connection = database_connect(conninfo, NULL);
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

/* ----- acting as the owner ----- */

/*
 * Make a folder and those above it.
 */
static bool
make_folders(const char *path, mode_t mode, struct glue_error *error)
{
	char part[CLUSTER_PATH_SIZE];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		snprintf(part, sizeof(part), "%.*s", (int) (slash - path), path);
		(void) mkdir(part, 0755);
	}
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return true;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME",
						  "cannot make the folder %s: %s; set ONBOARD_HOME to another one", path,
						  strerror(errno));
}

static bool
folder_is_empty(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (folder == NULL)
		return false;
	while (empty && (entry = readdir(folder)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(folder);
	return empty;
}

/*
 * Make sure that the home is there and the owner's.  Root gives an empty
 * folder of its own away, never one that holds something.
 */
static bool
make_home(const struct cluster *cluster, struct glue_error *error)
{
	struct stat status;

	if (!make_folders(cluster->home, 0700, error))
		return false;
	if (stat(cluster->home, &status) != 0 || !S_ISDIR(status.st_mode))
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME",
							  "%s is no folder; set ONBOARD_HOME to another one", cluster->home);
	if (status.st_uid == cluster->owner)
		return true;
	if (geteuid() == 0 && status.st_uid == 0 && folder_is_empty(cluster->home) &&
		chown(cluster->home, cluster->owner, cluster->owner_group) == 0)
		return true;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME",
						  "%s does not belong to user %s; set ONBOARD_HOME to another folder",
						  cluster->home, cluster->owner_name);
}

/*
 * In the child: become the owner for good.
 */
static bool
become_owner(const struct cluster *cluster, struct glue_error *error)
{
	if (initgroups(cluster->owner_name, cluster->owner_group) != 0 ||
		setgid(cluster->owner_group) != 0 || setuid(cluster->owner) != 0)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_USER",
							  "cannot become user %s: %s", cluster->owner_name, strerror(errno));
	if (chdir(cluster->home) != 0)
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME",
			"user %s, who runs the private server, cannot enter %s; set ONBOARD_HOME to a folder that others can reach",
			cluster->owner_name, cluster->home);
	return true;
}

/* What the child and its parent share. */
struct owner_result
{
	struct glue_error error;
	bool was_running;
};

typedef bool (*cluster_fn)(struct cluster *cluster, struct glue_error *error);

/*
 * Run work() in a child that is the owner.
 */
static bool
run_in_child(struct cluster *cluster, cluster_fn work, struct owner_result *shared,
			 struct glue_error *error)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_PROCESS",
							  "cannot start a process: %s", strerror(errno));
	if (child == 0)
	{
		bool done = become_owner(cluster, &shared->error) && work(cluster, &shared->error);

		shared->was_running = cluster->was_running;
		_exit(done ? 0 : 1);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		/* the child got the signal too and ends */;
	cluster->was_running = shared->was_running;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (shared->error.class == GLUE_NO_ERROR)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "NO_PROCESS",
							  "the process that handles the private server died");
	*error = shared->error;
	return false;
}

static bool
run_as_owner(struct cluster *cluster, cluster_fn work, struct glue_error *error)
{
	struct owner_result *shared;
	bool done;

	if (geteuid() == cluster->owner)
		return work(cluster, error);
	fflush(NULL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return glue_error_memory(error);
	done = run_in_child(cluster, work, shared, error);
	munmap(shared, sizeof(*shared));
	return done;
}

/* ----- entry points ----- */

char *
cluster_start(bool quiet, struct glue_error *error)
{
	struct cluster cluster;
	char *conninfo = glue_allocate(CLUSTER_CONNINFO_SIZE);

	if (conninfo == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	if (!locate(&cluster, quiet, error))
		goto failed;
	if (cluster_conninfo(&cluster, CLUSTER_DATABASE, conninfo) && cluster_is_ready(conninfo))
		return conninfo;
	if (!make_home(&cluster, error) || !run_as_owner(&cluster, cluster_server_start, error))
		goto failed;
	if (cluster_conninfo(&cluster, CLUSTER_DATABASE, conninfo))
		return conninfo;
	glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_SERVER",
				   "the private server ended right after its start; see the files in %s/log",
				   cluster.data);

failed:
	glue_release(conninfo);
	return NULL;
}

bool
cluster_stop(bool *was_running, struct glue_error *error)
{
	struct cluster cluster;
	struct stat status;

	*was_running = false;
	if (!locate(&cluster, true, error))
		return false;
	if (stat(cluster.data, &status) != 0)
		return true;
	if (!make_home(&cluster, error) || !run_as_owner(&cluster, cluster_server_stop, error))
		return false;
	*was_running = cluster.was_running;
	return true;
}
