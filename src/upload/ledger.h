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
 * Read the ledger of an upload into the given context.  unwritten are rows that
 * earlier statements of this transaction judged and did not write yet, or NULL;
 * they count as noted.  Runs inside an owner section with SPI connected and the
 * upload locked.
 */
extern Ledger *ledger_load(const char *upload_id, MemoryContext context, RowSet *unwritten);

/*
 * Note that a row is being judged.  Returns false when it was noted before, by
 * an earlier statement or by this one.
 */
extern bool ledger_add(Ledger *ledger, int64 row_number);

/* Was the row noted before? */
extern bool ledger_has(Ledger *ledger, int64 row_number);

/* The rows this statement added; part of the ledger. */
extern RowSet *ledger_added(Ledger *ledger);

/* Write what this statement added; same surroundings as ledger_load(). */
extern void ledger_save(Ledger *ledger);

#endif /* ONBOARD_LEDGER_H */
