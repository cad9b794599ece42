/*-------------------------------------------------------------------------
 *
 * header_map_test.c
 *	  Column maps of headers, and rows mapped by them.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "events.h"
#include "reader/mapped_header.h"

#define NBSP "\xC2\xA0"
#define REQUIRED "vendor_product_id|product_name|category|sku|price|stock_quantity"

#define MAX_FIELDS 5000

/* What the rows of the headers below need. */
static struct column_needs needs = {MODE_INSERT, MATCH_COUNT, NULL};
static const struct row_source_found bars = {.delimiter = '|'};
static struct row_source_found found = {.delimiter = '|'};

/* Map a header without a vendor's map, so that the columns are all that is to be freed. */
static bool
map_header(struct header_map *map, const struct record *header, struct glue_error *error)
{
	struct mapped_header mapped;
	bool done = mapped_header_init(&mapped, header, &needs, &found, error);

	*map = mapped.columns;
	return done;
}

/* Map a header line whose fields are separated by bars. */
static bool
init(struct header_map *map, const char *line, struct glue_error *error)
{
	static struct text_view fields[MAX_FIELDS];
	int count = 0;
	const char *begin = line;

	for (const char *c = line;; c++)
	{
		if (*c != '|' && *c != '\0')
			continue;
		fields[count].data = begin;
		fields[count++].length = c - begin;
		begin = c + 1;
		if (*c == '\0')
			break;
	}
	return map_header(
		map,
		&(struct record){
			.line_number = 1, .field_count = count, .fields = fields, .raw = text_of(line)},
		error);
}

/* Describe a map: c:<column>, a:<attribute>, d:<action> or i:<ignored> for each field. */
static void
check(const char *line, const char *expected)
{
	struct header_map map;
	struct glue_error error = {0};
	struct event_list list = {0};
	int attributes = 0;

	events_append(&list, "", 0);
	if (!ok(init(&map, line, &error), "\"%s\" is mapped", line))
	{
		printf("# %s %s\n", error.code, error.text);
		events_clean_up(&list);
		return;
	}
	for (int i = 0; i < map.field_count; i++)
	{
		const struct mapped_field *field = &map.fields[i];
		char written[100];

		snprintf(written, sizeof(written), "%s%c:%.*s", i > 0 ? "|" : "",
				 field->role == FIELD_COLUMN     ? 'c'
				 : field->role == FIELD_IGNORED  ? 'i'
				 : field->role == FIELD_ACTION   ? 'd'
				 : field->role == FIELD_KEY_MEMO ? 'k'
												 : 'a',
				 (int) field->name.length, field->name.data);
		events_append(&list, written, strlen(written));
		attributes += field->role == FIELD_ATTRIBUTE;
		if (field->role == FIELD_COLUMN && map.position[field->column] != i)
			events_append(&list, "?", 1);
		if ((field->role == FIELD_ACTION) != (map.action == i) ||
			(field->role == FIELD_KEY_MEMO) != (map.key_memo == i))
			events_append(&list, "?", 1);
	}
	is_text(list.text, expected, "\"%s\"", line);
	is_int(map.attribute_count, attributes, "number of attributes is correct");
	header_map_clean_up(&map);
	header_map_clean_up(&map);
	events_clean_up(&list);
}

static void
check_fault(const char *line, const char *code, const char *text)
{
	struct header_map map;
	struct glue_error error = {0};

	ok(!init(&map, line, &error), "\"%.60s\" is refused", line);
	is_int(error.class, GLUE_FILE_FAULT, "error is a file fault");
	is_text(error.code, code, "error has the expected code");
	is_text(error.text, text, "error has the expected text");
	ok(map.fields == NULL && map.names == NULL && map.field_count == 0, "map is empty");
}

