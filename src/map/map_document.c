/*-------------------------------------------------------------------------
 *
 * map_document.c
 *	  Column maps as clients get them, and as uploads keep them.
 *
 * Clients read a file with a map before they begin its upload, so the map may change
 * in between.  Therefore the client passes the hash of the document that it used, and
 * the upload begins only if the document is still the same.  All callers must get the
 * same document, so the owner reads it, whatever the caller may see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "base/jsonb_object.h"
#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "map/map_document.h"

Jsonb *
map_document_read(const char *vendor_id, const char *map_name, bool read_only)
{
	static Statement read = {"SELECT onboard.map_document($1, $2)", 2, {TEXTOID, TEXTOID}};
	Datum values[2] = {CStringGetTextDatum(vendor_id), CStringGetTextDatum(map_name)};

	statement_run(&read, values, NULL, read_only, SPI_OK_SELECT);
	return DatumGetJsonbPCopy(statement_value(1, NULL));
}

/* Store the document unless one with its hash exists. */
static void
store(const char *vendor_id, Jsonb *document)
{
	static Statement insert = {
		"INSERT INTO onboard.frozen_maps (vendor_id, map_hash, document) "
		"VALUES ($1, $2 ->> 'hash', $2) ON CONFLICT (vendor_id, map_hash) DO NOTHING",
		2,
		{TEXTOID, JSONBOID},
	};
	Datum values[2] = {CStringGetTextDatum(vendor_id), JsonbPGetDatum(document)};

	statement_run(&insert, values, NULL, false, SPI_OK_INSERT);
}

void
map_document_freeze(const char *vendor_id, Jsonb *document, const char *hash)
{
	struct text_view missing =
		jsonb_array_text(jsonb_find_array(&document->root, "missing_rates"), 0);

	if (missing.data != NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the map needs the exchange rate %.*s, which is not stored",
							   (int) missing.length, missing.data),
						errhint("Store it with onboard_set_exchange_rate().")));
	store(vendor_id, document);
	if (hash != NULL &&
		!text_equal(text_of(hash), jsonb_find_text(&document->root, text_of("hash"))))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the map changed while the file was read"),
						errhint("Read the file again.")));
}

/* Return the vendor's default map, or NULL; raises an error if there is no such vendor. */
static char *
default_map(const char *vendor_id)
{
	static Statement read = {
		"SELECT v.default_map FROM onboard.check_vendor($1), onboard.vendors v WHERE v.vendor_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(vendor_id)};
	Datum name;
	bool is_null;

	statement_run(&read, values, NULL, true, SPI_OK_SELECT);
	name = statement_value(1, &is_null);
	return is_null ? NULL : TextDatumGetCString(name);
}

PG_FUNCTION_INFO_V1(onboard_map);

/* Return the document of a map of a vendor, by default of its default map, or null. */
Datum
onboard_map(PG_FUNCTION_ARGS)
{
	char *vendor_id = text_argument(fcinfo, 0, "vendor_id");
	char *map_name = text_argument_or_null(fcinfo, 1);
	Datum document = (Datum) 0;
	OwnerSection section;
	char *by_default;

	owner_check_caller(vendor_id);
	owner_enter(&section);
	SPI_connect();
	by_default = default_map(vendor_id);
	if (map_name == NULL)
		map_name = by_default;
	if (map_name != NULL)
		document = SPI_datumTransfer(JsonbPGetDatum(map_document_read(vendor_id, map_name, true)),
									 false, -1);
	SPI_finish();
	owner_leave(&section);
	if (map_name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(document);
}
