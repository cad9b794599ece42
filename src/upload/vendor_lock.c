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

void
vendor_lock(const char *vendor_id)
{
	static Statement lock = {
		"SELECT 1 FROM onboard.vendors v WHERE v.vendor_id = $1 FOR NO KEY UPDATE",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(vendor_id)};

	statement_run(&lock, values, NULL, false, SPI_OK_SELECT);
}
