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
#include <sys/types.h>

#include "base/failure.h"

#define CLUSTER_PATH_SIZE 3000
#define CLUSTER_DATABASE "onboard"
#define CLUSTER_USER "onboard"
#define CLUSTER_PORT "5432"

/* Room for a conninfo whose host is as long as can be, all characters escaped. */
#define CLUSTER_CONNINFO_SIZE (2 * CLUSTER_PATH_SIZE + 300)

/* Where it is and who runs it; filled by cluster_locate(), owns nothing. */
struct cluster
{
	char home[CLUSTER_PATH_SIZE];
	char data[CLUSTER_PATH_SIZE];
	uid_t owner;
	gid_t owner_group;
	char owner_name[64];
	char owner_home[CLUSTER_PATH_SIZE];
	bool is_quiet;
	bool was_running; /* set by cluster_server_stop() */
};

/*
 * Make sure that the private server runs and holds our extension.  Returns a
 * connection string, owned by the caller (glue_release()); NULL on an error.
 */
extern char *cluster_start(bool quiet, struct glue_error *error);

/* Stop it; *was_running is false when there was nothing to stop. */
extern bool cluster_stop(bool *was_running, struct glue_error *error);

/* The folder of PostgreSQL's programs: ONBOARD_PG_BINDIR or as built. */
extern const char *cluster_bindir(void);

/* ----- for cluster_server.c and its caller ----- */

/*
 * Write the connection string of the running server for this database into
 * buffer (CLUSTER_CONNINFO_SIZE).  Returns false when none seems to run.
 */
extern bool cluster_conninfo(const struct cluster *cluster, const char *dbname, char *buffer);

/*
 * Whether the server at conninfo answers and its extension is of our version.
 */
extern bool cluster_is_ready(const char *conninfo);

/*
 * Create what is missing, start, and install or update the extension.  Runs
 * as the owner.
 */
extern bool cluster_server_start(struct cluster *cluster, struct glue_error *error);

/* Stop the server, if it runs.  Runs as the owner. */
extern bool cluster_server_stop(struct cluster *cluster, struct glue_error *error);

#endif /* GLUE_CLUSTER_H */
