/*-------------------------------------------------------------------------
 *
 * decision.c
 *	  What happens to a judged row that may become a product.
 *
 * This and change_decision.c, for a row whose key finds a product, are the only
 * places that decide it, for both doors, all paths and the dry runs.
 * catalogue_write() carries out the decision or, for whole windows of new
 * products, catalogue_batch_add() and catalogue_claim(); loader_conclude_row()
 * then counts and reports it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/decision.h"

/* Add a finding for each key that is taken; returns whether any is. */
static bool
add_duplicates(const IncomingRow *row, const FoundKeys *found, struct findings *findings)
{
	bool any = false;
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		const KeyHolder *holder = &found->holder[key];

		if (!found->taken[key])
			continue;
		findings_add_duplicate(findings, &row->product, catalogue_key_column[key],
							   holder->same_upload ? holder->line_number : 0);
		any = true;
	}
	return any;
}

enum row_action
decide_insertion(const IncomingRow *row, const FoundKeys *found, struct findings *findings)
{
	bool is_duplicate = add_duplicates(row, found, findings);

	return is_duplicate || findings->has_error ? ACTION_REJECT : ACTION_INSERT;
}

bool
decide_request(enum upload_mode mode, const IncomingRow *row, struct findings *findings)
{
	RowRequest request = incoming_row_request(row);
	const char *problem;
	struct text_builder builder;
	char text[FINDING_MESSAGE_SIZE];

	if (!upload_mode_changes(mode) && request != REQUEST_NONE)
		problem = " must be blank, because an upload with mode insert accepts no action";
	else if (request == REQUEST_UNKNOWN)
		problem = " is neither update nor delete";
	else
		return false;
	/* Begin with the field, as other messages do: reports replace it by the vendor's heading. */
	text_start(&builder, text, sizeof(text));
	text_add(&builder, text_of(ONBOARD_ACTION_COLUMN " "));
	text_add_quoted(&builder, row->action);
	text_add(&builder, text_of(problem));
	text_finish(&builder);
	findings_add(findings, rule_built_in(RULE_INVALID_ACTION), COLUMN_NONE, row->action, text);
	return true;
}
