/*-------------------------------------------------------------------------
 *
 * word.c
 *	  Words of plain ASCII (codes, ids) that others sent, in buffers of fixed size.
 *
 *-------------------------------------------------------------------------
 */
#include "base/word.h"

static bool
is_letter_or_digit(char byte)
{
	return fold_ascii((unsigned char) byte) - 'a' < 26 || (byte >= '0' && byte <= '9');
}

void
word_copy(char *word, size_t size, struct text_view text, const char *others)
{
	word[0] = '\0';
	if (text.length == 0 || text.length >= size)
		return;
	for (size_t i = 0; i < text.length; i++)
	{
		char byte = text.data[i];

		if (!is_letter_or_digit(byte) && (byte == '\0' || strchr(others, byte) == NULL))
			return;
	}
	memcpy(word, text.data, text.length);
	word[text.length] = '\0';
}
