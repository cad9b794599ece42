/*-------------------------------------------------------------------------
 *
 * vendor_lock.c
 *	  The lock under which products of a vendor change.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "upload/vendor_lock.h"

/* Run a statement that locks the vendor. */
static void
lock(Statement *statement, const char *vendor_id)
{
	Datum values[1] = {CStringGetTextDatum(vendor_id)};

	if (statement_run(statement, values, NULL, false, SPI_OK_SELECT) == 0)
		ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
						errmsg("vendor \"%s\" does not exist", vendor_id)));
}

void
vendor_lock_shared(const char *vendor_id)
{
	static Statement statement = {
		"SELECT 1 FROM onboard.vendors v WHERE v.vendor_id = $1 FOR KEY SHARE",
		1,
		{TEXTOID},
	};

	lock(&statement, vendor_id);
}

void
vendor_lock(const char *vendor_id)
{
	static Statement statement = {
		"SELECT 1 FROM onboard.vendors v WHERE v.vendor_id = $1 FOR NO KEY UPDATE",
		1,
		{TEXTOID},
	};

	lock(&statement, vendor_id);
}
