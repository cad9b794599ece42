/*-------------------------------------------------------------------------
 *
 * rule_settings.h
 *	  The rule settings that come from the database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_RULE_SETTINGS_H
#define ONBOARD_RULE_SETTINGS_H

#include "postgres.h"

#include "shared/rules.h"

/*
 * Read the active categories into the given context.  Runs inside an owner
 * section with SPI connected.  read_only as in statement_run().
 */
extern void
rule_settings_load(struct rule_settings *settings, MemoryContext context, bool read_only);

#endif /* ONBOARD_RULE_SETTINGS_H */
