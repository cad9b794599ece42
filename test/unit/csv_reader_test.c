/*-------------------------------------------------------------------------
 *
 * csv_reader_test.c
 *	  Records, lines and defects; each input is read in pieces of every size.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/csv_reader.h"
#include "shared/columns.h"
#include "events.h"

#define FFFD "\xEF\xBF\xBD"

struct sample
{
	const char *name;
	const char *input;
	const char *events;
};

#define COUNT(given) "the record has " given ", the header has 2"
#define AFTER(field) \
	"field " field   \
	" has text after its closing quote; a quote inside a quoted field must be doubled"
#define OPEN(from, to)                                                             \
	"the quote opened in line " from " is not closed: the next quote, in line " to \
	", does not end the field"
#define NEVER(line) "the quote opened in line " line " is never closed"
#define LOST(field) \
	"field " field  \
	" holds a character that could not be read (shown as U+FFFD); save the file as \"CSV UTF-8\" or name its encoding"

static const struct sample samples[] = {
	/* what constitutes a record */
	{"nothing", "", NULL},
	{"header alone", "a,b\n", "0@1 a|b\n"},
	{"no line end at end of file", "a,b\n1,2", "0@1 a|b\n1@2 1|2\n"},
	{"blank lines are not rows", "a,b\n\n\n1,2\n\n", "0@1 a|b\n1@4 1|2\n"},
	{"only newlines", "\n\n\r\n\r\r\n", NULL},
	{"a header after blank lines", "\n\na,b\n", "0@3 a|b\n"},
	{"line of delimiters only is a row", "a,b\n,\n", "0@1 a|b\n1@2 |\n"},
	{"blank is a field value", "a\n \n", "0@1 a\n1@2  \n"},
	{"empty quoted field is a row", "a\n\"\"\n", "0@1 a\n1@2 \n"},
	{"empty fields at the end", "a,b\n1,\n,", "0@1 a|b\n1@2 1|\n2@3 |\n"},

	/* line ends */
	{"crlf", "a,b\r\n1,2\r\n3,4\r\n", "0@1 a|b\n1@2 1|2\n2@3 3|4\n"},
	{"cr", "a,b\r1,2\r\r3,4\r", "0@1 a|b\n1@2 1|2\n2@4 3|4\n"},
	{"mixed", "a,b\n1,2\r\n\r\n3,4\r\r5,6\n\r7,8", "0@1 a|b\n1@2 1|2\n2@4 3|4\n3@6 5|6\n4@8 7|8\n"},
	{"line ends in quotes", "a,b\n\"1\n1\",2\n\"3\r\n3\",\"4\r\r\n4\"\r\n5,6\n",
	 "0@1 a|b\n1@2 1\\n1|2\n2@4 3\\r\\n3|4\\r\\r\\n4\n3@8 5|6\n"},
	{"CR in quotes, LF later", "a\n\"1\r2\n3\r\n\"\nx\n", "0@1 a\n1@2 1\\r2\\n3\\r\\n\n2@6 x\n"},
	{"quoted field of line ends", "a\n\"\n\n\n\"\nx\n", "0@1 a\n1@2 \\n\\n\\n\n2@6 x\n"},

	/* quotes and blanks */
	{"doubled quotes", "a,b\n\"x \"\"y\"\"\",\"\"\"\"\n", "0@1 a|b\n1@2 x \"y\"|\"\n"},
	{"delimiters in quotes", "a,b\n\"1,1\",\",\"\n", "0@1 a|b\n1@2 1,1|,\n"},
	{"nothing is trimmed", "a,b\n 1 ,\t2\t\n\" 3 \",  4  \n   ,  \n",
	 "0@1 a|b\n1@2  1 |\t2\t\n2@3  3 |  4  \n3@4    |  \n"},
	{"blanks in a long row",
	 "a,b\nsome words with blanks in between ,  and more of them behind  \nx,y\n",
	 "0@1 a|b\n1@2 some words with blanks in between |  and more of them behind  \n2@3 x|y\n"},
	{"blank at end of file", "a,b\nthis is a longer line than sixteen, yes \n",
	 "0@1 a|b\n1@2 this is a longer line than sixteen| yes \n"},
	{"blanks after a quote", "a,b\n\"1\" ,\"2\" \t\n\" 3\"  ,\"4\" ",
	 "0@1 a|b\n1@2 1|2\n2@3  3|4\n"},
	{"blanks before a quote", "a,b\n1, \"2\"\n \t \"3\"\"\",\t\"4\"\r\n",
	 "0@1 a|b\n1@2 1|2\n2@3 3\"|4\n"},
	{"blanks around a quoted line end", "a,b\n \"1\n 1 \" ,2\n3,4\n",
	 "0@1 a|b\n1@2 1\\n 1 |2\n2@4 3|4\n"},
	{"blanks and text after a quote", "a,b\n\"1\" x,2\n\"3\" \"\",4\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " AFTER("1") " <\"1\" x,2>\n2@3 MALFORMED_ROW " AFTER(
		 "1") " <\"3\" \"\",4>\n"},

	/* number of fields */
	{"too few", "a,b\n1\n2,3\n", "0@1 a|b\n1@2 MALFORMED_ROW " COUNT("1 field") " <1>\n2@3 2|3\n"},
	{"too many", "a,b\n1,2,3\n2,3\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " COUNT("3 fields") " <1,2,3>\n2@3 2|3\n"},
	{"empty fields beyond the header's", "a,b\n1,2,\n3,4,, ,\"\"\n,,,\n5,6,,7\n",
	 "0@1 a|b\n1@2 1|2\n2@3 3|4\n3@4 |\n4@5 MALFORMED_ROW " COUNT("4 fields") " <5,6,,7>\n"},
	{"too many in a two-line row", "a,b\n1,\"2\n2\",3\r\n2,3\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " COUNT("3 fields") " <1,\"2\\n2\",3>\n2@4 2|3\n"},

	/* invalid quotes */
	{"quotes inside a field", "a,b\n1,5\" disk\n2\"\",3\" \n x\" ,y \"z\"\n",
	 "0@1 a|b\n1@2 1|5\" disk\n2@3 2\"\"|3\" \n3@4  x\" |y \"z\"\n"},
	{"a quote inside a field beside a line end in quotes", "a,b\n5\",\"1\n2\"\n3,4\n",
	 "0@1 a|b\n1@2 5\"|1\\n2\n2@4 3|4\n"},
	{"an unclosed quote that hides a row", "a,b\n1,\"2\n3,4\n5,6\",x\n7,8\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW the quote opened in line 2 is not closed in its row: with it, the "
	 "record would have 3 fields, the header has 2 <1,\"2>\n2@3 3|4\n3@4 MALFORMED_ROW " COUNT(
		 "3 fields") " <5,6\",x>\n4@5 7|8\n"},
	{"text after a closing quote", "a,b\n\"1\"x,2\r\n2,3\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " AFTER("1") " <\"1\"x,2>\n2@3 2|3\n"},
	{"quote unclosed until end of file", "a,b\n1,2\n3,\"4\n5,6\n7,8\n",
	 "0@1 a|b\n1@2 1|2\n2@3 MALFORMED_ROW " NEVER("3") " <3,\"4>\n3@4 5|6\n4@5 7|8\n"},
	{"unclosed quote in the last line", "a,b\n1,\"2",
	 "0@1 a|b\n1@2 MALFORMED_ROW " NEVER("2") " <1,\"2>\n"},
	{"unclosed quote before a valid one", "a,b\n1,\"2\n3,\"4\"\n5,6\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " OPEN("2", "3") " <1,\"2>\n2@3 3|4\n3@4 5|6\n"},
	{"two unclosed quotes", "a,b\r\n1,\"2\r\n3,\"4\r\n5,6\r\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " OPEN("2", "3") " <1,\"2>\n2@3 MALFORMED_ROW " NEVER(
		 "3") " <3,\"4>\n3@4 5|6\n"},
	{"quote opened in the second line", "a,b\n\"1\n1\",\"2\n3,4\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " NEVER("3") " <\"1>\n2@3 MALFORMED_ROW " NEVER(
		 "3") " <1\",\"2>\n3@4 3|4\n"},
	{"restart at a quoted multi-line row", "a,b\r1,\"2\r\"3\r3\",4\r5,6",
	 "0@1 a|b\n1@2 MALFORMED_ROW " OPEN("2", "3") " <1,\"2>\n2@3 3\\r3|4\n3@5 5|6\n"},
	{"restart at a blank line", "a,b\n1,\"2\n\n\n3,4\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " NEVER("2") " <1,\"2>\n2@5 3|4\n"},
	{"malformed header", "a,\"b\n1,2\n",
	 "0@1 MALFORMED_ROW " NEVER(
		 "1") " <a,\"b>\n1@2 MALFORMED_ROW the record has 2 fields, the header has 0 <1,2>\n"},

	/* invalid characters */
	{"U+FFFD", "a,b\n1,x" FFFD "y\n2,3\n",
	 "0@1 a|b\n1@2 INVALID_ENCODING " LOST("2") " <1,x" FFFD "y>\n2@3 2|3\n"},
	{"other characters of that row are kept", "a,b\n\xEF\xBF\xBC,\xEF\xBE\xBD\n",
	 "0@1 a|b\n1@2 \xEF\xBF\xBC|\xEF\xBE\xBD\n"},
	{"U+FFFD in a row with too few fields", "a,b\n" FFFD "\n",
	 "0@1 a|b\n1@2 MALFORMED_ROW " COUNT("1 field") " <" FFFD ">\n"},
	{"U+FFFD beside a quote", "a,b\n" FFFD "\",1\n2,3",
	 "0@1 a|b\n1@2 INVALID_ENCODING " LOST("1") " <" FFFD "\",1>\n2@3 2|3\n"},
	{"U+FFFD in quotes", "a,b\n\"\n" FFFD "\",1\n",
	 "0@1 a|b\n1@2 INVALID_ENCODING " LOST("1") " <\"\\n" FFFD "\",1>\n"},
};

