/*-------------------------------------------------------------------------
 *
 * cluster_server.c
 *	  Create, start and stop the private server, running as its owner.
 *
 * Everything runs under a file lock, so that two programs that find no server
 * do not both start one.  PostgreSQL's programs run without a shell, in an
 * environment without PG* variables.  A partially created cluster has a
 * temporary name and is never started.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "database/postgres_connect.h"
#include "database/postgres_error.h"
#include "server/cluster_server.h"
#include "server/pid_file.h"

#define START_TIMEOUT_SECONDS "120"
#define READY_TIMEOUT_MS 60000

/* sockaddr_un has room for 107 bytes; PostgreSQL appends this. */
#define SOCKET_NAME "/.s.PGSQL." CLUSTER_PORT
#define LONGEST_SOCKET_FOLDER (107 - (int) (sizeof(SOCKET_NAME) - 1))

/*
 * How often to check, at intervals of 100 ms, for the end of a killed server.
 */
#define DEATH_WAITS 50

/* How often to start a server that was dying. */
#define START_ATTEMPTS 3

/* Exit code of pg_ctl status: the server is not running. */
#define PG_CTL_NOT_RUNNING 3

/*
 * Settings for one machine with one user.  Durability keeps its defaults.
 * Statements, contexts and details are not logged because they contain vendors'
 * data.  Users' own settings go at the end of postgresql.conf.
 */
static const char settings[] =
	"# written at every start; put your own settings at the end of postgresql.conf\n"
	"listen_addresses = ''\n"
	"port = " CLUSTER_PORT "\n"
	"unix_socket_permissions = 0700\n"
	"max_connections = 40\n"
	"shared_buffers = 256MB\n"
	"max_wal_size = 4GB\n"
	"checkpoint_timeout = 15min\n"
	"wal_compression = on\n"
	"logging_collector = on\n"
	"log_directory = 'log'\n"
	"log_filename = 'postgresql-%a.log'\n"
	"log_truncate_on_rotation = on\n"
	"log_rotation_age = 1d\n"
	"log_rotation_size = 0\n"
	"log_error_verbosity = terse\n"
	"log_min_error_statement = panic\n";

/* ----- running PostgreSQL's programs ----- */

/*
 * Set up files and environment, then execute one of PostgreSQL's programs.
 * Runs in the child.
 */
static void
execute(const struct cluster *cluster, char *const argv[])
{
	static const char *const kept[] = {"PATH", "TZ", "LD_LIBRARY_PATH"};
	char log[CLUSTER_PATH_SIZE + 32];
	char values[3][CLUSTER_PATH_SIZE];
	int descriptor;

	for (int i = 0; i < 3; i++)
	{
		const char *value = getenv(kept[i]);

		snprintf(values[i], sizeof(values[i]), "%s", value != NULL ? value : "");
	}
	clearenv();
	for (int i = 0; i < 3; i++)
	{
		if (values[i][0] != '\0')
			setenv(kept[i], values[i], 1);
	}
	setenv("HOME", cluster->home, 1);
	setenv("LC_ALL", "C", 1);

	snprintf(log, sizeof(log), "%s/start.log", cluster->home);
	umask(077);
	descriptor = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW, 0600);
	if (descriptor < 0 || dup2(descriptor, STDOUT_FILENO) < 0 ||
		dup2(descriptor, STDERR_FILENO) < 0)
		_exit(126);
	close(STDIN_FILENO);
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO || chdir(cluster->home) != 0)
		_exit(126);
	closefrom(STDERR_FILENO + 1);
	execv(argv[0], argv);
	_exit(127);
}

/*
 * Run the program named by argv[0] and wait for it; *code is its exit code.
 */
static bool
run_program(const struct cluster *cluster, char *argv[], int *code, struct glue_error *error)
{
	char path[CLUSTER_PATH_SIZE];
	int status = 0;
	pid_t child;

	snprintf(path, sizeof(path), "%s/%s", cluster_bindir(), argv[0]);
	child = fork();
	if (child < 0)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_PROCESS",
							  "cannot start a process: %s", strerror(errno));
	if (child == 0)
	{
		/*
		 * argv[0] too must be the full path: the programs use it to find each
		 * other.
		 */
		argv[0] = path;
		execute(cluster, argv);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		/* the program received the signal too and exits */;
	if (interrupted())
		return interrupt_error(error);
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	if (*code == 126 || *code == 127)
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "NO_SERVER",
			"cannot run %s; install PostgreSQL's server, set ONBOARD_PG_BINDIR, or use --db", path);
	return true;
}

