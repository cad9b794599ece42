/*-------------------------------------------------------------------------
 *
 * cluster.h
 *	  Create, start and stop the private PostgreSQL server.
 *
 * The server lives in one folder, the home:
 *
 *	  data/			the cluster
 *	  run/			its Unix socket, mode 0700; the only way in
 *	  start.log		output of initdb and pg_ctl
 *	  lock			held while a process creates, starts or stops it
 *
 * If called as root, the server and everything that touches these files runs as
 * an unprivileged user.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CLUSTER_H
#define GLUE_CLUSTER_H

#include <stdbool.h>

#include "base/failure.h"

/*
 * Ensure that the private server runs and has our extension.  Calls
 * tell_creating, unless NULL, before creating it, which takes seconds.  Returns
 * a connection string that the caller frees with glue_release(); NULL on error.
 */
extern char *cluster_start(void (*tell_creating)(const char *home), struct glue_error *error);

/* Stop the server; *was_running is false if it was not running. */
extern bool cluster_stop(bool *was_running, struct glue_error *error);

#endif /* GLUE_CLUSTER_H */
