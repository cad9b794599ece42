/*-------------------------------------------------------------------------
 *
 * csv_dialect.c
 *	  Detects the delimiter of a CSV file.
 *
 *-------------------------------------------------------------------------
 */
#include "reader/csv_dialect.h"

/* Return the first line; a line end inside quotes does not end it. */
static struct text_view
first_line(struct text_view text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if (c == '"')
			quoted = !quoted;
		else if ((c == '\n' || c == '\r') && !quoted)
		{
			text.length = i;
			break;
		}
	}
	return text;
}

/*
 * Return whether a piece of the header line, possibly quoted, is a known
 * heading.
 */
static bool
is_known(const char *data, size_t length, bool (*is_heading)(struct text_view heading))
{
	struct text_view name = {data, length};

	if (is_heading == NULL)
		return false;

	if (length >= 2 && data[0] == '"' && data[length - 1] == '"')
	{
		name.data++;
		name.length -= 2;
	}
	return is_heading(name);
}

struct delimiter_score
{
	int known; /* pieces that are known headings */
	int count; /* delimiters */
};

static struct delimiter_score
score_delimiter(struct text_view line, char delimiter, bool (*is_heading)(struct text_view heading))
{
	struct delimiter_score score = {0, 0};
	size_t begin = 0;
	bool quoted = false;

	for (size_t i = 0; i <= line.length; i++)
	{
		if (i < line.length && line.data[i] == '"')
			quoted = !quoted;
		if (i < line.length && (quoted || line.data[i] != delimiter))
			continue;
		score.count += i < line.length;
		score.known += is_known(line.data + begin, i - begin, is_heading);
		begin = i + 1;
	}
	return score;
}

char
csv_dialect_delimiter(struct text_view text, bool (*is_heading)(struct text_view heading))
{
	static const char candidates[] = {',', ';', '\t', '|'};
	struct text_view line = first_line(text);
	struct delimiter_score best = score_delimiter(line, candidates[0], is_heading);
	char delimiter = candidates[0];

	for (size_t i = 1; i < sizeof(candidates); i++)
	{
		struct delimiter_score score = score_delimiter(line, candidates[i], is_heading);

		if (score.known > best.known || (score.known == best.known && score.count > best.count))
		{
			best = score;
			delimiter = candidates[i];
		}
	}
	return delimiter;
}

bool
csv_dialect_acceptable(char delimiter)
{
	unsigned char c = (unsigned char) delimiter;

	return c != 0 && c < 0x80 && c != '"' && c != '\r' && c != '\n';
}
