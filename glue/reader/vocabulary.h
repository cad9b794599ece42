/*-------------------------------------------------------------------------
 *
 * vocabulary.h
 *	  What vendors call our columns, in eight languages.
 *
 * A heading is taken apart into words without case and accents, so "Artikel-Nr.",
 * "ARTIKELNR" and "artikel_nr" are the same.  Nothing here decides anything: a
 * match is evidence for a hint or a proposal that a person reads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VOCABULARY_H
#define GLUE_VOCABULARY_H

#include "shared/columns.h"
#include "shared/text.h"

enum vocabulary_language
{
	LANGUAGE_ENGLISH,
	LANGUAGE_GERMAN,
	LANGUAGE_FRENCH,
	LANGUAGE_SPANISH,
	LANGUAGE_ITALIAN,
	LANGUAGE_DUTCH,
	LANGUAGE_POLISH,
	LANGUAGE_PORTUGUESE,
	LANGUAGE_COUNT
};

/* How well a heading fits a column. */
struct vocabulary_match
{
	int percent;   /* 0: not at all; 100: it can mean nothing else */
	bool is_whole; /* the phrase is the whole heading, not a part of it */
	bool is_other; /* the heading names something else more clearly, perhaps no column */
	enum vocabulary_language language;
};

/* Match a heading with the phrases for each column. */
extern void
vocabulary_match(struct text_view heading, struct vocabulary_match matches[COLUMN_COUNT]);

/*
 * Return the column that a heading stands for in most vendors' files, such as
 * "Qty" or "Artikelnummer"; or COLUMN_NONE.  One of our own with signs around it has none,
 * because the file is being read with the wrong quotes.
 */
extern enum onboard_column vocabulary_column(struct text_view heading);

/* The sides of a product, in the order in which dimensions_cm has them. */
enum vocabulary_side
{
	SIDE_LENGTH,
	SIDE_WIDTH,
	SIDE_HEIGHT,
	SIDE_COUNT
};

/* Return the side that a heading names, such as "Breite (cm)"; SIDE_COUNT for none. */
extern enum vocabulary_side vocabulary_side(struct text_view heading);

/* Does the heading name a reduced price, such as "Aktionspreis" or "Prix promo"? */
extern bool vocabulary_is_reduced_price(struct text_view heading);

/* Does the heading speak of a day, such as "Date sale price ends"? */
extern bool vocabulary_is_date(struct text_view heading);

/* Is the whole text a word for a total, such as "Gesamtsumme:" or "Sous-total"? */
extern bool vocabulary_is_total(struct text_view text);

/* Does the heading contain one of these words: lower-case ASCII letters, separated by commas? */
extern bool vocabulary_has_word(struct text_view heading, const char *words);

/* Return the English name of a language. */
extern const char *vocabulary_language_name(enum vocabulary_language language);

#endif /* GLUE_VOCABULARY_H */
