/*-------------------------------------------------------------------------
 *
 * transform_text.c
 *	  Transformations of texts.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <utf8proc.h>

#include "reader/transform.h"
#include "shared/category.h"
#include "shared/entity.h"
#include "shared/suggest.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Longer texts are not category paths. */
#define PATH_BYTES 1024

/* ----- parts ----- */

#define BYTE_VALUES 256

/* What ends a part of a text: any of some bytes, or one longer sign. */
struct signs
{
	const bool *any; /* of each byte; or NULL */
	struct text_view sign;
};

static const bool list_signs[BYTE_VALUES] = {[','] = true, [';'] = true, ['|'] = true};
static const bool path_signs[BYTE_VALUES] = {
	['>'] = true, ['/'] = true, ['|'] = true, [':'] = true};

/* Return the sign in the step's argument, or any of these. */
static struct signs
signs_of(const struct transform_step *step, const bool *any)
{
	if (step->argument_count == 0)
		return (struct signs){any, {NULL, 0}};
	return (struct signs){NULL, step->arguments[0]};
}

/* Return where the first sign in a text is, and its size; NULL and 0 if there is none. */
static const char *
find_sign(struct text_view text, struct signs signs, size_t *size)
{
	const char *found = NULL;

	if (signs.any == NULL)
		found = memmem(text.data, text.length, signs.sign.data, signs.sign.length);
	for (size_t i = 0; signs.any != NULL && found == NULL && i < text.length; i++)
	{
		if (signs.any[(unsigned char) text.data[i]])
			found = text.data + i;
	}
	*size = found == NULL ? 0 : signs.any != NULL ? 1 : signs.sign.length;
	return found;
}

/*
 * Take the first part of a text off it; returns false if nothing is left.  After the
 * last part, the data of *rest is NULL.
 */
static bool
next_part(struct text_view *rest, struct signs signs, struct text_view *part)
{
	struct text_view text = *rest;
	const char *sign;
	size_t size;

	if (text.data == NULL)
		return false;
	*rest = (struct text_view){NULL, 0};
	*part = text;
	sign = find_sign(text, signs, &size);
	if (sign != NULL)
	{
		part->length = (size_t) (sign - text.data);
		*rest = (struct text_view){sign + size, text.length - part->length - size};
	}
	*part = text_trim(*part);
	return true;
}

