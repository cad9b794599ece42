/*-------------------------------------------------------------------------
 *
 * text.h
 *	  Borrowed UTF-8 text: trimming, counting, cutting, writing messages.
 *
 * Input is meant to be valid UTF-8, but nothing here reads out of bounds or
 * loops for ever when it is not.  Nothing allocates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TEXT_H
#define ONBOARD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed string, not NUL-terminated; data is NULL when it is absent. */
struct text_view
{
	const char *data;
	size_t length;
};

/* What a character that was lost becomes; EF BF BD in UTF-8. */
#define REPLACEMENT_CHARACTER 0xFFFD

/* Bytes of an int64_t in decimal: a sign, 19 digits, a NUL. */
#define INTEGER_TEXT_SIZE 21

/* Characters of a value that a message repeats; the rest becomes "...". */
#define QUOTED_CHARACTERS 80

/*
 * Writes into a buffer of fixed size and never past it: text that does not
 * fit is cut at a character boundary, and what follows it is dropped.
 */
struct text_builder
{
	char *next;
	char *last; /* room for the terminating NUL */
};

/* View a NUL-terminated string. */
static inline struct text_view
text_of(const char *string)
{
	struct text_view text = {string, strlen(string)};

	return text;
}

/* Whether two texts are the same bytes. */
static inline bool
text_equal(struct text_view a, struct text_view b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Lower case for A to Z, other characters as they are. */
static inline uint32_t
fold_ascii(uint32_t character)
{
	return character - 'A' < 26 ? character + ('a' - 'A') : character;
}

/*
 * Eight bytes at once.  The tests are exact for a word as a whole, on
 * machines of either byte order, and do not say which byte it was.
 */
#define EVERY_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static inline uint64_t
load_word(const char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/* Not 0 when some byte is below limit, which is at most 0x80. */
static inline uint64_t
word_has_below(uint64_t word, unsigned char limit)
{
	return (word - EVERY_BYTE(limit)) & ~word & EVERY_BYTE(0x80);
}

/* Not 0 when some byte is this one. */
static inline uint64_t
word_has_byte(uint64_t word, unsigned char byte)
{
	return word_has_below(word ^ EVERY_BYTE(byte), 1);
}

/* Not 0 when some byte is not ASCII. */
static inline uint64_t
word_has_high(uint64_t word)
{
	return word & EVERY_BYTE(0x80);
}

/* The long way of text_trim(), for a text that is not empty. */
extern struct text_view text_trim_ends(struct text_view text);

/* Take U+0009, U+0020 and U+00A0 off both ends, nothing else. */
static inline struct text_view
text_trim(struct text_view text)
{
	unsigned char first;
	unsigned char last;

	if (text.length == 0)
		return text;

	/* U+00A0 is C2 A0. */
	first = (unsigned char) text.data[0];
	last = (unsigned char) text.data[text.length - 1];
	if (first > ' ' && first != 0xC2 && last > ' ' && last != 0xA0)
		return text;
	return text_trim_ends(text);
}

/* Number of characters; a byte that is no part of one is ignored or counted. */
extern size_t text_character_count(struct text_view text);

/* The long way of text_has_replacement(). */
extern bool text_find_replacement(struct text_view text);

/* Up to this length a text is looked at here, word by word. */
#define SHORT_TEXT_BYTES 128

/* Whether U+FFFD is in the text.  Most texts are short and ASCII. */
static inline bool
text_has_replacement(struct text_view text)
{
	uint64_t bits = 0;

	if (text.length > SHORT_TEXT_BYTES)
		return text_find_replacement(text);

	if (text.length >= 8)
	{
		/* The last word overlaps the one before it. */
		for (size_t offset = 0; offset + 8 < text.length; offset += 8)
			bits |= load_word(text.data + offset);
		bits |= load_word(text.data + text.length - 8);
	}
	else
	{
		for (size_t offset = 0; offset < text.length; offset++)
			bits |= (unsigned char) text.data[offset];
	}
	return word_has_high(bits) != 0 && text_find_replacement(text);
}

/*
 * The longest start of the text of at most max_bytes bytes that does not end
 * inside a character.
 */
extern size_t text_cut(struct text_view text, size_t max_bytes);

/*
 * Read the character that starts at offset, which must be inside the text.
 * Returns its size in bytes; a byte that starts no whole character is taken
 * alone and read as U+FFFD.
 */
extern size_t text_decode(struct text_view text, size_t offset, uint32_t *character);

/* Whether a character is C0, DEL or C1. */
extern bool is_control_character(uint32_t character);

/* Whether a character has the Unicode property White_Space. */
extern bool is_white_space(uint32_t character);

/* Start writing into buffer; size must be at least 1. */
extern void text_start(struct text_builder *builder, char *buffer, size_t size);

/* Write text. */
extern void text_add(struct text_builder *builder, struct text_view text);

/* Write an integer in decimal. */
extern void text_add_integer(struct text_builder *builder, int64_t number);

/* An integer in decimal, written to text; returns text. */
extern const char *integer_text(char text[INTEGER_TEXT_SIZE], int64_t number);

/* Write a number of hundredths with two digits after the point. */
extern void text_add_hundredths(struct text_builder *builder, int64_t number);

/*
 * Write a value between double quotes, cut to QUOTED_CHARACTERS with "...";
 * control characters become blanks.
 */
extern void text_add_quoted(struct text_builder *builder, struct text_view value);

/* Terminate what was written with NUL. */
static inline void
text_finish(struct text_builder *builder)
{
	*builder->next = '\0';
}

#endif /* ONBOARD_TEXT_H */
