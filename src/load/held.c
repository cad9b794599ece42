/*-------------------------------------------------------------------------
 *
 * held.c
 *	  Applying a row that a guard held, once it is approved.
 *
 * The row is read from held_rows.input, which is the row as it was judged, and
 * processed like any other row, by the same decision that held it, but with the
 * guards off.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/jsonb_object.h"
#include "base/owner.h"
#include "load/change.h"
#include "load/loader.h"
#include "row/json_row.h"

/* Remove the action from the row; what is left is the product. */
static Jsonb *
take_action(Jsonb *input, IncomingRow *row)
{
	row->action = jsonb_find_text(&input->root, text_of(ONBOARD_ACTION_COLUMN));
	if (row->action.data == NULL)
		return input;
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(input),
											  CStringGetTextDatum(ONBOARD_ACTION_COLUMN)));
}

static void
read_row(Jsonb *input, int64 row_number, int64 line_number, IncomingRow *row)
{
	Jsonb *product;

	memset(row, 0, sizeof(*row));
	row->row_number = row_number;
	row->line_number = line_number;
	product = take_action(input, row);
	json_row_read(&product->root, VARSIZE(product) - VARHDRSZ, row);
	row_trim(&row->product);
}

enum row_action
loader_apply_held(const char *upload_id, int64 row_number, int64 line_number, Jsonb *input,
				  const char **reason)
{
	Loader *loader = loader_create(NULL, NULL, NULL);
	ChangeApproval approval;
	OwnerSection section;
	IncomingRow row;
	RowKeys keys;

	loader_switch_upload(loader, upload_id, strlen(upload_id));
	if (!loader->current->known || loader->current->terms == NULL)
		elog(ERROR, "upload \"%s\" holds no rows", upload_id);
	loader->current->guards_are_off = true;
	read_row(input, row_number, line_number, &row);
	row_keys_init(&keys, &row);
	loader->at_row = row_number;
	loader->at_line = line_number;
	owner_enter(&section);
	change_apply_approved(loader, &row, &keys, &approval);
	owner_leave(&section);
	loader_finish(loader);
	*reason = approval.reason;
	return approval.action;
}