struct parse
{
	struct csv_reader *reader;
	struct event_list list;
	struct glue_error error;
	int64_t parsed_bytes;
	bool good;
};

static bool
push_piece(void *context, const char *bytes, size_t length)
{
	struct parse *parse = context;
	struct text_view text = {bytes, length};

	return csv_reader_push(parse->reader, text, true, &parse->error);
}

/* For stop_after: never stop, and omit messages. */
#define NO_MESSAGES (-1)

/* Read a text in pieces; the caller cleans up parse->list. */
static void
parse_text(struct parse *parse, const char *input, size_t length, size_t chunk, int stop_after)
{
	memset(parse, 0, sizeof(*parse));
	parse->list.stop_after = stop_after;
	parse->list.no_messages = stop_after == NO_MESSAGES;
	parse->reader = csv_reader_new(',', '"', events_record, &parse->list, &parse->error);
	if (parse->reader == NULL)
		return;
	parse->good = push_in_pieces(input, length, chunk, push_piece, parse) &&
				  csv_reader_finish(parse->reader, &parse->error);
	parse->parsed_bytes = csv_reader_parsed_bytes(parse->reader);
	csv_reader_destroy(parse->reader);
}

/* Check the events of a text, which must not depend on the size of the pieces. */
static char *
events_of(const char *name, const char *input, size_t length)
{
	struct parse whole;
	size_t differing = 0;

	parse_text(&whole, input, length, length > 0 ? length : 1, 0);
	ok(whole.good, "%s: is read", name);
	ok(whole.parsed_bytes <= 2 * (int64_t) length, "%s: no line is read more than twice", name);
	for (size_t chunk = next_chunk_size(0, length); chunk > 0 && differing == 0;
		 chunk = next_chunk_size(chunk, length))
	{
		struct parse pieces;

		parse_text(&pieces, input, length, chunk, 0);
		if (pieces.list.length != whole.list.length ||
			(whole.list.length > 0 && strcmp(pieces.list.text, whole.list.text) != 0))
			differing = chunk;
		events_clean_up(&pieces.list);
	}
	is_int(differing, 0, "%s: result does not depend on piece size", name);
	return whole.list.text;
}

