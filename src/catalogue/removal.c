/*-------------------------------------------------------------------------
 *
 * removal.c
 *	  Removing products of an upload from the catalogue.
 *
 * A user's foreign key or trigger may refuse to let a product go.  That product
 * stays, the others go: a range of rows is deleted in a subtransaction and, if
 * one is refused, its halves are tried.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/refusal.h"
#include "base/statement.h"
#include "base/subtransaction.h"
#include "catalogue/removal.h"
#include "history/change_origin.h"

typedef struct Removal
{
	Datum upload_id;
	bool unchanged_only; /* keep products that were changed since */
} Removal;

/*
 * This statement runs users' triggers and policies, with the search_path of
 * owner_enter_plain(), so its names are fully qualified.
 */
static uint64
delete_range(const Removal *removal, int64 first, int64 last)
{
	static Statement delete = {
		"DELETE FROM onboard.products p "
		"WHERE p.upload_id OPERATOR(pg_catalog.=) $1 "
		"  AND p.row_number OPERATOR(pg_catalog.>=) $2 AND p.row_number OPERATOR(pg_catalog.<=) $3 "
		"  AND (NOT $4 OR p.updated_at OPERATOR(pg_catalog.=) p.created_at)",
		4,
		{TEXTOID, INT8OID, INT8OID, BOOLOID},
	};
	Datum values[4] = {
		removal->upload_id,
		Int64GetDatum(first),
		Int64GetDatum(last),
		BoolGetDatum(removal->unchanged_only),
	};
	ChangeOrigin origin = {.upload_id_text = removal->upload_id};
	uint64 removed;

	change_origin_set(&origin);
	removed = statement_run(&delete, values, NULL, false, SPI_OK_DELETE);
	change_origin_clear();
	return removed;
}

/* Arguments and result of delete_in_subtransaction(). */
typedef struct RangeDelete
{
	const Removal *removal;
	int64 first;
	int64 last;
	uint64 removed;
} RangeDelete;

/* SubtransactionWork */
static bool
delete_in_subtransaction(void *argument)
{
	RangeDelete *range = argument;

	range->removed = delete_range(range->removal, range->first, range->last);
	return true;
}

/* Delete a range; returns false, with nothing deleted, if a row was refused. */
static bool
try_delete_range(const Removal *removal, int64 first, int64 last, uint64 *removed)
{
	RangeDelete range = {removal, first, last, 0};
	ErrorData *error;

	if (subtransaction_run(delete_in_subtransaction, &range, &error))
	{
		*removed = range.removed;
		return true;
	}
	/* A user's foreign key or trigger may refuse; anything else is an error. */
	if (!sqlstate_is_refusal(error->sqlerrcode))
		ReThrowError(error);
	FreeErrorData(error);
	return false;
}

/*
 * Delete a range and, if a row in it is refused, its halves: a few refused rows
 * among a million cost a few dozen statements.
 */
static uint64
remove_range(const Removal *removal, int64 first, int64 last)
{
	int64 middle = first + (last - first) / 2;
	uint64 removed = 0;

	CHECK_FOR_INTERRUPTS();
	if (try_delete_range(removal, first, last, &removed))
		return removed;
	if (first == last)
		return 0;
	return remove_range(removal, first, middle) + remove_range(removal, middle + 1, last);
}

int64
removal_count_left(const char *upload_id)
{
	static Statement count = {
		"SELECT count(*) FROM onboard.products p WHERE p.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	statement_run(&count, values, NULL, false, SPI_OK_SELECT);
	return DatumGetInt64(statement_value(1, NULL));
}

uint64
removal_run(const char *upload_id, bool unchanged_only, OwnerSection *section)
{
	static Statement range = {
		"SELECT min(p.row_number), max(p.row_number) FROM onboard.products p WHERE p.upload_id = $1",
		1,
		{TEXTOID},
	};
	Removal removal = {CStringGetTextDatum(upload_id), unchanged_only};
	OwnerSection plain;
	bool is_empty;
	int64 first;
	int64 last;
	uint64 removed;

	statement_run(&range, &removal.upload_id, NULL, false, SPI_OK_SELECT);
	first = DatumGetInt64(statement_value(1, &is_empty));
	if (is_empty)
		return 0;
	last = DatumGetInt64(statement_value(2, NULL));
	owner_leave(section);
	owner_enter_plain(&plain);
	removed = remove_range(&removal, first, last);
	owner_leave(&plain);
	owner_enter(section);
	return removed;
}
