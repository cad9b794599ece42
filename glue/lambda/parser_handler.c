/*-------------------------------------------------------------------------
 *
 * parser_handler.c
 *	  The handler "parser": notifications of S3, through a queue, become rows on
 *	  their way to their verdicts.
 *
 * One that is interrupted, at any point, leaves the message in the queue, and
 * the next goes on (parse.h).
 *
 *-------------------------------------------------------------------------
 */
#include "lambda/parse.h"

static bool
parser_invoke(struct sandbox *sandbox, const struct invocation *invocation,
			  struct glue_error *error)
{
	return parse_event(sandbox, invocation, PARSE_BY_SETTING, error);
}

const struct handler parser_handler = {
	.id = HANDLER_PARSER,
	.invoke = parser_invoke,
};
