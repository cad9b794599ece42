/*-------------------------------------------------------------------------
 *
 * cluster_server.h
 *	  Create, start and stop the private server, running as its owner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CLUSTER_SERVER_H
#define GLUE_CLUSTER_SERVER_H

#include <stdbool.h>

#include "base/failure.h"
#include "server/cluster_place.h"

/*
 * Create the cluster if missing, start it, and install or update the extension.
 */
extern bool cluster_server_start(struct cluster *cluster, struct glue_error *error);

/* Stop the server if it is running; sets was_running. */
extern bool cluster_server_stop(struct cluster *cluster, struct glue_error *error);

#endif /* GLUE_CLUSTER_SERVER_H */
