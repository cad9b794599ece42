/*-------------------------------------------------------------------------
 *
 * row_map_test.c
 *	  Whole files, read with the maps of their vendors.
 *
 * Each file is read in pieces of every size, and another reader resumes at every
 * row: all yield the same rows.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "events.h"
#include "map_document.h"
#include "reader/mapped_header.h"
#include "reader/row_map.h"
#include "reader/row_reader.h"
#include "reader/scan.h"

#define MOST_ROWS 64
#define STATE_SIZE 2000

struct reading
{
	struct row_reader *reader;
	struct event_list list;
	struct glue_error error;
	bool keeps_tokens;
	int row_count;
	size_t starts[MOST_ROWS]; /* of each row in the list */
	bool known[MOST_ROWS];
	struct resume_token tokens[MOST_ROWS];
	char states[MOST_ROWS][STATE_SIZE];
};

static struct column_needs needs = {MODE_UPDATE, MATCH_SKU, NULL};

/* ----- reading ----- */

static char
role_letter(enum field_role role)
{
	static const char letters[] = {
		[FIELD_COLUMN] = 'c',   [FIELD_ATTRIBUTE] = 'a', [FIELD_ACTION] = 'd',
		[FIELD_KEY_MEMO] = 'k', [FIELD_IGNORED] = 'i',   [FIELD_UNUSED] = 'u',
	};

	return letters[role];
}

/*
 * Describe the fields: the role's letter, the column or name, "!" if no suggestion can
 * be put back; "+" before those that the map adds.  The key follows if it is another.
 */
static bool
take_header(void *context, const struct header_map *map)
{
	struct reading *reading = context;

	for (int i = 0; i < map->field_count; i++)
	{
		const struct mapped_field *field = &map->fields[i];
		struct text_view name = field->role == FIELD_COLUMN
									? text_of(onboard_columns[field->column].name)
									: field->name;
		char text[300];

		snprintf(text, sizeof(text), "%s%s%c:%.*s%s", i > 0 ? "|" : "",
				 i < map->header_count ? "" : "+", role_letter(field->role), (int) name.length,
				 name.data, field->is_converted ? "!" : "");
		events_append(&reading->list, text, strlen(text));
		if (!text_equal(name, field->key))
		{
			snprintf(text, sizeof(text), "(%.*s)", (int) field->key.length, field->key.data);
			events_append(&reading->list, text, strlen(text));
		}
	}
	events_append(&reading->list, "\n", 1);
	return true;
}

static bool
take_row(void *context, const struct record *row)
{
	struct reading *reading = context;
	int place = reading->row_count++;
	struct glue_error error;

	if (reading->keeps_tokens && place < MOST_ROWS)
	{
		struct resume_token *token = &reading->tokens[place];

		reading->starts[place] = reading->list.length;
		reading->known[place] =
			row_reader_token(reading->reader, token, &error) && strlen(token->state) < STATE_SIZE;
		if (reading->known[place])
		{
			snprintf(reading->states[place], STATE_SIZE, "%s", token->state);
			token->state = reading->states[place];
		}
	}
	return events_record(&reading->list, row);
}

static bool
push_bytes(void *context, const char *bytes, size_t length)
{
	struct reading *reading = context;

	return row_reader_push(reading->reader, bytes, length, &reading->error);
}

/* Read the bytes with the reader, and append what came of it. */
static void
read_bytes(struct reading *reading, const char *bytes, size_t length, size_t chunk)
{
	struct row_source_found found;
	char line[GLUE_ERROR_TEXT_SIZE + 100] = "";

	row_reader_need(reading->reader, &needs);
	if (!push_in_pieces(bytes, length, chunk, push_bytes, reading) ||
		!row_reader_finish(reading->reader, &reading->error))
		snprintf(line, sizeof(line), "%s %s\n", reading->error.code, reading->error.text);
	row_reader_found(reading->reader, &found);
	if (found.skipped_rows > 0)
		snprintf(line, sizeof(line), "skipped %d\n", (int) found.skipped_rows);
	events_append(&reading->list, line, strlen(line));
	row_reader_destroy(reading->reader);
}

static void
read_file(struct reading *reading, const char *bytes, size_t length, size_t chunk)
{
	struct row_reader_events events = {take_header, take_row, reading};

	reading->reader = row_reader_open(NULL, &events, &reading->error);
	read_bytes(reading, bytes, length, chunk);
}

/* ----- checks ----- */

