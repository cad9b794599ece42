/*-------------------------------------------------------------------------
 *
 * file_map.c
 *	  A vendor's column map, parsed from the document of onboard_map().
 *
 * Texts of the document are borrowed from its JSON tree; those of the map's
 * statements, whose escapes are resolved, are copied.  A map is read twice: its
 * statements are counted, then stored.
 *
 *-------------------------------------------------------------------------
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/heap.h"
#include "reader/encoding_check.h"
#include "reader/file_map.h"
#include "shared/heading.h"
#include "shared/map_syntax.h"

/* Memory of a map; the next block was allocated before. */
struct block
{
	struct block *next;
	max_align_t memory[];
};

/* A map that is being parsed. */
struct parsing
{
	struct file_map *map;
	const cJSON *document; /* NULL if there is only a definition */
	struct glue_error *error;
};

/* ----- memory ----- */

/* Allocate memory that lives as long as the map; sets the error if there is none. */
static void *
allocate(struct parsing *parsing, size_t size)
{
	struct block *block = glue_allocate_zero(sizeof(*block) + size);

	if (block == NULL)
	{
		glue_error_memory(parsing->error);
		return NULL;
	}
	block->next = parsing->map->blocks;
	parsing->map->blocks = block;
	return block->memory;
}

/* Copy texts and their bytes, each with a NUL; sets the error and returns NULL if out of memory. */
static const struct text_view *
copy_texts(struct parsing *parsing, const struct text_view *texts, int count)
{
	size_t size = sizeof(*texts) * (size_t) count;
	struct text_view *copies;
	char *next;

	for (int i = 0; i < count; i++)
		size += texts[i].length + 1;
	copies = allocate(parsing, size);
	if (copies == NULL)
		return NULL;
	next = (char *) (copies + count);
	for (int i = 0; i < count; i++)
	{
		copies[i] = (struct text_view){next, texts[i].length};
		if (texts[i].length > 0)
			memcpy(next, texts[i].data, texts[i].length);
		next += texts[i].length + 1;
	}
	return copies;
}

/* Copy one text; one that is absent remains so. */
static bool
copy_text(struct parsing *parsing, struct text_view *copy, struct text_view text)
{
	const struct text_view *copies;

	*copy = text;
	if (text.data == NULL)
		return true;
	copies = copy_texts(parsing, &text, 1);
	if (copies != NULL)
		*copy = *copies;
	return copies != NULL;
}

/* ----- the document ----- */

static bool
foreign_document(struct parsing *parsing)
{
	return glue_error_set(
		parsing->error, GLUE_INTERNAL_ERROR, "MAP",
		"the column map of the vendor was written for another version of this program");
}

