/*-------------------------------------------------------------------------
 *
 * xml_reader.h
 *	  Reads XML that a stranger made, using expat.
 *
 * Elements and attributes are known by their local names: programs differ in
 * prefixes and namespaces, but no name that we read means different things.  A
 * document type declaration is refused, and with it every entity that is not
 * predefined.  Memory is limited, whatever the document contains.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XML_READER_H
#define GLUE_XML_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"

/*
 * Callbacks.  Each returns false to stop the reader; an error that is to be reported
 * goes into the error of the call that runs them.  Arguments are borrowed.
 */
struct xml_events
{
	/* attributes: names and values in turn, then NULL; see xml_attribute() */
	bool (*begin)(void *context, const char *name, const char **attributes);
	bool (*end)(void *context, const char *name);
	bool (*text)(void *context, const char *text, size_t length); /* a piece of it */
	void *context;
};

/* Opaque. */
struct xml_reader;

/*
 * Create a reader.  title is borrowed as long as it lives and names the document
 * in errors.  The caller must call xml_reader_destroy().  NULL on OUT_OF_MEMORY.
 */
extern struct xml_reader *
xml_reader_new(const char *title, const struct xml_events *events, struct glue_error *error);

/* Free the reader; NULL is accepted. */
extern void xml_reader_destroy(struct xml_reader *reader);

/*
 * Return room for the next bytes of the document, or NULL on the errors of
 * xml_reader_parse().
 */
extern char *xml_reader_room(struct xml_reader *reader, size_t size, struct glue_error *error);

/*
 * Parse bytes that were written there; 0 of them end the document.  Returns false
 * with file fault UNREADABLE_FILE, OUT_OF_MEMORY, or *error as it is if an event
 * returned false.
 */
extern bool xml_reader_parse(struct xml_reader *reader, size_t length, struct glue_error *error);

/* Return the value of an attribute by its local name, or NULL. */
extern const char *xml_attribute(const char **attributes, const char *name);

#endif /* GLUE_XML_READER_H */
