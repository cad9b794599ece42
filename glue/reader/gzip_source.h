/*-------------------------------------------------------------------------
 *
 * gzip_source.h
 *	  The format gzip: one compressed file of any format but an archive.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_GZIP_SOURCE_H
#define GLUE_GZIP_SOURCE_H

#include "reader/row_source.h"

/* Can only be read from the beginning. */
extern const struct row_format gzip_format;

#endif /* GLUE_GZIP_SOURCE_H */
