/*-------------------------------------------------------------------------
 *
 * upload_apply.h
 *	  How the rows of an upload are applied: what a client may ask for, and
 *	  what its file says about it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_APPLY_H
#define ONBOARD_UPLOAD_APPLY_H

#include "postgres.h"

#include "utils/array.h"
#include "utils/jsonb.h"

#include "shared/action.h"

/*
 * Return the mode in which a file is applied that was sent with the given one.  A
 * fix file holds only the rejected rows, so with MODE_REPLACE it would discontinue
 * all the others: it is applied as MODE_UPSERT.  metadata describes the file, and
 * is NULL if that is not known.
 */
extern enum upload_mode upload_apply_mode(enum upload_mode mode, Jsonb *metadata);

/*
 * Raise an error unless this is a list of names of columns and attributes, each
 * once.
 */
extern void upload_apply_check_columns(ArrayType *names);

#endif /* ONBOARD_UPLOAD_APPLY_H */
