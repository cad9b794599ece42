/*-------------------------------------------------------------------------
 *
 * suggest.c
 *	  Finding the name in a list that a text is, or most likely means.
 *
 * The distance is optimal string alignment: insertions, deletions, substitutions
 * and swaps of neighbours, over characters, with A to Z folded.  How many edits
 * count as near depends on the length of the text; see edits_allowed().
 *
 * The names are categories, columns, options or commands.  A file may have a bad
 * category in every row, so the distance is computed for few names only.  Each
 * edit makes up for at most one character of one text that the other lacks, so
 * counting such characters rejects most names after a few bytes.  Sets of
 * characters are 64-bit words with one bit for all characters that are equal
 * modulo 64; a collision can only let a name through to the real test.  A
 * character beyond ASCII is represented by its first byte.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/suggest.h"

#include "shared/text.h"

/* Longer names are suggested by case and by prefix only. */
#define MAX_CHARACTERS 128

/* The maximum of edits_allowed(). */
#define MAX_EDITS 3

/* A shorter text is too ambiguous as a prefix. */
#define MIN_PREFIX_CHARACTERS 3

/* A text as characters, A to Z folded. */
struct folded_text
{
	int length;
	uint32_t characters[MAX_CHARACTERS];
};

/* What is known about a text before any name is examined. */
struct wanted
{
	struct text_view text;
	struct folded_text folded;
	uint64_t letters; /* set of characters */
	int edits;        /* allowed at most */
};

int
name_find(struct text_view text, const struct text_view *names, int count)
{
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = text_compare(text, names[middle]);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

static inline uint64_t
letter_bit(uint32_t character)
{
	return UINT64_C(1) << (character & 63);
}

/* Bytes 80 to BF never start a character. */
static inline bool
starts_character(unsigned char byte)
{
	return (byte & 0xC0) != 0x80;
}

static inline int
min_int(int a, int b)
{
	return a < b ? a : b;
}

/* Does text start with prefix, A to Z folded? */
static bool
starts_with_folded(struct text_view text, struct text_view prefix)
{
	if (text.length < prefix.length)
		return false;
	for (size_t i = 0; i < prefix.length; i++)
	{
		if (fold_ascii((unsigned char) text.data[i]) != fold_ascii((unsigned char) prefix.data[i]))
			return false;
	}
	return true;
}

/*
 * Find the only name that equals the text but for case, or else the only one that
 * starts with it.  *is_exact: the text is itself a name.
 */
static int
find_by_prefix(struct text_view text, const struct text_view *names, int count, bool *is_exact)
{
	int same = -1;
	int same_count = 0;
	int longer = -1;
	int longer_count = 0;

	*is_exact = false;
	for (int i = 0; i < count; i++)
	{
		if (!starts_with_folded(names[i], text))
			continue;
		if (names[i].length > text.length)
		{
			longer = i;
			longer_count++;
			continue;
		}
		if (text_equal(names[i], text))
			*is_exact = true;
		same = i;
		same_count++;
	}

	if (same_count > 0)
		return same_count == 1 ? same : -1;
	if (longer_count == 1 && text_character_count(text) >= MIN_PREFIX_CHARACTERS)
		return longer;
	return -1;
}

/* Decode and fold a text; returns false if it is too long. */
static bool
fold_text(struct text_view text, struct folded_text *folded)
{
	size_t offset = 0;

	for (folded->length = 0; offset < text.length; folded->length++)
	{
		uint32_t character;

		if (folded->length == MAX_CHARACTERS)
			return false;
		offset += text_decode(text, offset, &character);
		folded->characters[folded->length] = fold_ascii(character);
	}
	return true;
}

/*
 * Allow about one edit in four characters, and none in a text so short that it
 * would be near to everything.
 */
static int
edits_allowed(int characters)
{
	return min_int(characters / 4, MAX_EDITS);
}

/* Return the set of characters of a text, as described at the top. */
static uint64_t
letters_of(struct text_view text)
{
	uint64_t letters = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		unsigned char byte = (unsigned char) text.data[i];

		if (starts_character(byte))
			letters |= letter_bit(fold_ascii(byte));
	}
	return letters;
}