static void
check(const char *name, const char *input, size_t length, const char *expected)
{
	char *events = events_of(name, input, length);

	is_text(events, expected, "%s", name);
	free(events);
}

static void
test_samples(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		check(samples[i].name, samples[i].input, strlen(samples[i].input), samples[i].events);
}

/* Build a text of parts, each of which may be repeated. */
struct builder
{
	char *text;
	size_t length;
	size_t size;
};

static void
add(struct builder *builder, const char *text, size_t times)
{
	size_t length = strlen(text);

	if (builder->length + length * times > builder->size)
	{
		builder->size = 2 * (builder->length + length * times);
		builder->text = realloc(builder->text, builder->size);
	}
	for (size_t i = 0; i < times; i++)
	{
		memcpy(builder->text + builder->length, text, length);
		builder->length += length;
	}
}

static void
check_built(const char *name, struct builder *builder, const char *expected)
{
	check(name, builder->text, builder->length, expected);
	free(builder->text);
	memset(builder, 0, sizeof(*builder));
}

static void
test_field_cap(void)
{
	struct builder text = {0};

	add(&text, "a,b\n1,", 1);
	add(&text, "x", ONBOARD_MAX_FIELD_BYTES);
	add(&text, "\n2,\"", 1);
	add(&text, "y", ONBOARD_MAX_FIELD_BYTES);
	add(&text, "\"\n3,\"", 1);
	add(&text, "\"\"", ONBOARD_MAX_FIELD_BYTES);
	add(&text, "\"\n", 1);
	check_built("fields of maximum length", &text,
				"0@1 a|b\n1@2 1|{x*65536}\n2@3 2|{y*65536}\n3@4 3|{\"*65536}\n");

	for (int over = 1; over <= 4; over++)
	{
		char expected[512];

		add(&text, "a,b\n", 1);
		add(&text, "x", ONBOARD_MAX_FIELD_BYTES + over);
		add(&text, "\n\"", 1);
		add(&text, "x", ONBOARD_MAX_FIELD_BYTES + over);
		add(&text, "\"\r\n1,2\n", 1);
		snprintf(expected, sizeof(expected),
				 "0@1 a|b\n"
				 "1@2 MALFORMED_ROW field 1 is longer than 65536 bytes <{x*%d}>\n"
				 "2@3 MALFORMED_ROW field 1 is longer than 65536 bytes <\"{x*%d}\">\n"
				 "3@4 1|2\n",
				 65536 + over, 65536 + over);
		check_built("fields slightly too long", &text, expected);
	}

	add(&text, "a,b\n1,2\n3,\"4\n", 1);
	add(&text, "5,6\n", 20000);
	{
		char *events = events_of("unclosed quote before many lines", text.text, text.length);

		ok(strncmp(events,
				   "0@1 a|b\n1@2 1|2\n2@3 MALFORMED_ROW the quote opened in line 3 is not closed "
				   "within the 65536 bytes a field may have <3,\"4>\n3@4 5|6\n4@5 5|6\n",
				   130) == 0,
		   "unclosed quote costs only its line");
		ok(strstr(events, "\n20002@20003 5|6\n") != NULL, "last row is delivered");
		free(events);
		free(text.text);
	}
}

