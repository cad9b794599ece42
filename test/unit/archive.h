/*-------------------------------------------------------------------------
 *
 * archive.h
 *	  Makes zip archives and workbooks for tests.
 *
 *	  struct archive archive;
 *
 *	  archive_begin(&archive);
 *	  archive_add(&archive, "a.csv", "sku,price\n", ARCHIVE_PACKED);
 *	  archive_end(&archive);				archive.bytes, archive.length
 *	  free(archive.bytes);
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ARCHIVE_H
#define ONBOARD_ARCHIVE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <minizip/zip.h>

#define ARCHIVE_PACKED Z_DEFLATED
#define ARCHIVE_STORED 0

/* The caller frees bytes. */
struct archive
{
	char path[4096];
	zipFile file;
	char *bytes;
	size_t length;
};

static inline void
archive_begin(struct archive *archive)
{
	const char *folder = getenv("TMPDIR");

	snprintf(archive->path, sizeof(archive->path), "%s/onboard-unit-XXXXXX",
			 folder != NULL ? folder : "/tmp");
	close(mkstemp(archive->path));
	archive->file = zipOpen64(archive->path, APPEND_STATUS_CREATE);
}

static inline void
archive_add_bytes(struct archive *archive, const char *name, const char *bytes, size_t length,
				  int method)
{
	zip_fileinfo info = {0};

	zipOpenNewFileInZip64(archive->file, name, &info, NULL, 0, NULL, 0, NULL, method, Z_BEST_SPEED,
						  0);
	zipWriteInFileInZip(archive->file, bytes, (unsigned) length);
	zipCloseFileInZip(archive->file);
}

static inline void
archive_add(struct archive *archive, const char *name, const char *text, int method)
{
	archive_add_bytes(archive, name, text, strlen(text), method);
}

static inline void
archive_end(struct archive *archive)
{
	FILE *file;

	zipClose(archive->file, NULL);
	file = fopen(archive->path, "rb");
	fseek(file, 0, SEEK_END);
	archive->length = (size_t) ftell(file);
	rewind(file);
	archive->bytes = malloc(archive->length + 1);
	archive->length = fread(archive->bytes, 1, archive->length, file);
	fclose(file);
	unlink(archive->path);
}

/* ----- workbooks ----- */

#define RELATION(id, type, target)                                                              \
	"<Relationship Id=\"" id "\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/" \
	"relationships/" type "\" Target=\"" target "\"/>"

/* The parts of a workbook; NULL: it has none.  Several sheets end with NULL. */
struct book
{
	const char *workbook;  /* NULL: with a visible sheet for each of sheets */
	const char *strings;   /* what is in <sst> */
	const char *styles;    /* what is in <styleSheet> */
	const char *sheets[4]; /* what is in <worksheet> */
};

/* Write one part, with its outermost element around it. */
static inline void
archive_add_part(struct archive *archive, const char *name, const char *element,
				 const char *content)
{
	size_t size = strlen(content) + 2 * strlen(element) + 100;
	char *part = malloc(size);

	snprintf(part, size, "<?xml version=\"1.0\"?>\n<%s>%s</%s>", element, content, element);
	archive_add(archive, name, part, ARCHIVE_PACKED);
	free(part);
}

static inline void
archive_add_sheets(struct archive *archive, const struct book *book)
{
	char list[1024] = "";
	char relations[2048] =
		RELATION("t", "sharedStrings", "sharedStrings.xml") RELATION("y", "styles", "styles.xml");

	for (int i = 0; book->sheets[i] != NULL; i++)
	{
		char name[64];

		snprintf(list + strlen(list), sizeof(list) - strlen(list),
				 "<sheet name=\"Sheet%d\" sheetId=\"%d\" r:id=\"r%d\"/>", i + 1, i + 1, i + 1);
		snprintf(relations + strlen(relations), sizeof(relations) - strlen(relations),
				 RELATION("r%d", "worksheet", "worksheets/sheet%d.xml"), i + 1, i + 1);
		snprintf(name, sizeof(name), "xl/worksheets/sheet%d.xml", i + 1);
		archive_add_part(archive, name, "worksheet", book->sheets[i]);
	}
	archive_add_part(archive, "xl/_rels/workbook.xml.rels", "Relationships", relations);
	if (book->workbook != NULL)
		archive_add_part(archive, "xl/workbook.xml", "workbook", book->workbook);
	else
	{
		char sheets[1100];

		snprintf(sheets, sizeof(sheets), "<sheets>%s</sheets>", list);
		archive_add_part(archive, "xl/workbook.xml", "workbook", sheets);
	}
}

/* Make a workbook; as archive_end(). */
static inline void
archive_make_book(struct archive *archive, const struct book *book)
{
	archive_begin(archive);
	archive_add_part(archive, "_rels/.rels", "Relationships",
					 RELATION("d", "officeDocument", "xl/workbook.xml"));
	archive_add_sheets(archive, book);
	archive_add_part(archive, "xl/sharedStrings.xml", "sst",
					 book->strings != NULL ? book->strings : "");
	archive_add_part(archive, "xl/styles.xml", "styleSheet",
					 book->styles != NULL ? book->styles : "");
	archive_end(archive);
}

#endif /* ONBOARD_ARCHIVE_H */