static void
test_good(void)
{
	check(REQUIRED, "c:vendor_product_id|c:product_name|c:category|c:sku|c:price|c:stock_quantity");
	check(
		"price|sku|category|product_name|vendor_product_id|stock_quantity|image_url",
		"c:price|c:sku|c:category|c:product_name|c:vendor_product_id|c:stock_quantity|c:image_url");
	check(" SKU |\tPrice\t|" NBSP "CATEGORY" NBSP "|Product_Name|vendor_product_ID|stock_quantity ",
		  "c:SKU|c:Price|c:CATEGORY|c:Product_Name|c:vendor_product_ID|c:stock_quantity");
	check(
		REQUIRED "| Colour || \t|Gr\xC3\xB6\xC3\x9F"
				 "e",
		"c:vendor_product_id|c:product_name|c:category|c:sku|c:price|c:stock_quantity|a:Colour|a:column_8|a:column_9|a:Gr\xC3\xB6\xC3\x9F"
		"e");
	check(
		"Onboard_Line|onboard_errors|onboard_suggestion|onboard_errors|" REQUIRED,
		"i:Onboard_Line|i:onboard_errors|i:onboard_suggestion|i:onboard_errors|c:vendor_product_id|c:product_name|c:category|c:sku|c:price|c:stock_quantity");
}

/* What other modes and keys need, and the column of actions. */
static void
test_needs(void)
{
	needs = (struct column_needs){MODE_UPDATE, MATCH_COUNT, NULL};
	check("vendor_product_id|price", "c:vendor_product_id|c:price");
	check("SKU|price|Onboard_Action|colour", "c:SKU|c:price|d:Onboard_Action|a:colour");
	check("SKU|price|ONBOARD_KEY|colour", "c:SKU|c:price|k:ONBOARD_KEY|a:colour");
	check_fault("prise|price", "MISSING_COLUMN",
				"the header must have one of these columns: vendor_product_id, sku");
	check("Vendor Product Id|price", "c:Vendor Product Id|c:price");
	check_fault("Product Id|price", "MISSING_COLUMN",
				"the header must have one of these columns: vendor_product_id, sku"
				"; if \"Product Id\" is meant, rename it to vendor_product_id");
	check_fault(
		"sku|onboard_action|ONBOARD_ACTION", "DUPLICATE_COLUMN",
		"columns 2 and 3 have the same name, \"ONBOARD_ACTION\"; rename or remove one of them");
	needs.match = MATCH_SKU;
	check_fault("vendor_product_id|price", "MISSING_COLUMN",
				"required column missing from the header: sku");
	needs.match = MATCH_VENDOR_PRODUCT_ID;
	check_fault("sku|price", "MISSING_COLUMN",
				"required column missing from the header: vendor_product_id");
	needs = (struct column_needs){MODE_UPSERT, MATCH_SKU, NULL};
	check("product_name|category|sku|price|stock_quantity",
		  "c:product_name|c:category|c:sku|c:price|c:stock_quantity");
	check_fault("product_name|category|sku|price", "MISSING_COLUMN",
				"required column missing from the header: stock_quantity");
	needs = (struct column_needs){MODE_INSERT, MATCH_COUNT, NULL};
	check(
		REQUIRED "|onboard_action",
		"c:vendor_product_id|c:product_name|c:category|c:sku|c:price|c:stock_quantity|d:onboard_action");
}

static void
test_faults(void)
{
#define NO_NAMES \
	"the first line contains none of the column names (vendor_product_id, product_name, category, ...): "
#define BEGIN(ignored) "the file must begin with its header line"
#define BEGINS(line) "; it begins with " line
	check_fault("", "NO_HEADER", NO_NAMES BEGIN("") BEGINS("\"\""));
	check_fault("||", "NO_HEADER", NO_NAMES BEGIN("") BEGINS("\"||\""));
	check_fault("VP-1|Mouse|Electronics|SKU-1|1.00|5", "NO_HEADER",
				NO_NAMES BEGIN("") BEGINS("\"VP-1|Mouse|Electronics|SKU-1|1.00|5\""));
	check_fault("vendor_product_id|product_name|category|sku|stock_quantity", "MISSING_COLUMN",
				"required column missing from the header: price");
	check_fault(
		"vendor_product_id|product_name|category|sku|prise|stock_quantity", "MISSING_COLUMN",
		"required column missing from the header: price; if \"prise\" is meant, rename it to price");
	check_fault(
		"brand|Product Nam|Stock|colour", "MISSING_COLUMN",
		"required columns missing from the header: vendor_product_id, product_name, category, sku, price, stock_quantity"
		"; if \"Product Nam\" is meant, rename it to product_name"
		"; if \"Stock\" is meant, rename it to stock_quantity");
	check_fault(REQUIRED "|sku", "DUPLICATE_COLUMN",
				"columns 4 and 7 have the same name, \"sku\"; rename or remove one of them");
	check_fault(REQUIRED "| SKU ", "DUPLICATE_COLUMN",
				"columns 4 and 7 have the same name, \"SKU\"; rename or remove one of them");
	check_fault(
		REQUIRED "|SKU *", "DUPLICATE_COLUMN",
		"columns 4 and 7, \"sku\" and \"SKU *\", are the same; rename or remove one of them");
	check_fault(REQUIRED "|Colour|colour", "DUPLICATE_COLUMN",
				"columns 7 and 8 have the same name, \"colour\"; rename or remove one of them");
	check_fault(REQUIRED "||COLUMN_7", "DUPLICATE_COLUMN",
				"columns 7 and 8 have the same name, \"COLUMN_7\"; rename or remove one of them");
	check_fault("sku|SKU", "DUPLICATE_COLUMN",
				"columns 1 and 2 have the same name, \"SKU\"; rename or remove one of them");
	check_fault(REQUIRED "|x\ny|x\ny", "DUPLICATE_COLUMN",
				"columns 7 and 8 have the same name, \"x y\"; rename or remove one of them");
	check_fault(
		REQUIRED
		"|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA4zz|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA4zz",
		"DUPLICATE_COLUMN",
		"columns 7 and 8 have the same name, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; rename or remove one of them");
}

