/*-------------------------------------------------------------------------
 *
 * map_column.c
 *	  What a column map makes of the columns of a file: ours, attributes, the action.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_column.h"

#include "shared/action.h"
#include "shared/heading.h"
#include "shared/map_step.h"

/* Characters of the name of an attribute. */
#define MAX_ATTRIBUTE_NAME 200

/* Read a constant, from its value on. */
static bool
read_constant(struct map_line *line)
{
	struct map_statement *statement = line->statement;

	if (statement->kind == MAP_STATEMENT_ACTION)
		return map_line_plain_fault(
			line, "onboard_action cannot be constant; name the column of the file "
				  "that has the actions, or use the mode");
	if (statement->column == COLUMN_SKU || statement->column == COLUMN_VENDOR_PRODUCT_ID)
		return map_line_plain_fault(line,
									"sku and vendor_product_id cannot be constant, because they "
									"differ from row to row");
	if (!map_line_take_text(line, &statement->value, "the value of the constant"))
		return false;
	if (text_trim(statement->value).length == 0)
		return map_line_plain_fault(line, "a constant is blank; remove the line");
	if (map_line_is_sign(line, '|'))
		return map_line_plain_fault(line,
									"a constant accepts no transformations; write its final value");
	return map_line_take_end(line);
}

/* Read what a column, an attribute or the action is, from "=" on. */
static bool
read_assignment(struct map_line *line)
{
	if (!map_line_is_sign(line, '='))
		return map_line_unexpected(line, "=");
	if (!map_line_advance(line))
		return false;
	if (map_line_is_word(line, "constant"))
		return map_line_advance(line) && read_constant(line);
	if (!map_line_take_headings(line))
		return false;
	while (map_line_is_sign(line, '|'))
	{
		if (!map_line_advance(line) || !map_step_read(line))
			return false;
	}
	return map_line_take_end(line);
}

/*
 * Return whether an earlier line has the attribute; as in the header of a file, case
 * does not matter.  Only the beginnings of the lines are read again.
 */
static bool
has_attribute_before(struct map_line *line, struct text_view name)
{
	struct map_statement statement;
	size_t offset = 0;

	while (line->map.data + offset < line->text.data)
	{
		struct map_line earlier;

		if (map_line_start(&earlier, line->map, &offset, &statement, line->fault) &&
			map_line_is_word(&earlier, "attribute") && map_line_advance(&earlier) &&
			text_compare_folded(text_trim(earlier.token.text), name) == 0)
			return true;
	}
	return false;
}

bool
map_column_read_attribute(struct map_line *line)
{
	struct map_statement *statement = line->statement;
	enum onboard_column column;

	statement->kind = MAP_STATEMENT_ATTRIBUTE;
	if (!map_line_take_text(line, &statement->name, "the name of an attribute"))
		return false;
	statement->name = text_trim(statement->name);
	if (statement->name.length == 0 || text_character_count(statement->name) > MAX_ATTRIBUTE_NAME)
		return map_line_plain_fault(line, "the name of an attribute has 1 to 200 characters");
	column = heading_column(statement->name);
	if (column != COLUMN_NONE)
		return map_line_fault(line, "this is a column, not an attribute: write ",
							  text_of(onboard_columns[column].name),
							  " = ... without the word attribute");
	if (heading_is_ours(statement->name))
		return map_line_fault(line, "", statement->name,
							  " is reserved for files that onboard writes; choose another name");
	if (has_attribute_before(line, statement->name))
		return map_line_fault(
			line, "the map has the attribute ", statement->name,
			" twice; remove one of these lines, or write both headings with \"or\"");
	return read_assignment(line);
}

bool
map_column_read(struct map_line *line, enum onboard_column column, struct map_columns *had)
{
	if (had->columns & column_bit(column))
		return map_line_fault(
			line, "the map has the column ", text_of(onboard_columns[column].name),
			" twice; remove one of these lines, or write both headings with \"or\"");
	had->columns |= column_bit(column);
	line->statement->kind = MAP_STATEMENT_COLUMN;
	line->statement->column = column;
	return read_assignment(line);
}

bool
map_column_read_action(struct map_line *line, struct map_columns *had)
{
	if (had->has_action)
		return map_line_plain_fault(line, "the map has " ONBOARD_ACTION_COLUMN
										  " twice; remove one of these lines");
	had->has_action = true;
	line->statement->kind = MAP_STATEMENT_ACTION;
	return read_assignment(line);
}

bool
map_column_read_ignore(struct map_line *line)
{
	struct map_statement *statement = line->statement;

	if (map_line_is_word(line, "others"))
	{
		statement->kind = MAP_STATEMENT_IGNORE_OTHERS;
		return map_line_advance(line) && map_line_take_end(line);
	}
	statement->kind = MAP_STATEMENT_IGNORE;
	statement->heading_count = 1;
	return map_line_take_heading(line, &statement->headings[0]) && map_line_take_end(line);
}
