/*-------------------------------------------------------------------------
 *
 * appearance.c
 *	  What a text looks like, and which of its characters are invisible.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/appearance.h"

bool
is_hidden_character(uint32_t character)
{
	if (character >= ' ' && character <= '~')
		return false;
	return is_control_character(character) || is_format_character(character) ||
		   is_white_space(character);
}

bool
text_find_character(struct text_view text, character_test test, struct found_character *found)
{
	size_t offset = 0;
	int count = 0;

	for (int position = 1; offset < text.length; position++)
	{
		uint32_t character;

		offset += text_decode(text, offset, &character);
		if (!test(character))
			continue;
		if (count++ == 0)
			*found = (struct found_character){character, position, 0};
	}
	if (count > 0)
		found->others = count - 1;
	return count > 0;
}

void
text_add_found(struct text_builder *builder, const struct found_character *found)
{
	text_add_character(builder, found->character);
	text_add(builder, text_of(" at character "));
	text_add_integer(builder, found->position);
	if (found->others == 0)
		return;
	text_add(builder, text_of(" and "));
	text_add_integer(builder, found->others);
	text_add(builder, text_of(" more"));
}

/* Does a blank follow another? */
static bool
has_two_blanks(struct text_view text)
{
	for (size_t i = 1; i < text.length; i++)
	{
		if (text.data[i] == ' ' && text.data[i - 1] == ' ')
			return true;
	}
	return false;
}

bool
text_is_as_seen(struct text_view text)
{
	struct text_view trimmed = text_trim(text);

	return trimmed.length == text.length && text_is_printable_ascii(text) &&
		   (text.length == 0 || memchr(text.data, '`', text.length) == NULL) &&
		   !has_two_blanks(text);
}

struct text_view
text_as_seen(struct text_view text, char *buffer, size_t size)
{
	struct text_view seen = {buffer, 0};
	struct text_view nothing = {NULL, 0};
	bool blank = false;
	size_t offset = 0;

	if (text_is_as_seen(text))
		return text;
	while (offset < text.length)
	{
		uint32_t character;
		size_t start = offset;
		struct text_view piece = {text.data + start, 0};
		char ascii;

		offset += text_decode(text, offset, &character);
		if (is_white_space(character))
		{
			blank = seen.length > 0;
			continue;
		}
		if (is_control_character(character) || is_format_character(character))
			continue;

		piece.length = offset - start;
		if (character_lookalike(character) != character)
		{
			ascii = (char) character_lookalike(character);
			piece = (struct text_view){&ascii, 1};
		}
		if (seen.length + blank + piece.length > size)
			return nothing;
		if (blank)
			buffer[seen.length++] = ' ';
		blank = false;
		memcpy(buffer + seen.length, piece.data, piece.length);
		seen.length += piece.length;
	}
	return seen;
}

struct text_view
text_without(struct text_view text, character_test test, bool words_apart, char *buffer,
			 size_t size)
{
	struct text_view kept = {buffer, 0};
	size_t offset = 0;

	if (text.length > size)
		return kept;
	if (text_is_printable_ascii(text))
		return text_trim(text);
	while (offset < text.length)
	{
		uint32_t character;
		size_t length = text_decode(text, offset, &character);

		if (!test(character))
		{
			memcpy(buffer + kept.length, text.data + offset, length);
			kept.length += length;
		}
		else if (words_apart && is_white_space(character))
			buffer[kept.length++] = ' ';
		offset += length;
	}
	return text_trim(kept);
}

static bool
is_lookalike(uint32_t character)
{
	return character_lookalike(character) != character;
}

char
text_find_lookalike(struct text_view text, struct found_character *found)
{
	if (!text_find_character(text, is_lookalike, found))
		return '\0';
	found->others = 0;
	return (char) character_lookalike(found->character);
}
