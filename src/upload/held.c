/*-------------------------------------------------------------------------
 *
 * held.c
 *	  Rows that wait for an operator's approval, and the decisions on them.
 *
 * A guard holds a row instead of applying it.  Later decisions do not change
 * the status, the counters or the event of the upload; each is recorded only
 * with its row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "upload/held.h"

void
held_add_last_step(const char *upload_id, const char *vendor_id, const char *cause, int64 on_offer,
				   int64 missing)
{
	static Statement add = {
		"INSERT INTO onboard.held_rows (upload_id, vendor_id, cause, current_value, new_value) "
		"VALUES ($1, $2, $3, $4::text, $5::text)",
		5,
		{TEXTOID, TEXTOID, TEXTOID, INT8OID, INT8OID},
	};
	Datum values[5] = {
		CStringGetTextDatum(upload_id), CStringGetTextDatum(vendor_id), CStringGetTextDatum(cause),
		Int64GetDatum(on_offer),        Int64GetDatum(missing),
	};

	statement_run(&add, values, NULL, false, SPI_OK_INSERT);
}

/* Raise an error unless a row with each of the numbers is held. */
static void
check_rows(const char *upload_id, ArrayType *rows)
{
	static Statement missing = {
		"SELECT r.row_number FROM unnest($2) r (row_number) "
		"WHERE NOT EXISTS (SELECT FROM onboard.held_rows h "
		"  WHERE h.upload_id = $1 AND h.row_number IS NOT DISTINCT FROM nullif(r.row_number, 0)) "
		"ORDER BY r.row_number",
		2,
		{TEXTOID, INT8ARRAYOID},
	};
	Datum values[2] = {CStringGetTextDatum(upload_id), PointerGetDatum(rows)};
	bool is_null;
	int64 row_number;

	if (statement_run(&missing, values, NULL, false, SPI_OK_SELECT) == 0)
		return;
	row_number = DatumGetInt64(statement_value(1, &is_null));
	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a row number must not be null")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("row " INT64_FORMAT " of upload \"%s\" is not held", row_number, upload_id)));
}

int64 *
held_find(const char *upload_id, ArrayType *rows, int *count)
{
	static Statement find = {
		"SELECT h.held_id FROM onboard.held_rows h "
		"WHERE h.upload_id = $1 AND CASE WHEN $2 IS NULL THEN h.outcome = 'waiting' "
		"  ELSE coalesce(h.row_number, 0) = ANY ($2) END "
		"ORDER BY h.row_number NULLS LAST",
		2,
		{TEXTOID, INT8ARRAYOID},
	};
	Datum values[2] = {CStringGetTextDatum(upload_id), PointerGetDatum(rows)};
	int64 *held_ids;
	bool is_null;
	int i;

	if (rows != NULL)
		check_rows(upload_id, rows);
	*count = (int) statement_run(&find, values, rows == NULL ? " n" : NULL, false, SPI_OK_SELECT);
	held_ids = palloc(sizeof(int64) * (*count + 1));
	for (i = 0; i < *count; i++)
		held_ids[i] =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
	SPI_freetuptable(SPI_tuptable);
	return held_ids;
}

/* Return a number of row 0 of the last result; 0 for null. */
static int64
number_or_zero(int column)
{
	bool is_null;
	Datum value = statement_value(column, &is_null);

	return is_null ? 0 : DatumGetInt64(value);
}

void
held_read(int64 held_id, HeldRow *row)
{
	static Statement read = {
		"SELECT h.row_number, h.line_number, h.product_id, h.input, h.outcome, h.reason "
		"FROM onboard.held_rows h WHERE h.held_id = $1",
		1,
		{INT8OID},
	};
	Datum values[1] = {Int64GetDatum(held_id)};
	Datum input;
	bool is_null;

	statement_run(&read, values, NULL, false, SPI_OK_SELECT);
	row->held_id = held_id;
	row->row_number = number_or_zero(1);
	row->line_number = number_or_zero(2);
	row->product_id = number_or_zero(3);
	input = statement_value(4, &is_null);
	row->input = is_null ? NULL : DatumGetJsonbPCopy(input);
	row->outcome = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5);
	row->reason = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 6);
	SPI_freetuptable(SPI_tuptable);
}

bool
held_is_superseded(const char *upload_id, int64 product_id)
{
	static Statement later = {
		"SELECT 1 FROM onboard.upload_history u "
		"  JOIN onboard.upload_history l ON l.vendor_id = u.vendor_id AND l.source_time > u.source_time "
		"WHERE u.upload_id = $1 AND NOT l.metadata ? 'undone_at' "
		"  AND (EXISTS (SELECT FROM onboard.row_actions a WHERE a.upload_number = l.upload_number "
		"      AND a.product_id = $2 AND a.action <> 'rejected') "
		"    OR EXISTS (SELECT FROM onboard.products p WHERE p.product_id = $2 "
		"      AND p.upload_id = l.upload_id)) "
		"LIMIT 1",
		2,
		{TEXTOID, INT8OID},
	};
	Datum values[2] = {CStringGetTextDatum(upload_id), Int64GetDatum(product_id)};
	bool found = statement_run(&later, values, NULL, false, SPI_OK_SELECT) > 0;

	SPI_freetuptable(SPI_tuptable);
	return found;
}

