/*-------------------------------------------------------------------------
 *
 * not_found.c
 *	  Report names that do not exist in the database, with a suggestion.
 *
 *-------------------------------------------------------------------------
 */
#include "base/heap.h"
#include "cli/not_found.h"
#include "database/vendor_refusal.h"
#include "shared/suggest.h"
#include "shared/text.h"

struct kind
{
	const char *code;
	const char *noun;
	const char *quote;  /* around a suggestion; "" if names have no blanks */
	const char *names;  /* query for the existing names */
	const char *advice; /* if no name is similar */
};

/* Only the likeliest names: a database can have a million uploads. */
#define LIKELIEST_OF(names)                                    \
	"SELECT n.name FROM (" names ") AS n (name)"               \
	" ORDER BY lower(n.name) = lower($1::text) DESC,"          \
	" starts_with(lower(n.name), lower($1::text)) DESC,"       \
	" lower(left(n.name, 4)) = lower(left($1::text, 4)) DESC," \
	" abs(length(n.name) - length($1::text)), n.name LIMIT 2000"

/* The neighbours of a SKU in the index, because a catalogue can be too large to read. */
#define NEIGHBOURS_OF(sku)                                                                   \
	"(SELECT p.sku FROM onboard.products p WHERE p.sku >= " sku " ORDER BY p.sku LIMIT 500)" \
	" UNION"                                                                                 \
	" (SELECT p.sku FROM onboard.products p WHERE p.sku < " sku " ORDER BY p.sku DESC LIMIT 500)"

static const struct kind kinds[] = {
	[NOT_FOUND_VENDOR] =
		{
			"UNKNOWN_VENDOR",
			"vendor",
			"",
			LIKELIEST_OF("SELECT v.vendor_id FROM onboard.vendors v"),
			"see \"onboard vendor list\", or add it with \"onboard vendor add\"",
		},
	[NOT_FOUND_UPLOAD] =
		{
			"UNKNOWN_UPLOAD",
			"upload",
			"",
			LIKELIEST_OF("SELECT u.upload_id FROM onboard.upload_history u"),
			"\"onboard status\" lists them",
		},
	[NOT_FOUND_CATEGORY] =
		{
			"UNKNOWN_CATEGORY",
			"category",
			"\"",
			LIKELIEST_OF("SELECT c.category_name FROM onboard.product_categories c"),
			"see \"onboard category list\"",
		},
	[NOT_FOUND_SKU] =
		{
			"UNKNOWN_PRODUCT",
			"SKU",
			"",
			NEIGHBOURS_OF("$1::text") " UNION " NEIGHBOURS_OF("upper($1::text)"),
			"find the product by the vendor's product ID with --match vendor_product_id, or search "
			"onboard.product_catalog with \"onboard psql\"",
		},
};

/* $2 is the vendor, or null: only presets. */
static const struct kind map_kind = {
	UNKNOWN_MAP,
	"map",
	"\"",
	LIKELIEST_OF("SELECT s.map_name FROM onboard.shipped_maps s UNION"
				 " SELECT m.map_name FROM onboard.vendors v, onboard_maps(v.vendor_id) m"
				 " WHERE v.vendor_id = $2::text"),
	"see \"onboard map list\", name its vendor with --vendor, or add it with \"onboard map set\"",
};

/*
 * Return the row whose name is most similar, or -1.
 */
static int
nearest_row(const PGresult *result, const char *name)
{
	int count = PQntuples(result);
	struct text_view *names = count > 0 ? glue_allocate(sizeof(*names) * count) : NULL;
	int nearest;

	if (names == NULL)
		return -1;
	for (int row = 0; row < count; row++)
		names[row] = text_of(PQgetvalue(result, row, 0));
	nearest = name_suggest(text_of(name), names, count);
	glue_release(names);
	return nearest;
}

/*
 * Report a name; the first parameter of the kind's query is the name.
 */
static bool
report(struct database *database, const struct kind *facts, int count, const char *const *values,
	   struct glue_error *error)
{
	const char *name = values[0];
	PGresult *result = NULL;
	int nearest = -1;

	if (database_query(database, RUN_ONCE, facts->names, count, values, &result, NULL))
		nearest = nearest_row(result, name);
	if (nearest >= 0)
		glue_error_set(error, GLUE_NOT_FOUND, facts->code,
					   "%s \"%s\" does not exist; did you mean %s%s%s?", facts->noun, name,
					   facts->quote, PQgetvalue(result, nearest, 0), facts->quote);
	else
		glue_error_set(error, GLUE_NOT_FOUND, facts->code, "%s \"%s\" does not exist; %s",
					   facts->noun, name, facts->advice);
	PQclear(result);
	return false;
}

bool
not_found(struct database *database, enum not_found_kind kind, const char *name,
		  struct glue_error *error)
{
	const char *const values[] = {name};

	return report(database, &kinds[kind], 1, values, error);
}

bool
not_found_map(struct database *database, const char *vendor_id, const char *name,
			  struct glue_error *error)
{
	const char *const values[] = {name, vendor_id};

	return report(database, &map_kind, 2, values, error);
}
