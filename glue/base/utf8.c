/*-------------------------------------------------------------------------
 *
 * utf8.c
 *	  Validating UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#include "base/utf8.h"

/*
 * Overlong forms, surrogates and code points above U+10FFFF are invalid, so
 * the second byte has a narrower range after E0, ED, F0 and F4.
 */
enum utf8_sequence
utf8_look(const unsigned char *s, size_t available, size_t *length)
{
	unsigned char first = s[0];
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t needed;

	*length = 1;
	if (first < 0x80)
		return first == 0 ? UTF8_BAD : UTF8_COMPLETE;
	if (first < 0xC2 || first > 0xF4)
		return UTF8_BAD;
	needed = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	if (first == 0xE0)
		low = 0xA0;
	else if (first == 0xED)
		high = 0x9F;
	else if (first == 0xF0)
		low = 0x90;
	else if (first == 0xF4)
		high = 0x8F;
	for (size_t i = 1; i < needed; i++)
	{
		if (i == available)
			return UTF8_INCOMPLETE;
		if (s[i] < low || s[i] > high)
			return UTF8_BAD;
		low = 0x80;
		high = 0xBF;
	}
	*length = needed;
	return UTF8_COMPLETE;
}

/* Return nonzero if the word contains a NUL or a byte above 0x7F. */
static inline uint64_t
odd_bytes(uint64_t word)
{
	return ((word - EVERY_BYTE(1)) | word) & EVERY_BYTE(0x80);
}

/* Return the first byte at or after s that may not be plain ASCII. */
static const unsigned char *
skip_ascii(const unsigned char *s, const unsigned char *end)
{
	while (end - s >= 64)
	{
		uint64_t odd = 0;

		for (int i = 0; i < 64; i += 8)
			odd |= odd_bytes(load_word((const char *) s + i));
		if (odd != 0)
			break;
		s += 64;
	}
	while (end - s >= 8 && odd_bytes(load_word((const char *) s)) == 0)
		s += 8;
	return s;
}

const unsigned char *
utf8_skip_valid(const unsigned char *s, const unsigned char *end, enum utf8_sequence *kind,
				bool *damaged)
{
	size_t length;

	*kind = UTF8_COMPLETE;
	while (s < end)
	{
		const unsigned char *stop;

		s = skip_ascii(s, end);
		/*
		 * In text with many accents, do not retry whole words after each of
		 * them.
		 */
		stop = end - s > 32 ? s + 32 : end;
		while (s < stop)
		{
			*kind = utf8_look(s, end - s, &length);
			if (*kind != UTF8_COMPLETE)
				return s;
			if (*s == 0xEF && s[1] == 0xBF && s[2] == 0xBD)
				*damaged = true;
			s += length;
		}
	}
	return s;
}

bool
utf8_is_valid(struct text_view text)
{
	const unsigned char *start = (const unsigned char *) text.data;
	const unsigned char *end = start + text.length;
	enum utf8_sequence kind;
	bool damaged;

	return utf8_skip_valid(start, end, &kind, &damaged) == end;
}
