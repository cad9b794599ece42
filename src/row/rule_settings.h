/*-------------------------------------------------------------------------
 *
 * rule_settings.h
 *	  The rule settings of the vendors that a statement has rows of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_RULE_SETTINGS_H
#define ONBOARD_RULE_SETTINGS_H

#include "postgres.h"

#include "shared/rules.h"

/* Settings by vendor; those of a vendor stay the same during a statement. */
typedef struct RuleSettingsCache RuleSettingsCache;

/*
 * Read what is the same for all vendors.  Lives in the given context.  Runs inside
 * an owner section with SPI connected.  read_only as in statement_run().
 */
extern RuleSettingsCache *rule_settings_open(MemoryContext context, bool read_only);

/* The settings of a vendor; they live as long as the cache. */
extern const struct rule_settings *
rule_settings_of_vendor(RuleSettingsCache *cache, const char *vendor_id);

/*
 * Where settings of vendors come from: fill() is given the standard settings and
 * may change them, inside an owner section with SPI connected; what they point to
 * must live as long as the statement.  The rendezvous variable of this name holds
 * one, or NULL.
 *
 * Nothing that we ship sets it, so all vendors have the standard settings.  A test
 * does, through a library of its own (test/modules/vendor_settings.c), so what it
 * tests is the very library that is shipped; to load another into a server takes a
 * superuser, who can replace this one just as well.  Settings that the database
 * keeps will be read by such a source in rule_settings.c, rules that it adds
 * registered by it (struct rule, numbers from RULE_COUNT on) and judged by
 * judge_added() of the settings.
 */
#define RULE_SETTINGS_SOURCE "onboard_rule_settings_source"

typedef struct RuleSettingsSource
{
	void (*fill)(const char *vendor_id, struct rule_settings *settings);
} RuleSettingsSource;

#endif /* ONBOARD_RULE_SETTINGS_H */
