/*-------------------------------------------------------------------------
 *
 * copy_context.c
 *	  What an error reports about the line that COPY read: its number, not its text.
 *
 * A line is a vendor's data, and an error is written to the server's log.  COPY
 * shows the line in its error context, and input functions quote what they cannot
 * parse.  Two callbacks keep all of this out of the log:
 *
 * - The line's callback reports the line's number.  It replaces COPY's own when
 *   the first row arrives, because COPY's own is not on the stack before that.
 *
 * - The guard is below COPY's own callback from the start, and so runs after it.
 *   It handles errors that COPY raises while it reads: the context is kept out of
 *   the log, a message that may quote a value becomes a detail for the client
 *   alone, and the log gets the numbers of the line and the column.
 *
 * The client has sent the line and may see it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "utils/memutils.h"

#include "door/copy_context.h"

/* Return the COPY whose loop is running; NULL before and after it. */
static CopyFromState
running_copy(const CopyContext *context)
{
	ErrorContextCallback *entry;

	for (entry = error_context_stack; entry != NULL && entry != &context->guard;
		 entry = entry->previous)
	{
		if (entry == &context->line || entry->callback == CopyFromErrorCallback)
			return entry->arg;
	}
	return NULL;
}

/*
 * A message without arguments quotes nothing, and "missing data" names only a
 * column.
 */
static bool
may_quote_value(const char *message_id)
{
	return message_id == NULL || (strchr(message_id, '%') != NULL &&
								  strcmp(message_id, "missing data for column \"%s\"") != 0);
}

/* Report the error without the value; the client gets the rest as the detail. */
static void
move_message_to_detail(const CopyContext *context, CopyFromState copy)
{
	MemoryContext caller = MemoryContextSwitchTo(context->memory);
	ErrorData *error = CopyErrorData();

	MemoryContextSwitchTo(caller);
	if (!may_quote_value(error->message_id))
		return;
	if (copy->cur_attname != NULL)
		errmsg("invalid value for column \"%s\" of %s", copy->cur_attname, copy->cur_relname);
	else
		errmsg("invalid line for %s", copy->cur_relname);
	errdetail_internal("%s%s%s", error->message, error->detail != NULL ? ": " : "",
					   error->detail != NULL ? error->detail : "");
}

static void
guard_log(void *argument)
{
	CopyContext *context = argument;
	CopyFromState copy = running_copy(context);

	if (context->in_row || copy == NULL)
		return;
	errhidecontext(true);
	/* When out of memory, the error cannot be copied; it quotes no data either. */
	if (ERRCODE_TO_CATEGORY(geterrcode()) == ERRCODE_INSUFFICIENT_RESOURCES)
		return;
	move_message_to_detail(context, copy);
	if (copy->cur_attname != NULL)
		errdetail_log("COPY %s, line %llu, column %s.", copy->cur_relname,
					  (unsigned long long) copy->cur_lineno, copy->cur_attname);
	else
		errdetail_log("COPY %s, line %llu.", copy->cur_relname,
					  (unsigned long long) copy->cur_lineno);
}

static void
line_context(void *argument)
{
	errcontext("COPY intake, line %llu",
			   (unsigned long long) ((CopyFromState) argument)->cur_lineno);
}

void
copy_context_begin(CopyContext *context)
{
	context->memory =
		AllocSetContextCreate(CurrentMemoryContext, "onboard COPY error", ALLOCSET_SMALL_SIZES);
	context->guard.callback = guard_log;
	context->guard.arg = context;
	context->guard.previous = error_context_stack;
	error_context_stack = &context->guard;
}

/* COPY itself pops this callback: it restores the stack it found at the start. */
void
copy_context_begin_row(CopyContext *context)
{
	context->in_row = true;
	if (error_context_stack == NULL || error_context_stack->callback != CopyFromErrorCallback)
		return;
	context->line.callback = line_context;
	context->line.arg = error_context_stack->arg;
	context->line.previous = error_context_stack->previous;
	error_context_stack = &context->line;
}

void
copy_context_end_row(CopyContext *context)
{
	context->in_row = false;
}

void
copy_context_end(CopyContext *context)
{
	if (error_context_stack == &context->guard)
		error_context_stack = context->guard.previous;
}
