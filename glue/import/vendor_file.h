/*-------------------------------------------------------------------------
 *
 * vendor_file.h
 *	  A vendor's file on its way in: read for its faults, then for its rows.
 *
 * The two readings have in common where the bytes come from and how they are
 * read, so what the first one promised is what the second one gives.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VENDOR_FILE_H
#define GLUE_VENDOR_FILE_H

#include <stdbool.h>

#include "base/failure.h"
#include "import/byte_source.h"
#include "reader/row_reader.h"
#include "reader/scan.h"

/*
 * Bytes of a content id: that of the scan, what else the file is read with, and
 * room for the number of upload_choose_content().
 */
#define VENDOR_FILE_CONTENT_ID_SIZE (SCAN_CONTENT_ID_SIZE + DECODE_NAME_SIZE + 128)

/* So many bytes, or rows, of a reading are done. */
typedef void (*vendor_file_progress_fn)(void *context, int64_t done);

/* Borrows bytes and name; owns scan: vendor_file_clean_up(). */
struct vendor_file
{
	struct byte_source *bytes;
	const char *name;
	struct row_source_options options; /* the delimiter is that of the first
										* reading */
	struct scan_limits limits;
	struct scan *scan;
	struct scan_result found;                     /* found.map is scan's */
	char content_id[VENDOR_FILE_CONTENT_ID_SIZE]; /* "" when not all of the file
												   * was read */
};

/*
 * A file; nothing is read yet.  bytes, name and the texts of options are borrowed.
 * False on the errors of scan_new().
 */
extern bool vendor_file_init(struct vendor_file *file, struct byte_source *bytes, const char *name,
							 const struct row_source_options *options,
							 const struct scan_limits *limits, struct glue_error *error);

/* Accepts a zeroed file. */
extern void vendor_file_clean_up(struct vendor_file *file);

/*
 * Read it the first time.  Fills found; false with a file fault when it cannot be
 * loaded, or with the errors of its source.  With to_end, it is read to its end even
 * after a fault, and content_id is filled; progress, NULL for none, is told how
 * many bytes are read.
 *
 * The content id says what the file is, by content and name, and how it is read:
 * another reading gives other rows and is another upload.  The defaults, comma and
 * UTF-8, add nothing to it.  What counts is what the file is read with in the end:
 * it makes no difference whether a delimiter was detected or given, nor by which
 * of two limits the file was accepted.  A limit that refuses the file is part of
 * the content id.
 */
extern bool
vendor_file_scan(struct vendor_file *file, bool to_end, vendor_file_progress_fn progress,
				 void *context, struct glue_error *error);

/*
 * What the first reading found, as the metadata of an upload: a JSON object with
 * header, delimiter and encoding, of which the fix file is made; those that were
 * not found out are left out.  The header is as written, columns of an earlier fix
 * file included, because an unreadable record has their cells.  The caller owns
 * the text: cJSON_free().  NULL when there is no memory.
 */
extern char *vendor_file_metadata(const struct vendor_file *file);

/* The second reading, as its callbacks know it. */
struct vendor_file_reading
{
	struct row_reader *reader;
	bool (*piece)(void *context); /* called before each piece of the file; false
									 * stops; or NULL */
	void *context;
};

/*
 * Read it for its rows, from a checkpoint (NULL: from its beginning) to its end.
 * reading->reader is there while the events are called.  False without an error
 * when a callback stopped it; otherwise with OBJECT_REPLACED when the file is not
 * the one of before any more, and the errors of row_reader.h and of its source.
 */
extern bool vendor_file_read(struct vendor_file *file, struct vendor_file_reading *reading,
							 const struct resume_token *from,
							 const struct row_reader_events *events, struct glue_error *error);

#endif /* GLUE_VENDOR_FILE_H */
