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

#include "shared/appearance.h"
#include "shared/spreadsheet.h"
#include "shared/text.h"

/* Longer texts are not mended. */
#define MENDABLE_BYTES 1024

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
			return URL_HAS_INVISIBLE;
		if (is_white_space(character))
			return URL_HAS_BLANK;
		if (is_format_character(character))
			return URL_HAS_INVISIBLE;
	}
	return URL_VALID;
}

/* Return the length of what is before this offset, without separators at its end. */
static size_t
length_before(struct text_view url, size_t offset)
{
	struct text_view before = text_trim((struct text_view){url.data, offset});

	while (before.length > 0 && memchr(",;|", before.data[before.length - 1], 3) != NULL)
	{
		before.length--;
		before = text_trim(before);
	}
	return before.length;
}

/*
 * Return the length of the first of several addresses, or 0 if there is only one: an
 * address may contain another, but not after what separates two.
 */
static size_t
first_of_several(struct text_view url)
{
	size_t offset = scheme_length(url);

	while (offset < url.length)
	{
		const char *colon = memchr(url.data + offset, ':', url.length - offset);
		size_t start;

		if (colon == NULL)
			return 0;
		offset = (size_t) (colon - url.data) + 1;
		for (size_t letters = strlen("http"); letters <= strlen("https"); letters++)
		{
			if (letters >= offset)
				continue;
			start = offset - 1 - letters;
			if (scheme_length((struct text_view){url.data + start, url.length - start}) ==
					letters + strlen("://") &&
				length_before(url, start) < start)
				return length_before(url, start);
		}
	}
	return 0;
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
	if (first_of_several(url) > 0)
		return URL_SEVERAL;
	return judge_characters(url);
}

/* Is the character invisible and no white space, which may separate addresses? */
static bool
is_invisible(uint32_t character)
{
	return !is_white_space(character) &&
		   (is_control_character(character) || is_format_character(character));
}

/*
 * Write the start of an address that has one fault there, and skip it.  Returns false
 * if the address does not start like one.
 */
static bool
mend_scheme(struct text_view *url, struct text_builder *builder)
{
	static const char *const faulty[] = {"https:/", "http:/", "https//", "http//"};

	if (scheme_length(*url) > 0)
		return true;
	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
	{
		size_t length = strlen(faulty[i]);
		size_t matching = 0;

		while (matching < length && matching < url->length &&
			   fold_ascii((unsigned char) url->data[matching]) ==
				   (unsigned char) faulty[i][matching])
			matching++;
		if (matching < length)
			continue;
		text_add(builder, text_of(faulty[i][4] == 's' ? "https://" : "http://"));
		url->data += length;
		url->length -= length;
		return true;
	}
	return false;
}

/*
 * Write the rest of an address.  A blank after a file name may separate it from the
 * next; such a blank, and one in the host, is left to be refused.
 */
static void
mend_path(struct text_view url, struct text_builder *builder)
{
	size_t scheme = scheme_length(url);
	bool in_path = false;
	bool has_point = false;

	for (size_t i = 0; i < url.length; i++)
	{
		struct text_view piece = {url.data + i, 1};

		if (url.data[i] == '/' && i >= scheme)
		{
			in_path = true;
			has_point = false;
		}
		has_point |= url.data[i] == '.';
		if (url.data[i] == ' ' && in_path && !has_point)
			piece = text_of("%20");
		else if (url.data[i] == '\\' && in_path)
			piece = text_of("/");
		text_add(builder, piece);
	}
}

bool
url_suggest(struct text_view url, char *suggestion, size_t size)
{
	char visible[MENDABLE_BYTES];
	char mended[3 * MENDABLE_BYTES];
	struct text_builder builder;
	size_t first;

	suggestion[0] = '\0';
	(void) spreadsheet_formula_text(url, &url);
	url = text_without(url, is_invisible, false, visible, sizeof(visible));
	first = url.length > 0 ? first_of_several(url) : 0;
	if (first > 0)
		url.length = first;

	text_start(&builder, mended, sizeof(mended));
	if (!mend_scheme(&url, &builder))
		return false;
	mend_path(url, &builder);
	text_finish(&builder);
	url = text_of(mended);
	if (url.length >= size || url_judge(url) != URL_VALID)
		return false;
	memcpy(suggestion, mended, url.length + 1);
	return true;
}
