/*-------------------------------------------------------------------------
 *
 * csv_source.h
 *	  CSV, the first of the formats.
 *
 * Text in any encoding that iconv knows, records of fields between delimiters;
 * csv_reader.h says what a record and a defect is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_SOURCE_H
#define GLUE_CSV_SOURCE_H

#include "reader/row_source.h"

extern const struct row_format csv_format;

#endif /* GLUE_CSV_SOURCE_H */
