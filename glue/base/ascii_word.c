/*-------------------------------------------------------------------------
 *
 * ascii_word.c
 *	  Words of plain ASCII: codes, ids, header names.
 *
 *-------------------------------------------------------------------------
 */
#include "base/ascii_word.h"

bool
ascii_word_has_byte(char byte, const char *others)
{
	return fold_ascii((unsigned char) byte) - 'a' < 26 || (byte >= '0' && byte <= '9') ||
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
