/*-------------------------------------------------------------------------
 *
 * zip_source.c
 *	  The format zip: a workbook (xlsx, xlsm), or one compressed file.
 *
 * The directory of an archive is at its end.  The bytes are therefore kept in a
 * temporary file until all have arrived.  Then a workbook is read, and a single
 * file of any other format is pushed into a source of its own.
 *
 *-------------------------------------------------------------------------
 */
#include <unistd.h>

#include "base/heap.h"
#include "base/spool.h"
#include "reader/unpacking.h"
#include "reader/xlsx_reader.h"
#include "reader/zip_file.h"
#include "reader/zip_source.h"

#define PIECE_BYTES (64 * 1024)

struct zip_source
{
	struct row_source base;
	struct row_source_options options;
	int spool;
	struct unpacking unpacking;
	struct row_source *inner; /* of a single file; NULL for a workbook */
	struct xlsx_found workbook;
};

static struct zip_source *
zip_source_of(struct row_source *base)
{
	return (struct zip_source *) base;
}

/* ----- a single file ----- */

static bool
push_pieces(struct zip_source *source, struct zip_file *zip, char *piece)
{
	struct glue_error *error = &source->base.error;
	size_t length;

	for (;;)
	{
		if (!zip_file_read(zip, piece, PIECE_BYTES, &length, error))
			return false;
		if (length == 0)
			return row_source_finish(source->inner, error);
		if (!row_source_push(source->inner, piece, length, error))
			return false;
	}
}

static bool
read_file(struct zip_source *source, struct zip_file *zip)
{
	struct glue_error *error = &source->base.error;
	struct row_source_options inside = source->options;
	char *piece;
	bool done;

	if (!zip_file_enter_first(zip, error))
		return false;
	inside.inside = NULL;
	source->inner = row_source_open(source->options.inside, &inside, &source->base.events, error);
	if (source->inner == NULL)
		return false;
	piece = glue_allocate(PIECE_BYTES);
	if (piece == NULL)
		return glue_error_memory(error);
	done = push_pieces(source, zip, piece);
	glue_release(piece);
	return done;
}

/* ----- what the archive is ----- */

/* Archives that are documents of programs that we do not read. */
static const struct
{
	const char *file; /* that only they have */
	const char *reason;
} documents[] = {
	{"META-INF/manifest.xml",
	 "this is an OpenDocument file (such as ods); open it, save it as \"Excel 2007-365 (.xlsx)\" or as CSV in UTF-8 and send that"},
	{"Index/Document.iwa",
	 "this is a file of Numbers, Pages or Keynote; export it to Excel (.xlsx) or CSV and send that"},
};

static bool
read_archive(struct zip_source *source, struct zip_file *zip)
{
	struct glue_error *error = &source->base.error;
	int count;

	if (xlsx_workbook_recognize(zip))
		return xlsx_reader_read(zip, &source->options, &source->base.events, &source->workbook,
								error);
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
	{
		if (zip_file_has(zip, documents[i].file))
			return glue_error_set(error, GLUE_FILE_FAULT, "NOT_TEXT", "%s", documents[i].reason);
	}
	if (source->options.inside == NULL)
		return unpacking_nested(error);
	count = zip_file_count(zip);
	if (count == 1)
		return read_file(source, zip);
	return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
						  count == 0 ? "the archive has no file in it"
									 : "the archive has several files in it; send them one by one");
}

/* ----- the format ----- */

static struct row_source *
zip_open(const struct row_source_options *options, struct glue_error *error)
{
	struct zip_source *source = glue_allocate_zero(sizeof(*source));

	if (source == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	source->options = *options;
	source->unpacking.max_bytes = options->max_bytes;
	source->spool = spool_open(error);
	if (source->spool >= 0)
		return &source->base;
	glue_release(source);
	return NULL;
}

static bool
zip_push(struct row_source *base, const char *bytes, size_t length)
{
	return spool_write(zip_source_of(base)->spool, bytes, length, &base->error);
}

static bool
zip_finish(struct row_source *base)
{
	struct zip_source *source = zip_source_of(base);
	struct zip_file *zip = zip_file_open(source->spool, &source->unpacking, &base->error);
	bool done = zip != NULL && read_archive(source, zip);

	zip_file_close(zip);
	return done;
}

static void
zip_found(const struct row_source *base, struct row_source_found *found)
{
	const struct zip_source *source = (const struct zip_source *) base;

	found->encoding = "UTF-8";
	if (source->inner != NULL)
	{
		row_source_found(source->inner, found);
		found->compression = "zip";
		return;
	}
	found->format = "xlsx";
	found->has_content = source->workbook.has_content;
	if (source->workbook.sheet_number > 0)
	{
		found->sheet = source->workbook.sheet;
		found->sheet_number = source->workbook.sheet_number;
	}
}

static void
zip_destroy(struct row_source *base)
{
	struct zip_source *source = zip_source_of(base);

	row_source_destroy(source->inner);
	close(source->spool);
	glue_release(source);
}

const struct row_format zip_format = {
	.name = "zip",
	.open = zip_open,
	.push = zip_push,
	.finish = zip_finish,
	.found = zip_found,
	.destroy = zip_destroy,
};
