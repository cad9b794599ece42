/*-------------------------------------------------------------------------
 *
 * terminal.c
 *	  What the command line says, and how it looks.
 *
 *-------------------------------------------------------------------------
 */
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../src/text.h"
#include "terminal.h"

#define NOTE_SIZE 2048

static bool output_has_colours;
static bool message_has_colours;
static bool message_is_terminal;
static bool locale_is_utf8;
static bool progress_is_shown;

void
terminal_init(void)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	bool		wanted;

	/* For the character set only: numbers and messages stay as they are. */
	setlocale(LC_CTYPE, "");
	locale_is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	wanted = (no_color == NULL || no_color[0] == '\0') &&
		term != NULL && strcmp(term, "dumb") != 0;
	message_is_terminal = isatty(STDERR_FILENO) == 1;
	output_has_colours = wanted && isatty(STDOUT_FILENO) == 1;
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
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

const char *
terminal_style(FILE *stream, enum terminal_style style)
{
	static const char *const sequences[] = {
		[STYLE_PLAIN] = "\033[0m",
		[STYLE_BOLD] = "\033[1m",
		[STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_BAD] = "\033[31m",
		[STYLE_WARN] = "\033[33m",
	};
	bool		colours = stream == stdout ? output_has_colours : message_has_colours;

	return colours ? sequences[style] : "";
}

/*
 * Whether a character could move the cursor, hide text or turn it around.
 */
static bool
is_harmful(uint32_t character)
{
	return is_control_character(character) ||
		character == 0x061C ||	/* Arabic letter mark */
		(character >= 0x200B && character <= 0x200F) ||
		(character >= 0x2028 && character <= 0x202E) ||
		(character >= 0x2060 && character <= 0x2069) ||
		character == 0xFEFF;
}

/*
 * Write the cleaned form of a text; stream NULL only counts.  Returns the
 * number of characters.
 */
static int
write_clean(FILE *stream, const char *string)
{
	struct text_view text;
	size_t		offset = 0;
	int			characters = 0;

	if (string == NULL)
		return 0;
	text = text_of(string);
	while (offset < text.length)
	{
		uint32_t	character;
		size_t		size = text_decode(text, offset, &character);
		bool		broken = size == 1 && (unsigned char) text.data[offset] >= 0x80;

		if (stream != NULL)
		{
			if (broken || is_harmful(character))
				fputc('?', stream);
			else
				fwrite(text.data + offset, 1, size, stream);
		}
		offset += size;
		characters++;
	}
	return characters;
}

void
terminal_text(FILE *stream, const char *text)
{
	(void) write_clean(stream, text);
}

int
terminal_text_columns(const char *text)
{
	return write_clean(NULL, text);
}

void
terminal_cell(FILE *stream, const char *text, int columns)
{
	int			used = write_clean(stream, text);

	fprintf(stream, "%*s", used < columns ? columns - used : 0, "");
}

const char *
terminal_count(char *buffer, int64_t number)
{
	char		digits[TERMINAL_COUNT_SIZE];
	int			length = snprintf(digits, sizeof(digits), "%lld",
								  (long long) (number < 0 ? -number : number));
	char	   *next = buffer;

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
	fputs(line, stderr);
	fflush(stderr);
}

void
terminal_note(const char *format,...)
{
	char		text[NOTE_SIZE];
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	terminal_set_progress("");
	fputs("onboard: ", stderr);
	terminal_text(stderr, text);
	fputc('\n', stderr);
}

void
terminal_error(const struct glue_error *error)
{
	terminal_set_progress("");
	fprintf(stderr, "%sonboard: ", terminal_style(stderr, STYLE_BAD));
	terminal_text(stderr, error->text);
	fprintf(stderr, "%s\n", terminal_style(stderr, STYLE_PLAIN));
	if (error->hint[0] == '\0')
		return;
	terminal_text(stderr, error->hint);
	fputc('\n', stderr);
}
