/*-------------------------------------------------------------------------
 *
 * map_fit.c
 *	  Which map would accept a file whose header was refused.
 *
 * Each candidate is bound to the header, as a reading of the file would do.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "import/map_fit.h"
#include "reader/mapped_header.h"
#include "shared/action.h"
#include "shared/heading.h"

/* The maps that the vendor may use, those of its own first. */
#define CANDIDATES                                                  \
	"SELECT m.map_name, m.definition FROM onboard_maps($1::text) m" \
	" ORDER BY m.is_preset, m.map_name"

struct map_candidates
{
	PGresult *result; /* the names */
	int count;
	struct file_map *maps[]; /* NULL for one that cannot be used */
};

/*
 * Return what the rows would need if the file were read with this map: the mode is
 * the requested one, else that of the map.
 */
static struct column_needs
needs_with(const struct map_fit_header *header, const struct file_map *map)
{
	const struct file_map_defaults *defaults = file_map_defaults(map);
	struct column_needs needs = header->needs;

	needs.map = map;
	if (!header->mode_is_requested && defaults->mode != NULL)
		(void) upload_mode_by_name(defaults->mode, &needs.mode);
	return needs;
}

/*
 * Return how many columns a map finds in the header; 0 if it does not accept it.
 */
static int
count_found(const struct map_fit_header *fit, const struct file_map *candidate)
{
	const struct row_source_found found = {.delimiter = fit->delimiter};
	struct column_needs needs = needs_with(fit, candidate);
	struct mapped_header header;
	struct glue_error error;
	int count = 0;

	if (!mapped_header_init(&header, fit->record, &needs, &found, &error))
		return 0;
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		int position = header.columns.position[column];

		/* Constants of the map are in any file. */
		count += position >= 0 && position < header.columns.header_count;
	}
	mapped_header_clean_up(&header);
	return count;
}

/* Return how many headings other than ours a map names. */
static int
count_named(const struct map_fit_header *fit, const struct file_map *candidate)
{
	struct column_needs needs = needs_with(fit, candidate);
	int count = 0;

	for (int i = 0; i < fit->record->field_count; i++)
		count += header_map_is_heading(&needs, fit->record->fields[i]) &&
				 heading_column(fit->record->fields[i]) == COLUMN_NONE;
	return count;
}

/* Keep a candidate if it fits better: it finds more columns, or names more headings. */
static void
consider(const struct map_fit_header *header, const struct file_map *candidate, const char *name,
		 struct map_fit *fit)
{
	int columns = count_found(header, candidate);
	int headings = count_named(header, candidate);

	/* A map that finds only our own headings is not needed. */
	if (columns == 0 || headings == 0 || columns + headings <= fit->columns + fit->headings)
		return;
	fit->columns = columns;
	fit->headings = headings;
	fit->updates = needs_with(header, candidate).mode == MODE_UPDATE;
	snprintf(fit->name, sizeof(fit->name), "%s", name);
}

struct map_candidates *
map_candidates_read(struct database *database, const char *vendor_id)
{
	static const struct category_list no_categories = {.count = 0};
	const char *const values[] = {vendor_id};
	struct map_candidates *candidates;
	PGresult *result = NULL;
	int count;

	if (!database_query(database, RUN_ONCE, CANDIDATES, 1, values, &result, NULL))
		return NULL;
	count = PQntuples(result);
	candidates =
		glue_allocate_zero(sizeof(*candidates) + sizeof(candidates->maps[0]) * (size_t) count);
	if (candidates == NULL)
	{
		PQclear(result);
		return NULL;
	}
	candidates->result = result;
	candidates->count = count;
	for (int row = 0; row < count; row++)
		candidates->maps[row] =
			file_map_of_definition(text_of(PQgetvalue(result, row, 1)), &no_categories, NULL);
	return candidates;
}

void
map_candidates_destroy(struct map_candidates *candidates)
{
	if (candidates == NULL)
		return;
	for (int i = 0; i < candidates->count; i++)
		file_map_destroy(candidates->maps[i]);
	PQclear(candidates->result);
	glue_release(candidates);
}

void
map_fit_header(const struct map_candidates *candidates, const struct map_fit_header *header,
			   struct map_fit *fit)
{
	memset(fit, 0, sizeof(*fit));
	for (int i = 0; candidates != NULL && i < candidates->count; i++)
	{
		if (candidates->maps[i] != NULL)
			consider(header, candidates->maps[i], PQgetvalue(candidates->result, i, 0), fit);
	}
}

/*
 * Return whether a header was refused for a reason that a map could remove.
 */
static bool
may_lack_map(const struct vendor_file *file, const struct glue_error *fault)
{
	return file->found.refused_header != NULL &&
		   (strcmp(fault->code, "NO_HEADER") == 0 || strcmp(fault->code, "MISSING_COLUMN") == 0);
}

void
map_fit_find(struct vendor_file *file, struct database *database, const char *vendor_id,
			 const struct glue_error *fault)
{
	struct map_fit_header header = {
		.record = file->found.refused_header,
		.delimiter = file->found.delimiter,
		.needs = file->needs,
		/* The mode of a file with a map may be that of the map. */
		.mode_is_requested = file->map == NULL && file->apply.mode != NULL,
	};
	struct map_fit fit = {0};

	if (may_lack_map(file, fault))
	{
		struct map_candidates *candidates = map_candidates_read(database, vendor_id);

		map_fit_header(candidates, &header, &fit);
		map_candidates_destroy(candidates);
	}
	/* The map that the file was read with is no advice. */
	if (file->map != NULL && strcmp(fit.name, file_map_name(file->map)) == 0)
		fit.name[0] = '\0';
	snprintf(file->fitting_map, sizeof(file->fitting_map), "%s", fit.name);
}
