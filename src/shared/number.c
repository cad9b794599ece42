/*-------------------------------------------------------------------------
 *
 * number.c
 *	  Strict parsing of vendors' numbers, and suggestions for the others.
 *
 * The parser is the judge: it accepts exactly the grammar in number.h.  The
 * mender never accepts anything.  It turns a refused text into digits and a
 * decimal exponent ("$1,299.00" is 129900 and -2), writes these out plainly, and
 * asks the parser whether the result would be a valid value.  If people in
 * different countries would read different numbers, it suggests nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/number.h"

#include "shared/appearance.h"
#include "shared/spreadsheet.h"
#include "shared/text.h"

/* Longer texts are not mended: nobody means 60 digits. */
#define MENDABLE_BYTES 60

/* Numbers whose exponent has more digits are not prices. */
#define EXPONENT_DIGITS 2

/*
 * A text taken apart: runs of digits with one separator before each but the
 * first, then an optional exponent.
 */
struct digit_runs
{
	char digits[MENDABLE_BYTES + 2]; /* dashes become two */
	int digit_count;
	int run[MENDABLE_BYTES + 1];        /* digits in each run */
	char separator[MENDABLE_BYTES + 1]; /* before that run */
	int last;                           /* index of the last run */
	bool has_exponent;
	int exponent;
};

/* What may precede or follow a number; letters match in any case. */
struct affix
{
	unsigned kinds; /* bits of enum number_kind */
	struct text_view text;
};

#define MONEY (1u << NUMBER_MONEY)
#define KILOGRAMS (1u << NUMBER_KILOGRAMS)
#define PIECES (1u << NUMBER_PIECES)
#define AFFIX(kinds, text)         \
	{                              \
		kinds,                     \
		{                          \
			text, sizeof(text) - 1 \
		}                          \
	}

/*
 * If one affix starts or ends with another, the longer is listed first.
 * Deliberately absent: g and lb (other units need conversion), dozen and boxes (they
 * multiply), percent.  Currency signs and the codes of currencies are not listed.
 */
static const struct affix affixes[] = {
	AFFIX(MONEY, "US$"),     AFFIX(MONEY, "CA$"),     AFFIX(MONEY, "AU$"),
	AFFIX(MONEY, "NZ$"),     AFFIX(MONEY, "HK$"),     AFFIX(MONEY, "NT$"),
	AFFIX(MONEY, "A$"),      AFFIX(MONEY, "C$"),      AFFIX(MONEY, "S$"),
	AFFIX(MONEY, "R$"),      AFFIX(MONEY, "Rs."),     AFFIX(MONEY, "Rs"),
	AFFIX(MONEY, "Fr."),     AFFIX(MONEY, "SFr."),    AFFIX(MONEY, "kr."),
	AFFIX(MONEY, "kr"),      AFFIX(MONEY, "z\u0142"), /* zloty */
	AFFIX(MONEY, "K\u010D"),                          /* koruna */
	AFFIX(KILOGRAMS, "kgs"), AFFIX(KILOGRAMS, "kg"),  AFFIX(PIECES, "pieces"),
	AFFIX(PIECES, "piece"),  AFFIX(PIECES, "pcs."),   AFFIX(PIECES, "pcs"),
	AFFIX(PIECES, "pc"),     AFFIX(PIECES, "units"),  AFFIX(PIECES, "unit"),
	AFFIX(PIECES, "items"),  AFFIX(PIECES, "item"),   {0, {NULL, 0}}, /* sentinel */
};

/* The active codes of ISO 4217, and four that vendors still write. */
static const char currency_codes[] =
	"AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN "
	"BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR "
	"FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY "
	"KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU "
	"MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON "
	"RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP "
	"TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB "
	"XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG "
	"ANG BGN HRK RMB";
#define CODE_LETTERS 3

