/*-------------------------------------------------------------------------
 *
 * rule_settings.c
 *	  The rule settings that come from the database.
 *
 * Read once per statement, so that a category added a moment ago counts, and
 * not once per row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/statement.h"
#include "row/rule_settings.h"

void
rule_settings_load(struct rule_settings *settings, MemoryContext context, bool read_only)
{
	/* The column is COLLATE "C": this is the order of memcmp(). */
	static Statement load = {
		"SELECT c.category_name FROM onboard.product_categories c "
		"WHERE c.is_active ORDER BY c.category_name",
	};
	uint64 count = statement_run(&load, NULL, NULL, read_only, SPI_OK_SELECT);
	struct text_view *names = MemoryContextAlloc(context, Max(count, 1) * sizeof(*names));
	uint64 i;

	for (i = 0; i < count; i++)
	{
		bool is_null;
		text *name = DatumGetTextPP(
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
		Size length = VARSIZE_ANY_EXHDR(name);
		char *copy = MemoryContextAlloc(context, length + 1);

		memcpy(copy, VARDATA_ANY(name), length);
		copy[length] = '\0';
		names[i].data = copy;
		names[i].length = length;
	}
	settings->active_categories = names;
	settings->active_category_count = (int) count;
}
