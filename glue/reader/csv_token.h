/*-------------------------------------------------------------------------
 *
 * csv_token.h
 *	  The state that a CSV source stores in a resume token.
 *
 *	  {"skip": 0, "encoding": "UTF-8", "delimiter": ",", "quote": "'", "header": ["sku", ...]}
 *
 * Without "quote", it is the double quote.
 *
 * States are stored with uploads and must remain readable.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_TOKEN_H
#define GLUE_CSV_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "reader/csv_dialect.h"
#include "shared/text.h"

/*
 * A token that was read owns its contents: csv_token_clean_up().  A token to
 * be written borrows them.
 */
struct csv_token
{
	int64_t skip; /* see struct decode_point */
	const char *encoding;
	char delimiter;
	enum quote_sign quote;
	const struct text_view *header; /* as in the file */
	int header_count;

	/* owned; NULL unless the token was read */
	struct text_view *names;
	void *parsed; /* cJSON document that holds the texts */
};

/*
 * Write the state into the buffer, replacing its contents, and terminate it
 * with a NUL.  Returns false on OUT_OF_MEMORY.
 */
extern bool csv_token_write(const struct csv_token *token, struct byte_buffer *buffer,
							struct glue_error *error);

/*
 * Read a state.  Returns false and leaves *token empty on OUT_OF_MEMORY, and
 * on internal error CHECKPOINT if csv_token_write() did not write the state.
 */
extern bool csv_token_read(struct csv_token *token, const char *state, struct glue_error *error);

/* Release the token; accepts a zeroed one. */
extern void csv_token_clean_up(struct csv_token *token);

#endif /* GLUE_CSV_TOKEN_H */
