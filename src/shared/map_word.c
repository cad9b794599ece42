/*-------------------------------------------------------------------------
 *
 * map_word.c
 *	  What a word of a column map may be: a name, a whole number.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_word.h"

/* Digits of a number, so that it fits. */
#define MAX_DIGITS 15

bool
map_word_is_name(struct text_view text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		char byte = text.data[i];

		if (!is_ascii_letter((unsigned char) byte) && !is_ascii_digit((unsigned char) byte) &&
			byte != '_' && byte != '-')
			return false;
	}
	return text.length > 0 && text.length <= MAP_MAX_NAME;
}

bool
map_word_read_whole(struct text_view text, int64_t minimum, int64_t maximum, int64_t *number)
{
	int64_t value = 0;

	if (text.length == 0 || text.length > MAX_DIGITS)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (!is_ascii_digit((unsigned char) text.data[i]))
			return false;
		value = value * 10 + (text.data[i] - '0');
	}
	*number = value;
	return value >= minimum && value <= maximum;
}
