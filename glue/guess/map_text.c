/*-------------------------------------------------------------------------
 *
 * map_text.c
 *	  Writes a proposed map as the text that "onboard map set" stores.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guess/map_text.h"
#include "shared/heading.h"
#include "shared/map_statement.h"
#include "shared/map_writing.h"

/* A comment line is broken after so many bytes. */
#define COMMENT_BYTES 100

/* The text of a map is limited, so its lists of comments are, too. */
#define MOST_CATEGORIES 200
#define MOST_LIST_BYTES ((size_t) 8 << 10)

/* Escapes at most double the length of a text; the quotes come on top. */
#define QUOTED_SIZE 1200

struct writer
{
	const struct map_guess *guess;
	const struct map_text_facts *facts;
	struct byte_buffer *text;
	struct glue_error *error;
	bool failed;
};

static void
write_string(struct writer *writer, const char *string)
{
	writer->failed =
		writer->failed || !byte_buffer_append_string(writer->text, string, writer->error);
}

static void __attribute__((format(printf, 2, 3)))
write_format(struct writer *writer, const char *format, ...)
{
	char line[MAP_MAX_LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	write_string(writer, line);
}

/* Return a text in the quotes of a map, in a buffer of QUOTED_SIZE. */
static const char *
quote(char *buffer, struct text_view text)
{
	struct text_builder builder;

	text.length = text_cut(text, (QUOTED_SIZE - 3) / 2);
	text_start(&builder, buffer, QUOTED_SIZE);
	map_writing_add_text(&builder, text);
	text_finish(&builder);
	return buffer;
}

static struct text_view
heading_text(const struct writer *writer, int heading)
{
	return writer->guess->table->headings[heading];
}

/* ----- the head ----- */

static const char *
plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

/* Would the file be read otherwise without the map? */
static bool
needs_map(const struct map_guess *guess)
{
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		const struct guessed_column *guessed = &guess->columns[column];

		if (guessed->heading >= 0 &&
			(guess->own_columns[guessed->heading] != (enum onboard_column) column ||
			 guessed->steps[0] != '\0'))
			return true;
	}
	return guess->updates_only || guess->skip_count > 0;
}

static void
write_head(struct writer *writer)
{
	const struct sample_table *table = writer->guess->table;
	const struct map_text_facts *facts = writer->facts;
	char name[QUOTED_SIZE];

	write_format(writer, "# Guessed from %s: %d heading%s, %" PRId64 " row%s.\n",
				 quote(name, text_of(facts->file_name)), table->column_count,
				 plural(table->column_count), table->total_rows, plural(table->total_rows));
	write_string(
		writer,
		"# The comment on each line says how sure the guess is, and why.  Correct what is wrong,\n"
		"# try the map with \"onboard map test\", and store it with \"onboard map set\".\n");
	if (!needs_map(writer->guess))
		write_string(
			writer,
			"# All headings are ours and no value needs a change, so the file needs no map.\n");
	if (facts->fitting_map != NULL)
		write_format(writer,
					 "# The map \"%s\" knows this layout, and fits better than a guess:\n"
					 "# load the file with --map %s.\n",
					 facts->fitting_map, facts->fitting_map);
	write_string(writer, "\n");
}

static void
write_delimiter(struct writer *writer, char delimiter)
{
	char quoted[QUOTED_SIZE];

	if (delimiter == '\t')
		write_string(writer, "delimiter tab\n");
	else if (delimiter != 0)
		write_format(writer, "delimiter %s\n", quote(quoted, (struct text_view){&delimiter, 1}));
}

static void
write_skips(struct writer *writer)
{
	const struct map_guess *guess = writer->guess;
	char heading[QUOTED_SIZE];
	char value[QUOTED_SIZE];

	for (int i = 0; i < guess->skip_count; i++)
	{
		const struct guessed_skip *skip = &guess->skips[i];

		write_format(writer, "skip when %s is %s  # %d %%: %d row%s %s\n",
					 quote(heading, heading_text(writer, skip->heading)),
					 skip->value.length > 0 ? quote(value, skip->value) : "blank", skip->percent,
					 skip->rows, plural(skip->rows), skip->what);
	}
}

