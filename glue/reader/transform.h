/*-------------------------------------------------------------------------
 *
 * transform.h
 *	  Applies a transformation of a map to a value.
 *
 * The functions are in transform_number.c and transform_text.c, by subject.  Each
 * returns the value itself if it cannot read it or has nothing to change, otherwise
 * a text in the room that the caller provides.  None allocates or depends on the
 * locale.
 *
 * fill_down and join read other cells, so row_map.c carries them out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_TRANSFORM_H
#define GLUE_TRANSFORM_H

#include "reader/decimal.h"
#include "reader/value_list.h"
#include "shared/category.h"
#include "shared/text.h"
#include "shared/transformation.h"

/* A transformation with its arguments; pointers are borrowed from the file_map. */
struct transform_step
{
	enum transformation transformation;
	int argument_count;
	const struct text_view *arguments;
	int number;                             /* of decimals or of a part */
	struct decimal factor;                  /* or exchange rate, or least number */
	const struct value_list *list;          /* of values */
	const struct category_list *categories; /* of category_path */
	struct text_view currency;              /* of strip_currency; data NULL: any */
};

/* Where a result is written; what does not fit sets is_full. */
struct transform_room
{
	char *data;
	size_t size;
	size_t used;
	bool is_full;
};

/*
 * Return a trimmed value after a step other than fill_down and join.  The room must
 * be empty; if it is too small, the value is returned.
 */
extern struct text_view transform_apply(const struct transform_step *step, struct text_view value,
										struct transform_room *room);

/* Append to a result. */
static inline void
transform_put(struct transform_room *room, struct text_view text)
{
	if (text.length > room->size - room->used)
	{
		room->is_full = true;
		return;
	}
	if (text.length > 0)
		memcpy(room->data + room->used, text.data, text.length);
	room->used += text.length;
}

/* Append a character to a result. */
static inline void
transform_put_character(struct transform_room *room, uint32_t character)
{
	char bytes[MAX_CHARACTER_BYTES];
	size_t size = text_encode(character, bytes);

	transform_put(room, (struct text_view){bytes, size});
}

/* Return the result, or the value if the room was too small. */
static inline struct text_view
transform_result(const struct transform_room *room, struct text_view value)
{
	return room->is_full ? value : (struct text_view){room->data, room->used};
}

/* The function of a transformation. */
typedef struct text_view transform_function(const struct transform_step *step,
											struct text_view value, struct transform_room *room);

/* In transform_number.c: numbers. */
extern transform_function transform_decimal_comma;
extern transform_function transform_thousands;
extern transform_function transform_strip_currency;
extern transform_function transform_percent;
extern transform_function transform_factor;
extern transform_function transform_exchange;
extern transform_function transform_decimals;
extern transform_function transform_at_least;
extern transform_function transform_blank_zero;

/* In transform_text.c: texts. */
extern transform_function transform_values;
extern transform_function transform_category_path;
extern transform_function transform_first_of;
extern transform_function transform_split;
extern transform_function transform_prefix;
extern transform_function transform_replace;
extern transform_function transform_slug;
extern transform_function transform_strip_html;
extern transform_function transform_html_entities;
extern transform_function transform_upper;
extern transform_function transform_lower;
extern transform_function transform_yes_no;
extern transform_function transform_default;

#endif /* GLUE_TRANSFORM_H */
