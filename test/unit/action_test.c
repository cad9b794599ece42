/*-------------------------------------------------------------------------
 *
 * action_test.c
 *	  The modes of uploads and the actions of rows by name.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/action.h"

static void
test_names(void)
{
	for (int i = 0; i < ACTION_COUNT; i++)
	{
		enum row_action action = ACTION_COUNT;

		ok(action_by_name(action_name(i), &action) && (int) action == i,
		   "action \"%s\" is found by its name", action_name(i));
	}
}

/* valid_records + error_records = total_records depends on this. */
static void
test_statuses(void)
{
	for (int i = 0; i < ACTION_COUNT; i++)
	{
		ok(action_is_valid(i) == (i != ACTION_REJECT), "action \"%s\" counts once", action_name(i));
		is_text(action_status(i), i == ACTION_REJECT ? "error" : "validated",
				"its status follows from that");
	}
}

static void
test_unknown(void)
{
	static const char *const names[] = {"", "insert", "Inserted", "inserted "};
	enum row_action action = ACTION_HOLD;
	enum upload_mode mode = MODE_COUNT;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(!action_by_name(names[i], &action) && action == ACTION_HOLD, "\"%s\" is no action",
		   names[i]);
	ok(upload_mode_by_name("insert", &mode) && mode == MODE_INSERT, "insert is a mode");
	ok(!upload_mode_by_name("inserted", &mode), "\"inserted\" is no mode");
}

int
main(void)
{
	test_names();
	test_statuses();
	test_unknown();
	return unit_done();
}
