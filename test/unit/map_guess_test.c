/*-------------------------------------------------------------------------
 *
 * map_guess_test.c
 *	  Maps that are guessed for files in eight languages.
 *
 * ../data/guess/ has files with the map that a person would write, and layouts.tsv, in
 * which each line is a heading of a shop's or merchandise system's export with its column
 * and three values.  The test prints how many statements are right, and fails below a
 * floor; what is wrong is printed, too.
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>

#include "unit.h"

#include "guess/map_guess.h"
#include "guess/map_text.h"
#include "shared/map_syntax.h"
#include "shipped_categories.h"

#define FOLDER "../data/guess/"
#define LAYOUTS FOLDER "layouts.tsv"

/* How many of a hundred statements must be right. */
#define FILES_FLOOR 97
#define LAYOUTS_FLOOR 95

#define MOST_STATEMENTS 64
#define MOST_FILES 64
#define MOST_HEADINGS 64
#define LAYOUT_ROWS 3

static const struct category_list known = {.names = categories, .count = CATEGORY_COUNT};

/* Counts of statements. */
struct measure
{
	int right;
	int guessed;
	int expected;
};

static void
check_measure(const struct measure *measure, int floor, const char *what)
{
	int precision = 100 * measure->right / measure->guessed;
	int recall = 100 * measure->right / measure->expected;

	printf("# %s: %d statements guessed, %d expected, %d right: precision %.3f, recall %.3f\n",
		   what, measure->guessed, measure->expected, measure->right,
		   (double) measure->right / measure->guessed, (double) measure->right / measure->expected);
	ok(precision >= floor, "%s: at least %d of 100 statements are right", what, floor);
	ok(recall >= floor, "%s: at least %d of 100 statements are found", what, floor);
}

/* ----- files ----- */

static char *
read_all(const char *name, size_t *length)
{
	FILE *file = fopen(name, "rb");
	char *bytes = malloc(1 << 20);

	if (file == NULL || bytes == NULL)
	{
		perror(name);
		abort();
	}
	*length = fread(bytes, 1, (1 << 20) - 1, file);
	bytes[*length] = '\0';
	fclose(file);
	return bytes;
}

/* Sample a file, in the encoding that it turns out to have. */
static struct sample *
sample_file(const char *name, char encoding[DECODE_NAME_SIZE], struct glue_error *error)
{
	struct row_source_options options = {0};
	char guess[DECODE_NAME_SIZE];
	size_t length;
	char *bytes = read_all(name, &length);
	struct sample *sample = NULL;

	encoding[0] = '\0';
	for (int attempt = 0; attempt < 2 && sample == NULL; attempt++)
	{
		sample = sample_new(&options, true, error);
		if (sample != NULL && sample_push(sample, bytes, length, error) &&
			sample_finish(sample, guess, error))
			break;
		sample_destroy(sample);
		sample = NULL;
		snprintf(encoding, DECODE_NAME_SIZE, "%s", guess);
		options.encoding = encoding;
	}
	free(bytes);
	return sample;
}

/* Write the statements of a map one below the other, sorted, without comments and alignment. */
static int
split_statements(char *text, char *statements[MOST_STATEMENTS])
{
	int count = 0;

	for (char *line = strsep(&text, "\n"); line != NULL; line = strsep(&text, "\n"))
	{
		bool is_quoted = false;
		char *to = line;

		for (char *c = line; *c != '\0' && (*c != '#' || is_quoted); c++)
		{
			if (*c == '"')
				is_quoted = !is_quoted;
			if (*c != ' ' || is_quoted || (to > line && to[-1] != ' '))
				*to++ = *c;
		}
		while (to > line && to[-1] == ' ')
			to--;
		*to = '\0';
		if (*line != '\0' && count < MOST_STATEMENTS)
			statements[count++] = line;
	}
	return count;
}

static bool
has_statement(char *const *statements, int count, const char *statement)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(statements[i], statement) == 0)
			return true;
	}
	return false;
}