static void
test_record_cap(void)
{
	struct builder text = {0};

	add(&text, "a,b,c,d,e\n", 1);
	add(&text, "x", 65532);
	for (int i = 0; i < 3; i++)
	{
		add(&text, ",", 1);
		add(&text, "x", 65536);
	}
	add(&text, ",\r\n1,2,3,4,5\n", 1);
	check_built("record of maximum length", &text,
				"0@1 a|b|c|d|e\n1@2 {x*65532}|{x*65536}|{x*65536}|{x*65536}|\n2@3 1|2|3|4|5\n");

	add(&text, "a,b,c,d,e\n", 1);
	add(&text, "x", 65533);
	for (int i = 0; i < 3; i++)
	{
		add(&text, ",", 1);
		add(&text, "x", 65536);
	}
	add(&text, ",\n1,2,3,4,5\n", 1);
	check_built(
		"record one byte too long", &text,
		"0@1 a|b|c|d|e\n1@2 MALFORMED_ROW the record is longer than 262144 bytes <{x*65533},{x*65536},{x*65536},{x*65536}>\n2@3 1|2|3|4|5\n");

	add(&text, "a\n", 1);
	add(&text, "x", 3000000);
	add(&text, "\r\n1\n", 1);
	check_built(
		"a line of 3 MB", &text,
		"0@1 a\n1@2 MALFORMED_ROW field 1 is longer than 65536 bytes <{x*262144}>\n2@3 1\n");

	add(&text, "a\n", 1);
	add(&text, "x", 262143);
	add(&text, "\xC3\xA4", 10);
	check_built("raw text is not cut within a character", &text,
				"0@1 a\n1@2 MALFORMED_ROW field 1 is longer than 65536 bytes <{x*262143}>\n");

	/* Many short multi-line fields: the limit of the record ends it. */
	add(&text, "a,b\n\"", 1);
	add(&text, "\n\",\"", 4000);
	for (int i = 0; i < 6; i++)
	{
		add(&text, "y", 60000);
		add(&text, "\",\"", 1);
	}
	{
		char *events = events_of("record of many lines", text.text, text.length);

		ok(strncmp(events,
				   "0@1 a|b\n1@2 MALFORMED_ROW the record is longer than 262144 bytes <\">\n"
				   "2@3 MALFORMED_ROW the record has 1 field, the header has 2 <\",\">\n",
				   130) == 0,
		   "overlong multi-line record costs only its first line");
		free(events);
		free(text.text);
	}
}