/* Currencies that signs and abbreviations denote. */
static const struct
{
	const char *sign;
	const char *codes;
} currency_signs[] = {
	{"$", "USD CAD AUD NZD HKD TWD SGD MXN ARS CLP COP DOP UYU BND BBD BMD BSD BZD FJD GYD JMD KYD "
		  "LRD NAD SBD SRD TTD XCD"},
	{"\u20AC", "EUR"},
	{"\u00A3", "GBP EGP FKP GIP LBP SDG SHP SSP SYP"},
	{"\u00A5", "JPY CNY"},
	{"\uFFE5", "JPY CNY"},
	{"\u20B9", "INR"},
	{"\u20A8", "INR PKR LKR NPR MUR SCR"},
	{"\u20A9", "KRW KPW"},
	{"\u20AA", "ILS"},
	{"\u20AB", "VND"},
	{"\u20B4", "UAH"},
	{"\u20BA", "TRY"},
	{"\u20BD", "RUB"},
	{"\u20B1", "PHP"},
	{"\u20A6", "NGN"},
	{"\u0E3F", "THB"},
	{"\u20B8", "KZT"},
	{"\u20A1", "CRC SVC"},
	{"\u20B2", "PYG"},
	{"\u20B5", "GHS"},
	{"\u20BE", "GEL"},
	{"\u20BC", "AZN"},
	{"US$", "USD"},
	{"CA$", "CAD"},
	{"C$", "CAD NIO"},
	{"AU$", "AUD"},
	{"A$", "AUD"},
	{"NZ$", "NZD"},
	{"HK$", "HKD"},
	{"NT$", "TWD"},
	{"S$", "SGD"},
	{"R$", "BRL"},
	{"Rs", "INR PKR LKR NPR MUR SCR"},
	{"Rs.", "INR PKR LKR NPR MUR SCR"},
	{"Fr.", "CHF"},
	{"SFr.", "CHF"},
	{"kr", "SEK NOK DKK ISK"},
	{"kr.", "SEK NOK DKK ISK"},
	{"z\u0142", "PLN"},
	{"K\u010D", "CZK"},
	{"RMB", "CNY"},
};

/*
 * Append a digit; on overflow, saturate at INT64_MAX, which also exceeds the
 * limit of the test.
 */
static inline int64_t
append_digit(int64_t number, char digit)
{
	if (number > (INT64_MAX - 9) / 10)
		return INT64_MAX;
	return number * 10 + (digit - '0');
}

enum number_verdict
number_parse(struct text_view text, const struct number_range *range, int64_t *number)
{
	const char *next = text.data;
	const char *end = text.length > 0 ? text.data + text.length : next;
	bool negative = next < end && *next == '-';
	int64_t parsed = 0;
	size_t whole_digits;
	size_t fraction_digits = 0;

	if (negative)
		next++;

	whole_digits = 0;
	for (; next < end && is_ascii_digit(*next); next++, whole_digits++)
		parsed = append_digit(parsed, *next);

	if (range->kind != NUMBER_PIECES)
	{
		if (next < end && *next == '.')
		{
			for (next++; next < end && is_ascii_digit(*next); next++)
			{
				if (fraction_digits++ < 2)
					parsed = append_digit(parsed, *next);
			}
		}
		for (size_t i = fraction_digits; i < 2; i++)
			parsed = append_digit(parsed, '0');
	}

	if (next < end || whole_digits + fraction_digits == 0)
		return NUMBER_NOT_PLAIN;
	if (fraction_digits > 2)
		return NUMBER_TOO_PRECISE;
	if (negative || parsed < range->minimum)
		return NUMBER_BELOW;
	if (parsed > range->maximum)
		return NUMBER_ABOVE;
	*number = parsed;
	return NUMBER_VALID;
}

/* Does text have the affix at offset?  Only ASCII letters are folded. */
static bool
has_affix_at(struct text_view text, size_t offset, struct text_view affix)
{
	for (size_t i = 0; i < affix.length; i++)
	{
		if (fold_ascii((unsigned char) text.data[offset + i]) !=
			fold_ascii((unsigned char) affix.data[i]))
			return false;
	}
	return true;
}

/* Is the text at offset the code of a currency, in any case? */
static bool
has_code_at(struct text_view text, size_t offset)
{
	for (const char *code = currency_codes; code < currency_codes + sizeof(currency_codes) - 1;
		 code += CODE_LETTERS + 1)
	{
		if (has_affix_at(text, offset, (struct text_view){code, CODE_LETTERS}))
			return true;
	}
	return false;
}

