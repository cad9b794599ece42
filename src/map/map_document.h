/*-------------------------------------------------------------------------
 *
 * map_document.h
 *	  Column maps as clients get them, and as uploads keep them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_DOCUMENT_H
#define ONBOARD_MAP_DOCUMENT_H

#include "postgres.h"

#include "utils/jsonb.h"

/*
 * Return the document of a map of the vendor, its own or a preset, as it is now;
 * raises an error if there is none.  Runs in an owner section, with SPI; allocates in
 * SPI's context.  A read_only call sees what the caller's snapshot shows.
 */
extern Jsonb *map_document_read(const char *vendor_id, const char *map_name, bool read_only);

/*
 * Keep the document for the uploads that begin with it.  Raises an error if it lacks
 * exchange rates, or has another hash than the one given, which may be NULL.  Likewise.
 */
extern void map_document_freeze(const char *vendor_id, Jsonb *document, const char *hash);

#endif /* ONBOARD_MAP_DOCUMENT_H */
