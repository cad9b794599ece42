/*-------------------------------------------------------------------------
 *
 * map_skip.c
 *	  The rows that a column map leaves out because they are not products.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_skip.h"

#include "shared/map_step.h"

/* Read the transformation of a skip: fill_down, if there is one. */
static bool
read_skip_step(struct map_line *line)
{
	if (!map_line_is_sign(line, '|'))
		return true;
	if (!map_line_advance(line) || !map_step_read(line))
		return false;
	if (line->statement->steps[0].transformation != TRANSFORMATION_FILL_DOWN)
		return map_line_plain_fault(
			line, "a skip compares cells of the file; it accepts no transformation "
				  "except fill_down");
	return true;
}

bool
map_skip_read(struct map_line *line)
{
	struct map_statement *statement = line->statement;

	statement->kind = MAP_STATEMENT_SKIP;
	if (!map_line_take_word(line, "when",
							"the word when, as in skip when \"Type\" is \"variable\",") ||
		!map_line_take_headings(line) || !read_skip_step(line) ||
		!map_line_take_word(line, "is", "the word is, as in skip when \"Type\" is \"variable\","))
		return false;
	statement->is_not = map_line_is_word(line, "not");
	if (statement->is_not && !map_line_advance(line))
		return false;
	if (map_line_is_word(line, "blank"))
		return map_line_advance(line) && map_line_take_end(line);
	if (!map_line_take_text(line, &statement->value, "the word blank or a value"))
		return false;
	if (text_trim(statement->value).length == 0)
		return map_line_plain_fault(line, "the value of a skip is blank; write: is blank");
	return map_line_take_end(line);
}
