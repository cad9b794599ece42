/*-------------------------------------------------------------------------
 *
 * csv_dialect.c
 *	  How a CSV file is written: delimiter, quote character, header line.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <strings.h>

#include "reader/csv_dialect.h"
#include "shared/apply.h"
#include "shared/csv_cell.h"
#include "shared/heading.h"

static const char candidates[] = {',', ';', '\t', '|'};

static const char *const quote_names[QUOTE_SIGN_COUNT] = {
	[QUOTE_DOUBLE] = "\"",
	[QUOTE_SINGLE] = "'",
	[QUOTE_NONE] = "none",
};

/* ----- pieces of a line ----- */

/* The pieces between the delimiters of a line. */
struct pieces
{
	const char *next; /* NULL after the last one */
	const char *end;
	char delimiter;
	char quote;
};

static bool
is_letter_or_digit(unsigned char c)
{
	return is_ascii_letter(c) || is_ascii_digit(c);
}

/*
 * Return whether a quote at this position toggles between inside and outside of
 * quotes: after a letter, a digit or another part of a word it is text.
 */
static bool
toggles(const char *begin, const char *position, bool is_quoted)
{
	unsigned char before;

	if (is_quoted || position == begin)
		return true;
	before = (unsigned char) position[-1];
	return !is_letter_or_digit(before) && before < 0x80;
}

/* Read the next piece, as written; false after the last one. */
static bool
next_piece(struct pieces *pieces, struct text_view *piece)
{
	const char *begin = pieces->next;
	const char *position = begin;
	bool is_quoted = false;

	if (begin == NULL)
		return false;
	for (; position < pieces->end; position++)
	{
		if (*position == pieces->quote && pieces->quote != '\0' &&
			toggles(begin, position, is_quoted))
			is_quoted = !is_quoted;
		else if (*position == pieces->delimiter && !is_quoted)
			break;
	}
	*piece = (struct text_view){begin, position - begin};
	pieces->next = position < pieces->end ? position + 1 : NULL;
	return true;
}

static struct pieces
pieces_of(struct text_view line, char delimiter, enum quote_sign quote)
{
	return (struct pieces){line.data, line.data + line.length, delimiter, quote_sign_byte(quote)};
}

static struct text_view
without_quotes(struct text_view piece, char quote)
{
	piece = text_trim(piece);
	if (quote != '\0' && piece.length >= 2 && piece.data[0] == quote &&
		piece.data[piece.length - 1] == quote)
	{
		piece.data++;
		piece.length -= 2;
	}
	return piece;
}

static struct header_line
look_at_line(struct text_view line, char delimiter, enum quote_sign quote,
			 const struct heading_test *known)
{
	struct header_line seen = {.cells = 0};
	struct pieces pieces = pieces_of(line, delimiter, quote);
	struct text_view piece;

	while (next_piece(&pieces, &piece))
		header_line_add(&seen, known, without_quotes(piece, pieces.quote));
	return seen;
}

int
csv_dialect_headings(struct text_view line, char delimiter, enum quote_sign quote,
					 const struct heading_test *known)
{
	return look_at_line(line, delimiter, quote, known).known;
}

/*
 * Return the delimiter of a line, given in the dialect or the best candidate,
 * and what its cells tell with it.
 */
static char
best_delimiter(const struct csv_dialect *dialect, struct text_view line,
			   const struct heading_test *known, struct header_line *best)
{
	char delimiter = dialect->delimiter != 0 ? dialect->delimiter : candidates[0];

	*best = look_at_line(line, delimiter, dialect->quote, known);
	for (size_t i = 1; dialect->delimiter == 0 && i < sizeof(candidates); i++)
	{
		struct header_line seen = look_at_line(line, candidates[i], dialect->quote, known);

		if (seen.known > best->known || (seen.known == best->known && seen.cells > best->cells))
		{
			*best = seen;
			delimiter = candidates[i];
		}
	}
	return delimiter;
}

/* ----- lines ----- */

