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
 * Return the user code on the table that runs between the rows of a load,
 * whatever the statement; NULL if none.
 */
extern const char *intake_code_between_rows(Relation intake);

#endif /* ONBOARD_INTAKE_H */
