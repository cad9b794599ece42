/*-------------------------------------------------------------------------
 *
 * categories.h
 *	  The rule settings that come from the database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CATEGORIES_H
#define ONBOARD_CATEGORIES_H

#include "postgres.h"

#include "rules.h"

/*
 * Read the active categories into the given context.  Runs inside an owner
 * section with SPI connected.  read_only as in statement_run().
 */
extern void rule_settings_load(struct rule_settings *settings, MemoryContext context,
							   bool read_only);

#endif							/* ONBOARD_CATEGORIES_H */
