/*-------------------------------------------------------------------------
 *
 * jsonb_object.h
 *	  Writing a jsonb object in its stored form; reading texts from objects and arrays.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_JSONB_OBJECT_H
#define ONBOARD_JSONB_OBJECT_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "shared/text.h"

typedef enum JsonbMemberKind
{
	MEMBER_NULL,
	MEMBER_FALSE,
	MEMBER_TRUE,
	MEMBER_TEXT,
	MEMBER_NUMBER,   /* value is a Numeric, not NaN or infinite */
	MEMBER_CONTAINER /* value is a JsonbContainer, an object or an array */
} JsonbMemberKind;

/* A name and its value, both borrowed; only the last three kinds have one. */
typedef struct JsonbMember
{
	struct text_view name;
	JsonbMemberKind kind;
	struct text_view value;
} JsonbMember;

/* Compare two names in the order in which an object stores them. */
extern int jsonb_compare_names(struct text_view left, struct text_view right);

/*
 * Return an object with these members, in the current context.  They must be in
 * the order of their names, which must differ.
 */
extern Jsonb *jsonb_object_write(const JsonbMember *members, int count);

/* Begin to read the members of an object whose values are texts. */
extern JsonbIterator *jsonb_texts_begin(JsonbContainer *object);

/*
 * Read the next member; return false at the end.  Values stored by SQL need not be
 * strings; of those, only the size is returned.
 */
extern bool
jsonb_texts_next(JsonbIterator **iterator, struct text_view *name, struct text_view *value);

/* Are all values of an object strings? */
extern bool jsonb_is_of_texts(JsonbContainer *object);

/* Return the string of this name in an object; absent if there is none. */
extern struct text_view jsonb_find_text(JsonbContainer *object, struct text_view name);

/* Return the array of this name in an object, or NULL. */
extern JsonbContainer *jsonb_find_array(JsonbContainer *object, const char *name);

/* Return the string at a place of an array, which may be NULL; absent if there is none. */
extern struct text_view jsonb_array_text(JsonbContainer *array, uint32 place);

#endif /* ONBOARD_JSONB_OBJECT_H */