/* Resume at every row with a token; returns the place that differs, or -1. */
static int
resume_everywhere(const struct reading *whole, const char *bytes, size_t length)
{
	for (int place = 0; place < whole->row_count; place++)
	{
		struct reading rest = {.keeps_tokens = false};
		struct row_reader_events events = {NULL, take_row, &rest};
		const struct resume_token *token = &whole->tokens[place];
		bool equal;

		if (!whole->known[place])
			continue;
		rest.reader = row_reader_resume(token, &events, &rest.error);
		if (rest.reader == NULL)
			return place;
		read_bytes(&rest, bytes + token->byte_offset, length - (size_t) token->byte_offset,
				   (size_t) (1 + place % 7));
		equal = strcmp(rest.list.text, whole->list.text + whole->starts[place]) == 0;
		if (!equal)
			printf("# resumed at %d:\n%s", place, rest.list.text);
		events_clean_up(&rest.list);
		if (!equal)
			return place;
	}
	return -1;
}

static int
count_tokens(const struct reading *whole)
{
	int count = 0;

	for (int i = 0; i < whole->row_count && i < MOST_ROWS; i++)
		count += whole->known[i];
	return count;
}

/* Check a file of this length; returns the number of tokens. */
static int
check_bytes(const char *name, const char *definition, const char *bytes, size_t length,
			const char *expected)
{
	struct reading *whole = calloc(1, sizeof(*whole));
	struct glue_error error;
	struct file_map *map = map_parse(definition, &error);
	int tokens = 0;

	whole->keeps_tokens = true;
	needs.map = map;
	if (ok(map != NULL, "%s: the map is one", name))
	{
		read_file(whole, bytes, length, length);
		is_text(whole->list.text, expected, "%s", name);
		tokens = count_tokens(whole);
		is_int(resume_everywhere(whole, bytes, length), -1, "%s: resumes at every row", name);
		for (size_t chunk = next_chunk_size(0, length); chunk > 0;
			 chunk = next_chunk_size(chunk, length))
		{
			struct reading pieces = {.keeps_tokens = false};
			bool equal;

			read_file(&pieces, bytes, length, chunk);
			equal = strcmp(pieces.list.text, expected) == 0;
			if (!equal)
				is_text(pieces.list.text, expected, "%s: pieces of %zu", name, chunk);
			events_clean_up(&pieces.list);
			if (!equal)
				break;
		}
	}
	else
		printf("# %s\n", error.text);
	events_clean_up(&whole->list);
	file_map_destroy(map);
	needs.map = NULL;
	free(whole);
	return tokens;
}

static int
check(const char *name, const char *definition, const char *file, const char *expected)
{
	return check_bytes(name, definition, file, strlen(file), expected);
}

/* ----- headers ----- */

