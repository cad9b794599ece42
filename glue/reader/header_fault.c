/*-------------------------------------------------------------------------
 *
 * header_fault.c
 *	  Why a file's first line is not its header.
 *
 * What a person has to do depends on who reads the message: a vendor can save the
 * file differently, an operator can load it with an option.  So the texts name
 * both, where there is an option.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "reader/csv_dialect.h"
#include "reader/header_fault.h"
#include "reader/vocabulary.h"
#include "shared/csv_cell.h"
#include "shared/heading.h"
#include "shared/text.h"

#define EXPORT_AS_CSV "export the product list as \"CSV UTF-8\" and upload that"

#define JSON_REASON "this is JSON, not a CSV file; " EXPORT_AS_CSV

/* How files begin whose formats are often saved as .csv.  */
static const struct
{
	const char *beginning; /* in lower case */
	const char *reason;
} formats[] = {
	{"<!doctype html", "this is an HTML page, not a CSV file; " EXPORT_AS_CSV},
	{"<html", "this is an HTML page, not a CSV file; " EXPORT_AS_CSV},
	{"<table", "this is an HTML page, not a CSV file; " EXPORT_AS_CSV},
	{"<?xml", "this is an XML document, not a CSV file; " EXPORT_AS_CSV},
	{"{\\rtf", "this is an RTF document, not a CSV file; save it as plain text"},
	{"{", JSON_REASON},
	{"<", "this looks like HTML or XML, not a CSV file; " EXPORT_AS_CSV},
};

/* Is this an array of objects, arrays or texts?  A heading may be in brackets, too. */
static bool
is_json_array(struct text_view line)
{
	if (line.length == 0 || line.data[0] != '[')
		return false;
	line = text_trim((struct text_view){line.data + 1, line.length - 1});
	return line.length == 0 || memchr("{[\"", line.data[0], 3) != NULL;
}

static const char *
format_reason(struct text_view line)
{
	line = text_trim(line);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		size_t length = strlen(formats[i].beginning);

		if (line.length >= length && strncasecmp(line.data, formats[i].beginning, length) == 0)
			return formats[i].reason;
	}
	return is_json_array(line) ? JSON_REASON : NULL;
}

/* A heading_test. */
static bool
is_known(const void *map, struct text_view heading)
{
	return file_map_is_heading(map, heading);
}

static int
count_headings(struct text_view line, char delimiter, enum quote_sign quote,
			   const struct file_map *map)
{
	const struct heading_test known = {is_known, NULL, map};

	return csv_dialect_headings(line, delimiter, quote, &known);
}

/* Return the delimiter with which a line has most of our headings, or 0. */
static char
other_delimiter(struct text_view line, enum quote_sign quote, const struct file_map *map)
{
	int most = HEADER_FEWEST_HEADINGS - 1;
	char best = 0;

	for (char delimiter = 1; delimiter < 0x7F; delimiter++)
	{
		int count = 0;

		if (csv_delimiter_is_acceptable(delimiter) && delimiter != quote_sign_byte(quote))
			count = count_headings(line, delimiter, quote, map);
		if (count > most)
		{
			most = count;
			best = delimiter;
		}
	}
	return best;
}

static bool
is_quoted(struct text_view line, char quote)
{
	line = text_trim(line);
	return line.length > 2 && line.data[0] == quote && line.data[line.length - 1] == quote;
}

/* Write a delimiter as the option --delimiter accepts it.  */
static void
write_delimiter(char delimiter, char word[8])
{
	if (delimiter == '\t')
		snprintf(word, 8, "tab");
	else if ((unsigned char) delimiter < ' ')
		snprintf(word, 8, "$'\\x%02x'", (unsigned char) delimiter);
	else if (delimiter == '\'')
		snprintf(word, 8, "\"'\"");
	else
		snprintf(word, 8, "'%c'", delimiter);
}

/* Return how many fields are headings, or common names for our columns, in such quotes. */
static int
count_quoted(const struct record *header, char quote, const struct file_map *map)
{
	int count = 0;

	for (int i = 0; i < header->field_count; i++)
	{
		struct text_view name = text_trim(header->fields[i]);

		if (!is_quoted(name, quote))
			continue;
		name = (struct text_view){name.data + 1, name.length - 2};
		count += file_map_is_heading(map, name) || vocabulary_column(name) != COLUMN_NONE;
	}
	return count;
}

