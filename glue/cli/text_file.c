/*-------------------------------------------------------------------------
 *
 * text_file.c
 *	  Read a text that a person edited, such as those of mails, from a file.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/text_file.h"

/*
 * A file that an editor saved in another encoding would be refused by the database
 * in its own words, or end at the first NUL.
 */
static bool
check_text(const char *path, const struct byte_buffer *text, struct glue_error *error)
{
	return utf8_is_valid((struct text_view){text->data, text->used}) ||
		   glue_error_set(error, GLUE_FILE_FAULT, "WRONG_ENCODING",
						  "%s: the text is not UTF-8; save the file as UTF-8", path);
}

static bool
cannot_read(const char *path, struct glue_error *error)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE", "cannot read \"%s\": %s", path,
						  strerror(errno));
}

static bool
read_all(FILE *file, const char *path, size_t max_bytes, struct byte_buffer *text,
		 struct glue_error *error)
{
	char bytes[4096];
	size_t length;

	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
	{
		if (max_bytes > 0 && text->used + length > max_bytes)
			return glue_error_set(error, GLUE_FILE_FAULT, "FILE_TOO_LARGE",
								  "%s: the text has more than %zu bytes", path, max_bytes);
		if (!byte_buffer_append(text, bytes, length, error))
			return false;
	}
	return !ferror(file) || cannot_read(path, error);
}

bool
text_file_read(const char *path, size_t max_bytes, struct byte_buffer *text,
			   struct glue_error *error)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	bool done;

	if (file == NULL)
		return cannot_read(path, error);
	done = read_all(file, path, max_bytes, text, error);
	if (file != stdin)
		fclose(file);
	return done && check_text(path, text, error) && byte_buffer_terminate(text, error);
}

const char *
text_file_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}