static void
test_columns_cap(void)
{
	struct builder text = {0};
	char *events;

	add(&text, ",", ONBOARD_MAX_COLUMNS - 1);
	add(&text, "\n", 1);
	add(&text, ",", ONBOARD_MAX_COLUMNS - 1);
	add(&text, "\n", 1);
	add(&text, ",", ONBOARD_MAX_COLUMNS);
	add(&text, "\n", 1);
	add(&text, ",", 1000000);
	add(&text, "\n", 1);
	add(&text, ",", ONBOARD_MAX_COLUMNS - 1);
	events = events_of("many columns", text.text, text.length);
	ok(strstr(events, "\n2@3 MALFORMED_ROW the record has more than 4096 fields" ONBOARD_TOO_WIDE
					  " <{,*4096}>\n"
					  "3@4 MALFORMED_ROW the record has more than 4096 fields" ONBOARD_TOO_WIDE
					  " <{,*262144}>\n4@5 |") != NULL,
	   "a million columns cause one defect");
	free(events);
	free(text.text);
}

/* Files that would be reread repeatedly without the bound on restarts. */
static void
test_hostile(void)
{
	static const char *const lines[] = {
		"\"aaaa\n",
		"a,\"b\n",
		"\",\"\n",
		"\"\"\"x\n",
		"x\"\"y\n",
		"\"\n",
		"\"a\"\"\n",
		"\"a\",\"\n",
		"\"\"\n",
		"\"\",\"\"\"\n",
		"\r",
		"\n",
		/* Lines with a quote that is text end inside quotes, wherever they begin. */
		"\",x\",\"\n",
		"x\",\"\n",
		"\" ,\"\n",
		"x\"y,\"\"\n",
	};
	const int kinds = sizeof(lines) / sizeof(lines[0]);
	int too_much = 0;

	for (int a = 0; a < kinds; a++)
	{
		for (int b = 0; b < kinds; b++)
		{
			struct builder text = {0};
			struct parse parse;

			add(&text, "h\n", 1);
			for (int i = 0; i < 20; i++)
			{
				add(&text, lines[a], 1 + unit_random(50));
				add(&text, lines[b], 1 + unit_random(2000));
			}
			parse_text(&parse, text.text, text.length, 65536, 0);
			too_much += !parse.good || parse.parsed_bytes > 2 * (int64_t) text.length;
			events_clean_up(&parse.list);
			free(text.text);
		}
	}
	is_int(too_much, 0, "hostile lines in any order are read at most twice");
}

