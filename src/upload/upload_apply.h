/*-------------------------------------------------------------------------
 *
 * upload_apply.h
 *	  How the rows of an upload are applied: what a client may request, and what
 *	  its file determines.
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
 * Return the mode in which to apply a file that was sent with the given one.  A
 * fix file has only the rejected rows, so with MODE_REPLACE it would
 * discontinue the products of all others: it is applied as MODE_UPSERT.
 * metadata describes the file, and is NULL if unknown.
 */
extern enum upload_mode upload_apply_mode(enum upload_mode mode, Jsonb *metadata);

/*
 * Raise an error unless this is a list of distinct names of columns and
 * attributes.
 */
extern void upload_apply_check_columns(ArrayType *names);

#endif /* ONBOARD_UPLOAD_APPLY_H */
