/*-------------------------------------------------------------------------
 *
 * map_guess_command.c
 *	  onboard map guess: propose a map for a file.
 *
 * The proposal is based on the file, the categories that products may have and the
 * stored maps; nothing is changed.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/csv_writer.h"
#include "cli/json_out.h"
#include "cli/named.h"
#include "database/postgres_value.h"
#include "guess/map_guess.h"
#include "guess/map_text.h"
#include "guess/sample.h"
#include "import/file_source.h"
#include "import/map_fit.h"
#include "reader/encoding_check.h"

#define ENCODING_FAULT "WRONG_ENCODING"
#define HEADER_FAULT "NO_HEADER"

/* Least number of headings other than ours that such a map must name. */
#define LEAST_FOREIGN_HEADINGS 3

/* ----- categories ----- */

/* The categories that products may have; owns the result that the names are in. */
struct known_categories
{
	PGresult *result;
	struct text_view *names;
	int *index;
	struct category_list list;
};

static bool
read_categories(struct database *database, struct known_categories *categories,
				struct glue_error *error)
{
	int count;

	if (!database_query(database, RUN_AGAIN,
						"SELECT c.category_name FROM onboard.product_categories c WHERE c.is_active"
						" ORDER BY c.category_name COLLATE \"C\"",
						0, NULL, &categories->result, error))
		return false;
	count = PQntuples(categories->result);
	categories->names = glue_allocate(sizeof(*categories->names) * (count + 1));
	categories->index = glue_allocate(sizeof(*categories->index) * category_index_size(count));
	if (categories->names == NULL || categories->index == NULL)
		return glue_error_memory(error);
	for (int row = 0; row < count; row++)
		categories->names[row] = text_of(PQgetvalue(categories->result, row, 0));
	categories->list = (struct category_list){.names = categories->names, .count = count};
	category_index_fill(&categories->list, categories->index);
	return true;
}

static void
release_categories(struct known_categories *categories)
{
	glue_release(categories->names);
	glue_release(categories->index);
	PQclear(categories->result);
}

/* ----- reading the file ----- */

struct reading
{
	struct sample *sample;
	int64_t max_bytes; /* 0 for no limit */
	int64_t byte_count;
	struct glue_error error; /* why the sample stopped */
};

/* A byte_source_take_fn. */
static bool
take_bytes(void *context, const char *bytes, size_t length)
{
	struct reading *reading = context;

	reading->byte_count += (int64_t) length;
	if (reading->max_bytes > 0 && reading->byte_count > reading->max_bytes)
		return glue_error_set(&reading->error, GLUE_FILE_FAULT, "FILE_TOO_LARGE",
							  "the file is larger than %" PRId64
							  " bytes; allow it with --max-bytes",
							  reading->max_bytes);
	return sample_push(reading->sample, bytes, length, &reading->error);
}

/* The file of the command, and how it is read. */
struct guessed_file
{
	const struct options *options;
	struct file_source source;
	char encoding[DECODE_NAME_SIZE]; /* found by a reading; "" if it is UTF-8 */
	bool knows_headings;
	struct sample *sample;
};

/* Return the encoding that was found, or else named; NULL for neither. */
static const char *
encoding_of(const struct guessed_file *file)
{
	if (file->encoding[0] != '\0')
		return file->encoding;
	return encoding_is_auto(file->options->encoding) ? NULL : file->options->encoding;
}

static struct row_source_options
options_of(const struct guessed_file *file)
{
	const struct options *options = file->options;

	return (struct row_source_options){
		.encoding = encoding_of(file),
		.encoding_is_trusted = options->force || file->encoding[0] != '\0',
		.delimiter = options->delimiter,
		.quote = options->quote,
		.sheet = options->sheet,
		.max_bytes = options->max_bytes,
	};
}

static struct sample *
open_sample(const struct guessed_file *file, struct glue_error *error)
{
	struct row_source_options source = options_of(file);

	return sample_new(&source, file->knows_headings, error);
}

/*
 * Read the file into a sample, passing its rows to take unless that is NULL.  A file in
 * another encoding leaves its name in guess.
 */
static struct sample *
read_once(struct guessed_file *file, record_fn take, void *context, char guess[DECODE_NAME_SIZE],
		  struct glue_error *error)
{
	struct reading reading = {.sample = open_sample(file, error),
							  .max_bytes = file->options->max_bytes};
	struct byte_source *bytes = &file->source.bytes;

	guess[0] = '\0';
	if (reading.sample == NULL)
		return NULL;
	sample_watch(reading.sample, take, context);
	if (bytes->read(bytes, 0, take_bytes, &reading, error) &&
		sample_finish(reading.sample, guess, error))
		return reading.sample;
	if (error->class == GLUE_NO_ERROR)
		*error = reading.error;
	sample_destroy(reading.sample);
	return NULL;
}

