/*-------------------------------------------------------------------------
 *
 * vendor_file.h
 *	  The two readings of a vendor's file: for faults, then for rows.
 *
 * Both readings share the byte source and the options, so the second one yields
 * exactly what the first one found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VENDOR_FILE_H
#define GLUE_VENDOR_FILE_H

#include <stdbool.h>

#include "base/failure.h"
#include "import/byte_source.h"
#include "import/upload.h"
#include "reader/file_map.h"
#include "reader/kept_rows.h"
#include "reader/row_reader.h"
#include "reader/scan.h"
#include "shared/map_word.h"

/*
 * Size of a content id: that of the scan, the options for reading and applying
 * the file, and the number appended by upload_choose_content().
 */
#define VENDOR_FILE_CONTENT_ID_SIZE (SCAN_CONTENT_ID_SIZE + DECODE_NAME_SIZE + 336)

/* Called with the number of bytes, or rows, processed so far. */
typedef void (*vendor_file_progress_fn)(void *context, int64_t done);

/*
 * How a caller asks for the file to be read.  The map decides what it leaves open,
 * and the first reading what is then still unknown.
 */
struct vendor_file_request
{
	struct row_source_options options;
	struct scan_limits limits;

	/* Whether the caller asks for these, or they are just the defaults. */
	bool has_quote;
	bool has_max_bytes;
	bool has_max_rows;
};

/* Borrows bytes and name.  Owns scan and map; free with vendor_file_clean_up(). */
struct vendor_file
{
	struct byte_source *bytes;
	const char *name;
	struct vendor_file_request request;
	struct row_source_options options; /* with the delimiter and the encoding
										* found by the first reading */
	char encoding[DECODE_NAME_SIZE];   /* that of options, unless it is borrowed */
	struct kept_rows kept;             /* by the first reading, for the second */
	struct scan_limits limits;
	struct file_map *map; /* NULL: the file has our headings */
	bool map_is_shared;   /* another vendor_file owns it */
	struct column_needs needs;
	struct upload_apply apply; /* as requested */
	struct scan *scan;
	struct scan_result found;                     /* found.map belongs to scan */
	char fitting_map[MAP_MAX_NAME + 1];           /* set by map_fit_explain() */
	char content_id[VENDOR_FILE_CONTENT_ID_SIZE]; /* "" if the file was not
												   * read to its end */
};

/*
 * Initialize a file without reading it.  Borrows bytes, name and the strings in
 * request.  Errors are those of scan_new().
 */
extern bool vendor_file_init(struct vendor_file *file, struct byte_source *bytes, const char *name,
							 const struct vendor_file_request *request, struct glue_error *error);

/*
 * Read the file with this map; NULL for none.  Takes ownership of the map, even if
 * it returns false.  Called before the first reading, and before a second one
 * without it.  Errors are those of scan_new().
 */
extern bool
vendor_file_use_map(struct vendor_file *file, struct file_map *map, struct glue_error *error);

/*
 * Likewise, with the map of another file, which must outlive this one.
 */
extern bool vendor_file_share_map(struct vendor_file *file, const struct vendor_file *other,
								  struct glue_error *error);

/* Return whether the file is read with the map of this hash; NULL for no map. */
extern bool vendor_file_has_map(const struct vendor_file *file, const char *hash);

/*
 * Set how the rows are applied; by default, they are inserted.  Called before the
 * first reading, and before a second one without it.  The map in needs is ignored:
 * it is that of the file.  Borrows the strings of apply, which become part of the
 * content id.
 */
extern void vendor_file_apply(struct vendor_file *file, const struct column_needs *needs,
							  const struct upload_apply *apply);

/*
 * Set the encoding that the file is read in, which may be "auto"; copied.  Called
 * before the first reading.  Errors are those of scan_new().
 */
extern bool
vendor_file_use_encoding(struct vendor_file *file, const char *encoding, struct glue_error *error);

/*
 * Set delimiter (0: unknown) and encoding (NULL: unknown; copied) for a second
 * reading, if the first one was in another process.
 */
extern void
vendor_file_keep_reading(struct vendor_file *file, char delimiter, const char *encoding);

/* Free a file's memory; accepts a zeroed one. */
extern void vendor_file_clean_up(struct vendor_file *file);

/*
 * Run the first reading and fill found.  A file that is not UTF-8, with the
 * encoding "auto", is read once more, in the encoding that it seems to have.
 * Returns false with a file fault if the file cannot be loaded, or with the
 * errors of its source.  With to_end, reads to the end even after a fault and
 * fills content_id. progress (may be NULL) receives the number of bytes read.
 *
 * The content id identifies the file by content, name and the way it is read,
 * because a different reading yields different rows and is a different upload.
 * The defaults, comma, UTF-8, the first sheet and no map, add nothing.  Only the
 * effective settings count: it does not matter whether a delimiter was detected or
 * given, nor which limit accepted the file, nor what the map is called.  A limit
 * that refuses the file is part of the content id, and so is how the rows are
 * applied, unless they are inserted.
 */
extern bool
vendor_file_scan(struct vendor_file *file, bool to_end, vendor_file_progress_fn progress,
				 void *context, struct glue_error *error);

/*
 * Return the results of the first reading as the metadata of an upload: a JSON
 * object with header, delimiter, encoding, sheet_rows, the quote character unless
 * it is the double quote, the number of empty rows at the end if there are any, and
 * format, sheet and compression of a file that is not plain CSV.  If it is read with
 * a map, these are added:
 *
 *	  map			the map's name
 *	  keys			the key of each heading in original_data
 *	  sources		the headings of columns that are made of another one's cells
 *	  converted		the columns whose cells cannot take a corrected value
 *	  skipped_rows	the number of skipped records, if there are any
 *
 * The reports use header, keys, sources, converted, delimiter and sheet_rows.  Omits
 * unknown members.  The header is as written, including the columns of an earlier fix
 * file, because an unreadable record contains their cells.  The caller frees the
 * string with cJSON_free().  NULL if out of memory.
 */
extern char *vendor_file_metadata(const struct vendor_file *file);

/*
 * Return the columns and attributes of the file as a PostgreSQL array, or NULL if
 * they are unknown or memory runs out.  The caller frees it with glue_release().
 */
extern char *vendor_file_columns(const struct vendor_file *file);

/* State of the second reading that its callbacks may use. */
struct vendor_file_reading
{
	struct row_reader *reader;
	bool (*piece)(void *context); /* called before each piece of the file; false
									 * stops the reading; may be NULL */
	void *context;
};

/*
 * Run the second reading, from a checkpoint (NULL: the beginning) to the end of
 * the file. reading->reader is set while callbacks run.  Returns false without
 * an error if a callback stopped the reading, with OBJECT_REPLACED if the file
 * has been replaced, and with the errors of row_reader.h and of the source.
 */
extern bool vendor_file_read(struct vendor_file *file, struct vendor_file_reading *reading,
							 const struct resume_token *from,
							 const struct row_reader_events *events, struct glue_error *error);

#endif /* GLUE_VENDOR_FILE_H */
