/*-------------------------------------------------------------------------
 *
 * file_source.h
 *	  A file, a pipe or standard input on this machine, as a source of bytes.
 *
 * What cannot be read twice (standard input, a pipe) is spooled into a nameless
 * temporary file while it is read the first time.  Memory is flat.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FILE_SOURCE_H
#define GLUE_FILE_SOURCE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "import/byte_source.h"

/* Owns the descriptors and the texts: file_source_close(). */
struct file_source
{
	struct byte_source bytes;
	int descriptor;     /* what is read the first time */
	int spool;          /* what is read from then on */
	bool is_spooled;    /* they differ */
	bool is_drained;    /* the first reading is over */
	char *name;         /* without folders, valid UTF-8 */
	char *path;         /* absolute, valid UTF-8; NULL for no file */
	struct stat opened; /* as it was before the first reading */
};

/*
 * Open a file by its path ("-" is standard input); name, unless it is NULL,
 * replaces the one it has.  File fault UNREADABLE_FILE says what is the matter
 * with it.  *source is filled in any case: file_source_close().
 */
extern bool file_source_open(struct file_source *source, const char *path, const char *name,
							 struct glue_error *error);

/* Accepts a zeroed source and one that could not be opened. */
extern void file_source_close(struct file_source *source);

#endif /* GLUE_FILE_SOURCE_H */