/* Random text in which each byte is as frequent as any other of a few. */
static void
test_random_cost(void)
{
	static const char *const alphabets[] = {"\",\n", "\",\nx", "\"\",,\n \t", "\"\",x\r\n",
											"\"\",,xxxxxx \n"};
	const int kinds = sizeof(alphabets) / sizeof(alphabets[0]);
	int too_much = 0;

	for (int round = 0; round < 500; round++)
	{
		const char *alphabet = alphabets[unit_random(kinds)];
		size_t letters = strlen(alphabet);
		struct builder text = {0};
		struct parse parse;
		char line[64];

		add(&text, "a,b\n", 1);
		for (int i = 0; i < 100; i++)
		{
			size_t length = 1 + unit_random(sizeof(line) - 1);

			for (size_t at = 0; at < length; at++)
				line[at] = alphabet[unit_random(letters)];
			line[length - 1] = '\0';
			add(&text, line, 1 + unit_random(40));
		}
		parse_text(&parse, text.text, text.length, 1 + unit_random(text.length), 0);
		too_much += !parse.good || parse.parsed_bytes > 2 * (int64_t) text.length;
		events_clean_up(&parse.list);
		free(text.text);
	}
	is_int(too_much, 0, "random text is read at most twice");
}

/* Stopping is immediate and permanent. */
static void
test_stop(void)
{
	const char input[] = "a\n1\n\"2\n3\n\"4\n5\n6\n";
	int wrong = 0;

	for (size_t chunk = 1; chunk <= strlen(input); chunk++)
	{
		for (int stop_after = 1; stop_after <= 6; stop_after++)
		{
			struct parse parse;

			parse_text(&parse, input, strlen(input), chunk, stop_after);
			wrong +=
				parse.good || parse.list.count != stop_after || parse.error.class != GLUE_NO_ERROR;
			events_clean_up(&parse.list);
		}
	}
	is_int(wrong, 0, "callback is not called again after it stops the reader");
}

/*
 * --------------------------------------------------------------------- Round
 * trip of correctly quoted rows
 * ---------------------------------------------------------------------
 */

#define PROPERTY_COLUMNS 5

static size_t
random_value(char *value)
{
	static const char *const parts[] = {
		"a",    "b",    " ",        "\t",
		",",    "\"",   "\n",       "\r",
		"\r\n", ";",    "\xC3\xA4", "\xE6\x97\xA0",
		"word", "\"\"", "  ",       "long enough to make a block of it",
	};
	size_t length = 0;
	int count = (int) unit_random(8);

	for (int i = 0; i < count; i++)
	{
		const char *part = parts[unit_random(sizeof(parts) / sizeof(parts[0]))];

		memcpy(value + length, part, strlen(part));
		length += strlen(part);
	}
	value[length] = '\0';
	return length;
}

/* Quote a field if necessary, and sometimes if not. */
static void
write_value(struct builder *text, const char *value, bool must_quote)
{
	bool quote = must_quote || strpbrk(value, ",\"\r\n") != NULL || unit_random(4) == 0;

	if (quote)
		add(text, "\"", 1);
	for (const char *c = value; *c != '\0'; c++)
	{
		char one[2] = {*c, '\0'};

		add(text, one, *c == '"' ? 2 : 1);
	}
	if (quote)
		add(text, "\"", 1);
}

static int
count_lines(const char *value)
{
	int lines = 0;

	for (; *value != '\0'; value++)
		lines += *value == '\n' || (*value == '\r' && value[1] != '\n');
	return lines;
}

static void
test_property(void)
{
	static const char *const line_ends[] = {"\n", "\r\n", "\r"};
	int wrong = 0;

	for (int round = 0; round < 400 && wrong == 0; round++)
	{
		struct builder text = {0};
		struct event_list expected = {0};
		struct parse parse;
		int line = 1;
		int rows = (int) unit_random(8);

		for (int row = 0; row <= rows; row++)
		{
			struct text_view fields[PROPERTY_COLUMNS];
			char values[PROPERTY_COLUMNS][512];
			struct record record = {.row_number = row,
									.line_number = line,
									.field_count = PROPERTY_COLUMNS,
									.fields = fields};

			for (int i = 0; i < PROPERTY_COLUMNS; i++)
			{
				fields[i].data = values[i];
				fields[i].length = random_value(values[i]);
				write_value(&text, values[i], false);
				line += count_lines(values[i]);
				if (i < PROPERTY_COLUMNS - 1)
					add(&text, ",", 1);
			}
			events_record(&expected, &record);
			line++;
			if (row < rows || unit_random(2))
				add(&text, line_ends[unit_random(3)], 1);
		}
		parse_text(&parse, text.text, text.length, 1 + unit_random(text.length), 0);
		wrong += !parse.good || strcmp(parse.list.text, expected.text) != 0;
		if (wrong)
			printf("# %.*s\n# %s\n# %s\n", (int) text.length, text.text, parse.list.text,
				   expected.text);
		events_clean_up(&parse.list);
		events_clean_up(&expected);
		free(text.text);
	}
	is_int(wrong, 0, "correctly quoted rows are read back unchanged");
}

