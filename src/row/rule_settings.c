/*-------------------------------------------------------------------------
 *
 * rule_settings.c
 *	  The rule settings of the vendors whose rows a statement has.
 *
 * They are read once per statement, not once per row, so a category added a
 * moment ago counts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "row/rule_settings.h"
#include "shared/rule_standard.h"
#include "shared/suggest.h"

typedef struct VendorSettings
{
	char *vendor_id;
	struct rule_settings settings;
} VendorSettings;

struct RuleSettingsCache
{
	MemoryContext context;
	const RuleSettingsSource *source; /* NULL: all vendors have the standard */
	struct rule_settings standard;
	List *vendors; /* of VendorSettings */
};

/* Return a column of a row of the last result; absent if it is null. */
static struct text_view
text_of_result(uint64 row, int column)
{
	bool is_null;
	Datum datum = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &is_null);

	return is_null ? (struct text_view){NULL, 0} : text_datum_view(datum);
}

/* The columns are COLLATE "C", so this is the order of memcmp(). */
static void
read_categories(struct rule_settings *settings, MemoryContext context, bool read_only)
{
	static Statement load = {
		"SELECT c.category_name, c.parent_category FROM onboard.product_categories c "
		"WHERE c.is_active ORDER BY c.category_name",
	};
	uint64 count = statement_run(&load, NULL, NULL, read_only, SPI_OK_SELECT);
	struct text_view *names = MemoryContextAlloc(context, Max(count, 1) * sizeof(*names));
	int *parents = MemoryContextAlloc(context, Max(count, 1) * sizeof(*parents));
	uint64 i;

	for (i = 0; i < count; i++)
	{
		struct text_view name = text_of_result(i, 1);
		char *copy = MemoryContextAlloc(context, name.length + 1);

		memcpy(copy, name.data, name.length);
		copy[name.length] = '\0';
		names[i] = (struct text_view){copy, name.length};
	}
	for (i = 0; i < count; i++)
	{
		struct text_view parent = text_of_result(i, 2);

		parents[i] = parent.data == NULL ? -1 : name_find(parent, names, (int) count);
	}
	settings->categories =
		(struct category_list){.names = names, .parents = parents, .count = (int) count};
}

RuleSettingsCache *
rule_settings_open(MemoryContext context, bool read_only)
{
	RuleSettingsCache *cache = MemoryContextAllocZero(context, sizeof(RuleSettingsCache));
	RuleSettingsSource **source =
		(RuleSettingsSource **) find_rendezvous_variable(RULE_SETTINGS_SOURCE);

	cache->context = context;
	cache->source = *source;
	cache->standard = rule_settings_standard;
	read_categories(&cache->standard, context, read_only);
	return cache;
}

/* Ask the source for the settings of a vendor. */
static const struct rule_settings *
add_vendor(RuleSettingsCache *cache, const char *vendor_id)
{
	MemoryContext caller = MemoryContextSwitchTo(cache->context);
	VendorSettings *vendor = palloc(sizeof(VendorSettings));
	OwnerSection section;

	vendor->vendor_id = pstrdup(vendor_id);
	vendor->settings = cache->standard;
	cache->vendors = lappend(cache->vendors, vendor);
	owner_enter(&section);
	SPI_connect();
	cache->source->fill(vendor->vendor_id, &vendor->settings);
	SPI_finish();
	owner_leave(&section);
	rule_settings_narrow(&vendor->settings);
	MemoryContextSwitchTo(caller);
	return &vendor->settings;
}

const struct rule_settings *
rule_settings_of_vendor(RuleSettingsCache *cache, const char *vendor_id)
{
	ListCell *cell;

	if (cache->source == NULL)
		return &cache->standard;
	foreach(cell, cache->vendors)
	{
		const VendorSettings *vendor = lfirst(cell);

		if (strcmp(vendor->vendor_id, vendor_id) == 0)
			return &vendor->settings;
	}
	return add_vendor(cache, vendor_id);
}
