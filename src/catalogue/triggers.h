/*-------------------------------------------------------------------------
 *
 * triggers.h
 *	  The triggers on the tables: updated_at, and stock against status.
 *
 * Declared only so that other files can recognize them; the server calls them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TRIGGERS_H
#define ONBOARD_TRIGGERS_H

#include "postgres.h"

#include "fmgr.h"

extern PGDLLEXPORT Datum onboard_touch_updated_at(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum onboard_flip_stock_status(PG_FUNCTION_ARGS);

#endif /* ONBOARD_TRIGGERS_H */
