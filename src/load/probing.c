/*-------------------------------------------------------------------------
 *
 * probing.c
 *	  Which rows are looked up before they are stored.
 *
 * Optimism is costly if most rows are duplicates: each would be written and
 * removed again.  So rows are looked up before they are stored at the start of a
 * statement, and while at least one in ten is a duplicate; otherwise one row in
 * 64 is, to notice a change within a long window.  Products that are sent again
 * usually match in both keys: where they do, a free SKU is taken to mean that
 * the other key is free too, and only one is looked up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/counters.h"
#include "base/settings.h"
#include "load/probing.h"

#define PROBES_PER_DECISION 64
#define ROWS_PER_PROBE 64

void
probing_turn_on(Probing *probing)
{
	probing->on = true;
	probing->both = true;
}

bool
probing_is_due(Probing *probing, CataloguePath path)
{
	if (probing->on || onboard_load_path == LOAD_PATH_PROBE || path == CATALOGUE_DECODED)
		return true;
	if (++probing->rows_since < ROWS_PER_PROBE)
		return false;
	probing->rows_since = 0;
	return true;
}

CatalogueLook
probing_depth(const Probing *probing, CataloguePath path)
{
	if (probing->on && !probing->both && onboard_load_path != LOAD_PATH_PROBE &&
		path == CATALOGUE_DIRECT)
		return LOOK_BRIEFLY;
	return LOOK_NOW;
}

void
probing_note(Probing *probing, const FoundKeys *found)
{
	bool other_hit = found->taken[KEY_VENDOR_PRODUCT_ID] && !found->taken[KEY_SKU];

	probing->looked++;
	probing->hits += found->taken[KEY_SKU] || other_hit;
	probing->other_hits += other_hit;
	onboard_counters.rows_probed++;
	/* Turn on as soon as there are enough hits, but off only at the end of a round. */
	if (!probing->on && probing->hits * 10 > PROBES_PER_DECISION)
		probing_turn_on(probing);
	if (probing->looked == PROBES_PER_DECISION)
	{
		probing->on = probing->hits * 10 > PROBES_PER_DECISION;
		probing->both = probing->other_hits * 10 > PROBES_PER_DECISION;
		probing->looked = 0;
		probing->hits = 0;
		probing->other_hits = 0;
	}
}