static void
test_fields(void)
{
	check("a map without statements changes nothing", "# nothing", "sku,price,Farbe,\n1,2,3,4\n",
		  "c:sku|c:price|a:Farbe|a:column_4\n1@2 1|2|3|4\n");
	check("headings in any writing", "sku = \"Variant-SKU\"\nprice = \"Verkaufs Preis\"",
		  "variant_sku*,VERKAUFSPREIS\n1,2\n", "c:sku|c:price\n1@2 1|2\n");
	check("headings with other letters",
		  "sku = sku\nbrand = \"gr\xC3\xB6\xC3\x9F"
		  "e\"",
		  "SKU,GR\xC3\x96\xC3\x9F"
		  "E\n1,2\n",
		  "c:sku|c:brand\n1@2 1|2\n");
	check("the first alternative that the file has", "sku = Code or Art or SKU", "sku,Art\n1,2\n",
		  "u:sku(column_1)|c:sku\n1@2 1|2  {column_1=1}\n");
	check("a heading that has our name, but is another column", "sku = Art\nbrand = price",
		  "Art,price,sku\n1,2,3\n", "c:sku|c:brand|u:sku(column_3)\n1@2 1|2|3  {column_3=3}\n");
	check("constants", "sku = Art\nunit = constant box\nattribute shop = constant \"a \\\"b\"",
		  "Art,unit,SHOP\n1,2,3\n",
		  "c:sku|u:unit(column_2)|u:SHOP|+c:unit!|+a:shop!\n"
		  "1@2 1|2|3|box|a \"b  {column_2=2|SHOP=3}\n");
	check("a heading that is used twice",
		  "sku = Art\nvendor_product_id = Art\nattribute copy = Art | lower", "Art\nAB\n",
		  "c:sku|+c:vendor_product_id!|+a:copy!\n1@2 AB|AB|ab  {copy=AB}\n");
	check("columns that are left out", "ignore Tags\nignore price", "sku,TAGS,price,x,\n1,a,,3,\n",
		  "c:sku|u:TAGS|u:price(column_3)|a:x|a:column_5\n"
		  "1@2 1|a||3|  {TAGS=a}\n");
	check("all others are left out", "ignore others\nattribute x = X", "sku,a,A,x,\n1,2,,4,5\n",
		  "c:sku|u:a|u:A|a:x|u:column_5\n1@2 1|2||4|5  {a=2|column_5=5}\n");
	check("the columns of a fix file keep their roles", "sku = Art\nignore others",
		  "Art,onboard_line,onboard_errors,onboard_suggestion,onboard_key\n1,2,3,4,5\n",
		  "c:sku|i:onboard_line|i:onboard_errors|i:onboard_suggestion|k:onboard_key\n"
		  "1@2 1|2|3|4|5\n");
	check("actions under the vendor's heading",
		  "sku = sku\nonboard_action = \"update-delete\" | lower\nignore onboard_action",
		  "sku,Update_Delete,onboard_action\n1,DELETE,x\n",
		  "c:sku|d:onboard_action!|u:onboard_action(column_3)\n"
		  "1@2 1|delete|x  {onboard_action=DELETE|column_3=x}\n");
	check("a column without a heading", "brand = column_2", "sku,\n1,2\n",
		  "c:sku|c:brand\n1@2 1|2\n");
	check("converted columns", "price = p | decimal_comma | factor(2)\nsku = s | thousands(\".\")",
		  "p,s\n\"1,5\",a\n", "c:price!|c:sku\n1@2 3|a  {price=1,5}\n");
	check("numbers of columns that are taken", "sku = Art\nattribute column_4 = column_3",
		  "Art,sku,column_2,,column_3\n1,2,3,4,5\n",
		  "c:sku|u:sku(column_6)|a:column_2|u:column_4(column_7)|a:column_4\n"
		  "1@2 1|2|3|4|5  {column_6=2|column_7=4}\n");
	check("a second attribute of the same name", "attribute material = Werkstoff",
		  "sku,Werkstoff,Material\n1,2,3\n",
		  "c:sku|a:material|u:Material\n"
		  "1@2 1|2|3  {Material=3}\n");
}

static void
test_header_faults(void)
{
	needs = (struct column_needs){MODE_UPDATE, MATCH_SKU, NULL};
	check("a required column that the map looks for", "sku = Art or \"Art. Nr.\"", "price,x\n1,2\n",
		  "MISSING_COLUMN required column missing from the header: sku (the map looks for it in "
		  "\"Art\" or \"Art. Nr.\")\n");
	check("one that the map does not mention", "price = Preis", "Preis,Item No\n1,2\n",
		  "MISSING_COLUMN required column missing from the header: sku; if \"Item No\" is meant, "
		  "write it into the map for sku\n");
	check("no heading of the map", "sku = Art", "a,b\n1,2\n",
		  "NO_HEADER the first line contains none of the headings that the map \"shop\" names: the "
		  "file must begin with its header line; it begins with \"a,b\"\n");
	check("constants are not headings", "sku = Art\nunit = constant box", "a,b\n1,2\n",
		  "NO_HEADER the first line contains none of the headings that the map \"shop\" names: the "
		  "file must begin with its header line; it begins with \"a,b\"\n");
	check("a heading of the map twice", "sku = Art\nbrand = Marke", "Art,MARKE,marke\n1,2,3\n",
		  "DUPLICATE_COLUMN columns 2 and 3 have the same name, \"marke\"; rename or remove one "
		  "of them\n");
	check("a heading twice that the map does not use", "sku = Art\nignore Tags",
		  "Art,Tags,Tags\n1,2,3\n",
		  "c:sku|u:Tags|u:Tags(column_3)\n"
		  "1@2 1|2|3  {Tags=2|column_3=3}\n");
	check("another heading twice", "sku = Art", "Art,Farbe,farbe\n1,2,3\n",
		  "DUPLICATE_COLUMN columns 2 and 3 have the same name, \"farbe\"; rename or remove one "
		  "of them\n");
}

