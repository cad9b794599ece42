/*-------------------------------------------------------------------------
 *
 * action.c
 *	  The modes of uploads and the actions of rows, by name.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/action.h"

#include <string.h>

static const char *const mode_names[MODE_COUNT] = {
	[MODE_INSERT] = "insert",
	[MODE_UPSERT] = "upsert",
	[MODE_UPDATE] = "update",
	[MODE_REPLACE] = "replace",
};

static const char *const match_names[MATCH_COUNT] = {
	[MATCH_VENDOR_PRODUCT_ID] = "vendor_product_id",
	[MATCH_SKU] = "sku",
};

static const char *const blank_names[BLANK_COUNT] = {
	[BLANK_CLEARS] = "clear",
	[BLANK_KEEPS] = "keep",
};

static const char *const action_names[ACTION_COUNT] = {
	[ACTION_INSERT] = "inserted",     [ACTION_UPDATE] = "updated",
	[ACTION_UNCHANGED] = "unchanged", [ACTION_STALE] = "stale",
	[ACTION_HOLD] = "held",           [ACTION_DISCONTINUE] = "discontinued",
	[ACTION_REJECT] = "rejected",
};

/* Return the index of a name, or -1. */
static int
find_name(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

const char *
upload_mode_name(enum upload_mode mode)
{
	return mode_names[mode];
}

bool
upload_mode_by_name(const char *name, enum upload_mode *mode)
{
	int found = find_name(mode_names, MODE_COUNT, name);

	if (found >= 0)
		*mode = (enum upload_mode) found;
	return found >= 0;
}

bool
upload_match_by_name(const char *name, enum upload_match *match)
{
	int found = find_name(match_names, MATCH_COUNT, name);

	if (found >= 0)
		*match = (enum upload_match) found;
	return found >= 0;
}

bool
upload_blank_by_name(const char *name, enum upload_blank *blank)
{
	int found = find_name(blank_names, BLANK_COUNT, name);

	if (found >= 0)
		*blank = (enum upload_blank) found;
	return found >= 0;
}

const char *
action_name(enum row_action action)
{
	return action_names[action];
}

bool
action_by_name(const char *name, enum row_action *action)
{
	int found = find_name(action_names, ACTION_COUNT, name);

	if (found >= 0)
		*action = (enum row_action) found;
	return found >= 0;
}

const char *
action_status(enum row_action action)
{
	return action_is_valid(action) ? "validated" : "error";
}
