/*-------------------------------------------------------------------------
 *
 * cluster.c
 *	  Start and stop the private PostgreSQL server as its owner.
 *
 * Root never works inside the home.  It creates the folder, gives it to the
 * unprivileged owner, and forks a child that becomes the owner and does the
 * rest; the child returns errors through shared memory.
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/heap.h"
#include "server/cluster.h"
#include "server/cluster_place.h"
#include "server/cluster_server.h"

/* ----- acting as the owner ----- */

/*
 * Create a folder and its parents.
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
						  "cannot create folder %s: %s; set ONBOARD_HOME to another one", path,
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
 * Ensure that the home exists and belongs to the owner.  Root gives away only
 * an empty folder of its own.
 */
static bool
make_home(const struct cluster *cluster, struct glue_error *error)
{
	struct stat status;

	if (!make_folders(cluster->home, 0700, error))
		return false;
	if (stat(cluster->home, &status) != 0 || !S_ISDIR(status.st_mode))
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_HOME",
							  "%s is not a folder; set ONBOARD_HOME to another one", cluster->home);
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
 * Become the owner permanently.  Runs in the child.
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

/* Memory shared by the child and its parent. */
struct owner_result
{
	struct glue_error error;
	bool was_running;
};

typedef bool (*cluster_fn)(struct cluster *cluster, struct glue_error *error);

/*
 * Run work() in a child process as the owner.
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
		/* the child received the signal too and exits */;
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
cluster_start(void (*tell_creating)(const char *home), struct glue_error *error)
{
	struct cluster cluster;
	char *conninfo = glue_allocate(CLUSTER_CONNINFO_SIZE);

	if (conninfo == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	if (!cluster_locate(&cluster, error))
		goto failed;
	cluster.tell_creating = tell_creating;
	if (cluster_conninfo(&cluster, CLUSTER_DATABASE, conninfo) && cluster_is_ready(conninfo))
		return conninfo;
	if (!make_home(&cluster, error) || !run_as_owner(&cluster, cluster_server_start, error))
		goto failed;
	if (cluster_conninfo(&cluster, CLUSTER_DATABASE, conninfo))
		return conninfo;
	glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_SERVER",
				   "the private server exited right after starting; see the files in %s/log",
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
	if (!cluster_locate(&cluster, error))
		return false;
	if (stat(cluster.data, &status) != 0)
		return true;
	if (!make_home(&cluster, error) || !run_as_owner(&cluster, cluster_server_stop, error))
		return false;
	*was_running = cluster.was_running;
	return true;
}
