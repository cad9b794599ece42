/*-------------------------------------------------------------------------
 *
 * sample_test.c
 *	  Samples of unknown files.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "guess/sample.h"

#define MANY_ROWS 1200

static struct sample *
sample_of(const char *bytes, size_t length, char guess[DECODE_NAME_SIZE], struct glue_error *error)
{
	struct row_source_options options = {0};
	struct sample *sample = sample_new(&options, true, error);
	bool good = true;

	guess[0] = '\0';
	/* In pieces, as bytes arrive. */
	for (size_t i = 0; good && i < length; i += 7)
		good = sample_push(sample, bytes + i, length - i < 7 ? length - i : 7, error);
	if (good && sample_finish(sample, guess, error))
		return sample;
	sample_destroy(sample);
	return NULL;
}

/* Check headings, separated by bars, and the line of the header. */
static void
check_header(const char *csv, const char *headings, int line, const char *name)
{
	char guess[DECODE_NAME_SIZE];
	char found[256] = "";
	struct glue_error error = {0};
	struct sample *sample = sample_of(csv, strlen(csv), guess, &error);
	const struct sample_table *table;

	if (!ok(sample != NULL, "%s: is sampled", name))
	{
		printf("# %s\n", error.text);
		return;
	}
	table = sample_table(sample);
	for (int i = 0; i < table->column_count; i++)
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%.*s", i > 0 ? "|" : "",
				 (int) table->headings[i].length, table->headings[i].data);
	is_text(found, headings, "%s: headings", name);
	is_int(table->header_line, line, "%s: line of the header", name);
	sample_destroy(sample);
}

static void
test_headers(void)
{
	check_header("Artikel;Preis\na;1,50\n", "Artikel|Preis", 1, "semicolons, by the words");
	check_header("\n\nArtikel;Preis\na;1,50\n", "Artikel|Preis", 3, "blank lines above");
	check_header(
		"Preisliste 2026;;;\nStand: Mai;;;\nArtikelnummer;Bezeichnung;Preis;Bestand\na;b;1,5;2\n",
		"Artikelnummer|Bezeichnung|Preis|Bestand", 3, "titles above");
	check_header("foo;bar,baz;qux\n1;2;3\n", "foo|bar,baz|qux", 1, "words that nobody knows");
	check_header("sep=;\nfoo;bar\n1;2\n", "foo|bar", 2, "a named delimiter");
	check_header(" Name \tPrice\nx\t2\n", "Name|Price", 1, "blanks around");
}

static void
check_fault(const char *bytes, size_t length, const char *code, const char *encoding)
{
	char guess[DECODE_NAME_SIZE];
	struct glue_error error = {0};
	struct sample *sample = sample_of(bytes, length, guess, &error);

	ok(sample == NULL, "%s is refused", code);
	is_text(error.code, code, "with its code");
	is_text(guess, encoding, "and the encoding");
	sample_destroy(sample);
}

static void
test_faults(void)
{
	static const char latin[] = "Artikel;Gr\xF6\xDF"
								"e;Preis\nStra\xDF"
								"enschuh;gr\xF6\xDF"
								"er;\x80 5,00\n"
								"Fu\xDF"
								"ball;gr\xFCn;\x80 9,00\nT\xFCr;wei\xDF;\x80 7,00\n";

	check_fault("", 0, "EMPTY_FILE", "");
	check_fault("<html><body>\n", 13, "NO_HEADER", "");
	check_fault("\n\n", 2, "NO_HEADER", "");
	check_fault(latin, sizeof(latin) - 1, "WRONG_ENCODING", "windows-1252");
}

static bool
count_row(void *context, const struct record *record)
{
	*(int *) context += record->field_count == 2;
	return true;
}

/* Only the first rows are kept, but all are seen. */
static void
test_many_rows(void)
{
	struct row_source_options options = {0};
	struct glue_error error = {0};
	struct sample *sample = sample_new(&options, true, &error);
	char guess[DECODE_NAME_SIZE];
	int seen = 0;

	sample_watch(sample, count_row, &seen);
	ok(sample_push(sample, "Name,Price\n", 11, &error), "the header");
	for (int i = 0; i < MANY_ROWS; i++)
	{
		char row[32];
		int length = snprintf(row, sizeof(row), "n%d,%d\n", i, i);

		if (!sample_push(sample, row, (size_t) length, &error))
			break;
	}
	ok(sample_push(sample, ",\nx\"y\n", 6, &error), "an empty row, and one that is too short");
	ok(sample_finish(sample, guess, &error), "the end");
	is_int(sample_table(sample)->total_rows, MANY_ROWS,
		   "rows are counted, unreadable ones are not");
	is_int(sample_table(sample)->row_count, SAMPLE_ROWS, "the first are kept");
	is_int(seen, MANY_ROWS, "all are passed on");
	ok(text_equal(sample_cell(sample_table(sample), SAMPLE_ROWS - 1, 0), text_of("n499")),
	   "cells stay what they were");
	is_int(sample_table(sample)->last_count, SAMPLE_LAST_ROWS, "the last rows are kept, too");
	for (int row = 0; row < SAMPLE_LAST_ROWS; row++)
	{
		char text[20];

		snprintf(text, sizeof(text), "n%d", MANY_ROWS - SAMPLE_LAST_ROWS + row);
		ok(text_equal(sample_table(sample)->last_cells[row * sample_table(sample)->column_count],
					  text_of(text)),
		   "%s is one of them", text);
	}
	sample_destroy(sample);
}

/* A file without rows has headings. */
static void
test_no_rows(void)
{
	char guess[DECODE_NAME_SIZE];
	struct glue_error error;
	struct sample *sample = sample_of("Name,Price\n", 11, guess, &error);

	ok(sample != NULL && sample_table(sample)->row_count == 0, "a header is enough");
	sample_destroy(sample);
}

int
main(void)
{
	test_headers();
	test_faults();
	test_many_rows();
	test_no_rows();
	return unit_done();
}
