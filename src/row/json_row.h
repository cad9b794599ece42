/*-------------------------------------------------------------------------
 *
 * json_row.h
 *	  Product rows and records in JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_JSON_ROW_H
#define ONBOARD_JSON_ROW_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "row/incoming_row.h"

/*
 * Read one product, whose JSON has length bytes.  Strings are used as they are, a
 * number by its text, null as absent; any other value, a product that is not an
 * object, and attributes over the caps make the row a MALFORMED_ROW.  Unknown
 * keys become attributes.  The row borrows from product and from the current
 * memory context, in which it takes no more than a record may have, whatever the
 * product's size; row->original borrows from product alone.
 */
extern void json_row_read(JsonbContainer *product, int length, IncomingRow *row);

/* Records of one call, sorted by row_number. */
typedef struct JsonRecords JsonRecords;

/*
 * Parse [{"row_number": 1, "line_number": 2, "product": {...}}, ...], with
 * "defect": {"error_type", "message", "raw"} allowed in place of product, and beside
 * it "action", "key_memo" and "source_cells".  If the array does not have this shape,
 * raise the client error 22023.
 */
extern JsonRecords *json_records_open(Jsonb *records);
extern int json_records_count(const JsonRecords *records);

/*
 * Read record i of the sorted order; position is set to i.  The row borrows as in
 * json_row_read(), with the records in place of the product.
 */
extern void json_records_read(const JsonRecords *records, int i, IncomingRow *row);

/* Return findings as a JSON array of objects with the fields of onboard.violation. */
extern Jsonb *findings_to_jsonb(const struct findings *findings);

#endif /* ONBOARD_JSON_ROW_H */
