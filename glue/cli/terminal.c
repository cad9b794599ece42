/*-------------------------------------------------------------------------
 *
 * terminal.c
 *	  Terminal capabilities and safe text output.
 *
 *-------------------------------------------------------------------------
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/terminal.h"

/* Assumed width of a terminal that does not report one. */
#define USUAL_WIDTH 80

static bool output_has_colours;
static bool output_is_terminal;
static bool message_has_colours;
static bool message_is_terminal;
static bool locale_is_utf8;
static bool progress_is_shown;

void
terminal_init(void)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	bool wanted;

	/*
	 * Only the character set: number formats and messages stay in the C locale.
	 */
	setlocale(LC_CTYPE, "");
	locale_is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	/* Values are always UTF-8, and wcwidth() needs a matching locale. */
	if (!locale_is_utf8)
		setlocale(LC_CTYPE, "C.UTF-8");

	wanted = (no_color == NULL || no_color[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
	message_is_terminal = isatty(STDERR_FILENO) == 1;
	output_is_terminal = isatty(STDOUT_FILENO) == 1;
	output_has_colours = wanted && output_is_terminal;
	message_has_colours = wanted && message_is_terminal;
}

bool
terminal_has_progress(void)
{
	return message_is_terminal;
}

bool
terminal_is_utf8(void)
{
	return locale_is_utf8;
}

int
terminal_width(FILE *stream)
{
	struct winsize size;

	if (stream == stdout ? !output_is_terminal : !message_is_terminal)
		return 0;
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return USUAL_WIDTH;
}

const char *
terminal_style(FILE *stream, enum terminal_style style)
{
	static const char *const sequences[] = {
		[STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m", [STYLE_WARN] = "\033[33m",
	};
	bool colours = stream == stdout ? output_has_colours : message_has_colours;

	return colours ? sequences[style] : "";
}

/*
 * Return whether a character could move the cursor, hide text or reverse it.
 */
static bool
is_harmful(uint32_t character)
{
	return is_control_character(character) || character == 0x061C || /* Arabic letter mark */
		   (character >= 0x200B && character <= 0x200F) ||
		   (character >= 0x2028 && character <= 0x202E) ||
		   (character >= 0x2060 && character <= 0x2069) || character == 0xFEFF;
}

struct terminal_character
terminal_character(struct text_view text, size_t offset)
{
	struct terminal_character result = {text.data + offset, 1, 1, 1};
	uint32_t character;

	result.consumed = text_decode(text, offset, &character);
	if (is_harmful(character) ||
		(result.consumed == 1 && (unsigned char) text.data[offset] >= 0x80))
		result.bytes = "?";
	else
	{
		int columns = wcwidth((wchar_t) character);

		result.size = result.consumed;
		/* A character unknown to the C library is shown as one box. */
		result.columns = columns >= 0 ? columns : 1;
	}
	return result;
}

static void
write_clean(FILE *stream, struct text_view text)
{
	size_t offset = 0;

	while (offset < text.length)
	{
		struct terminal_character character = terminal_character(text, offset);

		fwrite(character.bytes, 1, character.size, stream);
		offset += character.consumed;
	}
}

/*
 * Return the width of a text; *fitting is the number of its bytes that fit into
 * limit columns.
 */
static int
measure_text(struct text_view text, int limit, size_t *fitting)
{
	size_t offset = 0;
	int columns = 0;

	*fitting = 0;
	while (offset < text.length)
	{
		struct terminal_character character = terminal_character(text, offset);

		columns += character.columns;
		offset += character.consumed;
		if (columns <= limit)
			*fitting = offset;
	}
	return columns;
}

int
terminal_text_columns(const char *text)
{
	size_t fitting;

	return measure_text(text_of(text != NULL ? text : ""), 0, &fitting);
}

int
terminal_cut(FILE *stream, const char *text, int columns)
{
	const char *ellipsis = "";
	struct text_view view = text_of(text != NULL ? text : "");
	size_t fitting;

	if (columns <= 0)
		return 0;
	if (measure_text(view, columns, &fitting) > columns)
	{
		ellipsis = locale_is_utf8 ? "\xE2\x80\xA6" : columns > 3 ? "..." : ".";
		(void) measure_text(view, columns - terminal_text_columns(ellipsis), &fitting);
	}
	view.length = fitting;
	write_clean(stream, view);
	fputs(ellipsis, stream);
	return measure_text(view, 0, &fitting) + terminal_text_columns(ellipsis);
}

const char *
terminal_count(char *buffer, int64_t number)
{
	char digits[TERMINAL_COUNT_SIZE];
	int length =
		snprintf(digits, sizeof(digits), "%lld", (long long) (number < 0 ? -number : number));
	char *next = buffer;

	if (number < 0)
		*next++ = '-';
	for (int i = 0; i < length; i++)
	{
		if (i > 0 && (length - i) % 3 == 0)
			*next++ = ',';
		*next++ = digits[i];
	}
	*next = '\0';
	return buffer;
}

const char *
terminal_plural(int64_t number, const char *one, const char *many)
{
	return number == 1 ? one : many;
}

void
terminal_set_progress(const char *line)
{
	if (progress_is_shown)
		fputs("\r\033[K", stderr);
	progress_is_shown = line[0] != '\0';
	if (progress_is_shown)
		(void) terminal_cut(stderr, line, terminal_width(stderr) - 1);
	fflush(stderr);
}
