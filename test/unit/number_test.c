/*-------------------------------------------------------------------------
 *
 * number_test.c
 *	  The number grammar against a table and against a slow reference.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <regex.h>

#include "shared/number.h"
#include "shared/text.h"

#define RANDOM_TEXTS 40000
#define MAX_RANDOM_BYTES 40

/* The ranges of the columns, as in columns.h. */
static const struct number_range price = {NUMBER_MONEY, 1, 99999999};
static const struct number_range compare_at = {NUMBER_MONEY, 0, INT64_C(9999999999)};
static const struct number_range weight = {NUMBER_KILOGRAMS, 1, 99999999};
static const struct number_range stock = {NUMBER_PIECES, 0, 1000000};

static const char *const verdict_names[] = {
	[NUMBER_VALID] = "valid",
	[NUMBER_NOT_PLAIN] = "not plain",
	[NUMBER_TOO_PRECISE] = "too precise",
	[NUMBER_BELOW] = "below",
	[NUMBER_ABOVE] = "above",
};

struct verdict_case
{
	const struct number_range *range;
	const char *text;
	enum number_verdict verdict;
	int64_t number;
};

static const struct verdict_case verdict_cases[] = {
	{&price, "10", NUMBER_VALID, 1000},
	{&price, "10.5", NUMBER_VALID, 1050},
	{&price, "10.55", NUMBER_VALID, 1055},
	{&price, ".5", NUMBER_VALID, 50},
	{&price, ".05", NUMBER_VALID, 5},
	{&price, "10.", NUMBER_VALID, 1000},
	{&price, "0000010", NUMBER_VALID, 1000},
	{&price, "00000000000000000000000000000000000000000010.01", NUMBER_VALID, 1001},
	{&price, "0.01", NUMBER_VALID, 1},
	{&price, "999999.99", NUMBER_VALID, 99999999},
	{&price, "0", NUMBER_BELOW, 0},
	{&price, "0.00", NUMBER_BELOW, 0},
	{&price, "-5", NUMBER_BELOW, 0},
	{&price, "-5.00", NUMBER_BELOW, 0},
	{&price, "-.5", NUMBER_BELOW, 0},
	{&price, "-99999999999999999999999", NUMBER_BELOW, 0},
	{&price, "1000000", NUMBER_ABOVE, 0},
	{&price, "1000000.00", NUMBER_ABOVE, 0},
	{&price, "92233720368547758.07", NUMBER_ABOVE, 0},
	{&price, "92233720368547758.08", NUMBER_ABOVE, 0},
	{&price, "18446744073709551616", NUMBER_ABOVE, 0},
	{&price, "184467440737095516.17", NUMBER_ABOVE, 0},
	{&price, "99999999999999999999999999999999999999999999999", NUMBER_ABOVE, 0},
	{&price, "10.500", NUMBER_TOO_PRECISE, 0},
	{&price, "10.505", NUMBER_TOO_PRECISE, 0},
	{&price, "-10.505", NUMBER_TOO_PRECISE, 0},
	{&price, "", NUMBER_NOT_PLAIN, 0},
	{&price, ".", NUMBER_NOT_PLAIN, 0},
	{&price, "-", NUMBER_NOT_PLAIN, 0},
	{&price, "-.", NUMBER_NOT_PLAIN, 0},
	{&price, "--5", NUMBER_NOT_PLAIN, 0},
	{&price, "5-", NUMBER_NOT_PLAIN, 0},
	{&price, "+1", NUMBER_NOT_PLAIN, 0},
	{&price, "1e3", NUMBER_NOT_PLAIN, 0},
	{&price, "1,000", NUMBER_NOT_PLAIN, 0},
	{&price, "1,5", NUMBER_NOT_PLAIN, 0},
	{&price, "1.2.3", NUMBER_NOT_PLAIN, 0},
	{&price, "$5", NUMBER_NOT_PLAIN, 0},
	{&price, "NaN", NUMBER_NOT_PLAIN, 0},
	{&price, "Infinity", NUMBER_NOT_PLAIN, 0},
	{&price, "0x10", NUMBER_NOT_PLAIN, 0},
	{&price, "1 000", NUMBER_NOT_PLAIN, 0},
	{&price, " 1", NUMBER_NOT_PLAIN, 0},
	{&price, "1 ", NUMBER_NOT_PLAIN, 0},
	{&price, "10.5x", NUMBER_NOT_PLAIN, 0},
	{&price, "10.555x", NUMBER_NOT_PLAIN, 0},
	{&price, "\uFF11\uFF12", NUMBER_NOT_PLAIN, 0},
	{&price, "\u0661", NUMBER_NOT_PLAIN, 0},
	{&compare_at, "0", NUMBER_VALID, 0},
	{&compare_at, "99999999.99", NUMBER_VALID, INT64_C(9999999999)},
	{&compare_at, "100000000", NUMBER_ABOVE, 0},
	{&compare_at, "-0", NUMBER_BELOW, 0},
	{&compare_at, "-0.00", NUMBER_BELOW, 0},
	{&weight, "0.01", NUMBER_VALID, 1},
	{&weight, "0", NUMBER_BELOW, 0},
	{&stock, "0", NUMBER_VALID, 0},
	{&stock, "007", NUMBER_VALID, 7},
	{&stock, "1000000", NUMBER_VALID, 1000000},
	{&stock, "1000001", NUMBER_ABOVE, 0},
	{&stock, "9223372036854775807", NUMBER_ABOVE, 0},
	{&stock, "9223372036854775808", NUMBER_ABOVE, 0},
	{&stock, "-0", NUMBER_BELOW, 0},
	{&stock, "-1", NUMBER_BELOW, 0},
	{&stock, "1.5", NUMBER_NOT_PLAIN, 0},
	{&stock, "5.", NUMBER_NOT_PLAIN, 0},
	{&stock, "5.0", NUMBER_NOT_PLAIN, 0},
	{&stock, "-", NUMBER_NOT_PLAIN, 0},
	{&stock, "", NUMBER_NOT_PLAIN, 0},
	{&stock, "+5", NUMBER_NOT_PLAIN, 0},
};

