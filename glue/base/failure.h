/*-------------------------------------------------------------------------
 *
 * failure.h
 *	  Errors of the glue: a class, a code and one line of text.
 *
 * Every glue function that can fail takes a struct glue_error and fills it
 * with glue_error_set().  The class determines what the caller does:
 *
 *	  usage				the caller asked for something impossible
 *	  file				the whole upload is refused; code is one of the failure
 *						codes (NO_HEADER, NOT_TEXT, ...) and the text is for
 *						the vendor
 *	  not found			a vendor, an upload or a category that the caller named
 *						does not exist
 *	  infrastructure	no verdict was reached; try again later
 *	  internal			a bug of ours
 *
 * A row that breaks a rule is not an error; it is passed on as a record.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FAILURE_H
#define GLUE_FAILURE_H

#include <stdbool.h>
#include <stddef.h>

enum glue_error_class
{
	GLUE_NO_ERROR = 0,
	GLUE_USAGE_ERROR,
	GLUE_FILE_FAULT,
	GLUE_NOT_FOUND,
	GLUE_INFRASTRUCTURE_ERROR,
	GLUE_INTERNAL_ERROR
};

/* Code of an infrastructure error: the caller's time is up. */
#define GLUE_DEADLINE "DEADLINE"

/* Sizes in bytes, including the terminating NUL. */
#define GLUE_ERROR_CODE_SIZE 32
#define GLUE_ERROR_TEXT_SIZE 512
#define GLUE_ERROR_HINT_SIZE 256
#define GLUE_ERROR_CONSTRAINT_SIZE 64

/* An all-zero struct means no error; owns nothing. */
struct glue_error
{
	enum glue_error_class class;
	char code[GLUE_ERROR_CODE_SIZE];
	char text[GLUE_ERROR_TEXT_SIZE];
	size_t reason_length;            /* bytes of text that say what is wrong; advice follows */
	char hint[GLUE_ERROR_HINT_SIZE]; /* a sentence that says what to do, or empty */
	char constraint
		[GLUE_ERROR_CONSTRAINT_SIZE]; /* name of the one that a statement violated, or empty */
	bool quotes_server;               /* text or hint repeats a server message, which may
								 * quote a value: must not be logged */
};

/*
 * Fill *error, replacing its contents.  text is printf-like and begins with a
 * lower-case letter, with no period at the end.  Text that is too long is
 * truncated at a character boundary, and control characters become blanks, so
 * the result is always one line.  error may be NULL, in which case nothing is
 * kept.  errno is preserved.  Always returns false, so that a caller can write
 * "return glue_error_set(...)".
 */
extern bool glue_error_set(struct glue_error *error, enum glue_error_class class, const char *code,
						   const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Append advice to the text: a guess at the cause or at what was meant, which
 * glue_error_keep_reason() removes if there is better advice.  error may be NULL.
 */
extern void glue_error_advise(struct glue_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Remove the advice, so that the text only says what is wrong. */
extern void glue_error_keep_reason(struct glue_error *error);

/*
 * Replace the text of an error and keep the rest.  The arguments may point
 * into the old text.  The new text has no advice.
 */
extern void glue_error_reword(struct glue_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Add a hint that says what to do; error may be NULL. */
extern void glue_error_hint(struct glue_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Return the SQLSTATE of an error that the database or its connection raised,
 * or NULL.
 */
extern const char *glue_error_sqlstate(const struct glue_error *error);

/*
 * Set a file fault whose text is a sentence, as the database stores it, written
 * as our errors are: it begins with a lower-case letter and has no period.  The
 * sentence is not empty; advice is appended.  Always returns false.
 */
extern bool glue_error_sentence(struct glue_error *error, const char *code, const char *sentence,
								const char *advice);

/*
 * Set a file fault with a code of shared/upload_failure.h and the text defined
 * there.  Always returns false.
 */
extern bool glue_error_file(struct glue_error *error, const char *code);

/* Set infrastructure error OUT_OF_MEMORY; always returns false. */
extern bool glue_error_memory(struct glue_error *error);

/* Reset to no error. */
extern void glue_error_clear(struct glue_error *error);

/* Return "usage", "file", "not_found", "infrastructure", "internal" or "none". */
extern const char *glue_error_class_name(enum glue_error_class class);

#endif /* GLUE_FAILURE_H */
