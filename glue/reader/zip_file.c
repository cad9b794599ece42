/*-------------------------------------------------------------------------
 *
 * zip_file.c
 *	  Reads the files in a zip archive, one at a time, in constant memory.
 *
 * minizip keeps one entry of the directory in memory and walks the directory
 * for each name, so the number of entries is limited.
 *
 *-------------------------------------------------------------------------
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <minizip/unzip.h>

#include "base/heap.h"
#include "base/interrupt.h"
#include "reader/zip_file.h"

/* Longer names of files are cut. */
#define NAME_BYTES 255

/* unzLocateFile(): ignore the case of names. */
#define IGNORE_CASE 2

/* Bit of an entry's flags. */
#define FLAG_ENCRYPTED 1

struct zip_file
{
	unzFile archive;
	struct unpacking *unpacking;

	/* the file that is being read */
	bool has_entered;
	int64_t packed;
	int64_t unpacked;
};

static bool
damaged(struct glue_error *error)
{
	return glue_error_set(
		error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
		"the file is damaged or incomplete: it begins like a workbook or a zip archive but cannot be read as one; send it again");
}

/* ----- opening ----- */

/* minizip's function to open a file; ours is open already. */
static voidpf
take_stream(voidpf stream, const void *name, int mode)
{
	(void) name;
	(void) mode;
	return stream;
}

/* Open an archive, which owns the stream from now on. */
static unzFile
open_stream(FILE *stream)
{
	zlib_filefunc64_def functions;
	unzFile archive;

	fill_fopen64_filefunc(&functions);
	functions.zopen64_file = take_stream;
	functions.opaque = stream;
	archive = unzOpen2_64("", &functions);
	return archive;
}

static bool
check_size(struct zip_file *file, struct glue_error *error)
{
	unz_global_info64 info;

	if (unzGetGlobalInfo64(file->archive, &info) != UNZ_OK)
		return damaged(error);
	return info.number_entry <= ZIP_FILE_MOST_ENTRIES ||
		   glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
						  "the archive has more than %d files in it; send the product list alone",
						  ZIP_FILE_MOST_ENTRIES);
}

static bool
open_archive(struct zip_file *file, int descriptor, struct glue_error *error)
{
	int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
	FILE *stream = copy >= 0 ? fdopen(copy, "rb") : NULL;

	if (stream == NULL)
	{
		if (copy >= 0)
			close(copy);
		return glue_error_memory(error);
	}
	/* On failure, minizip closes the stream. */
	file->archive = open_stream(stream);
	return file->archive != NULL ? check_size(file, error) : damaged(error);
}

struct zip_file *
zip_file_open(int descriptor, struct unpacking *unpacking, struct glue_error *error)
{
	struct zip_file *file = glue_allocate_zero(sizeof(*file));

	if (file == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	file->unpacking = unpacking;
	if (open_archive(file, descriptor, error))
		return file;
	zip_file_close(file);
	return NULL;
}

void
zip_file_close(struct zip_file *file)
{
	if (file == NULL)
		return;
	zip_file_leave(file);
	if (file->archive != NULL)
		unzClose(file->archive);
	glue_release(file);
}

/* ----- the directory ----- */

bool
zip_file_has(struct zip_file *file, const char *name)
{
	return unzLocateFile(file->archive, name, IGNORE_CASE) == UNZ_OK;
}

/* Return whether a person put this file in, and not the program that made the archive. */
static bool
is_content(const char *name)
{
	size_t length = strlen(name);
	const char *slash = strrchr(name, '/');
	const char *last = slash != NULL ? slash + 1 : name;

	return length > 0 && name[length - 1] != '/' && strncmp(name, "__MACOSX/", 9) != 0 &&
		   strcmp(last, ".DS_Store") != 0 && strcmp(last, "Thumbs.db") != 0 &&
		   strcmp(last, "desktop.ini") != 0;
}

static bool
at_content(struct zip_file *file)
{
	char name[NAME_BYTES + 1] = "";

	return unzGetCurrentFileInfo64(file->archive, NULL, name, NAME_BYTES, NULL, 0, NULL, 0) ==
			   UNZ_OK &&
		   is_content(name);
}

int
zip_file_count(struct zip_file *file)
{
	int count = 0;

	for (int result = unzGoToFirstFile(file->archive); result == UNZ_OK;
		 result = unzGoToNextFile(file->archive))
		count += at_content(file);
	return count;
}

/* ----- reading ----- */

/* Begin to read the entry that the directory is at. */
static bool
enter(struct zip_file *file, struct glue_error *error)
{
	unz_file_info64 info;

	zip_file_leave(file);
	if (unzGetCurrentFileInfo64(file->archive, &info, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK)
		return damaged(error);
	if ((info.flag & FLAG_ENCRYPTED) != 0)
		return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
							  "the archive has a password; send it without one");
	if (info.compression_method != 0 && info.compression_method != Z_DEFLATED)
		return glue_error_set(
			error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
			"the archive is compressed in a way that is not supported; unpack it and send the file that is in it");
	if (unzOpenCurrentFile(file->archive) != UNZ_OK)
		return damaged(error);
	file->has_entered = true;
	file->packed = (int64_t) info.compressed_size;
	file->unpacked = 0;
	return true;
}

bool
zip_file_enter(struct zip_file *file, const char *name, struct glue_error *error)
{
	return zip_file_has(file, name) ? enter(file, error) : damaged(error);
}

bool
zip_file_enter_first(struct zip_file *file, struct glue_error *error)
{
	int result = unzGoToFirstFile(file->archive);

	while (result == UNZ_OK && !at_content(file))
		result = unzGoToNextFile(file->archive);
	return result == UNZ_OK ? enter(file, error) : damaged(error);
}

/* Leave the file at its end, which verifies its checksum. */
static bool
end(struct zip_file *file, struct glue_error *error)
{
	file->has_entered = false;
	return unzCloseCurrentFile(file->archive) == UNZ_OK || damaged(error);
}

bool
zip_file_read(struct zip_file *file, char *buffer, size_t size, size_t *length,
			  struct glue_error *error)
{
	int read;

	*length = 0;
	if (interrupted())
		return interrupt_error(error);
	if (!file->has_entered)
		return true;
	read = unzReadCurrentFile(file->archive, buffer, (unsigned) size);
	if (read < 0)
		return damaged(error);
	if (read == 0)
		return end(file, error);
	*length = (size_t) read;
	file->unpacked += read;
	return unpacking_add(file->unpacking, read, file->packed, file->unpacked, error);
}

void
zip_file_leave(struct zip_file *file)
{
	if (file->has_entered)
		unzCloseCurrentFile(file->archive);
	file->has_entered = false;
}
