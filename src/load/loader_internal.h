/*-------------------------------------------------------------------------
 *
 * loader_internal.h
 *	  Declarations that only the files of the loader share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_LOADER_INTERNAL_H
#define ONBOARD_LOADER_INTERNAL_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "catalogue/catalogue.h"
#include "load/action_store.h"
#include "load/error_store.h"
#include "load/outcome.h"
#include "load/probing.h"
#include "load/window.h"
#include "row/rule_settings.h"
#include "upload/upload_session.h"

struct Loader
{
	MemoryContext context;
	MemoryContext row_context; /* reset after each row */
	LoaderVerdict verdict;
	void *verdict_context;
	const char *door_code; /* user code that the door runs between rows, or NULL */

	List *sessions; /* of UploadSession, in order of appearance */
	UploadSession *current;
	RuleSettingsCache *rule_settings;
	Catalogue *catalogue; /* NULL until the first row of a known upload */
	ErrorStore *error_store;
	ActionStore *action_store; /* NULL until an upload that changes products */
	Window *window;
	Probing probing;
	bool out_of_order; /* keys of the last window were not in order */

	/* For error messages; 0 if no row is being worked on. */
	int64 at_row;
	int64 at_line;

	IncomingRow settled_row;
	struct findings findings;
};

/*
 * Count a row whose verdict is final and whose action is done, store its findings,
 * which are in the loader, and tell the door.
 */
extern void
loader_conclude_row(Loader *loader, IncomingRow *row, enum row_action action, int64 product_id);

/* Add REJECTED_BY_CATALOGUE, for this reason. */
extern void loader_add_refusal(Loader *loader, const char *refusal);

/* Does the row share a key with an earlier row of the window that may be valid? */
extern bool loader_shares_key_with_window(Loader *loader, const RowKeys *keys);

/* Make the upload the current one. */
extern void loader_switch_upload(Loader *loader, const char *upload_id, Size length);

/* Settle the window before a row, which is then worked on again. */
extern void loader_settle_before(Loader *loader, const IncomingRow *row);

/* Write the row's action; a row that is rejected changes nothing. */
extern WriteResult loader_carry_out(Loader *loader, RowWrite *write);

/* Maximum number of attempts to write a row that is refused although its keys are free. */
#define LOADER_MAX_ATTEMPTS 100

/* The refusal after that; a trigger that rewrites a key can cause it. */
#define LOADER_KEY_IS_TAKEN \
	"the catalogue refused the row: a unique key of the product as stored is taken"

#endif /* ONBOARD_LOADER_INTERNAL_H */
