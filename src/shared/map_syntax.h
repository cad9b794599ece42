/*-------------------------------------------------------------------------
 *
 * map_syntax.h
 *	  Reads the text of a column map, one statement after the other.
 *
 * A map says which of our columns each of a vendor's columns is, and how its values
 * are transformed:
 *
 *	  # how the shop exports
 *	  mode upsert
 *	  skip when "Type" is "variable"
 *	  skip when "Status" | fill_down("Handle") is "draft"
 *	  price = "Regular price" or "Price" | thousands(".") | decimal_comma
 *	  unit = constant "piece"
 *	  attribute "material" = "Werkstoff" | lower
 *	  ignore "Tags"
 *
 * Each statement has a line of its own; "#" outside of quotes starts a comment.
 * Texts are in double quotes, with \", \\, \t and \n; they need none if they
 * consist of letters, digits, ".", "_" and "-".
 *
 *	  struct map_syntax syntax;
 *	  struct map_statement statement;
 *
 *	  map_syntax_start(&syntax, text);
 *	  while (map_syntax_next(&syntax, &statement))
 *		  ...
 *	  if (map_syntax_failed(&syntax))
 *		  report syntax.fault
 *
 * The syntax does not know which headings a file has.  Nothing allocates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_SYNTAX_H
#define ONBOARD_MAP_SYNTAX_H

#include "shared/map_column.h"
#include "shared/map_statement.h"

struct map_syntax
{
	struct text_view text;
	struct map_fault fault; /* the message is empty unless the map has a fault */

	/* private */
	size_t offset;
	int line;
	int statement_count;
	unsigned settings;
	struct map_columns columns;
};

/* Begin to read a map, which must live as long as *syntax is used. */
extern void map_syntax_start(struct map_syntax *syntax, struct text_view text);

/* Read the next statement; returns false at the end and at a fault. */
extern bool map_syntax_next(struct map_syntax *syntax, struct map_statement *statement);

/* Return whether the map has a fault, after map_syntax_next() returned false. */
extern bool map_syntax_failed(const struct map_syntax *syntax);

#endif /* ONBOARD_MAP_SYNTAX_H */
