/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  The first pass over a file: faults, counts, hash.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/heap.h"
#include "base/hex.h"
#include "reader/encoding_check.h"
#include "reader/scan.h"

struct scan
{
	/* immutable after scan_new() */
	struct scan_limits limits;
	char *file_name;

	/* mutable */
	struct row_reader *reader;
	struct encoding_check *encoding;
	const struct file_map *map; /* the vendor's; NULL: none */
	EVP_MD_CTX *digest;
	int64_t byte_count;
	int64_t row_count;
	int64_t defect_count;
	int64_t empty_count;
	struct sheet_rows sheet_rows;
	int64_t header_lines;    /* 0 until the first row */
	struct glue_error error; /* why the file cannot be loaded */
};

/*
 * Return the number of lines that a spreadsheet shows as the row of the header: a
 * heading may have several lines, and a line "sep=;" is not shown.
 */
static int64_t
count_header_lines(const struct row_reader *reader)
{
	const struct header_map *map = row_reader_map(reader);
	struct row_source_found found;
	int64_t lines;

	row_reader_found(reader, &found);
	/* The lines of a workbook are its rows. */
	if (found.sheet_number > 0)
		return 1;
	lines = 1 + found.hidden_lines;
	for (int i = 0; i < map->header_count; i++)
		lines += sheet_rows_lines(map->fields[i].heading) - 1;
	return lines;
}

static bool
too_many_rows(struct scan *scan)
{
	const char *plural = scan->limits.max_rows == 1 ? "" : "s";

	if (scan->empty_count > 0)
		return glue_error_set(&scan->error, GLUE_FILE_FAULT, "TOO_MANY_ROWS",
							  "the file has more than %" PRId64 " row%s, of which %" PRId64
							  " or more are empty; remove these, or split it",
							  scan->limits.max_rows, plural, scan->empty_count);
	return glue_error_set(&scan->error, GLUE_FILE_FAULT, "TOO_MANY_ROWS",
						  "the file has more than %" PRId64 " row%s; split it",
						  scan->limits.max_rows, plural);
}

static bool
count_row(void *context, const struct record *row)
{
	struct scan *scan = context;

	if (scan->limits.max_rows > 0 && scan->row_count == scan->limits.max_rows)
		return too_many_rows(scan);
	scan->row_count++;
	scan->empty_count += record_is_empty_row(row);
	scan->defect_count += row->defect_type != NULL;
	if (scan->header_lines == 0)
		scan->header_lines = count_header_lines(scan->reader);
	sheet_rows_note(&scan->sheet_rows, row, scan->header_lines);
	return true;
}

static bool
digest_failed(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INTERNAL_ERROR, "INTERNAL", "could not compute a SHA-256");
}

static bool
init_digest(struct scan *scan, struct glue_error *error)
{
	scan->digest = EVP_MD_CTX_new();
	if (scan->digest == NULL)
		return glue_error_memory(error);
	if (EVP_DigestInit_ex(scan->digest, EVP_sha256(), NULL) != 1)
		return digest_failed(error);
	return true;
}

static bool
copy_name(struct scan *scan, const char *file_name, struct glue_error *error)
{
	size_t size;

	if (file_name == NULL)
		file_name = "";
	size = strlen(file_name) + 1;
	scan->file_name = glue_allocate(size);
	if (scan->file_name == NULL)
		return glue_error_memory(error);
	memcpy(scan->file_name, file_name, size);
	return true;
}

/* The source's take_bytes. */
static void
check_encoding(void *context, const char *bytes, size_t length)
{
	struct scan *scan = context;

	encoding_check_push(scan->encoding, bytes, length);
}

/*
 * Create the reader and the check of its encoding.  To the reader, a file whose
 * encoding is to be detected is like any other.
 */
static bool
open_reader(struct scan *scan, const struct row_source_options *options, struct glue_error *error)
{
	struct row_reader_events events = {.row = count_row, .context = scan};
	struct row_source_options own = {0};

	if (options != NULL)
		own = *options;
	scan->encoding = encoding_check_new(own.encoding, own.encoding_is_trusted, error);
	if (scan->encoding == NULL)
		return false;
	if (encoding_is_auto(own.encoding))
		own.encoding = NULL;
	own.take_bytes = check_encoding;
	own.bytes_context = scan;
	scan->reader = row_reader_open(&own, &events, error);
	if (scan->reader != NULL)
		row_reader_only_count(scan->reader);
	return scan->reader != NULL;
}