/*
 * Read the file, again in another encoding if it is not UTF-8, and again with its first
 * line as the header if no sheet of a workbook has a heading that is known.
 */
static bool
read_file(struct guessed_file *file, struct glue_error *error)
{
	char guess[DECODE_NAME_SIZE];

	file->knows_headings = true;
	file->sample = read_once(file, NULL, NULL, guess, error);
	if (file->sample == NULL && strcmp(error->code, ENCODING_FAULT) == 0 && guess[0] != '\0' &&
		encoding_of(file) == NULL)
	{
		snprintf(file->encoding, sizeof(file->encoding), "%s", guess);
		file->sample = read_once(file, NULL, NULL, guess, error);
	}
	if (file->sample == NULL && strcmp(error->code, HEADER_FAULT) == 0)
	{
		file->knows_headings = false;
		file->sample = read_once(file, NULL, NULL, guess, error);
	}
	return file->sample != NULL;
}

/* Let the guess see all rows, if its sample does not have them. */
static bool
read_rows(struct guessed_file *file, struct map_guess *guess, struct glue_error *error)
{
	char ignored[DECODE_NAME_SIZE];
	struct sample *sample;

	if (!map_guess_needs_rows(guess))
		return true;
	if (!map_guess_begin_rows(guess))
		return glue_error_memory(error);
	sample = read_once(file, map_guess_take_row, guess, ignored, error);
	if (sample == NULL && error->class == GLUE_NO_ERROR)
		glue_error_memory(error);
	sample_destroy(sample);
	return sample != NULL;
}

/* ----- results ----- */

struct proposal
{
	const struct options *options;
	struct map_guess *guess;
	struct map_text_facts facts;
	struct byte_buffer text;
};

static bool
is_complete(const struct map_guess *guess)
{
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (map_text_is_missing(guess, (enum onboard_column) column))
			return false;
	}
	return true;
}

static cJSON *
json_of_columns(const struct map_guess *guess)
{
	cJSON *array = cJSON_CreateArray();
	enum onboard_column columns[COLUMN_COUNT];
	int count = map_text_order(guess, columns);

	for (int i = 0; i < count; i++)
	{
		const struct guessed_column *column = &guess->columns[columns[i]];
		cJSON *object = cJSON_CreateObject();
		char source[MAP_TEXT_SOURCE_SIZE];

		map_text_source(guess, columns[i], source, sizeof(source));
		json_add_text(object, "column", onboard_columns[columns[i]].name);
		json_add_view(object, "heading", guess->table->headings[column->heading]);
		json_add_text(object, "source", source);
		json_add_integer(object, "percent", column->percent);
		json_add_text(object, "reason", column->reason);
		cJSON_AddItemToArray(array, object);
	}
	return array;
}

static cJSON *
json_of_missing(const struct map_guess *guess)
{
	cJSON *array = cJSON_CreateArray();

	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (map_text_is_missing(guess, (enum onboard_column) column))
			cJSON_AddItemToArray(array, cJSON_CreateString(onboard_columns[column].name));
	}
	return array;
}

/* Return our category that an unknown one plainly means, or NULL. */
static const char *
replacement_of(const struct map_guess *guess, const struct unknown_category *unknown)
{
	return unknown->meant >= 0 ? guess->categories.names[unknown->meant].data : NULL;
}

static cJSON *
json_of_categories(const struct map_guess *guess)
{
	cJSON *array = cJSON_CreateArray();
	int64_t more;
	int count;
	const struct unknown_category *unknown = map_guess_unknown_categories(guess, &count, &more);

	for (int i = 0; i < count; i++)
	{
		cJSON *object = cJSON_CreateObject();

		json_add_text(object, "value", unknown[i].value.data);
		json_add_integer(object, "rows", unknown[i].rows);
		json_add_text(object, "replacement", replacement_of(guess, &unknown[i]));
		cJSON_AddItemToArray(array, object);
	}
	return array;
}

static void
print_json(const struct proposal *proposal)
{
	const struct map_guess *guess = proposal->guess;
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "file_name", proposal->facts.file_name);
	json_add_text(document, "vendor_id", proposal->options->vendor);
	json_add_integer(document, "rows", guess->table->total_rows);
	json_add_text(document, "fitting_map", proposal->facts.fitting_map);
	json_add_text(document, "mode", guess->updates_only ? "update" : NULL);
	cJSON_AddItemToObject(document, "columns", json_of_columns(guess));
	cJSON_AddItemToObject(document, "missing", json_of_missing(guess));
	cJSON_AddItemToObject(document, "unknown_categories", json_of_categories(guess));
	json_add_text(document, "definition", proposal->text.data);
	json_out_print(document);
}

