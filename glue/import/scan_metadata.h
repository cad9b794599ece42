/*-------------------------------------------------------------------------
 *
 * scan_metadata.h
 *	  What the first reading found, as the metadata of an upload.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SCAN_METADATA_H
#define GLUE_SCAN_METADATA_H

#include "reader/scan.h"

/*
 * A JSON object with header, delimiter and encoding, of which the fix file is
 * made; those that were not found out are left out.  The header is as written,
 * columns of an earlier fix file included, for an unreadable record has their
 * cells.  The caller owns the text: cJSON_free().  NULL when there is no memory.
 */
extern char *scan_metadata(const struct scan_result *found);

#endif /* GLUE_SCAN_METADATA_H */
