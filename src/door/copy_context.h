/*-------------------------------------------------------------------------
 *
 * copy_context.h
 *	  What an error says about the line that COPY read: its number, not its text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_COPY_CONTEXT_H
#define ONBOARD_COPY_CONTEXT_H

#include "postgres.h"

/* Lives from the beginning to the end of one COPY. */
typedef struct CopyContext
{
	ErrorContextCallback guard; /* below COPY's own callback */
	ErrorContextCallback line;  /* in place of COPY's own callback */
	MemoryContext memory;       /* for work on an error; not ErrorContext */
	bool in_row;                /* is a row being judged, or COPY reading? */
} CopyContext;

/*
 * Begin, before COPY puts up its own error context.  The caller owns the
 * context and keeps it in place until copy_context_end(), or until an error ends
 * the statement.
 */
extern void copy_context_begin(CopyContext *context);

/* A row begins; also called, without effect, for a row from INSERT. */
extern void copy_context_begin_row(CopyContext *context);

/* The row has ended without an error. */
extern void copy_context_end_row(CopyContext *context);

/* COPY has read its last line.  Harmless without copy_context_begin(). */
extern void copy_context_end(CopyContext *context);

#endif /* ONBOARD_COPY_CONTEXT_H */
