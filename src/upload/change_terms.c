/*-------------------------------------------------------------------------
 *
 * change_terms.c
 *	  The terms on which the rows of an upload change products.
 *
 * The vendor is locked FOR NO KEY UPDATE before anything else is read: what the
 * statement then sees of later uploads of the vendor stays true until its
 * transaction ends.  Uploads that only insert lock the vendor FOR KEY SHARE,
 * which does not conflict; only the unique keys make the two wait for each
 * other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/statement.h"
#include "shared/apply.h"
#include "upload/change_terms.h"
#include "upload/vendor_lock.h"

/* Return a bigint column of the last result, or another value for null. */
static int64
integer_or(int column, int64 otherwise)
{
	bool is_null;
	Datum value = statement_value(column, &is_null);

	return is_null ? otherwise : DatumGetInt64(value);
}

/* The file may have the column onboard_action, but not every row sets the status. */
static const RowColumns *
columns_or_null(Datum names, bool is_null)
{
	RowColumns *columns;

	if (is_null)
		return NULL;
	columns = row_columns_read(names);
	columns->has_status = false;
	return columns;
}

static void
read_guards(const char *vendor_id, bool read_only, ChangeTerms *terms)
{
	static Statement read = {
		"SELECT (v.price_guard * 1000)::bigint, (v.sold_out_guard * 1000)::bigint "
		"FROM onboard.vendors v WHERE v.vendor_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(vendor_id)};

	if (statement_run(&read, values, NULL, read_only, SPI_OK_SELECT) == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("vendor \"%s\" does not exist", vendor_id)));
	terms->price_guard = integer_or(1, -1);
	terms->sold_out_guard = integer_or(2, -1);
}

/* Set the columns of the file, which choose the key unless one is requested. */
static void
take_columns(ChangeTerms *terms, enum upload_match wanted, const RowColumns *columns)
{
	terms->columns = columns;
	terms->match = apply_match(wanted, columns != NULL ? columns->columns : ~(column_set) 0);
}

