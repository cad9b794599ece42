/*-------------------------------------------------------------------------
 *
 * text.c
 *	  Borrowed UTF-8 text: trimming, counting, cutting, writing messages.
 *
 * Everything works on bytes first: a value is decoded only where its characters
 * matter, and messages are assembled with memcpy(), because a file whose rows
 * are all bad must cost about as much as a good one.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/text.h"

static inline bool
is_continuation(char byte)
{
	return ((unsigned char) byte & 0xC0) == 0x80;
}

/* Decode the last character of a text that is not empty; returns its size. */
static size_t
decode_last(struct text_view text, uint32_t *character)
{
	size_t start = text.length - 1;

	while (start > 0 && text.length - start < 4 && is_continuation(text.data[start]))
		start--;
	if (text_decode(text, start, character) == text.length - start)
		return text.length - start;
	*character = REPLACEMENT_CHARACTER;
	return 1;
}

int
text_compare_folded(struct text_view a, struct text_view b)
{
	size_t shorter = a.length < b.length ? a.length : b.length;

	for (size_t i = 0; i < shorter; i++)
	{
		uint32_t x = fold_ascii((unsigned char) a.data[i]);
		uint32_t y = fold_ascii((unsigned char) b.data[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.length == b.length ? 0 : a.length < b.length ? -1 : 1;
}

size_t
text_encode(uint32_t character, char bytes[MAX_CHARACTER_BYTES])
{
	if (character >= 0xD800 && character <= 0xDFFF)
		character = REPLACEMENT_CHARACTER;
	if (character < 0x80)
	{
		bytes[0] = (char) character;
		return 1;
	}
	if (character < 0x800)
	{
		bytes[0] = (char) (0xC0 | character >> 6);
		bytes[1] = (char) (0x80 | (character & 0x3F));
		return 2;
	}
	if (character < 0x10000)
	{
		bytes[0] = (char) (0xE0 | character >> 12);
		bytes[1] = (char) (0x80 | (character >> 6 & 0x3F));
		bytes[2] = (char) (0x80 | (character & 0x3F));
		return 3;
	}
	bytes[0] = (char) (0xF0 | character >> 18);
	bytes[1] = (char) (0x80 | (character >> 12 & 0x3F));
	bytes[2] = (char) (0x80 | (character >> 6 & 0x3F));
	bytes[3] = (char) (0x80 | (character & 0x3F));
	return 4;
}

/* Does the text consist of characters that show nothing? */
static bool
is_invisible(struct text_view text)
{
	size_t offset = 0;

	while (offset < text.length)
	{
		uint32_t character;

		offset += text_decode(text, offset, &character);
		if (!is_white_space(character) && !is_control_character(character) &&
			!is_format_character(character))
			return false;
	}
	return true;
}

struct text_view
text_trim_ends(struct text_view text)
{
	uint32_t character;

	while (text.length > 0)
	{
		size_t size = text_decode(text, 0, &character);

		if (!is_blank_character(character))
			break;
		text.data += size;
		text.length -= size;
	}
	while (text.length > 0)
	{
		size_t size = decode_last(text, &character);

		if (!is_blank_character(character))
			break;
		text.length -= size;
	}
	if (is_invisible(text))
		text.length = 0;
	return text;
}

/* Count the bytes that are not continuation bytes, as pg_utf_mblen() would. */
size_t
text_character_count(struct text_view text)
{
	size_t continuations = 0;
	size_t offset = 0;

	while (offset + 8 <= text.length)
	{
		uint64_t sums = 0;

		/* Eight one-byte counters, which hold at most 255. */
		for (int i = 0; i < 255 && offset + 8 <= text.length; i++, offset += 8)
		{
			uint64_t word = load_word(text.data + offset);

			/* Bit 0 of each byte: top bit set and the next one clear. */
			sums += (word >> 7) & ~(word >> 6) & EVERY_BYTE(0x01);
		}

		/* Add up to four two-byte counters, and their sum into the top one. */
		sums = (sums & UINT64_C(0x00FF00FF00FF00FF)) + ((sums >> 8) & UINT64_C(0x00FF00FF00FF00FF));
		continuations += (sums * UINT64_C(0x0001000100010001)) >> 48;
	}
	for (; offset < text.length; offset++)
		continuations += is_continuation(text.data[offset]);
	return text.length - continuations;
}

/* Look for EF BF BD. */
bool
text_has_replacement(struct text_view text)
{
	const char *next = text.data;
	size_t left = text.length;

	while (left >= 3)
	{
		const char *found = memchr(next, 0xEF, left - 2);

		if (found == NULL)
			return false;
		if (found[1] == '\xBF' && found[2] == '\xBD')
			return true;
		left -= (size_t) (found + 1 - next);
		next = found + 1;
	}
	return false;
}

/* The inner loop has a fixed length, which compilers turn into vector instructions. */
bool
text_is_long_printable_ascii(struct text_view text)
{
	size_t offset = 0;
	uint64_t bits = 0;

	for (; offset + 64 <= text.length; offset += 64)
	{
		for (size_t word = 0; word < 64; word += 8)
			bits |= word_has_unprintable(load_word(text.data + offset + word));
		if (bits != 0)
			return false;
	}
	for (; offset < text.length; offset++)
		bits |= (unsigned char) (text.data[offset] - ' ') > '~' - ' ';
	return bits == 0;
}

size_t
text_cut(struct text_view text, size_t max_bytes)
{
	size_t length = max_bytes;

	if (text.length <= max_bytes)
		return text.length;

	/* The byte after the cut must start a character. */
	while (length > 0 && is_continuation(text.data[length]))
		length--;
	return length;
}

size_t
text_decode(struct text_view text, size_t offset, uint32_t *character)
{
	unsigned char lead = (unsigned char) text.data[offset];
	size_t size;
	uint32_t decoded;

	*character = lead;
	if (lead < 0x80)
		return 1;

	*character = REPLACEMENT_CHARACTER;
	size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	if (lead < 0xC2 || lead > 0xF4 || size > text.length - offset)
		return 1;

	decoded = lead & (0xFFu >> (size + 1));
	for (size_t i = 1; i < size; i++)
	{
		if (!is_continuation(text.data[offset + i]))
			return 1;
		decoded = decoded << 6 | ((unsigned char) text.data[offset + i] & 0x3F);
	}
	*character = decoded;
	return size;
}

void
text_start(struct text_builder *builder, char *buffer, size_t size)
{
	builder->next = buffer;
	builder->last = buffer + size - 1;
}

void
text_add(struct text_builder *builder, struct text_view text)
{
	size_t room = (size_t) (builder->last - builder->next);

	if (text.length > room)
	{
		text.length = text_cut(text, room);
		builder->last = builder->next + text.length;
	}
	if (text.length > 0)
		memcpy(builder->next, text.data, text.length);
	builder->next += text.length;
}

/* Digits are made from the right; the magnitude of INT64_MIN needs uint64_t. */
void
text_add_integer(struct text_builder *builder, int64_t number)
{
	char digits[INTEGER_TEXT_SIZE];
	char *first = digits + INTEGER_TEXT_SIZE;
	uint64_t left = number < 0 ? -(uint64_t) number : (uint64_t) number;
	struct text_view text;

	do
	{
		*--first = (char) ('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		*--first = '-';

	text.data = first;
	text.length = (size_t) (digits + INTEGER_TEXT_SIZE - first);
	text_add(builder, text);
}

const char *
integer_text(char text[INTEGER_TEXT_SIZE], int64_t number)
{
	struct text_builder builder;

	text_start(&builder, text, INTEGER_TEXT_SIZE);
	text_add_integer(&builder, number);
	text_finish(&builder);
	return text;
}

void
text_add_hundredths(struct text_builder *builder, int64_t number)
{
	uint64_t size = number < 0 ? -(uint64_t) number : (uint64_t) number;
	char fraction[3];
	struct text_view text = {fraction, sizeof(fraction)};

	if (number < 0)
		text_add(builder, text_of("-"));
	text_add_integer(builder, (int64_t) (size / 100));
	fraction[0] = '.';
	fraction[1] = (char) ('0' + size % 100 / 10);
	fraction[2] = (char) ('0' + size % 10);
	text_add(builder, text);
}

void
text_add_character(struct text_builder *builder, uint32_t character)
{
	const char *name = character_name(character);
	char code[6];
	int digits = character > 0xFFFFF ? 6 : character > 0xFFFF ? 5 : 4;
	struct text_view text = {code, (size_t) digits};

	for (int i = digits - 1; i >= 0; i--, character >>= 4)
		code[i] = "0123456789ABCDEF"[character & 0xF];
	text_add(builder, text_of("U+"));
	text_add(builder, text);
	if (name == NULL)
		return;
	text_add(builder, text_of(" ("));
	text_add(builder, text_of(name));
	text_add(builder, text_of(")"));
}

/*
 * Return the size of the control character at offset, or 0.  C1 is C2 80 to C2
 * 9F, and no other character has these bytes in this order.
 */
static size_t
control_size(struct text_view text, size_t offset)
{
	unsigned char byte = (unsigned char) text.data[offset];

	if (byte < 0x20 || byte == 0x7F)
		return 1;
	if (byte == 0xC2 && offset + 1 < text.length && (unsigned char) text.data[offset + 1] >= 0x80 &&
		(unsigned char) text.data[offset + 1] <= 0x9F)
		return 2;
	return 0;
}

/*
 * Slow path of text_add_quoted(): write the text between control characters in
 * one piece.
 */
static void
add_cleaned(struct text_builder *builder, struct text_view value)
{
	struct text_view rest;
	size_t written = 0;
	size_t offset = 0;

	for (int count = 0; count < QUOTED_CHARACTERS && offset < value.length; count++)
	{
		size_t control = control_size(value, offset);
		struct text_view piece = {value.data + written, offset - written};

		if (control > 0)
		{
			text_add(builder, piece);
			text_add(builder, text_of(" "));
			offset += control;
			written = offset;
			continue;
		}
		for (offset++; offset < value.length && is_continuation(value.data[offset]);)
			offset++;
	}
	rest.data = value.data + written;
	rest.length = offset - written;
	text_add(builder, rest);
	if (offset < value.length)
		text_add(builder, text_of("..."));
}

void
text_add_quoted(struct text_builder *builder, struct text_view value)
{
	bool cut = value.length > QUOTED_CHARACTERS;
	struct text_view start = {value.data, cut ? QUOTED_CHARACTERS : value.length};

	text_add(builder, text_of("\""));
	if (text_is_printable_ascii(start))
	{
		text_add(builder, start);
		if (cut)
			text_add(builder, text_of("..."));
	}
	else
		add_cleaned(builder, value);
	text_add(builder, text_of("\""));
}
