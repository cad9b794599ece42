/*-------------------------------------------------------------------------
 *
 * map_setting.c
 *	  The settings of a column map, such as its mode and the encoding of the file.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_setting.h"

#include "shared/action.h"
#include "shared/apply.h"
#include "shared/csv_cell.h"
#include "shared/heading.h"
#include "shared/map_word.h"

static bool
is_mode(struct map_statement *statement)
{
	enum upload_mode mode;

	return upload_mode_by_name(statement->value.data, &mode);
}

static bool
is_match(struct map_statement *statement)
{
	enum upload_match match;

	return upload_match_by_name(statement->value.data, &match);
}

static bool
is_blank_policy(struct map_statement *statement)
{
	enum upload_blank blank;

	return upload_blank_by_name(statement->value.data, &blank);
}

/* The word tab stands for its character. */
static bool
is_delimiter(struct map_statement *statement)
{
	if (text_equal(statement->value, text_of("tab")))
		statement->value = text_of("\t");
	return statement->value.length == 1 && csv_delimiter_is_acceptable(statement->value.data[0]);
}

static bool
is_quote(struct map_statement *statement)
{
	return text_equal(statement->value, text_of("none")) ||
		   text_equal(statement->value, text_of("\"")) ||
		   text_equal(statement->value, text_of("'"));
}

static bool
is_not_blank(struct map_statement *statement)
{
	return text_trim(statement->value).length > 0;
}

static bool
is_heading_of_file(struct map_statement *statement)
{
	return !heading_is_blank(statement->value);
}

static bool
is_limit(struct map_statement *statement)
{
	return map_word_read_whole(statement->value, 1, INT64_MAX, &statement->number);
}

static const struct
{
	const char *name;
	bool (*is_valid)(struct map_statement *statement);
	const char *values;
} settings[MAP_SETTING_COUNT] = {
	[MAP_SETTING_MODE] = {"mode", is_mode, "one of insert, upsert, update and replace"},
	[MAP_SETTING_MATCH] = {"match", is_match, "sku or vendor_product_id"},
	[MAP_SETTING_BLANK] = {"blank", is_blank_policy, "clear or keep"},
	[MAP_SETTING_ENCODING] = {"encoding", is_not_blank, "a name such as windows-1252"},
	[MAP_SETTING_DELIMITER] = {"delimiter", is_delimiter,
							   "one character in quotes, such as \";\", or the word tab"},
	[MAP_SETTING_QUOTE] = {"quote", is_quote, "none, \"'\" or \"\\\"\""},
	[MAP_SETTING_SHEET] = {"sheet", is_not_blank, "the name of a sheet in quotes"},
	[MAP_SETTING_HEADER] = {"header", is_heading_of_file, "a heading that only the header has"},
	[MAP_SETTING_MAX_BYTES] = {"max_bytes", is_limit, "a positive number, in digits only"},
	[MAP_SETTING_MAX_ROWS] = {"max_rows", is_limit, "a positive number, in digits only"},
};

/* Set the fault that a setting has no such value. */
static bool
wrong_setting(struct map_line *line)
{
	enum map_setting setting = line->statement->setting;
	struct text_builder message;

	map_line_fault_start(line, &message);
	text_add(&message, text_of(settings[setting].name));
	text_add(&message, text_of(" must be "));
	text_add(&message, text_of(settings[setting].values));
	if (map_line_is_text(line) || line->token.kind == MAP_TOKEN_SIGN)
	{
		text_add(&message, text_of(", not "));
		text_add_quoted(&message, line->token.text);
	}
	text_finish(&message);
	return false;
}

bool
map_setting_read(struct map_line *line, enum map_setting setting, unsigned *had)
{
	struct map_statement *statement = line->statement;
	unsigned bit = 1u << setting;

	if (*had & bit)
		return map_line_fault(line, "the map has ", text_of(settings[setting].name),
							  " twice; remove one of these lines");
	*had |= bit;
	statement->kind = MAP_STATEMENT_SETTING;
	statement->setting = setting;
	statement->value = line->token.text;
	if (!map_line_is_text(line) || !settings[setting].is_valid(statement))
		return wrong_setting(line);
	return map_line_advance(line) && map_line_take_end(line);
}

const char *
map_setting_name(enum map_setting setting)
{
	return settings[setting].name;
}

bool
map_setting_by_name(struct text_view name, enum map_setting *setting)
{
	for (int i = 0; i < MAP_SETTING_COUNT; i++)
	{
		if (text_equal(name, text_of(settings[i].name)))
		{
			*setting = (enum map_setting) i;
			return true;
		}
	}
	return false;
}
