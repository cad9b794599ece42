/*-------------------------------------------------------------------------
 *
 * category.c
 *	  Finding the category that a vendor's name for it plainly means.
 *
 * Names are compared as rows of letters: case, blanks, punctuation, the word "and"
 * and the ending of a plural are left out.  Letters are read one by one, because a
 * file may have a bad category in every row and most names differ in the first one.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/category.h"

#include "shared/appearance.h"
#include "shared/entity.h"
#include "shared/hash.h"
#include "shared/spreadsheet.h"
#include "shared/suggest.h"

/* Longer texts mean no category. */
#define MAX_BYTES 512

/* Shops escape what they export once or twice. */
#define MAX_ESCAPES 2

/* A shorter text is too ambiguous as the start of a name. */
#define MIN_START_CHARACTERS 3

/* A text being read letter by letter.  */
struct letters
{
	struct text_view text;
	size_t offset;
	bool at_start;    /* no letter of the current word was read */
	bool starts_word; /* the last letter is the first of its word */
};

enum likeness
{
	UNLIKE,
	SAME_LETTERS,
	SAME_START /* the text is the first words of the name */
};

static bool
is_letter(uint32_t character)
{
	return character >= 0x80 || is_ascii_digit(character) || is_ascii_letter(character);
}

/* Does the word end at this offset?  The text of a word is in ASCII before it. */
static bool
ends_word(struct text_view text, size_t offset)
{
	return offset >= text.length || !is_letter((unsigned char) text.data[offset]);
}

/* Does the rest of the word equal this one, which is in lower case? */
static bool
ends_with(struct text_view text, size_t offset, const char *ending)
{
	for (; *ending != '\0'; ending++, offset++)
	{
		if (offset >= text.length ||
			fold_ascii((unsigned char) text.data[offset]) != (unsigned char) *ending)
			return false;
	}
	return ends_word(text, offset);
}

/* Return the next letter, A to Z folded, or 0 at the end. */
static uint32_t
next_letter(struct letters *letters)
{
	struct text_view text = letters->text;

	while (letters->offset < text.length)
	{
		size_t start = letters->offset;
		uint32_t character;

		letters->offset += text_decode(text, start, &character);
		character = fold_ascii(character_lookalike(character));
		if (character == '\'')
			continue;
		if (!is_letter(character))
		{
			letters->at_start = true;
			continue;
		}
		if (letters->at_start && ends_with(text, start, "and"))
		{
			letters->offset = start + strlen("and");
			continue;
		}
		letters->starts_word = letters->at_start;
		letters->at_start = false;
		if (letters->starts_word || (character != 's' && character != 'i'))
			return character;
		if (ends_with(text, start, "s"))
			continue;
		if (ends_with(text, start, "ies"))
		{
			letters->offset = start + strlen("ies");
			return 'y';
		}
		return character;
	}
	return 0;
}

static enum likeness
compare(struct text_view text, struct text_view name)
{
	struct letters left = {.text = text, .at_start = true};
	struct letters right = {.text = name, .at_start = true};
	int count = 0;

	for (;; count++)
	{
		uint32_t letter = next_letter(&left);
		uint32_t other = next_letter(&right);

		if (letter == 0)
		{
			if (count == 0 || (other != 0 && !right.starts_word))
				return UNLIKE;
			if (other == 0)
				return SAME_LETTERS;
			return count >= MIN_START_CHARACTERS ? SAME_START : UNLIKE;
		}
		if (letter != other)
			return UNLIKE;
	}
}

/* The only name of each likeness. */
struct alike
{
	int same; /* index; -1 for none or several */
	int start;
};

/* Note another name of a likeness. */
static void
note_alike(int *count, int *found, int index)
{
	*found = (*count)++ == 0 ? index : -1;
}

/*
 * May the name start with this letter?  Most names are ruled out here.  One that
 * starts with an A may start with "and".
 */
static inline bool
may_start_with(struct text_view name, uint32_t letter)
{
	uint32_t first = name.length > 0 ? fold_ascii((unsigned char) name.data[0]) : 0;

	return first == letter || first <= 'a' || first > 'z';
}

