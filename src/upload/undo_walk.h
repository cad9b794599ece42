/*-------------------------------------------------------------------------
 *
 * undo_walk.h
 *	  Taking back what an upload did to products, newest change first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UNDO_WALK_H
#define ONBOARD_UNDO_WALK_H

#include "postgres.h"

#include "upload/account.h"

typedef enum UndoStep
{
	UNDO_REMOVE,  /* the upload inserted the product */
	UNDO_RESTORE, /* the upload changed or discontinued it */
	UNDO_KEEP     /* either of these, but the product stays as it is */
} UndoStep;

/* What happened to one product; borrowed. */
typedef struct UndoLine
{
	int64 product_id;
	const char *sku;
	UndoStep step;
	const char *reason; /* of UNDO_KEEP, else NULL */
} UndoLine;

typedef void (*UndoReport)(void *context, const UndoLine *line);

/*
 * Take back what the upload did, and report each product once.  A product is kept
 * if it was changed after the upload, or if the catalogue refuses; if everything is
 * set, even changed products are removed if the upload inserted them.  Raises an
 * error if the upload changed products while their history was off, or if it is off
 * now.  The caller has locked upload and vendor, is in an owner section and
 * connected to SPI.
 */
extern void undo_walk(const UploadRow *upload, bool everything, UndoReport report, void *context);

#endif /* ONBOARD_UNDO_WALK_H */
