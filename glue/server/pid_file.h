/*-------------------------------------------------------------------------
 *
 * pid_file.h
 *	  Read postmaster.pid, the lock file of a running server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_PID_FILE_H
#define GLUE_PID_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Read the folder of the server's socket into folder.  Returns false if the
 * data folder has no complete postmaster.pid.
 */
extern bool pid_file_read_socket(const char *data, char *folder, size_t size);

/*
 * Return whether the file belongs to a killed server whose parent never waited
 * for it, as happens in containers.  The process is a zombie, so its PID still
 * exists and PostgreSQL would consider it alive.
 */
extern bool pid_file_is_dead(const char *data);

/*
 * Return whether no live server uses the data folder: the file is missing, or
 * its process is dead or gone.
 */
extern bool pid_file_is_gone(const char *data);

/*
 * Remove the file of a dead server once no process is attached to its shared memory.
 * Returns true if it was removed.
 */
extern bool pid_file_remove_dead(const char *data);

/* Likewise for the lock file next to a server's socket. */
extern void pid_file_remove_dead_lock(const char *path);

#endif /* GLUE_PID_FILE_H */
