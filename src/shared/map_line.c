/*-------------------------------------------------------------------------
 *
 * map_line.c
 *	  A line of a column map: its tokens, and the fault of a wrong one.
 *
 * Texts are copied into the statement without their escapes; a token needs no more
 * bytes there than in the line, except for its NUL.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_line.h"

#include "shared/heading.h"

/* ----- faults ----- */

void
map_line_fault_start(struct map_line *line, struct text_builder *message)
{
	line->fault->line = line->statement->line;
	text_start(message, line->fault->message, MAP_MESSAGE_SIZE);
}

bool
map_line_fault(struct map_line *line, const char *before, struct text_view quoted,
			   const char *after)
{
	struct text_builder message;

	map_line_fault_start(line, &message);
	text_add(&message, text_of(before));
	if (quoted.data != NULL)
		text_add_quoted(&message, quoted);
	text_add(&message, text_of(after));
	text_finish(&message);
	return false;
}

bool
map_line_plain_fault(struct map_line *line, const char *text)
{
	return map_line_fault(line, text, (struct text_view){NULL, 0}, "");
}

bool
map_line_unexpected(struct map_line *line, const char *wanted)
{
	struct text_builder message;

	map_line_fault_start(line, &message);
	text_add(&message, text_of(wanted));
	if (line->token.kind == MAP_TOKEN_END)
		text_add(&message, text_of(" is missing at the end of the line"));
	else
	{
		text_add(&message, text_of(" is expected instead of "));
		text_add_quoted(&message, line->token.text);
	}
	text_finish(&message);
	return false;
}

/* ----- tokens ----- */

static bool
is_word_byte(char byte)
{
	return is_ascii_letter((unsigned char) byte) || is_ascii_digit((unsigned char) byte) ||
		   byte == '.' || byte == '_' || byte == '-';
}

static void
store(struct map_line *line, char byte)
{
	line->statement->storage[line->stored++] = byte;
}

/* Terminate the text that began at this place in the storage. */
static void
store_end(struct map_line *line, enum map_token_kind kind, size_t start)
{
	line->token.kind = kind;
	line->token.text = (struct text_view){line->statement->storage + start, line->stored - start};
	store(line, '\0');
}

static bool
read_escape(struct map_line *line)
{
	static const char signs[] = "\"\\tn";
	static const char meanings[] = "\"\\\t\n";
	const char *sign;

	if (++line->offset >= line->text.length)
		return map_line_plain_fault(line, "a text has no closing quote; write \"...\"");
	sign = memchr(signs, line->text.data[line->offset], sizeof(signs) - 1);
	if (sign == NULL)
		return map_line_plain_fault(line, "a backslash must be followed by \", \\, t or n; "
										  "for the backslash itself, write two");
	store(line, meanings[sign - signs]);
	return true;
}

/* Read a text in quotes. */
static bool
read_text(struct map_line *line)
{
	size_t start = line->stored;

	for (line->offset++; line->offset < line->text.length; line->offset++)
	{
		char byte = line->text.data[line->offset];

		if (byte == '"')
		{
			line->offset++;
			store_end(line, MAP_TOKEN_TEXT, start);
			return true;
		}
		if (byte == '\\')
		{
			if (!read_escape(line))
				return false;
		}
		else
			store(line, byte);
	}
	return map_line_plain_fault(line, "a text has no closing quote; write \"...\"");
}

static void
read_word(struct map_line *line)
{
	size_t start = line->stored;

	while (line->offset < line->text.length && is_word_byte(line->text.data[line->offset]))
		store(line, line->text.data[line->offset++]);
	store_end(line, MAP_TOKEN_WORD, start);
}

static void
skip_blanks(struct map_line *line)
{
	while (line->offset < line->text.length)
	{
		uint32_t character;
		size_t size = text_decode(line->text, line->offset, &character);

		if (!is_blank_character(character))
			break;
		line->offset += size;
	}
}

