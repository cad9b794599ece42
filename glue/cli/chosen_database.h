/*-------------------------------------------------------------------------
 *
 * chosen_database.h
 *	  Choose the database of a command and how long to wait for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CHOSEN_DATABASE_H
#define GLUE_CHOSEN_DATABASE_H

#include "base/failure.h"
#include "cli/options.h"
#include "database/database.h"

/*
 * Connect to the database that the options or the environment name, or else to
 * the private server, starting it if needed.  Waits while the database is
 * unavailable.  The caller owns the result and frees it with database_close().
 * NULL on error.
 */
extern struct database *
chosen_database_open(const struct options *options, struct glue_error *error);

#endif /* GLUE_CHOSEN_DATABASE_H */
