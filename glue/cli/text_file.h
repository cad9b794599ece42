/*-------------------------------------------------------------------------
 *
 * text_file.h
 *	  Read a text that a person edited, such as those of mails, from a file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_TEXT_FILE_H
#define GLUE_TEXT_FILE_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/*
 * Read a whole file ("-" for standard input) into an empty buffer, with a NUL at its
 * end.  File faults UNREADABLE_FILE, WRONG_ENCODING if it is not UTF-8, and
 * FILE_TOO_LARGE if it has more than max_bytes; 0 for no limit.
 */
extern bool text_file_read(const char *path, size_t max_bytes, struct byte_buffer *text,
						   struct glue_error *error);

/* Return the name of a file for messages: its path, or "standard input" for "-". */
extern const char *text_file_name(const char *path);

#endif /* GLUE_TEXT_FILE_H */
