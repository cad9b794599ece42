/*-------------------------------------------------------------------------
 *
 * generate.c
 *	  Write one deterministic set of product rows in several formats at once.
 *
 *		generate ROWS OPTION=VALUE...
 *
 *	  start=N		number of the first row, from which keys are derived (1)
 *	  keys=K		sequential or random (sequential)
 *	  mix=M			what is wrong with a bad row: mixed, format, duplicate,
 *					every, long, defect; large has long but valid rows (mixed)
 *	  bad=P			percentage of bad rows (0)
 *	  vendor=ID upload=ID		the vendor and the upload id
 *	  shift=N		a duplicate has the keys of row number minus N (ROWS)
 *	  batch=N		records per JSON array (10000)
 *	  intake=FILE	all rows, for COPY onboard.intake ... (FORMAT csv)
 *	  clean=FILE	good rows, for COPY of a table like onboard.products
 *	  vendor_csv=FILE	all rows as a vendor would send them
 *	  json=FILE		all rows, one array of records per line, for onboard_ingest()
 * Prints the expected verdicts as JSON: rows, valid, errors, and the findings by type.
 * With mix mixed, a duplicate repeats an earlier row of the file; with duplicate and
 * every, it repeats a row loaded earlier.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 14
#define SMALL 256
#define LONG_FIELD 60000
#define WRITE_BUFFER (1 << 20)

enum field
{
	VENDOR_PRODUCT_ID,
	PRODUCT_NAME,
	CATEGORY,
	SUBCATEGORY,
	DESCRIPTION,
	SKU,
	BRAND,
	PRICE,
	COMPARE_AT_PRICE,
	STOCK_QUANTITY,
	UNIT,
	WEIGHT_KG,
	DIMENSIONS_CM,
	IMAGE_URL
};

static const char *const field_name[FIELDS] = {
	"vendor_product_id",
	"product_name",
	"category",
	"subcategory",
	"description",
	"sku",
	"brand",
	"price",
	"compare_at_price",
	"stock_quantity",
	"unit",
	"weight_kg",
	"dimensions_cm",
	"image_url",
};

enum finding
{
	MISSING,
	BAD_PRICE,
	BAD_STOCK,
	TOO_LONG,
	BAD_CATEGORY,
	DUPLICATE_SKU,
	DUPLICATE_ID,
	BAD_COMPARE,
	BAD_WEIGHT,
	BAD_URL,
	MALFORMED,
	FINDINGS
};

static const char *const finding_name[FINDINGS] = {
	"MISSING_REQUIRED_FIELDS",
	"INVALID_PRICE",
	"INVALID_STOCK",
	"FIELD_LENGTH_EXCEEDED",
	"INVALID_CATEGORY",
	"DUPLICATE_SKU",
	"DUPLICATE_VENDOR_PRODUCT_ID",
	"INVALID_COMPARE_AT_PRICE",
	"INVALID_WEIGHT",
	"INVALID_IMAGE_URL",
	"MALFORMED_ROW",
};

static const struct
{
	const char *name;
	const char *category;
	const char *features;
	const char *brand;
} products[] = {
	{"Wireless Mouse", "Computer Accessories", "Wireless, Ergonomic, USB Receiver", "TechGear"},
	{"USB-C Keyboard", "Computer Accessories", "Mechanical, RGB Backlight, USB-C", "TechGear"},
	{"Laptop Stand", "Computer Accessories", "Aluminum, Adjustable, Ergonomic", "TechGear"},
	{"Portable SSD 1TB", "Computer Storage", "USB 3.2, Shock Resistant, 1050 MB/s", "TechGear"},
	{"Noise Cancelling Headphones", "Audio Equipment", "Bluetooth 5.3, 40 Hours, Foldable",
	 "TechGear"},
	{"Phone Case", "Mobile Accessories", "Shockproof, Slim, Clear Back", "TechGear"},
	{"Cotton T-Shirt", "Men's Clothing", "100% Cotton, Crew Neck, Classic Fit", "StyleWear"},
	{"Denim Jeans", "Men's Clothing", "Straight Fit, Stretch, Classic Blue", "StyleWear"},
	{"Summer Dress", "Women's Clothing", "Linen, Knee Length, Floral Print", "StyleWear"},
	{"Leather Belt", "Accessories", "Full Grain, Reversible, Brass Buckle", "StyleWear"},
	{"Cookware Set 10-Piece", "Kitchen", "Non-Stick, Dishwasher Safe, Induction Ready",
	 "HomeEssentials"},
	{"Knife Set 15-Piece", "Kitchen", "Stainless Steel, Block Included, Sharp", "HomeEssentials"},
	{"Duvet Cover", "Bedroom", "Percale, 200 Threads, Button Closure", "HomeEssentials"},
	{"Bath Towel Set", "Bathroom", "600 GSM, Quick Dry, Soft", "HomeEssentials"},
	{"Garden Hose 30 m", "Garden", "Kink Free, Brass Fittings, UV Stable", "HomeEssentials"},
	{"Yoga Mat", "Sports & Outdoors", "Non-Slip, 6 mm, Carrying Strap", "FitLife"},
};

#define PRODUCTS (sizeof(products) / sizeof(products[0]))

enum mix
{
	MIX_MIXED,
	MIX_FORMAT,
	MIX_DUPLICATE,
	MIX_EVERY,
	MIX_LONG,
	MIX_DEFECT,
	MIX_LARGE,
	MIXES
};

static const char *const mix_name[MIXES] = {
	"mixed", "format", "duplicate", "every", "long", "defect", "large",
};

static struct
{
	uint64_t rows;
	uint64_t start;
	bool random_keys;
	enum mix mix;
	double bad;
	const char *vendor;
	const char *upload;
	int64_t shift;
	uint64_t batch;
	FILE *intake;
	FILE *clean;
	FILE *vendor_csv;
	FILE *json;
} option = {.start = 1, .vendor = "VEND001", .upload = "", .shift = -1, .batch = 10000};

struct row
{
	uint64_t number; /* in the file, from 1 */
	bool defect;
	const char *attributes; /* JSON, or NULL */
	char text[FIELDS][SMALL];
	const char *value[FIELDS]; /* usually text[] */
};

