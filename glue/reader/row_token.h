/*-------------------------------------------------------------------------
 *
 * row_token.h
 *	  The state of a resume token for a file that is read with a map.
 *
 * Without a map, it is that of the source alone.  With one, it is an object with the
 * member "rows", the state of the row_map, and "source".
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ROW_TOKEN_H
#define GLUE_ROW_TOKEN_H

#include "base/failure.h"
#include "reader/row_map.h"
#include "reader/row_source.h"

/* A token that was stored, taken apart. */
struct row_token
{
	struct resume_token source; /* for the source of the format */
	const struct cJSON *rows;   /* for the row_map; NULL: the file was read without a map */

	/* private */
	struct cJSON *parsed;
	char *state;
};

/*
 * Make the source's token that of the file: its rows are numbered without those that
 * the map skips.  Its state is then in *buffer.  Returns false on OUT_OF_MEMORY.
 */
extern bool row_token_join(struct resume_token *token, const struct row_map *map,
						   struct byte_buffer *buffer, struct glue_error *error);

/*
 * Take a stored token, which is borrowed, apart; clean up with row_token_clean_up().
 * Returns false on OUT_OF_MEMORY, or internal error CHECKPOINT.
 */
extern bool row_token_split(struct row_token *token, const struct resume_token *stored,
							struct glue_error *error);

/* Release it; a zeroed one is accepted. */
extern void row_token_clean_up(struct row_token *token);

#endif /* GLUE_ROW_TOKEN_H */