static void
compare_maps(const char *name, char *guessed, char *expected, struct measure *measure)
{
	char *found[MOST_STATEMENTS];
	char *wanted[MOST_STATEMENTS];
	int found_count = split_statements(guessed, found);
	int wanted_count = split_statements(expected, wanted);

	measure->guessed += found_count;
	measure->expected += wanted_count;
	for (int i = 0; i < found_count; i++)
	{
		if (has_statement(wanted, wanted_count, found[i]))
			measure->right++;
		else
			printf("# %s: not expected: %s\n", name, found[i]);
	}
	for (int i = 0; i < wanted_count; i++)
	{
		if (!has_statement(found, found_count, wanted[i]))
			printf("# %s: not found: %s\n", name, wanted[i]);
	}
}

/* Return whether a text is a map that the database would accept. */
static bool
is_valid_map(const char *text)
{
	struct map_syntax syntax;
	struct map_statement statement;

	map_syntax_start(&syntax, text_of(text));
	while (map_syntax_next(&syntax, &statement))
		continue;
	if (!map_syntax_failed(&syntax))
		return true;
	printf("# line %d: %s\n", syntax.fault.line, syntax.fault.message);
	return false;
}

static void
check_file(const char *name, struct measure *measure)
{
	char path[512];
	char encoding[DECODE_NAME_SIZE];
	struct glue_error error = {0};
	struct byte_buffer text = {0};
	struct map_text_facts facts = {.file_name = name};
	struct sample *sample;
	struct map_guess *guess;
	char *expected;
	size_t length;

	snprintf(path, sizeof(path), FOLDER "%s", name);
	sample = sample_file(path, encoding, &error);
	if (!ok(sample != NULL, "%s is sampled", name))
	{
		printf("# %s\n", error.text);
		return;
	}
	if (encoding[0] != '\0')
		facts.encoding = encoding;
	guess = map_guess_new(sample_table(sample), &known, &error);
	ok(guess != NULL && map_text_write(guess, &facts, &text, &error) && is_valid_map(text.data),
	   "the map of %s is one", name);
	snprintf(path, sizeof(path), FOLDER "%.*s.map", (int) strcspn(name, "."), name);
	expected = read_all(path, &length);
	compare_maps(name, text.data, expected, measure);
	free(expected);
	byte_buffer_clean_up(&text);
	map_guess_destroy(guess);
	sample_destroy(sample);
}

static int
is_sample(const struct dirent *entry)
{
	const char *ending = strchr(entry->d_name, '.');

	return ending != NULL && strcmp(ending, ".csv") == 0;
}

static void
test_files(void)
{
	struct measure measure = {0};
	struct dirent **entries;
	int count = scandir(FOLDER, &entries, is_sample, alphasort);

	ok(count > 0, "there are files");
	for (int i = 0; i < count; i++)
	{
		check_file(entries[i]->d_name, &measure);
		free(entries[i]);
	}
	free(entries);
	check_measure(&measure, FILES_FLOOR, "files");
}

/* ----- layouts ----- */

/* The headings of one layout, with their columns and values. */
struct layout
{
	char name[64];
	int count;
	struct text_view headings[MOST_HEADINGS];
	struct text_view cells[LAYOUT_ROWS][MOST_HEADINGS];
	int expected[COLUMN_COUNT]; /* heading, or -1 */
};

static void
check_layout(struct layout *layout, struct measure *measure)
{
	struct text_view cells[LAYOUT_ROWS * MOST_HEADINGS];
	struct sample_table table = {.column_count = layout->count,
								 .headings = layout->headings,
								 .row_count = LAYOUT_ROWS,
								 .total_rows = LAYOUT_ROWS,
								 .cells = cells};
	struct glue_error error;
	struct map_guess *guess;

	if (layout->count == 0)
		return;
	for (int row = 0; row < LAYOUT_ROWS; row++)
		memcpy(&cells[row * layout->count], layout->cells[row], sizeof(cells[0]) * layout->count);
	/* A file with one key uses it twice. */
	if (layout->expected[COLUMN_VENDOR_PRODUCT_ID] < 0)
		layout->expected[COLUMN_VENDOR_PRODUCT_ID] = layout->expected[COLUMN_SKU];
	guess = map_guess_new(&table, &known, &error);
	if (!ok(guess != NULL, "%s has a guess", layout->name))
		return;
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		int found = guess->columns[column].heading;
		int expected = layout->expected[column];

		measure->guessed += found >= 0;
		measure->expected += expected >= 0;
		measure->right += found >= 0 && found == expected;
		if (found != expected)
			printf("# %s: %s should be \"%.*s\", not \"%.*s\"\n", layout->name,
				   onboard_columns[column].name,
				   expected >= 0 ? (int) layout->headings[expected].length : 0,
				   expected >= 0 ? layout->headings[expected].data : "",
				   found >= 0 ? (int) layout->headings[found].length : 0,
				   found >= 0 ? layout->headings[found].data : "");
	}
	map_guess_destroy(guess);
}

