/*-------------------------------------------------------------------------
 *
 * rejected_workbook.h
 *	  The rejected rows of an upload as a workbook, to be corrected.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_REJECTED_WORKBOOK_H
#define GLUE_REJECTED_WORKBOOK_H

#include <stdint.h>

#include "database/database.h"

/*
 * Make the workbook: the vendor's own columns, then those that a fix file adds.
 * Cells with an error are coloured and have a note.  Must be called in a
 * transaction.  Returns the descriptor of a file without a name, positioned at
 * its beginning, which the caller closes, and sets the number of rows; -1 on
 * error, with the code WORKBOOK_TOO_LARGE if the rows do not fit.
 */
extern int rejected_workbook_make(struct database *database, const char *upload_id, int64_t *rows,
								  struct glue_error *error);

#endif /* GLUE_REJECTED_WORKBOOK_H */
