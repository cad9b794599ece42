/*-------------------------------------------------------------------------
 *
 * operator_event.c
 *	  Parse the event of the handler "operator": a command and its members.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <string.h>

#include "base/ascii_word.h"
#include "base/json_reader.h"
#include "database/vendor_columns.h"
#include "lambda/operator_event.h"

/* Most members of a command, including the nameless one that ends the list. */
#define MOST_MEMBERS 14

/* Maximum number of digits of a row count, and of a row number. */
#define MOST_ROWS_DIGITS 4
#define ROW_NUMBER_DIGITS 15

enum member_presence
{
	MEMBER_OPTIONAL,
	MEMBER_REQUIRED,
	MEMBER_CHOICE /* at least one of these */
};

enum member_kind
{
	MEMBER_TEXT,
	MEMBER_FRACTION, /* a text: blank, or a number such as 0.5 */
	MEMBER_LIMIT,    /* a whole number from 1 to OPERATOR_MOST_ROWS */
	MEMBER_ROWS      /* a list of 1 to OPERATOR_MOST_ROWS row numbers, 0 for the last step */
};

struct member
{
	const char *name;
	enum member_presence presence;
	enum member_kind kind;
};

struct command
{
	const char *name;
	struct member members[MOST_MEMBERS];
};

static const struct command commands[OPERATOR_COMMAND_COUNT] = {
	[OPERATOR_VENDOR_ADD] =
		{
			"vendor_add",
			{
				{"vendor_id", MEMBER_REQUIRED, MEMBER_TEXT},
				{"vendor_name", MEMBER_REQUIRED, MEMBER_TEXT},
				{"email", MEMBER_REQUIRED, MEMBER_TEXT},
				{"phone", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"business_name", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"tax_id", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"address", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"city", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"state", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"country", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"postal_code", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"status", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"language", MEMBER_OPTIONAL, MEMBER_TEXT},
			},
		},
	[OPERATOR_VENDOR_LIST] =
		{
			"vendor_list",
			{
				{"vendor_id", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"after", MEMBER_OPTIONAL, MEMBER_TEXT},
			},
		},
	[OPERATOR_VENDOR_SET] =
		{
			"vendor_set",
			{
				{"vendor_id", MEMBER_REQUIRED, MEMBER_TEXT},
				{"modes", MEMBER_CHOICE, MEMBER_TEXT},
				{"default_mode", MEMBER_CHOICE, MEMBER_TEXT},
				{"default_map", MEMBER_CHOICE, MEMBER_TEXT},
				{"price_guard", MEMBER_CHOICE, MEMBER_FRACTION},
				{"sold_out_guard", MEMBER_CHOICE, MEMBER_FRACTION},
				{"discontinue_guard", MEMBER_CHOICE, MEMBER_FRACTION},
				{"language", MEMBER_CHOICE, MEMBER_TEXT},
			},
		},
	[OPERATOR_VENDOR_SET_STATUS] =
		{
			"vendor_set_status",
			{
				{"vendor_id", MEMBER_REQUIRED, MEMBER_TEXT},
				{"status", MEMBER_REQUIRED, MEMBER_TEXT},
			},
		},
	[OPERATOR_UPLOAD_TRACE] =
		{
			"upload_trace",
			{
				{"upload_id", MEMBER_REQUIRED, MEMBER_TEXT},
			},
		},
	[OPERATOR_UPLOAD_FIND] =
		{
			"upload_find",
			{
				{"vendor_id", MEMBER_CHOICE, MEMBER_TEXT},
				{"s3_key", MEMBER_CHOICE, MEMBER_TEXT},
				{"limit", MEMBER_OPTIONAL, MEMBER_LIMIT},
			},
		},
	[OPERATOR_UPLOAD_CANCEL] =
		{
			"upload_cancel",
			{
				{"upload_id", MEMBER_REQUIRED, MEMBER_TEXT},
			},
		},
	[OPERATOR_HELD_LIST] =
		{
			"held_list",
			{
				{"vendor_id", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"upload_id", MEMBER_OPTIONAL, MEMBER_TEXT},
				{"limit", MEMBER_OPTIONAL, MEMBER_LIMIT},
			},
		},
	[OPERATOR_HELD_APPROVE] =
		{
			"held_approve",
			{
				{"upload_id", MEMBER_REQUIRED, MEMBER_TEXT},
				{"rows", MEMBER_REQUIRED, MEMBER_ROWS},
			},
		},
	[OPERATOR_HELD_DECLINE] =
		{
			"held_decline",
			{
				{"upload_id", MEMBER_REQUIRED, MEMBER_TEXT},
				{"rows", MEMBER_REQUIRED, MEMBER_ROWS},
			},
		},
	[OPERATOR_BACKLOG] = {"backlog", {{0}}},
};

const char *
operator_command_name(enum operator_command command)
{
	return commands[command].name;
}

/* ----- members ----- */

static bool
refuse(struct glue_error *error, const char *reason)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID", "%s", reason);
}

/*
 * Return the index of a member, or -1.
 */
static int
find_member(const struct command *command, struct text_view name)
{
	for (int i = 0; command->members[i].name != NULL; i++)
	{
		if (text_equal(name, text_of(command->members[i].name)))
			return i;
	}
	return -1;
}

/*
 * Read a whole number of at most this many digits; return -1 for anything else.
 */
