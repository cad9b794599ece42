/*-------------------------------------------------------------------------
 *
 * postgres_array_test.c
 *	  Arrays are read as PostgreSQL writes them.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "database/postgres_array.h"

/* Compare the elements, each followed by a bar; null is "-". */
static void
check(const char *array, const char *expected)
{
	struct byte_buffer buffer = {0};
	struct text_view element;
	struct glue_error error = {0};
	char found[256] = "";
	const char *next = array;

	while (postgres_array_next(&next, &buffer, &element, &error))
	{
		if (element.data == NULL)
			strcat(found, "-");
		else
			strncat(found, element.data, element.length);
		strcat(found, "|");
	}
	is_text(found, expected, "%s", array);
	is_int(error.class, GLUE_NO_ERROR, "without an error");
	byte_buffer_clean_up(&buffer);
}

int
main(void)
{
	check("{}", "");
	check("{a}", "a|");
	check("{a,b,c}", "a|b|c|");
	check("{\"\",NULL,\"NULL\",null}", "|-|NULL|null|");
	check("{\"a,b\",\"{c}\",\"d\\\"e\\\\f\"}", "a,b|{c}|d\"e\\f|");
	check("{\"two\nlines\",\" \"}", "two\nlines| |");
	/* Not what PostgreSQL writes, but nothing is read past the end. */
	check("", "");
	check("{\"a", "a|");
	return unit_done();
}
