/*-------------------------------------------------------------------------
 *
 * local_file.c
 *	  Open the file that load, check and diff read, according to the options.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/local_file.h"
#include "cli/message.h"
#include "cli/terminal.h"
#include "import/file_name.h"
#include "import/map_fit.h"
#include "reader/encoding_check.h"
#include "shared/heading.h"

#define MEBIBYTE (INT64_C(1) << 20)

static bool
check_name(const char *name, const char *vendor, struct glue_error *error)
{
	if (file_name_agrees(name, vendor))
		return true;
	return glue_error_set(
		error, GLUE_FILE_FAULT, "OTHER_VENDOR",
		"the file name belongs to vendor %.*s, not %s; correct --vendor or the name",
		(int) file_name_vendor(name), name, vendor);
}

static bool
is_given(const struct local_file *local, enum option_id id)
{
	return (local->options->given & OPTION_BIT(id)) != 0;
}

static bool
init_file(struct local_file *local, struct glue_error *error)
{
	const struct options *options = local->options;
	struct vendor_file_request request = {
		.options =
			{
				.encoding = options->encoding,
				.encoding_is_trusted = options->force,
				.delimiter = options->delimiter,
				.quote = options->quote,
				.sheet = options->sheet,
			},
		.limits = {options->max_bytes, options->max_rows},
		.has_quote = is_given(local, OPTION_QUOTE),
		.has_max_bytes = is_given(local, OPTION_MAX_BYTES),
		.has_max_rows = is_given(local, OPTION_MAX_ROWS),
	};

	return encoding_check_name(options->encoding, error) &&
		   vendor_file_init(&local->file, &local->source.bytes, local->source.name, &request,
							error);
}

bool
local_file_open(struct local_file *local, const struct options *options, struct glue_error *error)
{
	memset(local, 0, sizeof(*local));
	local->options = options;
	return file_source_open(&local->source, options->operands[0], options->file_name, error) &&
		   check_name(local->source.name, options->vendor, error) && init_file(local, error);
}

void
local_file_close(struct local_file *local)
{
	vendor_file_clean_up(&local->file);
	file_source_close(&local->source);
	memset(local, 0, sizeof(*local));
}

bool
local_file_source_time(const struct local_file *local, int64_t *moment)
{
	const struct options *options = local->options;
	const struct timespec *written = &local->source.opened.st_mtim;

	*moment = options->as_of;
	if ((options->given & OPTION_BIT(OPTION_AS_OF)) != 0 ||
		file_name_time(local->source.name, moment))
		return true;
	*moment = (int64_t) written->tv_sec * 1000000 + written->tv_nsec / 1000;
	return !local->source.is_spooled;
}

/*
 * Write a sufficient --max-bytes value: twice the limit, or the size of the
 * file if that is known to be larger.
 */
static void
next_size(const struct local_file *local, char *text, size_t size)
{
	int64_t bytes = 2 * local->file.limits.max_bytes;

	if (bytes < local->file.found.byte_count)
		bytes = local->file.found.byte_count;
	if (bytes < MEBIBYTE)
		snprintf(text, size, "%" PRId64, bytes);
	else
		snprintf(text, size, "%" PRId64 "M", (bytes + MEBIBYTE - 1) / MEBIBYTE);
}

/*
 * Name the encoding to specify.  The vendor's mail says instead how to save the
 * file.
 */
static void
advise_encoding(const struct local_file *local, struct glue_error *advised)
{
	const char *guess = local->file.found.encoding_guess;
	const char *given = local->file.options.encoding;

	if (guess[0] != '\0')
		glue_error_reword(advised,
						  "the file is not UTF-8; it looks like %s; load it with --encoding %s",
						  guess, guess);
	else if (given != NULL && decode_is_single_byte(given) && !is_given(local, OPTION_ENCODING))
		glue_error_reword(
			advised,
			"the file is UTF-8, not %s as its map says; load it with --encoding UTF-8, or with --encoding %s --force if it really is %s",
			given, given, given);
	else if (given != NULL && decode_is_single_byte(given))
		glue_error_reword(
			advised,
			"the file is UTF-8, not %s; load it without --encoding, or with --force if it really is %s",
			given, given);
	else
		glue_error_reword(advised, "%s, or name its encoding with --encoding", advised->text);
}