/* Write the settings; a blank line follows if there are some. */
static void
write_settings(struct writer *writer)
{
	const struct map_text_facts *facts = writer->facts;
	const struct map_guess *guess = writer->guess;
	size_t before = writer->text->used;
	char quoted[QUOTED_SIZE];

	if (facts->encoding != NULL)
		write_format(writer, "encoding %s\n", facts->encoding);
	write_delimiter(writer, facts->delimiter);
	if (facts->quote != NULL)
		write_format(writer, "quote %s\n", quote(quoted, text_of(facts->quote)));
	if (facts->sheet != NULL)
		write_format(writer, "sheet %s\n", quote(quoted, text_of(facts->sheet)));
	if (facts->max_bytes > 0)
		write_format(writer, "max_bytes %" PRId64 "\n", facts->max_bytes);
	if (guess->updates_only)
	{
		write_string(writer,
					 "mode update  # names and categories are missing, so no new products\n");
		if (guess->columns[COLUMN_VENDOR_PRODUCT_ID].heading < 0)
			write_string(writer, "match sku\n");
	}
	write_skips(writer);
	if (writer->text->used > before)
		write_string(writer, "\n");
}

/* ----- columns ----- */

int
map_text_order(const struct map_guess *guess, enum onboard_column columns[COLUMN_COUNT])
{
	int count = 0;

	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		int at = count;

		if (guess->columns[column].heading < 0)
			continue;
		while (at > 0 && guess->columns[columns[at - 1]].percent < guess->columns[column].percent)
		{
			columns[at] = columns[at - 1];
			at--;
		}
		columns[at] = (enum onboard_column) column;
		count++;
	}
	return count;
}

static bool
has_unknown_categories(const struct map_guess *guess)
{
	int count;
	int64_t more;

	(void) category_census_unknown(guess->census, &count, &more);
	return count > 0;
}

void
map_text_source(const struct map_guess *guess, enum onboard_column column, char *source,
				size_t size)
{
	const struct guessed_column *guessed = &guess->columns[column];
	struct text_builder builder;

	text_start(&builder, source, size);
	map_writing_add_text(&builder, guess->table->headings[guessed->heading]);
	text_add(&builder, text_of(guessed->steps));
	if (column == COLUMN_CATEGORY && has_unknown_categories(guess))
		text_add(&builder, text_of(" | values(" GUESS_CATEGORY_LIST ")"));
	text_finish(&builder);
}

/* Write the statements, with their signs and comments one below the other. */
static void
write_columns(struct writer *writer)
{
	enum onboard_column columns[COLUMN_COUNT];
	char sources[COLUMN_COUNT][MAP_TEXT_SOURCE_SIZE];
	int count = map_text_order(writer->guess, columns);
	int name_width = 0;
	int source_width = 0;

	for (int i = 0; i < count; i++)
	{
		int name = (int) strlen(onboard_columns[columns[i]].name);
		int source;

		map_text_source(writer->guess, columns[i], sources[i], sizeof(sources[i]));
		source = (int) text_character_count(text_of(sources[i]));
		name_width = name > name_width ? name : name_width;
		source_width = source > source_width && source < COMMENT_BYTES / 2 ? source : source_width;
	}
	for (int i = 0; i < count; i++)
	{
		const struct guessed_column *column = &writer->guess->columns[columns[i]];
		int source = (int) text_character_count(text_of(sources[i]));

		write_format(writer, "%-*s = %s%*s  # %d %%: %s\n", name_width,
					 onboard_columns[columns[i]].name, sources[i],
					 source < source_width ? source_width - source : 0, "", column->percent,
					 column->reason);
	}
}

/* ----- what is missing ----- */

bool
map_text_is_missing(const struct map_guess *guess, enum onboard_column column)
{
	if (guess->columns[column].heading >= 0)
		return false;
	if (guess->updates_only)
		return column == COLUMN_SKU && guess->columns[COLUMN_VENDOR_PRODUCT_ID].heading < 0;
	return onboard_columns[column].required;
}

/* What to write for a column that a file lacks; NULL if nothing can replace it. */
static const char *
advice_of(enum onboard_column column)
{
	switch (column)
	{
		case COLUMN_CATEGORY:
			return "category = constant \"...\"  # if all products are in one of our categories";
		case COLUMN_STOCK_QUANTITY:
			return "stock_quantity = constant \"0\"  # if the stock comes with another file";
		default:
			return NULL;
	}
}

/* Write the likeliest heading of a column, as a statement in a comment. */
static void
write_next(struct writer *writer, enum onboard_column column)
{
	const struct guessed_column *next = &writer->guess->next[column];
	char quoted[QUOTED_SIZE];

	if (next->heading >= 0)
		write_format(writer, "# %s = %s%s  # %d %%: %s\n", onboard_columns[column].name,
					 quote(quoted, heading_text(writer, next->heading)), next->steps, next->percent,
					 next->reason);
}

static void
write_missing(struct writer *writer)
{
	bool has_title = false;

	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		const char *advice = advice_of((enum onboard_column) column);

		if (!map_text_is_missing(writer->guess, (enum onboard_column) column))
			continue;
		if (!has_title)
			write_string(writer, "\n# Required, but no heading is likely enough:\n");
		has_title = true;
		write_next(writer, (enum onboard_column) column);
		if (advice != NULL)
			write_format(writer, "# %s\n", advice);
		else if (writer->guess->next[column].heading < 0)
			write_format(writer, "# %s\n", onboard_columns[column].name);
	}
}