/* A position in the text, at the beginning of a line. */
struct cursor
{
	size_t offset;
	int64_t line; /* from 1 */
};

/* Return the physical line at the cursor, and move to the next one; false at the end. */
static bool
next_line(struct text_view text, struct cursor *cursor, struct text_view *line)
{
	const char *data = text.data + cursor->offset;
	size_t room = text.length - cursor->offset;
	size_t length = 0;

	if (room == 0)
		return false;
	while (length < room && data[length] != '\n' && data[length] != '\r')
		length++;
	*line = (struct text_view){data, length};
	if (length < room)
		length += data[length] == '\r' && length + 1 < room && data[length + 1] == '\n' ? 2 : 1;
	cursor->offset += length;
	cursor->line++;
	return true;
}

/* Return the text up to its first line end outside of quotes. */
static struct text_view
logical_line(struct text_view text, char quote)
{
	bool is_quoted = false;

	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if (c == quote && quote != '\0' && toggles(text.data, text.data + i, is_quoted))
			is_quoted = !is_quoted;
		else if ((c == '\n' || c == '\r') && !is_quoted)
		{
			text.length = i;
			break;
		}
	}
	return text;
}

/* Return the delimiter that a line such as "sep=;" names, or 0 for any other line.  */
static char
named_delimiter(struct text_view line)
{
	char delimiter;

	if (line.length >= 2 && line.data[0] == '"' && line.data[line.length - 1] == '"')
	{
		line.data++;
		line.length -= 2;
	}
	if (line.length < 5 || strncasecmp(line.data, "sep=", 4) != 0)
		return 0;
	if (line.length == 6 && memcmp(line.data + 4, "\\t", 2) == 0)
		return '\t';
	delimiter = line.data[4];
	return line.length == 5 && csv_delimiter_is_acceptable(delimiter) ? delimiter : 0;
}

/* ----- the header ----- */

/* Return whether all lines between two positions are titles above a header. */
static bool
are_titles(struct text_view text, struct cursor from, size_t to, const struct csv_dialect *dialect,
		   char delimiter, const struct header_line *header)
{
	static const struct heading_test nothing = {NULL, NULL, NULL};
	int most = header_line_title_cells(header, HEADER_IN_TEXT);
	struct text_view line;

	while (from.offset < to && next_line(text, &from, &line))
	{
		if (look_at_line(line, delimiter, dialect->quote, &nothing).filled > most)
			return false;
	}
	return true;
}

/*
 * Find the first line with our headings, below the position where the header
 * would be without it.  Sets the dialect's header there if the lines above are
 * titles, otherwise only heading_line.
 */
static void
find_below(struct csv_dialect *dialect, struct text_view text, struct cursor first,
		   const struct heading_test *known)
{
	struct cursor cursor = first;
	struct cursor here = first;
	struct text_view line;
	bool may_be_titles = true;

	/* HTML, XML, JSON and RTF have no titles. */
	if (first.offset < text.length && strchr("<{[", text.data[first.offset]) != NULL)
		return;
	while (next_line(text, &cursor, &line))
	{
		struct header_line seen;
		char delimiter = best_delimiter(dialect, line, known, &seen);

		if (seen.known >= HEADER_FEWEST_HEADINGS)
		{
			if (may_be_titles && are_titles(text, first, here.offset, dialect, delimiter, &seen))
			{
				dialect->delimiter = delimiter;
				dialect->header_offset = here.offset;
				dialect->header_line = here.line;
			}
			else
				dialect->heading_line = here.line;
			return;
		}
		may_be_titles &= seen.known == 0;
		here = cursor;
	}
}

/*
 * Find the first line with the heading that only the header has, and set the dialect's
 * header there; false if there is none, or the header is there already.
 */
