/*-------------------------------------------------------------------------
 *
 * xml_reader.c
 *	  Reads XML that a stranger made, using expat.
 *
 * expat keeps open elements, a token that is not complete, and every name it has
 * met, so a small document of the wrong kind can take any amount of memory.
 * Its functions to allocate have no argument of ours; what all readers of a
 * thread use is therefore counted together, and limited.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <expat.h>

#include "base/heap.h"
#include "reader/xml_reader.h"

/* Memory of all readers of a thread.  A real workbook needs less than 1 MB. */
#define MOST_MEMORY ((size_t) 16 * 1024 * 1024)

/* Deeper elements are refused; those of a workbook have about ten levels. */
#define MOST_DEPTH 64

struct xml_reader
{
	const char *title;
	struct xml_events events;
	XML_Parser parser;
	int depth;
	bool stopped;            /* expat delivers what it has begun even then */
	struct glue_error error; /* why we stopped the parser; none if an event did */
};

/* ----- memory ----- */

/* Precedes each block; keeps it aligned. */
union block_head
{
	size_t size;
	max_align_t alignment;
};

static _Thread_local size_t memory_used;
static _Thread_local bool memory_exceeded;

static void *
reallocate(void *block, size_t size)
{
	union block_head *head = block != NULL ? (union block_head *) block - 1 : NULL;
	size_t old = head != NULL ? head->size : 0;

	if (size > MOST_MEMORY || memory_used - old > MOST_MEMORY - size)
	{
		memory_exceeded = true;
		return NULL;
	}
	head = glue_reallocate(head, sizeof(*head) + size);
	if (head == NULL)
		return NULL;
	head->size = size;
	memory_used += size - old;
	return head + 1;
}

static void *
allocate(size_t size)
{
	return reallocate(NULL, size);
}

static void
release(void *block)
{
	union block_head *head = block;

	if (block == NULL)
		return;
	head--;
	memory_used -= head->size;
	glue_release(head);
}

/* ----- errors ----- */

static bool
unreadable(const struct xml_reader *reader, struct glue_error *error, const char *reason)
{
	return glue_error_set(
		error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
		"the workbook is damaged (%s: %s); open it in a spreadsheet program, save it and send that",
		reader->title, reason);
}

/* Explain why the parser stopped. */
static bool
explain(const struct xml_reader *reader, struct glue_error *error)
{
	enum XML_Error code = XML_GetErrorCode(reader->parser);

	if (code == XML_ERROR_ABORTED)
	{
		if (reader->error.class != GLUE_NO_ERROR)
			*error = reader->error;
		return false;
	}
	if (code != XML_ERROR_NO_MEMORY)
		return unreadable(reader, error, XML_ErrorString(code));
	return memory_exceeded ? unreadable(reader, error, "too large to be a workbook's")
						   : glue_error_memory(error);
}

/* Stop the parser because of an event, which returned false, or of an error. */
static void
stop(struct xml_reader *reader)
{
	reader->stopped = true;
	XML_StopParser(reader->parser, XML_FALSE);
}

static void
refuse(struct xml_reader *reader, const char *reason)
{
	unreadable(reader, &reader->error, reason);
	stop(reader);
}

/* ----- events ----- */

static const char *
local_name(const char *name)
{
	/* Most names have one letter. */
	const char *colon = name[1] != '\0' ? strchr(name, ':') : NULL;

	return colon != NULL ? colon + 1 : name;
}

static void XMLCALL
begin_element(void *context, const char *name, const char **attributes)
{
	struct xml_reader *reader = context;

	if (reader->stopped)
		return;
	if (reader->depth++ == MOST_DEPTH)
		refuse(reader, "too many levels of elements");
	else if (!reader->events.begin(reader->events.context, local_name(name), attributes))
		stop(reader);
}

static void XMLCALL
end_element(void *context, const char *name)
{
	struct xml_reader *reader = context;

	reader->depth--;
	if (!reader->stopped && !reader->events.end(reader->events.context, local_name(name)))
		stop(reader);
}

static void XMLCALL
take_text(void *context, const char *text, int length)
{
	struct xml_reader *reader = context;

	if (!reader->stopped && !reader->events.text(reader->events.context, text, (size_t) length))
		stop(reader);
}

static void XMLCALL
begin_doctype(void *context, const char *name, const char *system, const char *public, int internal)
{
	(void) name;
	(void) system;
	(void) public;
	(void) internal;
	refuse(context, "it has a document type declaration");
}

const char *
xml_attribute(const char **attributes, const char *name)
{
	for (; attributes[0] != NULL; attributes += 2)
	{
		if (strcmp(local_name(attributes[0]), name) == 0)
			return attributes[1];
	}
	return NULL;
}

/* ----- reading ----- */

struct xml_reader *
xml_reader_new(const char *title, const struct xml_events *events, struct glue_error *error)
{
	static const XML_Memory_Handling_Suite memory = {allocate, reallocate, release};
	struct xml_reader *reader = glue_allocate_zero(sizeof(*reader));

	if (reader == NULL)
		goto error;
	reader->title = title;
	reader->events = *events;
	memory_exceeded = false;
	reader->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
	if (reader->parser == NULL)
		goto error;
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, begin_element, end_element);
	XML_SetCharacterDataHandler(reader->parser, take_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, begin_doctype);
	return reader;

error:
	glue_release(reader);
	glue_error_memory(error);
	return NULL;
}

void
xml_reader_destroy(struct xml_reader *reader)
{
	if (reader == NULL)
		return;
	XML_ParserFree(reader->parser);
	glue_release(reader);
}

char *
xml_reader_room(struct xml_reader *reader, size_t size, struct glue_error *error)
{
	char *room = XML_GetBuffer(reader->parser, (int) size);

	if (room == NULL)
		explain(reader, error);
	return room;
}

bool
xml_reader_parse(struct xml_reader *reader, size_t length, struct glue_error *error)
{
	return XML_ParseBuffer(reader->parser, (int) length, length == 0) == XML_STATUS_OK ||
		   explain(reader, error);
}
