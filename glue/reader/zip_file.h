/*-------------------------------------------------------------------------
 *
 * zip_file.h
 *	  Reads the files in a zip archive, one at a time, in constant memory.
 *
 * A wrapper of minizip that limits what is unpacked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ZIP_FILE_H
#define GLUE_ZIP_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "reader/unpacking.h"

/* An archive with more files is refused. */
#define ZIP_FILE_MOST_ENTRIES 10000

/* Opaque. */
struct zip_file;

/*
 * Open the archive in a file of which the caller keeps the descriptor; it must
 * not move its position meanwhile.  *unpacking is borrowed, and counts what is
 * read.  The caller must call zip_file_close().  Returns NULL on file fault
 * UNREADABLE_FILE, or OUT_OF_MEMORY.
 */
extern struct zip_file *
zip_file_open(int descriptor, struct unpacking *unpacking, struct glue_error *error);

/* Free the archive; NULL is accepted. */
extern void zip_file_close(struct zip_file *file);

/* Return whether there is a file of this name, whose case does not matter. */
extern bool zip_file_has(struct zip_file *file, const char *name);

/* Return how many files there are that a person put in. */
extern int zip_file_count(struct zip_file *file);

/*
 * Begin to read a file: by its name, whose case does not matter, or the first one
 * that zip_file_count() counts.  Returns false on file fault UNREADABLE_FILE.
 */
extern bool zip_file_enter(struct zip_file *file, const char *name, struct glue_error *error);
extern bool zip_file_enter_first(struct zip_file *file, struct glue_error *error);

/*
 * Read the next bytes of the file; *length becomes 0 at its end, which also
 * verifies its checksum.  Returns false on the errors of unpacking_add(), on file
 * fault UNREADABLE_FILE, and if the user interrupts.
 */
extern bool zip_file_read(struct zip_file *file, char *buffer, size_t size, size_t *length,
						  struct glue_error *error);

/* Stop reading the file that was entered. */
extern void zip_file_leave(struct zip_file *file);

#endif /* GLUE_ZIP_FILE_H */
