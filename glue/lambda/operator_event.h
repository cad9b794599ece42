/*-------------------------------------------------------------------------
 *
 * operator_event.h
 *	  Parse the event of the handler "operator": a command and its members.
 *
 *	  {"command": "vendor_set_status", "vendor_id": "ACME", "status": "active"}
 *
 * The table of commands is here; README.md documents it.  An event must have
 * the required members of its command, may have the optional ones, and nothing
 * else, so that a misspelt member is never ignored.  null means absent.
 *
 * Only the form is checked.  Whether a value is acceptable is decided by the
 * database, to which the event is passed unchanged.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_OPERATOR_EVENT_H
#define GLUE_LAMBDA_OPERATOR_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "shared/text.h"

enum operator_command
{
	OPERATOR_VENDOR_ADD,
	OPERATOR_VENDOR_LIST,
	OPERATOR_VENDOR_SET,
	OPERATOR_VENDOR_SET_STATUS,
	OPERATOR_UPLOAD_TRACE,
	OPERATOR_UPLOAD_FIND,
	OPERATOR_UPLOAD_CANCEL,
	OPERATOR_HELD_LIST,
	OPERATOR_HELD_APPROVE,
	OPERATOR_HELD_DECLINE,
	OPERATOR_BACKLOG,
	OPERATOR_COMMAND_COUNT
};

/* Maximum number of rows in an answer and in "rows"; the highest "limit". */
#define OPERATOR_MOST_ROWS 1000

/* The texts are borrowed from the event, with escapes unresolved; for the log. */
struct operator_event
{
	enum operator_command command;
	struct text_view vendor_id; /* data is NULL if absent */
	struct text_view upload_id;
	unsigned vendor_columns; /* that have a member, as bits of enum vendor_column */
};

/*
 * Parse an event.  Returns false with usage error EVENT_INVALID if it is not a
 * command of this form.
 */
extern bool operator_event_read(struct operator_event *event, const char *json, size_t length,
								struct glue_error *error);

/* Return the name of a command, such as "vendor_add". */
extern const char *operator_command_name(enum operator_command command);

#endif /* GLUE_LAMBDA_OPERATOR_EVENT_H */
