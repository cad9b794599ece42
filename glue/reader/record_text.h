/*-------------------------------------------------------------------------
 *
 * record_text.h
 *	  A record of a workbook as a line of CSV, for people to see.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_RECORD_TEXT_H
#define GLUE_RECORD_TEXT_H

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "shared/text.h"

/*
 * Write cells as a line of CSV, cut to the size of a record, for record.raw.  *text is
 * in *buffer.  Returns false on OUT_OF_MEMORY.
 */
extern bool record_text_write(const struct text_view *cells, int count, struct byte_buffer *buffer,
							  struct text_view *text, struct glue_error *error);

#endif /* GLUE_RECORD_TEXT_H */