/* Does a text begin with the address of a page or picture? */
static bool
begins_address(struct text_view text)
{
	static const char *const beginnings[] = {"http://", "https://"};

	for (size_t i = 0; i < COUNT_OF(beginnings); i++)
	{
		struct text_view beginning = {text.data, strlen(beginnings[i])};

		if (beginning.length <= text.length &&
			text_compare_folded(beginning, text_of(beginnings[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Return the address at the start of a text.  Addresses may contain commas and
 * semicolons; these end one if a blank, another address or nothing follows.
 */
static struct text_view
first_address(struct text_view text)
{
	size_t end = 0;

	for (; end < text.length && text.data[end] != '|'; end++)
	{
		struct text_view rest = {text.data + end + 1, text.length - end - 1};
		uint32_t character;

		if (text.data[end] != ',' && text.data[end] != ';')
			continue;
		if (rest.length == 0 || begins_address(rest))
			break;
		text_decode(rest, 0, &character);
		if (is_white_space(character))
			break;
	}
	return text_trim((struct text_view){text.data, end});
}

struct text_view
transform_first_of(const struct transform_step *step, struct text_view value,
				   struct transform_room *room)
{
	struct signs signs = signs_of(step, list_signs);
	struct text_view rest = value;
	struct text_view part;

	(void) room;
	while (next_part(&rest, signs, &part))
	{
		if (part.length == 0)
			continue;
		if (step->argument_count > 0 || !begins_address(part))
			return part;
		return first_address(
			(struct text_view){part.data, value.length - (size_t) (part.data - value.data)});
	}
	return value;
}

struct text_view
transform_split(const struct transform_step *step, struct text_view value,
				struct transform_room *room)
{
	struct signs sign = {NULL, step->arguments[0]};
	struct text_view rest = value;
	struct text_view part;

	(void) room;
	for (int number = 1; next_part(&rest, sign, &part); number++)
	{
		if (number == step->number)
			return part;
	}
	return value;
}

struct text_view
transform_category_path(const struct transform_step *step, struct text_view value,
						struct transform_room *room)
{
	const struct category_list *categories = step->categories;
	struct signs signs = signs_of(step, path_signs);
	struct text_view rest = value;
	struct text_view part;
	int found = -1;

	(void) room;
	/* The name of a category may contain a sign. */
	if (value.length > PATH_BYTES || name_find(value, categories->names, categories->count) >= 0)
		return value;
	while (next_part(&rest, signs, &part))
	{
		int known = category_find(part, categories);

		if (known >= 0)
			found = known;
	}
	return found >= 0 ? categories->names[found] : value;
}

/* ----- whole values ----- */

struct text_view
transform_values(const struct transform_step *step, struct text_view value,
				 struct transform_room *room)
{
	struct text_view replacement;

	(void) room;
	return value_list_find(step->list, value, &replacement) ? replacement : value;
}

struct text_view
transform_default(const struct transform_step *step, struct text_view value,
				  struct transform_room *room)
{
	(void) room;
	return value.length > 0 ? value : step->arguments[0];
}

struct text_view
transform_prefix(const struct transform_step *step, struct text_view value,
				 struct transform_room *room)
{
	transform_put(room, step->arguments[0]);
	transform_put(room, value);
	return transform_result(room, value);
}

struct text_view
transform_replace(const struct transform_step *step, struct text_view value,
				  struct transform_room *room)
{
	struct text_view wanted = step->arguments[0];
	size_t copied = 0;

	for (size_t offset = 0; wanted.length > 0 && offset + wanted.length <= value.length;)
	{
		if (memcmp(value.data + offset, wanted.data, wanted.length) != 0)
		{
			offset++;
			continue;
		}
		transform_put(room, (struct text_view){value.data + copied, offset - copied});
		transform_put(room, step->arguments[1]);
		offset += wanted.length;
		copied = offset;
	}
	if (copied == 0)
		return value;
	transform_put(room, (struct text_view){value.data + copied, value.length - copied});
	return text_trim(transform_result(room, value));
}

/* Words for yes and no, in lower case, as programs and people write them. */
static const struct
{
	const char *word;
	bool means_yes;
} answers[] = {
	{"yes", true},    {"y", true},         {"true", true},    {"t", true},    {"1", true},
	{"on", true},     {"x", true},         {"ja", true},      {"j", true},    {"wahr", true},
	{"oui", true},    {"o", true},         {"vrai", true},    {"si", true},   {"s\u00ED", true},
	{"s", true},      {"vero", true},      {"sim", true},     {"tak", true},  {"verdadero", true},
	{"no", false},    {"n", false},        {"false", false},  {"f", false},   {"0", false},
	{"off", false},   {"nein", false},     {"falsch", false}, {"non", false}, {"faux", false},
	{"falso", false}, {"n\u00E3o", false}, {"nao", false},    {"nie", false}, {"nee", false},
};

struct text_view
transform_yes_no(const struct transform_step *step, struct text_view value,
				 struct transform_room *room)
{
	char buffer[VALUE_LIST_KEY_BYTES];
	struct text_view key = {buffer, value_list_key(value, buffer)};

	(void) room;
	for (size_t i = 0; i < COUNT_OF(answers); i++)
	{
		if (text_equal(key, text_of(answers[i].word)))
			return step->arguments[answers[i].means_yes ? 0 : 1];
	}
	return value;
}

/* ----- letters ----- */

/* Return a text with each letter replaced by its partner in the other case. */
static struct text_view
change_case(struct text_view value, int32_t (*change)(int32_t), struct transform_room *room)
{
	bool is_changed = false;

	for (size_t offset = 0; offset < value.length;)
	{
		uint32_t character;
		uint32_t changed;
		size_t size = text_decode(value, offset, &character);

		changed = (uint32_t) change((int32_t) character);
		is_changed |= changed != character;
		if (changed == character)
			transform_put(room, (struct text_view){value.data + offset, size});
		else
			transform_put_character(room, changed);
		offset += size;
	}
	return is_changed ? transform_result(room, value) : value;
}

struct text_view
transform_upper(const struct transform_step *step, struct text_view value,
				struct transform_room *room)
{
	(void) step;
	return change_case(value, utf8proc_toupper, room);
}

struct text_view
transform_lower(const struct transform_step *step, struct text_view value,
				struct transform_room *room)
{
	(void) step;
	return change_case(value, utf8proc_tolower, room);
}

/* Letters that Unicode does not decompose, as they are usually written in ASCII. */
static const struct
{
	uint32_t letter;
	const char *ascii;
} latin_letters[] = {
	{0xE6, "ae"}, {0xF0, "d"},  {0xF8, "o"},  {0xFE, "th"},  {0x111, "d"},
	{0x127, "h"}, {0x131, "i"}, {0x142, "l"}, {0x153, "oe"}, {0x1E9E, "ss"},
};

/* Append a letter that is not of ASCII; returns false if it has no form there. */
static bool
put_latin(struct transform_room *room, uint32_t character)
{
	const utf8proc_option_t options =
		UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD;
	utf8proc_int32_t parts[32];
	utf8proc_ssize_t count = utf8proc_decompose_char((utf8proc_int32_t) character, parts,
													 COUNT_OF(parts), options, NULL);
	bool done = true;

	if (count < 0 || count > (utf8proc_ssize_t) COUNT_OF(parts))
		return false;
	for (utf8proc_ssize_t i = 0; i < count; i++)
	{
		uint32_t part = (uint32_t) parts[i];
		bool is_known = is_ascii_letter(part) || is_ascii_digit(part);

		if (is_known)
			transform_put_character(room, fold_ascii(part));
		for (size_t j = 0; j < COUNT_OF(latin_letters) && !is_known; j++)
		{
			is_known = latin_letters[j].letter == part;
			if (is_known)
				transform_put(room, text_of(latin_letters[j].ascii));
		}
		done &= is_known;
	}
	return done;
}

/* Is it an apostrophe, which does not separate words? */
static bool
is_apostrophe(uint32_t character)
{
	return character == '\'' || character == 0x2019;
}

/* Append a letter or digit as a slug has it; returns false if it is neither. */
static bool
put_slug_letter(struct transform_room *room, uint32_t character)
{
	if (character >= 0x80)
		return put_latin(room, character);
	if (!is_ascii_letter(character) && !is_ascii_digit(character))
		return false;
	transform_put_character(room, fold_ascii(character));
	return true;
}

struct text_view
transform_slug(const struct transform_step *step, struct text_view value,
			   struct transform_room *room)
{
	bool divides = false;

	(void) step;
	for (size_t offset = 0; offset < value.length && !room->is_full;)
	{
		size_t before = room->used;
		size_t start;
		uint32_t character;

		offset += text_decode(value, offset, &character);
		if (is_apostrophe(character))
			continue;
		if (divides && before > 0)
			transform_put(room, text_of("-"));
		start = room->used;
		if (put_slug_letter(room, character) && room->used > start)
		{
			divides = false;
			continue;
		}
		/* A mark on a letter does not separate words; other characters do. */
		divides |= utf8proc_category((utf8proc_int32_t) character) != UTF8PROC_CATEGORY_MN;
		room->used = before;
	}
	return room->used > 0 ? transform_result(room, value) : value;
}

/* ----- HTML ----- */

struct text_view
transform_html_entities(const struct transform_step *step, struct text_view value,
						struct transform_room *room)
{
	struct text_view decoded = entities_decode(value, room->data, room->size);

	(void) step;
	if (decoded.data == NULL || text_equal(decoded, value))
		return value;
	/* The characters may be blanks. */
	return text_trim(decoded);
}

/* Elements whose tags end a line. */
static const char *const block_names[] = {
	"p",  "br", "div", "li", "ul", "ol", "tr", "table",   "h1",      "h2",         "h3",
	"h4", "h5", "h6",  "hr", "dl", "dt", "dd", "section", "article", "blockquote", "pre",
};

/* Elements whose tags end a word. */
static const char *const cell_names[] = {"td", "th"};

/* Elements whose contents are not visible, and how these end. */
static const struct
{
	const char *name;
	const char *end;
} hidden_elements[] = {
	{"script", "</script"},
	{"style", "</style"},
};

/* Other markup in angle brackets, from the start of a page or a word processor. */
static const char *const declarations[] = {"<!doctype", "<?xml", "<![if", "<![endif"};

struct tag
{
	struct text_view name;
	bool is_end;
	size_t size;
};

static bool
is_among(struct text_view name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (text_compare_folded(name, text_of(names[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Return where the tag whose name ends at offset ends, after its ">"; 0 if there is
 * another "<" before.
 */
static size_t
tag_end(struct text_view text, size_t offset)
{
	char quote = '\0';

	for (; offset < text.length; offset++)
	{
		char byte = text.data[offset];

		if (quote != '\0')
			quote = byte == quote ? '\0' : quote;
		else if (byte == '>')
			return offset + 1;
		else if (byte == '<')
			return 0;
		else if ((byte == '"' || byte == '\'') && text.data[offset - 1] == '=')
			quote = byte;
	}
	return 0;
}

/* Does a text have this at offset, with A to Z folded? */
static bool
has_at(struct text_view text, size_t offset, const char *wanted)
{
	struct text_view there = {text.data + offset, strlen(wanted)};

	return there.length <= text.length - offset && text_compare_folded(there, text_of(wanted)) == 0;
}

/* Return where a text first has this, at or after offset; its length if nowhere. */
static size_t
find_from(struct text_view text, size_t offset, const char *wanted)
{
	while (offset < text.length && !has_at(text, offset, wanted))
		offset++;
	return offset;
}

/* Read the tag at offset, which has a "<"; false if it is plain text. */
static bool
read_tag(struct text_view text, size_t offset, struct tag *tag)
{
	size_t start = offset + 1;
	size_t end;

	tag->is_end = start < text.length && text.data[start] == '/';
	start += tag->is_end;
	for (end = start; end < text.length && (is_ascii_letter((unsigned char) text.data[end]) ||
											is_ascii_digit((unsigned char) text.data[end]));)
		end++;
	if (end == start || !is_ascii_letter((unsigned char) text.data[start]))
		return false;
	tag->name = (struct text_view){text.data + start, end - start};
	end = tag_end(text, end);
	tag->size = end - offset;
	return end > 0;
}

/* The gap between the last character and the next one. */
enum gap
{
	GAP_NONE,
	GAP_BLANK,
	GAP_LINE
};

static enum gap
gap_of(const struct tag *tag)
{
	if (is_among(tag->name, block_names, COUNT_OF(block_names)))
		return GAP_LINE;
	return is_among(tag->name, cell_names, COUNT_OF(cell_names)) ? GAP_BLANK : GAP_NONE;
}

/* Return the size of the visible characters of ASCII at offset, up to the next "<". */
static size_t
visible_size(struct text_view text, size_t offset)
{
	size_t end = offset;

	while (end < text.length && is_visible_ascii(text.data[end]) && text.data[end] != '<')
		end++;
	return end - offset;
}

/* Append the visible text at offset, which begins a character, after a gap; returns its size. */
static size_t
put_after_gap(struct transform_room *room, struct text_view text, size_t offset, enum gap *gap)
{
	size_t size = visible_size(text, offset);

	if (size == 0)
	{
		uint32_t character;

		size = text_decode(text, offset, &character);
		if (is_white_space(character))
		{
			if (*gap == GAP_NONE)
				*gap = GAP_BLANK;
			return size;
		}
	}
	if (room->used > 0 && *gap != GAP_NONE)
		transform_put(room, text_of(*gap == GAP_LINE ? "\n" : " "));
	*gap = GAP_NONE;
	transform_put(room, (struct text_view){text.data + offset, size});
	return size;
}

/* Return the size of the declaration at offset, or 0. */
static size_t
declaration_size(struct text_view text, size_t offset)
{
	for (size_t i = 0; i < COUNT_OF(declarations); i++)
	{
		size_t end = 0;

		if (has_at(text, offset, declarations[i]))
			end = tag_end(text, offset + strlen(declarations[i]));
		if (end > 0)
			return end - offset;
	}
	return 0;
}

/*
 * Return the size of the markup at offset, or 0 if it is text.  A comment or element
 * without an end extends to the end of the text, so that a long text is read only once.
 */
static size_t
markup_size(struct text_view text, size_t offset, enum gap *gap)
{
	struct tag tag;
	size_t size;

	if (text.data[offset] != '<')
		return 0;
	if (has_at(text, offset, "<!--"))
	{
		size = find_from(text, offset, "-->") + strlen("-->") - offset;
		return size < text.length - offset ? size : text.length - offset;
	}
	if (!read_tag(text, offset, &tag))
		return declaration_size(text, offset);
	if (gap_of(&tag) > *gap)
		*gap = gap_of(&tag);
	size = tag.size;
	for (size_t i = 0; i < COUNT_OF(hidden_elements) && !tag.is_end; i++)
	{
		if (text_compare_folded(tag.name, text_of(hidden_elements[i].name)) == 0)
			size = find_from(text, offset + size, hidden_elements[i].end) - offset;
	}
	return size;
}

struct text_view
transform_strip_html(const struct transform_step *step, struct text_view value,
					 struct transform_room *room)
{
	enum gap gap = GAP_NONE;
	bool is_changed = false;

	(void) step;
	if (memchr(value.data, '<', value.length) == NULL)
		return value;
	for (size_t offset = 0; offset < value.length;)
	{
		size_t size = markup_size(value, offset, &gap);

		is_changed |= size > 0;
		offset += size > 0 ? size : put_after_gap(room, value, offset, &gap);
	}
	return is_changed ? transform_result(room, value) : value;
}
