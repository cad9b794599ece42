/*-------------------------------------------------------------------------
 *
 * upload_session.c
 *	  An upload that a statement has rows for: locked, with its ledger and
 *	  tally.
 *
 * Locks, in this order: the upload FOR NO KEY UPDATE, which serializes calls on
 * it; the vendor FOR KEY SHARE, which the foreign-key triggers of products and
 * validation_errors would take for each row, or, if the upload changes products,
 * the stronger FOR NO KEY UPDATE (see change_terms.c).  The caller is checked before
 * anything is locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/owner.h"
#include "base/statement.h"
#include "upload/held.h"
#include "upload/upload_session.h"
#include "upload/vendor_lock.h"

/* The script of a later version may allow more modes; refuse to load rows in those. */
static void
check_mode(const UploadRow *upload)
{
	if (upload->mode == MODE_COUNT)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("the mode of upload \"%s\" is not supported by this library",
							   upload->upload_id),
						errhint("Install the library of the extension's version and reconnect.")));
}

static void
lock_and_read(UploadSession *session, const char *upload_id, MemoryContext context)
{
	OwnerSection section;
	RowSet *unwritten;
	Tally waiting;

	owner_enter(&section);
	SPI_connect();
	session->known = account_lock(upload_id, &session->upload);
	if (session->known)
	{
		check_mode(&session->upload);
		session->upload.upload_id = MemoryContextStrdup(context, session->upload.upload_id);
		session->upload.vendor_id = MemoryContextStrdup(context, session->upload.vendor_id);
		if (upload_mode_changes(session->upload.mode))
			session->terms = change_terms_lock(&session->upload, context);
		else
			vendor_lock_shared(session->upload.vendor_id);
		unwritten = pending_rows(upload_id, &waiting);
		session->ledger = ledger_load(upload_id, context, unwritten);
		session->upload.valid_records += tally_valid(&waiting);
		session->upload.error_records += tally_errors(&waiting);
	}
	SPI_finish();
	owner_leave(&section);
}

UploadSession *
upload_session_open(const char *upload_id, MemoryContext context)
{
	UploadSession *session = MemoryContextAllocZero(context, sizeof(UploadSession));
	MemoryContext caller;

	session->upload.upload_id = MemoryContextStrdup(context, upload_id);
	session->id_length = strlen(upload_id);
	if (account_vendor(upload_id) != NULL)
	{
		pending_loading_begin(upload_id);
		lock_and_read(session, upload_id, context);
	}
	caller = MemoryContextSwitchTo(context);
	session->owner.upload_id = session->upload.upload_id;
	session->owner.upload_id_text = CStringGetTextDatum(session->upload.upload_id);
	if (session->known)
		session->owner.vendor_id_text = CStringGetTextDatum(session->upload.vendor_id);
	session->owner.is_replaced =
		session->terms != NULL && change_terms_are_replaced(session->terms);
	MemoryContextSwitchTo(caller);
	return session;
}

bool
upload_session_is_of(const UploadSession *session, const char *upload_id, Size length)
{
	return session->id_length == length &&
		   memcmp(session->upload.upload_id, upload_id, length) == 0;
}

bool
upload_session_takes_rows(const UploadSession *session)
{
	const UploadRow *upload = &session->upload;

	return upload->processing &&
		   (upload->total_records < 0 ||
			upload->valid_records + upload->error_records + session->taken < upload->total_records);
}

void
upload_session_count(UploadSession *session, enum row_action action, int64 row_number)
{
	tally_count(&session->tally, action, row_number);
	if (session->first_row == 0 || row_number < session->first_row)
		session->first_row = row_number;
	session->last_row = Max(session->last_row, row_number);
}

void
upload_session_save(UploadSession *session)
{
	const Tally *tally = &session->tally;

	pending_loading_end(session->upload.upload_id);
	if (!session->known || session->taken == 0)
		return;
	Assert(session->taken == tally_valid(tally) + tally_errors(tally));
	if (session->terms == NULL &&
		pending_take(session->upload.upload_id, tally, ledger_added(session->ledger)))
		return;
	ledger_save(session->ledger);
	if (session->terms != NULL)
	{
		change_terms_save(&session->upload, session->terms);
		held_supersede(session->upload.upload_id, session->owner.vendor_id_text, session->first_row,
					   session->last_row);
	}
	account_add(&session->upload, tally);
}
