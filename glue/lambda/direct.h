/*-------------------------------------------------------------------------
 *
 * direct.h
 *	  The direct route: an object of S3 straight into COPY onboard.intake,
 *	  without DynamoDB.
 *
 * In transactions of at most DIRECT_TRANSACTION_ROWS rows.  Each saves, along
 * with its rows, a checkpoint: the byte, row and line where the next record
 * begins.  Whoever comes after a kill or a deadline reads on from there with a
 * Range request.  Memory does not grow with the object.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_DIRECT_H
#define GLUE_LAMBDA_DIRECT_H

#include <stdbool.h>

#include "base/failure.h"
#include "lambda/handler.h"
#include "lambda/object_upload.h"

/*
 * Load the rows of an object whose upload was begun and described by the first
 * reading.  True when the upload has ended, by this call or before it, also
 * when it was refused because the object changed meanwhile (OBJECT_REPLACED).
 *
 * Lost connections, deadlocks and the like are tried again from the last
 * checkpoint until the invocation's deadline.  False with an infrastructure
 * error, DEADLINE when the time was up, is no verdict: what was committed
 * stays, and the same call resumes where this one was.
 */
extern bool direct_load(struct sandbox *sandbox, const struct invocation *invocation,
						struct object_upload *object, struct glue_error *error);

#endif /* GLUE_LAMBDA_DIRECT_H */
