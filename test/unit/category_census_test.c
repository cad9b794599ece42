/*-------------------------------------------------------------------------
 *
 * category_census_test.c
 *	  The value list that a guess proposes is the one that its map asks for.
 *
 * A map is guessed for a file, its list is filled in, and the file is read with both, as a
 * load does: each value of the list is replaced in as many rows as the guess said, and
 * every row ends up with a category.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <cjson/cJSON.h>

#include "guess/map_guess.h"
#include "guess/map_text.h"
#include "reader/row_reader.h"
#include "shared/suggest.h"
#include "shipped_categories.h"

#define MOST_ENTRIES 32
#define REPLACEMENT "replacement %d"

static const struct category_list known = {.names = categories, .count = CATEGORY_COUNT};

/* The file, read with the guessed map. */
struct loading
{
	const struct row_reader *reader;
	int rows;
	int known;                  /* rows with one of our categories */
	int replaced[MOST_ENTRIES]; /* rows with each replacement */
};

/* ----- guessing ----- */

static struct sample *
sample_of(const char *csv, record_fn take, void *context)
{
	struct row_source_options options = {0};
	struct glue_error error = {0};
	char ignored[DECODE_NAME_SIZE];
	struct sample *sample = sample_new(&options, true, &error);

	sample_watch(sample, take, context);
	if (!sample_push(sample, csv, strlen(csv), &error) || !sample_finish(sample, ignored, &error))
	{
		printf("# %s\n", error.text);
		abort();
	}
	return sample;
}

/* Let a guess see the rows that its sample does not have. */
static void
take_rows(struct map_guess *guess, const char *csv)
{
	if (map_guess_needs_rows(guess) && map_guess_begin_rows(guess))
		sample_destroy(sample_of(csv, map_guess_take_row, guess));
}

/* ----- the document of the map, with its list filled in ----- */

static char *
document_of(const char *definition, const struct unknown_category *unknown, int count)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *list = cJSON_CreateObject();
	cJSON *names = cJSON_AddArrayToObject(document, "categories");
	char *text;

	for (int i = 0; i < count; i++)
	{
		char replacement[32];

		snprintf(replacement, sizeof(replacement), REPLACEMENT, i);
		cJSON_AddStringToObject(list, unknown[i].value.data, replacement);
	}
	for (int i = 0; i < CATEGORY_COUNT; i++)
		cJSON_AddItemToArray(names, cJSON_CreateString(categories[i].data));
	cJSON_AddItemToObject(cJSON_AddObjectToObject(document, "values"), GUESS_CATEGORY_LIST, list);
	cJSON_AddStringToObject(document, "name", "guessed");
	cJSON_AddStringToObject(document, "hash", "0123abcd");
	cJSON_AddStringToObject(document, "definition", definition);
	text = cJSON_PrintUnformatted(document);
	cJSON_Delete(document);
	return text;
}

/* ----- loading ----- */

static bool
take_row(void *context, const struct record *row)
{
	struct loading *loading = context;
	int place = row_reader_map(loading->reader)->position[COLUMN_CATEGORY];
	struct text_view category = text_trim(row->fields[place]);
	int number = -1;
	char text[64];

	loading->rows++;
	snprintf(text, sizeof(text), "%.*s", (int) category.length, category.data);
	if (sscanf(text, REPLACEMENT, &number) == 1)
		loading->replaced[number]++;
	else if (name_find(category, categories, CATEGORY_COUNT) >= 0)
		loading->known++;
	else
		printf("# row %d has the category \"%s\"\n", loading->rows, text);
	return true;
}

static void
load(const char *csv, const struct file_map *map, struct loading *loading)
{
	struct column_needs needs = {MODE_INSERT, MATCH_COUNT, map};
	struct row_reader_events events = {NULL, take_row, loading};
	struct glue_error error = {0};
	struct row_reader *reader = row_reader_open(NULL, &events, &error);

	loading->reader = reader;
	row_reader_need(reader, &needs);
	if (!row_reader_push(reader, csv, strlen(csv), &error) || !row_reader_finish(reader, &error))
		printf("# %s\n", error.text);
	row_reader_destroy(reader);
}

/* ----- checks ----- */

