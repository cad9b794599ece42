/*-------------------------------------------------------------------------
 *
 * zip_source.h
 *	  The format zip: a workbook (xlsx, xlsm), or one compressed file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ZIP_SOURCE_H
#define GLUE_ZIP_SOURCE_H

#include "reader/row_source.h"

/* Can only be read from the beginning. */
extern const struct row_format zip_format;

#endif /* GLUE_ZIP_SOURCE_H */