/*
 * Read the last line of start.log for a message; "" if there is none.
 */
static void
read_last_line(const struct cluster *cluster, char *line, size_t size)
{
	char path[CLUSTER_PATH_SIZE + 32];
	char next[500];
	FILE *file;

	line[0] = '\0';
	snprintf(path, sizeof(path), "%s/start.log", cluster->home);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(next, sizeof(next), file) != NULL)
	{
		next[strcspn(next, "\n")] = '\0';
		if (next[0] != '\0')
			snprintf(line, size, "%.*s", (int) size - 1, next);
	}
	fclose(file);
}

static bool
fail_with_log(const struct cluster *cluster, const char *what, struct glue_error *error)
{
	char line[200];

	read_last_line(cluster, line, sizeof(line));
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_SERVER",
						  "could not %s the private server (%s); see %s/start.log and %s/log", what,
						  line, cluster->home, cluster->data);
}

/* ----- creating ----- */

static bool
write_file(const char *path, const char *mode, const char *first, const char *second,
		   struct glue_error *error)
{
	FILE *file = fopen(path, mode);
	bool written = file != NULL && fputs(first, file) >= 0 && fputs(second, file) >= 0;

	if (file != NULL && fclose(file) != 0)
		written = false;
	if (!written)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME", "cannot write %s: %s",
							  path, strerror(errno));
	return true;
}

/*
 * Choose the locale of the databases: code point order and, if the system has
 * C.UTF-8, character classes for all scripts.
 */
static const char *
choose_locale(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);

	if (locale == (locale_t) 0)
		return "--locale=C";
	freelocale(locale);
	return "--locale=C.UTF-8";
}

/*
 * Create the cluster under a temporary name, complete it, and rename it.
 */
static bool
create_cluster(struct cluster *cluster, struct glue_error *error)
{
	char unfinished[CLUSTER_PATH_SIZE + 32];
	char path[CLUSTER_PATH_SIZE + 64];
	int code;

	if (cluster->tell_creating != NULL)
		cluster->tell_creating(cluster->home);
	snprintf(unfinished, sizeof(unfinished), "%s/unfinished-%ld-%ld", cluster->home,
			 (long) time(NULL), (long) getpid());
	{
		char *argv[] = {
			"initdb",
			"-D",
			unfinished,
			"-U",
			CLUSTER_USER,
			"--encoding=UTF8",
			(char *) choose_locale(),
			"--auth-local=trust",
			"--auth-host=reject",
			"--data-checksums",
			"--no-instructions",
			NULL,
		};

		if (!run_program(cluster, argv, &code, error))
			return false;
	}
	if (code != 0)
		return fail_with_log(cluster, "create", error);
	snprintf(path, sizeof(path), "%s/postgresql.conf", unfinished);
	if (!write_file(path, "ae", "\ninclude_if_exists 'onboard.conf'\n",
					"# your own settings go below\n", error))
		return false;
	if (rename(unfinished, cluster->data) != 0)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME", "cannot rename %s: %s",
							  unfinished, strerror(errno));
	return true;
}

/* ----- the socket's folder ----- */

/*
 * Create a folder that only the owner can enter, or accept an existing one with
 * the same properties.  Refuses a symbolic link or another user's folder.
 */
static bool
make_private_folder(const char *path)
{
	struct stat status;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return false;
	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
		   (status.st_mode & 077) == 0;
}

/*
 * Hash a path, for a short name that is stable for each home (FNV-1a).
 */
static uint64_t
hash_path(const char *path)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *path != '\0'; path++)
		hash = (hash ^ (unsigned char) *path) * UINT64_C(1099511628211);
	return hash;
}

/*
 * Choose the folder for the socket: in the home, or elsewhere if that path is
 * too long or contains characters that the setting cannot represent.
 */
