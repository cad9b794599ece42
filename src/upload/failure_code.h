/*-------------------------------------------------------------------------
 *
 * failure_code.h
 *	  The codes that say why an upload failed, as callers give them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_FAILURE_CODE_H
#define ONBOARD_FAILURE_CODE_H

#include "postgres.h"

/* Raise an error, which lists the codes, unless this is one. */
extern void failure_code_check(const char *code);

/* What is said of a failure when the caller says nothing; checks the code. */
extern const char *failure_code_sentence(const char *code);

/* Does the reason lie outside the file?  Not for NULL: no row was good. */
extern bool failure_code_may_retry(const char *code);

#endif /* ONBOARD_FAILURE_CODE_H */
