/*-------------------------------------------------------------------------
 *
 * vendor_file.c
 *	  A vendor's file on its way in: opened, scanned, then read for its rows.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "import/file_name.h"
#include "import/vendor_file.h"

#define MEBIBYTE (INT64_C(1) << 20)

static bool
check_name(const char *name, const char *vendor, struct glue_error *error)
{
	if (file_name_agrees(name, vendor))
		return true;
	return glue_error_set(
		error, GLUE_FILE_FAULT, "OTHER_VENDOR",
		"by its name the file is one of vendor %.*s, not of %s; correct --vendor, or the name",
		(int) file_name_vendor(name), name, vendor);
}

static struct row_source_options
source_options_of(const struct options *options)
{
	return (struct row_source_options){.encoding = options->encoding,
									   .delimiter = options->delimiter};
}

/*
 * An encoding that nobody knows was mistyped here; it is no fault of the file.
 */
static bool
new_scan(struct vendor_file *file, struct glue_error *error)
{
	const struct options *options = file->options;
	struct row_source_options source = source_options_of(options);
	struct scan_limits limits = {options->max_bytes, options->max_rows};

	file->scan = scan_new(&source, &limits, file->input.name, error);
	if (file->scan != NULL)
		return true;
	if (error->class == GLUE_FILE_FAULT)
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"the encoding \"%s\" is not known here; \"iconv -l\" lists those that are",
			options->encoding != NULL ? options->encoding : "");
	return false;
}

bool
vendor_file_open(struct vendor_file *file, const struct options *options, struct glue_error *error)
{
	memset(file, 0, sizeof(*file));
	file->options = options;
	return input_open(&file->input, options->operands[0], options, error) &&
		   check_name(file->input.name, options->vendor, error) && new_scan(file, error);
}

static void
append(struct vendor_file *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Append to the content id.
 */
static void
append(struct vendor_file *file, const char *format, ...)
{
	size_t used = strlen(file->content_id);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(file->content_id + used, sizeof(file->content_id) - used, format, arguments);
	va_end(arguments);
}

/*
 * Append the encoding's name in capital letters, because its case makes no
 * difference; without toupper(), which depends on the locale.
 */
static void
append_encoding(struct vendor_file *file)
{
	char name[DECODE_NAME_SIZE];

	snprintf(name, sizeof(name), "%s", file->found.encoding);
	for (char *letter = name; *letter != '\0'; letter++)
	{
		if (*letter >= 'a' && *letter <= 'z')
			*letter += 'A' - 'a';
	}
	append(file, ",encoding=%s", name);
}

/*
 * The content id of a file that was read with this fault, or none.
 */
static void
identify(struct vendor_file *file, const struct glue_error *fault)
{
	const struct options *options = file->options;
	char delimiter = file->found.delimiter;

	snprintf(file->content_id, sizeof(file->content_id), "%s", file->found.content_id);
	if (delimiter == 0)
		delimiter = options->delimiter;
	if (delimiter != 0 && delimiter != ',')
		append(file, ",delimiter=%02x", (unsigned char) delimiter);
	if (strcasecmp(file->found.encoding, "UTF-8") != 0)
		append_encoding(file);
	if (strcmp(fault->code, "FILE_TOO_LARGE") == 0)
		append(file, ",max-bytes=%" PRId64, options->max_bytes);
	else if (strcmp(fault->code, "TOO_MANY_ROWS") == 0)
		append(file, ",max-rows=%" PRId64, options->max_rows);
	/* What else a file may be read and applied with goes here. */
}

bool
vendor_file_scan(struct vendor_file *file, struct glue_error *error)
{
	struct progress progress;
	bool content_known;
	bool done;

	progress_begin(&progress, !file->options->quiet, "Reading", "bytes",
				   file->input.is_spooled ? 0 : file->input.opened.st_size, 0);
	done = input_scan(&file->input, file->scan, &progress, &file->found, &content_known, error);
	progress_end(&progress);
	if (content_known)
		identify(file, error);
	return done;
}

bool
vendor_file_read(struct vendor_file *file, record_fn take_row, void *context,
				 struct glue_error *error)
{
	struct row_source_options source = source_options_of(file->options);
	struct row_reader_events events = {.row = take_row, .context = context};
	struct row_reader *reader;
	bool done;

	glue_error_clear(error);
	/* What the scan found is what is loaded. */
	source.delimiter = file->found.delimiter;
	reader = row_reader_open(&source, &events, error);
	if (reader == NULL)
		return false;
	done = input_read(&file->input, reader, error);
	row_reader_destroy(reader);
	return done;
}

/*
 * Twice the limit, or what the file needs when that is known to be more.
 */
static void
next_size(const struct vendor_file *file, char *text, size_t size)
{
	int64_t bytes = 2 * file->options->max_bytes;

	if (bytes < file->found.byte_count)
		bytes = file->found.byte_count;
	if (bytes < MEBIBYTE)
		snprintf(text, size, "%" PRId64, bytes);
	else
		snprintf(text, size, "%" PRId64 "M", (bytes + MEBIBYTE - 1) / MEBIBYTE);
}

struct glue_error
vendor_file_advice(const struct vendor_file *file, const struct glue_error *fault)
{
	struct glue_error advised = *fault;
	char size[24];

	if (strcmp(fault->code, "TOO_MANY_ROWS") == 0)
		glue_error_reword(&advised, "%s, or allow more with --max-rows (0 for no limit)",
						  fault->text);
	else if (strcmp(fault->code, "FILE_TOO_LARGE") == 0)
	{
		next_size(file, size, sizeof(size));
		glue_error_reword(&advised, "%s, or allow it with --max-bytes %s (0 for no limit)",
						  fault->text, size);
	}
	return advised;
}

void
vendor_file_clean_up(struct vendor_file *file)
{
	scan_destroy(file->scan);
	input_clean_up(&file->input);
	memset(file, 0, sizeof(*file));
}
