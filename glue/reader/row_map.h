/*-------------------------------------------------------------------------
 *
 * row_map.h
 *	  Applies a vendor's map to the rows of a file, in their order.
 *
 * A row that the map skips has no number, so the rows after it have lower numbers
 * than their records.  A blank cell may be filled with the text of a row above.  Both are
 * the state of a row_map, with which another one can resume.
 *
 *	  if (row_map_skips(map, record))
 *		  row_map_pass(map, record, true, &error);
 *	  else
 *	  {
 *		  use row_map_apply(map, record);
 *		  row_map_pass(map, record, false, &error);
 *	  }
 *
 * After the first rows, nothing allocates, except for longer texts to fill in.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ROW_MAP_H
#define GLUE_ROW_MAP_H

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "reader/header_map.h"
#include "reader/map_binding.h"
#include "reader/record.h"

struct cJSON;

/* Opaque. */
struct row_map;

/*
 * Create the state of a file's rows.  columns and their binding must outlive it.  The
 * caller must call row_map_destroy().  Returns NULL on OUT_OF_MEMORY.
 */
extern struct row_map *row_map_new(const struct header_map *columns,
								   const struct map_binding *binding, struct glue_error *error);

/* Free it; NULL is accepted. */
extern void row_map_destroy(struct row_map *map);

/* Return whether the map skips a row.  A row with a defect is never skipped. */
extern bool row_map_skips(const struct row_map *map, const struct record *record);

/* Return the row with its number, as in the file.  Borrowed until the next call. */
extern const struct record *row_map_number(struct row_map *map, const struct record *record);

/*
 * Return the row with its number, its values and the cells that these do not show; one
 * with a defect has only the number.  A row that is too large with them becomes
 * MALFORMED_ROW.  The result is borrowed until the next call.
 */
extern const struct record *row_map_apply(struct row_map *map, const struct record *record);

/*
 * Remember what later rows need of a record that was applied or skipped.  Returns
 * false on OUT_OF_MEMORY.
 */
extern bool row_map_pass(struct row_map *map, const struct record *record, bool is_skipped,
						 struct glue_error *error);

/* Return how many rows were skipped. */
extern int64_t row_map_skipped(const struct row_map *map);

/* Append the state as a JSON object. */
extern bool
row_map_write(const struct row_map *map, struct byte_buffer *buffer, struct glue_error *error);

/*
 * Restore the state of another row_map for the same map and header.  Returns false on
 * OUT_OF_MEMORY, and on internal error CHECKPOINT if it is not valid.
 */
extern bool row_map_read(struct row_map *map, const struct cJSON *state, struct glue_error *error);

#endif /* GLUE_ROW_MAP_H */
