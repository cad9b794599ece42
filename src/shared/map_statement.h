/*-------------------------------------------------------------------------
 *
 * map_statement.h
 *	  A statement of a column map, and what can be wrong with one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_STATEMENT_H
#define ONBOARD_MAP_STATEMENT_H

#include "shared/columns.h"
#include "shared/text.h"
#include "shared/transformation.h"

/* Limits of a map. */
#define MAP_MAX_BYTES (64 * 1024)
#define MAP_MAX_LINE_BYTES 4096
#define MAP_MAX_STATEMENTS 1000
#define MAP_MAX_HEADINGS 16
#define MAP_MAX_STEPS 16

/* Size of a fault's message, including the terminating NUL. */
#define MAP_MESSAGE_SIZE 512

enum map_statement_kind
{
	MAP_STATEMENT_SETTING,       /* mode upsert */
	MAP_STATEMENT_SKIP,          /* skip when "Type" is "variable" */
	MAP_STATEMENT_IGNORE,        /* ignore "Tags" */
	MAP_STATEMENT_IGNORE_OTHERS, /* ignore others */
	MAP_STATEMENT_COLUMN,        /* price = "Variant Price" */
	MAP_STATEMENT_ATTRIBUTE,     /* attribute "material" = "Werkstoff" */
	MAP_STATEMENT_ACTION         /* onboard_action = "update-delete" */
};

enum map_setting
{
	MAP_SETTING_MODE,
	MAP_SETTING_MATCH,
	MAP_SETTING_BLANK,
	MAP_SETTING_ENCODING,
	MAP_SETTING_DELIMITER, /* one character */
	MAP_SETTING_QUOTE,     /* as quote_sign_name() */
	MAP_SETTING_SHEET,
	MAP_SETTING_HEADER, /* a heading that only the header has */
	MAP_SETTING_MAX_BYTES,
	MAP_SETTING_MAX_ROWS,
	MAP_SETTING_COUNT
};

/* One transformation. */
struct map_step
{
	enum transformation transformation;
	int argument_count;
	struct text_view arguments[TRANSFORMATION_MAX_ARGUMENTS];
};

/*
 * All texts are without quotes and escapes, are NUL-terminated, and live in
 * storage until the next statement is read into the structure.
 */
struct map_statement
{
	enum map_statement_kind kind;
	int line; /* from 1 */

	enum map_setting setting; /* of MAP_STATEMENT_SETTING */
	int64_t number;           /* of a setting that is a number */

	/*
	 * The value of a setting or constant.  Of a skip: the value that a row is skipped
	 * for, NULL for a blank one.  Otherwise NULL.
	 */
	struct text_view value;
	bool is_not; /* of a skip: a row is skipped if it has another value */

	enum onboard_column column; /* of MAP_STATEMENT_COLUMN, otherwise COLUMN_NONE */
	struct text_view name;      /* of MAP_STATEMENT_ATTRIBUTE, trimmed */

	/* Alternatives, of which the first that a file has counts; 0 for a constant. */
	int heading_count;
	struct text_view headings[MAP_MAX_HEADINGS];

	int step_count; /* a skip has one step at most, fill_down */
	struct map_step steps[MAP_MAX_STEPS];

	char storage[2 * MAP_MAX_LINE_BYTES];
};

/* What is wrong with a map.  The message says what to write instead. */
struct map_fault
{
	int line; /* 0: the map as a whole */
	char message[MAP_MESSAGE_SIZE];
};

#endif /* ONBOARD_MAP_STATEMENT_H */
