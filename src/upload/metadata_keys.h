/*-------------------------------------------------------------------------
 *
 * metadata_keys.h
 *	  Keys in upload_history.metadata that clients must not set themselves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_METADATA_KEYS_H
#define ONBOARD_METADATA_KEYS_H

#define UPLOAD_REPORTED_AT "reported_at"
#define UPLOAD_PRODUCTS_KEPT "products_kept"
#define UPLOAD_UNDONE_AT "undone_at"
#define UPLOAD_UNDONE_REMOVED "undone_removed"
#define UPLOAD_UNDONE_RESTORED "undone_restored"
#define UPLOAD_UNDONE_KEPT "undone_kept"
#define UPLOAD_MISSING_KEPT "missing_kept"

#endif /* ONBOARD_METADATA_KEYS_H */