static uint64_t found[FINDINGS];
static char long_value[LONG_FIELD + 1];
static char large_attributes[3 * LONG_FIELD + 100];
static char long_name[102];

static void
fail(const char *what, const char *argument)
{
	fprintf(stderr, "generate: %s: %s\n", what, argument);
	exit(2);
}

/* Mix the bits of a number (the finaliser of splitmix64). */
static uint64_t
scramble(uint64_t value)
{
	value += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

/* Permute the 40-bit numbers, so that random keys are unique. */
static uint64_t
permute40(uint64_t value, uint64_t salt)
{
	const uint64_t mask = (UINT64_C(1) << 40) - 1;
	int round;

	for (round = 0; round < 3; round++)
	{
		value = (value + salt) & mask;
		value = (value * UINT64_C(0x9e3779b97f4a7c15)) & mask;
		value ^= value >> 21;
	}
	return value;
}

static void
write_key(char *target, const char *prefix, uint64_t number, uint64_t salt)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

	if (option.random_keys)
	{
		uint64_t bits = permute40(number, salt);
		size_t length = strlen(prefix);
		int i;

		memcpy(target, prefix, length);
		for (i = 0; i < 8; i++)
			target[length + i] = digits[(bits >> (35 - 5 * i)) & 31];
		target[length + 8] = '\0';
	}
	else
		snprintf(target, SMALL, "%s%07llu", prefix, (unsigned long long) number);
}

static void
set(struct row *row, enum field field, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(row->text[field], SMALL, format, arguments);
	va_end(arguments);
	row->value[field] = row->text[field];
}

static void
set_keys(struct row *row, uint64_t number)
{
	write_key(row->text[SKU], "SKU-", number, 17);
	write_key(row->text[VENDOR_PRODUCT_ID], "PROD", number, 4711);
	row->value[SKU] = row->text[SKU];
	row->value[VENDOR_PRODUCT_ID] = row->text[VENDOR_PRODUCT_ID];
}