/* The headings of the map find the delimiter, and the header below titles. */
static void
test_detection(void)
{
	check("titles above the header", "sku = Art\nprice = \"Preis, netto\"",
		  "Preisliste\n\nArt;\"Preis, netto\";Farbe, Form, Muster, Stoff\na;2;3\n",
		  "c:sku|c:price|a:Farbe, Form, Muster, Stoff\n1@4 a|2|3\n");
	check("the heading that only the header has", "header item_sku\nsku = item_sku\nbrand = b",
		  "TemplateType=x\tsku\tbrand\tb\nSeller SKU\tBrand\tx\ty\nitem_sku\tb\tc\td\n1\t2\t3\t4\n",
		  "c:sku|c:brand|a:c|a:d\n1@4 1|2|3|4\n");
	check("it may be in the first line", "header sku", "sku;price\n1;2\n",
		  "c:sku|c:price\n1@2 1|2\n");
	check("without it, the header is where it may be", "header other", "title\n\nsku,price\n1,2\n",
		  "c:sku|c:price\n1@4 1|2\n");
	check("the header line again", "sku = Art\nprice = Preis", "Art,Preis\n1,2\nART ,preis*\n3,4\n",
		  "c:sku|c:price\n1@2 1|2\n2@3 MALFORMED_ROW this is the header line again, not a row; "
		  "remove the line <ART ,preis*>\n3@4 3|4\n");
	check("defects name the vendor's heading", "sku = Art\nprice = Preis",
		  "Art,Preis\n1,\xEF\xBF\xBD\n",
		  "c:sku|c:price\n1@2 INVALID_ENCODING field 2 (Preis) holds a character that could not "
		  "be read (shown as U+FFFD); save the file as \"CSV UTF-8\" or name its encoding "
		  "<1,\xEF\xBF\xBD>\n");
}

/* ----- rows ----- */

static void
test_values(void)
{
	check("transformed cells travel beside the values",
		  "price = Preis | thousands(\".\") | decimal_comma\nattribute farbe = Farbe | lower",
		  "sku;Preis;Farbe\n1;1.299,50;ROT\n2; 5.00 ;rot\n3;;\n",
		  "c:sku|c:price|a:farbe!\n1@2 1|1299.50|rot  {price=1.299,50|farbe=ROT}\n"
		  "2@3 2| 5.00 |rot\n3@4 3||\n");
	check("blanks that a change drops", "price = p | decimal_comma | factor(2)",
		  "sku,p\n1,\" 1,5 \"\n2,\" x \"\n",
		  "c:sku|c:price!\n1@2 1|3  {price= 1,5 }\n"
		  "2@3 2| x \n");
	check("a default for a blank cell", "brand = b | default(none)", "sku,b\n1,\n2, \n3,x\n",
		  "c:sku|c:brand\n1@2 1|none  {brand=}\n2@3 2|none  {brand= }\n3@4 3|x\n");
	check("parts of a changed value", "brand = b | lower | first_of | prefix(x-)",
		  "sku,b\n1,\"A,B\"\n", "c:sku|c:brand!\n1@2 1|x-a  {brand=A,B}\n");
	check("joined cells", "product_name = Title | join(\" / \", o1, none, o2)\nignore o2",
		  "sku,Title,o1,o2\n1,Shirt,S,red\n2,Shirt,,red\n3,,S,\n4,Shirt, ,\n",
		  "c:sku|c:product_name!|u:o1|u:o2\n"
		  "1@2 1|Shirt / S / red|S|red  {product_name=Shirt|o1=S|o2=red}\n"
		  "2@3 2|Shirt / red||red  {product_name=Shirt|o2=red}\n"
		  "3@4 3|S|S|  {product_name=|o1=S}\n4@5 4|Shirt| |\n");
	check("values of lists and paths",
		  "category = Kategorie | values(categories)\nsubcategory = Pfad | category_path",
		  "sku,Kategorie,Pfad\n1,SHOES,Home > Kitchen\n2,Kitchen,x\n",
		  "c:sku|c:category|c:subcategory\n"
		  "1@2 1|Clothing|Kitchen  {category=SHOES|subcategory=Home > Kitchen}\n"
		  "2@3 2|Kitchen|x\n");
}