struct mender_case
{
	const struct number_range *range;
	const char *text;
	const char *suggestion;
};

static const struct mender_case mender_cases[] = {
	{&price, "$1,299.00", "1299.00"},
	{&price, "$5", "5"},
	{&price, "US$ 5.00", "5.00"},
	{&price, "2.794e+01", "27.94"},
	{&price, "2.794E1", "27.94"},
	{&price, "1e3", "1000"},
	{&price, "1e-2", "0.01"},
	{&price, "1 299.00", "1299.00"},
	{&price, "1\u00A0299,00", "1299.00"},
	{&price, "1\u202F299,00 \u20AC", "1299.00"},
	{&price, "1'299.00", "1299.00"},
	{&price, "\u20AC12,50", "12.50"},
	{&price, "12,5", "12.50"},
	{&price, "1.299,00", "1299.00"},
	{&price, "1.234,56", "1234.56"},
	{&price, "234,567,00", ""},
	{&price, "1 299", "1299"},
	{&price, "1'299", "1299"},
	{&price, "1,23,456.00", "123456.00"},
	{&price, "1,23,456", "123456"},
	{&price, "1,29,900", "129900"},
	{&price, "Rs. 12,345.50", "12345.50"},
	{&compare_at, "1,23,45,678.5", "12345678.50"},
	{&compare_at, "1.234.567,00", "1234567.00"},
	{&compare_at, "1,234,567", "1234567"},
	{&price, "12,-", "12.00"},
	{&price, "12.-", "12.00"},
	{&price, "12,--", "12.00"},
	{&price, "CHF 12.\u2013", "12.00"},
	{&price, "12,- \u20AC", "12.00"},
	{&price, "1.299,-", "1299.00"},
	{&price, "12,605.-", "12605.00"},
	{&price, "Rs. 500/-", "500"},
	{&price, "12.50 zar", "12.50"},
	{&price, "AED12.50", "12.50"},
	{&price, "ZWG 12.50", "12.50"},
	{&price, "12.50 z\u0142", "12.50"},
	{&price, "199 kr.", "199"},
	{&price, "R$ 1.299,00", "1299.00"},
	{&price, "\u20BD12.50", "12.50"},
	{&price, "12.50\u20AB", "12.50"},
	{&price, "12.50 \U0001ECB0", "12.50"},
	{&price, "\uFF04\uFF11\uFF12", "12"},
	{&price, "\u200E12.00", "12.00"},
	{&price, "12\u00AD.00", "12.00"},
	{&price, "$ 12.00\x07", "12.00"},
	{&price, "=\"12.50\"", "12.50"},
	{&price, "=\"$12.50\"", "12.50"},
	{&price, "'12.50", "12.50"},
	{&stock, "\uFF11\uFF12", "12"},
	{&stock, "=\"12\"", "12"},
	{&price, "12.50 USD", "12.50"},
	{&price, "eur 12.50", "12.50"},
	{&price, "\u00A312.50", "12.50"},
	{&price, "\u20B912.50", "12.50"},
	{&price, "Rs. 500", "500"},
	{&price, "10.500", ""}, /* ten and a half, or thousands */
	{&price, "$1.000", ""},
	{&price, "COP 45.000", ""},
	{&price, "150.000 \u20AB", ""},
	{&price, "0.500", "0.50"},
	{&price, ".500", "0.50"},
	{&price, "1000.500", "1000.50"},
	{&price, "1.500E+2", "150.00"},
	{&price, "10.50000000", "10.50"},
	{&price, "+5", "5"},
	{&price, "+$5", "5"},
	{&price, "$+5", "5"},
	{&price, "$.50", "0.50"},
	{&price, "$5.", "5"},
	{&price, "$007.10", "7.10"},
	{&price, "12,345,678.00", ""}, /* above the range */
	{&compare_at, "12,345,678.00", "12345678.00"},
	{&compare_at, "12.345.678,00", "12345678.00"},
	{&compare_at, "$0", "0"},
	{&weight, "0,5", "0.50"},
	{&weight, "0.5 kg", "0.50"},
	{&weight, "0.5KG", "0.50"},
	{&weight, "1,299.5", "1299.50"},
	{&stock, "5.0", "5"},
	{&stock, "5.", "5"},
	{&stock, "5.00", "5"},
	{&stock, "1,000,000", "1000000"},
	{&stock, "1 000", "1000"},
	{&stock, "12 pcs", "12"},
	{&stock, "12 Units", "12"},
	{&stock, "+12", "12"},
	{&stock, "1.2E+03", "1200"},

	/* More than one reading, or none. */
	{&price, "10.505", ""},
	{&price, "1,2999", ""},
	{&price, "0,299", ""},
	{&price, "1234,567", ""},
	{&price, "1.299,000", ""},
	{&price, "1,29,90", ""},
	{&price, "1,299 500.00", ""},
	{&price, "12 50", ""},
	{&price, ",50", ""},
	{&price, "1,299e3", ""},
	{&price, "1e", ""},
	{&price, "1e+", ""},
	{&price, "1e100", ""},
	{&price, "1e99", ""},
	{&price, "1e-99", ""},
	{&price, "e5", ""},
	{&price, "$", ""},
	{&price, "$$5", ""},
	{&price, "++5", ""},
	{&price, "-$5", ""},
	{&price, "$-5", ""},
	{&price, "(5.00)", ""},
	{&price, "5%", ""},
	{&price, "5 kg", ""},
	{&price, "12.50-15.00", ""},
	{&price, "12.50 or less", ""},
	{&price, "0x10", ""},
	{&price, "NaN", ""},
	{&price, "abc", ""},
	{&price, ".", ""},
	{&price, "1,299", ""},
	{&price, "12,605", ""},
	{&price, "123,456", ""},
	{&price, "$12,605", ""},
	{&stock, "1,000", ""},
	{&price, "1,299,-", ""},
	{&price, "12'-", ""},
	{&price, "12-", ""},
	{&price, ",-", ""},
	{&price, "12,---", ""},
	{&price, "1,234,56", ""},
	{&price, "123,45,678", ""},
	{&price, "1,2,345", ""},
	{&stock, "12,-", ""},
	{&weight, "12,-", ""},
	{&price, "ABC 12.50", ""},
	{&price, "EURO 12.50", ""},
	{&weight, "\u20AC5", ""},
	{&price, "=\"\"", ""},
	{&price, "=12.50", ""},
	{&price, "$0.00", ""},
	{&price, "$1,000,000", ""},
	{&weight, "1,299", ""}, /* grams after a decimal comma? */
	{&weight, "500 g", ""},
	{&weight, "5 lb", ""},
	{&weight, "$5", ""},
	{&stock, "1.5", ""},
	{&stock, "12,5", ""},
	{&stock, "5.000", ""}, /* thousands? */
	{&stock, "10+", ""},
	{&stock, "-5", ""},
	{&stock, "two", ""},
	{&stock, "1,000,001", ""},
	{&stock, "$5", ""},

	/* Nothing to mend. */
	{&price, "10.50", ""},
	{&price, "0", ""},
	{&price, "1000000", ""},
	{&price, "", ""},
};

