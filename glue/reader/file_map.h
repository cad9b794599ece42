/*-------------------------------------------------------------------------
 *
 * file_map.h
 *	  A vendor's column map, as the database returns it to a program that reads
 *	  a file.
 *
 * The document of onboard_map() has the text of the map and the value lists, exchange
 * rates and the categories that it uses.  Parsing it yields everything that
 * a reader needs, so that one file is read the same way from begin to end, whatever
 * is stored meanwhile.
 *
 * A file_map is immutable, and independent of any file; map_binding.h binds it to
 * the header of one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FILE_MAP_H
#define GLUE_FILE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/csv_dialect.h"
#include "reader/transform.h"
#include "shared/columns.h"
#include "shared/map_statement.h"
#include "shared/text.h"

/* Settings of the map for reading and applying a file; NULL, 0 or false if it has none. */
struct file_map_defaults
{
	const char *mode;
	const char *match;
	const char *blank;
	const char *encoding;
	const char *sheet;
	char delimiter;
	bool has_quote;
	enum quote_sign quote;
	int64_t max_bytes;
	int64_t max_rows;
};

/* Opaque to other rooms; its parts are below. */
struct file_map;

/*
 * Parse the document of onboard_map(), NUL-terminated and borrowed for the call.  The
 * caller must call file_map_destroy().  Returns NULL on OUT_OF_MEMORY, on file fault
 * INVALID_SETTING if the map cannot be used (it has a fault, or an exchange rate is
 * missing; the text says what to do), and on internal error MAP if the document is
 * not one of onboard_map().
 */
extern struct file_map *file_map_parse(const char *document, struct glue_error *error);

/*
 * Parse a definition by itself, without the document that the database makes of a stored
 * one: its value lists have no values, its exchange rates are 1, and it has neither name
 * nor hash.  The definition is borrowed for the call, the categories for the life of the
 * map.  Otherwise like file_map_parse().
 */
extern struct file_map *
file_map_of_definition(struct text_view definition, const struct category_list *categories,
					   struct glue_error *error);

/* Free the map; NULL is accepted. */
extern void file_map_destroy(struct file_map *map);

/* Return the name of the map, and the hash over what it consists of.  Borrowed. */
extern const char *file_map_name(const struct file_map *map);
extern const char *file_map_hash(const struct file_map *map);

/*
 * Return the name of the first value list that the map uses and that has no values, or
 * NULL.  Borrowed.
 */
extern const char *file_map_empty_list(const struct file_map *map);

/* Return the settings of the map.  Borrowed. */
extern const struct file_map_defaults *file_map_defaults(const struct file_map *map);

/* Return whether a text is the name of a column or a heading that the map, unless NULL, names. */
extern bool file_map_is_heading(const struct file_map *map, struct text_view text);

/* ----- for the files that apply a map; texts and arrays live as long as the map ----- */

/* A column, an attribute or the action, and where it comes from. */
struct map_use
{
	enum map_statement_kind kind; /* MAP_STATEMENT_COLUMN, _ATTRIBUTE or _ACTION */
	enum onboard_column column;   /* or COLUMN_NONE */
	struct text_view name;        /* of an attribute */
	struct text_view constant;    /* data NULL: it comes from a heading */
	int heading_count;            /* alternatives */
	const struct text_view *headings;
	int step_count;
	const struct transform_step *steps;
	bool is_safe; /* all steps are; see transformation.h */
};

/* Rows that are not products. */
struct map_skip
{
	int heading_count; /* alternatives */
	const struct text_view *headings;
	struct text_view value;            /* data NULL: a blank one */
	bool is_not;                       /* those that have another value */
	const struct transform_step *fill; /* blank cells are filled before; NULL: they are not */
};

struct file_map
{
	const char *name;
	const char *hash;
	struct file_map_defaults defaults;
	struct text_view header; /* a heading that only the header has; data NULL: none */
	int use_count;
	struct map_use *uses; /* in the order of the map */
	int skip_count;
	struct map_skip *skips;
	int ignored_count;
	struct text_view *ignored; /* headings */
	bool ignores_others;

	/* private to file_map.c */
	struct value_list *lists;
	int list_count;
	struct category_list categories;
	struct cJSON *document;
	struct block *blocks;
};

/* Return the statement for a column or, with COLUMN_NONE, for the action; or NULL. */
extern const struct map_use *file_map_use(const struct file_map *map, enum onboard_column column);

#endif /* GLUE_FILE_MAP_H */