static void
make_good(struct row *row, uint64_t key)
{
	uint64_t dice = scramble(key);
	unsigned which = dice % PRODUCTS;
	unsigned model = (dice >> 8) % 900 + 100;
	unsigned cents = (dice >> 20) % 49500 + 500;

	row->defect = false;
	row->attributes = NULL;
	set_keys(row, key);
	set(row, PRODUCT_NAME, "%s - Model %u", products[which].name, model);
	set(row, CATEGORY, "%s", products[which].category);
	set(row, SUBCATEGORY, "%s", (dice >> 60) == 0 ? products[which].name : "");
	set(row, DESCRIPTION, "%s. Features: %s. Brand: %s. Perfect for everyday use.",
		products[which].name, products[which].features, products[which].brand);
	set(row, BRAND, "%s", products[which].brand);
	set(row, PRICE, "%u.%02u", cents / 100, cents % 100);
	if ((dice >> 40) & 1)
		set(row, COMPARE_AT_PRICE, "%u.99", cents * 13 / 1000 + 1);
	else
		set(row, COMPARE_AT_PRICE, "");
	set(row, STOCK_QUANTITY, "%u", (unsigned) ((dice >> 42) % 499 + 1));
	set(row, UNIT, "piece");
	set(row, WEIGHT_KG, "%u.%02u", (unsigned) ((dice >> 45) % 5),
		(unsigned) ((dice >> 48) % 99 + 1));
	set(row, DIMENSIONS_CM, "%ux%ux%u", (unsigned) ((dice >> 50) % 40 + 10),
		(unsigned) ((dice >> 52) % 40 + 10), (unsigned) ((dice >> 54) % 40 + 10));
	set(row, IMAGE_URL, "https://cdn.example.com/products/%s/%s.jpg", option.vendor,
		row->text[SKU]);
}

static void
break_number(struct row *row, unsigned which)
{
	switch (which)
	{
		case 0:
			set(row, PRICE, "$1,299.00");
			found[BAD_PRICE]++;
			break;
		case 1:
			set(row, STOCK_QUANTITY, "12 pcs");
			found[BAD_STOCK]++;
			break;
		default:
			set(row, WEIGHT_KG, "2.794e+01");
			found[BAD_WEIGHT]++;
			break;
	}
}

/* Apply one of eleven faults in turn; last_good is a key of this file, or 0. */
static void
break_mixed(struct row *row, uint64_t ordinal, uint64_t last_good)
{
	unsigned which = ordinal % 11;
	char key[SMALL];

	if (last_good == 0 && (which == 5 || which == 6))
		which = 0;
	switch (which)
	{
		case 0:
			set(row, PRODUCT_NAME, "");
			found[MISSING]++;
			break;
		case 1:
		case 2:
			break_number(row, which - 1);
			break;
		case 3:
			row->value[BRAND] = long_name;
			found[TOO_LONG]++;
			break;
		case 4:
			set(row, CATEGORY, "Kitchn");
			found[BAD_CATEGORY]++;
			break;
		case 5:
			write_key(key, "SKU-", last_good, 17);
			set(row, SKU, "%s", key);
			found[DUPLICATE_SKU]++;
			break;
		case 6:
			write_key(key, "PROD", last_good, 4711);
			set(row, VENDOR_PRODUCT_ID, "%s", key);
			found[DUPLICATE_ID]++;
			break;
		case 7:
			set(row, COMPARE_AT_PRICE, "0.01");
			found[BAD_COMPARE]++;
			break;
		case 8:
			set(row, WEIGHT_KG, "0");
			found[BAD_WEIGHT]++;
			break;
		case 9:
			set(row, IMAGE_URL, "ftp://cdn.example.com/a.jpg");
			found[BAD_URL]++;
			break;
		default:
			set(row, PRICE, "");
			set(row, STOCK_QUANTITY, "-5");
			found[MISSING]++;
			found[BAD_STOCK]++;
			break;
	}
}

static void
break_every_rule(struct row *row, uint64_t key)
{
	set_keys(row, key);
	set(row, PRODUCT_NAME, "");
	set(row, PRICE, "$1,299.00");
	set(row, STOCK_QUANTITY, "many");
	row->value[SUBCATEGORY] = long_name;
	set(row, CATEGORY, "Kitchn");
	set(row, COMPARE_AT_PRICE, "1.2.3");
	set(row, WEIGHT_KG, "2.794e+01");
	set(row, IMAGE_URL, "ftp://cdn.example.com/a.jpg");
	for (int i = MISSING; i <= BAD_URL; i++)
		found[i]++;
}