/* A number as a row of digits without leading zeros. */
struct long_digits
{
	char digits[MAX_RANDOM_BYTES + 3];
};

static void
append(struct long_digits *number, char digit)
{
	size_t length = strlen(number->digits);

	if (length == 0 && digit == '0')
		return;
	number->digits[length] = digit;
	number->digits[length + 1] = '\0';
}

/* Compare like numbers: the longer one is greater. */
static int
compare_digits(const char *a, const char *b)
{
	if (strlen(a) != strlen(b))
		return strlen(a) < strlen(b) ? -1 : 1;
	return strcmp(a, b);
}

/*
 * The reference: POSIX regular expressions for the grammar, strings of digits
 * for the range.
 */
static enum number_verdict
judge_slowly(const char *text, const struct number_range *range, int64_t *number)
{
	static regex_t decimal;
	static regex_t whole;
	static bool compiled = false;
	struct long_digits value = {""};
	char minimum[24];
	char maximum[24];
	const char *point = strchr(text, '.');
	bool is_whole = range->kind == NUMBER_PIECES;

	if (!compiled)
	{
		compiled = regcomp(&decimal, "^-?([0-9]+[.]?[0-9]*|[.][0-9]+)$", REG_EXTENDED) == 0 &&
				   regcomp(&whole, "^-?[0-9]+$", REG_EXTENDED) == 0;
		if (!compiled)
			abort();
	}
	if (regexec(is_whole ? &whole : &decimal, text, 0, NULL, 0) != 0)
		return NUMBER_NOT_PLAIN;
	if (point != NULL && strlen(point + 1) > 2)
		return NUMBER_TOO_PRECISE;
	if (text[0] == '-')
		return NUMBER_BELOW;

	for (const char *next = text; *next != '\0'; next++)
	{
		if (*next != '.')
			append(&value, *next);
	}
	for (size_t i = point ? strlen(point + 1) : 0; !is_whole && i < 2; i++)
		append(&value, '0');

	snprintf(minimum, sizeof(minimum), "%" PRId64, range->minimum);
	snprintf(maximum, sizeof(maximum), "%" PRId64, range->maximum);
	if (compare_digits(value.digits, minimum[0] == '0' ? "" : minimum) < 0)
		return NUMBER_BELOW;
	if (compare_digits(value.digits, maximum) > 0)
		return NUMBER_ABOVE;
	*number = strtoll(value.digits, NULL, 10);
	return NUMBER_VALID;
}

