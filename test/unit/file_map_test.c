/*-------------------------------------------------------------------------
 *
 * file_map_test.c
 *	  Parsing the documents of onboard_map(), and refusing others.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "events.h"
#include "map_document.h"
#include "shared/heading.h"

#define DOCUMENT(members) "{\"name\":\"shop\",\"hash\":\"0\"," members "}"

static void
test_defaults(void)
{
	struct glue_error error;
	struct file_map *map = map_parse("mode upsert\nmatch sku\nblank keep\nencoding windows-1252\n"
									 "delimiter tab\nquote none\nsheet \"A b\"\n"
									 "max_bytes 200000000\nmax_rows 500000\n",
									 &error);
	const struct file_map_defaults *defaults;

	if (!ok(map != NULL, "a map of settings is parsed"))
		return;
	defaults = file_map_defaults(map);
	is_text(file_map_name(map), "shop", "its name");
	is_text(file_map_hash(map), "0123abcd", "its hash");
	is_text(defaults->mode, "upsert", "mode");
	is_text(defaults->match, "sku", "match");
	is_text(defaults->blank, "keep", "blank");
	is_text(defaults->encoding, "windows-1252", "encoding");
	is_text(defaults->sheet, "A b", "sheet");
	is_int(defaults->delimiter, '\t', "delimiter");
	ok(defaults->has_quote && defaults->quote == QUOTE_NONE, "quote");
	is_int(defaults->max_bytes, 200000000, "bytes");
	is_int(defaults->max_rows, 500000, "rows");
	file_map_destroy(map);

	map = map_parse("", &error);
	if (!ok(map != NULL, "an empty map is parsed"))
		return;
	defaults = file_map_defaults(map);
	ok(defaults->mode == NULL && defaults->match == NULL && defaults->blank == NULL &&
		   defaults->encoding == NULL && defaults->sheet == NULL && defaults->delimiter == 0 &&
		   !defaults->has_quote && defaults->max_bytes == 0 && defaults->max_rows == 0,
	   "it has no settings");
	file_map_destroy(map);
	file_map_destroy(NULL);
}

static void
test_headings(void)
{
	struct glue_error error;
	struct file_map *map = map_parse("brand = Marke or Hersteller | fill_down(Handle) | "
									 "join(Sign, Serie)\nignore Tags\nskip when Typ is x\n"
									 "unit = constant Stueck",
									 &error);
	static const char *const named[] = {"marke", "HERSTELLER", "handle", "Serie",
										"tags",  "typ",        "price",  "unit"};
	static const char *const others[] = {"Sign", "x", "Stueck", "", "-", "Marken"};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		ok(file_map_is_heading(map, text_of(named[i])), "\"%s\" is a heading", named[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(!file_map_is_heading(map, text_of(others[i])), "\"%s\" is none", others[i]);
	ok(!file_map_is_heading(NULL, text_of("marke")) && file_map_is_heading(NULL, text_of("sku")),
	   "without a map, our columns are headings");
	file_map_destroy(map);
}

/* A definition without a document: no values, rates of 1, and other categories. */
static void
test_definition(void)
{
	static const struct text_view names[] = {{"Garden", 6}, {"Kitchen", 7}};
	static const struct category_list categories = {.names = names, .count = 2};
	struct glue_error error;
	struct file_map *map = file_map_of_definition(
		text_of("category = c | category_path | values(any)\nprice = p | exchange(EUR, USD)"),
		&categories, &error);
	struct transform_room room = {0};
	char bytes[20];
	const struct map_use *use;

	if (!ok(map != NULL, "a definition is parsed by itself"))
		return;
	use = file_map_use(map, COLUMN_CATEGORY);
	ok(text_equal(transform_apply(&use->steps[0], text_of("x > kitchens"), &room), names[1]),
	   "with categories");
	ok(text_equal(transform_apply(&use->steps[1], text_of("x"), &room), text_of("x")),
	   "without values");
	ok(file_map_empty_list(map) == NULL, "no list lacks its values");
	room = (struct transform_room){bytes, sizeof(bytes), 0, false};
	use = file_map_use(map, COLUMN_PRICE);
	ok(text_equal(transform_apply(&use->steps[0], text_of("12.50"), &room), text_of("12.50")),
	   "and with rates of 1");
	file_map_destroy(map);
	ok(file_map_of_definition(text_of("price ="), &categories, &error) == NULL &&
		   strcmp(error.code, "INVALID_SETTING") == 0,
	   "one with a fault is none");
}

static void
check_refusal(const char *document, enum glue_error_class class, const char *code, const char *text)
{
	struct glue_error error;
	struct file_map *map = file_map_parse(document, &error);

	ok(map == NULL, "%.60s is refused", document);
	is_int(error.class, class, "the error has the expected class");
	is_text(error.code, code, "code");
	is_text(error.text, text, "and text");
	file_map_destroy(map);
}

