/*-------------------------------------------------------------------------
 *
 * vocabulary_test.c
 *	  What headings mean, in eight languages.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/vocabulary.h"

/* The column that a heading fits best, and how. */
static const struct
{
	const char *heading;
	const char *column; /* NULL: none from 50 percent on */
	bool is_whole;
} cases[] = {
	/* Case, accents, signs and blanks do not matter. */
	{"Artikel-Nr.", "sku", true},
	{"ARTIKELNR", "sku", true},
	{"Warengr.", "category", true},
	{"Gew. kg", "weight_kg", true},
	{"artikel_nr", "sku", true},
	{"Bezeichnung*", "product_name", true},
	{"Référence", "sku", true},
	{"REFERENCE", "sku", true},
	{"Re\xCC\x81"
	 "fe\xCC\x81rence",
	 "sku", true}, /* with combining accents */
	{"Qté", "stock_quantity", true},
	{"Ilość", "stock_quantity", true},
	{"Masse", "dimensions_cm", true},
	{"Maße", "dimensions_cm", true},
	{"stockQuantity", "stock_quantity", true},
	{"Image1", "image_url", true},
	{"Item #", "sku", true},

	/* Each language. */
	{"Selling price", "price", true},
	{"Verkaufspreis", "price", true},
	{"Prix de vente", "price", true},
	{"Precio de venta", "price", true},
	{"Prezzo di vendita", "price", true},
	{"Verkoopprijs", "price", true},
	{"Cena sprzedaży", "price", true},
	{"Preço de venda", "price", true},

	/* Parts of headings, and compounds. */
	{"Prix TTC (EUR)", "price", false},
	{"Precio unitario con IVA", "price", false},
	{"Jubiläumspreis", "price", false},
	{"Poids (kg)", "weight_kg", true},
	{"Poids net en kg", "weight_kg", false},

	/* What only looks like a column. */
	{"Einkaufspreis", NULL, false},
	{"EK netto", NULL, false},
	{"Price currency", NULL, false},
	{"Prix d'achat", NULL, false},
	{"Image alt text", NULL, false},
	{"Category ID", NULL, false},
	{"In stock?", NULL, false},
	{"Weight unit", NULL, false},
	{"EAN", NULL, false},
	{"Parent SKU", NULL, false},
	{"Farbe", NULL, false},
	{"", NULL, false},
	{"...", NULL, false},
	{"\xFF\xFE", NULL, false},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct vocabulary_match matches[COLUMN_COUNT];
		int best = COLUMN_NONE;

		vocabulary_match(text_of(cases[i].heading), matches);
		for (int column = 0; column < COLUMN_COUNT; column++)
		{
			if (matches[column].percent >= 50 &&
				(best == COLUMN_NONE || matches[column].percent > matches[best].percent))
				best = column;
		}
		is_text(best != COLUMN_NONE ? onboard_columns[best].name : NULL, cases[i].column, "\"%s\"",
				cases[i].heading);
		if (best != COLUMN_NONE)
			ok(matches[best].is_whole == cases[i].is_whole, "\"%s\": as a whole or in part",
			   cases[i].heading);
	}
}

static void
test_usual_columns(void)
{
	is_int(vocabulary_column(text_of("Qty")), COLUMN_STOCK_QUANTITY, "a usual heading");
	is_int(vocabulary_column(text_of("Nom du produit")), COLUMN_PRODUCT_NAME, "one in French");
	is_int(vocabulary_column(text_of("Model")), COLUMN_NONE, "a vague heading has no usual column");
	is_int(vocabulary_column(text_of("'price'")), COLUMN_NONE, "nor has one of ours in quotes");
	is_int(vocabulary_column(text_of("Price in the shop")), COLUMN_NONE, "a part is not enough");
}

static void
test_words(void)
{
	is_int(vocabulary_side(text_of("Breite (cm)")), SIDE_WIDTH, "a side");
	is_int(vocabulary_side(text_of("Hauteur")), SIDE_HEIGHT, "a side in French");
	is_int(vocabulary_side(text_of("Length x Width")), SIDE_COUNT, "two sides are none");
	ok(vocabulary_is_total(text_of("Total :")) && vocabulary_is_total(text_of("Sous-total")) &&
		   vocabulary_is_total(text_of("\u0141\u0105cznie")),
	   "signs and accents of totals do not matter");
	ok(!vocabulary_is_total(text_of("Total 5W-40")) && !vocabulary_is_total(text_of("Sommer")) &&
		   !vocabulary_is_total(text_of("")) && !vocabulary_is_total(text_of(":")),
	   "but a total is the whole text");
	ok(vocabulary_is_reduced_price(text_of("Aktionspreis")), "a compound names a reduced price");
	ok(vocabulary_is_reduced_price(text_of("Prix promo TTC")), "so does a word");
	ok(!vocabulary_is_reduced_price(text_of("Sales price")), "a sales price is a price");
	ok(!vocabulary_is_reduced_price(text_of("Prix")), "so is a plain one");
	ok(vocabulary_has_word(text_of("Gewicht_G"), "g"), "a word");
	ok(!vocabulary_has_word(text_of("Gewicht"), "g"), "a letter is not a word");
	is_text(vocabulary_language_name(LANGUAGE_POLISH), "Polish", "the name of a language");
}

/* Headings of any bytes and lengths are read within bounds. */
static void
test_any_bytes(void)
{
	char heading[600];

	unit_seed();
	for (int round = 0; round < 2000; round++)
	{
		struct vocabulary_match matches[COLUMN_COUNT];
		size_t length = unit_random(sizeof(heading));

		for (size_t i = 0; i < length; i++)
			heading[i] = (char) unit_random(256);
		vocabulary_match((struct text_view){heading, length}, matches);
	}
	ok(true, "any bytes are matched");
}

int
main(void)
{
	test_cases();
	test_usual_columns();
	test_words();
	test_any_bytes();
	return unit_done();
}
