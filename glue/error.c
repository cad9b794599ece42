/*-------------------------------------------------------------------------
 *
 * error.c
 *	  The one setter of the one error.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

/*
 * Make one line of text: control characters become blanks, and a UTF-8
 * sequence that vsnprintf() cut in two at the end goes.
 */
static void
tidy_text(char *text, bool cut)
{
	size_t		length = strlen(text);

	for (size_t i = 0; i < length; i++)
	{
		if ((unsigned char) text[i] < 0x20 || text[i] == 0x7F)
			text[i] = ' ';
	}
	if (!cut)
		return;
	while (length > 0 && ((unsigned char) text[length - 1] & 0xC0) == 0x80)
		length--;
	if (length > 0 && (unsigned char) text[length - 1] >= 0xC0)
		length--;
	text[length] = '\0';
}

bool
glue_error_set(struct glue_error *error, enum glue_error_class class,
			   const char *code, const char *format,...)
{
	int			saved_errno = errno;
	va_list		arguments;
	int			length;

	if (error == NULL)
		return false;
	memset(error, 0, sizeof(*error));
	error->class = class;
	snprintf(error->code, sizeof(error->code), "%s", code);
	va_start(arguments, format);
	length = vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	tidy_text(error->text, length >= (int) sizeof(error->text));
	errno = saved_errno;
	return false;
}

bool
glue_error_memory(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "OUT_OF_MEMORY",
						  "out of memory");
}

void
glue_error_clear(struct glue_error *error)
{
	if (error != NULL)
		memset(error, 0, sizeof(*error));
}

const char *
glue_error_class_name(enum glue_error_class class)
{
	switch (class)
	{
		case GLUE_NO_ERROR:
			return "none";
		case GLUE_USAGE_ERROR:
			return "usage";
		case GLUE_FILE_FAULT:
			return "file";
		case GLUE_INFRASTRUCTURE_ERROR:
			return "infrastructure";
		case GLUE_INTERNAL_ERROR:
			return "internal";
	}
	return "internal";
}
