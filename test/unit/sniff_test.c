/*-------------------------------------------------------------------------
 *
 * sniff_test.c
 *	  Kinds of files and delimiters.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/sniff.h"

/* A literal with NULs in it, and its length without the last. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void
check_refused(const char *bytes, size_t length, const char *word)
{
	const char *reason = sniff_not_text(bytes, length, false);

	ok(reason != NULL && strstr(reason, word) != NULL, "%s is no text", word);
	ok(reason == NULL || strchr(reason, '\n') == NULL, "%s: the reason is one line", word);
	ok(sniff_not_text(bytes, length, true) != NULL, "%s: a named encoding changes nothing", word);
}

static void
test_signatures(void)
{
	check_refused(BYTES("PK\x03\x04\x14\0"), "spreadsheet");
	check_refused(BYTES("PK\x05\x06\0\0"), "empty zip");
	check_refused(BYTES("\x1F\x8B\x08\0"), "gzip");
	check_refused(BYTES("BZh91AY"), "bzip2");
	check_refused(BYTES("\xFD"
						"7zXZ\0"),
				  "xz");
	check_refused(BYTES("\x28\xB5\x2F\xFD\x04"), "zstd");
	check_refused(BYTES("7z\xBC\xAF\x27\x1C"), "7z");
	check_refused(BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "Excel");
	check_refused(BYTES("%PDF-1.7"), "PDF");
}

static void
test_text(void)
{
	ok(sniff_not_text("", 0, false) == NULL, "nothing is text");
	ok(sniff_not_text(BYTES("sku,price\r\n\t1,2\n"), false) == NULL, "a CSV file is text");
	ok(sniff_not_text(BYTES("PK,name\n1,2\n"), false) == NULL, "a header PK is text");
	ok(sniff_not_text(BYTES("sku\n\0\0\0\x01\n"), false) == NULL, "some NULs are an accident");
	ok(sniff_not_text(BYTES("\xFF\xFE"
							"s\0k\0u\0,\0p\0r\0i\0c\0e\0\n\0"
							"1\0,\0"
							"2\0\n\0a\0b\0"),
					  false) == NULL,
	   "UTF-16 with its mark is text");
	ok(sniff_not_text(BYTES("\xFE\xFF"
							"\0s\0k\0u\0,\0p\0r\0i\0c\0e\0\n\0"
							"1\0,\0"
							"2\0\n\0a\0b"),
					  false) == NULL,
	   "of either order");
	ok(sniff_not_text(BYTES("Gr\xF6\xDF"
							"e\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\n"),
					  false) == NULL,
	   "Latin-1 is text");
}

static void
test_noise(void)
{
	char noise[1000];
	const char *reason;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char) unit_random(256);
	noise[0] = 'x';
	reason = sniff_not_text(noise, sizeof(noise), false);
	ok(reason != NULL && strstr(reason, "binary") != NULL, "random bytes are no text");
	ok(sniff_not_text(noise, sizeof(noise), true) == NULL, "but may be in a named encoding");
	reason = sniff_not_text(BYTES("s\0k\0u\0,\0p\0r\0i\0c\0e\0\n\0"
								  "1\0,\0"
								  "2\0\n\0a\0b\0c\0"),
							false);
	ok(reason != NULL && strstr(reason, "UTF-16") != NULL, "UTF-16 without a mark is named");
	memset(noise, 0, sizeof(noise));
	ok(sniff_not_text(noise, sizeof(noise), false) != NULL, "zeros are no text");
}

static void
check_delimiter(const char *text, char expected)
{
	struct text_view view = {text, strlen(text)};

	is_int(sniff_delimiter(view), expected, "delimiter of %s", text);
}

static void
test_delimiter(void)
{
	check_delimiter("", ',');
	check_delimiter("sku", ',');
	check_delimiter("sku,price,category", ',');
	check_delimiter("sku;price;category\n1;2,5;3\n", ';');
	check_delimiter("sku\tprice\tcategory\n", '\t');
	check_delimiter("sku|price|category\r", '|');
	check_delimiter(" SKU ; Price ;\"category\"\n", ';');
	/* Known names count for more than the number of delimiters. */
	check_delimiter("sku;price;a,b,c,d,e,f,g\n", ';');
	/* The header line only, and only outside of quotes. */
	check_delimiter("sku;price\n1,2,3,4,5,6,7,8\n", ';');
	check_delimiter("\"sku\";\"a,b,c,d\";price\n", ';');
	check_delimiter("\"a\n,,,,\";sku;price\n,,,,,,,\n", ';');
	/* No known name: the one that occurs most, then the first. */
	check_delimiter("a;b;c,d\n", ';');
	check_delimiter("a;b,c|d\te\n", ',');
	check_delimiter("a|b\n", '|');

	ok(sniff_delimiter_acceptable(','), "a comma may be asked for");
	ok(sniff_delimiter_acceptable('\t'), "so may a tab");
	ok(sniff_delimiter_acceptable(' '), "so may a blank");
	ok(!sniff_delimiter_acceptable('"'), "a quote may not");
	ok(!sniff_delimiter_acceptable('\n'), "nor LF");
	ok(!sniff_delimiter_acceptable('\r'), "nor CR");
	ok(!sniff_delimiter_acceptable('\0'), "nor NUL");
	ok(!sniff_delimiter_acceptable('\xA4'), "nor what is not ASCII");
}

int
main(void)
{
	unit_seed();
	test_signatures();
	test_text();
	test_noise();
	test_delimiter();
	return unit_done();
}
