/*-------------------------------------------------------------------------
 *
 * upload_failure.h
 *	  Why an upload can fail as a whole: the codes and their messages.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_FAILURE_H
#define ONBOARD_UPLOAD_FAILURE_H

#include <stdbool.h>

/*
 * If the reason lies outside the file, the same file may succeed later; otherwise
 * it will fail every time.
 */
struct upload_failure
{
	const char *code;
	bool outside_file;
	const char *sentence; /* message if nothing more is known */
};

#define UPLOAD_FAILURE_COUNT 19

extern const struct upload_failure upload_failures[UPLOAD_FAILURE_COUNT];

/* Find the failure with a code; returns NULL if there is none. */
extern const struct upload_failure *upload_failure_find(const char *code);

#endif /* ONBOARD_UPLOAD_FAILURE_H */