/* Return the length of a currency sign or code at this end, or 0. */
static size_t
currency_length(struct text_view text, bool at_start)
{
	size_t start = text.length - 1;
	uint32_t character;
	size_t size;

	if (at_start)
		start = 0;
	else
	{
		while (start > 0 && ((unsigned char) text.data[start] & 0xC0) == 0x80)
			start--;
	}
	size = text_decode(text, start, &character);
	if (is_currency_sign(character) && (at_start || start + size == text.length))
		return size;
	if (text.length < CODE_LETTERS || !has_code_at(text, at_start ? 0 : text.length - CODE_LETTERS))
		return 0;
	return CODE_LETTERS;
}

/* Return the length of what precedes or follows a number at this end, or 0. */
static size_t
affix_length(struct text_view text, enum number_kind kind, bool at_start)
{
	for (const struct affix *affix = affixes; affix->kinds != 0; affix++)
	{
		struct text_view candidate = affix->text;

		if ((affix->kinds & (1u << kind)) != 0 && candidate.length <= text.length &&
			has_affix_at(text, at_start ? 0 : text.length - candidate.length, candidate))
			return candidate.length;
	}
	return kind == NUMBER_MONEY ? currency_length(text, at_start) : 0;
}

/* Strip one affix from the start or the end, and the adjacent blanks. */
static bool
strip_affix(struct text_view *text, enum number_kind kind, bool at_start)
{
	size_t length;

	/* Most numbers have their digits at this end. */
	if (text->length == 0 || is_ascii_digit(text->data[at_start ? 0 : text->length - 1]))
		return false;
	length = affix_length(*text, kind, at_start);
	if (length == 0)
		return false;
	text->length -= length;
	if (at_start)
		text->data += length;
	*text = text_trim(*text);
	return true;
}

/* Is the character part of a plain number? */
static bool
is_number_character(char byte)
{
	return is_ascii_digit((unsigned char) byte) || byte == '.' || byte == ',' || byte == '-';
}

struct text_view
number_without_currency(struct text_view text)
{
	struct text_view rest = text;

	if (strip_affix(&rest, NUMBER_MONEY, true) && rest.length > 0 &&
		is_number_character(rest.data[0]))
		return rest;
	rest = text;
	if (strip_affix(&rest, NUMBER_MONEY, false) && rest.length > 0 &&
		is_number_character(rest.data[rest.length - 1]))
		return rest;
	return text;
}

bool
number_has_currency(struct text_view text, struct text_view code)
{
	struct text_view rest = number_without_currency(text);
	struct text_view sign = {text.data, (size_t) (rest.data - text.data)};

	if (sign.length == 0)
		sign = (struct text_view){text.data + rest.length, text.length - rest.length};
	sign = text_trim(sign);
	if (sign.length > 0 && text_compare_folded(sign, code) == 0)
		return true;
	for (size_t i = 0; i < sizeof(currency_signs) / sizeof(currency_signs[0]); i++)
	{
		if (text_compare_folded(sign, text_of(currency_signs[i].sign)) == 0)
			return strstr(currency_signs[i].codes, code.data) != NULL;
	}
	return false;
}

/*
 * Read a separator at offset: returns its size, or 0 if there is none.  All
 * blanks count as the same separator.
 */
static size_t
read_separator(struct text_view text, size_t offset, char *separator)
{
	uint32_t character;
	size_t size = text_decode(text, offset, &character);

	if (is_white_space(character) && !is_control_character(character))
		character = ' ';
	if (character != ' ' && character != ',' && character != '.' && character != '\'')
		return 0;
	*separator = (char) character;
	return size;
}

/* Copy a run of digits, possibly empty; returns its length. */
static size_t
read_run(struct text_view text, size_t offset, struct digit_runs *runs)
{
	int count = 0;

	while (offset + count < text.length && is_ascii_digit(text.data[offset + count]))
		runs->digits[runs->digit_count++] = text.data[offset + count++];
	runs->run[runs->last] = count;
	return count;
}

/* Read "e+01" and the like, which must be all that remains at offset. */
static bool
read_exponent(struct text_view text, size_t offset, struct digit_runs *runs)
{
	bool negative = false;
	size_t first;

	if (fold_ascii((unsigned char) text.data[offset++]) != 'e')
		return false;
	if (offset < text.length && (text.data[offset] == '+' || text.data[offset] == '-'))
		negative = text.data[offset++] == '-';

	for (first = offset; offset < text.length && is_ascii_digit(text.data[offset]); offset++)
	{
		if (offset - first == EXPONENT_DIGITS)
			return false;
		runs->exponent = runs->exponent * 10 + (text.data[offset] - '0');
	}
	if (negative)
		runs->exponent = -runs->exponent;
	runs->has_exponent = true;
	return offset == text.length && offset > first;
}

