/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  Print the page for vendors: how to prepare a file, what each message means.
 *
 * The columns, rules and failures are those of the tables in src/shared/, and
 * the words are those of the mails, so the page agrees with the program.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"
#include "cli/vendor_texts.h"
#include "shared/columns.h"
#include "shared/rules.h"
#include "shared/text.h"
#include "shared/upload_failure.h"

static const char *
page_text(const struct vendor_texts *texts, const char *name)
{
	return vendor_texts_find(texts, "page.", name);
}

static void
print_section(const char *heading)
{
	printf("\n## %s\n\n", heading);
}

/* ----- columns ----- */

/* Print the heading of a table, whose cells are separated by " | ". */
static void
print_table_head(const char *head)
{
	printf("| %s |\n|", head);
	for (const char *cell = head; cell != NULL; cell = strchr(cell + 1, '|'))
		fputs("---|", stdout);
	putchar('\n');
}

static bool
print_columns(const struct vendor_texts *texts, struct glue_error *error)
{
	struct byte_buffer limit = {0};
	bool done = true;

	print_section(page_text(texts, "columns"));
	print_table_head(page_text(texts, "columns.head"));
	for (int i = 0; i < COLUMN_COUNT && done; i++)
	{
		const struct onboard_column_info *column = &onboard_columns[i];

		limit.used = 0;
		done = vendor_texts_limit(texts, &limit, (enum onboard_column) i, error) &&
			   byte_buffer_terminate(&limit, error);
		if (!done)
			break;
		printf("| `%s` | %s | %s | %s | %s |\n", column->name,
			   page_text(texts, column->required ? "yes" : "no"),
			   vendor_texts_find(texts, "column.", column->name), limit.data, column->example);
	}
	byte_buffer_clean_up(&limit);
	return done;
}

/* ----- messages ----- */

/* Return the column of a rule that is always about the same one, or NULL. */
static const char *
column_of_rule(enum rule_id id)
{
	const struct finding finding = {.rule = rule_built_in(id), .column = COLUMN_NONE};
	static const struct
	{
		int rule;
		const char *column;
	} owners[] = {
#define COLUMN_OWNER(symbol, name, kind, required, minimum, maximum, rule, ...) \
	{RULE_##rule, #name},
		ONBOARD_COLUMNS(COLUMN_OWNER)
#undef COLUMN_OWNER
	};

	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		if (owners[i].rule == (int) id)
			return owners[i].column;
	}
	return finding_field(&finding);
}

/* Print what breaks a rule and what satisfies it, if there is an example. */
static void
print_example(const struct vendor_texts *texts, const char *code)
{
	const char *wrong = vendor_texts_find(texts, "wrong.", code);

	if (wrong[0] == '\0')
		return;
	putchar('\n');
	print_table_head(page_text(texts, "rules.head"));
	printf("| %s | %s |\n", wrong, vendor_texts_find(texts, "right.", code));
}

static bool
print_rules(const struct vendor_texts *texts, struct glue_error *error)
{
	struct byte_buffer sentence = {0};
	bool done = true;

	print_section(page_text(texts, "rules"));
	for (enum rule_id id = 0; id < RULE_COUNT && done; id++)
	{
		const char *code = rule_built_in(id)->code;
		const char *column = column_of_rule(id);
		const char *const values[] = {
			"field", column != NULL ? column : page_text(texts, "any_column"), NULL};

		sentence.used = 0;
		done =
			vendor_texts_fill(&sentence, vendor_texts_find(texts, "rule.", code), values, error) &&
			byte_buffer_terminate(&sentence, error);
		if (!done)
			break;
		printf("%s### %s\n\n%s\n", id > 0 ? "\n" : "", code, sentence.data);
		print_example(texts, code);
	}
	byte_buffer_clean_up(&sentence);
	return done;
}

static void
print_failures(const struct vendor_texts *texts)
{
	print_section(page_text(texts, "failures"));
	for (int i = 0; i < UPLOAD_FAILURE_COUNT; i++)
		printf("%s### %s\n\n%s\n", i > 0 ? "\n" : "", upload_failures[i].code,
			   vendor_texts_find(texts, "failure.", upload_failures[i].code));
}

/* ----- the page ----- */

static void
print_categories(const struct vendor_texts *texts)
{
	print_section(page_text(texts, "categories"));
	for (int row = 0; row < PQntuples(texts->categories); row++)
		printf("%s- %s\n", strcmp(PQgetvalue(texts->categories, row, 1), "t") == 0 ? "  " : "",
			   PQgetvalue(texts->categories, row, 0));
}

static bool
print_page(const struct vendor_texts *texts, struct glue_error *error)
{
	printf("# %s\n\n%s\n", page_text(texts, "title"), page_text(texts, "file"));
	if (!print_columns(texts, error))
		return false;
	print_categories(texts);
	print_section(page_text(texts, "spreadsheets"));
	puts(page_text(texts, "spreadsheets.text"));
	print_section(page_text(texts, "answer"));
	puts(page_text(texts, "answer.text"));
	if (!print_rules(texts, error))
		return false;
	print_failures(texts);
	return true;
}

bool
explain_print(struct database *database, const char *language, struct glue_error *error)
{
	struct vendor_texts texts = {0};
	bool done = vendor_texts_read(database, language, &texts, error) && print_page(&texts, error);

	vendor_texts_clean_up(&texts);
	return done;
}
