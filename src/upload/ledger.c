/*-------------------------------------------------------------------------
 *
 * ledger.c
 *	  Which rows of an upload have a verdict.
 *
 * The table onboard.judged_rows holds disjoint ranges that never touch.  In
 * memory there are the ranges as read, sorted, and the set of rows that this
 * statement adds.  ledger_save() merges both and writes only the ranges that
 * changed; a range that grows at its end, the usual case, is one HOT update.
 *
 * The ledger is independent of products: if a product is changed or deleted, its
 * row stays judged.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/statement.h"
#include "upload/ledger.h"

struct Ledger
{
	MemoryContext context;
	char *upload_id;
	RowRange *stored; /* as read, sorted */
	int stored_count;
	int last_hit;      /* stored range that held the last row looked up */
	RowSet *added;     /* by this statement */
	RowSet *unwritten; /* by earlier ones; NULL if none */
};

Ledger *
ledger_load(const char *upload_id, MemoryContext context, RowSet *unwritten)
{
	static Statement load = {
		"SELECT j.first_row, j.last_row FROM onboard.judged_rows j "
		"WHERE j.upload_id = $1 ORDER BY j.first_row",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};
	Ledger *ledger = MemoryContextAllocZero(context, sizeof(Ledger));
	uint64 count = statement_run(&load, values, NULL, false, SPI_OK_SELECT);
	uint64 i;

	ledger->context = context;
	ledger->upload_id = MemoryContextStrdup(context, upload_id);
	ledger->stored = MemoryContextAlloc(context, Max(count, 1) * sizeof(RowRange));
	ledger->stored_count = (int) count;
	for (i = 0; i < count; i++)
	{
		HeapTuple tuple = SPI_tuptable->vals[i];
		TupleDesc descriptor = SPI_tuptable->tupdesc;
		bool is_null;

		ledger->stored[i].first = DatumGetInt64(SPI_getbinval(tuple, descriptor, 1, &is_null));
		ledger->stored[i].last = DatumGetInt64(SPI_getbinval(tuple, descriptor, 2, &is_null));
	}
	ledger->added = row_set_create(context);
	ledger->unwritten = unwritten;
	return ledger;
}

/* Is the row in a stored range?  Most lookups are in order, hence last_hit. */
static bool
is_stored(Ledger *ledger, int64 row_number)
{
	int low = 0;
	int high = ledger->stored_count;

	if (high == 0 || row_number > ledger->stored[high - 1].last)
		return false;
	if (row_number >= ledger->stored[ledger->last_hit].first &&
		row_number <= ledger->stored[ledger->last_hit].last)
		return true;
	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (ledger->stored[middle].last < row_number)
			low = middle + 1;
		else
			high = middle;
	}
	ledger->last_hit = low;
	return ledger->stored[low].first <= row_number;
}

bool
ledger_has(Ledger *ledger, int64 row_number)
{
	return is_stored(ledger, row_number) || row_set_has(ledger->added, row_number) ||
		   (ledger->unwritten != NULL && row_set_has(ledger->unwritten, row_number));
}

bool
ledger_add(Ledger *ledger, int64 row_number)
{
	if (is_stored(ledger, row_number) ||
		(ledger->unwritten != NULL && row_set_has(ledger->unwritten, row_number)))
		return false;
	return row_set_add(ledger->added, row_number);
}

RowSet *
ledger_added(Ledger *ledger)
{
	return ledger->added;
}

/* Merge stored and added ranges in order. */
static void
merge_ranges(const Ledger *ledger, const RangeList *added, RangeList *merged)
{
	int s = 0;
	int a = 0;

	while (s < ledger->stored_count || a < added->count)
	{
		const RowRange *next;

		if (a == added->count ||
			(s < ledger->stored_count && ledger->stored[s].first < added->ranges[a].first))
			next = &ledger->stored[s++];
		else
			next = &added->ranges[a++];
		range_list_append(merged, next->first, next->last);
	}
}

static Datum
int8_array(const int64 *values, int count)
{
	Datum *datums = palloc(Max(count, 1) * sizeof(Datum));
	int i;

	for (i = 0; i < count; i++)
		datums[i] = Int64GetDatum(values[i]);
	return PointerGetDatum(
		construct_array(datums, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Delete the stored ranges that were merged into their predecessor. */
static void
delete_swallowed(Ledger *ledger, const RangeList *merged)
{
	static Statement swallow = {
		"DELETE FROM onboard.judged_rows WHERE upload_id = $1 AND first_row = ANY ($2)",
		2,
		{TEXTOID, INT8ARRAYOID},
	};
	int64 *firsts = palloc(Max(ledger->stored_count, 1) * sizeof(int64));
	int count = 0;
	int m = 0;
	int s;

	for (s = 0; s < ledger->stored_count; s++)
	{
		while (merged->ranges[m].last < ledger->stored[s].first)
			m++;
		if (merged->ranges[m].first != ledger->stored[s].first)
			firsts[count++] = ledger->stored[s].first;
	}
	if (count > 0)
	{
		Datum values[2] = {CStringGetTextDatum(ledger->upload_id), int8_array(firsts, count)};

		statement_run(&swallow, values, NULL, false, SPI_OK_DELETE);
	}
}

/* Insert the new ranges and extend those that grew. */
static void
write_changed(Ledger *ledger, const RangeList *merged)
{
	static Statement write = {
		"INSERT INTO onboard.judged_rows (upload_id, first_row, last_row) "
		"SELECT $1, first_row, last_row FROM unnest($2, $3) AS r (first_row, last_row) "
		"ON CONFLICT (upload_id, first_row) DO UPDATE SET last_row = excluded.last_row",
		3,
		{TEXTOID, INT8ARRAYOID, INT8ARRAYOID},
	};
	int64 *firsts = palloc(Max(merged->count, 1) * sizeof(int64));
	int64 *lasts = palloc(Max(merged->count, 1) * sizeof(int64));
	int count = 0;
	int s = 0;
	int m;
	Datum values[3];

	for (m = 0; m < merged->count; m++)
	{
		while (s < ledger->stored_count && ledger->stored[s].first < merged->ranges[m].first)
			s++;
		if (s < ledger->stored_count && ledger->stored[s].first == merged->ranges[m].first &&
			ledger->stored[s].last == merged->ranges[m].last)
			continue;
		firsts[count] = merged->ranges[m].first;
		lasts[count] = merged->ranges[m].last;
		count++;
	}
	values[0] = CStringGetTextDatum(ledger->upload_id);
	values[1] = int8_array(firsts, count);
	values[2] = int8_array(lasts, count);
	statement_run(&write, values, NULL, false, SPI_OK_INSERT);
}

void
ledger_save(Ledger *ledger)
{
	RangeList added = {NULL, 0, 0};
	RangeList merged = {NULL, 0, 0};

	if (row_set_is_empty(ledger->added))
		return;
	row_set_ranges(ledger->added, &added);
	merge_ranges(ledger, &added, &merged);
	delete_swallowed(ledger, &merged);
	write_changed(ledger, &merged);
}
