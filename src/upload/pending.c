/*-------------------------------------------------------------------------
 *
 * pending.c
 *	  Accounts of a transaction that are written when it commits.
 *
 * A statement that judged rows changes the upload's counters and its ledger.  A
 * transaction of many small statements must not do that each time: every change
 * leaves a dead version of the same row, the next statement must skip all of
 * them, and the whole becomes quadratic.  So the first few statements of a
 * transaction write at once, which a person at psql or a test expects; the
 * accounts of later ones are added up here and written when the transaction
 * commits, or when a function needs them.
 *
 * Only top-level statements are deferred.  Inside a savepoint each writes at
 * once, so that rolling back undoes the account as well.  Aborting the
 * transaction discards deferred accounts.  If one was written inside a savepoint
 * that is then rolled back, it is deferred again.
 *
 * This file also tracks which uploads a running statement is loading: the row
 * lock on the upload keeps out other transactions, but not a statement within a
 * statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/owner.h"
#include "base/statement.h"
#include "upload/account.h"
#include "upload/ledger.h"
#include "upload/pending.h"

/* Statements on one upload that write at once, per transaction. */
#define STATEMENTS_AT_ONCE 8

/* An upload in the current transaction. */
typedef struct Pending
{
	char *upload_id;
	int statements;
	Tally tally;
	RowSet *rows; /* NULL if nothing is deferred */

	/* Subtransaction that wrote it, or invalid while it is deferred. */
	SubTransactionId written_in;

	/* Subtransaction of the statement that is loading, or invalid. */
	SubTransactionId loading_in;
} Pending;

/* List of Pending, in TopTransactionContext; NIL between transactions. */
static List *pending_uploads = NIL;

static Pending *
find_pending(const char *upload_id)
{
	ListCell *cell;

	foreach(cell, pending_uploads)
	{
		Pending *pending = lfirst(cell);

		if (strcmp(pending->upload_id, upload_id) == 0)
			return pending;
	}
	return NULL;
}

static Pending *
make_pending(const char *upload_id)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	Pending *pending = palloc0(sizeof(Pending));

	pending->upload_id = pstrdup(upload_id);
	pending_uploads = lappend(pending_uploads, pending);
	MemoryContextSwitchTo(caller);
	return pending;
}

static bool
waits(const Pending *pending)
{
	return pending != NULL && pending->rows != NULL &&
		   pending->written_in == InvalidSubTransactionId;
}

static void
forget(Pending *pending)
{
	memset(&pending->tally, 0, sizeof(pending->tally));
	pending->rows = NULL; /* freed with the transaction */
	pending->written_in = InvalidSubTransactionId;
}

void
pending_check_not_loading(const char *upload_id)
{
	Pending *pending = find_pending(upload_id);

	if (pending != NULL && pending->loading_in != InvalidSubTransactionId)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("upload \"%s\" is being loaded by a statement that has not ended", upload_id),
			 errhint("Load and end an upload in separate statements, one after another.")));
}

void
pending_loading_begin(const char *upload_id)
{
	Pending *pending;

	pending_check_not_loading(upload_id);
	pending = find_pending(upload_id);
	if (pending == NULL)
		pending = make_pending(upload_id);
	pending->loading_in = GetCurrentSubTransactionId();
}

void
pending_loading_end(const char *upload_id)
{
	Pending *pending = find_pending(upload_id);

	if (pending != NULL)
		pending->loading_in = InvalidSubTransactionId;
}

/*
 * A deferred trigger on a table of the account would never run: deferred accounts
 * are written at commit, after such triggers have run.
 */
static bool
has_foreign_triggers(const char *table)
{
	Relation relation = table_open(onboard_relation(table), AccessShareLock);
	bool found = false;
	int i;

	for (i = 0; relation->trigdesc != NULL && i < relation->trigdesc->numtriggers; i++)
		found = found || !relation->trigdesc->triggers[i].tgisinternal;
	table_close(relation, NoLock);
	return found;
}

static bool
may_wait(void)
{
	return !has_foreign_triggers("upload_history") && !has_foreign_triggers("judged_rows") &&
		   !has_foreign_triggers("outbox");
}

bool
pending_take(const char *upload_id, const Tally *tally, RowSet *rows)
{
	Pending *pending;

	pending = find_pending(upload_id);
	if (pending == NULL)
		pending = make_pending(upload_id);
	if (GetCurrentTransactionNestLevel() > 1 || ++pending->statements <= STATEMENTS_AT_ONCE ||
		!may_wait())
		return false;
	if (pending->rows == NULL)
		pending->rows = row_set_create(TopTransactionContext);
	tally_add(&pending->tally, tally);
	row_set_add_set(pending->rows, rows);
	return true;
}

RowSet *
pending_rows(const char *upload_id, Tally *tally)
{
	Pending *pending = find_pending(upload_id);

	if (!waits(pending))
	{
		memset(tally, 0, sizeof(*tally));
		return NULL;
	}
	*tally = pending->tally;
	return pending->rows;
}

static void
write_account(Pending *pending)
{
	UploadRow upload;
	Ledger *ledger;

	/* This very transaction may have deleted the upload, or ended it explicitly. */
	if (!account_lock(pending->upload_id, &upload) || !upload.processing)
		return;
	ledger = ledger_load(pending->upload_id, CurrentMemoryContext, NULL);
	row_set_add_set(ledger_added(ledger), pending->rows);
	ledger_save(ledger);
	account_add(&upload, &pending->tally);
}

void
pending_write(const char *upload_id)
{
	Pending *pending = find_pending(upload_id);

	if (!waits(pending))
		return;
	write_account(pending);
	if (GetCurrentTransactionNestLevel() > 1)
		pending->written_in = GetCurrentSubTransactionId();
	else
		forget(pending);
}

static void
write_all_accounts(void)
{
	bool read_only = XactReadOnly;
	ListCell *cell;
	OwnerSection section;

	/* The extension may have been dropped by this transaction. */
	if (!OidIsValid(get_namespace_oid("onboard", true)))
		return;
	/* It may have been set after the statements whose accounts these are. */
	XactReadOnly = false;
	foreach(cell, pending_uploads)
	{
		if (!waits(lfirst(cell)))
			continue;

		/* At commit there is no statement whose snapshot could be used. */
		PushActiveSnapshot(GetTransactionSnapshot());
		owner_enter(&section);
		SPI_connect();
		write_account(lfirst(cell));
		SPI_finish();
		owner_leave(&section);
		PopActiveSnapshot();
		forget(lfirst(cell));
	}
	XactReadOnly = read_only;
}

static void
at_transaction_end(XactEvent event, void *argument)
{
	if (pending_uploads == NIL)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			write_all_accounts();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			pending_uploads = NIL; /* freed with TopTransactionContext */
			break;
		default:
			break;
	}
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId id, SubTransactionId parent,
					  void *argument)
{
	ListCell *cell;

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	foreach(cell, pending_uploads)
	{
		Pending *pending = lfirst(cell);

		if (pending->loading_in == id)
			pending->loading_in =
				event == SUBXACT_EVENT_ABORT_SUB ? InvalidSubTransactionId : parent;
		if (pending->written_in != id)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			pending->written_in = InvalidSubTransactionId;
		else if (parent == TopSubTransactionId)
			forget(pending);
		else
			pending->written_in = parent;
	}
}

void
pending_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