static void
begin_layout(struct layout *layout, const char *name)
{
	memset(layout, 0, sizeof(*layout));
	snprintf(layout->name, sizeof(layout->name), "%s", name);
	for (int column = 0; column < COLUMN_COUNT; column++)
		layout->expected[column] = -1;
}

/* Add a line: layout, heading, column, values. */
static void
add_heading(struct layout *layout, char *line)
{
	char *fields[3 + LAYOUT_ROWS];
	int count = 0;

	for (char *field = line; field != NULL && count < 3 + LAYOUT_ROWS; count++)
		fields[count] = strsep(&field, "\t");
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (strcmp(fields[2], onboard_columns[column].name) == 0)
			layout->expected[column] = layout->count;
	}
	layout->headings[layout->count] = text_of(fields[1]);
	for (int row = 0; row < LAYOUT_ROWS; row++)
		layout->cells[row][layout->count] = text_of(fields[3 + row]);
	layout->count++;
}

static void
test_layouts(void)
{
	static struct layout layout;
	struct measure measure = {0};
	size_t length;
	char *lines = read_all(LAYOUTS, &length);
	char *next = lines;
	char *line;

	(void) strsep(&next, "\n");
	while ((line = strsep(&next, "\n")) != NULL && *line != '\0')
	{
		size_t name_length = strcspn(line, "\t");

		if (strncmp(layout.name, line, name_length) != 0 || layout.name[name_length] != '\0')
		{
			check_layout(&layout, &measure);
			line[name_length] = '\0';
			begin_layout(&layout, line);
			line[name_length] = '\t';
		}
		add_heading(&layout, line);
	}
	check_layout(&layout, &measure);
	free(lines);
	check_measure(&measure, LAYOUTS_FLOOR, "layouts");
}

/* ----- what the text says ----- */

/* Guess the map of a text, and return what is written; the caller frees it. */
static char *
guess_text(const char *csv, const struct map_text_facts *facts)
{
	struct row_source_options options = {0};
	struct glue_error error = {0};
	struct byte_buffer text = {0};
	char ignored[DECODE_NAME_SIZE];
	struct sample *sample = sample_new(&options, true, &error);
	struct map_guess *guess;

	if (!sample_push(sample, csv, strlen(csv), &error) || !sample_finish(sample, ignored, &error))
	{
		printf("# %s\n", error.text);
		sample_destroy(sample);
		return NULL;
	}
	guess = map_guess_new(sample_table(sample), &known, &error);
	if (!map_text_write(guess, facts, &text, &error) || !is_valid_map(text.data))
		byte_buffer_clean_up(&text);
	map_guess_destroy(guess);
	sample_destroy(sample);
	return text.data;
}

/* Check that the map of a text has a part. */
static void
says(const char *csv, const struct map_text_facts *facts, const char *part, const char *name)
{
	char *text = guess_text(csv, facts);

	if (!ok(text != NULL && strstr(text, part) != NULL, "%s", name))
		printf("# %s\n", text != NULL ? text : "no map");
	free(text);
}

#define LIST "Artikelnummer;Bezeichnung;Warengruppe;Preis;Bestand\n"
#define ROWS "A1;Zelt blau;Kitchen;10,50;3\nA2;Zelt rot;Kitchen;12,00;4\n"

/* Check that the map of a text skips nothing. */
static void
skips_nothing(const char *csv, const char *name)
{
	struct map_text_facts plain = {.file_name = "a.csv"};
	char *text = guess_text(csv, &plain);

	if (!ok(text != NULL && strstr(text, "skip when") == NULL, "%s", name))
		printf("# %s\n", text != NULL ? text : "no map");
	free(text);
}

