/*-------------------------------------------------------------------------
 *
 * map_writing.c
 *	  Writes texts as column maps have them.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/map_writing.h"

void
map_writing_add_text(struct text_builder *builder, struct text_view text)
{
	text_add(builder, text_of("\""));
	while (text.length > 0)
	{
		struct text_view piece = {text.data, 0};

		while (piece.length < text.length && strchr("\"\\\t\n", text.data[piece.length]) == NULL)
			piece.length++;
		text_add(builder, piece);
		text.data += piece.length;
		text.length -= piece.length;
		if (text.length == 0)
			break;
		text_add(builder, text_of(text.data[0] == '"'    ? "\\\""
								  : text.data[0] == '\\' ? "\\\\"
								  : text.data[0] == '\t' ? "\\t"
														 : "\\n"));
		text.data++;
		text.length--;
	}
	text_add(builder, text_of("\""));
}