/*
 * ---------------------------------------------------------------------
 * Comparison with a trivial reader
 * ---------------------------------------------------------------------
 */

#define MAX_PLAIN 600

struct plain_record
{
	size_t length; /* including the line end, if any */
	size_t raw;    /* excluding the line end */
	bool malformed;
	struct text_view fields[MAX_PLAIN];
	const char *ends[MAX_PLAIN]; /* of the fields, as written */
	int field_count;
};

/* Return the length of the line end at s. */
static size_t
line_end_at(const char *s, const char *end)
{
	if (s == end || (*s != '\r' && *s != '\n'))
		return 0;
	return *s == '\r' && s + 1 < end && s[1] == '\n' ? 2 : 1;
}

/* Read one field into value; returns its end, or NULL if it is malformed. */
static const char *
plain_field(const char *s, const char *end, char *value, size_t *length)
{
	const char *quote = s;

	*length = 0;
	while (quote < end && (*quote == ' ' || *quote == '\t'))
		quote++;
	if (quote < end && *quote == '"')
	{
		for (s = quote + 1;; s++)
		{
			if (s == end)
				return NULL;
			if (*s == '"' && (s + 1 == end || s[1] != '"'))
				break;
			value[(*length)++] = *s;
			s += *s == '"';
		}
		for (s++; s < end && (*s == ' ' || *s == '\t');)
			s++;
		return s == end || *s == ',' || line_end_at(s, end) ? s : NULL;
	}
	for (; s < end && *s != ',' && !line_end_at(s, end); s++)
		value[(*length)++] = *s;
	return s;
}

static void
plain_read_record(const char *begin, const char *end, char *values, struct plain_record *record)
{
	const char *s = begin;

	record->field_count = 0;
	record->malformed = false;
	for (;;)
	{
		struct text_view *field = &record->fields[record->field_count++];

		field->data = values;
		s = plain_field(s, end, values, &field->length);
		if (s == NULL)
			break;
		record->ends[record->field_count - 1] = s;
		values += field->length;
		if (s == end || *s != ',')
			break;
		s++;
	}
	if (s == NULL)
	{
		record->malformed = true;
		for (s = begin; s < end && !line_end_at(s, end);)
			s++;
	}
	record->raw = s - begin;
	record->length = record->raw + line_end_at(s, end);
}

/* Return whether a line after the first one has as many fields as the header. */
static bool
plain_hides_rows(const char *s, size_t length, int header_fields)
{
	const char *end = s + length;
	bool is_first = true;

	while (s < end)
	{
		bool is_quoted = false;
		int fields = 1;
		const char *begin = s;

		for (; s < end && *s != '\r' && *s != '\n'; s++)
		{
			is_quoted ^= *s == '"';
			fields += *s == ',' && !is_quoted;
		}
		if (!is_first && s > begin && fields == header_fields)
			return true;
		is_first = false;
		s += s < end;
	}
	return false;
}

/* Read a record that is not the header, and not malformed yet, as a row. */
static void
plain_check_row(struct plain_record *plain, const char *s, int header_fields, const char **doubted)
{
	while (plain->field_count > header_fields &&
		   text_trim(plain->fields[plain->field_count - 1]).length == 0)
		plain->field_count--;
	if (plain->field_count == header_fields || s < *doubted ||
		!plain_hides_rows(s, plain->raw, header_fields))
	{
		plain->raw = plain->field_count > 0 ? plain->ends[plain->field_count - 1] - s : 0;
		return;
	}
	*doubted = s + plain->length;
	plain->malformed = true;
	for (plain->raw = 0; s[plain->raw] != '\r' && s[plain->raw] != '\n';)
		plain->raw++;
	plain->length = plain->raw + line_end_at(s + plain->raw, *doubted);
}

