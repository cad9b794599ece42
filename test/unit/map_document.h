/*-------------------------------------------------------------------------
 *
 * map_document.h
 *	  Documents of onboard_map() for tests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_DOCUMENT_H
#define ONBOARD_MAP_DOCUMENT_H

#include <cjson/cJSON.h>

#include "reader/file_map.h"

/* What the maps of the tests may use. */
#define MAP_DOCUMENT_PARTS                                                                       \
	"{\"name\":\"shop\",\"version\":3,\"is_preset\":false,\"hash\":\"0123abcd\","                \
	"\"values\":{\"categories\":{\"shoes\":\"Clothing\",\" Big  SHOES \":\"Men's Clothing\","    \
	"\"\\u00c4pfel\":\"Food & Beverage\",\"\":\"nothing\",\"SHOES\":\"too late\"},\"none\":{}}," \
	"\"rates\":{\"EUR/USD\":{\"rate\":\"1.0832\",\"date\":\"2026-11-29\"}},"                     \
	"\"categories\":[\"Kitchen\",\"Audio Equipment\",\"Clothing\",\"Home & Garden\",\"A/V\"]}"

/* Return a document with this definition, to be freed with cJSON_free(). */
static inline char *
map_document(const char *definition)
{
	cJSON *document = cJSON_Parse(MAP_DOCUMENT_PARTS);
	char *text;

	cJSON_AddStringToObject(document, "definition", definition);
	text = cJSON_PrintUnformatted(document);
	cJSON_Delete(document);
	return text;
}

/* Parse a definition; NULL and the error if it has a fault. */
static inline struct file_map *
map_parse(const char *definition, struct glue_error *error)
{
	char *document = map_document(definition);
	struct file_map *map = file_map_parse(document, error);

	cJSON_free(document);
	return map;
}

#endif /* ONBOARD_MAP_DOCUMENT_H */
