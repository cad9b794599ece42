/*-------------------------------------------------------------------------
 *
 * window.h
 *	  The rows of an upload whose verdicts are not settled yet.
 *
 * This is memory only; the catalogue is not touched here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_WINDOW_H
#define ONBOARD_WINDOW_H

#include "postgres.h"

#include "catalogue/catalogue.h"
#include "row/incoming_row.h"

typedef enum WindowRowState
{
	WINDOW_STORED, /* in the heap; its keys are inserted at the end */
	WINDOW_WAITING /* shares a key with an earlier row of the window */
} WindowRowState;

typedef struct WindowRow
{
	WindowRowState state;
	int64 position; /* the door's own number for the row */
	RowImage *image;
	StoredRow stored;

	/*
	 * For a waiting row that is invalid: keys looked up when it arrived, before
	 * later rows of the window could claim them.
	 */
	bool looked_up[KEY_COUNT];
	FoundKeys found;
} WindowRow;

typedef struct Window Window;

/* The keys of one row, hashed once. */
typedef struct RowKeys
{
	struct text_view value[KEY_COUNT]; /* trimmed */
	uint32 hash[KEY_COUNT];
	bool usable[KEY_COUNT]; /* neither blank nor too long to exist */
} RowKeys;

extern void row_keys_init(RowKeys *keys, const IncomingRow *row);

/* Create a window in a child of the current memory context. */
extern Window *window_create(void);

/* Forget all rows and release their memory. */
extern void window_reset(Window *window);

/* Return the rows in order of arrival. */
extern int window_count(const Window *window);
extern WindowRow *window_row(Window *window, int i);

/* Return the size of the rows' images. */
extern Size window_bytes(const Window *window);

/* Did an earlier row of the window that may be valid bring this key? */
extern bool window_has_key(Window *window, const RowKeys *keys, CatalogueKey key);

/*
 * Add a judged row, copying it and its findings.  The pointer returned is valid
 * until window_reset().  claim means that the row may be valid, so its keys count
 * for later rows.
 */
extern WindowRow *
window_add(Window *window, const IncomingRow *row, const struct findings *findings,
		   const RowKeys *keys, WindowRowState state, bool claim);

#endif /* ONBOARD_WINDOW_H */