static void
test_skipping(void)
{
	int tokens;

	tokens = check(
		"rows that are not products have no number",
		"skip when Type is Variable\nskip when p is blank\nprice = p\nignore Type",
		"sku,Type,p\n1,simple,2\n2, VARIABLE ,3\n3,,4\n4,simple, \n5,\xEF\xBF\xBD,\n6,x,7\n",
		"c:sku|u:Type|c:price\n1@2 1|simple|2  {Type=simple}\n2@4 3||4\n"
		"3@6 INVALID_ENCODING field 2 (Type) holds a character that could not be read (shown as "
		"U+FFFD); save the file as \"CSV UTF-8\" or name its encoding <5,\xEF\xBF\xBD,>\n"
		"4@7 6|x|7  {Type=x}\nskipped 2\n");
	is_int(tokens, 4, "each row has a token");
	check("rows that have another value", "skip when Shop or Store is not \"de\"\nignore others",
		  "sku,Store\n1,DE\n2,\n3,fr\n4, de \n",
		  "c:sku|u:Store\n1@2 1|DE  {Store=DE}\n2@5 4| de   {Store= de }\nskipped 2\n");
	check("rows whose column is not blank", "skip when View is not blank\nignore others",
		  "sku,View\n1,\n2,x\n3, \n", "c:sku|u:View\n1@2 1|\n2@4 3| \nskipped 1\n");
	check("groups of rows",
		  "skip when Status | fill_down(Handle) is draft\nattribute s = Status\nignore others",
		  "sku,Handle,Status\n1,a,draft\n2,a,\n3,b,active\n4,b,\n5,b,draft\n6,b,\n7,a,\n",
		  "c:sku|u:Handle|a:s\n1@4 3|b|active  {Handle=b}\n2@5 4|b|  {Handle=b}\n"
		  "3@7 6|b|  {Handle=b}\n4@8 7|a|  {Handle=a}\nskipped 3\n");
	check("a column that the file lacks skips nothing", "skip when Type is blank", "sku\n1\n",
		  "c:sku\n1@2 1\n");
	check("our own column may skip", "skip when price is blank", "sku,price\n1,\n2,3\n",
		  "c:sku|c:price\n1@3 2|3\nskipped 1\n");
	check("empty rows are never skipped", "skip when price is blank",
		  "sku,price\n1,2\n,\n3,\n,\n4,5\n,\n6,\n,\n",
		  "c:sku|c:price\n1@2 1|2\n2@3 EMPTY_ROW row is empty <,>\n3@5 EMPTY_ROW row is empty <,>\n"
		  "4@6 4|5\nskipped 2\n");
	check("all rows are skipped", "skip when price is blank", "sku,price\n1,\n2,\n",
		  "c:sku|c:price\nskipped 2\n");
}