static void
plain_read(const char *s, size_t length, struct event_list *list)
{
	const char *end = s + length;
	const char *doubted = s;
	char values[MAX_PLAIN];
	struct plain_record plain;
	int64_t row = 0;
	int64_t line = 1;
	int header_fields = 0;

	while (s < end)
	{
		size_t blank = line_end_at(s, end);
		struct record record = {.row_number = row, .line_number = line};

		if (blank > 0)
		{
			s += blank;
			line++;
			continue;
		}
		plain_read_record(s, end, values, &plain);
		if (row > 0 && !plain.malformed)
			plain_check_row(&plain, s, header_fields, &doubted);
		record.raw = (struct text_view){s, plain.raw};
		record.fields = plain.fields;
		record.field_count = plain.malformed ? 0 : plain.field_count;
		if (row++ == 0)
			header_fields = record.field_count;
		if (plain.malformed || record.field_count != header_fields)
			record.defect_type = "MALFORMED_ROW";
		else if (memmem(s, plain.raw, FFFD, 3) != NULL)
			record.defect_type = "INVALID_ENCODING";
		events_record(list, &record);
		for (const char *stop = s + plain.length; s < stop;)
		{
			size_t size = line_end_at(s, end);

			line += size > 0;
			s += size > 0 ? size : 1;
		}
	}
}

static void
test_plain(void)
{
	static const char *const parts[] = {
		"\"",   "\"",   ",", ",", "\n", "\n", "\r", "\r\n",           "\"\"",  "\",\"",
		"\"\n", "\n\"", "a", "b", " ",  "\t", FFFD, "some more text", "word ", " word"};
	int wrong = 0;

	for (int round = 0; round < 20000 && wrong == 0; round++)
	{
		char input[MAX_PLAIN];
		size_t length = 0;
		struct event_list expected = {.no_messages = true};
		struct parse parse;

		events_append(&expected, "", 0);
		for (uint64_t i = unit_random(40); i > 0; i--)
		{
			const char *part = parts[unit_random(sizeof(parts) / sizeof(parts[0]))];

			memcpy(input + length, part, strlen(part));
			length += strlen(part);
		}
		plain_read(input, length, &expected);
		parse_text(&parse, input, length, 1 + unit_random(length + 1), NO_MESSAGES);
		events_append(&parse.list, "", 0);
		wrong += !parse.good || strcmp(parse.list.text, expected.text) != 0;
		if (wrong)
			printf("# %.*s\n# got\n# %s\n# expected\n# %s\n", (int) length, input, parse.list.text,
				   expected.text);
		events_clean_up(&parse.list);
		events_clean_up(&expected);
	}
	is_int(wrong, 0, "random text is read as by a trivial reader");
}

/* Let each allocation fail once. */
static void
test_memory(void)
{
	const char input[] = "a,b\n1,\"2\n3,4\n";
	int wrong = 0;
	bool good = false;

	glue_set_reallocate(failing_reallocate);
	for (int fail_at = 0; !good && fail_at < 100; fail_at++)
	{
		struct parse parse;

		allocations_left = fail_at;
		parse_text(&parse, input, strlen(input), 3, 0);
		good = parse.good;
		wrong += !good && strcmp(parse.error.code, "OUT_OF_MEMORY") != 0;
		events_clean_up(&parse.list);
	}
	glue_set_reallocate(NULL);
	ok(good, "text is read if there is enough memory");
	is_int(wrong, 0, "failed allocation is reported");
}

int
main(void)
{
	unit_seed();
	test_samples();
	test_field_cap();
	test_record_cap();
	test_columns_cap();
	test_hostile();
	test_random_cost();
	test_stop();
	test_property();
	test_plain();
	test_memory();
	return unit_done();
}
