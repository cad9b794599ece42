/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The settings of the extension, as the session has them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SETTINGS_H
#define ONBOARD_SETTINGS_H

/* onboard.lock_wait, in milliseconds: a longer lock wait is an error. */
extern int onboard_lock_wait;

/* onboard.window_rows: rows between two passes over the unique indexes. */
extern int onboard_window_rows;

/* onboard.load_path: lets tests and operators choose how rows reach products. */
typedef enum LoadPath
{
	LOAD_PATH_AUTO,  /* direct if products allows it */
	LOAD_PATH_PROBE, /* direct, but look up keys before inserting */
	LOAD_PATH_PLAIN  /* one INSERT statement per row */
} LoadPath;
extern int onboard_load_path;

/* Define the settings; called once, when the library is loaded. */
extern void settings_init(void);

#endif /* ONBOARD_SETTINGS_H */
