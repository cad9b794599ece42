/*-------------------------------------------------------------------------
 *
 * s3_versions.c
 *	  Amazon S3: list the versions of objects, page by page.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/s3_versions.h"
#include "base/heap.h"
#include "base/utf8.h"

/* The answer has no elements deeper than this. */
#define DEEPEST 8

/* What next_tag() found. */
enum tag
{
	TAG_OPEN,
	TAG_CLOSE,
	TAG_EMPTY, /* <Prefix/> */
	TAG_END,   /* no further tag */
	TAG_BROKEN
};

/* An answer being read.  All pointers are into the text of the page. */
struct reader
{
	struct s3_version_page *page;
	char *next;
	char *text;                /* what precedes the latest tag */
	char *name;                /* of the latest tag */
	const char *path[DEEPEST]; /* open elements */
	int depth;
	char *next_key;  /* encoded */
	bool is_leaf;    /* the latest tag but one opened an element */
	bool is_encoded; /* keys are URL-encoded */
	bool knows_end;
	bool has_failed;
};

/* ----- tags ----- */

/*
 * Find the next tag.  The text before it and its name are terminated in place.
 * Attributes are skipped.  S3 sends neither comments nor CDATA; an answer with
 * either is treated as broken.
 */
static enum tag
next_tag(struct reader *reader)
{
	char *start = strchr(reader->next, '<');
	char *end = start != NULL ? strchr(start, '>') : NULL;
	enum tag tag = TAG_OPEN;

	if (start == NULL)
		return TAG_END;
	if (end == NULL || start[1] == '!')
		return TAG_BROKEN;
	reader->text = reader->next;
	reader->next = end + 1;
	*start = '\0';
	*end = '\0';
	if (end[-1] == '/')
	{
		tag = TAG_EMPTY;
		end[-1] = '\0';
	}
	reader->name = start + 1;
	if (reader->name[0] == '/')
	{
		tag = TAG_CLOSE;
		reader->name++;
	}
	reader->name[strcspn(reader->name, " \t\r\n")] = '\0';
	return reader->name[0] != '\0' ? tag : TAG_BROKEN;
}

/* ----- texts ----- */

/*
 * Return the character that an entity stands for, or 0 if it is unknown.  S3
 * uses no numeric entities outside of keys, which are URL-encoded.
 */
static char
entity_character(const char *entity, size_t length)
{
	static const struct
	{
		const char *name;
		char character;
	} entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

	if (length == 3 && (memcmp(entity, "#34", 3) == 0 || memcmp(entity, "#39", 3) == 0))
		return entity[2] == '4' ? '"' : '\'';
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
	{
		if (strlen(entities[i].name) == length && memcmp(entities[i].name, entity, length) == 0)
			return entities[i].character;
	}
	return '\0';
}

/*
 * Resolve the entities in a text, in place.
 */
static bool
resolve_entities(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++)
	{
		*to = *from;
		if (*from == '&')
		{
			size_t length = strcspn(from, ";");

			*to = from[length] == ';' ? entity_character(from + 1, length - 1) : '\0';
			if (*to == '\0')
				return false;
			from += length;
		}
		to++;
	}
	*to = '\0';
	return true;
}

/*
 * Copy a text into a member of fixed size.
 */
static bool
copy_text(char *to, size_t size, const char *text)
{
	return snprintf(to, size, "%s", text) < (int) size;
}

/* ----- elements ----- */

static bool
is_named(const char *name, const char *wanted)
{
	return strcmp(name, wanted) == 0;
}

static bool
add_version(struct s3_version_page *page)
{
	if (page->count == S3_VERSIONS_PAGE)
		return false;
	page->versions[page->count++] =
		(struct s3_version){.key = NULL, .version_id = "", .etag = "", .written_at = ""};
	return true;
}

/*
 * Store the text of an element of a version.
 */
static void
take_of_version(struct s3_version *version, const char *name, char *text)
{
	if (is_named(name, "Key"))
		version->key = text;
	else if (is_named(name, "VersionId"))
		version->version_id = text;
	else if (is_named(name, "ETag"))
		version->etag = text;
	else if (is_named(name, "LastModified"))
		version->written_at = text;
	else if (is_named(name, "IsLatest"))
		version->is_latest = is_named(text, "true");
}

/*
 * Store the text of an element of the list itself.
 */
static bool
take_of_list(struct reader *reader, const char *name, char *text)
{
	struct s3_version_marker *next = &reader->page->next;

	if (is_named(name, "IsTruncated"))
	{
		reader->knows_end = true;
		reader->page->is_last = is_named(text, "false");
		return reader->page->is_last || is_named(text, "true");
	}
	if (is_named(name, "EncodingType"))
		reader->is_encoded = is_named(text, "url");
	if (is_named(name, "NextKeyMarker"))
		reader->next_key = text;
	if (is_named(name, "NextVersionIdMarker"))
		return copy_text(next->version_id, sizeof(next->version_id), text);
	return true;
}

/*
 * Handle an element without children, at the current depth.
 */