/*
 * Read the dashes that stand for no hundredths, as in 12,- and 12.--, which must be
 * all that remains at offset.  They become two zeros.
 */
static bool
read_dashes(struct text_view text, size_t offset, struct digit_runs *runs)
{
	size_t dashes = text.length - offset;

	if (dashes < 1 || dashes > 2 || text.data[offset] != '-' || text.data[text.length - 1] != '-' ||
		runs->separator[runs->last] == '\'' || runs->separator[runs->last] == ' ' ||
		runs->digit_count == 0)
		return false;
	runs->digits[runs->digit_count++] = '0';
	runs->digits[runs->digit_count++] = '0';
	runs->run[runs->last] = 2;
	return true;
}

/*
 * Take a text apart; returns false if it contains anything else.  Amounts may end in
 * dashes.
 */
static bool
read_runs(struct text_view text, enum number_kind kind, struct digit_runs *runs)
{
	size_t offset;

	runs->digit_count = 0;
	runs->last = 0;
	runs->has_exponent = false;
	runs->exponent = 0;

	offset = read_run(text, 0, runs);
	while (offset < text.length)
	{
		char separator;
		size_t size = read_separator(text, offset, &separator);

		if (size == 0)
			return read_exponent(text, offset, runs) && runs->digit_count > 0;
		offset += size;
		runs->separator[++runs->last] = separator;
		if (kind == NUMBER_MONEY && read_dashes(text, offset, runs))
			return true;
		offset += read_run(text, offset, runs);
	}
	return runs->digit_count > 0;
}

/* Are the runs up to this one groups of thousands, as in 1,299 and 12,345,678? */
static bool
are_groups(const struct digit_runs *runs, int last)
{
	if (runs->run[0] < 1 || runs->run[0] > 3 || runs->digits[0] == '0')
		return false;
	for (int i = 1; i <= last; i++)
	{
		if (runs->run[i] != 3 || runs->separator[i] != runs->separator[1])
			return false;
	}
	return true;
}

/*
 * Are the runs up to this one grouped as in India: 12,34,567, that is, the last three
 * digits, and before them two each?
 */
static bool
are_lakh_groups(const struct digit_runs *runs, int last)
{
	if (last < 2 || runs->run[0] < 1 || runs->run[0] > 2 || runs->digits[0] == '0' ||
		runs->run[last] != 3)
		return false;
	for (int i = 1; i <= last; i++)
	{
		if (runs->separator[i] != ',' || (i < last && runs->run[i] != 2))
			return false;
	}
	return true;
}

/*
 * Is a single separator a decimal point or comma?  *plain tells whether there is
 * only one way to read it: 1,299 and 5.000 pieces and a price of 45.000 are thousands
 * to one reader and not to another.  Nobody groups the digits of weights.
 */
static bool
single_separator_is_point(const struct digit_runs *runs, enum number_kind kind, bool *plain)
{
	int digits = runs->run[1];

	switch (runs->separator[1])
	{
		case '.':
			*plain = digits != 3 || kind == NUMBER_KILOGRAMS ||
					 (kind == NUMBER_MONEY && (runs->has_exponent || !are_groups(runs, 1)));
			return true;
		case ',':
			*plain = kind != NUMBER_PIECES && runs->run[0] > 0 && (digits == 1 || digits == 2);
			return true;
		default:
			*plain = are_groups(runs, 1);
			return false;
	}
}

/*
 * Find how many digits follow the decimal point; returns false if the separators
 * do not plainly tell.
 */
