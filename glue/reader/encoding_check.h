/*-------------------------------------------------------------------------
 *
 * encoding_check.h
 *	  Decides, over all bytes of a file, whether it is in the encoding that it
 *	  is read in.
 *
 * A file without a byte order mark is read as UTF-8 unless the caller names an
 * encoding.  If it is not UTF-8 at all, every row with an accented letter would
 * be rejected; a single refusal that names the likely encoding is more helpful.
 * The reverse is worse: UTF-8 read in a single-byte encoding has no faults,
 * only wrong letters.
 *
 *	  read as						wrong if
 *	  UTF-8, by default				no sequence of it is valid UTF-8 and some are
 *									not, or it is UTF-16 without a mark
 *	  auto (encoding_is_auto)		likewise, or if most of it is not UTF-8 and
 *									the encoding is recognized
 *	  a single-byte encoding		it contains UTF-8, and all of it is valid
 *	  any other encoding			never
 *
 * If the caller names UTF-8, the check also finds out whether that mattered: whether
 * the file would otherwise be refused.
 *
 * Plain ASCII is never wrong, nor is a file with a byte order mark.  The verdict
 * does not depend on how the file is split.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ENCODING_CHECK_H
#define GLUE_ENCODING_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/decode.h"

/* Opaque; holds one block of the file, 64 KiB. */
struct encoding_check;

/* Return whether a name of an encoding, which may be NULL, asks for detection.  */
extern bool encoding_is_auto(const char *name);

/*
 * Check the name of an encoding that a person chose: auto, one that can be decoded, or
 * NULL for the default.  Returns false on a usage error, whose text may follow the name of
 * a place, such as the line of a map.
 */
extern bool encoding_check_name(const char *name, struct glue_error *error);

/*
 * Create a check of a file that is read in this encoding; NULL: the default.  A
 * trusted encoding is never wrong.  The caller must call
 * encoding_check_destroy().  Returns NULL if out of memory.
 */
extern struct encoding_check *
encoding_check_new(const char *encoding, bool is_trusted, struct glue_error *error);

/* Free a check; NULL is accepted. */
extern void encoding_check_destroy(struct encoding_check *check);

/* Take the next bytes of the file, borrowed for the call. */
extern void encoding_check_push(struct encoding_check *check, const char *bytes, size_t length);

/* Return whether no further byte can change the verdict. */
extern bool encoding_check_is_settled(const struct encoding_check *check);

/*
 * End the file.  Returns false with file fault WRONG_ENCODING, in words for the
 * sender of the file, if the encoding is wrong.  guess is then set to the name of
 * the encoding that the file is in, if that is known and can be read; otherwise
 * to "".
 */
extern bool encoding_check_finish(struct encoding_check *check, char guess[DECODE_NAME_SIZE],
								  struct glue_error *error);

/*
 * Return whether the file, after its end, can be read only because the caller
 * named UTF-8 as its encoding.
 */
extern bool encoding_check_mattered(const struct encoding_check *check);

#endif /* GLUE_ENCODING_CHECK_H */
