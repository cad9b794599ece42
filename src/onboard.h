/*-------------------------------------------------------------------------
 *
 * onboard.h
 *	  The version of the library, and of the script that created the
 *	  objects.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_H
#define ONBOARD_H

#include "postgres.h"

/*
 * Version of the library.  The Makefile reads it from onboard.control, the only file
 * that states it.
 */
#ifndef ONBOARD_VERSION
#error "ONBOARD_VERSION comes from the Makefile"
#endif

/* Return the version of the script that created the extension's objects, palloc'd. */
extern char *onboard_script_version(void);

#endif /* ONBOARD_H */
