/*-------------------------------------------------------------------------
 *
 * lookup_plans.c
 *	  Force plans that look up rows by key, whatever the statistics say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "base/lookup_plans.h"

/*
 * A hash table could outgrow the memory, and compiling a plan takes longer than
 * running it for one batch.
 */
static const char *const turned_off[] = {
	"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_hashagg", "jit",
};

int
lookup_plans_begin(void)
{
	int nest_level = NewGUCNestLevel();
	int i;

	for (i = 0; i < lengthof(turned_off); i++)
		(void) set_config_option(turned_off[i], "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
	return nest_level;
}

void
lookup_plans_end(int nest_level)
{
	AtEOXact_GUC(true, nest_level);
}
