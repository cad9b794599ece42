/*-------------------------------------------------------------------------
 *
 * transform_number.c
 *	  Transformations of numbers.
 *
 * They never guess: a text that can be read in two ways stays, and the rule of its
 * column judges it.
 *
 *-------------------------------------------------------------------------
 */
#include "reader/transform.h"
#include "shared/number.h"

/* Digits after the point of an amount of money. */
#define MONEY_DECIMALS 2

/* Digits of a group. */
#define GROUP_DIGITS 3

/* Is there a digit at this place? */
static bool
has_digit(struct text_view text, size_t offset)
{
	return offset < text.length && is_ascii_digit((unsigned char) text.data[offset]);
}

/* ----- signs in numbers ----- */

/* A comma is decimal if it is the only sign, between two digits. */
struct text_view
transform_decimal_comma(const struct transform_step *step, struct text_view value,
						struct transform_room *room)
{
	const char *comma = memchr(value.data, ',', value.length);
	size_t offset;

	(void) step;
	if (comma == NULL || memchr(value.data, '.', value.length) != NULL)
		return value;
	offset = (size_t) (comma - value.data);
	if (offset == 0 || !has_digit(value, offset - 1) || !has_digit(value, offset + 1) ||
		memchr(comma + 1, ',', value.length - offset - 1) != NULL)
		return value;
	transform_put(room, value);
	if (!room->is_full)
		room->data[offset] = '.';
	return transform_result(room, value);
}

/* Return the size of the sign at offset, or 0; " " stands for any blank. */
static size_t
grouping_size(struct text_view text, size_t offset, char sign)
{
	uint32_t character;
	size_t size;

	if (offset == text.length)
		return 0;
	size = text_decode(text, offset, &character);
	if (sign == ' ')
		return is_white_space(character) && !is_control_character(character) ? size : 0;
	/* The apostrophe of Swiss numbers is often the typographic one. */
	if (sign == '\'' && character == 0x2019)
		return size;
	return character == (unsigned char) sign ? size : 0;
}

/* A run of digits, in groups or not. */
struct run
{
	size_t length; /* bytes, signs included */
	int groups;    /* after the first digits */
	bool is_proper;
};

/*
 * Read the run of digits at offset.  It is properly grouped if each sign is followed
 * by three digits, and preceded by one to three, of which the first is not zero.
 */
static struct run
read_run(struct text_view text, size_t offset, char sign)
{
	struct run run = {.is_proper = text.data[offset] != '0'};
	size_t at = offset;
	int digits = 0;

	for (; has_digit(text, at); at++)
		digits++;
	run.is_proper &= digits <= GROUP_DIGITS;
	for (;;)
	{
		size_t size = grouping_size(text, at, sign);

		if (size == 0 || !has_digit(text, at + size))
			break;
		at += size;
		for (digits = 0; has_digit(text, at); at++)
			digits++;
		run.is_proper &= digits == GROUP_DIGITS;
		run.groups++;
	}
	run.length = at - offset;
	return run;
}

/* Append the digits of a run. */
static void
put_digits(struct transform_room *room, struct text_view run)
{
	for (size_t i = 0; i < run.length; i++)
	{
		if (is_ascii_digit((unsigned char) run.data[i]))
			transform_put(room, (struct text_view){run.data + i, 1});
	}
}

struct text_view
transform_thousands(const struct transform_step *step, struct text_view value,
					struct transform_room *room)
{
	bool is_changed = false;

	for (size_t offset = 0; offset < value.length;)
	{
		struct text_view piece = {value.data + offset, 1};

		if (has_digit(value, offset))
		{
			struct run run = read_run(value, offset, step->arguments[0].data[0]);

			piece.length = run.length;
			if (run.is_proper && run.groups > 0)
			{
				put_digits(room, piece);
				is_changed = true;
				offset += run.length;
				continue;
			}
		}
		transform_put(room, piece);
		offset += piece.length;
	}
	return is_changed ? transform_result(room, value) : value;
}

struct text_view
transform_strip_currency(const struct transform_step *step, struct text_view value,
						 struct transform_room *room)
{
	struct text_view number = number_without_currency(value);

	(void) room;
	if (number.length < value.length && step->currency.data != NULL &&
		!number_has_currency(value, step->currency))
		return value;
	return number;
}

/* ----- arithmetic ----- */

/* Write a number as the result. */
static struct text_view
put_number(const struct decimal *number, struct text_view value, struct transform_room *room)
{
	char text[DECIMAL_TEXT_SIZE];
	size_t length = decimal_write(number, text);

	transform_put(room, (struct text_view){text, length});
	return transform_result(room, value);
}

/* Multiply the number that a text is; false if it is none. */
static bool
multiply(struct text_view text, const struct decimal *factor, struct decimal *result)
{
	struct decimal number;

	if (!decimal_read(text, &number))
		return false;
	decimal_multiply(&number, factor, result);
	return true;
}

struct text_view
transform_percent(const struct transform_step *step, struct text_view value,
				  struct transform_room *room)
{
	static const struct decimal hundredth = {.digit_count = 3, .fraction = 2, .digits = {0, 0, 1}};
	struct text_view text = value;
	struct decimal result;

	(void) step;
	if (text.data[text.length - 1] != '%')
		return value;
	text.length--;
	if (!multiply(text_trim(text), &hundredth, &result))
		return value;
	decimal_drop_zeros(&result);
	return put_number(&result, value, room);
}

struct text_view
transform_factor(const struct transform_step *step, struct text_view value,
				 struct transform_room *room)
{
	struct decimal result;

	if (!multiply(value, &step->factor, &result))
		return value;
	decimal_drop_zeros(&result);
	return put_number(&result, value, room);
}

struct text_view
transform_exchange(const struct transform_step *step, struct text_view value,
				   struct transform_room *room)
{
	struct decimal result;

	if (!multiply(value, &step->factor, &result) || !decimal_round(&result, MONEY_DECIMALS))
		return value;
	return put_number(&result, value, room);
}

struct text_view
transform_decimals(const struct transform_step *step, struct text_view value,
				   struct transform_room *room)
{
	struct decimal number;

	if (!decimal_read(value, &number) || !decimal_round(&number, step->number))
		return value;
	return put_number(&number, value, room);
}

struct text_view
transform_at_least(const struct transform_step *step, struct text_view value,
				   struct transform_room *room)
{
	struct decimal number;

	(void) room;
	if (!decimal_read(value, &number) || decimal_compare(&number, &step->factor) >= 0)
		return value;
	return step->arguments[0];
}

struct text_view
transform_blank_zero(const struct transform_step *step, struct text_view value,
					 struct transform_room *room)
{
	struct decimal number;

	(void) step;
	(void) room;
	return decimal_read(value, &number) && decimal_is_zero(&number) ? text_of("") : value;
}