/* Check how many values a file has for the list, and that all of them apply. */
static void
check(const char *name, const char *csv, int expected)
{
	struct map_text_facts facts = {.file_name = "a.csv"};
	struct glue_error error = {0};
	struct byte_buffer text = {0};
	struct sample *sample = sample_of(csv, NULL, NULL);
	struct map_guess *guess = map_guess_new(sample_table(sample), &known, &error);
	struct loading loading = {0};
	const struct unknown_category *unknown;
	struct file_map *map;
	char *document;
	int64_t more;
	int count;
	int replaced = 0;

	take_rows(guess, csv);
	unknown = map_guess_unknown_categories(guess, &count, &more);
	is_int(count, expected, "%s: the number of values for the list", name);
	map_text_write(guess, &facts, &text, &error);
	document = document_of(text.data, unknown, count);
	map = file_map_parse(document, &error);
	if (ok(map != NULL, "%s: the map is one", name))
		load(csv, map, &loading);
	for (int i = 0; i < count; i++)
	{
		is_int(loading.replaced[i], unknown[i].rows, "%s: \"%s\" applies", name,
			   unknown[i].value.data);
		replaced += loading.replaced[i];
	}
	ok(loading.rows > 0 && loading.known + replaced == loading.rows, "%s: every row has a category",
	   name);
	file_map_destroy(map);
	cJSON_free(document);
	byte_buffer_clean_up(&text);
	map_guess_destroy(guess);
	sample_destroy(sample);
}

#define HEADER "Artikelnummer;Bezeichnung;Warengruppe;Preis;Bestand\n"

static void
test_lists(void)
{
	check("plain names",
		  HEADER
		  "A1;Zelt blau;Zelte;1,50;3\nA2;Topf rot;Kitchen;2,50;3\nA3;Zelt rot;Zelte;3,50;1\n",
		  1);
	check("one spelling for all",
		  HEADER
		  "A1;Zelt blau;Zelte;1,50;3\nA2;Zelt rot;ZELTE;2,50;3\nA3;Zelt lang;zelte;3,50;1\n"
		  "A4;Zelt mit Dach;Zelte  und Planen;9,00;1\nA5;Zelt kurz;Zelte und Planen;9,50;2\n",
		  2);
	check("paths",
		  HEADER "A1;Zelt blau;Shop > Zelte;1,50;3\nA2;Topf rot;Shop > Kitchen;2,50;3\n"
				 "A3;Topf lang;Shop > kitchens;2,60;3\nA4;Zelt rot;Shop > Planen;3,50;1\n"
				 "A5;Beet;Shop > Garden;9,50;1\n",
		  2);
	check("categories in other words",
		  HEADER "A1;Topf blau;kitchens;1,50;3\nA2;Topf rot;KITCHEN;2,50;3\nA3;Beet;garden;2,60;3\n"
				 "A4;Zelt rot;Planen;3,50;1\n",
		  1);
	check("lists of paths",
		  HEADER "A1;Zelt blau;Tents, Bar;1,50;3\nA2;Topf rot;Home > Kitchen, Bar;2,50;3\n"
				 "A3;Beet rot;Home > Garden, New;2,60;3\nA4;Zelt rot;Tents, Sale;3,50;1\n"
				 "A5;Zelt lang;Tents;9,50;1\nA6;Bild;Home > Bilder, Sale;9,60;1\n"
				 "A7;Topf lang;Home > Kitchen, Sale;2,70;3\n",
		  2);
	check("lists with another sign",
		  "sku,name,category,price,stock\nA1,Tent blue,Tents;Bar,1.50,3\n"
		  "A2,Pot red,Home > Kitchen;Bar,2.50,3\nA3,Bed red,Home > Garden;New,2.60,3\n"
		  "A4,Tent red,Tents;Sale,3.50,1\n",
		  1);
	check("names with a sign",
		  "sku,name,category,price,stock\nA1,Tent blue,\"Tents, large\",1.50,3\n"
		  "A2,Pot red,Kitchen,2.50,3\nA3,Tent red,\"Tents, small\",2.60,3\n",
		  2);
}

static void
test_rows(void)
{
	struct byte_buffer csv = {0};
	struct glue_error error;

	check("rows that are skipped",
		  "Handle,Title,Type,SKU,Price,Stock\na,Shirt long,Shirts,A1,1.50,3\n"
		  "a,,Pictures,,,\nb,Shirt blue,Kitchen,B1,2.50,3\nb,,Pictures,,,\n",
		  1);
	check("cells that are filled down",
		  "Handle,Title,Product Type,SKU,Price,Stock\na,Shirt long,Shirts,A1,1.50,3\n"
		  "a,,,A2,1.60,3\na,,,A3,1.70,3\nb,Shirt blue,Kitchen,B1,2.50,3\nb,,,B2,2.50,3\n",
		  1);
	byte_buffer_append_string(&csv, HEADER, &error);
	for (int i = 0; i < SAMPLE_ROWS + 100; i++)
	{
		char row[80];

		snprintf(row, sizeof(row), "A%d;Ding Nummer %d;%s;%d,50;3\n", i, i,
				 i % 2 == 0        ? "Shop > Kitchen"
				 : i < SAMPLE_ROWS ? "Shop > Zelte"
								   : "Shop > Planen",
				 i + 1);
		byte_buffer_append_string(&csv, row, &error);
	}
	byte_buffer_terminate(&csv, &error);
	check("rows beyond the sample", csv.data, 2);
	byte_buffer_clean_up(&csv);
}

int
main(void)
{
	test_lists();
	test_rows();
	return unit_done();
}
