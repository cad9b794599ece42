/*-------------------------------------------------------------------------
 *
 * file_source.h
 *	  byte_source for local files, pipes and standard input.
 *
 * Input that cannot be read twice (standard input, a pipe) is spooled into an
 * unlinked temporary file during the first reading.  Memory use is constant.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FILE_SOURCE_H
#define GLUE_FILE_SOURCE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "import/byte_source.h"

/* Owns the descriptors and the strings; free with file_source_close(). */
struct file_source
{
	struct byte_source bytes;
	int descriptor;     /* for the first reading */
	int spool;          /* for all later readings */
	bool is_spooled;    /* the two differ */
	bool is_drained;    /* the first reading is over */
	char *name;         /* base name, valid UTF-8 */
	char *path;         /* absolute, valid UTF-8; NULL if not a file */
	struct stat opened; /* status before the first reading */
};

/*
 * Open a file by its path ("-" is standard input). name, unless NULL, replaces
 * its base name.  File fault UNREADABLE_FILE describes why it cannot be read.
 * *source is always initialized and must be closed with file_source_close().
 */
extern bool file_source_open(struct file_source *source, const char *path, const char *name,
							 struct glue_error *error);

/*
 * Read what was written to a temporary file, under this name.  Takes ownership of the
 * descriptor, even if it returns false.  Otherwise like file_source_open().
 */
extern bool file_source_take(struct file_source *source, int descriptor, const char *name,
							 struct glue_error *error);

/* Close a source; accepts a zeroed one and one whose opening failed. */
extern void file_source_close(struct file_source *source);

#endif /* GLUE_FILE_SOURCE_H */