/* Check that the map of a file that is longer than its sample has a part because of the last row. */
static void
says_of_long(const char *last_row, const char *part, const char *name)
{
	struct map_text_facts plain = {.file_name = "a.csv"};
	struct byte_buffer csv = {0};
	struct glue_error error;

	byte_buffer_append_string(&csv, LIST, &error);
	for (int i = 0; i < SAMPLE_ROWS + 10; i++)
	{
		char row[80];

		snprintf(row, sizeof(row), "A%d;Zelt Nummer %d;Kitchen;%d,50;3\n", i, i, i);
		byte_buffer_append_string(&csv, row, &error);
	}
	byte_buffer_append_string(&csv, last_row, &error);
	byte_buffer_terminate(&csv, &error);
	says(csv.data, &plain, part, name);
	byte_buffer_clean_up(&csv);
}

static void
test_totals(void)
{
	struct map_text_facts plain = {.file_name = "a.csv"};
	/* As the eight languages write them. */
	static const char *const words[] = {"Grand total:", "Gesamtsumme", "Total général",
										"SUMA TOTAL",   "Totale",      "Eindtotaal",
										"Ogółem",       "Total geral"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		char file[400];
		char skip[200];

		snprintf(file, sizeof(file), LIST ROWS ";%s;;;7\n", words[i]);
		snprintf(skip, sizeof(skip),
				 "\nskip when \"Bezeichnung\" is \"%s\"  # 98 %%: 1 row of totals\n", words[i]);
		says(file, &plain, skip, words[i]);
	}
	says(LIST ROWS "Summe;;;22,50;7\n", &plain,
		 "skip when \"Artikelnummer\" is \"Summe\"  # 98 %: 1 row of totals\n",
		 "a total in place of a key");
	says(LIST ROWS ";;Summe;99,00;\n", &plain, "skip when \"Warengruppe\" is \"Summe\"  # 95 %",
		 "numbers that are no sums are less certain");
	says(LIST ROWS ";Zwischensumme;;;7\nA3;Topf;Kitchen;5,00;2\nA4;Topf lang;Kitchen;6,00;2\n"
				   ";Zwischensumme;;;4\n;Summe;;;11\n",
		 &plain,
		 "skip when \"Bezeichnung\" is \"Zwischensumme\"  # 98 %: 2 rows of totals\n"
		 "skip when \"Bezeichnung\" is \"Summe\"  # 98 %: 1 row of totals\n",
		 "totals of parts");
	says(LIST ROWS ";;;22,50;7\n", &plain,
		 "skip when \"Artikelnummer\" is blank  # 98 %: 1 row of sums, without a key\n",
		 "sums without a word");
	says("sku;price;stock\nA1;10.50;3\nA2;12.00;4\nTotal;22.50;7\n", &plain,
		 "skip when \"sku\" is \"Total\"  # 98 %", "a file without names");

	skips_nothing(LIST ROWS ";;;23,50;8\n", "a product that lacks its key is not skipped");
	skips_nothing(LIST ROWS ";Topf;Kitchen;22,50;7\n", "nor is one with a name");
	skips_nothing(LIST ROWS "A3;Total;Kitchen;22,50;7\n", "nor one whose name is such a word");
	skips_nothing(LIST ROWS ";Total;Kitchen;5,00;7\n", "even if it lacks its key");
	skips_nothing("Artikelnummer;Bezeichnung;Marke;Preis\nA1;Oel;Total;10,00\n;;Total;10,00\n",
				  "a brand is no total");
	skips_nothing("sku;price;stock\nTotal;22.50;7\nA1;10.50;3\nA2;12.00;4\n",
				  "without names, a key in the middle may be one");

	says_of_long(";Summe;;22950,00;7140\n",
				 "skip when \"Bezeichnung\" is \"Summe\"  # 95 %: 1 row of totals\n",
				 "the last row of a long file");
	says_of_long(";;;22950,00;7140\n",
				 "skip when \"Artikelnummer\" is blank  # 75 %: 1 row of sums",
				 "even without a word");
}