static bool
find_fraction(const struct digit_runs *runs, enum number_kind kind, int *fraction)
{
	int last = runs->last;
	bool plain = true;

	*fraction = 0;
	if (last == 0)
		return true;
	if (last == 1)
	{
		if (single_separator_is_point(runs, kind, &plain))
			*fraction = runs->run[1];
		return plain && !(runs->has_exponent && runs->separator[1] != '.');
	}

	/*
	 * If all separators are equal, they group.  Otherwise all but the last group,
	 * and the last is the decimal point or comma.
	 */
	if (runs->has_exponent)
		return false;
	if (runs->separator[last] == runs->separator[1])
		return are_groups(runs, last) || are_lakh_groups(runs, last);
	*fraction = runs->run[last];
	return (are_groups(runs, last - 1) || are_lakh_groups(runs, last - 1)) &&
		   (runs->separator[last] == '.' ||
			(runs->separator[last] == ',' && *fraction >= 1 && *fraction <= 2));
}

/* Return the digit of a place: 0 for units, 1 for tens, -1 for tenths. */
static char
digit_at(const struct digit_runs *runs, int fraction, int place)
{
	int index = runs->digit_count - 1 - fraction - place;

	return index >= 0 && index < runs->digit_count ? runs->digits[index] : '0';
}

/*
 * Write the digits out, fraction of them after the point (if negative, append
 * zeros).  Two digits after the point if there is one, none for pieces.  Returns
 * false if that would lose a digit.
 */
static bool
write_plainly(const struct digit_runs *runs, int fraction, enum number_kind kind,
			  struct text_builder *builder)
{
	int decimals = kind == NUMBER_PIECES || fraction <= 0 ? 0 : 2;
	int top = runs->digit_count - 1 - fraction;

	for (int place = -decimals - 1; place >= -fraction; place--)
	{
		if (digit_at(runs, fraction, place) != '0')
			return false;
	}

	while (top > 0 && digit_at(runs, fraction, top) == '0')
		top--;
	if (top < 0)
		top = 0;
	for (int place = top; place >= -decimals; place--)
	{
		char digit = digit_at(runs, fraction, place);
		struct text_view text = {&digit, 1};

		if (place == -1)
			text_add(builder, text_of("."));
		text_add(builder, text);
	}
	return true;
}

static bool
has_digit(struct text_view text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		if (is_ascii_digit(text.data[i]))
			return true;
	}
	return false;
}

/* Strip what surrounds a number: a sign, a currency, a unit. */
static struct text_view
strip_surroundings(struct text_view text, enum number_kind kind)
{
	bool had_affix;

	/* In a spreadsheet, an apostrophe before a number makes it text. */
	if (text.length > 0 && text.data[0] == '\'')
		text = (struct text_view){text.data + 1, text.length - 1};
	had_affix = strip_affix(&text, kind, true);
	if (text.length > 0 && text.data[0] == '+')
	{
		text.data++;
		text.length--;
		if (!had_affix)
			strip_affix(&text, kind, true);
	}
	strip_affix(&text, kind, false);

	/* Indian amounts without paise end in "/-". */
	if (kind == NUMBER_MONEY && text.length > 2 &&
		memcmp(text.data + text.length - 2, "/-", 2) == 0)
		text.length -= 2;
	return text;
}

bool
number_suggest(struct text_view text, const struct number_range *range, char *suggestion,
			   size_t size)
{
	char mended[NUMBER_SUGGESTION_SIZE];
	char seen[MENDABLE_BYTES];
	struct text_builder builder;
	struct digit_runs runs;
	enum number_verdict verdict;
	int64_t number;
	int fraction;

	suggestion[0] = '\0';
	if (text.length == 0 || text.length > MENDABLE_BYTES)
		return false;
	verdict = number_parse(text, range, &number);
	if (verdict != NUMBER_NOT_PLAIN && verdict != NUMBER_TOO_PRECISE)
		return false;

	(void) spreadsheet_formula_text(text, &text);
	text = text_as_seen(text, seen, sizeof(seen));
	if (!has_digit(text))
		return false;
	text = strip_surroundings(text, range->kind);
	if (!read_runs(text, range->kind, &runs) || !find_fraction(&runs, range->kind, &fraction))
		return false;

	text_start(&builder, mended, sizeof(mended));
	if (!write_plainly(&runs, fraction - runs.exponent, range->kind, &builder))
		return false;
	text_finish(&builder);

	/* A number truncated by the buffer is far above every range that fits in it. */
	text = text_of(mended);
	if (text.length >= size || number_parse(text, range, &number) != NUMBER_VALID)
		return false;
	memcpy(suggestion, mended, text.length + 1);
	return true;
}