/* Recognize quotes around whole lines, and a quote character other than the one that the file is read with. */
static bool
recognize_quotes(const struct record *header, const struct row_source_found *found,
				 const struct file_map *map, char cause[HEADER_CAUSE_SIZE])
{
	if (header->field_count == 1 && is_quoted(header->raw, quote_sign_byte(found->quote)) &&
		other_delimiter(header->fields[0], QUOTE_NONE, map) != 0)
	{
		snprintf(cause, HEADER_CAUSE_SIZE,
				 "each line is in quotes as a whole, so it is one field; save the file without "
				 "these quotes");
		return true;
	}
	/* A workbook has no delimiter, and its cells no quotes. */
	for (int quote = 0; quote < QUOTE_NONE && found->delimiter != 0; quote++)
	{
		if ((enum quote_sign) quote != found->quote &&
			count_quoted(header, quote_sign_byte((enum quote_sign) quote), map) >=
				HEADER_FEWEST_HEADINGS)
		{
			snprintf(cause, HEADER_CAUSE_SIZE,
					 "the fields seem to be quoted with %s; save the file with double quotes, or "
					 "load it with --quote %s",
					 quote_sign_name((enum quote_sign) quote),
					 quote == QUOTE_SINGLE ? "\"'\"" : "'\"'");
			return true;
		}
	}
	return false;
}

/* Recognize a delimiter other than the one that the file is read with. */
static bool
recognize_delimiter(const struct record *header, const struct row_source_found *found,
					const struct file_map *map, char cause[HEADER_CAUSE_SIZE])
{
	char delimiter = other_delimiter(header->raw, found->quote, map);
	char word[8];

	if (delimiter == 0)
		return false;
	write_delimiter(delimiter, word);
	snprintf(cause, HEADER_CAUSE_SIZE,
			 "the file seems to be delimited by %s; save it with commas, or load it with "
			 "--delimiter %s",
			 word, word);
	return true;
}

bool
header_fault_recognize(const struct record *header, const struct row_source_found *found,
					   const struct file_map *map, char cause[HEADER_CAUSE_SIZE])
{
	const char *format = format_reason(header->raw);

	cause[0] = '\0';
	if (format != NULL)
		snprintf(cause, HEADER_CAUSE_SIZE, "%s", format);
	else if (!recognize_quotes(header, found, map, cause) &&
			 !recognize_delimiter(header, found, map, cause) && found->heading_line > 0)
		snprintf(cause, HEADER_CAUSE_SIZE,
				 "the headings are in line %" PRId64 "; remove the lines above it",
				 found->heading_line);
	return cause[0] != '\0';
}

/* Write which headings were looked for. */
static void
write_wanted(const struct file_map *map, char *text, size_t size)
{
	if (map == NULL)
		snprintf(text, size, "column names (vendor_product_id, product_name, category, ...)");
	else
		snprintf(text, size, "headings that the map \"%s\" names", file_map_name(map));
}

bool
header_fault_set(const struct record *header, const char *cause, const struct file_map *map,
				 struct glue_error *error)
{
	char wanted[128];
	char shown[4 * QUOTED_CHARACTERS + 8];
	struct text_builder builder;

	text_start(&builder, shown, sizeof(shown));
	text_add_quoted(&builder, header->raw);
	text_finish(&builder);
	write_wanted(map, wanted, sizeof(wanted));
	glue_error_set(error, GLUE_FILE_FAULT, "NO_HEADER", "%s contains none of the %s",
				   header->line_number > 1 ? "the first line with text" : "the first line", wanted);
	glue_error_advise(error, ": %s; it begins with %s",
					  cause[0] != '\0' ? cause : "the file must begin with its header line", shown);
	return false;
}

bool
header_fault_is_other_format(const struct record *header)
{
	return format_reason(header->raw) != NULL;
}

bool
header_fault_set_unreadable(const struct record *header, struct glue_error *error)
{
	const char *format = format_reason(header->raw);

	if (format != NULL)
		return glue_error_set(error, GLUE_FILE_FAULT, "NO_HEADER", "%s", format);
	if (header->defect_field == 0)
		return glue_error_set(error, GLUE_FILE_FAULT, "NO_HEADER",
							  "the header line cannot be read: %s", header->defect_message);
	return glue_error_set(error, GLUE_FILE_FAULT, "NO_HEADER",
						  "the header line cannot be read: field %d %s", header->defect_field,
						  header->defect_message);
}
