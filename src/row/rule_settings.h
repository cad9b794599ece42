/*-------------------------------------------------------------------------
 *
 * rule_settings.h
 *	  The rule settings of the vendors whose rows a statement has.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_RULE_SETTINGS_H
#define ONBOARD_RULE_SETTINGS_H

#include "postgres.h"

#include "shared/rules.h"

/* Settings by vendor; they do not change during a statement. */
typedef struct RuleSettingsCache RuleSettingsCache;

/*
 * Read what is the same for all vendors, into the given context.  Runs inside an
 * owner section with SPI connected.  read_only as in statement_run().
 */
extern RuleSettingsCache *rule_settings_open(MemoryContext context, bool read_only);

/* Return the settings of a vendor; they live as long as the cache. */
extern const struct rule_settings *
rule_settings_of_vendor(RuleSettingsCache *cache, const char *vendor_id);

/*
 * Where the settings of vendors come from.  fill() receives the standard settings
 * and may make them stricter, inside an owner section with SPI connected; what
 * they point to must live as long as the statement.  The rendezvous variable of
 * this name holds a source, or NULL.
 *
 * Nothing that we ship sets it, so all vendors have the standard settings.  Tests
 * set it through a library of their own (test/modules/vendor_settings.c), and so
 * test the very library that is shipped.  This opens no security hole: only a
 * superuser can load a library into a server, and could replace this one as well.
 *
 * Such a source in rule_settings.c will read settings and rules that the database
 * keeps: it registers each rule (struct rule), and judge_added() of the settings
 * judges by them.
 */
#define RULE_SETTINGS_SOURCE "onboard_rule_settings_source"

typedef struct RuleSettingsSource
{
	void (*fill)(const char *vendor_id, struct rule_settings *settings);
} RuleSettingsSource;

#endif /* ONBOARD_RULE_SETTINGS_H */
