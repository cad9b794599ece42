/*-------------------------------------------------------------------------
 *
 * xlsx_number_test.c
 *	  Numbers, dates and times of a workbook as text.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/xlsx_number.h"

struct example
{
	const char *stored;
	const char *code; /* of the format */
	const char *text; /* "": is not a number */
};

static const struct example examples[] = {
	{"4006391234567", "General", "4006391234567"},
	{"0.1", "General", "0.1"},
	{"0.10000000000000001", "0.00", "0.1"},
	{"19.989999999999998", "0.00", "19.99"},
	{"1299", "$#,##0.00", "1299"},
	{"0", "General", "0"},
	{"-0", "General", "0"},
	{"-12.5", "General", "-12.5"},
	{"12.50", "General", "12.5"},
	{"007", "General", "7"},
	{"5.", "General", "5"},
	{".5", "General", "0.5"},
	{"1e2", "General", "100"},
	{"1E-7", "General", "0.0000001"},
	{"1.0E-20", "General", "1E-20"},
	{"999999999999999", "0", "999999999999999"},
	{"1234567890123456", "0", "1.23456789012346E+15"},
	{"1.2345678901234568E+16", "0", "1.23456789012346E+16"},
	{"-1e300", "0", "-1E+300"},
	{"1e999", "0", ""},
	{"nan", "0", ""},
	{"0x10", "0", ""},
	{"1,5", "0", ""},
	{"", "0", ""},
	{"--1", "0", ""},
	{"125", "00000", "00125"},
	{"1234567", "00000", "1234567"},
	{"-5", "000", "-005"},
	{"1.5", "000", "1.5"},
	{"0", "00", "00"},
	{"5", "0", "5"},
	{"125", "00000;-00000", "125"},
	{"1", "yyyy-mm-dd", "1900-01-01"},
	{"59", "d/m/yy", "1900-02-28"},
	{"60", "d/m/yy", "1900-02-29"},
	{"61", "d/m/yy", "1900-03-01"},
	{"45000", "dd\\.mm\\.yyyy", "2023-03-15"},
	{"45000.99", "mmm\\ yy", "2023-03-15"},
	{"45000", "[$-407]d.\\ mmmm\\ yyyy", "2023-03-15"},
	{"45000.5", "m/d/yy\\ h:mm", "2023-03-15T12:00:00"},
	{"45000.9999999", "yyyy-mm-dd hh:mm:ss", "2023-03-16T00:00:00"},
	{"2958465", "d/m/yy", "9999-12-31"},
	{"2958466", "d/m/yy", "2958466"},
	{"0", "d/m/yy", "0"},
	{"-1", "d/m/yy", "-1"},
	{"0.75", "h:mm\\ AM/PM", "18:00:00"},
	{"1.75", "hh:mm:ss", "18:00:00"},
	{"1.75", "[h]:mm:ss", "42:00:00"},
	{"0.5", "mm:ss", "12:00:00"},
	{"3", "0 \"days\"", "3"},
	{"3", "[Red]0.00", "3"},
	{"3", "0_d;0", "3"},
	{"3", "#,##0;[Red]-#,##0", "3"},
	{"3", "\"unclosed", "3"},
	{"3", "[unclosed", "3"},
	{"3", "\\", "3"},
	{"3", "General;d", "3"},
};

static struct xlsx_format
plain(void)
{
	return xlsx_format_of_code("General");
}

static void
check(struct text_view stored, struct xlsx_format format, bool is_1904, const char *expected,
	  const char *name)
{
	char text[XLSX_NUMBER_SIZE + 1];
	size_t length = xlsx_number_write(stored, format, is_1904, text);

	text[length] = '\0';
	is_text(text, expected, "%.*s as %s", (int) stored.length, stored.data, name);
}

static void
test_examples(void)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		check(text_of(examples[i].stored), xlsx_format_of_code(examples[i].code), false,
			  examples[i].text, examples[i].code);
}

static void
test_1904(void)
{
	struct xlsx_format date = xlsx_format_of_code("d/m/yy");

	check(text_of("0"), date, true, "1904-01-01", "a date from 1904 on");
	check(text_of("60"), date, true, "1904-03-01", "a date from 1904 on");
	check(text_of("2957003"), date, true, "9999-12-31", "a date from 1904 on");
	check(text_of("2957004"), date, true, "2957004", "a date from 1904 on");
}

static void
test_numbered(void)
{
	static const struct
	{
		int number;
		const char *text;
	} formats[] = {
		{0, "1.5"},
		{2, "1.5"},
		{14, "1900-01-01"},
		{20, "12:00:00"},
		{22, "1900-01-01T12:00:00"},
		{46, "36:00:00"},
		{49, "1.5"},
		{57, "1900-01-01"},
		{-1, "1.5"},
		{1000000, "1.5"},
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		char name[32];

		snprintf(name, sizeof(name), "format %d", formats[i].number);
		check(text_of("1.5"), xlsx_format_of_number(formats[i].number), false, formats[i].text,
			  name);
	}
}

/* What a spreadsheet stores of a number with up to 15 digits comes back as it was. */
static void
test_round_trip(void)
{
	int wrong = 0;

	for (int i = 0; i < 100000; i++)
	{
		char written[32];
		char stored[40];
		char text[XLSX_NUMBER_SIZE + 1];
		int digits = 1 + (int) unit_random(4);
		size_t length;

		snprintf(written, sizeof(written), "%d.%0*d", (int) unit_random(1000000), digits,
				 (int) unit_random(10000) % (digits == 1   ? 10
											 : digits == 2 ? 100
											 : digits == 3 ? 1000
														   : 10000));
		length = strlen(written);
		while (written[length - 1] == '0')
			written[--length] = '\0';
		if (written[length - 1] == '.')
			written[--length] = '\0';
		snprintf(stored, sizeof(stored), "%.17g", strtod(written, NULL));
		text[xlsx_number_write(text_of(stored), plain(), false, text)] = '\0';
		wrong += strcmp(text, written) != 0;
	}
	is_int(wrong, 0, "numbers come back as they were");
}

/* A stored text of any length and any bytes stays within the buffer. */
static void
test_random(void)
{
	static const char *const codes[] = {
		"General", "000000000000000000000000000000", "d", "h", "[h]", "d h"};

	for (int i = 0; i < 100000; i++)
	{
		char stored[80];
		char text[XLSX_NUMBER_SIZE];
		size_t length = unit_random(sizeof(stored));

		for (size_t j = 0; j < length; j++)
			stored[j] = "0123456789.-+eE"[unit_random(15)];
		xlsx_number_write((struct text_view){stored, length},
						  xlsx_format_of_code(codes[unit_random(6)]), unit_random(2) == 0, text);
	}
	ok(true, "any text is read");
}

int
main(void)
{
	unit_seed();
	test_examples();
	test_1904();
	test_numbered();
	test_round_trip();
	test_random();
	return unit_done();
}