/* Does a header have a column that finds products? */
static bool
has_key(const struct record *header)
{
	for (int i = 0; i < header->field_count; i++)
	{
		enum onboard_column column = heading_column(header->fields[i]);

		if (column == COLUMN_SKU || column == COLUMN_VENDOR_PRODUCT_ID)
			return true;
	}
	return false;
}

/* Does a header begin like HTML, XML or JSON? */
static bool
is_other_format(const struct record *header)
{
	struct text_view first = header->fields[0];

	return first.length > 0 && memchr("<{[", first.data[0], 3) != NULL;
}

/*
 * Return whether a map could describe the table of a file whose header was refused.
 */
static bool
may_need_map(const struct local_file *local)
{
	const struct record *header = local->file.found.refused_header;

	if (local->file.map != NULL)
		return false;
	/* Of a workbook, no row may look like a header. */
	if (header == NULL)
		return strcmp(local->file.found.format, "xlsx") == 0;
	return header->field_count > 1 && !has_key(header) && !is_other_format(header);
}

/*
 * Tell how to load a file that lacks columns: with a map that finds them, or that is yet
 * to be made, or as changes of products that have them.  A load of such a file may also
 * fail for another reason, such as the status of its vendor.
 */
static void
advise_columns(const struct local_file *local, struct glue_error *advised)
{
	if (!map_fit_may_help(advised))
		return;
	if (local->file.fitting_map[0] != '\0')
		map_fit_advise(&local->file, "load it with --map ", advised);
	else if (may_need_map(local))
		glue_error_reword(
			advised,
			"%s; if these are the vendor's own headings, \"onboard map guess\" proposes a map",
			advised->text);
	else if (strcmp(advised->code, "MISSING_COLUMN") == 0 && local->file.needs.mode != MODE_UPDATE)
		glue_error_reword(
			advised,
			"%s; if the file changes products that the vendor has, load it with --mode update",
			advised->text);
}

struct glue_error
local_file_advice(const struct local_file *local, const struct glue_error *fault)
{
	struct glue_error advised = *fault;
	char size[24];

	if (strcmp(fault->code, "TOO_MANY_ROWS") == 0)
		glue_error_reword(&advised, "%s, or allow more with --max-rows (0 for no limit)",
						  fault->text);
	else if (strcmp(fault->code, "FILE_TOO_LARGE") == 0)
	{
		next_size(local, size, sizeof(size));
		glue_error_reword(&advised, "%s, or allow it with --max-bytes %s (0 for no limit)",
						  fault->text, size);
	}
	else if (strcmp(fault->code, "WRONG_ENCODING") == 0)
		advise_encoding(local, &advised);
	else
		advise_columns(local, &advised);
	return advised;
}

/*
 * Read the file as if no option specified how.  Returns whether it is still
 * refused for this reason.
 */
static bool
is_refused_anyway(struct local_file *local, const struct glue_error *fault)
{
	const struct vendor_file_request find_out = {
		.options = {.encoding = "auto"},
		.limits = local->file.limits,
		.has_max_bytes = true,
		.has_max_rows = true,
	};
	struct vendor_file file = {0};
	struct glue_error error = {0};
	bool good;

	good = vendor_file_init(&file, &local->source.bytes, local->source.name, &find_out, &error) &&
		   vendor_file_share_map(&file, &local->file, &error);
	if (good)
	{
		vendor_file_apply(&file, &local->file.needs, &local->file.apply);
		good = vendor_file_scan(&file, false, NULL, NULL, &error);
	}
	vendor_file_clean_up(&file);
	return !good && (error.class != GLUE_FILE_FAULT || strcmp(error.code, fault->code) == 0);
}

bool
local_file_is_slip(struct local_file *local, const struct glue_error *fault)
{
	if (strcmp(fault->code, "TOO_MANY_ROWS") == 0 && is_given(local, OPTION_MAX_ROWS))
		return true;
	if (strcmp(fault->code, "FILE_TOO_LARGE") == 0 && is_given(local, OPTION_MAX_BYTES))
		return true;
	return (is_given(local, OPTION_DELIMITER) || is_given(local, OPTION_QUOTE) ||
			is_given(local, OPTION_ENCODING)) &&
		   !is_refused_anyway(local, fault);
}

void
local_file_note_empty_rows(const struct local_file *local)
{
	int64_t count = local->file.found.empty_rows;
	char number[TERMINAL_COUNT_SIZE];

	if (count > 0 && !local->options->quiet)
		message_note("%s empty %s at the end of the file ignored", terminal_count(number, count),
					 terminal_plural(count, "row", "rows"));
}
