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
};

static const char *const action_names[ACTION_COUNT] = {
	[ACTION_INSERT] = "inserted",     [ACTION_UPDATE] = "updated",
	[ACTION_UNCHANGED] = "unchanged", [ACTION_STALE] = "stale",
	[ACTION_HOLD] = "held",           [ACTION_DISCONTINUE] = "discontinued",
	[ACTION_REJECT] = "rejected",
};

bool
upload_mode_by_name(const char *name, enum upload_mode *mode)
{
	for (int i = 0; i < MODE_COUNT; i++)
	{
		if (strcmp(mode_names[i], name) == 0)
		{
			*mode = i;
			return true;
		}
	}
	return false;
}

const char *
action_name(enum row_action action)
{
	return action_names[action];
}

bool
action_by_name(const char *name, enum row_action *action)
{
	for (int i = 0; i < ACTION_COUNT; i++)
	{
		if (strcmp(action_names[i], name) == 0)
		{
			*action = i;
			return true;
		}
	}
	return false;
}

const char *
action_status(enum row_action action)
{
	return action_is_valid(action) ? "validated" : "error";
}