/* The text of a map has limits, and so have its statements: whatever a file has, they hold. */
static void
test_limits(void)
{
	struct byte_buffer csv = {0};
	struct glue_error error;
	struct map_text_facts plain = {.file_name = "a.csv"};
	char *text;

	for (int i = 0; i < 3000; i++)
	{
		char heading[200];

		snprintf(heading, sizeof(heading), "%sspalte %060d", i > 0 ? ";" : "", i / 2);
		byte_buffer_append_string(&csv, heading, &error);
	}
	byte_buffer_append_string(&csv, ";\"Breite ", &error);
	for (int i = 0; i < 60; i++)
		byte_buffer_append_string(&csv, "\\\"\"", &error);
	byte_buffer_append_string(&csv, "\";Preis;sku\n", &error);
	byte_buffer_terminate(&csv, &error);
	text = guess_text(csv.data, &plain);
	ok(text != NULL && strlen(text) <= MAP_MAX_BYTES, "thousands of headings fit");
	free(text);
	byte_buffer_clean_up(&csv);
}

static void
test_text(void)
{
	struct map_text_facts plain = {.file_name = "a.csv"};
	struct map_text_facts all = {.file_name = "a\n.csv",
								 .fitting_map = "shopify",
								 .encoding = "windows-1252",
								 .sheet = "Blatt \"1\"",
								 .delimiter = '\t',
								 .quote = "none",
								 .max_bytes = 5000};
	const char *shoes = "Bezeichnung;Preis;Warengruppe;Artikelnummer;Farbe\n"
						"Schuh rot;12,50;Schuhe;A1;rot\nHut blau;13,00;Kitchen;A2;blau\n";

	says(shoes, &plain, "# 9", "each line says how sure it is");
	says(
		"Item No,Description,Range,RRP,Trade price,Qty\n"
		"A1,Oak Table,Tables,\"£299.00\",\"£150.00\",12\nA2,Pine Chair,Chairs,\"£59.50\",\"£30.00\",0\n",
		&plain, "# product_name = \"Description\"  # 50 %", "descriptions may be names");
	says(
		"Item No,Description,Range,RRP,Trade price,Qty\n"
		"A1,Oak Table,Tables,\"£299.00\",\"£150.00\",12\nA2,Pine Chair,Chairs,\"£59.50\",\"£30.00\",0\n",
		&plain, "# price = \"RRP\" | strip_currency  # 50 %", "what a dealer pays is no price");
	says(shoes, &plain, "\n# mode upsert", "a list may come again");
	says(shoes, &plain, "# Required, but", "missing columns are named");
	says(shoes, &plain, "# stock_quantity = constant \"0\"", "with what could be written");
	says(shoes, &plain, "#   \"Schuhe\" = ?", "unknown categories are listed");
	says(shoes, &plain, " | values(categories)", "and looked up in a list");
	says(shoes, &plain, "# \"Farbe\"", "headings that are not used are listed");
	says(shoes, &all, "# The map \"shopify\"", "a map that fits is named");
	says(
		shoes, &all,
		"encoding windows-1252\ndelimiter tab\nquote \"none\"\nsheet \"Blatt \\\"1\\\"\"\nmax_bytes 5000\n",
		"settings are statements");
	says("sku;price;Foto;Foto\nA1;1.00;x;y\nA2;2.00;x;y\n", &plain, "ignore \"Foto\"",
		 "headings that occur twice are ignored");
	says("sku;price;Bild;BILD\nA1;1.00;https://a.example/1.jpg;x\n", &plain, "ignore \"Bild\"",
		 "even if one could be used");
	says("*;onboard_line;Preis\nA1;B1;1,00\nA2;B2;2,00\n", &plain, "likely enough:\n# sku\n",
		 "headings that a map cannot name are no columns");
	says("sku;price\nA1;1.00\nA2;2.00\n", &plain, "mode update",
		 "a file of prices updates products");
	says("EAN;name;price\n4006381333931;a b;1.00\n4006381333948;c d;2.00\n", &plain,
		 "barcodes; the file has no other key", "barcodes are the last resort");
	says("Name;Prix\n", &plain, "product_name = \"Name\"", "a file without rows has headings");
	says("x \"y\" \\;Preis\n1;2\n", &plain, "\"x \\\"y\\\" \\\\\"",
		 "quotes and escapes are written");
	says("\"Preis\nEUR\";sku\n1;2\n", &plain, "price = \"Preis\\nEUR\"", "so are line ends");
}

int
main(void)
{
	test_files();
	test_layouts();
	test_text();
	test_totals();
	test_limits();
	return unit_done();
}