struct scan *
scan_new(const struct row_source_options *options, const struct scan_limits *limits,
		 const char *file_name, struct glue_error *error)
{
	static const struct scan_limits defaults = SCAN_DEFAULT_LIMITS;
	struct scan *scan = glue_allocate_zero(sizeof(*scan));

	glue_error_clear(error);
	if (scan == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	scan->limits = limits != NULL ? *limits : defaults;
	if (!copy_name(scan, file_name, error) || !init_digest(scan, error) ||
		!open_reader(scan, options, error))
	{
		scan_destroy(scan);
		return NULL;
	}
	return scan;
}

void
scan_destroy(struct scan *scan)
{
	if (scan == NULL)
		return;
	row_reader_destroy(scan->reader);
	encoding_check_destroy(scan->encoding);
	EVP_MD_CTX_free(scan->digest);
	glue_release(scan->file_name);
	glue_release(scan);
}

void
scan_need(struct scan *scan, const struct column_needs *needs)
{
	row_reader_need(scan->reader, needs);
	scan->map = needs->map;
}

/*
 * Read bytes that are within the size limit.  If the reader stops without an
 * error, count_row() has set one.
 */
static void
read_bytes(struct scan *scan, const char *bytes, size_t length)
{
	struct glue_error error;

	if (!row_reader_push(scan->reader, bytes, length, &error) && error.class != GLUE_NO_ERROR)
		scan->error = error;
}

/* Return how many of the next length bytes are within the size limit. */
static size_t
within_limit(const struct scan *scan, size_t length)
{
	int64_t room = scan->limits.max_bytes - scan->byte_count;

	if (scan->limits.max_bytes <= 0 || (uint64_t) length <= (uint64_t) room)
		return length;
	return (size_t) room;
}

/* Return whether the bytes of the file are those of a text. */
static bool
is_plain_text(const struct scan *scan)
{
	struct row_source_found found;

	row_reader_found(scan->reader, &found);
	return strcmp(found.format, "csv") == 0 && found.compression == NULL;
}

/*
 * Return whether the file was read far enough to judge its encoding: to its end,
 * except for what a fault of the header left unread, which reading in the wrong
 * encoding may have caused.  A compressed file is not unpacked any further.
 */
static bool
tells_encoding(const struct scan *scan)
{
	static const char *const codes[] = {"NO_HEADER", "MISSING_COLUMN", "DUPLICATE_COLUMN",
										"NO_ROWS"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
	{
		if (strcmp(scan->error.code, codes[i]) == 0)
			return is_plain_text(scan);
	}
	return scan->error.class == GLUE_NO_ERROR;
}

bool
scan_push(struct scan *scan, const char *bytes, size_t length, struct glue_error *error)
{
	/* After a fault of the header, the source reads no more. */
	if (scan->error.class != GLUE_NO_ERROR && tells_encoding(scan))
		encoding_check_push(scan->encoding, bytes, within_limit(scan, length));
	if (scan->error.class == GLUE_NO_ERROR)
	{
		size_t allowed = within_limit(scan, length);

		read_bytes(scan, bytes, allowed);
		if (scan->error.class == GLUE_NO_ERROR && allowed < length)
			glue_error_set(&scan->error, GLUE_FILE_FAULT, "FILE_TOO_LARGE",
						   "the file is larger than %" PRId64 " bytes; split it",
						   scan->limits.max_bytes);
	}
	scan->byte_count += length;
	if (EVP_DigestUpdate(scan->digest, bytes, length) != 1)
		digest_failed(&scan->error);
	if (error != NULL)
		*error = scan->error;
	return scan->error.class == GLUE_NO_ERROR;
}

bool
scan_is_settled(const struct scan *scan)
{
	return scan->error.class != GLUE_NO_ERROR &&
		   (!tells_encoding(scan) || encoding_check_is_settled(scan->encoding));
}

/* Compute the digest of content, NUL and file name, in hexadecimal. */
static void
finish_digest(struct scan *scan, char *content_id)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length;

	content_id[0] = '\0';
	if (EVP_DigestUpdate(scan->digest, "", 1) != 1 ||
		EVP_DigestUpdate(scan->digest, scan->file_name, strlen(scan->file_name)) != 1 ||
		EVP_DigestFinal_ex(scan->digest, digest, &length) != 1)
	{
		digest_failed(&scan->error);
		return;
	}
	hex_write(content_id, digest, length);
}

/* Set the fault that the file has no rows, or only such as its map skips. */
static void
no_rows(struct scan *scan)
{
	struct row_source_found found;

	row_reader_found(scan->reader, &found);
	if (found.skipped_rows == 0)
		glue_error_file(&scan->error, "NO_ROWS");
	else
		glue_error_set(&scan->error, GLUE_FILE_FAULT, "NO_ROWS",
					   "the map %s skips all rows of the file (%" PRId64 ")",
					   file_map_name(scan->map), found.skipped_rows);
}

static void
finish_reading(struct scan *scan)
{
	struct glue_error error;

	if (!row_reader_finish(scan->reader, &error))
	{
		if (error.class != GLUE_NO_ERROR)
			scan->error = error;
	}
	else if (scan->row_count == 0)
		no_rows(scan);
}

bool
scan_finish(struct scan *scan, struct scan_result *result, struct glue_error *error)
{
	struct row_source_found found;
	struct glue_error wrong;

	memset(result, 0, sizeof(*result));
	if (scan->error.class == GLUE_NO_ERROR)
		finish_reading(scan);
	if (tells_encoding(scan))
	{
		if (!encoding_check_finish(scan->encoding, result->encoding_guess, &wrong))
			scan->error = wrong;
		result->encoding_mattered = encoding_check_mattered(scan->encoding);
	}
	finish_digest(scan, result->content_id);
	result->byte_count = scan->byte_count;
	result->row_count = scan->row_count;
	result->defect_count = scan->defect_count;
	result->sheet_rows = scan->sheet_rows;
	row_reader_found(scan->reader, &found);
	result->format = found.format;
	result->empty_rows = found.empty_rows;
	result->skipped_rows = found.skipped_rows;
	result->quote = found.quote;
	result->compression = found.compression;
	result->sheet = found.sheet;
	result->sheet_number = found.sheet_number;
	result->map = row_reader_map(scan->reader);
	result->refused_header = row_reader_refused_header(scan->reader);
	if (result->map != NULL)
		result->delimiter = found.delimiter;
	snprintf(result->encoding, sizeof(result->encoding), "%s", found.encoding);
	if (error != NULL)
		*error = scan->error;
	return scan->error.class == GLUE_NO_ERROR;
}