static bool
take_leaf(struct reader *reader, const char *name, char *text)
{
	bool is_of_list = reader->depth == 1;
	bool is_of_version = reader->depth == 2 && is_named(reader->path[1], "Version");

	if ((is_of_list || is_of_version) && !resolve_entities(text))
		return false;
	if (is_of_version)
		take_of_version(&reader->page->versions[reader->page->count - 1], name, text);
	return !is_of_list || take_of_list(reader, name, text);
}

static bool
open_element(struct reader *reader)
{
	if (reader->depth == DEEPEST ||
		(reader->depth == 0 && !is_named(reader->name, "ListVersionsResult")))
		return false;
	reader->path[reader->depth++] = reader->name;
	reader->is_leaf = true;
	return reader->depth != 2 || !is_named(reader->name, "Version") || add_version(reader->page);
}

static bool
close_element(struct reader *reader)
{
	bool was_leaf = reader->is_leaf;

	reader->is_leaf = false;
	if (reader->depth == 0 || !is_named(reader->path[reader->depth - 1], reader->name))
		return false;
	reader->depth--;
	return !was_leaf || take_leaf(reader, reader->name, reader->text);
}

/*
 * Handle one tag; return false at the end, or if the answer is broken.
 */
static bool
take_tag(struct reader *reader)
{
	switch (next_tag(reader))
	{
		case TAG_OPEN:
			/* <?xml version="1.0" encoding="UTF-8"?> */
			reader->has_failed = reader->name[0] == '?' ? reader->depth > 0 : !open_element(reader);
			break;
		case TAG_CLOSE:
			reader->has_failed = !close_element(reader);
			break;
		case TAG_EMPTY:
			reader->is_leaf = false;
			break;
		case TAG_END:
			return false;
		case TAG_BROKEN:
			reader->has_failed = true;
			break;
	}
	return !reader->has_failed;
}

/* ----- a page ----- */

/*
 * Decode a key in place.  A server that does not support the encoding does not
 * declare it.
 */
static bool
decode_key(const struct reader *reader, char *key)
{
	/* S3 accepts UTF-8 only, and the database would refuse the whole page for a key that is not. */
	return (!reader->is_encoded || s3_decode_key(key)) && key[0] != '\0' &&
		   utf8_is_valid(text_of(key)) && strlen(key) < S3_KEY_SIZE;
}

/*
 * Decode the keys, and return whether the page is complete.
 */
static bool
complete_page(const struct reader *reader)
{
	struct s3_version_page *page = reader->page;

	for (int i = 0; i < page->count; i++)
	{
		struct s3_version *version = &page->versions[i];

		if (version->key == NULL || !decode_key(reader, version->key) ||
			version->version_id[0] == '\0' || version->written_at[0] == '\0')
			return false;
	}
	return page->is_last || (reader->next_key != NULL && decode_key(reader, reader->next_key) &&
							 copy_text(page->next.key, sizeof(page->next.key), reader->next_key));
}

bool
s3_read_versions(struct s3_version_page *page, struct glue_error *error)
{
	struct reader reader = {.page = page};

	if (page->versions == NULL)
		page->versions = glue_allocate(S3_VERSIONS_PAGE * sizeof(*page->versions));
	if (page->versions == NULL)
		return glue_error_memory(error);
	if (!byte_buffer_terminate(&page->text, error))
		return false;
	reader.next = page->text.data;
	page->count = 0;
	while (take_tag(&reader))
		continue;
	if (!reader.has_failed && reader.depth == 0 && reader.knows_end && complete_page(&reader))
		return true;
	page->count = 0;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
						  "s3 ListObjectVersions: the reply is not a complete list");
}

/* ----- the call ----- */

static void
fill_query(struct aws_call *call, const char *prefix, const struct s3_version_marker *after)
{
	aws_call_query(call, "encoding-type", "url");
	if (after->key[0] != '\0')
		aws_call_query(call, "key-marker", after->key);
	aws_call_query(call, "prefix", prefix);
	if (after->version_id[0] != '\0')
		aws_call_query(call, "version-id-marker", after->version_id);
	aws_call_query(call, "versions", "");
}

bool
s3_list_versions(struct aws_client *client, const char *bucket, const char *prefix,
				 const struct s3_version_marker *after, int64_t deadline,
				 struct s3_version_page *page, struct glue_error *error)
{
	struct aws_call call = {0};
	char path[S3_PATH_SIZE];
	bool success;

	if (!s3_begin_bucket_call(client, &call, "ListObjectVersions", bucket, path, deadline, error))
		return false;
	fill_query(&call, prefix, after);
	success = aws_perform(client, &call, error);
	if (success)
	{
		page->text = call.exchange.response.body;
		memset(&call.exchange.response.body, 0, sizeof(call.exchange.response.body));
		success = s3_read_versions(page, error);
	}
	aws_call_clean_up(&call);
	return success;
}

void
s3_version_page_clean_up(struct s3_version_page *page)
{
	byte_buffer_clean_up(&page->text);
	glue_release(page->versions);
	memset(page, 0, sizeof(*page));
}
