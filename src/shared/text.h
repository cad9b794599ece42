/*-------------------------------------------------------------------------
 *
 * text.h
 *	  Borrowed UTF-8 text: trimming, counting, cutting, writing messages.
 *
 * Input should be valid UTF-8, but nothing here reads out of bounds or loops
 * forever if it is not.  Nothing allocates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TEXT_H
#define ONBOARD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "shared/character.h"

/* A borrowed string, not NUL-terminated; data is NULL if absent. */
struct text_view
{
	const char *data;
	size_t length;
};

/* The character that replaces a lost one; EF BF BD in UTF-8. */
#define REPLACEMENT_CHARACTER 0xFFFD

/* Size of an int64_t in decimal: a sign, 19 digits, a NUL. */
#define INTEGER_TEXT_SIZE 21

/* Characters of a value that a message quotes; the rest becomes "...". */
#define QUOTED_CHARACTERS 80

/*
 * Writes into a buffer of fixed size and never past it: text that does not fit is
 * cut at a character boundary, and further text is dropped.
 */
struct text_builder
{
	char *next;
	char *last; /* room for the terminating NUL */
};

/* Return a view of a NUL-terminated string. */
static inline struct text_view
text_of(const char *string)
{
	struct text_view text = {string, strlen(string)};

	return text;
}

/* Are two texts the same bytes? */
static inline bool
text_equal(struct text_view a, struct text_view b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Compare texts like memcmp(), then by length.  Inline, because each category is looked up. */
static inline int
text_compare(struct text_view a, struct text_view b)
{
	size_t shorter = a.length < b.length ? a.length : b.length;
	int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* Return A to Z in lower case, other characters unchanged. */
static inline uint32_t
fold_ascii(uint32_t character)
{
	return character - 'A' < 26 ? character + ('a' - 'A') : character;
}

/* Compare texts with A to Z folded, like memcmp(), then by length. */
extern int text_compare_folded(struct text_view a, struct text_view b);

/* Is the character one of A to Z and a to z? */
static inline bool
is_ascii_letter(uint32_t character)
{
	return fold_ascii(character) - 'a' < 26;
}

/* Is the character one of 0 to 9? */
static inline bool
is_ascii_digit(uint32_t character)
{
	return character - '0' < 10;
}

/*
 * Test eight bytes at once.  The tests are exact for a word as a whole, in either
 * byte order, and do not tell which byte matched.
 */
#define EVERY_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static inline uint64_t
load_word(const char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/* Nonzero if some byte is below limit, which is at most 0x80. */
static inline uint64_t
word_has_below(uint64_t word, unsigned char limit)
{
	return (word - EVERY_BYTE(limit)) & ~word & EVERY_BYTE(0x80);
}

/* Nonzero if some byte equals this one. */
static inline uint64_t
word_has_byte(uint64_t word, unsigned char byte)
{
	return word_has_below(word ^ EVERY_BYTE(byte), 1);
}

/* Nonzero if some byte is not ASCII. */
static inline uint64_t
word_has_high(uint64_t word)
{
	return word & EVERY_BYTE(0x80);
}

/* Is the byte a character of ASCII that prints something? */
static inline bool
is_visible_ascii(char byte)
{
	return (unsigned char) (byte - '!') <= '~' - '!';
}

/* Slow path of text_trim(), for a text that is not empty. */
extern struct text_view text_trim_ends(struct text_view text);

/*
 * Strip blanks from both ends (see is_blank_character()), nothing else; a text of
 * only white space, format and control characters becomes empty.
 */
static inline struct text_view
text_trim(struct text_view text)
{
	if (text.length == 0 ||
		(is_visible_ascii(text.data[0]) && is_visible_ascii(text.data[text.length - 1])))
		return text;
	return text_trim_ends(text);
}

/* Count the characters; a stray byte is ignored or counted. */
extern size_t text_character_count(struct text_view text);

/* Does the text contain U+FFFD? */
extern bool text_has_replacement(struct text_view text);

/*
 * Nonzero in the top bits of its bytes if some byte is not one of U+0020 to U+007E.
 * Exact for a word as a whole: only a byte outside that range carries or borrows.
 */
static inline uint64_t
word_has_unprintable(uint64_t word)
{
	return ((word - EVERY_BYTE(' ')) | (word + EVERY_BYTE(1)) | word) & EVERY_BYTE(0x80);
}

/* Slow path of text_is_printable_ascii(). */
extern bool text_is_long_printable_ascii(struct text_view text);

/* Texts up to this length are checked inline, word by word. */
#define SHORT_TEXT_BYTES 128

/* Is every character one of U+0020 to U+007E?  Most texts are, and short. */
static inline bool
text_is_printable_ascii(struct text_view text)
{
	uint64_t bits = 0;

	if (text.length > SHORT_TEXT_BYTES)
		return text_is_long_printable_ascii(text);

	if (text.length >= 8)
	{
		/* The last word overlaps the one before it. */
		for (size_t offset = 0; offset + 8 < text.length; offset += 8)
			bits |= word_has_unprintable(load_word(text.data + offset));
		bits |= word_has_unprintable(load_word(text.data + text.length - 8));
	}
	else
	{
		for (size_t offset = 0; offset < text.length; offset++)
			bits |= (unsigned char) (text.data[offset] - ' ') > '~' - ' ';
	}
	return bits == 0;
}

/* Longest encoding of a character, in bytes. */
#define MAX_CHARACTER_BYTES 4

/*
 * Return the length of the longest prefix of at most max_bytes bytes that does
 * not end inside a character.
 */
extern size_t text_cut(struct text_view text, size_t max_bytes);

/*
 * Decode the character at offset, which must be inside the text.  Returns its
 * size in bytes; a byte that does not start a whole character is read alone, as
 * U+FFFD.
 */
extern size_t text_decode(struct text_view text, size_t offset, uint32_t *character);

/*
 * Write a character as UTF-8, and return its size in bytes.  A surrogate becomes
 * U+FFFD.
 */
extern size_t text_encode(uint32_t character, char bytes[MAX_CHARACTER_BYTES]);

/* Start writing into buffer; size must be at least 1. */
extern void text_start(struct text_builder *builder, char *buffer, size_t size);

/* Write text. */
extern void text_add(struct text_builder *builder, struct text_view text);

/* Write an integer in decimal. */
extern void text_add_integer(struct text_builder *builder, int64_t number);

/* Write an integer in decimal to text; returns text. */
extern const char *integer_text(char text[INTEGER_TEXT_SIZE], int64_t number);

/* Write a number of hundredths with two digits after the point. */
extern void text_add_hundredths(struct text_builder *builder, int64_t number);

/* Write a character as messages name it, such as "U+00AD (soft hyphen)". */
extern void text_add_character(struct text_builder *builder, uint32_t character);

/*
 * Write a value in double quotes, cut to QUOTED_CHARACTERS with "..."; control
 * characters become blanks.
 */
extern void text_add_quoted(struct text_builder *builder, struct text_view value);

/* Terminate the text with NUL. */
static inline void
text_finish(struct text_builder *builder)
{
	*builder->next = '\0';
}

#endif /* ONBOARD_TEXT_H */