/* The unit is "piece" unless something else is said. */
static void
write_perhaps(struct writer *writer)
{
	bool has_title = false;

	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		const struct map_guess *guess = writer->guess;
		bool is_unit = column == COLUMN_UNIT && !guess->updates_only;

		if (guess->columns[column].heading >= 0 ||
			map_text_is_missing(guess, (enum onboard_column) column) ||
			(guess->next[column].heading < 0 && !is_unit))
			continue;
		if (!has_title)
			write_string(
				writer,
				"\n# Uncertain, or not in the file; remove the first # where the line is right:\n");
		has_title = true;
		write_next(writer, (enum onboard_column) column);
		if (is_unit)
			write_format(writer, "# unit = constant \"%s\"  # this is the default\n",
						 onboard_columns[COLUMN_UNIT].blank);
	}
	if (!writer->guess->updates_only)
		write_format(writer,
					 "%s# mode upsert  # if the file comes again, with products that change\n",
					 has_title ? "" : "\n");
}

/* ----- what is not used ----- */

/* Is a repeated heading the first of those that are the same? */
static bool
is_first(const struct map_guess *guess, int heading)
{
	for (int i = 0; i < heading; i++)
	{
		if (heading_same(guess->table->headings[i], guess->table->headings[heading]))
			return false;
	}
	return true;
}

/* A file with two columns of one name is only read if the map ignores them. */
static void
write_ignored(struct writer *writer)
{
	const struct map_guess *guess = writer->guess;
	size_t begin = writer->text->used;
	char quoted[QUOTED_SIZE];

	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		struct text_view text = heading_text(writer, heading);

		if (writer->text->used - begin < MOST_LIST_BYTES && text.length <= QUOTED_SIZE / 2 - 2 &&
			guess->is_repeated[heading] && !heading_is_blank(text) && is_first(guess, heading))
			write_format(writer,
						 "ignore %s  # several columns have this heading; rename one to use it\n",
						 quote(quoted, text));
	}
}

static void
write_unused(struct writer *writer)
{
	const struct map_guess *guess = writer->guess;
	size_t line = 0;
	size_t written = 0;
	char quoted[QUOTED_SIZE];

	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		size_t length;

		if (guess->is_used[heading] || !guess->is_usable[heading])
			continue;
		length = strlen(quote(quoted, heading_text(writer, heading)));
		if (written == 0)
			write_string(
				writer,
				"\n# These become attributes of the products; \"ignore others\" drops them:\n#");
		else if (written > MOST_LIST_BYTES)
		{
			write_string(writer, "\n# ...");
			break;
		}
		else if (line + length > COMMENT_BYTES)
		{
			write_string(writer, "\n#");
			line = 0;
		}
		write_format(writer, " %s", quoted);
		line += length + 1;
		written += length + 1;
	}
	if (written > 0)
		write_string(writer, "\n");
}

/* ----- categories ----- */

static void
write_categories(struct writer *writer)
{
	const struct map_guess *guess = writer->guess;
	int64_t more;
	int count;
	const struct unknown_category *unknown = category_census_unknown(guess->census, &count, &more);
	size_t begin = writer->text->used;
	int i;

	if (count == 0)
		return;
	write_string(
		writer,
		"\n# Unknown categories in the file, with what they may mean.  The list \"" GUESS_CATEGORY_LIST
		"\"\n# says what each one is: \"onboard map guess --csv\" writes it, "
		"and \"onboard map values\" stores it.\n");
	for (i = 0; i < count && i < MOST_CATEGORIES && writer->text->used - begin < MOST_LIST_BYTES;
		 i++)
	{
		char value[QUOTED_SIZE];
		char meant[QUOTED_SIZE];

		write_format(writer, "#   %s = %s\n", quote(value, unknown[i].value),
					 unknown[i].meant >= 0 ? quote(meant, guess->categories.names[unknown[i].meant])
										   : "?");
	}
	if (i < count || more > 0)
		write_string(writer, "#   ... and others\n");
}

bool
map_text_write(const struct map_guess *guess, const struct map_text_facts *facts,
			   struct byte_buffer *text, struct glue_error *error)
{
	struct writer writer = {guess, facts, text, error, false};

	write_head(&writer);
	write_settings(&writer);
	write_columns(&writer);
	write_ignored(&writer);
	write_missing(&writer);
	write_perhaps(&writer);
	write_unused(&writer);
	write_categories(&writer);
	return !writer.failed && byte_buffer_terminate(text, error);
}
