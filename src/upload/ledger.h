/*-------------------------------------------------------------------------
 *
 * ledger.h
 *	  Which rows of an upload have a verdict.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_LEDGER_H
#define ONBOARD_LEDGER_H

#include "postgres.h"

#include "upload/row_set.h"

typedef struct Ledger Ledger;

/*
 * Read the ledger of an upload into the given context.  unwritten has the rows
 * that earlier statements of this transaction judged but did not write yet, or is
 * NULL; they count as noted.  Runs inside an owner section with SPI connected and
 * the upload locked.
 */
extern Ledger *ledger_load(const char *upload_id, MemoryContext context, RowSet *unwritten);

/*
 * Note that a row is being judged.  Returns false if an earlier statement or this
 * one noted it before.
 */
extern bool ledger_add(Ledger *ledger, int64 row_number);

/* Was the row noted before? */
extern bool ledger_has(Ledger *ledger, int64 row_number);

/* Return the rows that this statement added; they are part of the ledger. */
extern RowSet *ledger_added(Ledger *ledger);

/* Write what this statement added; same conditions as ledger_load(). */
extern void ledger_save(Ledger *ledger);

#endif /* ONBOARD_LEDGER_H */