static void
break_row(struct row *row, uint64_t key, uint64_t ordinal, uint64_t last_good)
{
	uint64_t taken = key - (option.shift >= 0 ? (uint64_t) option.shift : option.rows);

	switch (option.mix)
	{
		case MIX_MIXED:
			break_mixed(row, ordinal, last_good);
			break;
		case MIX_FORMAT:
			break_number(row, ordinal % 3);
			break;
		case MIX_DUPLICATE:
			set_keys(row, taken);
			found[DUPLICATE_SKU]++;
			found[DUPLICATE_ID]++;
			break;
		case MIX_EVERY:
			break_every_rule(row, taken);
			break;
		case MIX_LONG:
			row->value[PRODUCT_NAME] = long_value;
			row->value[SUBCATEGORY] = long_value;
			row->value[DESCRIPTION] = long_value;
			row->value[BRAND] = long_value;
			found[TOO_LONG] += 4;
			break;
		case MIX_DEFECT:
			row->defect = true;
			found[MALFORMED]++;
			break;
		default:
			break;
	}
}

/* Formats.  No value contains a quote, a backslash or a control character.
 */

static void
put_csv(FILE *file, const char *value, bool last)
{
	bool quote = strchr(value, ',') != NULL;

	if (quote)
		putc_unlocked('"', file);
	fputs_unlocked(value, file);
	if (quote)
		putc_unlocked('"', file);
	putc_unlocked(last ? '\n' : ',', file);
}

static void
put_csv_json(FILE *file, const char *value)
{
	putc_unlocked('"', file);
	for (; *value; value++)
	{
		if (*value == '"')
			putc_unlocked('"', file);
		putc_unlocked(*value, file);
	}
	putc_unlocked('"', file);
}

static void
put_row_csv(FILE *file, const struct row *row)
{
	for (int i = 0; i < FIELDS; i++)
		put_csv(file, row->value[i], i == FIELDS - 1);
}

/* upload_id, row_number, line_number, the fields; with large attributes, defects. */
static void
put_intake(const struct row *row)
{
	FILE *file = option.intake;

	fprintf(file, "%s,%llu,%llu,", option.upload, (unsigned long long) row->number,
			(unsigned long long) row->number + 1);
	if (row->defect)
	{
		fprintf(file, ",,,,,,,,,,,,,,MALFORMED_ROW,\"expected 14 fields, found 3\",\"%s,%s,x\"\n",
				row->value[SKU], row->value[PRODUCT_NAME]);
		return;
	}
	for (int i = 0; i < FIELDS - 1; i++)
		put_csv(file, row->value[i], false);
	put_csv(file, row->value[FIELDS - 1], option.mix != MIX_LARGE && option.mix != MIX_DEFECT);
	if (option.mix == MIX_LARGE)
	{
		put_csv_json(file, row->attributes ? row->attributes : "{}");
		putc_unlocked('\n', file);
	}
	else if (option.mix == MIX_DEFECT)
		fputs_unlocked(",,\n", file);
}

static void
put_clean(const struct row *row)
{
	fprintf(option.clean, "%s,%s,%llu,%llu,", option.vendor, option.upload,
			(unsigned long long) row->number, (unsigned long long) row->number + 1);
	put_row_csv(option.clean, row);
}

static void
put_json(const struct row *row)
{
	FILE *file = option.json;
	bool first = true;

	putc_unlocked((row->number - 1) % option.batch == 0 ? '[' : ',', file);
	fprintf(file, "{\"row_number\":%llu,\"line_number\":%llu,\"product\":{",
			(unsigned long long) row->number, (unsigned long long) row->number + 1);
	for (int i = 0; i < FIELDS; i++)
	{
		if (row->value[i][0] == '\0')
			continue;
		fprintf(file, "%s\"%s\":\"%s\"", first ? "" : ",", field_name[i], row->value[i]);
		first = false;
	}
	fputs_unlocked("}}", file);
	if (row->number % option.batch == 0 || row->number == option.rows)
		fputs_unlocked("]\n", file);
}

static FILE *
open_output(const char *name)
{
	FILE *file = fopen(name, "w");

	if (file == NULL)
		fail("cannot create", name);
	setvbuf(file, NULL, _IOFBF, WRITE_BUFFER);
	return file;
}