/* Read the terms of an upload; returns its source_time. */
static Datum
read_upload(const char *upload_id, MemoryContext context, ChangeTerms *terms)
{
	static Statement read = {
		"SELECT u.match, u.blank, u.stocked_at_begin, u.stocked_at_least, u.sold_out, u.restocked, "
		"       u.columns, u.source_time, u.upload_number "
		"FROM onboard.upload_history u WHERE u.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};
	enum upload_match wanted = MATCH_COUNT;
	MemoryContext caller;
	bool is_null;
	Datum value;

	statement_run(&read, values, NULL, false, SPI_OK_SELECT);
	value = statement_value(1, &is_null);
	if ((!is_null && !upload_match_by_name(TextDatumGetCString(value), &wanted)) ||
		!upload_blank_by_name(TextDatumGetCString(statement_value(2, NULL)), &terms->blank))
		elog(ERROR, "upload \"%s\" has an unrecognized match or blank policy", upload_id);
	terms->stocked_at_begin = integer_or(3, -1);
	terms->stocked_at_least = integer_or(4, 0);
	terms->sold_out = integer_or(5, 0);
	terms->restocked = integer_or(6, 0);
	terms->upload_number = integer_or(9, 0);
	value = statement_value(7, &is_null);
	caller = MemoryContextSwitchTo(context);
	take_columns(terms, wanted, columns_or_null(value, is_null));
	MemoryContextSwitchTo(caller);
	return statement_value(8, NULL);
}

static void
read_later_uploads(const char *vendor_id, Datum source_time, MemoryContext context, bool read_only,
				   ChangeTerms *terms)
{
	static Statement read = {
		"SELECT l.upload_id, l.mode, l.columns, "
		"  l.mode = 'replace' AND l.status IN ('completed', 'partial') AND NOT EXISTS ("
		"    SELECT FROM onboard.held_rows h WHERE h.upload_id = l.upload_id AND h.row_number IS NULL "
		"      AND h.outcome <> 'applied'), "
		"  l.upload_number "
		"FROM onboard.upload_history l "
		"WHERE l.vendor_id = $1 AND l.source_time > $2 AND NOT l.metadata ? 'undone_at' "
		"ORDER BY l.source_time, l.upload_id",
		2,
		{TEXTOID, TIMESTAMPTZOID},
	};
	Datum values[2] = {CStringGetTextDatum(vendor_id), source_time};
	uint64 count = statement_run(&read, values, NULL, read_only, SPI_OK_SELECT);
	MemoryContext caller = MemoryContextSwitchTo(context);
	uint64 i;

	for (i = 0; i < count; i++)
	{
		HeapTuple tuple = SPI_tuptable->vals[i];
		TupleDesc descriptor = SPI_tuptable->tupdesc;
		LaterUpload *later = palloc(sizeof(LaterUpload));
		bool is_null;
		Datum names;

		later->upload_id_text =
			PointerGetDatum(DatumGetTextPCopy(SPI_getbinval(tuple, descriptor, 1, &is_null)));
		if (!upload_mode_by_name(TextDatumGetCString(SPI_getbinval(tuple, descriptor, 2, &is_null)),
								 &later->mode))
			later->mode = MODE_COUNT;
		names = SPI_getbinval(tuple, descriptor, 3, &is_null);
		later->columns = columns_or_null(names, is_null);
		later->has_replaced = DatumGetBool(SPI_getbinval(tuple, descriptor, 4, &is_null));
		later->upload_number = DatumGetInt64(SPI_getbinval(tuple, descriptor, 5, &is_null));
		terms->later = lappend(terms->later, later);
	}
	MemoryContextSwitchTo(caller);
}

ChangeTerms *
change_terms_lock(const UploadRow *upload, MemoryContext context)
{
	ChangeTerms *terms = MemoryContextAllocZero(context, sizeof(ChangeTerms));

	Datum source_time;

	vendor_lock(upload->vendor_id);
	read_guards(upload->vendor_id, false, terms);
	source_time = read_upload(upload->upload_id, context, terms);
	read_later_uploads(upload->vendor_id, source_time, context, false, terms);
	return terms;
}

ChangeTerms *
change_terms_suppose(const char *vendor_id, enum upload_match match, enum upload_blank blank,
					 TimestampTz source_time, const RowColumns *columns, MemoryContext context)
{
	ChangeTerms *terms = MemoryContextAllocZero(context, sizeof(ChangeTerms));

	read_guards(vendor_id, true, terms);
	terms->blank = blank;
	terms->is_supposed = true;
	terms->stocked_at_begin = -1;
	take_columns(terms, match, columns);
	read_later_uploads(vendor_id, TimestampTzGetDatum(source_time), context, true, terms);
	return terms;
}

bool
change_terms_are_replaced(const ChangeTerms *terms)
{
	ListCell *cell;

	foreach(cell, terms->later)
	{
		const LaterUpload *later = lfirst(cell);

		if (later->has_replaced)
			return true;
	}
	return false;
}

void
change_terms_save(const UploadRow *upload, const ChangeTerms *terms)
{
	static Statement save = {
		"UPDATE onboard.upload_history u SET "
		"  stocked_at_begin = nullif($2, -1), stocked_at_least = $3, sold_out = $4, restocked = $5 "
		"WHERE u.upload_id = $1 AND (u.stocked_at_begin, u.stocked_at_least, u.sold_out, u.restocked) "
		"  IS DISTINCT FROM (nullif($2, -1), $3, $4, $5)",
		5,
		{TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID},
	};
	Datum values[5] = {
		CStringGetTextDatum(upload->upload_id), Int64GetDatum(terms->stocked_at_begin),
		Int64GetDatum(terms->stocked_at_least), Int64GetDatum(terms->sold_out),
		Int64GetDatum(terms->restocked),
	};

	statement_run(&save, values, NULL, false, SPI_OK_UPDATE);
}
