/*-------------------------------------------------------------------------
 *
 * character.h
 *	  What single characters are: white space, invisible, look-alikes, and
 *	  how messages name them.
 *
 * The categories are those of Unicode.  Cf, Zl, Zp and White_Space are the same
 * in versions 15.0 to 17.0; older versions lack U+13439 to U+1343F.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHARACTER_H
#define ONBOARD_CHARACTER_H

#include <stdbool.h>
#include <stdint.h>

/* Is the character C0, DEL or C1 (category Cc)? */
extern bool is_control_character(uint32_t character);

/* Is it a format character (category Cf), which changes how its neighbours look? */
extern bool is_format_character(uint32_t character);

/* Does the character have the Unicode property White_Space? */
extern bool is_white_space(uint32_t character);

/*
 * Is it trimmed from the ends of a value: white space, or one of the marks
 * U+200B, U+2060 and U+FEFF that programs leave there?
 */
extern bool is_blank_character(uint32_t character);

/* Is it a currency sign (category Sc)? */
extern bool is_currency_sign(uint32_t character);

/*
 * Return the ASCII character that a character looks like (Cyrillic and Greek
 * letters, full-width characters, typographic quotes and dashes), or else the
 * character itself.
 */
extern uint32_t character_lookalike(uint32_t character);

/* Return the common name of the character, such as "soft hyphen"; NULL if not known.  */
extern const char *character_name(uint32_t character);

#endif /* ONBOARD_CHARACTER_H */
