-- onboard_check(): a dry run returns the verdicts of a load and writes nothing.
\set SHOW_CONTEXT never
\pset format unaligned
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('CHK-1', 'Check one', 'one@chk.example'),
	('CHK-2', 'Check two', 'two@chk.example');
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity) VALUES
	('CHK-1', 'mine', 'Lamp', 'Books', 'CHK-MINE', 1, 1), ('CHK-2', 'theirs', 'Lamp', 'Books', 'CHK-THEIRS', 1, 1);
-- Rows are written as SKU/product ID, with "!" after an invalid one; row 1 is line 11.
CREATE FUNCTION records(rows text, first int DEFAULT 1) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(jsonb_build_object('row_number', n + first - 1, 'line_number', n + first + 9, 'product',
		jsonb_build_object('vendor_product_id', rtrim(split_part(r, '/', 2), '!'), 'product_name', 'Lamp', 'category',
			'Books', 'sku', 'CHK-' || split_part(r, '/', 1),
			'price', CASE WHEN r ~ '!' THEN 'bad' ELSE '1' END, 'stock_quantity', 1)) ORDER BY md5(n::text))
	FROM string_to_table(rows, ' ') WITH ORDINALITY t (r, n) $$;
CREATE FUNCTION dry(rows text, first int DEFAULT 1, carry boolean DEFAULT false, vendor text DEFAULT 'CHK-1')
	RETURNS TABLE (r bigint, status text, messages jsonb) LANGUAGE sql AS $$
	SELECT row_number, status, jsonb_path_query_array(errors, '$[*].error_message')
		FROM onboard_check(vendor, records(rows, first), carry) $$;
CREATE FUNCTION traces() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', (SELECT count(*) FROM onboard.products), (SELECT count(*) FROM onboard.validation_errors),
		(SELECT count(*) FROM onboard.upload_history),
		(SELECT count(*) FROM onboard.judged_rows), (SELECT count(*) FROM onboard.outbox),
		(SELECT last_value FROM onboard.products_product_id_seq)) $$;
SELECT traces() AS before \gset

-- Results are in order of row_number; duplicates and invalid rows claim no key; the catalogue
SELECT * FROM dry('A/x A/y B/y B/x! C/z! D/z MINE/m THEIRS/theirs F/mine G/m');
SELECT row_number, status, errors FROM onboard_check('CHK-1',
	'[{"row_number": 1, "defect": {"error_type": "MALFORMED_ROW", "message": "why", "raw": "a,b"}}, {"row_number": 2, '
	'"product": []},
	{"row_number": 3, "product": {"price": "$1,299.00", "category": "Kitchn"}}]');
SELECT * FROM onboard_check('CHK-1', '[]');
-- Without a line number, the row number is used.
SELECT row_number, errors -> 0 ->> 'error_message' FROM onboard_check('CHK-1',
	(SELECT jsonb_agg(r - 'line_number') FROM jsonb_array_elements(records('A/x A/y')) r));
-- A repeated row number is judged twice: there is no ledger.
SELECT row_number, status, errors -> 0 ->> 'error_message'
	FROM onboard_check('CHK-1', records('A/x') || records('A/x'));

-- With carry, the calls of a transaction form one file; without, each is separate.
BEGIN;
SELECT r, status, messages FROM dry('A/x B/y', 1, true);
SELECT r, status, messages FROM dry('A/z C/y D/d!', 3, true);
SELECT r, status, messages FROM dry('A/x D/d', 6, false);
-- SKUs are unique across vendors, product IDs per vendor.
SELECT r, status, messages FROM dry('A/q Q/x D/d', 8, true, 'CHK-2');
SELECT r, status, messages FROM dry('D/w W/d', 11, true);
COMMIT;
BEGIN;
SELECT r, status, messages FROM dry('A/x', 1, true);
SAVEPOINT s;
SELECT 1 / 0; -- ERROR
ROLLBACK TO s;
SELECT r, status, messages FROM dry('A/y', 2, true);
ROLLBACK;
SELECT r, status, messages FROM dry('A/x', 1, true);
BEGIN READ ONLY;
SELECT r, status FROM dry('A/x A/y', 1, true);
SELECT txid_current_if_assigned() IS NULL AS no_transaction_id;
SELECT mode FROM pg_locks WHERE relation = 'onboard.products'::regclass AND pid = pg_backend_pid()
	AND mode <> 'AccessShareLock';
COMMIT;
SELECT traces() = :'before' AS nothing_written;

-- The verdicts are those of a load.
CREATE TEMPORARY TABLE input AS SELECT records(string_agg(format('%s/%s%s', n * 7 % 40,
	n * 11 % 45, CASE WHEN n % 6 = 0 THEN '!' END), ' ' ORDER BY n)) AS records FROM generate_series(1, 200) n;
CREATE TEMPORARY TABLE dry_run AS SELECT c.* FROM input, onboard_check('CHK-1', records) c;
SELECT onboard_begin_upload('CHK-1', 'a.csv') AS u \gset
CREATE TEMPORARY TABLE load AS SELECT i.row_number, i.status, i.errors FROM input, onboard_ingest(:'u', records) i;
SELECT count(*), count(*) FILTER (WHERE status = 'error') AS errors FROM load;
SELECT count(*) AS differ FROM (TABLE dry_run EXCEPT TABLE load) d;
-- Now the catalogue has them all.
SELECT status, count(*) FROM input, onboard_check('CHK-1', records) GROUP BY 1;

-- Arguments
SELECT * FROM onboard_check(NULL, '[]'); -- ERROR
SELECT * FROM onboard_check('CHK-1', NULL); -- ERROR
SELECT * FROM onboard_check('CHK-1', '[]', NULL); -- ERROR
SELECT * FROM onboard_check('CHK-1', '{}'); -- ERROR
SELECT * FROM onboard_check('CHK-1', '[5]'); -- ERROR
SELECT * FROM onboard_check('CHK-1', '[{"row_number": 0, "product": {}}]'); -- ERROR
DELETE FROM onboard.products WHERE vendor_id LIKE 'CHK-%';
DROP FUNCTION records, dry, traces;
