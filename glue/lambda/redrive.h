/*-------------------------------------------------------------------------
 *
 * redrive.h
 *	  Return messages from the dead-letter queues of uploads and events.
 *
 * A queue gives up on a message after a few hours, and an outage of the
 * database can be longer.  So once the database answers, the dead letters are
 * sent again, each at most SWEEP_REDRIVES times: a message that fails for a
 * reason of its own then stays in the dead-letter queue, where the operator
 * finds it.  A message attribute counts these, because a message that is sent
 * again is a new one, with a new age and no receives.  That is also why SQS's
 * own StartMessageMoveTask, which moves every message, cannot be used: messages
 * would circulate forever.
 *
 * A message is deleted only after it was sent, so a kill in between duplicates
 * it, which every handler tolerates.  Attributes other than the counter are
 * lost; no handler uses any.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_REDRIVE_H
#define GLUE_LAMBDA_REDRIVE_H

#include "lambda/handler.h"

/* What was returned to each queue. */
struct redrive_counts
{
	int64_t uploads;
	int64_t events;
};

/*
 * Return the dead letters of both queues, as far as time permits, and log a
 * line for each queue.  A queue without configured URLs is skipped.  counts must
 * be zeroed, and is filled even after an error.
 */
extern bool redrive_dead_letters(struct sandbox *sandbox, const struct invocation *invocation,
								 struct redrive_counts *counts, struct glue_error *error);

#endif /* GLUE_LAMBDA_REDRIVE_H */
