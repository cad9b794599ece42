/*-------------------------------------------------------------------------
 *
 * upload_failure.h
 *	  Why an upload can fail as a whole: the codes, and what is said of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_FAILURE_H
#define ONBOARD_UPLOAD_FAILURE_H

#include <stdbool.h>

/*
 * If the reason lies outside the file, the same file may succeed another time;
 * otherwise it fails however often it comes.
 */
struct upload_failure
{
	const char *code;
	bool outside_file;
	const char *sentence; /* said when nothing more is known */
};

#define UPLOAD_FAILURE_COUNT 14

extern const struct upload_failure upload_failures[UPLOAD_FAILURE_COUNT];

/* The failure that has a code; NULL when there is no such code. */
extern const struct upload_failure *upload_failure_find(const char *code);

#endif /* ONBOARD_UPLOAD_FAILURE_H */
