/*-------------------------------------------------------------------------
 *
 * rejected_rows.c
 *	  Show the rejected rows of an upload, each with all of its errors.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/rejected_rows.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "shared/text.h"

/* Rows read at a time. */
#define PAGE_ROWS 1000

/* Columns of the query. */
enum rejected_column
{
	REJECTED_ROW_NUMBER,
	REJECTED_LINE_NUMBER,
	REJECTED_VENDOR_PRODUCT_ID,
	REJECTED_SKU,
	REJECTED_ERROR_TYPE,
	REJECTED_ERROR_FIELD,
	REJECTED_ERROR_MESSAGE,
	REJECTED_SUGGESTION
};

/*
 * All errors of the next $3 rows (0: all) after row $2, in primary key order.
 */
static const char rows_query[] =
	"SELECT e.row_number, e.line_number, e.vendor_product_id, e.original_data ->> 'sku' AS sku,"
	" e.error_type, e.error_field, e.error_message, e.suggestion"
	" FROM onboard.validation_errors e"
	" WHERE e.upload_id = $1::text AND e.severity = 'error'"
	" AND e.row_number > $2::bigint AND e.row_number <="
	" (SELECT max(r.row_number) FROM (SELECT DISTINCT n.row_number FROM onboard.validation_errors n"
	"  WHERE n.upload_id = $1::text AND n.severity = 'error' AND n.row_number > $2::bigint"
	"  ORDER BY n.row_number LIMIT nullif($3::bigint, 0)) r)"
	" ORDER BY e.upload_id, e.row_number, e.error_id";

static bool
read_rows(struct database *database, const char *upload_id, int64_t after, int64_t count,
		  PGresult **result, struct glue_error *error)
{
	char after_text[INTEGER_TEXT_SIZE];
	char count_text[INTEGER_TEXT_SIZE];
	const char *const values[] = {
		upload_id,
		integer_text(after_text, after),
		integer_text(count_text, count),
	};

	return database_query(database, RUN_AGAIN, rows_query, 3, values, result, error);
}

static void
add_key(struct line *line, const PGresult *result, int row, enum rejected_column column,
		const char *name)
{
	if (!PQgetisnull(result, row, column) && PQgetvalue(result, row, column)[0] != '\0')
		line_add(line, "  %s %s", name, PQgetvalue(result, row, column));
}

/*
 * Print the position of a row and its vendor's identifiers for it.
 */
static void
print_row(const PGresult *result, int row)
{
	struct line line;
	char count[TERMINAL_COUNT_SIZE];
	bool has_line = !PQgetisnull(result, row, REJECTED_LINE_NUMBER);

	line_begin(&line, stdout, 4);
	line_add(&line, "  ");
	line_style(&line, STYLE_BOLD);
	line_add(&line, "%s %s", has_line ? "line" : "row",
			 terminal_count(
				 count, postgres_integer(result, row,
										 has_line ? REJECTED_LINE_NUMBER : REJECTED_ROW_NUMBER)));
	line_style(&line, STYLE_PLAIN);
	add_key(&line, result, row, REJECTED_VENDOR_PRODUCT_ID, "id");
	add_key(&line, result, row, REJECTED_SKU, "SKU");
	line_end(&line);
}

static void
print_error(const PGresult *result, int row)
{
	struct line line;
	bool has_field = !PQgetisnull(result, row, REJECTED_ERROR_FIELD);

	line_print(stdout, 8, "      %s%s%s: %s", PQgetvalue(result, row, REJECTED_ERROR_TYPE),
			   has_field ? " in " : "", PQgetvalue(result, row, REJECTED_ERROR_FIELD),
			   PQgetvalue(result, row, REJECTED_ERROR_MESSAGE));
	if (PQgetisnull(result, row, REJECTED_SUGGESTION) ||
		PQgetvalue(result, row, REJECTED_SUGGESTION)[0] == '\0')
		return;
	line_begin(&line, stdout, 8);
	line_add(&line, "      ");
	line_style(&line, STYLE_GOOD);
	line_add(&line, "perhaps: %s", PQgetvalue(result, row, REJECTED_SUGGESTION));
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
}

/*
 * Print a page; returns its number of rows and sets *after to the last one.
 */
static int64_t
print_page(const PGresult *result, int64_t *after)
{
	int64_t rows = 0;

	for (int i = 0; i < PQntuples(result); i++)
	{
		int64_t row_number = postgres_integer(result, i, REJECTED_ROW_NUMBER);

		if (rows == 0 || row_number != *after)
		{
			print_row(result, i);
			rows++;
		}
		*after = row_number;
		print_error(result, i);
	}
	return rows;
}

bool
rejected_rows_print(struct database *database, const struct upload *upload, int64_t limit,
					struct glue_error *error)
{
	char count[TERMINAL_COUNT_SIZE];
	int64_t after = INT64_MIN;
	int64_t shown = 0;
	int64_t others;
	int64_t page;

	do
	{
		PGresult *result = NULL;

		page = limit > 0 && limit - shown < PAGE_ROWS ? limit - shown : PAGE_ROWS;
		if (!read_rows(database, upload->upload_id, after, page, &result, error))
			return false;
		if (shown == 0)
		{
			putchar('\n');
			line_print(stdout, 2,
					   PQntuples(result) > 0 ? "Rejected rows" : "No rows are rejected.");
		}
		page = print_page(result, &after);
		PQclear(result);
		shown += page;
	} while (page > 0 && (limit == 0 || shown < limit));
	others = upload->error_records - shown;
	if (limit > 0 && others > 0)
		line_print(stdout, 4, "  ... and %s %s; --errors 0 shows all",
				   terminal_count(count, others),
				   terminal_plural(others, "other row", "other rows"));
	return true;
}

cJSON *
rejected_rows_json(struct database *database, const struct upload *upload, int64_t limit,
				   struct glue_error *error)
{
	PGresult *result = NULL;
	cJSON *rows;

	if (!read_rows(database, upload->upload_id, INT64_MIN, limit, &result, error))
		return NULL;
	rows = json_of_result(result);
	PQclear(result);
	return rows;
}
