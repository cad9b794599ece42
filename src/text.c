/*-------------------------------------------------------------------------
 *
 * text.c
 *	  Borrowed UTF-8 text: trimming, counting, cutting, writing messages.
 *
 * Everything is bytes first: a value is decoded only where its characters
 * matter, and messages are put together with memcpy(), because a file whose
 * every row is bad must cost about as much as a good one.
 *
 *-------------------------------------------------------------------------
 */
#include "text.h"

/* One byte value in each byte of a word. */
#define EVERY_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Digits and sign of the longest int64_t. */
#define INTEGER_SIZE 20

static inline bool
is_continuation(char byte)
{
	return ((unsigned char) byte & 0xC0) == 0x80;
}

static inline uint64_t
load_word(const char *data)
{
	uint64_t	word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/*
 * U+00A0 is C2 A0.  C2 can only start a character, so the two bytes in this
 * order are that character at either end.
 */
struct text_view
text_trim(struct text_view text)
{
	const char *start = text.data;
	const char *end;

	/* No arithmetic on the NULL of an absent value. */
	if (text.length == 0)
		return text;

	end = start + text.length;
	for (;;)
	{
		if (start < end && (*start == ' ' || *start == '\t'))
			start++;
		else if (end - start >= 2 && start[0] == '\xC2' && start[1] == '\xA0')
			start += 2;
		else
			break;
	}
	for (;;)
	{
		if (start < end && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		else if (end - start >= 2 && end[-2] == '\xC2' && end[-1] == '\xA0')
			end -= 2;
		else
			break;
	}
	text.data = start;
	text.length = (size_t) (end - start);
	return text;
}

/* Characters are the bytes that do not continue one, as in pg_utf_mblen(). */
size_t
text_character_count(struct text_view text)
{
	size_t		continuations = 0;
	size_t		offset = 0;

	for (; offset + 8 <= text.length; offset += 8)
	{
		uint64_t	word = load_word(text.data + offset);

		/* Bit 0 of each byte: top bit set and the next one clear. */
		word = (word >> 7) & ~(word >> 6) & EVERY_BYTE(0x01);
		continuations += (word * EVERY_BYTE(0x01)) >> 56;
	}
	for (; offset < text.length; offset++)
		continuations += is_continuation(text.data[offset]);
	return text.length - continuations;
}

bool
text_has_replacement(struct text_view text)
{
	const char *next = text.data;
	size_t		left = text.length;

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

size_t
text_cut(struct text_view text, size_t max_bytes)
{
	size_t		length = max_bytes;

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
	size_t		size;
	uint32_t	decoded;

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

bool
is_control_character(uint32_t character)
{
	return character < 0x20 || (character >= 0x7F && character <= 0x9F);
}

bool
is_white_space(uint32_t character)
{
	switch (character)
	{
		case 0x20:
		case 0x85:
		case 0xA0:
		case 0x1680:
		case 0x2028:
		case 0x2029:
		case 0x202F:
		case 0x205F:
		case 0x3000:
			return true;
		default:
			return (character >= 0x09 && character <= 0x0D) ||
				(character >= 0x2000 && character <= 0x200A);
	}
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
	size_t		room = (size_t) (builder->last - builder->next);

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
	char		digits[INTEGER_SIZE];
	char	   *first = digits + INTEGER_SIZE;
	uint64_t	left = number < 0 ? -(uint64_t) number : (uint64_t) number;
	struct text_view text;

	do
	{
		*--first = (char) ('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		*--first = '-';

	text.data = first;
	text.length = (size_t) (digits + INTEGER_SIZE - first);
	text_add(builder, text);
}

void
text_add_hundredths(struct text_builder *builder, int64_t number)
{
	uint64_t	size = number < 0 ? -(uint64_t) number : (uint64_t) number;
	char		fraction[3];
	struct text_view text = {fraction, sizeof(fraction)};

	if (number < 0)
		text_add(builder, text_of("-"));
	text_add_integer(builder, (int64_t) (size / 100));
	fraction[0] = '.';
	fraction[1] = (char) ('0' + size % 100 / 10);
	fraction[2] = (char) ('0' + size % 10);
	text_add(builder, text);
}

/*
 * Whether a text of at most QUOTED_CHARACTERS bytes can be repeated as it is.
 * C1 characters start with C2, so that byte asks for a closer look.
 */
static bool
is_plain(struct text_view text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		unsigned char byte = (unsigned char) text.data[i];

		if (byte < 0x20 || byte == 0x7F || byte == 0xC2)
			return false;
	}
	return true;
}

/* The long way of text_add_quoted(): one character at a time. */
static void
add_cleaned(struct text_builder *builder, struct text_view value)
{
	size_t		offset = 0;

	for (int count = 0; count < QUOTED_CHARACTERS && offset < value.length; count++)
	{
		struct text_view piece = {value.data + offset, 0};
		uint32_t	character;

		piece.length = text_decode(value, offset, &character);
		offset += piece.length;
		if (is_control_character(character))
			piece = text_of(" ");
		text_add(builder, piece);
	}
	if (offset < value.length)
		text_add(builder, text_of("..."));
}

void
text_add_quoted(struct text_builder *builder, struct text_view value)
{
	text_add(builder, text_of("\""));
	if (value.length <= QUOTED_CHARACTERS && is_plain(value))
		text_add(builder, value);
	else
		add_cleaned(builder, value);
	text_add(builder, text_of("\""));
}