static bool
choose_socket_folder(const struct cluster *cluster, char *folder, size_t size,
					 struct glue_error *error)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@";
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int length = snprintf(folder, size, "%s/run", cluster->home);

	if (length <= LONGEST_SOCKET_FOLDER && folder[strspn(folder, plain)] == '\0')
	{
		if (make_private_folder(folder))
			return true;
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME",
			"%s must be a folder that belongs to user %s and that no other user can enter", folder,
			cluster->owner_name);
	}
	if (runtime != NULL && runtime[0] == '/' && runtime[strspn(runtime, plain)] == '\0')
	{
		length = snprintf(folder, size, "%s/onboard-%016llx", runtime,
						  (unsigned long long) hash_path(cluster->home));
		if (length <= LONGEST_SOCKET_FOLDER && make_private_folder(folder))
			return true;
	}
	snprintf(folder, size, "/tmp/onboard-%lu-%016llx", (unsigned long) geteuid(),
			 (unsigned long long) hash_path(cluster->home));
	if (make_private_folder(folder))
		return true;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME",
						  "%s belongs to another user; set ONBOARD_HOME to a shorter path", folder);
}

/* ----- starting ----- */

static bool
write_settings(const struct cluster *cluster, struct glue_error *error)
{
	char folder[CLUSTER_PATH_SIZE];
	char path[CLUSTER_PATH_SIZE + 32];
	char line[CLUSTER_PATH_SIZE + 64];

	if (!choose_socket_folder(cluster, folder, sizeof(folder), error))
		return false;
	snprintf(path, sizeof(path), "%s" SOCKET_NAME ".lock", folder);
	pid_file_remove_dead_lock(path);
	snprintf(line, sizeof(line), "unix_socket_directories = '%s'\n", folder);
	snprintf(path, sizeof(path), "%s/onboard.conf", cluster->data);
	return write_file(path, "we", settings, line, error);
}

/*
 * Determine whether the server is running.  After a kill, gives its last
 * processes a moment to exit.
 */
static bool
server_runs(const struct cluster *cluster, bool *runs, struct glue_error *error)
{
	struct timespec wait = {.tv_nsec = 100 * 1000 * 1000};
	char *argv[] = {"pg_ctl", "status", "-D", (char *) cluster->data, NULL};
	int code;

	for (int i = 0; i < DEATH_WAITS && pid_file_is_dead(cluster->data); i++)
	{
		if (pid_file_remove_dead(cluster->data))
			break;
		(void) nanosleep(&wait, NULL);
	}
	if (!run_program(cluster, argv, &code, error))
		return false;
	*runs = code == 0;
	if (code != 0 && code != PG_CTL_NOT_RUNNING)
		return fail_with_log(cluster, "find", error);
	return true;
}

static bool
start_server(const struct cluster *cluster, struct glue_error *error)
{
	char log[CLUSTER_PATH_SIZE + 32];
	char *argv[] = {
		"pg_ctl", "start", "-w", "-s", "-t", START_TIMEOUT_SECONDS, "-D", (char *) cluster->data,
		"-l",     log,     NULL,
	};
	int code;

	if (!write_settings(cluster, error))
		return false;
	snprintf(log, sizeof(log), "%s/start.log", cluster->home);
	if (!run_program(cluster, argv, &code, error))
		return false;
	if (code != 0)
		return fail_with_log(cluster, "start", error);
	return true;
}

/*
 * Connect to a database of the server, waiting while it starts up or recovers,
 * but not if it has died.
 */
static PGconn *
connect_when_ready(const struct cluster *cluster, const char *dbname, struct glue_error *error)
{
	int64_t deadline = clock_milliseconds() + READY_TIMEOUT_MS;
	struct timespec wait = {.tv_nsec = 100 * 1000 * 1000};
	char conninfo[CLUSTER_CONNINFO_SIZE];

	do
	{
		PGconn *connection;

		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_SERVER",
					   "the private server in %s does not answer", cluster->home);
		if (cluster_conninfo(cluster, dbname, conninfo))
		{
			connection = postgres_connect_conninfo(
				conninfo, clock_milliseconds() + POSTGRES_CONNECT_MS, error);
			if (connection != NULL || !postgres_error_is_transient(error))
				return connection;
		}
		(void) nanosleep(&wait, NULL);
		if (interrupted())
		{
			interrupt_error(error);
			return NULL;
		}
	} while (clock_milliseconds() < deadline && !pid_file_is_gone(cluster->data));
	return NULL;
}

