/*-------------------------------------------------------------------------
 *
 * failure.c
 *	  Errors of the glue: a class, a code and one line of text.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/failure.h"
#include "shared/upload_failure.h"

/*
 * Make text one line: replace control characters with blanks, and drop a UTF-8
 * sequence that vsnprintf() truncated.
 */
static void
tidy_text(char *text, bool cut)
{
	size_t length = strlen(text);

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

static void
format_text(char *text, size_t size, const char *format, va_list arguments)
{
	int length = vsnprintf(text, size, format, arguments);

	tidy_text(text, length >= (int) size);
}

bool
glue_error_set(struct glue_error *error, enum glue_error_class class, const char *code,
			   const char *format, ...)
{
	int saved_errno = errno;
	va_list arguments;

	if (error == NULL)
		return false;
	memset(error, 0, sizeof(*error));
	error->class = class;
	snprintf(error->code, sizeof(error->code), "%s", code);
	va_start(arguments, format);
	format_text(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	error->reason_length = strlen(error->text);
	errno = saved_errno;
	return false;
}

void
glue_error_advise(struct glue_error *error, const char *format, ...)
{
	size_t used;
	va_list arguments;

	if (error == NULL)
		return;
	used = strlen(error->text);
	va_start(arguments, format);
	format_text(error->text + used, sizeof(error->text) - used, format, arguments);
	va_end(arguments);
}

void
glue_error_keep_reason(struct glue_error *error)
{
	error->text[error->reason_length] = '\0';
}

void
glue_error_reword(struct glue_error *error, const char *format, ...)
{
	char text[GLUE_ERROR_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	format_text(text, sizeof(text), format, arguments);
	va_end(arguments);
	memcpy(error->text, text, sizeof(text));
	error->reason_length = strlen(text);
}

void
glue_error_hint(struct glue_error *error, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return;
	va_start(arguments, format);
	format_text(error->hint, sizeof(error->hint), format, arguments);
	va_end(arguments);
}

const char *
glue_error_sqlstate(const struct glue_error *error)
{
	static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	/* None of our own codes in this class has five characters. */
	if (error->class == GLUE_INFRASTRUCTURE_ERROR && strlen(error->code) == 5 &&
		strspn(error->code, allowed) == 5)
		return error->code;
	return NULL;
}

bool
glue_error_sentence(struct glue_error *error, const char *code, const char *sentence,
					const char *advice)
{
	int length = (int) strlen(sentence);

	if (sentence[length - 1] == '.')
		length--;
	return glue_error_set(error, GLUE_FILE_FAULT, code, "%c%.*s%s",
						  tolower((unsigned char) sentence[0]), length - 1, sentence + 1, advice);
}

bool
glue_error_file(struct glue_error *error, const char *code)
{
	return glue_error_sentence(error, code, upload_failure_find(code)->sentence, "");
}

bool
glue_error_memory(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "OUT_OF_MEMORY", "out of memory");
}

void
glue_error_clear(struct glue_error *error)
{
	if (error != NULL)
		memset(error, 0, sizeof(*error));
}

const char *glue_error_class_name(enum glue_error_class class)
{
	switch (class)
	{
		case GLUE_NO_ERROR:
			return "none";
		case GLUE_USAGE_ERROR:
			return "usage";
		case GLUE_FILE_FAULT:
			return "file";
		case GLUE_NOT_FOUND:
			return "not_found";
		case GLUE_INFRASTRUCTURE_ERROR:
			return "infrastructure";
		case GLUE_INTERNAL_ERROR:
			return "internal";
	}
	return "internal";
}
