/*-------------------------------------------------------------------------
 *
 * copy_context.h
 *	  What an error reports about the line that COPY read: its number, not its text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_COPY_CONTEXT_H
#define ONBOARD_COPY_CONTEXT_H

#include "postgres.h"

/* Lives for the duration of one COPY. */
typedef struct CopyContext
{
	ErrorContextCallback guard; /* below COPY's own callback */
	ErrorContextCallback line;  /* replaces COPY's own callback */
	MemoryContext memory;       /* for work during errors; not ErrorContext */
	bool in_row;                /* is a row being judged, or is COPY reading? */
} CopyContext;

/*
 * Begin, before COPY pushes its own error context.  The caller owns the context
 * and must not move it until copy_context_end(), or until an error ends the
 * statement.
 */
extern void copy_context_begin(CopyContext *context);

/* Begin a row; also called, without effect, for a row from INSERT. */
extern void copy_context_begin_row(CopyContext *context);

/* End a row that raised no error. */
extern void copy_context_end_row(CopyContext *context);

/* End, after COPY has read its last line.  Harmless without copy_context_begin(). */
extern void copy_context_end(CopyContext *context);

#endif /* ONBOARD_COPY_CONTEXT_H */
