/*-------------------------------------------------------------------------
 *
 * pid_file.h
 *	  postmaster.pid: what a running server wrote down about itself.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_PID_FILE_H
#define GLUE_PID_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The folder of the server's socket, into folder.  Returns false when the data
 * folder holds no complete postmaster.pid.
 */
extern bool pid_file_read_socket(const char *data, char *folder, size_t size);

/*
 * Whether the file is that of a server that was killed and whose parent never
 * asked how it ended, as happens in containers: the process is dead but its
 * number is taken, and PostgreSQL would take it for alive.
 */
extern bool pid_file_is_dead(const char *data);

/*
 * Whether no live server uses the data folder: there is no file, or the process
 * that it names is dead or no longer there.
 */
extern bool pid_file_is_gone(const char *data);

/*
 * Remove the file of a dead server, once no process is left at the server's shared memory.
 * Returns true when it was removed.
 */
extern bool pid_file_remove_dead(const char *data);

/* The same for the lock file of a server's socket, which lies beside the socket. */
extern void pid_file_remove_dead_lock(const char *path);

#endif /* GLUE_PID_FILE_H */
