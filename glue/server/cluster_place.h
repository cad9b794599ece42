/*-------------------------------------------------------------------------
 *
 * cluster_place.h
 *	  Location, owner and connection string of the private PostgreSQL server.
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

/* Room for a conninfo with the longest host, all characters escaped. */
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
	/* set by the caller; may be NULL */
	void (*tell_creating)(const char *home);
	/* cluster_server_stop() */
	bool was_running;
};

/* Determine the server's location and owner, whether or not it exists. */
extern bool cluster_locate(struct cluster *cluster, struct glue_error *error);

/*
 * Return the folder of PostgreSQL's programs: ONBOARD_PG_BINDIR or the default
 * set at build time.
 */
extern const char *cluster_bindir(void);

/*
 * Write the running server's connection string for this database into buffer
 * (CLUSTER_CONNINFO_SIZE bytes).  Returns false if none appears to be running.
 */
extern bool cluster_conninfo(const struct cluster *cluster, const char *dbname, char *buffer);

/*
 * Return whether the server at conninfo answers and has our version of the
 * extension.
 */
extern bool cluster_is_ready(const char *conninfo);

#endif /* GLUE_CLUSTER_PLACE_H */