static void
test_verdicts(void)
{
	for (size_t i = 0; i < sizeof(verdict_cases) / sizeof(verdict_cases[0]); i++)
	{
		const struct verdict_case *this = &verdict_cases[i];
		int64_t number = 0;
		enum number_verdict verdict = number_parse(text_of(this->text), this->range, &number);

		is_text(verdict_names[verdict], verdict_names[this->verdict], "\"%s\" is %s", this->text,
				verdict_names[this->verdict]);
		is_int(number, this->number, "\"%s\" gives its number", this->text);
	}
}

static void
test_mender(void)
{
	for (size_t i = 0; i < sizeof(mender_cases) / sizeof(mender_cases[0]); i++)
	{
		const struct mender_case *this = &mender_cases[i];
		char suggestion[NUMBER_SUGGESTION_SIZE] = "untouched";
		bool found =
			number_suggest(text_of(this->text), this->range, suggestion, sizeof(suggestion));

		is_text(suggestion, this->suggestion, "\"%s\" is mended to \"%s\"", this->text,
				this->suggestion);
		is_int(found, this->suggestion[0] != '\0', "\"%s\" says whether it was", this->text);
	}
}

static void
test_buffer_too_small(void)
{
	char suggestion[6] = "";

	ok(number_suggest(text_of("$12.50"), &price, suggestion, 6), "a suggestion fits exactly");
	is_text(suggestion, "12.50", "and is whole");
	ok(!number_suggest(text_of("$12.50"), &price, suggestion, 5),
	   "one byte less and there is none");
	is_text(suggestion, "", "and the buffer is empty");
}

