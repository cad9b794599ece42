/*-------------------------------------------------------------------------
 *
 * map_fit.c
 *	  Which map would accept a file whose header was refused.
 *
 * Each candidate reads the file down to its header, because the map decides which line
 * that is, in which sheet, and how the file is delimited, quoted and encoded.  They read a
 * copy, because reading an object of S3 again costs a request and its transfer.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "import/byte_copy.h"
#include "import/map_fit.h"
#include "reader/encoding_check.h"
#include "shared/action.h"
#include "shared/heading.h"

/*
 * The maps that the vendor may use, its own first; nothing can be loaded with those that
 * lack an exchange rate.  Their value lists, rates and categories are not needed to read
 * a header.
 */
#define CANDIDATES                                                  \
	"SELECT m.map_name, m.definition FROM onboard_maps($1::text) m" \
	" WHERE m.missing_rates = '{}' ORDER BY m.is_preset, m.map_name"

/* ----- one candidate ----- */

/* The reading of a file with a candidate. */
struct trial
{
	struct vendor_file file;
	struct map_fit fit; /* columns is 0 until the header was accepted */
};

/* Return how many of our columns a header has; constants of the map, which follow, do not count. */
static int
count_columns(const struct header_map *header)
{
	int count = 0;

	for (int column = 0; column < COLUMN_COUNT; column++)
		count += header->position[column] >= 0 && header->position[column] < header->header_count;
	return count;
}

/* Return how many headings other than ours a map names. */
static int
count_named(const struct header_map *header, const struct file_map *map)
{
	int count = 0;

	for (int i = 0; i < header->header_count; i++)
		count += file_map_is_heading(map, header->fields[i].heading) &&
				 heading_column(header->fields[i].heading) == COLUMN_NONE;
	return count;
}

/* A row_reader_events.header, which stops the reader: the rows do not matter. */
static bool
take_header(void *context, const struct header_map *header)
{
	struct trial *trial = context;

	trial->fit.columns = count_columns(header);
	trial->fit.headings = count_named(header, trial->file.map);
	return false;
}

/* A row_reader_events.row, which is never called. */
static bool
take_row(void *context, const struct record *row)
{
	(void) context;
	(void) row;
	return false;
}

/*
 * Return what the rows would need if the file were read with this map: the mode is the
 * requested one, else that of the map.
 */
static struct column_needs
needs_with(const struct vendor_file *file, const struct file_map *map)
{
	const char *mode = file_map_defaults(map)->mode;
	/* The mode of a file with a map may be that of the map. */
	bool is_requested = file->map == NULL && file->apply.mode != NULL;
	struct column_needs needs = file->needs;

	if (!is_requested && mode != NULL)
		(void) upload_mode_by_name(mode, &needs.mode);
	return needs;
}

/*
 * Read the header of a file from its copy with a candidate, which is destroyed.  Returns
 * false if the reading failed for a reason that is not in the file, so that it would fail
 * with any map.
 */
static bool
try_candidate(const struct vendor_file *file, struct byte_source *copy, struct file_map *candidate,
			  struct map_fit *fit)
{
	struct trial trial = {.fit = {.columns = 0}};
	struct vendor_file_request request = file->request;
	struct column_needs needs = needs_with(file, candidate);
	const struct row_reader_events events = {take_header, take_row, &trial};
	struct vendor_file_reading reading = {.reader = NULL};
	struct glue_error error = {0}; /* take_header() stops the reading without one */

	/* A detected encoding is in the request; without one, the header was read as UTF-8. */
	if (encoding_is_auto(request.options.encoding))
		request.options.encoding = "UTF-8";
	if (!vendor_file_init(&trial.file, copy, file->name, &request, &error))
		file_map_destroy(candidate);
	else if (vendor_file_use_map(&trial.file, candidate, &error))
	{
		vendor_file_apply(&trial.file, &needs, &file->apply);
		(void) vendor_file_read(&trial.file, &reading, NULL, &events, &error);
	}
	vendor_file_clean_up(&trial.file);
	*fit = trial.fit;
	fit->updates = needs.mode == MODE_UPDATE;
	return error.class != GLUE_INFRASTRUCTURE_ERROR && error.class != GLUE_INTERNAL_ERROR;
}

/* ----- all candidates ----- */

/* Keep a candidate if it fits better: it finds more columns, or names more headings. */
static void
consider(const struct map_fit *candidate, const char *name, struct map_fit *best)
{
	/* A map that finds only our own headings is not needed. */
	if (candidate->columns == 0 || candidate->headings == 0 ||
		candidate->columns + candidate->headings <= best->columns + best->headings)
		return;
	*best = *candidate;
	snprintf(best->name, sizeof(best->name), "%s", name);
}

void
map_fit_find(const struct vendor_file *file, struct database *database, const char *vendor_id,
			 struct map_fit *best)
{
	static const struct category_list no_categories = {.count = 0};
	const char *const values[] = {vendor_id};
	PGresult *result = NULL;
	bool may_continue = true;
	struct byte_copy copy;

	memset(best, 0, sizeof(*best));
	if (!database_query(database, RUN_ONCE, CANDIDATES, 1, values, &result, NULL))
		return;
	byte_copy_init(&copy, file->bytes);
	for (int row = 0; may_continue && row < PQntuples(result); row++)
	{
		struct file_map *candidate =
			file_map_of_definition(text_of(PQgetvalue(result, row, 1)), &no_categories, NULL);
		struct map_fit fit;

		if (candidate == NULL)
			continue;
		may_continue = try_candidate(file, &copy.bytes, candidate, &fit);
		consider(&fit, PQgetvalue(result, row, 0), best);
	}
	byte_copy_clean_up(&copy);
	PQclear(result);
}

/* ----- advice ----- */

bool
map_fit_may_help(const struct glue_error *fault)
{
	return strcmp(fault->code, "NO_HEADER") == 0 || strcmp(fault->code, "MISSING_COLUMN") == 0;
}

void
map_fit_explain(struct vendor_file *file, struct database *database, const char *vendor_id,
				struct glue_error *fault)
{
	struct map_fit fit = {.name = ""};

	if (map_fit_may_help(fault))
		map_fit_find(file, database, vendor_id, &fit);
	/* Advice to use the map that the file was read with would not help. */
	if (file->map != NULL && strcmp(fit.name, file_map_name(file->map)) == 0)
		fit.name[0] = '\0';
	if (fit.name[0] != '\0')
		glue_error_keep_reason(fault);
	snprintf(file->fitting_map, sizeof(file->fitting_map), "%s", fit.name);
}

void
map_fit_advise(const struct vendor_file *file, const char *how, struct glue_error *fault)
{
	const char *map = file->fitting_map;

	glue_error_reword(fault, "map \"%s\" fits this file: %s%s; without it: %s", map, how, map,
					  fault->text);
}
