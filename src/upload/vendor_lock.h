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
 * Lock the vendor FOR NO KEY UPDATE until the transaction ends, so that uploads,
 * undo and approvals that change its products do not interleave.  Raises an error
 * if the vendor does not exist.  The caller must have locked the upload first.
 * Runs inside an owner section with SPI connected.
 */
extern void vendor_lock(const char *vendor_id);

/*
 * Lock the vendor FOR KEY SHARE, for an upload that only inserts: the lock that the
 * foreign-key triggers of products and validation_errors would take for each row.
 * It does not conflict with the lock above.
 */
extern void vendor_lock_shared(const char *vendor_id);

#endif /* ONBOARD_VENDOR_LOCK_H */
