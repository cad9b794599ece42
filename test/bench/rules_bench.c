/*-------------------------------------------------------------------------
 *
 * rules_bench.c
 *	  Measure the time to judge one row, by kind of row.
 * Prints the best of several rounds in nanoseconds per row, including trimming. Compare
 * figures only on the same machine; this is not a test.
 *
 *		make -C test/unit bench
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shared/rule_standard.h"
#include "shared/suggest.h"
#include "shared/text.h"
#include "shipped_categories.h"

#define ROUNDS 7
#define ROWS_PER_ROUND 50000

/* In the order of columns.h. */
static const char *const valid_row[COLUMN_COUNT] = {
	"P-000123",
	"Wireless Mouse with Silent Buttons",
	"Computer Accessories",
	"Mice",
	"Three silent buttons, a wheel that clicks, and a battery for months.",
	"SKU-ACME-000123",
	"Acme",
	"1299.00",
	"1499.00",
	"25",
	"piece",
	"0.35",
	"10x6x4",
	"https://cdn.example.com/images/products/000123.jpg",
};

static const char *const required_missing_row[COLUMN_COUNT] = {
	"", " ", NULL, "Mice", NULL, "", "Acme", NULL, NULL, "\t",
};

static struct rule_settings settings;

static char long_text[3000];

static double
nanoseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static void
fill_row(struct product_row *row, const char *const values[COLUMN_COUNT])
{
	struct text_view nothing = {NULL, 0};

	for (int column = 0; column < COLUMN_COUNT; column++)
		row->raw[column] = values[column] ? text_of(values[column]) : nothing;
}

static void
time_row(const char *name, struct product_row *row)
{
	static struct findings findings;
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++)
	{
		double start = nanoseconds_now();

		for (int i = 0; i < ROWS_PER_ROUND; i++)
		{
			row_trim(row);
			rules_judge(row, &settings, &findings);
		}
		start = (nanoseconds_now() - start) / ROWS_PER_ROUND;
		best = start < best ? start : best;
	}
	printf("%-40s %8.0f ns/row  %d findings\n", name, best, findings.count);
}

static void
time_category(const char *name, const char *category, const struct text_view *names, int count)
{
	double best = 1e18;
	int repeats = ROWS_PER_ROUND * 20 / (count + 20);
	volatile int found = -1;

	for (int round = 0; round < ROUNDS; round++)
	{
		double start = nanoseconds_now();

		for (int i = 0; i < repeats; i++)
			found = name_suggest(text_of(category), names, count);
		start = (nanoseconds_now() - start) / repeats;
		best = start < best ? start : best;
	}
	printf("suggest %-10s over %5d %19s %8.0f ns/call  %s\n", name, count, "", best,
		   found >= 0 ? names[found].data : "none");
}

/* A row that breaks as many rules as possible at once */
static void
break_every_rule(struct product_row *row)
{
	memset(long_text, 'x', sizeof(long_text) - 1);
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		row->raw[column] = text_of(long_text);
		if (onboard_columns[column].max_characters < 1000)
			row->raw[column].length = 250;
	}
	row->raw[COLUMN_PRICE] = text_of("$1,299.00");
	row->raw[COLUMN_COMPARE_AT_PRICE] = text_of("12,50 EUR");
	row->raw[COLUMN_STOCK_QUANTITY] = text_of("5.0");
	row->raw[COLUMN_WEIGHT_KG] = text_of("2.794e+01");
}

int
main(void)
{
	static struct text_view many[10000];
	static char names[10000][24];
	struct product_row row;

	settings = rule_settings_standard;
	settings.categories = shipped_categories;
	fill_row(&row, valid_row);
	time_row("valid row", &row);

	row.raw[COLUMN_PRICE] = text_of("$1,299.00");
	time_row("bad price, mended", &row);
	fill_row(&row, valid_row);
	row.raw[COLUMN_PRICE] = text_of("abc");
	time_row("bad price", &row);
	fill_row(&row, valid_row);
	row.raw[COLUMN_CATEGORY] = text_of("Computer Acessories");
	time_row("bad category, near", &row);
	row.raw[COLUMN_CATEGORY] = text_of("Office Supplies");
	time_row("bad category, nonsense", &row);
	fill_row(&row, required_missing_row);
	time_row("required fields missing", &row);
	break_every_rule(&row);
	time_row("every rule broken", &row);

	time_category("near", "Kitchn", categories, CATEGORY_COUNT);
	time_category("swapped", "Womne's Clothign", categories, CATEGORY_COUNT);
	time_category("nonsense", "Office Supplies", categories, CATEGORY_COUNT);
	for (int i = 0; i < 10000; i++)
	{
		snprintf(names[i], sizeof(names[i]), "Category %c%c number %d", 'a' + i % 26,
				 'a' + i / 26 % 26, i);
		many[i] = text_of(names[i]);
	}
	time_category("near", "Categry aa number 0", many, 10000);
	time_category("nonsense", "Office Supplies", many, 10000);
	return EXIT_SUCCESS;
}
