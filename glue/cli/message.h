/*-------------------------------------------------------------------------
 *
 * message.h
 *	  What the command line says on standard error.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MESSAGE_H
#define GLUE_MESSAGE_H

#include "base/failure.h"

/*
 * One line to standard error: "onboard: ...".  printf-like; the values are
 * cleaned as by terminal_character().
 */
extern void message_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a failure, with its hint on a line of its own. */
extern void message_error(const struct glue_error *error);

#endif /* GLUE_MESSAGE_H */
