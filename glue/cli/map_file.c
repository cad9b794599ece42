/*-------------------------------------------------------------------------
 *
 * map_file.c
 *	  Read the text of a map from a file.
 *
 *-------------------------------------------------------------------------
 */
#include "cli/map_file.h"
#include "cli/text_file.h"
#include "reader/encoding_check.h"
#include "shared/map_syntax.h"

/*
 * Check the encoding that a map sets, in the words of the database about a line.  The
 * database reports any other fault.
 */
static bool
check_encoding(const char *path, struct text_view text, struct glue_error *error)
{
	struct map_syntax syntax;
	struct map_statement statement;

	map_syntax_start(&syntax, text);
	while (map_syntax_next(&syntax, &statement))
	{
		if (statement.kind != MAP_STATEMENT_SETTING || statement.setting != MAP_SETTING_ENCODING ||
			encoding_check_name(statement.value.data, error))
			continue;
		glue_error_reword(error, "%s: line %d of the map: %s", text_file_name(path), statement.line,
						  error->text);
		return false;
	}
	return true;
}

bool
map_file_read(const char *path, struct byte_buffer *text, struct glue_error *error)
{
	return text_file_read(path, MAP_MAX_BYTES, text, error) &&
		   check_encoding(path, (struct text_view){text->data, text->used}, error);
}
