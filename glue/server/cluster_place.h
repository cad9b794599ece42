/*-------------------------------------------------------------------------
 *
 * cluster_place.h
 *	  The private PostgreSQL server: where it is, who runs it, how to reach it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CLUSTER_PLACE_H
#define GLUE_CLUSTER_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/failure.h"

#define CLUSTER_PATH_SIZE 3000
#define CLUSTER_DATABASE "onboard"
#define CLUSTER_USER "onboard"
#define CLUSTER_PORT "5432"

/* Room for a conninfo whose host is as long as can be, all characters escaped. */
#define CLUSTER_CONNINFO_SIZE (2 * CLUSTER_PATH_SIZE + 300)

/* Owns nothing. */
struct cluster
{
	/* cluster_locate() */
	char home[CLUSTER_PATH_SIZE];
	char data[CLUSTER_PATH_SIZE];
	uid_t owner;
	gid_t owner_group;
	char owner_name[64];
	char owner_home[CLUSTER_PATH_SIZE];
	/* the caller, NULL for nobody */
	void (*tell_creating)(const char *home);
	/* cluster_server_stop() */
	bool was_running;
};

/* Find out where the server is or will be, and who runs it. */
extern bool cluster_locate(struct cluster *cluster, struct glue_error *error);

/* The folder of PostgreSQL's programs: ONBOARD_PG_BINDIR or as built. */
extern const char *cluster_bindir(void);

/*
 * Write the connection string of the running server for this database into
 * buffer (CLUSTER_CONNINFO_SIZE).  Returns false when none seems to run.
 */
extern bool cluster_conninfo(const struct cluster *cluster, const char *dbname, char *buffer);

/*
 * Whether the server at conninfo answers and its extension is of our version.
 */
extern bool cluster_is_ready(const char *conninfo);

#endif /* GLUE_CLUSTER_PLACE_H */