/* Return a member that is a text, or NULL. */
static const char *
text_member(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Refuse a map that uses exchange rates which are not stored. */
static bool
check_rates(struct parsing *parsing)
{
	const cJSON *missing = cJSON_GetObjectItemCaseSensitive(parsing->document, "missing_rates");
	const char *pair = cJSON_GetStringValue(cJSON_GetArrayItem(missing, 0));

	if (pair == NULL)
		return true;
	return glue_error_set(parsing->error, GLUE_FILE_FAULT, "INVALID_SETTING",
						  "the map %s needs the exchange rate %s, which is not stored; store it "
						  "with \"onboard map rate %.3s %.3s RATE\"",
						  parsing->map->name, pair, pair, strlen(pair) > 4 ? pair + 4 : "");
}

/* Read a value list from an object; its members are values and replacements. */
static bool
read_list(struct parsing *parsing, struct value_list *list, const cJSON *object)
{
	size_t room = 0;
	const cJSON *member;
	char *next;

	list->name = object->string;
	cJSON_ArrayForEach(member, object)
	{
		if (!cJSON_IsString(member))
			return foreign_document(parsing);
		/* A letter may have a longer encoding in lower case, by half at most. */
		room += 2 * strlen(member->string);
		list->count++;
	}
	list->pairs = allocate(parsing, sizeof(*list->pairs) * (size_t) list->count + room);
	if (list->pairs == NULL)
		return false;
	next = (char *) (list->pairs + list->count);
	list->count = 0;
	cJSON_ArrayForEach(member, object)
	{
		char key[VALUE_LIST_KEY_BYTES];
		size_t length = value_list_key(text_of(member->string), key);

		if (length == 0)
			continue;
		memcpy(next, key, length);
		list->pairs[list->count++] =
			(struct value_pair){{next, length}, text_of(member->valuestring)};
		next += length;
	}
	value_list_sort(list);
	return true;
}

static bool
read_lists(struct parsing *parsing)
{
	const cJSON *values = cJSON_GetObjectItemCaseSensitive(parsing->document, "values");
	struct file_map *map = parsing->map;
	const cJSON *list;

	map->lists = allocate(parsing, sizeof(*map->lists) * (size_t) (cJSON_GetArraySize(values) + 1));
	if (map->lists == NULL)
		return false;
	cJSON_ArrayForEach(list, values)
	{
		if (!cJSON_IsObject(list))
			return foreign_document(parsing);
		if (!read_list(parsing, &map->lists[map->list_count++], list))
			return false;
	}
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	const struct text_view *x = a;
	const struct text_view *y = b;

	return text_compare(*x, *y);
}

/* The names are looked up for every row. */
static bool
index_categories(struct parsing *parsing)
{
	struct category_list *categories = &parsing->map->categories;
	int *index = allocate(parsing, sizeof(*index) * category_index_size(categories->count));

	if (index != NULL)
		category_index_fill(categories, index);
	return index != NULL;
}

static bool
read_categories(struct parsing *parsing)
{
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(parsing->document, "categories");
	struct category_list *categories = &parsing->map->categories;
	const cJSON *name;
	struct text_view *sorted =
		allocate(parsing, sizeof(*sorted) * (size_t) (cJSON_GetArraySize(names) + 1));

	if (sorted == NULL)
		return false;
	categories->names = sorted;
	cJSON_ArrayForEach(name, names)
	{
		if (!cJSON_IsString(name))
			return foreign_document(parsing);
		sorted[categories->count++] = text_of(name->valuestring);
	}
	qsort(sorted, (size_t) categories->count, sizeof(*sorted), compare_names);
	return index_categories(parsing);
}

/* ----- steps ----- */

/* Find the list of a step; the document has each that the map uses. */
static bool
find_list(struct parsing *parsing, struct transform_step *step)
{
	static const struct value_list no_values = {.name = ""};
	const struct file_map *map = parsing->map;

	if (parsing->document == NULL)
		step->list = &no_values;
	for (int i = 0; i < map->list_count && step->list == NULL; i++)
	{
		if (text_equal(step->arguments[0], text_of(map->lists[i].name)))
			step->list = &map->lists[i];
	}
	return step->list != NULL || foreign_document(parsing);
}

/* Find the rate of a step, likewise. */
static bool
find_rate(struct parsing *parsing, struct transform_step *step)
{
	const cJSON *rates = cJSON_GetObjectItemCaseSensitive(parsing->document, "rates");
	const char *rate;
	char pair[] = "FROM/TO";

	if (parsing->document == NULL)
		return decimal_read(text_of("1"), &step->factor);
	snprintf(pair, sizeof(pair), "%.3s/%.3s", step->arguments[0].data, step->arguments[1].data);
	rate = text_member(cJSON_GetObjectItemCaseSensitive(rates, pair), "rate");
	return (rate != NULL && decimal_read(text_of(rate), &step->factor)) ||
		   foreign_document(parsing);
}

static bool
read_whole(struct text_view text, int *number)
{
	static const struct number_range range = {NUMBER_PIECES, 0, INT_MAX};
	int64_t parsed;

	if (number_parse(text, &range, &parsed) != NUMBER_VALID)
		return false;
	*number = (int) parsed;
	return true;
}

/* Resolve what a step's arguments mean. */
static bool
resolve_step(struct parsing *parsing, struct transform_step *step)
{
	switch (step->transformation)
	{
		case TRANSFORMATION_FACTOR:
		case TRANSFORMATION_AT_LEAST:
			return decimal_read(step->arguments[0], &step->factor) || foreign_document(parsing);
		case TRANSFORMATION_EXCHANGE:
			return find_rate(parsing, step);
		case TRANSFORMATION_STRIP_CURRENCY:
			if (step->argument_count > 0)
				step->currency = step->arguments[0];
			return true;
		case TRANSFORMATION_VALUES:
			return find_list(parsing, step);
		case TRANSFORMATION_CATEGORY_PATH:
			step->categories = &parsing->map->categories;
			return true;
		case TRANSFORMATION_DECIMALS:
			return read_whole(step->arguments[0], &step->number) || foreign_document(parsing);
		case TRANSFORMATION_SPLIT:
			return read_whole(step->arguments[1], &step->number) || foreign_document(parsing);
		default:
			return true;
	}
}

static bool
store_step(struct parsing *parsing, struct transform_step *step, const struct map_step *from)
{
	step->transformation = from->transformation;
	step->argument_count = from->argument_count;
	step->arguments = copy_texts(parsing, from->arguments, from->argument_count);
	return step->arguments != NULL && resolve_step(parsing, step);
}

/* ----- statements ----- */

/*
 * An amount in another currency than the one that is exchanged keeps its sign, so that
 * it is rejected: its value would be wrong.
 */
static void
expect_currency(struct transform_step *steps, int count)
{
	const struct transform_step *exchange = NULL;

	for (int i = count - 1; i >= 0; i--)
	{
		if (steps[i].transformation == TRANSFORMATION_EXCHANGE)
			exchange = &steps[i];
		else if (steps[i].transformation == TRANSFORMATION_STRIP_CURRENCY && exchange != NULL &&
				 steps[i].argument_count == 0)
			steps[i].currency = exchange->arguments[0];
	}
}

/* Store the steps of a statement; NULL without memory, or on an error in them. */
static const struct transform_step *
store_steps(struct parsing *parsing, const struct map_statement *statement)
{
	struct transform_step *steps =
		allocate(parsing, sizeof(*steps) * (size_t) statement->step_count);

	for (int i = 0; steps != NULL && i < statement->step_count; i++)
	{
		if (!store_step(parsing, &steps[i], &statement->steps[i]))
			return NULL;
	}
	if (steps != NULL)
		expect_currency(steps, statement->step_count);
	return steps;
}

static bool
are_safe(const struct map_statement *statement)
{
	for (int i = 0; i < statement->step_count; i++)
	{
		if (!transformations[statement->steps[i].transformation].is_safe)
			return false;
	}
	return true;
}

static bool
store_use(struct parsing *parsing, const struct map_statement *statement)
{
	struct map_use *use = &parsing->map->uses[parsing->map->use_count++];

	use->kind = statement->kind;
	use->column = statement->column;
	use->heading_count = statement->heading_count;
	use->headings = copy_texts(parsing, statement->headings, statement->heading_count);
	use->step_count = statement->step_count;
	use->steps = store_steps(parsing, statement);
	use->is_safe = are_safe(statement);
	return use->steps != NULL && use->headings != NULL &&
		   copy_text(parsing, &use->name, statement->name) &&
		   copy_text(parsing, &use->constant, statement->value);
}

static bool
store_skip(struct parsing *parsing, const struct map_statement *statement)
{
	struct map_skip *skip = &parsing->map->skips[parsing->map->skip_count++];
	const struct transform_step *steps = store_steps(parsing, statement);

	skip->heading_count = statement->heading_count;
	skip->headings = copy_texts(parsing, statement->headings, statement->heading_count);
	skip->is_not = statement->is_not;
	skip->fill = statement->step_count > 0 ? steps : NULL;
	return steps != NULL && skip->headings != NULL &&
		   copy_text(parsing, &skip->value, statement->value);
}

static bool
store_ignore(struct parsing *parsing, const struct map_statement *statement)
{
	struct text_view *heading = &parsing->map->ignored[parsing->map->ignored_count++];

	return copy_text(parsing, heading, statement->headings[0]);
}

/* Refuse a map because of a line that the database accepted. */
static bool
refuse_line(struct parsing *parsing, int line, const char *reason)
{
	return glue_error_set(parsing->error, GLUE_FILE_FAULT, "INVALID_SETTING",
						  "the map %s has a fault in line %d: %s", parsing->map->name, line,
						  reason);
}

/*
 * The database stores any name of an encoding, because only the program that reads the
 * file knows which ones it can decode.
 */
static bool
store_encoding(struct parsing *parsing, const char *encoding, int line)
{
	struct glue_error unsupported;

	parsing->map->defaults.encoding = encoding;
	return encoding_check_name(encoding, &unsupported) ||
		   refuse_line(parsing, line, unsupported.text);
}

static bool
store_setting(struct parsing *parsing, const struct map_statement *statement)
{
	struct file_map_defaults *defaults = &parsing->map->defaults;
	struct text_view value;

	if (!copy_text(parsing, &value, statement->value))
		return false;
	switch (statement->setting)
	{
		case MAP_SETTING_MODE:
			defaults->mode = value.data;
			break;
		case MAP_SETTING_MATCH:
			defaults->match = value.data;
			break;
		case MAP_SETTING_BLANK:
			defaults->blank = value.data;
			break;
		case MAP_SETTING_ENCODING:
			return store_encoding(parsing, value.data, statement->line);
		case MAP_SETTING_DELIMITER:
			defaults->delimiter = value.data[0];
			break;
		case MAP_SETTING_QUOTE:
			defaults->has_quote = quote_sign_by_name(value.data, &defaults->quote);
			break;
		case MAP_SETTING_SHEET:
			defaults->sheet = value.data;
			break;
		case MAP_SETTING_HEADER:
			parsing->map->header = value;
			break;
		case MAP_SETTING_MAX_BYTES:
			defaults->max_bytes = statement->number;
			break;
		case MAP_SETTING_MAX_ROWS:
			defaults->max_rows = statement->number;
			break;
		case MAP_SETTING_COUNT:
			break;
	}
	return true;
}

static bool
store_statement(struct parsing *parsing, const struct map_statement *statement)
{
	switch (statement->kind)
	{
		case MAP_STATEMENT_SETTING:
			return store_setting(parsing, statement);
		case MAP_STATEMENT_SKIP:
			return store_skip(parsing, statement);
		case MAP_STATEMENT_IGNORE:
			return store_ignore(parsing, statement);
		case MAP_STATEMENT_IGNORE_OTHERS:
			parsing->map->ignores_others = true;
			return true;
		case MAP_STATEMENT_COLUMN:
		case MAP_STATEMENT_ATTRIBUTE:
		case MAP_STATEMENT_ACTION:
			break;
	}
	return store_use(parsing, statement);
}

/* Allocate room for the statements of a map. */
static bool
make_room(struct parsing *parsing, struct text_view text)
{
	struct file_map *map = parsing->map;
	struct map_syntax syntax;
	struct map_statement statement;
	size_t count = 1;

	map_syntax_start(&syntax, text);
	while (map_syntax_next(&syntax, &statement))
		count++;
	if (map_syntax_failed(&syntax))
		return refuse_line(parsing, syntax.fault.line, syntax.fault.message);
	map->uses = allocate(parsing, sizeof(*map->uses) * count);
	map->skips = allocate(parsing, sizeof(*map->skips) * count);
	map->ignored = allocate(parsing, sizeof(*map->ignored) * count);
	return map->uses != NULL && map->skips != NULL && map->ignored != NULL;
}

static bool
read_definition(struct parsing *parsing, struct text_view text)
{
	struct map_syntax syntax;
	struct map_statement statement;

	if (!make_room(parsing, text))
		return false;
	map_syntax_start(&syntax, text);
	while (map_syntax_next(&syntax, &statement))
	{
		if (!store_statement(parsing, &statement))
			return false;
	}
	return true;
}

/* ----- the whole ----- */

static bool
read_document(struct parsing *parsing)
{
	struct file_map *map = parsing->map;
	const char *definition = text_member(parsing->document, "definition");

	map->name = text_member(parsing->document, "name");
	map->hash = text_member(parsing->document, "hash");
	if (definition == NULL || map->name == NULL || map->hash == NULL)
		return foreign_document(parsing);
	return check_rates(parsing) && read_lists(parsing) && read_categories(parsing) &&
		   read_definition(parsing, text_of(definition));
}

/* Begin to parse a map; returns false if out of memory. */
static bool
start_parsing(struct parsing *parsing, struct glue_error *error)
{
	*parsing = (struct parsing){.map = glue_allocate_zero(sizeof(*parsing->map)), .error = error};
	glue_error_clear(error);
	return parsing->map != NULL || glue_error_memory(error);
}

/* Return the map if all of it was read. */
static struct file_map *
finish_parsing(const struct parsing *parsing, bool good)
{
	if (good)
		return parsing->map;
	file_map_destroy(parsing->map);
	return NULL;
}

struct file_map *
file_map_parse(const char *document, struct glue_error *error)
{
	struct parsing parsing;

	if (!start_parsing(&parsing, error))
		return NULL;
	parsing.document = parsing.map->document = cJSON_Parse(document);
	return finish_parsing(&parsing, read_document(&parsing));
}

struct file_map *
file_map_of_definition(struct text_view definition, const struct category_list *categories,
					   struct glue_error *error)
{
	struct parsing parsing;

	if (!start_parsing(&parsing, error))
		return NULL;
	parsing.map->name = parsing.map->hash = "";
	parsing.map->categories = *categories;
	return finish_parsing(&parsing, read_definition(&parsing, definition));
}

void
file_map_destroy(struct file_map *map)
{
	if (map == NULL)
		return;
	while (map->blocks != NULL)
	{
		struct block *next = map->blocks->next;

		glue_release(map->blocks);
		map->blocks = next;
	}
	cJSON_Delete(map->document);
	glue_release(map);
}

const char *
file_map_name(const struct file_map *map)
{
	return map->name;
}

const char *
file_map_hash(const struct file_map *map)
{
	return map->hash;
}

const char *
file_map_empty_list(const struct file_map *map)
{
	for (int i = 0; i < map->list_count; i++)
	{
		if (map->lists[i].count == 0)
			return map->lists[i].name;
	}
	return NULL;
}

const struct file_map_defaults *
file_map_defaults(const struct file_map *map)
{
	return &map->defaults;
}

/* ----- what a map mentions ----- */

const struct map_use *
file_map_use(const struct file_map *map, enum onboard_column column)
{
	for (int i = 0; i < map->use_count; i++)
	{
		if (map->uses[i].column == column && map->uses[i].kind != MAP_STATEMENT_ATTRIBUTE)
			return &map->uses[i];
	}
	return NULL;
}

static bool
is_among(struct text_view heading, const struct text_view *headings, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (heading_same(heading, headings[i]))
			return true;
	}
	return false;
}