/*
 * Connect to the server, starting it if it is not running.  A server that
 * appeared to be running may have just been killed, with its process about to
 * exit; if it turns out to be gone, start it.
 */
static PGconn *
start_and_connect(const struct cluster *cluster, struct glue_error *error)
{
	for (int i = 0; i < START_ATTEMPTS; i++)
	{
		PGconn *connection;
		bool runs = false;

		if (!server_runs(cluster, &runs, error) || (!runs && !start_server(cluster, error)))
			return NULL;
		connection = connect_when_ready(cluster, "postgres", error);
		if (connection != NULL || interrupted() || !pid_file_is_gone(cluster->data))
			return connection;
	}
	return NULL;
}

/* ----- database and extension ----- */

/*
 * Run one statement; sets *rows, if not NULL, to the number of rows returned.
 */
static bool
run_statement(PGconn *connection, const char *statement, int *rows, struct glue_error *error)
{
	PGresult *result = PQexec(connection, statement);
	ExecStatusType status = PQresultStatus(result);
	bool done = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;

	if (done && rows != NULL)
		*rows = PQntuples(result);
	if (!done)
		postgres_error(connection, result, error);
	PQclear(result);
	return done;
}

static bool
ensure_database(const struct cluster *cluster, struct glue_error *error)
{
	PGconn *connection = start_and_connect(cluster, error);
	int rows = 0;
	bool done;

	if (connection == NULL)
		return false;
	done =
		run_statement(connection,
					  "SELECT FROM pg_catalog.pg_database WHERE datname = '" CLUSTER_DATABASE "'",
					  &rows, error) &&
		(rows > 0 ||
		 run_statement(connection,
					   "CREATE DATABASE " CLUSTER_DATABASE " TEMPLATE template0 ENCODING 'UTF8'",
					   NULL, error));
	PQfinish(connection);
	return done;
}

/*
 * Create the extension, or update it to the version of this program.
 */
static bool
ensure_extension(const struct cluster *cluster, struct glue_error *error)
{
	PGconn *connection = connect_when_ready(cluster, CLUSTER_DATABASE, error);
	int rows = 0;
	bool done;

	if (connection == NULL)
		return false;
	done =
		run_statement(connection, "SELECT FROM pg_catalog.pg_extension WHERE extname = 'onboard'",
					  &rows, error) &&
		(rows > 0
			 ? run_statement(connection, "ALTER EXTENSION onboard UPDATE TO '" ONBOARD_VERSION "'",
							 NULL, error)
			 : run_statement(connection, "CREATE EXTENSION onboard VERSION '" ONBOARD_VERSION "'",
							 NULL, error));
	PQfinish(connection);
	return done;
}

/* ----- entry points ----- */

/*
 * Take the lock; returns its descriptor, or -1.
 */
static int
take_lock(const struct cluster *cluster, struct glue_error *error)
{
	char path[CLUSTER_PATH_SIZE + 32];
	int descriptor;

	snprintf(path, sizeof(path), "%s/lock", cluster->home);
	descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
		return descriptor;
	if (descriptor >= 0)
		close(descriptor);
	if (interrupted())
		interrupt_error(error);
	else
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME", "cannot lock %s: %s", path,
					   strerror(errno));
	return -1;
}

static bool
start_locked(struct cluster *cluster, struct glue_error *error)
{
	struct stat status;

	if (stat(cluster->data, &status) != 0 && !create_cluster(cluster, error))
		return false;
	return ensure_database(cluster, error) && ensure_extension(cluster, error);
}

bool
cluster_server_start(struct cluster *cluster, struct glue_error *error)
{
	int lock = take_lock(cluster, error);
	bool done;

	if (lock < 0)
		return false;
	done = start_locked(cluster, error);
	close(lock);
	if (done)
		glue_error_clear(error);
	return done;
}

bool
cluster_server_stop(struct cluster *cluster, struct glue_error *error)
{
	char *argv[] = {"pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", cluster->data, NULL};
	int lock = take_lock(cluster, error);
	bool done;
	int code;

	if (lock < 0)
		return false;
	done = server_runs(cluster, &cluster->was_running, error);
	if (done && cluster->was_running)
	{
		done = run_program(cluster, argv, &code, error);
		if (done && code != 0)
			done = fail_with_log(cluster, "stop", error);
	}
	close(lock);
	return done;
}
