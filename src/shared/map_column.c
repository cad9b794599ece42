/*-------------------------------------------------------------------------
 *
 * map_column.c
 *	  What a column map makes of the columns of a file: ours, attributes, the action.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_column.h"

#include "shared/action.h"
#include "shared/hash.h"
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

/* Return the hash of a name with A to Z folded. */
static uint32_t
name_hash(struct text_view name)
{
	uint32_t hash = HASH_START;

	for (size_t i = 0; i < name.length; i++)
		hash = hash_add(hash, fold_ascii((unsigned char) name.data[i]));
	return hash;
}

/* Return whether the line at an offset of the map is about the attribute of this name. */
static bool
is_attribute_at(struct map_line *line, size_t offset, struct text_view name)
{
	struct map_statement statement;
	struct map_line earlier;

	return map_line_start(&earlier, line->map, &offset, &statement, line->fault) &&
		   map_line_advance(&earlier) &&
		   text_compare_folded(text_trim(earlier.token.text), name) == 0;
}

/*
 * Note the attribute of a line; returns false if an earlier line has it.  As in the
 * header of a file, case does not matter.  Names are not kept, because nothing
 * allocates: if the hash is the same, the beginning of the earlier line is read again.
 */
static bool
note_attribute(struct map_line *line, struct text_view name, struct map_columns *had)
{
	uint32_t hash = name_hash(name);

	for (int i = 0; i < had->attribute_count; i++)
	{
		if (had->attributes[i].hash == hash &&
			is_attribute_at(line, had->attributes[i].offset, name))
			return false;
	}
	had->attributes[had->attribute_count++] =
		(struct map_attribute){hash, (uint32_t) (line->text.data - line->map.data)};
	return true;
}

bool
map_column_read_attribute(struct map_line *line, struct map_columns *had)
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
	if (!note_attribute(line, statement->name, had))
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
