/*-------------------------------------------------------------------------
 *
 * rule_standard.h
 *	  The standard rule settings, and the bounds that they set for all
 *	  others.
 *
 * A vendor's settings may be stricter than the standard ones, never more
 * permissive: the constraints of onboard.products allow no more, and rows are
 * stored without checking them again.  So a value that breaks the standard is an
 * error whatever severity the settings specify; a warning is possible for a
 * value between the limits of the vendor and those of the standard, and for
 * rules that the catalogue does not depend on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_RULE_STANDARD_H
#define ONBOARD_RULE_STANDARD_H

#include "shared/rules.h"

/* Without categories. */
extern const struct rule_settings rule_settings_standard;

/* Tighten settings to the standard where they are more permissive. */
extern void rule_settings_narrow(struct rule_settings *settings);

#endif /* ONBOARD_RULE_STANDARD_H */
