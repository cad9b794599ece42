/*-------------------------------------------------------------------------
 *
 * vendor_lock.h
 *	  The lock under which products of a vendor change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_VENDOR_LOCK_H
#define ONBOARD_VENDOR_LOCK_H

/*
 * Lock the vendor until the transaction ends, so that uploads, undo and approvals
 * that change its products do not interleave; new products need no such lock.
 * The upload is locked before.  Runs inside an owner section with SPI connected.
 */
extern void vendor_lock(const char *vendor_id);

#endif /* ONBOARD_VENDOR_LOCK_H */