static struct alike
find_alike(struct text_view text, const struct category_list *list)
{
	struct letters letters = {.text = text, .at_start = true};
	uint32_t first = next_letter(&letters);
	struct alike alike = {-1, -1};
	int same_count = 0;
	int start_count = 0;

	if (first == 0)
		return alike;
	for (int i = 0; i < list->count; i++)
	{
		if (!may_start_with(list->names[i], first))
			continue;
		switch (compare(text, list->names[i]))
		{
			case SAME_LETTERS:
				note_alike(&same_count, &alike.same, i);
				break;
			case SAME_START:
				note_alike(&start_count, &alike.start, i);
				break;
			case UNLIKE:
				break;
		}
	}
	return alike;
}

/* ----- the index ----- */

/*
 * The index is a hash table of the letters of the names, with open addressing: an
 * element is one more than the index of a name, or 0.  Its size is a power of two and at
 * least twice the number of names, so there is always a 0.
 */
size_t
category_index_size(int count)
{
	size_t size = 1;

	while (size < 2 * (size_t) count)
		size *= 2;
	return size;
}

/* Return the hash of the letters of a text; *has_letters says whether there are any. */
static uint32_t
hash_letters(struct text_view text, bool *has_letters)
{
	struct letters letters = {.text = text, .at_start = true};
	uint32_t hash = HASH_START;
	uint32_t letter;

	*has_letters = false;
	while ((letter = next_letter(&letters)) != 0)
	{
		*has_letters = true;
		hash = hash_add(hash, letter);
	}
	/* The low bits, which choose the element, hardly depend on the high ones. */
	return hash ^ hash >> 16;
}

void
category_index_fill(struct category_list *list, int *index)
{
	size_t size = category_index_size(list->count);

	memset(index, 0, sizeof(*index) * size);
	for (int i = 0; i < list->count; i++)
	{
		bool has_letters;
		size_t place = hash_letters(list->names[i], &has_letters) & (size - 1);

		if (!has_letters)
			continue;
		while (index[place] != 0)
			place = (place + 1) & (size - 1);
		index[place] = i + 1;
	}
	list->index = index;
}

/* Find the only name with the same letters as a text, by the index. */
static int
find_indexed(struct text_view text, const struct category_list *list)
{
	size_t size = category_index_size(list->count);
	bool has_letters;
	size_t place = hash_letters(text, &has_letters) & (size - 1);
	int found = -1;
	int count = 0;

	for (; has_letters && list->index[place] != 0; place = (place + 1) & (size - 1))
	{
		int name = list->index[place] - 1;

		if (compare(text, list->names[name]) == SAME_LETTERS)
			note_alike(&count, &found, name);
	}
	return found;
}

/* Find the only name with the same letters as a text. */
static int
find_same(struct text_view text, const struct category_list *list)
{
	return list->index != NULL ? find_indexed(text, list) : find_alike(text, list).same;
}

/* ----- meanings ----- */

int
category_find(struct text_view text, const struct category_list *list)
{
	int found = text.length > 0 ? name_find(text, list->names, list->count) : -1;

	return found >= 0 ? found : find_same(text, list);
}

/* Return the size of the separator of a path at offset, or 0. */
static size_t
path_separator_size(struct text_view text, size_t offset)
{
	uint32_t character;
	size_t size = text_decode(text, offset, &character);

	/* U+00BB and U+203A point to the right. */
	if (character == '>' || character == '/' || character == '|' || character == '\\' ||
		character == 0xBB || character == 0x203A)
		return size;
	return 0;
}

/* Is a category below another one?  Parents may form a circle. */
static bool
is_below(const struct category_list *list, int index, int above)
{
	for (int steps = 0; list->parents != NULL && steps < list->count && index >= 0; steps++)
	{
		index = list->parents[index];
		if (index == above)
			return true;
	}
	return false;
}

/*
 * Find the last part of a path that is a name.  Commas separate several paths, and
 * names with "/" or "|" between them may be a list, unless each is below the one
 * before: neither plainly means one of them.
 */