static bool
find_marked(struct csv_dialect *dialect, struct text_view text, struct cursor first,
			const struct heading_test *known)
{
	struct cursor cursor = first;
	struct cursor here = first;
	struct text_view line;

	while (next_line(text, &cursor, &line))
	{
		struct header_line seen;
		char delimiter = best_delimiter(dialect, line, known, &seen);

		if (seen.is_marked)
		{
			if (here.offset == first.offset)
				return false;
			dialect->delimiter = delimiter;
			dialect->header_offset = here.offset;
			dialect->header_line = here.line;
			return true;
		}
		here = cursor;
	}
	return false;
}

static bool
has_piece(struct text_view line, char delimiter, enum quote_sign quote, struct text_view heading)
{
	struct pieces pieces = pieces_of(line, delimiter, quote);
	struct text_view piece;

	while (next_piece(&pieces, &piece))
	{
		if (heading_same(without_quotes(piece, pieces.quote), heading))
			return true;
	}
	return false;
}

/* Return whether a line with this delimiter is the header of a fix file. */
static bool
is_of_fix_file(struct text_view line, char delimiter)
{
	return has_piece(line, delimiter, QUOTE_DOUBLE, text_of(ONBOARD_LINE_HEADING)) &&
		   has_piece(line, delimiter, QUOTE_DOUBLE, text_of(ONBOARD_ERRORS_HEADING));
}

/*
 * Let the double quote be the quote character of a fix file: that is how we and
 * spreadsheets write it, whatever the vendor's own files use.
 */
static void
choose_quote(struct csv_dialect *dialect, struct text_view text)
{
	struct text_view line = logical_line(text, quote_sign_byte(QUOTE_DOUBLE));
	bool is_fix_file = dialect->delimiter != 0 && is_of_fix_file(line, dialect->delimiter);

	for (size_t i = 0; dialect->delimiter == 0 && !is_fix_file && i < sizeof(candidates); i++)
		is_fix_file = is_of_fix_file(line, candidates[i]);
	if (is_fix_file)
		dialect->quote = QUOTE_DOUBLE;
}

/* Move to the first line that is not blank. */
static void
skip_blank_lines(struct text_view text, struct cursor *cursor)
{
	struct cursor next = *cursor;
	struct text_view line;

	while (next_line(text, &next, &line) && text_trim(line).length == 0)
		*cursor = next;
}

void
csv_dialect_detect(struct csv_dialect *dialect, struct text_view text,
				   const struct heading_test *known)
{
	struct cursor first = {0, 1};
	struct cursor next;
	struct header_line seen;
	struct text_view line;
	char delimiter = 0;

	skip_blank_lines(text, &first);
	next = first;
	if (next_line(text, &next, &line))
		delimiter = named_delimiter(line);
	dialect->hidden_lines = delimiter != 0;
	if (delimiter != 0)
	{
		first = next;
		skip_blank_lines(text, &first);
		if (dialect->delimiter == 0)
			dialect->delimiter = delimiter;
	}
	dialect->header_offset = first.offset;
	dialect->header_line = first.line;
	dialect->heading_line = 0;
	line = (struct text_view){text.data + first.offset, text.length - first.offset};
	if (dialect->quote != QUOTE_DOUBLE)
		choose_quote(dialect, line);
	delimiter =
		best_delimiter(dialect, logical_line(line, quote_sign_byte(dialect->quote)), known, &seen);
	if ((heading_mark(known).data == NULL || !find_marked(dialect, text, first, known)) &&
		seen.known == 0 && known->test != NULL)
		find_below(dialect, text, first, known);
	if (dialect->delimiter == 0)
		dialect->delimiter = delimiter;
}

/* ----- quote characters ----- */

char
quote_sign_byte(enum quote_sign quote)
{
	return quote == QUOTE_NONE ? '\0' : quote_names[quote][0];
}

const char *
quote_sign_name(enum quote_sign quote)
{
	return quote_names[quote];
}

bool
quote_sign_by_name(const char *name, enum quote_sign *quote)
{
	for (int sign = 0; sign < QUOTE_SIGN_COUNT; sign++)
	{
		if (strcmp(name, quote_names[sign]) == 0)
		{
			*quote = (enum quote_sign) sign;
			return true;
		}
	}
	return false;
}