/* Count the waiting rows of a vendor, up to a limit. */
static int64
count_waiting(Datum vendor_id, int64 limit)
{
	static Statement count = {
		"SELECT count(*) FROM (SELECT FROM onboard.held_rows h "
		"  WHERE h.vendor_id = $1 AND h.outcome = 'waiting' LIMIT $2) w",
		2,
		{TEXTOID, INT8OID},
	};
	Datum values[2] = {vendor_id, Int64GetDatum(limit)};

	statement_run(&count, values, NULL, false, SPI_OK_SELECT);
	return DatumGetInt64(statement_value(1, NULL));
}

#define SUPERSEDE                                                                            \
	"UPDATE onboard.held_rows h SET outcome = 'superseded', decided_at = clock_timestamp() " \
	"FROM onboard.upload_history l, onboard.upload_history u "                               \
	"WHERE l.upload_id = $1 AND h.vendor_id = l.vendor_id AND h.outcome = 'waiting' "        \
	"  AND u.upload_id = h.upload_id AND u.source_time < l.source_time "

/*
 * Either all waiting rows of the vendor are compared with the records of the
 * upload, or the records of these rows with the waiting ones: whichever are fewer.
 * Approval checks again: the earlier upload may arrive after this one.
 */
void
held_supersede(const char *upload_id, Datum vendor_id, int64 first_row, int64 last_row)
{
	static Statement by_waiting = {
		SUPERSEDE
		"  AND EXISTS (SELECT FROM onboard.row_actions a "
		"    WHERE a.upload_number = l.upload_number AND a.product_id = h.product_id AND a.action <> 'rejected')",
		1,
		{TEXTOID},
	};
	static Statement by_rows = {
		/* OFFSET 0 keeps the planner from reading the waiting rows first. */
		SUPERSEDE
		"  AND h.held_id = ANY (ARRAY(SELECT w.held_id FROM onboard.row_actions a "
		"    CROSS JOIN LATERAL (SELECT x.held_id FROM onboard.held_rows x "
		"      WHERE x.product_id = a.product_id AND x.outcome = 'waiting' OFFSET 0) w "
		"    WHERE a.upload_number = (SELECT n.upload_number FROM onboard.upload_history n "
		"      WHERE n.upload_id = $1) AND a.row_number BETWEEN $2 AND $3 "
		"      AND a.action <> 'rejected'))",
		3,
		{TEXTOID, INT8OID, INT8OID},
	};
	int64 rows = last_row - first_row + 1;
	int64 waiting = count_waiting(vendor_id, rows + 1);
	Datum values[3] = {
		CStringGetTextDatum(upload_id),
		Int64GetDatum(first_row),
		Int64GetDatum(last_row),
	};

	if (waiting > 0)
		statement_run(waiting <= rows ? &by_waiting : &by_rows, values, NULL, false, SPI_OK_UPDATE);
}

void
held_decide(int64 held_id, const char *outcome, const char *reason)
{
	static Statement decide = {
		"UPDATE onboard.held_rows h SET outcome = $2, reason = $3, decided_by = session_user, "
		"  decided_at = clock_timestamp() "
		"WHERE h.held_id = $1 AND h.outcome = 'waiting'",
		3,
		{INT8OID, TEXTOID, TEXTOID},
	};
	Datum values[3] = {Int64GetDatum(held_id), CStringGetTextDatum(outcome)};

	if (reason != NULL)
		values[2] = CStringGetTextDatum(reason);
	statement_run(&decide, values, reason == NULL ? "  n" : NULL, false, SPI_OK_UPDATE);
}

int64
held_decline(const char *upload_id, ArrayType *rows)
{
	static Statement decline = {
		"UPDATE onboard.held_rows h SET outcome = 'declined', decided_by = session_user, "
		"  decided_at = clock_timestamp() "
		"WHERE h.upload_id = $1 AND h.outcome = 'waiting' "
		"  AND ($2 IS NULL OR coalesce(h.row_number, 0) = ANY ($2))",
		2,
		{TEXTOID, INT8ARRAYOID},
	};
	Datum values[2] = {CStringGetTextDatum(upload_id), PointerGetDatum(rows)};

	if (rows != NULL)
		check_rows(upload_id, rows);
	return (int64) statement_run(&decline, values, rows == NULL ? " n" : NULL, false,
								 SPI_OK_UPDATE);
}
