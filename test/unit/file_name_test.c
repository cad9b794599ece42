/*-------------------------------------------------------------------------
 *
 * file_name_test.c
 *	  Vendor and time in the names of files.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "import/file_name.h"

static void
test_good(void)
{
	int64_t moment = 0;

	is_int((int64_t) file_name_vendor("VEND001_20260104_090000.csv"), 7, "the vendor is found");
	ok(file_name_time("VEND001_20260104_090000.csv", &moment), "so is the time");
	is_int(moment, INT64_C(1767517200000000), "it is in UTC");
	ok(file_name_time("a-b_20240229_235959.CSV", &moment), "a leap day exists");
	is_int(moment, INT64_C(1709251199000000), "and its last second");
}

static void
test_endings(void)
{
	static const char *const endings[] = {".csv",    ".XLSX",    ".xlsm",    ".gz",      ".tsv",
										  ".csv.gz", ".csv.zip", ".xlsx.Gz", ".csv.txt", ".TXT"};
	int64_t moment;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		char name[64];

		snprintf(name, sizeof(name), "V_20260104_090000%s", endings[i]);
		ok(file_name_time(name, &moment), "\"%s\" has a time", name);
	}
}

static void
test_others(void)
{
	static const char *const names[] = {
		"",
		"prices.csv",
		"VEND001_20260104_090000.pdf",
		"VEND001_20260104_090000",
		"VEND001_20260104_090000.",
		"VEND001_20260104_090000.csvx",
		"VEND001_20260104_090000.csv.",
		"VEND001_20260104_090000.csv.pdf",
		"VEND001_20260104_090000csv",
		"VEND001_20260104_0900.csv",
		"VEND001_20260229_090000.csv",
		"VEND001_20260104_240000.csv",
		"VEND001_20260104_096000.csv",
		"VEND001_00000101_000000.csv",
		"_20260104_090000.csv",
	};
	int64_t moment = -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(!file_name_time(names[i], &moment), "\"%s\" has no time", names[i]);
}

int
main(void)
{
	test_good();
	test_endings();
	test_others();
	return unit_done();
}
