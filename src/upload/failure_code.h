/*-------------------------------------------------------------------------
 *
 * failure_code.h
 *	  The codes that tell why an upload failed, as callers specify them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_FAILURE_CODE_H
#define ONBOARD_FAILURE_CODE_H

#include "postgres.h"

/* Raise an error that lists the codes unless this is one. */
extern void failure_code_check(const char *code);

/* Return the default message of a failure; raises an error if the code is unknown. */
extern const char *failure_code_sentence(const char *code);

/*
 * Does the reason lie outside the file?  Not for NULL, which means that no row
 * was good.
 */
extern bool failure_code_may_retry(const char *code);

#endif /* ONBOARD_FAILURE_CODE_H */
