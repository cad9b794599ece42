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

typedef struct Ledger Ledger;

/*
 * Read the ledger of an upload into the current memory context.  Runs inside
 * an owner section with SPI connected and the upload locked.
 */
extern Ledger *ledger_load(const char *upload_id, MemoryContext context);

/*
 * Note that a row is being judged.  Returns false when it was noted before, by
 * an earlier statement or by this one.
 */
extern bool ledger_add(Ledger *ledger, int64 row_number);

/* Was the row noted before? */
extern bool ledger_has(Ledger *ledger, int64 row_number);

/* Write what was added; same surroundings as ledger_load(). */
extern void ledger_save(Ledger *ledger);

#endif							/* ONBOARD_LEDGER_H */
