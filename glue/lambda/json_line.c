/*-------------------------------------------------------------------------
 *
 * json_line.c
 *	  Write one JSON object as one line of standard output.
 *
 * A member is appended on trial: if it does not leave room to close all open
 * levels and for the line feed, the line is reset to its previous state.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "lambda/json_line.h"
#include "shared/text.h"

/* ----- bytes ----- */

/* A position in the line to reset to. */
struct trial
{
	size_t used;
	bool fits;
};

/*
 * Return the room left after reserving what closes all open levels and the
 * line feed.
 */
static size_t
room(const struct json_line *line)
{
	return sizeof(line->text) - line->used - line->depth - 1;
}

static void
put_bytes(struct json_line *line, struct trial *trial, const char *bytes, size_t length)
{
	if (!trial->fits || length > room(line))
	{
		trial->fits = false;
		return;
	}
	memcpy(line->text + line->used, bytes, length);
	line->used += length;
}

/*
 * Append one ASCII byte, escaped for a JSON string.
 */
static void
put_ascii(struct json_line *line, struct trial *trial, unsigned char byte)
{
	char escape[8];

	if (byte == '"' || byte == '\\')
		snprintf(escape, sizeof(escape), "\\%c", byte);
	else if (byte < 0x20 || byte == 0x7F)
		snprintf(escape, sizeof(escape), "\\u%04x", byte);
	else
		snprintf(escape, sizeof(escape), "%c", byte);
	put_bytes(line, trial, escape, strlen(escape));
}

static void
put_json_string(struct json_line *line, struct trial *trial, const char *text)
{
	const unsigned char *next = (const unsigned char *) text;
	size_t left = strlen(text);

	put_bytes(line, trial, "\"", 1);
	while (left > 0)
	{
		size_t length;
		enum utf8_sequence kind = utf8_look(next, left, &length);

		if (kind != UTF8_COMPLETE)
			put_bytes(line, trial, "\\ufffd", 6);
		else if (length == 1)
			put_ascii(line, trial, *next);
		else
			put_bytes(line, trial, (const char *) next, length);
		next += length;
		left -= length;
	}
	put_bytes(line, trial, "\"", 1);
}

/* ----- members ----- */

static struct trial
begin_member(struct json_line *line, const char *name)
{
	struct trial trial = {.used = line->used, .fits = line->skipped == 0};

	if (line->has_members)
		put_bytes(line, &trial, ",", 1);
	if (name != NULL)
	{
		put_json_string(line, &trial, name);
		put_bytes(line, &trial, ":", 1);
	}
	return trial;
}

/*
 * Keep the member if it fits; return whether it does.
 */
static bool
end_member(struct json_line *line, const struct trial *trial)
{
	if (trial->fits)
		line->has_members = true;
	else
		line->used = trial->used;
	return trial->fits;
}

void
json_line_init(struct json_line *line)
{
	memset(line, 0, sizeof(*line));
	line->text[line->used++] = '{';
	line->closing[line->depth++] = '}';
}

void
json_line_text(struct json_line *line, const char *name, const char *text)
{
	struct trial trial = begin_member(line, name);

	put_json_string(line, &trial, text);
	(void) end_member(line, &trial);
}

void
json_line_integer(struct json_line *line, const char *name, int64_t number)
{
	struct trial trial = begin_member(line, name);
	char digits[INTEGER_TEXT_SIZE];

	(void) integer_text(digits, number);
	put_bytes(line, &trial, digits, strlen(digits));
	(void) end_member(line, &trial);
}

static void
open_level(struct json_line *line, const char *name, char opening, char closing)
{
	struct trial trial = begin_member(line, name);

	put_bytes(line, &trial, &opening, 1);
	/* Closing it needs room as well. */
	if (line->depth == JSON_LINE_DEPTH || room(line) == 0)
		trial.fits = false;
	if (!end_member(line, &trial))
	{
		line->skipped++;
		return;
	}
	line->closing[line->depth++] = closing;
	line->has_members = false;
}

void
json_line_open_object(struct json_line *line, const char *name)
{
	open_level(line, name, '{', '}');
}

void
json_line_open_array(struct json_line *line, const char *name)
{
	open_level(line, name, '[', ']');
}

void
json_line_close(struct json_line *line)
{
	if (line->skipped > 0)
	{
		line->skipped--;
		return;
	}
	if (line->depth == 0)
		return;
	line->text[line->used++] = line->closing[--line->depth];
	line->has_members = true;
}

void
json_line_write(struct json_line *line, int descriptor)
{
	const char *next = line->text;

	line->skipped = 0;
	while (line->depth > 0)
		json_line_close(line);
	line->text[line->used++] = '\n';
	while (line->used > 0)
	{
		ssize_t written = write(descriptor, next, line->used);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		next += written;
		line->used -= written;
	}
}