static void
test_filling(void)
{
	check("blank cells take the text above", "brand = b | fill_down\nprice = p",
		  "sku,b,p\n1,,2\n2, A ,3\n3,,4\n4, ,5\n5,B,6\n6,,7\n",
		  "c:sku|c:brand|c:price\n1@2 1||2\n2@3 2| A |3\n3@4 3| A |4\n4@5 4| A |5\n5@6 5|B|6\n"
		  "6@7 6|B|7\n");
	check("only within a product", "product_name = Title | fill_down(Handle) | upper",
		  "sku,Handle,Title\n1,a,x\n2,a,\n3,b,\n4,b,y\n5,a,\n6, ,\n7,b,\n8,b,z\n9,b ,\n",
		  "c:sku|u:Handle|c:product_name!\n1@2 1|a|X  {product_name=x|Handle=a}\n"
		  "2@3 2|a|X  {product_name=x|Handle=a}\n3@4 3|b|  {Handle=b}\n"
		  "4@5 4|b|Y  {product_name=y|Handle=b}\n5@6 5|a|  {Handle=a}\n6@7 6| |\n"
		  "7@8 7|b|  {Handle=b}\n8@9 8|b|Z  {product_name=z|Handle=b}\n"
		  "9@10 9|b |  {Handle=b }\n");
	check(
		"skipped rows fill, too; empty and broken rows do not",
		"skip when Type is parent\nbrand = b | fill_down\nignore Type",
		"sku,Type,b\n1,parent,A\n2,,\n,,\n3,x\n4,,\n",
		"c:sku|u:Type|c:brand\n1@3 2||A\n2@4 EMPTY_ROW row is empty <,,>\n"
		"3@5 MALFORMED_ROW the record has 2 fields, the header has 3 <3,x>\n4@6 4||\nskipped 1\n");
	check("empty rows do not end a file", "brand = b | fill_down", "sku,b\n1,A\n,\n2,\n",
		  "c:sku|c:brand\n1@2 1|A\n2@3 EMPTY_ROW row is empty <,>\n3@4 2|A\n");
	check("after a broken row, only rows that name their group are filled",
		  "category = c | fill_down(Name)\nproduct_name = Name",
		  "sku,Name,c\n1,a,A\n2\n3,,\n4,a,\n5,,\n6\n7,,C\n8,,\n9,b,\n10,,\n",
		  "c:sku|c:product_name|c:category\n1@2 1|a|A\n"
		  "2@3 MALFORMED_ROW the record has 1 field, the header has 3 <2>\n3@4 3||\n4@5 4|a|A\n"
		  "5@6 5||A\n6@7 MALFORMED_ROW the record has 1 field, the header has 3 <6>\n"
		  "7@8 7||C\n8@9 8||\n9@10 9|b|\n10@11 10||\n");
	check("what was filled in skips no row of a fix file",
		  "skip when Type is not blank\nattribute t = Type | fill_down",
		  "sku,Type,onboard_line,onboard_errors\n1,x,3,e\n",
		  "c:sku|a:t|i:onboard_line|i:onboard_errors\n1@2 1|x|3|e\n");
	check("a fix file has been filled, and lacks rows",
		  "skip when Status | fill_down(Handle) is not active\nbrand = b | fill_down\n"
		  "attribute d = d | fill_down(Name)\nignore others",
		  "sku,Handle,Status,Name,b,d,onboard_line,onboard_errors\n"
		  "1,a,active,A,B,x,2,e\n2,b,,,,,5,e\n3,a,draft,A,B,x,7,e\n",
		  "c:sku|u:Handle|u:Status|u:Name|c:brand|a:d|i:onboard_line|i:onboard_errors\n"
		  "1@2 1|a|active|A|B|x|2|e  {Handle=a|Status=active|Name=A}\n"
		  "2@3 2|b|||||5|e  {Handle=b}\nskipped 1\n");
	check("a filled cell is what the vendor wrote, wherever it is used",
		  "product_name = Title | fill_down(Handle) | join(\" \", Size)\n"
		  "attribute title = Title\nattribute size = Size | fill_down",
		  "sku,Handle,Title,Size\n1,a,Shirt,S\n2,a,,\n",
		  "c:sku|u:Handle|c:product_name!|a:size|+a:title!\n"
		  "1@2 1|a|Shirt S|S|Shirt  {product_name=Shirt|Handle=a}\n"
		  "2@3 2|a|Shirt S|S|Shirt  {product_name=Shirt|Handle=a}\n");
	check("groups by the first column that is not blank",
		  "category = Categories | fill_down(Parent, SKU, none)\nsku = SKU\nignore others",
		  "SKU,Parent,Categories\np,,Clothing\nv1,p,\nv2,p,Kitchen\nv3,p,\nq,,\nw1,q,\n,q,\n",
		  "c:sku|u:Parent|c:category\n1@2 p||Clothing\n2@3 v1|p|Clothing  {Parent=p}\n"
		  "3@4 v2|p|Kitchen  {Parent=p}\n4@5 v3|p|Clothing  {Parent=p}\n5@6 q||\n"
		  "6@7 w1|q|  {Parent=q}\n7@8 |q|  {Parent=q}\n");
	check("rows without a group belong to the one above",
		  "price = p | fill_down(Name)\nproduct_name = Name",
		  "sku,Name,p\n1,,5\n2,,\n3,a,7\n4,,8\n5,,\n6,b,\n7,,\n",
		  "c:sku|c:product_name|c:price\n1@2 1||5\n2@3 2||5\n3@4 3|a|7\n4@5 4||8\n5@6 5||7\n"
		  "6@7 6|b|\n7@8 7||\n");
	check("nothing is filled without the column that tells products apart",
		  "brand = b | fill_down(Handle)", "sku,b\n1,x\n2,\n", "c:sku|c:brand\n1@2 1|x\n2@3 2|\n");
	check("text of any kind is in the token", "brand = b | fill_down",
		  "sku,b\n1,\"\"\"\\\n\t\xC3\xA9\"\n2,\n",
		  "c:sku|c:brand\n1@2 1|\"\\\\n\t\xC3\xA9\n2@4 2|\"\\\\n\t\xC3\xA9\n");
}

/* ----- limits ----- */

/* Append this many of a byte. */
static void
append_run(struct event_list *text, char byte, size_t count)
{
	char *run = malloc(count);

	memset(run, byte, count);
	events_append(text, run, count);
	free(run);
}

static void
check_long(const char *name, const char *definition, const struct event_list *file,
		   const char *expected)
{
	check_bytes(name, definition, file->text, file->length, expected);
}

