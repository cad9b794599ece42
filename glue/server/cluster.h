/*-------------------------------------------------------------------------
 *
 * cluster.h
 *	  The private PostgreSQL server: created, started and stopped by us.
 *
 * It lives in one folder, the home:
 *
 *	  data/			the cluster
 *	  run/			its Unix socket, mode 0700; the only way in
 *	  start.log		what initdb and pg_ctl said
 *	  lock			held while somebody creates or starts it
 *
 * Called as root, the server and everything that touches these files runs as
 * an unprivileged user.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CLUSTER_H
#define GLUE_CLUSTER_H

#include <stdbool.h>

#include "base/failure.h"

/*
 * Make sure that the private server runs and holds our extension.  Before it is
 * created, which takes seconds, tell_creating is called unless it is NULL.  Returns
 * a connection string, owned by the caller (glue_release()); NULL on an error.
 */
extern char *cluster_start(void (*tell_creating)(const char *home), struct glue_error *error);

/* Stop it; *was_running is false when there was nothing to stop. */
extern bool cluster_stop(bool *was_running, struct glue_error *error);

#endif /* GLUE_CLUSTER_H */