static void
close_output(FILE *file)
{
	if (file != NULL && fclose(file) != 0)
		fail("cannot write", "output");
}

static enum mix
mix_named(const char *name)
{
	for (int i = 0; i < MIXES; i++)
		if (strcmp(name, mix_name[i]) == 0)
			return i;
	fail("no such mix", name);
	return 0;
}

static void
set_option(char *argument)
{
	char *value = strchr(argument, '=');

	if (value == NULL)
		fail("not OPTION=VALUE", argument);
	*value++ = '\0';
	if (strcmp(argument, "start") == 0)
		option.start = strtoull(value, NULL, 10);
	else if (strcmp(argument, "keys") == 0)
		option.random_keys = strcmp(value, "random") == 0;
	else if (strcmp(argument, "mix") == 0)
		option.mix = mix_named(value);
	else if (strcmp(argument, "bad") == 0)
		option.bad = strtod(value, NULL);
	else if (strcmp(argument, "vendor") == 0)
		option.vendor = value;
	else if (strcmp(argument, "upload") == 0)
		option.upload = value;
	else if (strcmp(argument, "shift") == 0)
		option.shift = strtoll(value, NULL, 10);
	else if (strcmp(argument, "batch") == 0)
		option.batch = strtoull(value, NULL, 10);
	else if (strcmp(argument, "intake") == 0)
		option.intake = open_output(value);
	else if (strcmp(argument, "clean") == 0)
		option.clean = open_output(value);
	else if (strcmp(argument, "vendor_csv") == 0)
		option.vendor_csv = open_output(value);
	else if (strcmp(argument, "json") == 0)
		option.json = open_output(value);
	else
		fail("no such option", argument);
}

static void
make_constants(void)
{
	memset(long_value, 'x', LONG_FIELD);
	memset(long_name, 'y', 101);
	strcpy(large_attributes, "{");
	for (int i = 0; i < 3; i++)
		sprintf(large_attributes + strlen(large_attributes), "%s\"note%d\": \"%s\"", i ? ", " : "",
				i, long_value);
	strcat(large_attributes, "}");
}

static void
put_header(FILE *file)
{
	for (int i = 0; i < FIELDS; i++)
		put_csv(file, field_name[i], i == FIELDS - 1);
}

int
main(int argc, char **argv)
{
	static struct row row;
	uint64_t bad_rows = 0;
	uint64_t last_good = 0;
	uint64_t threshold;

	if (argc < 2)
		fail("usage", "generate ROWS OPTION=VALUE...");
	option.rows = strtoull(argv[1], NULL, 10);
	for (int i = 2; i < argc; i++)
		set_option(argv[i]);
	make_constants();
	threshold = (uint64_t) (option.bad * 10000.0);
	if (option.vendor_csv)
		put_header(option.vendor_csv);

	for (uint64_t i = 0; i < option.rows; i++)
	{
		uint64_t key = option.start + i;
		bool bad = scramble(key ^ UINT64_C(0x5eed)) % 1000000 < threshold;

		row.number = i + 1;
		make_good(&row, key);
		if (option.mix == MIX_LARGE)
			row.attributes = large_attributes;
		if (bad)
			break_row(&row, key, bad_rows++, last_good);
		else
			last_good = key;
		if (option.intake)
			put_intake(&row);
		if (option.clean && !bad)
			put_clean(&row);
		if (option.vendor_csv)
			put_row_csv(option.vendor_csv, &row);
		if (option.json)
			put_json(&row);
	}
	close_output(option.intake);
	close_output(option.clean);
	close_output(option.vendor_csv);
	close_output(option.json);

	printf("{\"rows\": %llu, \"valid\": %llu, \"errors\": %llu, \"findings\": {",
		   (unsigned long long) option.rows, (unsigned long long) (option.rows - bad_rows),
		   (unsigned long long) bad_rows);
	for (int i = 0, first = 1; i < FINDINGS; i++)
	{
		if (found[i] == 0)
			continue;
		printf("%s\"%s\": %llu", first ? "" : ", ", finding_name[i], (unsigned long long) found[i]);
		first = 0;
	}
	puts("}}");
	return 0;
}