/*
 * Can the name be within edits of the text?  Compare lengths first: an edit
 * changes at most one character, which has at most four bytes.
 */
static bool
may_be_near(const struct wanted *wanted, struct text_view name, int edits)
{
	size_t slack = 4 * (size_t) edits;
	uint64_t letters = 0;
	int strangers = 0;

	if (name.length > wanted->text.length + slack || wanted->text.length > name.length + slack)
		return false;

	for (size_t i = 0; i < name.length; i++)
	{
		unsigned char byte = (unsigned char) name.data[i];
		uint64_t bit;

		if (!starts_character(byte))
			continue;
		bit = letter_bit(fold_ascii(byte));
		letters |= bit;
		if ((wanted->letters & bit) == 0 && ++strangers > edits)
			return false;
	}

	/* And in the other direction; each round removes one character. */
	letters = wanted->letters & ~letters;
	for (strangers = 0; letters != 0; letters &= letters - 1)
	{
		if (++strangers > edits)
			return false;
	}
	return true;
}

/*
 * Return the distance of two texts, or any number over limit if it exceeds limit.
 * The common prefix and suffix need no edit, and usually hardly anything remains.
 */
static int
edit_distance(const struct folded_text *a, const struct folded_text *b, int limit)
{
	int rows[3][MAX_CHARACTERS + 1];
	const uint32_t *left = a->characters;
	const uint32_t *right = b->characters;
	int left_length = a->length;
	int right_length = b->length;

	while (left_length > 0 && right_length > 0 && *left == *right)
		left++, right++, left_length--, right_length--;
	while (left_length > 0 && right_length > 0 && left[left_length - 1] == right[right_length - 1])
		left_length--, right_length--;
	if (left_length - right_length > limit || right_length - left_length > limit)
		return limit + 1;

	for (int j = 0; j <= right_length; j++)
		rows[0][j] = j;
	for (int i = 1; i <= left_length; i++)
	{
		int *row = rows[i % 3];
		const int *above = rows[(i + 2) % 3];
		const int *two_above = rows[(i + 1) % 3];
		int best = row[0] = i;

		for (int j = 1; j <= right_length; j++)
		{
			int cost = above[j - 1] + (left[i - 1] != right[j - 1]);

			cost = min_int(cost, 1 + min_int(above[j], row[j - 1]));
			if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
				cost = min_int(cost, two_above[j - 2] + 1);
			row[j] = cost;
			best = min_int(best, cost);
		}

		/* A swap in the next row may start here, at no lower cost. */
		if (best > limit)
			return limit + 1;
	}
	return rows[left_length % 3][right_length];
}

/* Find the only nearest name. */
static int
find_by_distance(const struct wanted *wanted, const struct text_view *names, int count)
{
	int limit = wanted->edits;
	int nearest = -1;
	bool tie = false;

	for (int i = 0; i < count; i++)
	{
		struct folded_text folded;
		int distance;

		if (!may_be_near(wanted, names[i], limit) || !fold_text(names[i], &folded))
			continue;
		distance = edit_distance(&wanted->folded, &folded, limit);
		if (distance > limit)
			continue;
		tie = nearest >= 0 && distance == limit;
		nearest = i;
		limit = distance;
	}
	return tie ? -1 : nearest;
}

int
name_suggest(struct text_view text, const struct text_view *names, int count)
{
	struct wanted wanted;
	bool is_exact;
	int found;

	if (text.length == 0)
		return -1;
	found = find_by_prefix(text, names, count, &is_exact);
	if (is_exact)
		return -1;
	if (found >= 0 || !fold_text(text, &wanted.folded))
		return found;

	wanted.text = text;
	wanted.edits = edits_allowed(wanted.folded.length);
	wanted.letters = letters_of(text);
	if (wanted.edits == 0)
		return -1;
	return find_by_distance(&wanted, names, count);
}
