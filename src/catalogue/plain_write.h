/*-------------------------------------------------------------------------
 *
 * plain_write.h
 *	  Writing a row to onboard.products by an SQL statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PLAIN_WRITE_H
#define ONBOARD_PLAIN_WRITE_H

#include "postgres.h"

#include "catalogue/catalogue_internal.h"

/*
 * Implement catalogue_write() on the plain path.  Enters an owner section of its
 * own.
 */
extern WriteResult plain_write(Catalogue *catalogue, RowWrite *write);

#endif /* ONBOARD_PLAIN_WRITE_H */
