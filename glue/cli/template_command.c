/*-------------------------------------------------------------------------
 *
 * template_command.c
 *	  onboard template: a CSV file to start from.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/csv_writer.h"
#include "shared/columns.h"

/* A row that is accepted; a test loads it. */
static const char *const example[COLUMN_COUNT] = {
	[COLUMN_VENDOR_PRODUCT_ID] = "ITEM-0001",
	[COLUMN_PRODUCT_NAME] = "Enamel Kettle 2 l",
	[COLUMN_CATEGORY] = "Kitchen",
	[COLUMN_SUBCATEGORY] = "Kettles",
	[COLUMN_DESCRIPTION] = "Enamelled steel, \"flame red\", for all hobs",
	[COLUMN_SKU] = "KETTLE-2L-RED",
	[COLUMN_BRAND] = "Example",
	[COLUMN_PRICE] = "39.90",
	[COLUMN_COMPARE_AT_PRICE] = "49.90",
	[COLUMN_STOCK_QUANTITY] = "120",
	[COLUMN_UNIT] = "piece",
	[COLUMN_WEIGHT_KG] = "1.35",
	[COLUMN_DIMENSIONS_CM] = "22x20x24",
	[COLUMN_IMAGE_URL] = "https://example.com/kettle.jpg",
};

int
command_template(const struct options *options)
{
	char delimiter = options->delimiter != 0 ? options->delimiter : ',';

	for (int column = 0; column < COLUMN_COUNT; column++)
		csv_write_cell(stdout, onboard_columns[column].name, column == 0, delimiter);
	putchar('\n');
	for (int column = 0; column < COLUMN_COUNT; column++)
		csv_write_cell(stdout, example[column], column == 0, delimiter);
	putchar('\n');
	return EXIT_ALL_GOOD;
}