static int64_t
whole_number(struct text_view number, size_t most_digits)
{
	int64_t value = 0;

	if (number.length == 0 || number.length > most_digits)
		return -1;
	for (size_t i = 0; i < number.length; i++)
	{
		if (number.data[i] < '0' || number.data[i] > '9')
			return -1;
		value = value * 10 + (number.data[i] - '0');
	}
	return value;
}

static bool
read_limit(struct json_reader *reader)
{
	int64_t value = whole_number(json_read_slice(reader), MOST_ROWS_DIGITS);

	return value >= 1 && value <= OPERATOR_MOST_ROWS;
}

static bool
read_rows(struct json_reader *reader)
{
	bool are_rows = true;
	int count = 0;

	if (!json_read_open(reader, '['))
	{
		json_read_value(reader);
		return false;
	}
	for (; json_read_element(reader); count++)
		are_rows &= whole_number(json_read_slice(reader), ROW_NUMBER_DIGITS) >= 0;
	return are_rows && count >= 1 && count <= OPERATOR_MOST_ROWS;
}

static bool
is_text(enum member_kind kind)
{
	return kind == MEMBER_TEXT || kind == MEMBER_FRACTION;
}

/*
 * Read the value of a member.  *text stays absent unless it is a text.
 */
static bool
read_value(struct json_reader *reader, const struct member *member, struct text_view *text,
		   bool *is_null, struct glue_error *error)
{
	*is_null = json_read_kind(reader) == 'n';
	if (*is_null)
		json_read_value(reader);
	else if (is_text(member->kind) && !json_read_text(reader, text))
		return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID", "%s must be a string",
							  member->name);
	else if (member->kind == MEMBER_FRACTION && text->length > 0 && !ascii_word_is_fraction(*text))
		return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID",
							  "%s must be a number such as \"0.5\", or blank", member->name);
	else if (member->kind == MEMBER_LIMIT && !read_limit(reader))
		return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID",
							  "%s must be a whole number from 1 to %d", member->name,
							  OPERATOR_MOST_ROWS);
	else if (member->kind == MEMBER_ROWS && !read_rows(reader))
		return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID",
							  "%s must be a list of 1 to %d row numbers", member->name,
							  OPERATOR_MOST_ROWS);
	return true;
}

/*
 * Keep what the handler must know of a member that is present.
 */
static void
keep_member(struct operator_event *event, const struct member *member, struct text_view text)
{
	enum vendor_column column = vendor_column_find(member->name);

	if (strcmp(member->name, "vendor_id") == 0)
		event->vendor_id = text;
	else if (strcmp(member->name, "upload_id") == 0)
		event->upload_id = text;
	if (column < VENDOR_COLUMN_COUNT)
		event->vendor_columns |= VENDOR_BIT(column);
}

/*
 * Check that the members present, a bit for each index, are sufficient.
 */
static bool
check_presence(const struct command *command, unsigned present, struct glue_error *error)
{
	bool has_choice = false;
	bool has_chosen = false;

	for (int i = 0; command->members[i].name != NULL; i++)
	{
		const struct member *member = &command->members[i];
		bool is_present = (present & 1u << i) != 0;

		if (member->presence == MEMBER_REQUIRED && !is_present)
			return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID", "%s requires %s",
								  command->name, member->name);
		has_choice |= member->presence == MEMBER_CHOICE;
		has_chosen |= member->presence == MEMBER_CHOICE && is_present;
	}
	return has_chosen || !has_choice ||
		   glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID",
						  "%s requires at least one of its optional members", command->name);
}

/*
 * Read the members; the reader is inside the event's object.
 */
static bool
read_members(struct json_reader *reader, struct operator_event *event, struct glue_error *error)
{
	const struct command *command = &commands[event->command];
	bool has_command = false;
	unsigned seen = 0;
	unsigned present = 0;
	struct text_view name;

	while (json_read_name(reader, &name))
	{
		int index = find_member(command, name);
		struct text_view text = {NULL, 0};
		bool is_null = false;

		if (index < 0 && !has_command && text_equal(name, text_of("command")))
		{
			has_command = true;
			json_read_value(reader);
			continue;
		}
		if (index < 0 || (seen & 1u << index) != 0)
			return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID",
								  "the event has a member that is unknown to %s, or repeated",
								  command->name);
		seen |= 1u << index;
		if (!read_value(reader, &command->members[index], &text, &is_null, error))
			return false;
		if (is_null)
			continue;
		present |= 1u << index;
		keep_member(event, &command->members[index], text);
	}
	return check_presence(command, present, error);
}

/* ----- the event ----- */

static bool
find_command(struct text_view json, struct operator_event *event)
{
	struct text_view name = json_find_text(json, "command");

	for (int i = 0; name.data != NULL && i < OPERATOR_COMMAND_COUNT; i++)
	{
		if (text_equal(name, text_of(commands[i].name)))
		{
			event->command = i;
			return true;
		}
	}
	return false;
}

bool
operator_event_read(struct operator_event *event, const char *json, size_t length,
					struct glue_error *error)
{
	struct json_reader reader;

	memset(event, 0, sizeof(*event));
	if (!find_command((struct text_view){json, length}, event))
		return refuse(error, "the event does not name a command of an operator");
	json_reader_init(&reader, json, length);
	if (!json_read_open(&reader, '{'))
		return refuse(error, "the event is not JSON");
	if (!read_members(&reader, event, error))
		return false;
	if (!json_reader_end(&reader))
		return refuse(error, "the event is not JSON");
	if (reader.has_bad_text)
		return refuse(error, "the event has text that PostgreSQL does not accept");
	return true;
}