/* A text that is a number most of the time, or one that can be mended. */
static void
make_text(char *text)
{
	static const char *const alphabets[] = {
		"0123456789",
		"0123456789.",
		"00000000019.-",
		"0123456789.-+eE,$ 'kgpcsEUR/=\"",
	};
	const char *alphabet = alphabets[unit_random(4)];
	size_t length = unit_random(unit_random(2) ? 9 : MAX_RANDOM_BYTES);
	bool with_currency = length > 0 && unit_random(8) == 0;

	if (with_currency)
		text[0] = '$';
	for (size_t i = with_currency; i < length; i++)
		text[i] = alphabet[unit_random(strlen(alphabet))];
	text[length] = '\0';
}

/* Parse a copy of exactly the right size, so that reading on is seen. */
static enum number_verdict
parse_copy(const char *text, const struct number_range *range, int64_t *number)
{
	size_t length = strlen(text);
	char *copy = malloc(length + (length == 0));
	struct text_view view = {copy, length};
	enum number_verdict verdict;

	memcpy(copy, text, length);
	verdict = number_parse(view, range, number);
	free(copy);
	return verdict;
}

static void
test_against_reference(void)
{
	static const struct number_range *const ranges[] = {&price, &compare_at, &weight, &stock};
	int seen[NUMBER_ABOVE + 1] = {0};
	int mended = 0;
	int wrong = 0;

	for (int i = 0; i < RANDOM_TEXTS; i++)
	{
		const struct number_range *range = ranges[unit_random(4)];
		char text[MAX_RANDOM_BYTES + 1];
		char suggestion[NUMBER_SUGGESTION_SIZE];
		int64_t number = -1;
		int64_t expected_number = -1;
		enum number_verdict expected;
		enum number_verdict verdict;

		make_text(text);
		expected = judge_slowly(text, range, &expected_number);
		verdict = parse_copy(text, range, &number);
		seen[expected]++;
		if ((verdict != expected || number != expected_number) && wrong++ == 0)
			printf("# \"%s\": %s, expected %s\n", text, verdict_names[verdict],
				   verdict_names[expected]);

		if (!number_suggest(text_of(text), range, suggestion, sizeof(suggestion)))
			continue;
		mended++;
		if ((expected == NUMBER_VALID ||
			 judge_slowly(suggestion, range, &number) != NUMBER_VALID) &&
			wrong++ == 0)
			printf("# \"%s\" was mended to \"%s\"\n", text, suggestion);
	}

	is_int(wrong, 0, "%d random texts agree with the reference", RANDOM_TEXTS);
	for (int i = 0; i <= NUMBER_ABOVE; i++)
		ok(seen[i] > RANDOM_TEXTS / 100, "and enough of them are %s", verdict_names[i]);
	ok(mended > RANDOM_TEXTS / 100, "and enough of them are mended");
}

int
main(void)
{
	unit_seed();
	test_verdicts();
	test_mender();
	test_buffer_too_small();
	test_against_reference();
	return unit_done();
}