/* Write the unknown categories as the list that "map values" stores. */
static bool
write_categories(const struct proposal *proposal, struct glue_error *error)
{
	const struct map_guess *guess = proposal->guess;
	const char *path = proposal->options->csv;
	int64_t more;
	int count;
	const struct unknown_category *unknown = map_guess_unknown_categories(guess, &count, &more);
	FILE *file = csv_open(path, error);

	if (file == NULL)
		return false;
	csv_write_cell(file, "value", true, ',');
	csv_write_cell(file, "replacement", false, ',');
	fputc('\n', file);
	for (int i = 0; i < count; i++)
	{
		csv_write_cell(file, unknown[i].value.data, true, ',');
		csv_write_cell(file, replacement_of(guess, &unknown[i]), false, ',');
		fputc('\n', file);
	}
	return csv_close(&file, path, error);
}

static bool
print_proposal(struct proposal *proposal, struct glue_error *error)
{
	const struct options *options = proposal->options;

	if (!map_text_write(proposal->guess, &proposal->facts, &proposal->text, error) ||
		(options->csv != NULL && !write_categories(proposal, error)))
		return false;
	if (options->json)
		print_json(proposal);
	else
		fputs(proposal->text.data, stdout);
	return true;
}

/* ----- the command ----- */

/* Say in the map how the file is read, where that is not detected. */
static void
note_reading(struct proposal *proposal, const struct guessed_file *file)
{
	const struct options *options = proposal->options;

	proposal->facts.file_name = file->source.name;
	proposal->facts.encoding = encoding_of(file);
	proposal->facts.sheet = options->sheet;
	proposal->facts.delimiter = options->delimiter;
	if ((options->given & OPTION_BIT(OPTION_MAX_BYTES)) != 0)
		proposal->facts.max_bytes = options->max_bytes;
	if (options->quote != QUOTE_DOUBLE)
		proposal->facts.quote = quote_sign_name(options->quote);
}

/* ----- stored maps ----- */

/*
 * Find a stored map that fits better than the guess: it names some headings of the file,
 * and finds about as many columns, unless it only updates products.
 */
static void
find_fitting_map(struct database *database, const struct proposal *proposal,
				 struct guessed_file *guessed, struct map_fit *fit)
{
	const struct options *options = proposal->options;
	enum onboard_column ignored[COLUMN_COUNT];
	int guessed_columns = map_text_order(proposal->guess, ignored);
	struct vendor_file_request request = {
		.options = options_of(guessed),
		.has_quote = (options->given & OPTION_BIT(OPTION_QUOTE)) != 0,
		.limits = {.max_bytes = options->max_bytes},
		.has_max_bytes = true,
	};
	struct vendor_file file;
	struct glue_error ignored_error;

	memset(fit, 0, sizeof(*fit));
	if (vendor_file_init(&file, &guessed->source.bytes, guessed->source.name, &request,
						 &ignored_error))
		map_fit_find(&file, database, options->vendor, fit);
	vendor_file_clean_up(&file);
	if (fit->headings < LEAST_FOREIGN_HEADINGS ||
		(fit->columns * 4 < guessed_columns * 3 && !fit->updates))
		fit->name[0] = '\0';
}

static bool
propose(struct proposal *proposal, struct guessed_file *file, struct database *database,
		const struct category_list *categories, struct glue_error *error)
{
	const struct sample_table *table = sample_table(file->sample);
	struct map_fit fit;

	proposal->guess = map_guess_new(table, categories, error);
	if (proposal->guess == NULL || !read_rows(file, proposal->guess, error))
		return false;
	note_reading(proposal, file);
	find_fitting_map(database, proposal, file, &fit);
	if (fit.name[0] != '\0')
		proposal->facts.fitting_map = fit.name;
	return print_proposal(proposal, error);
}

int
command_map_guess(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	struct known_categories categories = {0};
	struct guessed_file file = {.options = options};
	struct proposal proposal = {.options = options};
	char status[32];
	int code;

	if (database != NULL && encoding_check_name(options->encoding, &error) &&
		named_vendor_status(database, options->vendor, status, sizeof(status), &error) &&
		read_categories(database, &categories, &error) &&
		file_source_open(&file.source, options->operands[0], NULL, &error) &&
		read_file(&file, &error) && propose(&proposal, &file, database, &categories.list, &error))
		code = is_complete(proposal.guess) ? EXIT_ALL_GOOD : EXIT_NEEDS_ATTENTION;
	else
		code = command_fail(options, &error);
	byte_buffer_clean_up(&proposal.text);
	map_guess_destroy(proposal.guess);
	sample_destroy(file.sample);
	file_source_close(&file.source);
	release_categories(&categories);
	database_close(database);
	return code;
}