static int
find_in_path(struct text_view text, const struct category_list *list)
{
	struct text_view part = {text.data, 0};
	bool is_path = false;
	bool may_be_list =
		memchr(text.data, '/', text.length) != NULL || memchr(text.data, '|', text.length) != NULL;
	int found = -1;

	if (memchr(text.data, ',', text.length) != NULL || memchr(text.data, ';', text.length) != NULL)
		return -1;
	for (size_t offset = 0; offset <= text.length;)
	{
		size_t size = offset < text.length ? path_separator_size(text, offset) : 1;
		int known;

		if (size == 0)
		{
			offset++;
			continue;
		}
		is_path |= offset < text.length;
		if (!is_path)
			return -1;
		part.length = (size_t) (text.data + offset - part.data);
		known = category_find(text_trim(part), list);
		if (known >= 0)
		{
			if (may_be_list && found >= 0 && known != found && !is_below(list, known, found))
				return -1;
			found = known;
		}
		offset += size;
		part.data = text.data + offset;
	}
	return found;
}

/*
 * Find the end of the text before the only "&", "+" or "and" in it, and the start of
 * the text after it; returns false if there is none or more than one.
 */
static bool
find_conjunction(struct text_view text, size_t *end, size_t *start)
{
	int count = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		size_t size = 0;

		if (text.data[i] == '&' || text.data[i] == '+')
			size = 1;
		else if (i > 0 && text.data[i - 1] == ' ' && ends_with(text, i, "and"))
			size = strlen("and");
		if (size == 0)
			continue;
		count++;
		*end = i;
		*start = i + size;
	}
	return count == 1;
}

/* Find the only name with the words on both sides of the conjunction exchanged. */
static int
find_exchanged(struct text_view text, const struct category_list *list)
{
	char exchanged[MAX_BYTES + 1];
	size_t end;
	size_t start;
	size_t length;

	if (!find_conjunction(text, &end, &start))
		return -1;
	length = text.length - start;
	memcpy(exchanged, text.data + start, length);
	exchanged[length++] = ' ';
	memcpy(exchanged + length, text.data, end);
	return find_same((struct text_view){exchanged, length + end}, list);
}

/* What reading a text may need. */
struct meaning_buffers
{
	char decoded[MAX_ESCAPES][MAX_BYTES];
	char seen[MAX_BYTES];
};

/* Return a text as a reader sees it, in the buffers if it differs; "" if it is too long. */
static struct text_view
read_text(struct text_view text, struct meaning_buffers *buffers)
{
	(void) spreadsheet_formula_text(text, &text);
	for (int i = 0; i < MAX_ESCAPES && text.data != NULL; i++)
		text = entities_decode(text, buffers->decoded[i], MAX_BYTES);
	if (text.data != NULL)
		text = text_as_seen(text, buffers->seen, sizeof(buffers->seen));
	/* What needed no change is not in a buffer, whose size would have limited it. */
	if (text.data == NULL || text.length > MAX_BYTES)
		return (struct text_view){"", 0};
	return text;
}

/* Find the category that a text plainly means. */
static int
find_plain(struct text_view text, const struct category_list *list)
{
	struct alike alike = {-1, -1};
	int found;

	if (text.length == 0)
		return -1;
	found = name_find(text, list->names, list->count);
	if (found >= 0)
		return found;
	if (list->index != NULL)
		alike.same = find_indexed(text, list);
	else
		alike = find_alike(text, list);
	found = alike.same;
	if (found < 0)
		found = find_in_path(text, list);
	if (found < 0)
		found = find_exchanged(text, list);
	/* The index does not know the starts of names. */
	if (found < 0 && list->index != NULL)
		alike = find_alike(text, list);
	return found >= 0 ? found : alike.start;
}

int
category_suggest(struct text_view text, const struct category_list *list)
{
	struct meaning_buffers buffers;
	int found;

	text = read_text(text, &buffers);
	found = find_plain(text, list);
	return found >= 0 || text.length == 0 ? found : name_suggest(text, list->names, list->count);
}

bool
category_is_plain(struct text_view text, struct text_view name)
{
	static const int no_parent = -1;
	const struct category_list only = {.names = &name, .parents = &no_parent, .count = 1};
	struct meaning_buffers buffers;

	return find_plain(read_text(text_trim(text), &buffers), &only) == 0;
}
