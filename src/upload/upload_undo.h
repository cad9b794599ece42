/*-------------------------------------------------------------------------
 *
 * upload_undo.h
 *	  Undoing an upload, and how many products that affects.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_UNDO_H
#define ONBOARD_UPLOAD_UNDO_H

#include "postgres.h"

#include "upload/account.h"

/* Products of an upload. */
typedef struct Undone
{
	int64 removed;  /* it had inserted them */
	int64 restored; /* it had changed or discontinued them */
	int64 kept;     /* changed since, or protected by the catalogue */
} Undone;

/*
 * Take back what the upload did to products and decline the rows that wait for
 * approval; see undo_walk().
 */
extern void undo_upload(const UploadRow *upload, bool everything, Undone *undone);

#endif /* ONBOARD_UPLOAD_UNDO_H */