/* Headings that are ours despite their spelling, and those that usually mean one of ours. */
static void
test_loose_headings(void)
{
	check(
		"\xEF\xBB\xBFVendor-Product-ID *|PRODUCT NAME|category*|S K U|pri_ce|Stock-quantity|Onboard Line|My-Price|my price",
		"c:Vendor-Product-ID *|c:PRODUCT NAME|c:category*|c:S K U|c:pri_ce|c:Stock-quantity|i:Onboard Line|a:My-Price|a:my price");
	check_fault(
		"ID|Title|Category|SKU|Unit Price|On-Hand", "MISSING_COLUMN",
		"required columns missing from the header: vendor_product_id, product_name, price, stock_quantity"
		"; if \"ID\" is meant, rename it to vendor_product_id"
		"; if \"Title\" is meant, rename it to product_name"
		"; if \"Unit Price\" is meant, rename it to price"
		"; if \"On-Hand\" is meant, rename it to stock_quantity");
	/* A header without any heading of ours, but two that are usual. */
	check_fault(
		"Name|Qty", "MISSING_COLUMN",
		"required columns missing from the header: vendor_product_id, product_name, category, sku, price, stock_quantity"
		"; if \"Name\" is meant, rename it to product_name"
		"; if \"Qty\" is meant, rename it to stock_quantity");
	check_fault(
		"[Name]|[Qty]", "MISSING_COLUMN",
		"required columns missing from the header: vendor_product_id, product_name, category, sku, price, stock_quantity"
		"; if \"[Name]\" is meant, rename it to product_name"
		"; if \"[Qty]\" is meant, rename it to stock_quantity");
}

/* Without its advice, a text still says what is wrong. */
static void
test_advice(void)
{
	struct header_map map;
	struct glue_error error = {0};

	ok(!init(&map, "vendor_product_id|Product Nam|category|sku|price|stock_quantity", &error),
	   "a column is missing");
	ok(strstr(error.text, " is meant, ") != NULL, "the text guesses which one is meant");
	glue_error_keep_reason(&error);
	is_text(error.text, "required column missing from the header: product_name",
			"without the guess");
	ok(!init(&map, "a|b", &error), "there is no header");
	glue_error_keep_reason(&error);
	is_text(error.text,
			"the first line contains none of the column names (vendor_product_id, product_name, "
			"category, ...)",
			"without a cause");
}

/* Split a line at its commas, unless it is quoted as a whole; returns how many fields it has. */
static int
split(struct text_view line, struct text_view fields[4])
{
	int count = 0;

	if (line.length > 1 && line.data[0] == '"' && line.data[line.length - 1] == '"')
	{
		fields[0] = (struct text_view){line.data + 1, line.length - 2};
		return 1;
	}
	for (const char *comma = line.data; comma != NULL && count < 4; count++)
	{
		const char *end = line.data + line.length;

		comma = memchr(line.data, ',', line.length);
		fields[count] = (struct text_view){line.data, (comma != NULL ? comma : end) - line.data};
		if (comma != NULL)
			line = (struct text_view){comma + 1, end - comma - 1};
	}
	return count;
}