static void
test_limits(void)
{
	struct event_list file = {0};

	events_append(&file, "sku,a,b\n1,", 10);
	append_run(&file, 'x', ONBOARD_MAX_FIELD_BYTES - 3);
	events_append(&file, ",c\n2,y,z\n", 9);
	check_long("a value up to the limit", "brand = a | prefix(abc)\nignore b", &file,
			   "c:sku|c:brand!|u:b\n1@2 1|abc{x*65533}|c  {brand={x*65533}|b=c}\n"
			   "2@3 2|abcy|z  {brand=y|b=z}\n");
	check_long("a value above it", "brand = a | prefix(abcd)\nignore b", &file,
			   "c:sku|c:brand!|u:b\n1@2 MALFORMED_ROW brand is longer than 65536 bytes after the "
			   "transformations of the map <1,{x*65533},c>\n2@3 2|abcdy|z  {brand=y|b=z}\n");
	check_long("a step above it", "attribute z = a | prefix(abcd) | first_of(d)", &file,
			   "c:sku|a:z!|a:b\n1@2 MALFORMED_ROW z is longer than 65536 bytes after the "
			   "transformations of the map <1,{x*65533},c>\n2@3 2|abc|z  {z=y}\n");
	check_long("a record above the limit",
			   "attribute a1 = a | upper\nattribute a2 = a | upper\nattribute a3 = a | upper",
			   &file,
			   "c:sku|a:a1!|a:b|+a:a2!|+a:a3!\n1@2 MALFORMED_ROW the record is longer than 262144 "
			   "bytes with what the map makes of it <1,{x*65533},c>\n"
			   "2@3 2|Y|z|Y|Y  {a1=y|a2=y|a3=y}\n");
	check_long("a record below it", "attribute a1 = a | upper\nattribute a2 = a | upper", &file,
			   "c:sku|a:a1!|a:b|+a:a2!\n"
			   "1@2 1|{X*65533}|c|{X*65533}  {a1={x*65533}|a2={x*65533}}\n"
			   "2@3 2|Y|z|Y  {a1=y|a2=y}\n");
	events_clean_up(&file);
}

/* A row of a workbook has no text; one that is too large gets it. */
static void
test_raw(void)
{
	const struct text_view headings[] = {{"sku", 3}, {"a", 1}};
	struct record header = {.line_number = 1, .field_count = 2, .fields = headings};
	struct event_list long_text = {0};
	struct mapped_header mapped;
	struct glue_error error;
	struct row_map *rows = NULL;

	append_run(&long_text, 'x', ONBOARD_MAX_FIELD_BYTES);
	needs.map = map_parse("brand = a | prefix(y)", &error);
	if (ok(mapped_header_init(&mapped, &header, &needs, &(struct row_source_found){0}, &error),
		   "the header is mapped"))
		rows = row_map_new(&mapped.columns, mapped.binding, &error);
	if (rows != NULL)
	{
		const struct text_view cells[] = {{"1,\"2\"", 5}, {long_text.text, long_text.length}};
		struct record record = {.row_number = 1, .field_count = 2, .fields = cells, .raw = {"", 0}};
		const struct record *row = row_map_apply(rows, &record);

		is_text(row->defect_type, "MALFORMED_ROW", "a value is too large");
		ok(row->raw.length == long_text.length + 10 &&
			   memcmp(row->raw.data, "\"1,\"\"2\"\"\",xx", 12) == 0,
		   "its text is a line of CSV");
	}
	row_map_destroy(rows);
	mapped_header_clean_up(&mapped);
	file_map_destroy((struct file_map *) needs.map);
	needs.map = NULL;
	events_clean_up(&long_text);
}

