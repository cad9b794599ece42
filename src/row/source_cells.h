/*-------------------------------------------------------------------------
 *
 * source_cells.h
 *	  The cells of a row that a map changed or left out, as the vendor wrote them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SOURCE_CELLS_H
#define ONBOARD_SOURCE_CELLS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "shared/text.h"

/*
 * An object of texts under the keys of original_data, in one of two forms, or none.
 * Zeros are none.
 */
typedef struct SourceCells
{
	Jsonb *object;

	/*
	 * The same as JSON, if it is plain: an object of strings without escapes of
	 * Unicode, without U+FFFD, and not longer than a field may be.
	 */
	struct text_view json;
} SourceCells;

/* Are there any cells? */
static inline bool
source_cells_exist(const SourceCells *cells)
{
	return cells->object != NULL || cells->json.data != NULL;
}

/*
 * Take cells from valid JSON, absent for none.  What is not plain becomes jsonb, which
 * need not be an object of texts; raises the errors of jsonb_in(), which may quote the
 * JSON.  The result borrows the JSON, or is in the current context.
 */
extern SourceCells source_cells_from_json(struct text_view json);

/* Return the cells as jsonb, made in the current context if need be; NULL for none. */
extern Jsonb *source_cells_object(const SourceCells *cells);

#endif /* ONBOARD_SOURCE_CELLS_H */
