/*-------------------------------------------------------------------------
 *
 * causes.c
 *	  Why rows are rejected: the rules broken, with how often and an example.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "cli/causes.h"
#include "database/postgres_value.h"
#include "shared/text.h"

static bool
same_or_both_null(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/*
 * Copy a string that may be NULL.
 */
static bool
copy_or_null(char **copy, const char *text)
{
	size_t size;

	if (text == NULL)
		return true;
	size = strlen(text) + 1;
	*copy = glue_allocate(size);
	if (*copy == NULL)
		return false;
	memcpy(*copy, text, size);
	return true;
}

/*
 * Append a cause with a row count of zero.
 */
static struct cause *
add_cause(struct causes *causes, const struct cause *texts)
{
	struct cause *items =
		glue_reallocate(causes->items, sizeof(struct cause) * (causes->count + 1));
	struct cause *cause;

	if (items == NULL)
		return NULL;
	causes->items = items;
	cause = &items[causes->count++];
	memset(cause, 0, sizeof(*cause));
	cause->line_number = texts->line_number;
	if (copy_or_null(&cause->error_type, texts->error_type) &&
		copy_or_null(&cause->error_field, texts->error_field) &&
		copy_or_null(&cause->message, texts->message) &&
		copy_or_null(&cause->suggestion, texts->suggestion))
		return cause;
	return NULL;
}

bool
causes_count(struct causes *causes, const char *error_type, const char *error_field,
			 int64_t line_number, const char *message, const char *suggestion,
			 struct glue_error *error)
{
	const struct cause texts = {
		(char *) error_type, (char *) error_field, 0,
		line_number,         (char *) message,     (char *) suggestion,
	};
	struct cause *cause = NULL;

	for (int i = 0; i < causes->count && cause == NULL; i++)
	{
		if (same_or_both_null(causes->items[i].error_type, error_type) &&
			same_or_both_null(causes->items[i].error_field, error_field))
			cause = &causes->items[i];
	}
	if (cause == NULL)
		cause = add_cause(causes, &texts);
	if (cause == NULL)
		return glue_error_memory(error);
	cause->rows++;
	return true;
}

static int
compare_causes(const void *a, const void *b)
{
	const struct cause *left = a;
	const struct cause *right = b;

	if (left->rows != right->rows)
		return left->rows < right->rows ? 1 : -1;
	return strcmp(left->error_type, right->error_type);
}

void
causes_sort(struct causes *causes)
{
	if (causes->count > 1)
		qsort(causes->items, causes->count, sizeof(struct cause), compare_causes);
}

bool
causes_find_main(struct database *database, struct causes *causes, int64_t judged,
				 struct glue_error *error)
{
	const struct cause *first = causes->items;
	char affected[INTEGER_TEXT_SIZE];
	char total[INTEGER_TEXT_SIZE];
	const char *values[5];
	PGresult *result = NULL;
	bool done = true;

	if (causes->count == 0)
		return true;
	values[0] = first->error_type;
	values[1] = first->error_field;
	values[2] = first->message;
	values[3] = integer_text(affected, first->rows);
	values[4] = integer_text(total, judged);
	if (!database_query(database, RUN_AGAIN,
						"SELECT onboard.cause_text('en', $1::text, $2::text, $3::text)"
						" WHERE onboard.is_main_cause($4::bigint, $5::bigint)",
						5, values, &result, error))
		return false;
	if (PQntuples(result) > 0)
		done =
			copy_or_null(&causes->advice, postgres_text(result, 0, 0)) || glue_error_memory(error);
	PQclear(result);
	return done;
}

bool
causes_read(struct database *database, const char *upload_id, struct causes *causes,
			struct glue_error *error)
{
	const char *const values[] = {upload_id};
	PGresult *result = NULL;

	if (!database_query(
			database, RUN_AGAIN,
			"SELECT s.error_type, s.error_field, s.rows, s.example_line, s.error_message, s.suggestion"
			" FROM onboard_error_summary($1::text) s"
			" ORDER BY s.rows DESC, s.error_type, s.error_field",
			1, values, &result, error))
		return false;
	for (int row = 0; row < PQntuples(result); row++)
	{
		const struct cause texts = {
			(char *) postgres_text(result, row, 0),
			(char *) postgres_text(result, row, 1),
			0,
			postgres_integer(result, row, 3),
			(char *) postgres_text(result, row, 4),
			(char *) postgres_text(result, row, 5),
		};
		struct cause *cause = add_cause(causes, &texts);

		if (cause == NULL)
		{
			PQclear(result);
			return glue_error_memory(error);
		}
		cause->rows = postgres_integer(result, row, 2);
	}
	PQclear(result);
	return true;
}

void
causes_clean_up(struct causes *causes)
{
	for (int i = 0; i < causes->count; i++)
	{
		glue_release(causes->items[i].error_type);
		glue_release(causes->items[i].error_field);
		glue_release(causes->items[i].message);
		glue_release(causes->items[i].suggestion);
	}
	glue_release(causes->items);
	glue_release(causes->advice);
	memset(causes, 0, sizeof(*causes));
}
