/*-------------------------------------------------------------------------
 *
 * intake.h
 *	  The bulk door: the foreign table onboard.intake.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_INTAKE_H
#define ONBOARD_INTAKE_H

#include "postgres.h"

#include "utils/relcache.h"

/*
 * What code of users is on the table that runs between the rows of a load, whatever
 * the statement?  NULL for none.
 */
extern const char *intake_code_between_rows(Relation intake);

#endif /* ONBOARD_INTAKE_H */
