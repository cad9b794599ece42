/*-------------------------------------------------------------------------
 *
 * ascii_word.c
 *	  Words of plain ASCII: codes, ids, header names, plain numbers.
 *
 *-------------------------------------------------------------------------
 */
#include "base/ascii_word.h"

bool
ascii_word_has_byte(char byte, const char *others)
{
	return is_ascii_letter((unsigned char) byte) || is_ascii_digit((unsigned char) byte) ||
		   (byte != '\0' && strchr(others, byte) != NULL);
}

bool
ascii_word_is_valid(struct text_view text, const char *others)
{
	for (size_t i = 0; i < text.length; i++)
	{
		if (!ascii_word_has_byte(text.data[i], others))
			return false;
	}
	return text.length > 0;
}

bool
ascii_word_is_fraction(struct text_view text)
{
	size_t points = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		bool is_point = text.data[i] == '.';

		if (!is_point && (text.data[i] < '0' || text.data[i] > '9'))
			return false;
		/* Digits on both sides of the point. */
		if (is_point && (i == 0 || i + 1 == text.length || points++ > 0))
			return false;
	}
	return text.length > 0 && text.length <= 15;
}

bool
ascii_word_is_in(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
	{
		if (strcmp(word, *list) == 0)
			return true;
	}
	return false;
}

void
ascii_word_copy(char *word, size_t size, struct text_view text, const char *others)
{
	word[0] = '\0';
	if (text.length >= size || !ascii_word_is_valid(text, others))
		return;
	memcpy(word, text.data, text.length);
	word[text.length] = '\0';
}
