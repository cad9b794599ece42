/*-------------------------------------------------------------------------
 *
 * map_file.h
 *	  Read the text of a map from a file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MAP_FILE_H
#define GLUE_MAP_FILE_H

#include "base/byte_buffer.h"
#include "base/failure.h"

/*
 * Read the file ("-" for standard input) into an empty buffer, with a NUL at its end, and
 * check the encoding that the map sets, because the database does not know which ones can
 * be decoded; it checks the rest.  Errors are those of text_file_read(), and a usage error
 * that names file and line.
 */
extern bool map_file_read(const char *path, struct byte_buffer *text, struct glue_error *error);

#endif /* GLUE_MAP_FILE_H */
