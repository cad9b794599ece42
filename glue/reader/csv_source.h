/*-------------------------------------------------------------------------
 *
 * csv_source.h
 *	  The CSV format.
 *
 * Text in any encoding that iconv supports, divided into records of delimited
 * fields.  csv_reader.h defines records and defects.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_SOURCE_H
#define GLUE_CSV_SOURCE_H

#include "reader/row_source.h"

extern const struct row_format csv_format;

#endif /* GLUE_CSV_SOURCE_H */