/* Check the cause that a refusal names for a first line. */
static void
check_cause(const char *line, const char *cause)
{
	struct header_map map;
	struct glue_error error = {0};
	struct text_view fields[4];
	struct record header = {.line_number = 1, .fields = fields, .raw = text_of(line)};

	header.field_count = split(header.raw, fields);
	ok(!map_header(&map, &header, &error), "%s is refused", line);
	is_text(error.code, "NO_HEADER", "as no header");
	if (!ok(strstr(error.text, cause) != NULL, "the reason is \"%s\"", cause))
		printf("# %s\n", error.text);
}

static void
test_causes(void)
{
	found = (struct row_source_found){.delimiter = ','};
	check_cause(
		"sku^price^category",
		"seems to be delimited by '^'; save it with commas, or load it with --delimiter '^'");
	check_cause("sku}price", "load it with --delimiter '}'");
	check_cause("sku\x1Fprice", "load it with --delimiter $'\\x1f'");
	check_cause("sku\tprice", "load it with --delimiter tab");
	check_cause("\"sku,price,category\"", "each line is in quotes as a whole");
	check_cause("'sku','price'", "load it with --quote \"'\"");
	check_cause("'Title','Unit Price','x'", "load it with --quote \"'\"");
	check_cause("'x','Unit Price'", "the file must begin with its header line");
	check_cause("  <!DOCTYPE html>", "this is an HTML page");
	check_cause("<HTML><body>", "this is an HTML page");
	check_cause("<?xml version=\"1.0\"?>", "this is an XML document");
	check_cause("{\\rtf1 sku", "this is an RTF document");
	check_cause("[{\"sku\": 1}]", "this is JSON");
	check_cause("{\"sku\": 1}", "this is JSON");
	check_cause("[", "this is JSON");
	check_cause("[ [\"sku\", \"price\"],", "this is JSON");
	check_cause("a,b", "the file must begin with its header line; it begins with \"a,b\"");
	check_cause("sku^x", "the file must begin with its header line");
	found.heading_line = 7;
	check_cause("a,b", "the headings are in line 7; remove the lines above it; it begins with");
	check_cause("Title,Unit Price", "the headings are in line 7");
	found.quote = QUOTE_SINGLE;
	check_cause("\"sku\",\"price\",", "load it with --quote '\"'");
	found = bars;
}

static void
test_wide(void)
{
	struct event_list line = {0};
	struct header_map map;
	struct glue_error error = {0};

	events_append(&line, REQUIRED, strlen(REQUIRED));
	for (int i = 7; i <= ONBOARD_MAX_COLUMNS; i++)
		events_append(&line, "|", 1);
	ok(init(&map, line.text, &error), "maximum number of columns is accepted");
	is_int(map.field_count, ONBOARD_MAX_COLUMNS, "all columns are mapped");
	is_int(map.fields[ONBOARD_MAX_COLUMNS - 1].name.length, 11,
		   "last blank heading is named column_4096");
	header_map_clean_up(&map);
	events_clean_up(&line);
}

static void
test_memory(void)
{
	struct header_map map;
	struct glue_error error = {0};
	bool good = false;
	int wrong = 0;

	glue_set_reallocate(failing_reallocate);
	for (int fail_at = 0; !good && fail_at < 20; fail_at++)
	{
		allocations_left = fail_at;
		good = init(&map, REQUIRED "|x", &error);
		wrong += !good && strcmp(error.code, "OUT_OF_MEMORY") != 0;
	}
	glue_set_reallocate(NULL);
	header_map_clean_up(&map);
	ok(good, "header is mapped if there is enough memory");
	is_int(wrong, 0, "failed allocation is reported");
}

/* Records that cannot serve as a header. */
static void
test_no_header(void)
{
	struct header_map map;
	struct glue_error error = {0};
	struct record broken = {
		.line_number = 1,
		.defect_type = "MALFORMED_ROW",
		.defect_field = 3,
		.defect_message = "is longer than it may be",
	};

	ok(!map_header(&map, &broken, &error), "header with a defect is rejected");
	is_text(error.text, "the header line cannot be read: field 3 is longer than it may be",
			"error contains the defect");
	ok(!header_map_no_header(&error), "file without a header is rejected");
	is_text(error.text, "the file holds blank lines only", "error has the expected text");
}

