/*-------------------------------------------------------------------------
 *
 * row_caps.c
 *	  The caps on a row whose additional columns are attributes.
 *
 * rules_judge() checks the caps on the columns of columns.h.  Additional columns
 * are counted here, attribute by attribute, so that a reader can stop at a cap
 * instead of building what would be refused afterwards.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/row_caps.h"
#include "shared/text.h"

void
row_caps_start(struct row_caps *caps, const char *subject, size_t bytes)
{
	caps->subject = subject;
	caps->bytes = bytes;
	caps->columns = COLUMN_COUNT;
	caps->message[0] = '\0';
}

/*
 * Describe what is wrong with the attribute of this name: "Colour" has 70000
 * bytes, ...
 */
static bool
refuse_attribute(struct row_caps *caps, struct text_view name, const char *what, size_t size)
{
	struct text_builder builder;

	text_start(&builder, caps->message, sizeof(caps->message));
	text_add_quoted(&builder, name);
	text_add(&builder, text_of(what));
	text_add_integer(&builder, (int64_t) size);
	text_add(&builder, text_of(" bytes; the limit for one field is "));
	text_add_integer(&builder, ONBOARD_MAX_FIELD_BYTES);
	text_finish(&builder);
	return false;
}

/* Likewise for the row, whose full size is not known. */
static bool
refuse_whole_row(struct row_caps *caps, const char *what, size_t limit)
{
	struct text_builder builder;

	text_start(&builder, caps->message, sizeof(caps->message));
	text_add(&builder, text_of(caps->subject));
	text_add(&builder, text_of(what));
	text_add_integer(&builder, (int64_t) limit);
	text_finish(&builder);
	return false;
}

static bool
count_bytes(struct row_caps *caps, size_t bytes)
{
	caps->bytes += bytes;
	if (caps->bytes > ONBOARD_MAX_RECORD_BYTES)
		return refuse_whole_row(caps, " has more bytes than the limit of ",
								ONBOARD_MAX_RECORD_BYTES);
	return true;
}

bool
row_caps_count(struct row_caps *caps, size_t bytes)
{
	caps->columns++;
	if (!count_bytes(caps, bytes))
		return false;
	if (caps->columns > ONBOARD_MAX_COLUMNS)
		return refuse_whole_row(caps, " has more columns than the limit of ", ONBOARD_MAX_COLUMNS);
	return true;
}

static bool
is_within_field(struct row_caps *caps, struct text_view name, struct text_view value)
{
	if (name.length > ONBOARD_MAX_FIELD_BYTES)
		return refuse_attribute(caps, name, " is a name of ", name.length);
	if (value.length > ONBOARD_MAX_FIELD_BYTES)
		return refuse_attribute(caps, name, " has ", value.length);
	return true;
}

bool
row_caps_take(struct row_caps *caps, struct text_view name, struct text_view value)
{
	return is_within_field(caps, name, value) && row_caps_count(caps, name.length + value.length);
}

bool
row_caps_take_cell(struct row_caps *caps, struct text_view name, struct text_view value)
{
	return is_within_field(caps, name, value) && count_bytes(caps, name.length + value.length);
}
