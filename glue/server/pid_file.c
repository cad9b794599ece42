/*-------------------------------------------------------------------------
 *
 * pid_file.c
 *	  Read postmaster.pid, the lock file of a running server.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "server/pid_file.h"

#define PID_FILE "postmaster.pid"

/* Line numbers in the file, from 1; see PostgreSQL's utils/pidfile.h. */
#define PID_LINE 1
#define SOCKET_LINE 5
#define SHMEM_LINE 7 /* key and id of the shared memory */

/*
 * Read one line; false if the file or the line does not exist.
 */
static bool
read_line(const char *path, int number, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool found = false;

	if (file == NULL)
		return false;
	for (int next = 1; !found && fgets(line, (int) size, file) != NULL; next++)
		found = next == number;
	fclose(file);
	if (found)
		line[strcspn(line, "\n")] = '\0';
	return found;
}

/*
 * Read one line of the postmaster.pid in a data folder.
 */
static bool
read_pid_line(const char *data, int number, char *line, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" PID_FILE, data);
	return read_line(path, number, line, size);
}

bool
pid_file_read_socket(const char *data, char *folder, size_t size)
{
	return read_pid_line(data, SOCKET_LINE, folder, size) && folder[0] == '/';
}

/*
 * Return whether a process is a zombie.
 */
static bool
is_zombie(long pid)
{
	char path[64];
	char text[256];
	FILE *file;
	const char *state;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	/*
	 * "17 (name) Z ..."; a name may contain anything, so search from the end.
	 */
	state = strrchr(text, ')');
	return state != NULL && state[1] == ' ' && state[2] == 'Z';
}

/*
 * Return whether no process is attached to the shared memory in a line "key
 * id".
 */
static bool
is_unattached(const char *line)
{
	struct shmid_ds status;
	char *end;
	long id;

	(void) strtol(line, &end, 10);
	if (end == line)
		return false;
	line = end;
	id = strtol(line, &end, 10);
	if (end == line)
		return false;
	if (shmctl((int) id, IPC_STAT, &status) == 0)
		return status.shm_nattch == 0;
	return errno == EINVAL || errno == EIDRM;
}

bool
pid_file_is_dead(const char *data)
{
	char pid[64];

	return read_pid_line(data, PID_LINE, pid, sizeof(pid)) && is_zombie(strtol(pid, NULL, 10));
}

bool
pid_file_is_gone(const char *data)
{
	char line[64];
	long pid;

	if (!read_pid_line(data, PID_LINE, line, sizeof(line)))
		return true;
	pid = strtol(line, NULL, 10);
	return pid <= 0 || (kill((pid_t) pid, 0) != 0 && errno == ESRCH) || is_zombie(pid);
}

bool
pid_file_remove_dead(const char *data)
{
	char memory[128];
	char path[PATH_MAX];

	if (!pid_file_is_dead(data) || !read_pid_line(data, SHMEM_LINE, memory, sizeof(memory)) ||
		!is_unattached(memory))
		return false;
	snprintf(path, sizeof(path), "%s/" PID_FILE, data);
	return unlink(path) == 0;
}

void
pid_file_remove_dead_lock(const char *path)
{
	char pid[64];

	if (read_line(path, PID_LINE, pid, sizeof(pid)) && is_zombie(strtol(pid, NULL, 10)))
		(void) unlink(path);
}
