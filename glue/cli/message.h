/*-------------------------------------------------------------------------
 *
 * message.h
 *	  Print messages on standard error.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MESSAGE_H
#define GLUE_MESSAGE_H

#include "base/failure.h"

/*
 * Print one line, "onboard: ...", on standard error. printf-like; the text is
 * cleaned as by terminal_character().
 */
extern void message_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Likewise for a failure, with its hint on a separate line. */
extern void message_error(const struct glue_error *error);

/*
 * Set the subject with which the following messages begin, such as a file's
 * name; NULL for none.  Borrowed until the next call.
 */
extern void message_about(const char *subject);

/* Return what the messages are about; NULL for nothing. */
extern const char *message_subject(void);

#endif /* GLUE_MESSAGE_H */
