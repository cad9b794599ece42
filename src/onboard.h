/*-------------------------------------------------------------------------
 *
 * onboard.h
 *	  The version of the library, and of the script that created the objects.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_H
#define ONBOARD_H

#include "postgres.h"

/*
 * Version of the library; the Makefile takes it from onboard.control, the one
 * place where it is written.
 */
#ifndef ONBOARD_VERSION
#error "ONBOARD_VERSION comes from the Makefile"
#endif

/* Version of the script that created the extension's objects, in the current context. */
extern char *onboard_script_version(void);

#endif /* ONBOARD_H */