/* Set the fault that no token begins with the next character. */
static bool
strange_character(struct map_line *line)
{
	uint32_t character;
	size_t size = text_decode(line->text, line->offset, &character);
	struct text_view text = {line->text.data + line->offset, size};

	if (character == '\'' || character == 0x201C || character == 0x201D || character == 0x201E)
		return map_line_fault(line, "", text, " is not a quote character here; write \"...\"");
	return map_line_fault(line, "a text with ", text,
						  " needs quotes: write \"...\" around all of it");
}

bool
map_line_advance(struct map_line *line)
{
	char byte;

	skip_blanks(line);
	line->token = (struct map_token){MAP_TOKEN_END, {"", 0}};
	if (line->offset == line->text.length)
		return true;
	byte = line->text.data[line->offset];
	if (byte == '#')
		return true;
	if (byte == '"')
		return read_text(line);
	if (is_word_byte(byte))
	{
		read_word(line);
		return true;
	}
	if (byte == '\0' || strchr("=|(),", byte) == NULL)
		return strange_character(line);
	line->token = (struct map_token){MAP_TOKEN_SIGN, {line->text.data + line->offset++, 1}};
	return true;
}

bool
map_line_is_sign(const struct map_line *line, char sign)
{
	return line->token.kind == MAP_TOKEN_SIGN && line->token.text.data[0] == sign;
}

bool
map_line_is_word(const struct map_line *line, const char *word)
{
	return line->token.kind == MAP_TOKEN_WORD && text_equal(line->token.text, text_of(word));
}

bool
map_line_is_text(const struct map_line *line)
{
	return line->token.kind == MAP_TOKEN_WORD || line->token.kind == MAP_TOKEN_TEXT;
}

bool
map_line_take_word(struct map_line *line, const char *word, const char *wanted)
{
	return map_line_is_word(line, word) ? map_line_advance(line)
										: map_line_unexpected(line, wanted);
}

bool
map_line_take_text(struct map_line *line, struct text_view *text, const char *wanted)
{
	if (!map_line_is_text(line))
		return map_line_unexpected(line, wanted);
	*text = line->token.text;
	return map_line_advance(line);
}

bool
map_line_take_end(struct map_line *line)
{
	if (line->token.kind == MAP_TOKEN_END)
		return true;
	return map_line_fault(
		line, "the statement ends before ", line->token.text,
		"; a text of several words needs quotes, and each statement its own line");
}

/* ----- headings ----- */

bool
map_line_take_heading(struct map_line *line, struct text_view *heading)
{
	if (!map_line_take_text(line, heading, "the heading of a column of the file"))
		return false;
	if (heading_is_blank(*heading))
		return map_line_plain_fault(
			line, "a heading is blank; a column without a heading is named by its "
				  "number: \"column_3\"");
	return true;
}

bool
map_line_take_headings(struct map_line *line)
{
	struct map_statement *statement = line->statement;

	for (;;)
	{
		if (statement->heading_count == MAP_MAX_HEADINGS)
			return map_line_plain_fault(line, "a column has at most 16 headings");
		if (!map_line_take_heading(line, &statement->headings[statement->heading_count++]))
			return false;
		if (!map_line_is_word(line, "or"))
			return true;
		if (!map_line_advance(line))
			return false;
	}
}

/* ----- lines ----- */

/* Return the line of a text that begins at *offset, without its end, and move after it. */
static struct text_view
next_line(struct text_view text, size_t *offset)
{
	struct text_view line = {text.data + *offset, text.length - *offset};
	const char *end = memchr(line.data, '\n', line.length);

	if (end != NULL)
		line.length = (size_t) (end - line.data);
	*offset += line.length + (end != NULL);
	return line;
}

bool
map_line_start(struct map_line *line, struct text_view map, size_t *offset,
			   struct map_statement *statement, struct map_fault *fault)
{
	line->map = map;
	line->text = next_line(map, offset);
	line->statement = statement;
	line->fault = fault;
	line->offset = 0;
	line->stored = 0;
	if (line->text.length > MAP_MAX_LINE_BYTES)
		return map_line_plain_fault(line, "a line has at most 4096 bytes");
	return map_line_advance(line);
}
