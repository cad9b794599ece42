/*-------------------------------------------------------------------------
 *
 * line.c
 *	  Print one line of output, wrapped to the width of the terminal.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <string.h>

#include "base/heap.h"
#include "cli/line.h"

/* Maximum share of a narrow terminal that indentation may take. */
#define MOST_INDENT_PERCENT 40

/* Width of help text on a wider terminal or in a pipe. */
#define HELP_WIDTH 80

/* State of wrapping a line. */
struct row
{
	struct text_view text; /* the whole line */
	size_t start;          /* of the current row */
	size_t blank;          /* start of the last run of blanks in it; 0 for none */
	bool in_word;          /* the last character was not a blank */
	int columns;           /* used so far */
};

void
line_begin(struct line *line, FILE *stream, int indent)
{
	memset(line, 0, sizeof(*line));
	line->stream = stream;
	line->indent = indent;
}

/*
 * Append text with unsafe characters replaced.
 */
static void
add_clean(struct line *line, const char *string)
{
	struct text_view text = text_of(string);
	size_t offset = 0;

	while (offset < text.length)
	{
		struct terminal_character character = terminal_character(text, offset);

		(void) byte_buffer_append(&line->bytes, character.bytes, character.size, NULL);
		offset += character.consumed;
	}
}

void
line_add_list(struct line *line, const char *format, va_list arguments)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	text = length >= 0 ? glue_allocate((size_t) length + 1) : NULL;
	if (text != NULL)
	{
		vsnprintf(text, (size_t) length + 1, format, again);
		add_clean(line, text);
	}
	va_end(again);
	glue_release(text);
}

void
line_add(struct line *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line_add_list(line, format, arguments);
	va_end(arguments);
}

void
line_style(struct line *line, enum terminal_style style)
{
	(void) byte_buffer_append_string(&line->bytes, terminal_style(line->stream, style), NULL);
}

/* ----- wrapping ----- */

static int
narrowed(int indent, int width)
{
	int most = width * MOST_INDENT_PERCENT / 100;

	return indent > most ? most : indent;
}

/*
 * Return the length of the escape sequence at offset, or 0.  All of them come
 * from terminal_style().
 */
static size_t
sequence_size(struct text_view text, size_t offset)
{
	const char *end;

	if (text.data[offset] != '\033')
		return 0;
	end = memchr(text.data + offset, 'm', text.length - offset);
	return end != NULL ? (size_t) (end - text.data) - offset + 1 : 1;
}

/*
 * Return the width of the word that begins at offset.
 */
static int
word_columns(struct text_view text, size_t offset)
{
	int columns = 0;

	while (offset < text.length && text.data[offset] != ' ')
	{
		size_t sequence = sequence_size(text, offset);
		struct terminal_character character = terminal_character(text, offset);

		columns += sequence > 0 ? 0 : character.columns;
		offset += sequence > 0 ? sequence : character.consumed;
	}
	return columns;
}

/*
 * Write the row up to its last run of blanks and begin the next row after them.
 * A long word, such as a path or an id, is indented less if the full
 * indentation would break it.
 */
static void
break_row(struct line *line, struct row *row, int indent, int width)
{
	size_t end = row->blank;
	int word;

	fwrite(row->text.data + row->start, 1, end - row->start, line->stream);
	while (end < row->text.length && row->text.data[end] == ' ')
		end++;
	word = word_columns(row->text, end);
	if (word > width - indent)
		indent = word < width ? width - word : 0;
	fprintf(line->stream, "\n%*s", indent, "");
	row->start = end;
	row->blank = 0;
	row->in_word = false;
	row->columns = indent;
}

/*
 * Print the line's leading blanks, fewer on a narrow terminal.
 */
static void
print_indentation(struct line *line, struct row *row, int width)
{
	size_t blanks = 0;

	while (blanks < row->text.length && row->text.data[blanks] == ' ')
		blanks++;
	row->columns = narrowed((int) blanks, width);
	row->start = blanks;
	fprintf(line->stream, "%*s", row->columns, "");
}

static void
print_wrapped(struct line *line, int width)
{
	struct row row = {.text = {line->bytes.data, line->bytes.used}};
	int indent = narrowed(line->indent, width);
	size_t offset;

	while (row.text.length > 0 && row.text.data[row.text.length - 1] == ' ')
		row.text.length--;
	print_indentation(line, &row, width);
	offset = row.start;
	while (offset < row.text.length)
	{
		size_t sequence = sequence_size(row.text, offset);
		struct terminal_character character;

		if (sequence > 0)
		{
			offset += sequence;
			continue;
		}
		character = terminal_character(row.text, offset);
		if (*character.bytes == ' ' && row.in_word)
			row.blank = offset;
		row.in_word = *character.bytes != ' ';
		/* A blank may fall on the edge; only a word wraps. */
		if (row.in_word && row.columns + character.columns > width && row.blank > 0)
		{
			break_row(line, &row, indent, width);
			offset = row.start;
			continue;
		}
		row.columns += character.columns;
		offset += character.consumed;
	}
	fwrite(row.text.data + row.start, 1, row.text.length - row.start, line->stream);
}

/*
 * Print the line wrapped to a width (0: unlimited) and release it.
 */
static void
end_within(struct line *line, int width)
{
	if (line->bytes.used > 0 && width > 0)
		print_wrapped(line, width);
	else if (line->bytes.used > 0)
		fwrite(line->bytes.data, 1, line->bytes.used, line->stream);
	fputc('\n', line->stream);
	byte_buffer_clean_up(&line->bytes);
}

void
line_end(struct line *line)
{
	end_within(line, terminal_width(line->stream));
}

void
line_end_help(struct line *line)
{
	int width = terminal_width(line->stream);

	end_within(line, width > 0 && width < HELP_WIDTH ? width : HELP_WIDTH);
}

static void
print_list(FILE *stream, int indent, void (*end)(struct line *line), const char *format,
		   va_list arguments)
{
	struct line line;

	line_begin(&line, stream, indent);
	line_add_list(&line, format, arguments);
	end(&line);
}

void
line_print(FILE *stream, int indent, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_list(stream, indent, line_end, format, arguments);
	va_end(arguments);
}

void
line_print_help(FILE *stream, int indent, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_list(stream, indent, line_end_help, format, arguments);
	va_end(arguments);
}
