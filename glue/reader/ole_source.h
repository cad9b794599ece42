/*-------------------------------------------------------------------------
 *
 * ole_source.h
 *	  Refuses OLE files: old workbooks (.xls) and workbooks with a password.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_OLE_SOURCE_H
#define GLUE_OLE_SOURCE_H

#include "reader/row_source.h"

/* Yields nothing; ends with file fault NOT_TEXT, which says what to send instead. */
extern const struct row_format ole_format;

#endif /* GLUE_OLE_SOURCE_H */
