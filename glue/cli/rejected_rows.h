/*-------------------------------------------------------------------------
 *
 * rejected_rows.h
 *	  The rejected rows of an upload, each with all that is wrong with it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_REJECTED_ROWS_H
#define GLUE_REJECTED_ROWS_H

#include <cjson/cJSON.h>

#include "base/failure.h"
#include "database/database.h"
#include "import/upload.h"

/*
 * Print the first rows, at most limit of them (0: all), and how many others
 * there are.  Memory does not grow with the number of rows.
 */
extern bool rejected_rows_print(struct database *database, const struct upload *upload,
								int64_t limit, struct glue_error *error);

/*
 * The same rows as a JSON array, one object an error: row_number, line_number,
 * vendor_product_id, sku, error_type, error_field, error_message, suggestion.
 * Owned by the caller; NULL on an error.
 */
extern cJSON *rejected_rows_json(struct database *database, const struct upload *upload,
								 int64_t limit, struct glue_error *error);

#endif /* GLUE_REJECTED_ROWS_H */
