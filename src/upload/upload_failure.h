/*-------------------------------------------------------------------------
 *
 * upload_failure.h
 *	  Why an upload can fail.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_FAILURE_H
#define ONBOARD_UPLOAD_FAILURE_H

#include "postgres.h"

/* Raise an error, which lists the codes, unless this is one. */
extern void upload_failure_check_code(const char *code);

/* What is said of a failure when the caller says nothing; checks the code. */
extern const char *upload_failure_sentence(const char *code);

/* Does the reason lie outside the file?  Not for NULL: no row was good. */
extern bool upload_failure_may_retry(const char *code);

#endif /* ONBOARD_UPLOAD_FAILURE_H */
