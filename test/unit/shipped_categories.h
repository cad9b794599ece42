/*-------------------------------------------------------------------------
 *
 * shipped_categories.h
 *	  The categories that come with the extension, as the rules see them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SHIPPED_CATEGORIES_H
#define ONBOARD_SHIPPED_CATEGORIES_H

#include "shared/category.h"

/* Sorted by memcmp(). */
static const struct text_view categories[] = {
	{"Accessories", 11},
	{"Audio Equipment", 15},
	{"Bathroom", 8},
	{"Bedroom", 7},
	{"Books", 5},
	{"Clothing", 8},
	{"Computer Accessories", 20},
	{"Computer Storage", 16},
	{"Electronics", 11},
	{"Food & Beverage", 15},
	{"Garden", 6},
	{"Health & Beauty", 15},
	{"Home & Garden", 13},
	{"Kitchen", 7},
	{"Living Room", 11},
	{"Men's Clothing", 14},
	{"Mobile Accessories", 18},
	{"Sports & Outdoors", 17},
	{"Toys & Games", 12},
	{"Women's Clothing", 16},
};

#define CATEGORY_COUNT ((int) (sizeof(categories) / sizeof(categories[0])))

/* Clothing is 5, Electronics 8, Home & Garden 12. */
static const int parents[CATEGORY_COUNT] = {
	5, 8, 12, 12, -1, -1, 8, 8, -1, -1, 12, -1, -1, 12, 12, 5, 8, -1, -1, 5,
};

static const struct category_list shipped_categories = {
	.names = categories, .parents = parents, .count = CATEGORY_COUNT};

#endif /* ONBOARD_SHIPPED_CATEGORIES_H */
