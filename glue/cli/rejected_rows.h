/*-------------------------------------------------------------------------
 *
 * rejected_rows.h
 *	  Show the rejected rows of an upload, each with all of its errors.
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
 * Print the first limit rows (0: all) and the number of remaining ones.  Memory
 * use does not depend on the number of rows.
 */
extern bool rejected_rows_print(struct database *database, const struct upload *upload,
								int64_t limit, struct glue_error *error);

/*
 * Return the same rows as a JSON array with one object per error: row_number,
 * line_number, vendor_product_id, sku, error_type, error_field, error_message,
 * suggestion.  Owned by the caller; NULL on error.
 */
extern cJSON *rejected_rows_json(struct database *database, const struct upload *upload,
								 int64_t limit, struct glue_error *error);

#endif /* GLUE_REJECTED_ROWS_H */