/* The message of a defect names the column of the field. */
static void
check_message(const struct header_map *map, int field, const char *expected)
{
	struct header_map_scratch scratch;
	struct record record = {
		.row_number = 7,
		.defect_type = "MALFORMED_ROW",
		.defect_field = field,
		.defect_message = "is wrong",
	};
	const struct record *row = header_map_row(map, &record, &scratch);

	is_text(row->defect_message, expected, "defect in field %d names the column", field);
	is_int(row->row_number, 7, "rest of the record is unchanged");
}

static void
test_rows(void)
{
	struct header_map map;
	struct header_map_scratch scratch;
	struct glue_error error = {0};
	struct record good = {.row_number = 1};

	ok(init(&map, REQUIRED "|colour|onboard_line", &error), "header is mapped");
	ok(header_map_row(&map, &good, &scratch) == &good,
	   "row without a defect is returned unchanged");
	check_message(&map, 0, "is wrong");
	check_message(&map, 4, "field 4 (sku) is wrong");
	check_message(&map, 7, "field 7 is wrong");
	check_message(&map, 8, "field 8 is wrong");
	check_message(&map, 9, "field 9 is wrong");
	header_map_clean_up(&map);
}

/* Check the defect of a row, given as its cells separated by bars. */
static void
check_row(const struct header_map *map, const char *line, const char *type)
{
	struct text_view fields[MAX_FIELDS];
	struct header_map_scratch scratch;
	struct record record = {.row_number = 1, .fields = fields};
	const char *begin = line;
	const struct record *row;

	for (const char *c = line;; c++)
	{
		if (*c != '|' && *c != '\0')
			continue;
		fields[record.field_count++] = (struct text_view){begin, c - begin};
		begin = c + 1;
		if (*c == '\0')
			break;
	}
	row = header_map_row(map, &record, &scratch);
	is_text(row->defect_type, type, "defect of %s", line);
}

/* Rows that are none: empty ones, and the header again. */
static void
test_no_rows(void)
{
	struct header_map map;
	struct glue_error error = {0};

	ok(init(&map, REQUIRED "|Colour||onboard_action|onboard_line|onboard_errors", &error),
	   "header is mapped");
	check_row(&map, "||||||||||", "EMPTY_ROW");
	check_row(&map, "", "EMPTY_ROW");
	check_row(&map, "| |\t|" NBSP, "EMPTY_ROW");
	check_row(&map, "|||||||||5|row is empty", "EMPTY_ROW");
	check_row(&map, "||||||||delete||", NULL);
	check_row(&map, "|||||||x|||", NULL);
	check_row(&map, "VP|||||||||", NULL);
	check_row(&map, REQUIRED "|Colour||onboard_action|onboard_line|onboard_errors",
			  "MALFORMED_ROW");
	check_row(
		&map,
		"Vendor Product ID|PRODUCT_NAME|category|sku|price|stock_quantity|colour||onboard_action|3|MALFORMED_ROW",
		"MALFORMED_ROW");
	check_row(&map, REQUIRED "|blue||||", NULL);
	header_map_clean_up(&map);
}

/* Both headings mark a fix file; suggestions alone do not. */
static void
test_fix_file(void)
{
	static const struct
	{
		const char *added;
		bool is_fix_file;
	} headers[] = {
		{"", false},
		{"|onboard_line", false},
		{"|onboard_errors|onboard_suggestion", false},
		{"|onboard_line|onboard_errors", true},
		{"| ONBOARD_Line |Onboard_Errors|onboard_suggestion", true},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
	{
		struct header_map map;
		struct glue_error error = {0};
		char header[256];

		snprintf(header, sizeof(header), "%s%s", REQUIRED, headers[i].added);
		ok(init(&map, header, &error), "header is mapped");
		ok(header_map_is_fix_file(&map) == headers[i].is_fix_file, "a fix file is recognized");
		header_map_clean_up(&map);
	}
}

static void
test_find(void)
{
	struct text_view price = {" Price ", 7};
	struct text_view pric = {"pric", 4};
	ok(header_map_is_heading(NULL, price) && !header_map_is_heading(NULL, pric),
	   "known heading is recognized");
}

int
main(void)
{
	test_good();
	test_needs();
	test_faults();
	test_wide();
	test_memory();
	test_no_header();
	test_rows();
	test_no_rows();
	test_loose_headings();
	test_advice();
	test_causes();
	test_fix_file();
	test_find();
	return unit_done();
}
