/*-------------------------------------------------------------------------
 *
 * url.c
 *	  Is a text a web address that is safe to show as a link?
 *
 * The aim is not RFC 3986 but to refuse whatever browsers and mail programs
 * interpret differently: user names that look like hosts, backslashes that some
 * take for slashes, invisible characters.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/url.h"

#include "shared/text.h"

/* Return the length of "http://" or "https://" at the start of a URL, or 0. */
static size_t
scheme_length(struct text_view url)
{
	size_t length = 0;

	for (const char *expected = "https://"; *expected != '\0'; expected++)
	{
		if (length < url.length &&
			fold_ascii((unsigned char) url.data[length]) == (unsigned char) *expected)
			length++;
		else if (*expected != 's')
			return 0;
	}
	return length;
}

/* Are eight bytes ASCII, and all of them allowed? */
static inline bool
is_clean_word(const char *data)
{
	uint64_t word = load_word(data);

	return (word_has_below(word, 0x21) | word_has_byte(word, 0x7F) | word_has_byte(word, '\\') |
			word_has_high(word)) == 0;
}

/* Find the first character that no URL may contain. */
static enum url_verdict
judge_characters(struct text_view url)
{
	size_t offset = 0;

	while (offset < url.length)
	{
		uint32_t character;

		if (offset + 8 <= url.length && is_clean_word(url.data + offset))
		{
			offset += 8;
			continue;
		}
		/* The rest is shorter than a word: check the last full word. */
		if (offset + 8 > url.length && url.length >= 8 && is_clean_word(url.data + url.length - 8))
			return URL_VALID;
		offset += text_decode(url, offset, &character);
		if (character == '\\')
			return URL_HAS_BACKSLASH;
		if (character != '\t' && is_control_character(character))
			return URL_HAS_CONTROL;
		if (is_white_space(character))
			return URL_HAS_BLANK;
	}
	return URL_VALID;
}

enum url_verdict
url_judge(struct text_view url)
{
	size_t host = scheme_length(url);
	size_t end = host;

	if (host == 0)
		return URL_NO_SCHEME;
	while (end < url.length && url.data[end] != '/' && url.data[end] != '?' && url.data[end] != '#')
		end++;

	if (end == host || url.data[host] == ':')
		return URL_NO_HOST;
	if (memchr(url.data + host, '@', end - host) != NULL)
		return URL_HAS_USER;
	return judge_characters(url);
}
