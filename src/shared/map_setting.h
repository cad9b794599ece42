/*-------------------------------------------------------------------------
 *
 * map_setting.h
 *	  The settings of a column map, such as its mode and the encoding of the file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_SETTING_H
#define ONBOARD_MAP_SETTING_H

#include "shared/map_line.h"

/* Return the name of a setting. */
extern const char *map_setting_name(enum map_setting setting);

/* Find a setting by its name; returns false if there is none. */
extern bool map_setting_by_name(struct text_view name, enum map_setting *setting);

/*
 * Read a setting from its value on; false at a fault.  *had has a bit for each setting
 * that the map has had: none may occur twice.
 */
extern bool map_setting_read(struct map_line *line, enum map_setting setting, unsigned *had);

#endif /* ONBOARD_MAP_SETTING_H */
