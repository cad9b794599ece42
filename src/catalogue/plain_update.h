/*-------------------------------------------------------------------------
 *
 * plain_update.h
 *	  Changing a product by an SQL statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PLAIN_UPDATE_H
#define ONBOARD_PLAIN_UPDATE_H

#include "postgres.h"

#include "catalogue/product_change.h"

/*
 * Update the columns of the product that differ.  The version that was found must
 * be locked.  Runs with SPI connected, in the section of owner_enter_plain().
 * Returns false if a trigger or a policy left the product as it was.
 */
extern bool plain_update(const FoundProduct *product, const ProductChange *change);

#endif /* ONBOARD_PLAIN_UPDATE_H */
