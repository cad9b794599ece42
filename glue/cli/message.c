/*-------------------------------------------------------------------------
 *
 * message.c
 *	  Print messages on standard error.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>

#include "cli/line.h"
#include "cli/message.h"
#include "cli/terminal.h"

/* Indentation of a message's continuation rows. */
#define MESSAGE_INDENT 2

static const char *subject;

void
message_about(const char *about)
{
	subject = about;
}

const char *
message_subject(void)
{
	return subject;
}

/*
 * Add what every message begins with.
 */
static void
add_beginning(struct line *line)
{
	line_add(line, "onboard: ");
	if (subject != NULL)
		line_add(line, "%s: ", subject);
}

void
message_note(const char *format, ...)
{
	struct line line;
	va_list arguments;

	terminal_set_progress("");
	line_begin(&line, stderr, MESSAGE_INDENT);
	add_beginning(&line);
	va_start(arguments, format);
	line_add_list(&line, format, arguments);
	va_end(arguments);
	line_end(&line);
}

void
message_error(const struct glue_error *error)
{
	struct line line;

	terminal_set_progress("");
	line_begin(&line, stderr, MESSAGE_INDENT);
	line_style(&line, STYLE_BAD);
	add_beginning(&line);
	line_add(&line, "%s", error->text);
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
	if (error->hint[0] != '\0')
		line_print(stderr, MESSAGE_INDENT, "%s", error->hint);
}
