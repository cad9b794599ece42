-- The extension's objects and output do not depend on session settings.
\pset format unaligned
CREATE VIEW made AS
	SELECT pg_describe_object(d.classid, d.objid, 0) AS object, CASE d.classid WHEN 'pg_proc'::regclass
		THEN pg_get_functiondef(d.objid) END AS definition
	FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	WHERE x.extname = 'onboard' AND d.deptype = 'e' AND d.classid <> 'pg_type'::regclass
	UNION ALL SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
		WHERE connamespace = to_regnamespace('onboard')
	UNION ALL SELECT polrelid::regclass || ' ' || polname,
		pg_get_expr(polqual, polrelid) || coalesce(pg_get_expr(polwithcheck, polrelid), '') FROM pg_policy
	UNION ALL SELECT c.oid::regclass::text, pg_get_viewdef(c.oid) FROM pg_class c
		WHERE c.relnamespace = to_regnamespace('onboard') AND c.relkind = 'v';
CREATE TABLE usual AS SELECT object, definition FROM made;
CREATE TABLE usual_parts AS TABLE onboard.shipped_parts;

DROP EXTENSION onboard;
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SET backslash_quote = off;
SET quote_all_identifiers = on;
SET array_nulls = off;
SET transform_null_equals = on;
SET bytea_output = 'escape';
SET "DateStyle" = 'SQL, DMY';
SET "IntervalStyle" = 'sql_standard';
SET "TimeZone" = 'Pacific/Chatham';
SET extra_float_digits = -15;
SET default_text_search_config = 'pg_catalog.french';
SET plpgsql.variable_conflict = use_column;
SET plpgsql.extra_errors = 'all';
SET check_function_bodies = on;
SET search_path = '';
CREATE EXTENSION onboard SCHEMA public;
SELECT count(*) FROM public.onboard_local_changes();
SELECT * FROM public.onboard_diagnose();

-- Load a file with every kind of error.
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('SET-1', 'Settings', 'settings@example.com');
\set VERBOSITY terse
INSERT INTO onboard.vendors (vendor_id, vendor_name, email)
	VALUES ('SET-2', 'No address', 'settings@examplecom'); -- ERROR
\set VERBOSITY default
SELECT public.onboard_begin_upload('SET-1', E'caf\u00e9 \\ "x".csv', total_records => 3,
	metadata => '{"header": ["sku", "price"]}') AS upload \gset
SELECT row_number, status, errors -> 0 ->> 'error_type' AS error FROM public.onboard_ingest(:'upload', '[
	{"row_number": 1, "line_number": 2, "product": {"sku": "SET-1", "vendor_product_id": "1", "product_name": "n",
		"category": "Kitchen", "price": "1", "stock_quantity": "1"}},
	{"row_number": 2, "line_number": 3, "product": {"sku": "SET-2", "vendor_product_id": "2", "product_name": "=n",
		"category": "Kitchn", "price": "1,5", "stock_quantity": "1"}},
	{"row_number": 3, "line_number": 4, "defect": {"error_type": "MALFORMED_ROW",
		"message": "too many fields", "raw": "a,b,c"}}]');
SELECT subject, replace(body, :'upload', 'UPLOAD') AS body FROM public.onboard_notification(:'upload');
SELECT * FROM public.onboard_error_summary(:'upload');
SELECT replace(line, :'upload', 'UPLOAD') AS line FROM public.onboard_error_csv(:'upload') line;
SELECT public.onboard_fix_csv(:'upload');
SELECT s ->> 'status', s ->> 'success_rate_percent', s ->>
	'started_at' ~ E'^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' FROM public.onboard_upload_status(:'upload') s;
SELECT status, products, success_rate_percent FROM onboard.vendor_summary;
SELECT removed, kept FROM public.onboard_undo_upload(:'upload');
CREATE ROLE regress_onboard_settings;
SELECT public.onboard_grant_loader('regress_onboard_settings'),
	public.onboard_grant_reporter('regress_onboard_settings'),
	public.onboard_grant_vendor('regress_onboard_settings', 'SET-1');
SELECT public.onboard_create_catalog_indexes();

RESET ALL;
DROP EXTENSION onboard;
DROP ROLE regress_onboard_settings;
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SET quote_all_identifiers = on;
SET "IntervalStyle" = 'sql_standard';
CREATE EXTENSION onboard;
RESET ALL;
-- Installing with these settings makes no difference.
SELECT object, definition FROM made EXCEPT SELECT object, definition FROM usual;
SELECT object, definition FROM usual EXCEPT SELECT object, definition FROM made;
TABLE onboard.shipped_parts EXCEPT TABLE usual_parts;
TABLE usual_parts EXCEPT TABLE onboard.shipped_parts;
SELECT onboard_local_changes();
DROP VIEW made;
DROP TABLE usual, usual_parts;
