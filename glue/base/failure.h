/*-------------------------------------------------------------------------
 *
 * failure.h
 *	  The one error of the glue: a class, a code and one line of text.
 *
 * Every function of the glue that can fail takes a struct glue_error and
 * fills it through glue_error_set().  The class decides what the caller does,
 * and the kinds never mix:
 *
 *	  usage				the caller asked for something that cannot be
 *	  file				the whole upload is refused; code is one of the failure
 *						codes (NO_HEADER, NOT_TEXT, ...) and the text is for
 *						the vendor
 *	  not found			what the caller named (a vendor, an upload, a category)
 *						does not exist
 *	  infrastructure	nothing is decided; try again later
 *	  internal			a bug of ours
 *
 * A row that breaks a rule is no error at all: it travels as a record.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FAILURE_H
#define GLUE_FAILURE_H

#include <stdbool.h>

enum glue_error_class
{
	GLUE_NO_ERROR = 0,
	GLUE_USAGE_ERROR,
	GLUE_FILE_FAULT,
	GLUE_NOT_FOUND,
	GLUE_INFRASTRUCTURE_ERROR,
	GLUE_INTERNAL_ERROR
};

/* Bytes, the terminating NUL included. */
#define GLUE_ERROR_CODE_SIZE 32
#define GLUE_ERROR_TEXT_SIZE 512
#define GLUE_ERROR_HINT_SIZE 256

/* All zero means no error; owns nothing. */
struct glue_error
{
	enum glue_error_class class;
	char code[GLUE_ERROR_CODE_SIZE];
	char text[GLUE_ERROR_TEXT_SIZE];
	char hint[GLUE_ERROR_HINT_SIZE]; /* what to do, a sentence; or empty */
	bool quotes_server;              /* text or hint repeats words of the server, which
								 * may quote a value: never to be logged */
};

/*
 * Fill *error, replacing what it held.  text is printf-like, lower-case first
 * letter, no period at the end; it is cut at a character boundary when too
 * long, and control characters in it become blanks, so it is always one line.
 * error may be NULL, then nothing is kept.  errno is left as it was.  Always
 * returns false, so that a caller can write "return glue_error_set(...)".
 */
extern bool glue_error_set(struct glue_error *error, enum glue_error_class class, const char *code,
						   const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Replace the text of an error and keep the rest.  The arguments may point into
 * the old text.
 */
extern void glue_error_reword(struct glue_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Add what to do about it; error may be NULL. */
extern void glue_error_hint(struct glue_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The SQLSTATE of an error that came from the database or its connection, else NULL. */
extern const char *glue_error_sqlstate(const struct glue_error *error);

/*
 * File fault with one of the codes of shared/upload_failure.h and what that says
 * of it; always returns false.
 */
extern bool glue_error_file(struct glue_error *error, const char *code);

/* Infrastructure error OUT_OF_MEMORY; always returns false. */
extern bool glue_error_memory(struct glue_error *error);

/* Back to no error. */
extern void glue_error_clear(struct glue_error *error);

/* "usage", "file", "not_found", "infrastructure", "internal" or "none". */
extern const char *glue_error_class_name(enum glue_error_class class);

#endif /* GLUE_FAILURE_H */
