/*-------------------------------------------------------------------------
 *
 * chosen_database.h
 *	  Which database a command works on, and how long its user waits for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CHOSEN_DATABASE_H
#define GLUE_CHOSEN_DATABASE_H

#include "base/failure.h"
#include "cli/options.h"
#include "database/database.h"

/*
 * Connect to the database that the options or the environment name, or to the
 * private server, which is started when needed.  Waits for a database that is
 * away.  The caller owns the result: database_close().  NULL on an error.
 */
extern struct database *
chosen_database_open(const struct options *options, struct glue_error *error);

#endif /* GLUE_CHOSEN_DATABASE_H */
