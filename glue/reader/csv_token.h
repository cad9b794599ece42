/*-------------------------------------------------------------------------
 *
 * csv_token.h
 *	  What a CSV source has to know to resume, as the state of a resume token.
 *
 *	  {"skip": 0, "encoding": "UTF-8", "delimiter": ",", "header": ["sku", ...]}
 *
 * States are stored with uploads and must stay readable.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_TOKEN_H
#define GLUE_CSV_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "shared/text.h"

/* Owns what was read: csv_token_clean_up().  To be written, all is borrowed. */
struct csv_token
{
	int64_t skip; /* see struct decode_point */
	const char *encoding;
	char delimiter;
	const struct text_view *header; /* as it is in the file */
	int header_count;

	/* owned; NULL unless it was read */
	struct text_view *names;
	void *parsed; /* cJSON, which has the text of all */
};

/*
 * Write the state into the buffer, with a NUL after it.  What was in it is
 * gone.  False on OUT_OF_MEMORY.
 */
extern bool csv_token_write(const struct csv_token *token, struct byte_buffer *buffer,
							struct glue_error *error);

/*
 * Read a state.  False, with *token empty, on OUT_OF_MEMORY and on class
 * internal, CHECKPOINT, when csv_token_write() did not write it.
 */
extern bool csv_token_read(struct csv_token *token, const char *state, struct glue_error *error);

/* Accepts a zeroed token. */
extern void csv_token_clean_up(struct csv_token *token);

#endif /* GLUE_CSV_TOKEN_H */
