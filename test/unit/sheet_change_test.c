/*-------------------------------------------------------------------------
 *
 * sheet_change_test.c
 *	  What a spreadsheet does to a key is recognized, and what a person does is not.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/sheet_change.h"

static void
changed(const char *before, const char *after)
{
	ok(sheet_changed(text_of(before), text_of(after)), "%s becomes %s", before, after);
}

static void
unchanged(const char *before, const char *after)
{
	ok(!sheet_changed(text_of(before), text_of(after)), "%s does not become %s", before, after);
}

static void
test_zeros(void)
{
	changed("00017", "17");
	changed("0004711", "4711");
	changed("000", "0");
	changed("+49301234", "49301234");
	changed("-007", "-7");
	changed("1.50", "1.5");
	changed("12.0", "12");
	changed("12", "12.0");
	changed("00.50", "0.5");
	changed("17", "17.00");
	unchanged("17", "00017");
	unchanged("17", "017.0");
	unchanged("17", "+17");
	unchanged("00017", "18");
	unchanged("00017", "170");
	unchanged("00017", "-17");
	unchanged("00017A", "17A");
	unchanged("A-00017", "A-17");
}

static void
test_exponents(void)
{
	changed("4006381333931", "4.00638E+12");
	changed("4006381333931", "4.006381333931E+12");
	changed("4006381333931", "4,00638E+12");
	changed("4006381333931", "4E+12");
	changed("12345678901234567890", "1.23E+19");
	changed("12345678901234567890", "1.2345678901234567E+19");
	changed("9999999999999999", "1E+16");
	changed("9999999999999999", "1.00E+16");
	changed("10000000000000017", "1E+16");
	changed("1E5", "1.00E+05");
	changed("1E5", "100000");
	changed("12E3", "12000");
	changed("0.0000012345", "1.23E-06");
	unchanged("4006381333931", "4.00639E+12");
	unchanged("4006381333931", "4.00638E+13");
	unchanged("1E5", "1E6");
	unchanged("4006381333931", "4.00638E+");
	/* Shortened before it arrived: every change is a correction. */
	unchanged("4.00638E+12", "4006380000000");
	unchanged("1,23E+19", "1.23E+19");
	unchanged("12E+5", "1200000");
	unchanged("1E+5", "100000");
	changed("1.5E-05", "0.000015");
}

static void
test_precision(void)
{
	changed("4006381333931234", "4006381333931230");
	changed("12345678901234567", "12345678901234500");
	changed("12345678901234567", "12345678901234600");
	changed("12345678901234567", "12345678901234560");
	changed("99999999999999999", "100000000000000000");
	unchanged("4006381333931234", "4006381333931240");
	unchanged("4006381333931234", "4006381333930000");
	unchanged("400638133393123", "400638133393120");
	unchanged("400638133393123", "400638133393124");
}

static void
test_signs(void)
{
	changed("1234.5", "1234,5");
	changed("1234", "1,234");
	changed("1,234", "1234");
	changed("1234567", "1.234.567");
	changed("1234567", "1 234 567");
	changed("1234567", "1\xC2\xA0"
					   "234\xC2\xA0"
					   "567");
	unchanged("1234", "12,34");
	unchanged("1234567", "1,234.567");
	unchanged("1,2,3", "123");
}

static void
test_dates(void)
{
	changed("1-2", "2-Jan");
	changed("1-2", "01.Feb");
	changed("1/2", "2026-01-02");
	changed("3/4", "3/4/2026");
	changed("MAR1", "1-Mar");
	changed("MAR1", "01. Mrz");
	changed("SEP-12", "12. Sep");
	changed("DEC1", "Dec-01");
	changed("OCT-24", "Oct-2024");
	changed("2024-01-05", "05.01.2024");
	changed("2024-01-05", "1/5/24");
	changed("1/5/2024", "01/05/2024");
	changed("1-2", "45293");
	changed("2024-03-01", "45352");
	changed("2024-02-29", "45351");
	unchanged("1-2", "2-1");
	unchanged("1-2", "1-3");
	unchanged("1-2", "3-Jan");
	unchanged("2024-01-05", "2024-05-01");
	unchanged("2024-01-05", "2024-01-06");
	unchanged("2024-01-05", "06.01.2024");
	unchanged("1-2", "45294");
	unchanged("KIT-1", "1-Mar");
	unchanged("1-2-3-4", "1.2.3.4");
	unchanged("MAR1", "MAR2");
	unchanged("MAR1", "MAR-1-A");
}

static void
test_errors(void)
{
	changed("A-1", "#####");
	changed("-ABC", "#NAME?");
	unchanged("A-1", "#");
	unchanged("##", "###");
}

static void
test_others(void)
{
	unchanged("", "17");
	unchanged("17", "");
	unchanged("", "");
	unchanged("A-1", "A-1");
	unchanged("00017", "00017");
	unchanged("A-1", "B-1");
	unchanged("Lamp", "Lamp 2");
	unchanged(".", "0");
	unchanged("-", "0");
	unchanged("1e", "1");
	unchanged("1E99999", "1");
}

/* Nothing is read out of bounds, whatever the texts; sanitizers watch. */
static void
test_random(void)
{
	static const char alphabet[] = "0019,.-+eE /'\xC2\xA0\xE2\x80\xAFjaNm#";
	int count = 0;

	unit_seed();
	for (int i = 0; i < 200000; i++)
	{
		char text[2][200];
		struct text_view views[2];

		for (int j = 0; j < 2; j++)
		{
			size_t length = unit_random(i % 10 == 0 ? sizeof(text[j]) : 8);

			for (size_t k = 0; k < length; k++)
				text[j][k] = alphabet[unit_random(sizeof(alphabet) - 1)];
			views[j] = (struct text_view){text[j], length};
		}
		count += sheet_changed(views[0], views[1]);
	}
	ok(count > 0, "random texts are compared");
}

int
main(void)
{
	test_zeros();
	test_exponents();
	test_precision();
	test_signs();
	test_dates();
	test_errors();
	test_others();
	test_random();
	return unit_done();
}