/* A token is only good for the map with which it was written. */
static void
test_tokens(void)
{
	static const char *const states[] = {
		"{\"skip\":0,\"encoding\":\"UTF-8\",\"delimiter\":\",\",\"header\":[\"sku\"]}",
		"{\"rows\":{},\"source\":{\"skip\":0,\"encoding\":\"UTF-8\",\"delimiter\":\",\",\"header\":[\"sku\"]}}",
		"{\"rows\":{\"skipped\":-1,\"fill\":[]},\"source\":{\"skip\":0,\"encoding\":\"UTF-8\",\"delimiter\":\",\",\"header\":[\"sku\"]}}",
		"{\"rows\":{\"skipped\":1,\"fill\":[{\"group\":\"x\"}]},\"source\":{\"skip\":0,\"encoding\":\"UTF-8\",\"delimiter\":\",\",\"header\":[\"sku\"]}}",
		"{\"rows\":{\"skipped\":1,\"fill\":[]},\"source\":{\"skip\":0,\"encoding\":\"UTF-8\",\"delimiter\":\",\",\"header\":[\"sku\"]}}",
		"{\"rows\":{\"skipped\":1,\"fill\":[{\"group\":\"\",\"text\":\"x\"}]}}",
		"{\"rows\":1,\"source\":{}}",
	};
	struct glue_error error;
	struct file_map *map = map_parse("sku = sku | fill_down", &error);

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
	{
		struct reading reading = {0};
		struct row_reader_events events = {NULL, take_row, &reading};
		struct resume_token token = {4, 1, 2, states[i]};

		needs.map = map;
		reading.reader = row_reader_resume(&token, &events, &reading.error);
		if (reading.reader != NULL)
		{
			row_reader_need(reading.reader, &needs);
			if (row_reader_push(reading.reader, "1\n", 2, &reading.error))
				row_reader_finish(reading.reader, &reading.error);
			row_reader_destroy(reading.reader);
		}
		is_text(reading.error.code, "CHECKPOINT", "%s is refused", states[i]);
		events_clean_up(&reading.list);
	}
	needs.map = NULL;
	{
		struct reading reading = {0};
		struct row_reader_events events = {NULL, take_row, &reading};
		struct resume_token token = {4, 1, 2, states[4]};

		reading.reader = row_reader_resume(&token, &events, &reading.error);
		row_reader_need(reading.reader, &needs);
		row_reader_push(reading.reader, "1\n", 2, &reading.error);
		row_reader_finish(reading.reader, &reading.error);
		is_text(reading.error.code, "CHECKPOINT", "a token of a map needs the map");
		row_reader_destroy(reading.reader);
		events_clean_up(&reading.list);
	}
	file_map_destroy(map);
}

/* The scan counts what is left. */
static void
test_scan(void)
{
	static const char file[] = "sku,p\n1,\n2,3\n3,\n";
	const struct scan_limits limits = {0, 1};
	struct glue_error error;
	struct scan_result result;
	struct file_map *map = map_parse("skip when p is blank", &error);
	struct scan *scan = scan_new(NULL, &limits, "f", &error);

	needs.map = map;
	scan_need(scan, &needs);
	ok(scan_push(scan, file, strlen(file), &error) && scan_finish(scan, &result, &error),
	   "skipped rows do not count against the limit");
	is_int(result.row_count, 1, "rows are counted");
	is_int(result.skipped_rows, 2, "skipped rows are counted apart");
	scan_destroy(scan);
	scan = scan_new(NULL, &limits, "f", &error);
	scan_need(scan, &needs);
	ok(scan_push(scan, "sku,p\n1,\n", 9, &error) && !scan_finish(scan, &result, &error),
	   "a file whose rows are all skipped is refused");
	is_text(error.code, "NO_ROWS", "because it has none");
	is_text(error.text, "the map shop skips all rows of the file (1)", "which the message says");
	scan_destroy(scan);
	needs.map = NULL;
	file_map_destroy(map);
}

/* Read a file while allocations fail, one after the other. */
static void
test_memory(void)
{
	static const char file[] = "sku,Handle,b\n1,h,A\n2,h,\n3,,\n";
	struct glue_error error;
	struct file_map *map =
		map_parse("brand = b | fill_down(Handle) | join(x, sku)\nskip when sku is 3", &error);
	bool done = false;

	needs.map = map;
	for (int count = 0; count < 200 && !done; count++)
	{
		struct reading reading = {0};
		struct row_reader_events events = {NULL, take_row, &reading};

		allocations_left = count;
		glue_set_reallocate(failing_reallocate);
		reading.reader = row_reader_open(NULL, &events, &reading.error);
		if (reading.reader != NULL)
		{
			row_reader_need(reading.reader, &needs);
			done = row_reader_push(reading.reader, file, strlen(file), &reading.error) &&
				   row_reader_finish(reading.reader, &reading.error);
			row_reader_destroy(reading.reader);
		}
		glue_set_reallocate(NULL);
		allocations_left = -1;
		if (!done && strcmp(reading.error.code, "OUT_OF_MEMORY") != 0)
			is_text(reading.error.code, "OUT_OF_MEMORY", "allocation %d", count);
		events_clean_up(&reading.list);
	}
	ok(done, "reading succeeds with enough memory");
	needs.map = NULL;
	file_map_destroy(map);
}

int
main(void)
{
	test_fields();
	test_header_faults();
	test_detection();
	test_values();
	test_skipping();
	test_filling();
	test_limits();
	test_raw();
	test_tokens();
	test_scan();
	test_memory();
	return unit_done();
}