/* Return whether a step names a heading. */
static bool
step_names(const struct transform_step *step, struct text_view heading)
{
	int first = step->transformation == TRANSFORMATION_JOIN ? 1 : 0;

	return (step->transformation == TRANSFORMATION_JOIN ||
			step->transformation == TRANSFORMATION_FILL_DOWN) &&
		   is_among(heading, step->arguments + first, step->argument_count - first);
}

static bool
use_names(const struct map_use *use, struct text_view heading)
{
	if (is_among(heading, use->headings, use->heading_count))
		return true;
	for (int i = 0; i < use->step_count; i++)
	{
		if (step_names(&use->steps[i], heading))
			return true;
	}
	return false;
}

static bool
skip_names(const struct map_skip *skip, struct text_view heading)
{
	return is_among(heading, skip->headings, skip->heading_count) ||
		   (skip->fill != NULL && step_names(skip->fill, heading));
}

/* Return whether the map names a heading, in whatever statement. */
static bool
names_heading(const struct file_map *map, struct text_view heading)
{
	for (int i = 0; i < map->use_count; i++)
	{
		if (use_names(&map->uses[i], heading))
			return true;
	}
	for (int i = 0; i < map->skip_count; i++)
	{
		if (skip_names(&map->skips[i], heading))
			return true;
	}
	return is_among(heading, map->ignored, map->ignored_count) ||
		   (map->header.data != NULL && heading_same(heading, map->header));
}

bool
file_map_is_heading(const struct file_map *map, struct text_view text)
{
	return heading_column(text) != COLUMN_NONE ||
		   (map != NULL && !heading_is_blank(text) && names_heading(map, text));
}
