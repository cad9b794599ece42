/*-------------------------------------------------------------------------
 *
 * map_syntax.c
 *	  Reads the text of a column map, one statement after the other.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_syntax.h"

#include "shared/action.h"
#include "shared/heading.h"
#include "shared/map_column.h"
#include "shared/map_line.h"
#include "shared/map_setting.h"
#include "shared/map_skip.h"
#include "shared/suggest.h"

/* Set the fault that no statement begins with a text. */
static bool
unknown_statement(struct map_line *line)
{
	struct text_view names[COLUMN_COUNT];
	struct text_builder message;
	enum onboard_column column = heading_column(line->token.text);
	int meant = (int) column;

	for (int i = 0; i < COLUMN_COUNT; i++)
		names[i] = text_of(onboard_columns[i].name);
	if (column == COLUMN_NONE)
		meant = name_suggest(line->token.text, names, COLUMN_COUNT);
	map_line_fault_start(line, &message);
	text_add_quoted(&message, line->token.text);
	text_add(&message, text_of(" is neither a column nor a setting"));
	if (meant >= 0)
	{
		text_add(&message, text_of("; did you mean "));
		text_add(&message, names[meant]);
	}
	text_add(&message, text_of(meant >= 0 ? "?" : "."));
	text_add(&message, text_of(" A line begins with a column, as in price = \"Heading\", or with "
							   "attribute, onboard_action, skip, ignore"));
	for (int i = 0; i < MAP_SETTING_COUNT; i++)
	{
		text_add(&message, text_of(i + 1 < MAP_SETTING_COUNT ? ", " : " or "));
		text_add(&message, text_of(map_setting_name((enum map_setting) i)));
	}
	text_finish(&message);
	return false;
}

/* Read a statement, whose first token has been read. */
static bool
read_statement(struct map_syntax *syntax, struct map_line *line)
{
	struct text_view word = {NULL, 0};
	enum onboard_column column;
	enum map_setting setting;

	/* No statement begins with a text in quotes. */
	if (line->token.kind == MAP_TOKEN_WORD)
		word = line->token.text;
	column = column_by_name(word);
	if (column != COLUMN_NONE)
		return map_line_advance(line) && map_column_read(line, column, &syntax->columns);
	if (map_setting_by_name(word, &setting))
		return map_line_advance(line) && map_setting_read(line, setting, &syntax->settings);
	if (map_line_is_word(line, "attribute"))
		return map_line_advance(line) && map_column_read_attribute(line, &syntax->columns);
	if (map_line_is_word(line, ONBOARD_ACTION_COLUMN))
		return map_line_advance(line) && map_column_read_action(line, &syntax->columns);
	if (map_line_is_word(line, "skip"))
		return map_line_advance(line) && map_skip_read(line);
	if (map_line_is_word(line, "ignore"))
		return map_line_advance(line) && map_column_read_ignore(line);
	return unknown_statement(line);
}

/* Clear a statement, except for its storage. */
static void
clear_statement(struct map_statement *statement, int line)
{
	statement->line = line;
	statement->number = 0;
	statement->value = (struct text_view){NULL, 0};
	statement->is_not = false;
	statement->name = (struct text_view){NULL, 0};
	statement->column = COLUMN_NONE;
	statement->heading_count = 0;
	statement->step_count = 0;
}

void
map_syntax_start(struct map_syntax *syntax, struct text_view text)
{
	struct text_builder message;

	*syntax = (struct map_syntax){.text = text};
	if (text.length <= MAP_MAX_BYTES)
		return;
	text_start(&message, syntax->fault.message, MAP_MESSAGE_SIZE);
	text_add(&message, text_of("a map has at most 64 KiB; remove comments"));
	text_finish(&message);
}

bool
map_syntax_failed(const struct map_syntax *syntax)
{
	return syntax->fault.message[0] != '\0';
}

bool
map_syntax_next(struct map_syntax *syntax, struct map_statement *statement)
{
	while (!map_syntax_failed(syntax) && syntax->offset < syntax->text.length)
	{
		struct map_line line;

		clear_statement(statement, ++syntax->line);
		if (!map_line_start(&line, syntax->text, &syntax->offset, statement, &syntax->fault))
			return false;
		if (line.token.kind == MAP_TOKEN_END)
			continue;
		if (++syntax->statement_count > MAP_MAX_STATEMENTS)
			return map_line_plain_fault(&line, "a map has at most 1000 statements");
		return read_statement(syntax, &line);
	}
	return false;
}
