/*-------------------------------------------------------------------------
 *
 * compressed_test.c
 *	  Files in gzip and in zip archives, old workbooks, and what is refused.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <zlib.h>

#include "archive.h"
#include "reader/scan.h"
#include "source_reading.h"

#define CSV "sku,price\n1,2\n"
#define CSV_EVENTS "0@1 sku|price\n1@2 1|2\n"

/* A literal that may contain NULs, and its length without the terminating one. */
#define BYTES(literal) literal, sizeof(literal) - 1

struct bytes
{
	char *data;
	size_t length;
};

/* ----- reading ----- */

/* Read a file; the events, then what was found, or an error as "CODE text". */
static void
read_bytes(struct source_reading *reading, const struct row_source_options *options,
		   const char *bytes, size_t length, size_t chunk)
{
	struct row_source_found found;
	char line[64];

	memset(reading, 0, sizeof(*reading));
	source_reading_read(reading, options, bytes, length, chunk);
	source_reading_append_error(reading);
	if (reading->error.class != GLUE_NO_ERROR)
		return;
	row_source_found(reading->source, &found);
	snprintf(line, sizeof(line), "%s %s", found.format,
			 found.compression != NULL ? found.compression : "-");
	events_append(&reading->list, line, strlen(line));
}

/* Read a file in pieces of several sizes; expected may be the beginning. */
static void
check_with(const char *name, const struct row_source_options *options, const char *bytes,
		   size_t length, const char *expected)
{
	static const size_t chunks[] = {1, 3, 100, 100000000};

	for (size_t i = length > 10000 ? 3 : 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
	{
		struct source_reading reading;

		read_bytes(&reading, options, bytes, length, chunks[i]);
		is_text(source_reading_beginning(&reading, expected), expected, "%s, in pieces of %zu",
				name, chunks[i]);
		source_reading_clean_up(&reading);
	}
}

static void
check(const char *name, const char *bytes, size_t length, const char *expected)
{
	const struct row_source_options options = {0};

	check_with(name, &options, bytes, length, expected);
}

/* ----- gzip ----- */

/* Compress a text; the caller frees the data. */
static struct bytes
gzip(const char *text, size_t length)
{
	z_stream stream = {0};
	struct bytes bytes = {malloc(length + 1000), 0};

	deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	stream.next_in = (Bytef *) text;
	stream.avail_in = (uInt) length;
	stream.next_out = (Bytef *) bytes.data;
	stream.avail_out = (uInt) (length + 1000);
	deflate(&stream, Z_FINISH);
	bytes.length = stream.total_out;
	deflateEnd(&stream);
	return bytes;
}

/* Compress a text, and append more bytes. */
static void
check_gzip(const char *name, const char *text, const char *more, size_t more_length,
		   const char *expected)
{
	struct bytes packed = gzip(text, strlen(text));

	memcpy(packed.data + packed.length, more, more_length);
	check(name, packed.data, packed.length + more_length, expected);
	free(packed.data);
}

static void
test_gzip(void)
{
	struct bytes second = gzip("3,4\n", 4);
	struct bytes first = gzip(CSV, strlen(CSV));
	struct bytes twice = gzip(first.data, first.length);

	check_gzip("gzip", CSV, "", 0, CSV_EVENTS "csv gzip");
	check_gzip("several members", CSV, second.data, second.length, CSV_EVENTS "2@3 3|4\ncsv gzip");
	check_gzip("padding", CSV, BYTES("\0\0\0\0"), CSV_EVENTS "csv gzip");
	check_gzip("nothing inside", "", "", 0, "csv gzip");
	check_gzip("damaged second member", CSV, BYTES("\x1F\x8B\x08\xFF"), "UNREADABLE_FILE ");
	for (size_t length = 4; length < first.length; length++)
		check("truncated gzip", first.data, length,
			  "UNREADABLE_FILE the compressed file is incomplete; send it again");
	first.data[first.length - 1] ^= 1;
	check("wrong length in gzip", first.data, first.length,
		  "UNREADABLE_FILE the compressed file is damaged; compress it anew and send that");
	check("gzip in gzip", twice.data, twice.length,
		  "UNREADABLE_FILE the file is an archive inside an archive");
	free(first.data);
	free(second.data);
	free(twice.data);
}

/* ----- zip ----- */

/* Make an archive of a file, and others that nobody put in. */
static struct archive
zip(const char *name, const char *bytes, size_t length, int method)
{
	struct archive archive;

	archive_begin(&archive);
	archive_add(&archive, "__MACOSX/._a.csv", "resources", method);
	archive_add(&archive, "folder/", "", ARCHIVE_STORED);
	archive_add_bytes(&archive, name, bytes, length, method);
	archive_add(&archive, "folder/.DS_Store", "view", method);
	archive_end(&archive);
	return archive;
}

static void
check_zip(const char *name, const char *text, size_t length, int method, const char *expected)
{
	struct archive archive = zip("folder/a.csv", text, length, method);

	check(name, archive.bytes, archive.length, expected);
	free(archive.bytes);
}

/* An archive of two files with these names. */
static void
check_names(const char *first, const char *second, const char *expected)
{
	struct archive archive;

	archive_begin(&archive);
	archive_add(&archive, first, "<x/>", ARCHIVE_PACKED);
	archive_add(&archive, second, CSV, ARCHIVE_PACKED);
	archive_end(&archive);
	check(first, archive.bytes, archive.length, expected);
	free(archive.bytes);
}

static void
test_zip(void)
{
	const struct book book = {
		.sheets = {"<sheetData><row><c><v>1</v></c></row></sheetData>"},
	};
	struct archive inner = zip("a.csv", CSV, strlen(CSV), ARCHIVE_PACKED);
	struct archive workbook;
	struct bytes packed = gzip(CSV, strlen(CSV));

	archive_make_book(&workbook, &book);
	check_zip("packed file", CSV, strlen(CSV), ARCHIVE_PACKED, CSV_EVENTS "csv zip");
	check_zip("stored file", CSV, strlen(CSV), ARCHIVE_STORED, CSV_EVENTS "csv zip");
	check_zip("empty file", "", 0, ARCHIVE_STORED, "csv zip");
	check_zip("workbook in a zip", workbook.bytes, workbook.length, ARCHIVE_PACKED,
			  "0@1 1\nxlsx zip");
	check_zip("zip in a zip", inner.bytes, inner.length, ARCHIVE_PACKED,
			  "UNREADABLE_FILE the file is an archive inside an archive");
	check_zip("gzip in a zip", packed.data, packed.length, ARCHIVE_STORED,
			  "UNREADABLE_FILE the file is an archive inside an archive");
	check_names("a.csv", "b.csv",
				"UNREADABLE_FILE the archive has several files in it; send them one by one");
	check_names("__MACOSX/a", "folder/desktop.ini",
				"UNREADABLE_FILE the archive has no file in it");
	check_names("META-INF/manifest.xml", "content.xml",
				"NOT_TEXT this is an OpenDocument file (such as ods)");
	check_names("Index/Document.iwa", "b", "NOT_TEXT this is a file of Numbers");
	check_names("_rels/.rels", "b", "NOT_TEXT this is a document but no workbook that can be read");
	check("archive without files", BYTES("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		  "UNREADABLE_FILE the file is damaged or incomplete");
	inner.bytes[200] ^= 1;
	check("damaged zip", inner.bytes, inner.length, "UNREADABLE_FILE ");
	free(inner.bytes);
	free(workbook.bytes);
	free(packed.data);
}

/* ----- limits ----- */

static void
test_limits(void)
{
	const struct row_source_options limit = {.max_bytes = strlen(CSV)};
	const struct row_source_options less = {.max_bytes = strlen(CSV) - 1};
	const char *too_large =
		"FILE_TOO_LARGE the file is larger than 13 bytes when unpacked; split it";
	const char *bomb = "UNREADABLE_FILE the file unpacks to more than 100 times its size";
	size_t size = 8 * 1024 * 1024;
	char *zeros = malloc(size);
	struct bytes packed = gzip(CSV, strlen(CSV));
	struct archive archive = zip("a.csv", CSV, strlen(CSV), ARCHIVE_PACKED);

	check_with("gzip as large as the limit", &limit, packed.data, packed.length,
			   CSV_EVENTS "csv gzip");
	check_with("gzip larger than the limit", &less, packed.data, packed.length, too_large);
	check_with("zip as large as the limit", &limit, archive.bytes, archive.length,
			   CSV_EVENTS "csv zip");
	check_with("zip larger than the limit", &less, archive.bytes, archive.length, too_large);
	free(packed.data);
	free(archive.bytes);
	memset(zeros, '\n', size);
	packed = gzip(zeros, size);
	archive = zip("a.csv", zeros, size, ARCHIVE_PACKED);
	check("gzip bomb", packed.data, packed.length, bomb);
	check("zip bomb", archive.bytes, archive.length, bomb);
	free(packed.data);
	free(archive.bytes);
	free(zeros);
}

/* ----- other kinds ----- */

#define OLE "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

static void
test_refused(void)
{
	const struct row_source_options sheet = {.sheet = "A"};

	check("old workbook", BYTES(OLE "W\0o\0r\0k\0b\0o\0o\0k\0"),
		  "NOT_TEXT this is a workbook in the old Excel format (xls)");
	check("workbook with a password",
		  BYTES(OLE "....E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0....................."),
		  "NOT_TEXT this is a workbook with a password");
	check("plain CSV", BYTES(CSV), CSV_EVENTS "csv -");
	check("short file", BYTES("a"), "0@1 a\ncsv -");
	check("header PK", BYTES("PK,b\n"), "0@1 PK|b\ncsv -");
	check_with("sheet of a text", &sheet, BYTES(CSV),
			   "USAGE the file is no workbook, so it has no sheet \"A\"");
}

/* ----- the encoding ----- */

#define HEADER "vendor_product_id,product_name,category,sku,price,stock_quantity\n"

/* Scan a file; returns its code, or "good". */
static void
check_scan(const char *name, const char *bytes, size_t length, const char *code)
{
	struct glue_error error;
	struct scan_result result;
	struct scan *scan = scan_new(NULL, NULL, "a", &error);

	scan_push(scan, bytes, length, &error);
	is_text(scan_finish(scan, &result, &error) ? "good" : error.code, code, "%s", name);
	scan_destroy(scan);
}

/* The encoding is that of the text, whatever its packed bytes look like. */
static void
test_encoding(void)
{
	const char *utf8 = HEADER "1,Gr\xC3\xB6\xC3\x9F"
							  "e,Books,1,1,1\n";
	const char *latin = HEADER "1,Gr\xF6\xDF"
							   "e,Books,1,1,1\n2,K\xE4se und M\xF6hren f\xFCr Gr\xF6\xDF"
							   "ere,Books,1,1,1\n";
	struct bytes packed = gzip(utf8, strlen(utf8));
	struct archive archive = zip("a.csv", latin, strlen(latin), ARCHIVE_PACKED);
	const struct book book = {
		.sheets = {"<sheetData><row><c t=\"str\"><v>sku</v></c></row></sheetData>"}};
	struct archive workbook;

	archive_make_book(&workbook, &book);
	check_scan("UTF-8 in gzip", packed.data, packed.length, "good");
	check_scan("Latin-1 in a zip", archive.bytes, archive.length, "WRONG_ENCODING");
	check_scan("workbook that lacks columns", workbook.bytes, workbook.length, "MISSING_COLUMN");
	free(packed.data);
	free(archive.bytes);
	free(workbook.bytes);
}

/* Let each allocation fail once: each must yield an error without a leak. */
static void
test_memory(void)
{
	const struct row_source_options options = {0};
	struct archive archive = zip("a.csv", CSV, strlen(CSV), ARCHIVE_PACKED);
	struct bytes packed = gzip(CSV, strlen(CSV));
	int wrong = 0;

	glue_set_reallocate(failing_reallocate);
	for (int i = 0; i < 2; i++)
	{
		bool good = false;

		for (int fail_at = 0; !good && fail_at < 1000; fail_at++)
		{
			struct source_reading reading;

			allocations_left = fail_at;
			read_bytes(&reading, &options, i == 0 ? archive.bytes : packed.data,
					   i == 0 ? archive.length : packed.length, 100);
			good = reading.error.class == GLUE_NO_ERROR;
			wrong += !good && strcmp(reading.error.code, "OUT_OF_MEMORY") != 0;
			source_reading_clean_up(&reading);
		}
		ok(good, "file is read if there is enough memory");
	}
	glue_set_reallocate(NULL);
	is_int(wrong, 0, "failed allocation is reported");
	free(archive.bytes);
	free(packed.data);
}

int
main(void)
{
	test_gzip();
	test_zip();
	test_limits();
	test_refused();
	test_encoding();
	test_memory();
	return unit_done();
}
