/*-------------------------------------------------------------------------
 *
 * direct_write.h
 *	  Writing rows to onboard.products directly, without the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_DIRECT_WRITE_H
#define ONBOARD_DIRECT_WRITE_H

#include "postgres.h"

#include "catalogue/catalogue_internal.h"

/* Create what direct writing needs, unless that has been done. */
extern void direct_write_prepare(Catalogue *catalogue);

/* Implement catalogue_write() on the direct path.  Runs inside an owner section. */
extern WriteResult direct_write(Catalogue *catalogue, RowWrite *write);

/*
 * Likewise on the decoded path.  A row that is removed again must be part of a
 * subtransaction that aborts; otherwise a subscriber would see it come and go,
 * and its own unique index would refuse it.
 */
extern WriteResult decoded_write(Catalogue *catalogue, RowWrite *write);

/*
 * Replace a product, on either path.  Likewise inside an owner section, unless
 * at_once is set.  A row that changes a key is written in a subtransaction.
 */
extern WriteResult direct_change(Catalogue *catalogue, RowWrite *write);

/* Free what direct writing allocated outside the catalogue's context. */
extern void direct_write_close(Catalogue *catalogue);

#endif /* ONBOARD_DIRECT_WRITE_H */