static void
test_refusals(void)
{
	static const char foreign[] =
		"the column map of the vendor was written for another version of this program";
	static const char *const documents[] = {
		"",
		"{",
		"[]",
		"null",
		"{}",
		"{\"name\":\"a\",\"definition\":\"\"}",
		"{\"name\":\"a\",\"hash\":1,\"definition\":\"\"}",
		DOCUMENT("\"definition\":null"),
		DOCUMENT("\"values\":{\"a\":[]},\"definition\":\"\""),
		DOCUMENT("\"values\":{\"a\":{\"b\":1}},\"definition\":\"\""),
		DOCUMENT("\"categories\":[1],\"definition\":\"\""),
		DOCUMENT("\"definition\":\"price = a | values(x)\""),
		DOCUMENT("\"definition\":\"price = a | exchange(EUR, USD)\""),
		DOCUMENT("\"rates\":{\"EUR/USD\":{\"rate\":1.5}},"
				 "\"definition\":\"price = a | exchange(EUR, USD)\""),
		DOCUMENT("\"rates\":{\"EUR/USD\":{\"rate\":\"NaN\"}},"
				 "\"definition\":\"price = a | exchange(EUR, USD)\""),
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		check_refusal(documents[i], GLUE_INTERNAL_ERROR, "MAP", foreign);
	check_refusal(DOCUMENT("\"missing_rates\":[\"GBP/USD\"],\"definition\":\"\""), GLUE_FILE_FAULT,
				  "INVALID_SETTING",
				  "the map shop needs the exchange rate GBP/USD, which is not stored; store it "
				  "with \"onboard map rate GBP USD RATE\"");
	check_refusal(DOCUMENT("\"definition\":\"\\nprice = \""), GLUE_FILE_FAULT, "INVALID_SETTING",
				  "the map shop has a fault in line 2: the heading of a column of the file is "
				  "missing at the end of the line");
	check_refusal(DOCUMENT("\"definition\":\"mode upsert\\nencoding nonsense-8\""), GLUE_FILE_FAULT,
				  "INVALID_SETTING",
				  "the map shop has a fault in line 2: encoding \"nonsense-8\" is not supported; "
				  "\"iconv -l\" lists the supported ones");
}

/* Parse while allocations fail, one after the other. */
static void
test_memory(void)
{
	static const char definition[] =
		"brand = a | values(categories) | category_path\nsku = b\nskip when c is blank\nignore d\n"
		"mode upsert\nattribute x = constant y";
	char *document = map_document(definition);
	struct file_map *map = NULL;

	for (int count = 0; count < 100 && map == NULL; count++)
	{
		struct glue_error error;

		allocations_left = count;
		glue_set_reallocate(failing_reallocate);
		map = file_map_parse(document, &error);
		glue_set_reallocate(NULL);
		if (map == NULL && strcmp(error.code, "OUT_OF_MEMORY") != 0)
			is_text(error.code, "OUT_OF_MEMORY", "allocation %d", count);
	}
	allocations_left = -1;
	ok(map != NULL, "a map is parsed with enough memory");
	file_map_destroy(map);
	cJSON_free(document);
}

/* A list of many values is searched, not walked. */
static void
test_large_list(void)
{
	cJSON *document = cJSON_Parse(DOCUMENT("\"definition\":\"brand = a | values(l)\""));
	cJSON *list = cJSON_AddObjectToObject(cJSON_AddObjectToObject(document, "values"), "l");
	struct glue_error error;
	struct file_map *map;
	char *text;
	int found = 0;

	for (int i = 0; i < 20000; i++)
	{
		cJSON *replacement;
		char name[32];

		snprintf(name, sizeof(name), "Value %d", (i * 7919) % 20000);
		replacement = cJSON_CreateString(name + 6);
		cJSON_AddItemToObject(list, name, replacement);
	}
	text = cJSON_PrintUnformatted(document);
	map = file_map_parse(text, &error);
	for (int i = 0; map != NULL && i < 20000; i++)
	{
		struct text_view replacement;
		char name[32];

		snprintf(name, sizeof(name), "VALUE  %d", i);
		found += value_list_find(map->uses[0].steps[0].list, text_of(name), &replacement) &&
				 text_equal(replacement, text_of(name + 7));
	}
	is_int(found, 20000, "each value of a large list is found");
	file_map_destroy(map);
	cJSON_free(text);
	cJSON_Delete(document);
}

int
main(void)
{
	test_defaults();
	test_headings();
	test_definition();
	test_refusals();
	test_memory();
	test_large_list();
	return unit_done();
}
