/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  Definitions of the settings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "base/settings.h"

int onboard_lock_wait = 30000;
int onboard_window_rows = 50000;
int onboard_load_path = LOAD_PATH_AUTO;

/* onboard.language, which SQL functions read. */
static char *language;

static const struct config_enum_entry load_path_options[] = {
	{"auto", LOAD_PATH_AUTO, false},
	{"probe", LOAD_PATH_PROBE, false},
	{"plain", LOAD_PATH_PLAIN, false},
	{NULL, 0, false},
};

void
settings_init(void)
{
	DefineCustomIntVariable("onboard.lock_wait",
							"Lock waits longer than this are an error that the client may retry.",
							"0 means lock_timeout alone decides.", &onboard_lock_wait, 30000, 0,
							INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("onboard.window_rows",
							"Rows between two passes over the unique indexes of the catalogue.",
							"Changes speed and memory, never a verdict.", &onboard_window_rows,
							50000, 1, 1000000, PGC_USERSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	DefineCustomEnumVariable("onboard.load_path", "How rows reach the catalogue.",
							 "Changes speed, never a verdict.", &onboard_load_path, LOAD_PATH_AUTO,
							 load_path_options, PGC_USERSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	DefineCustomStringVariable("onboard.language",
							   "Language of mails to vendors that have none of their own.", NULL,
							   &language, "en", PGC_USERSET, 0, NULL, NULL, NULL);
#if PG_VERSION_NUM >= 150000
	MarkGUCPrefixReserved("onboard");
#else
	EmitWarningsOnPlaceholders("onboard");
#endif
}
