-- onboard_ingest(): shapes of records, verdicts, replays.
\set SHOW_CONTEXT never
\pset format unaligned
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('ING-1', 'Ingest one', 'one@ing.example');
CREATE FUNCTION good(n int, change jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('vendor_product_id', 'V' || n, 'product_name', 'Lamp', 'category', 'Books', 'sku',
		'ING-S' || n, 'price', '10', 'stock_quantity', '1') || change $$;
CREATE FUNCTION record(n int, change jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('row_number', n, 'line_number', n + 1, 'product', good(n, change)) $$;
CREATE VIEW stored AS SELECT row_number, line_number, vendor_product_id, sku, price, compare_at_price AS compare,
	stock_quantity AS stock, unit, weight_kg AS kg, status, attributes
	FROM onboard.products WHERE vendor_id = 'ING-1' ORDER BY row_number;
CREATE VIEW errors AS SELECT row_number, line_number, vendor_product_id, error_type, error_field, error_message,
	rejected_value
	FROM onboard.validation_errors WHERE vendor_id = 'ING-1' ORDER BY row_number, error_id;
CREATE VIEW counts AS SELECT total_records AS total, valid_records AS valid, error_records AS errors, status
	FROM onboard.upload_history WHERE vendor_id = 'ING-1' ORDER BY created_at, upload_id;

-- One result per record, in order of row_number; the stored rows
SELECT onboard_begin_upload('ING-1', 'a.csv', NULL, 'a', 7) AS u \gset
SELECT row_number, status, action, product_id IS NOT NULL AS stored, errors FROM onboard_ingest(:'u', jsonb_build_array(
	record(5, '{"price": "x", "weight_kg": "0"}'),
	record(1, '{"price": " .5 ", "compare_at_price": 7, "stock_quantity": 0, "unit": " ", "weight_kg": "1.", '
		'"brand": null, "Colour": "red", "size": 12.50, "": "nameless"}'),
	record(3, '{"sku": "ING-S1"}'), record(2)));
SELECT * FROM stored;
SELECT * FROM errors;
SELECT row_number, original_data FROM onboard.validation_errors WHERE upload_id = :'u'
	AND row_number = 5 ORDER BY error_id;
SELECT subcategory, description, brand, dimensions_cm, image_url FROM onboard.products WHERE upload_id = :'u'
	AND row_number = 1;
SELECT * FROM counts;
SELECT * FROM onboard_judged_ranges(:'u');

-- A replay returns the stored verdict, whatever its content; also for a record repeated in one call.
SELECT row_number, status, action, product_id = (SELECT product_id FROM onboard.products p WHERE p.upload_id = :'u'
	AND p.row_number = i.row_number) AS same, errors
	FROM onboard_ingest(:'u', jsonb_build_array(record(3), record(2, '{"price": "x"}'), record(5), record(5))) i;
SELECT count(*), count(DISTINCT product_id), count(DISTINCT status)
	FROM onboard_ingest(:'u', jsonb_build_array(record(4), record(4, '{"price": "y"}'), record(4)));
SELECT row_number, sku, price FROM stored;
SELECT * FROM counts;
-- The verdict outlives the product.
DELETE FROM onboard.products WHERE upload_id = :'u' AND row_number = 2;
SELECT row_number, status, action, product_id, errors FROM onboard_ingest(:'u', jsonb_build_array(record(2)));
SELECT count(*) FROM stored;
-- The rows that complete the upload, then refusals; replays still get their verdict.
SELECT row_number, status FROM onboard_ingest(:'u', jsonb_build_array(record(6), record(7), record(8), record(1)));
SELECT * FROM counts;
SELECT kind, payload FROM onboard.outbox WHERE upload_id = :'u' ORDER BY event_id;
SELECT row_number, status, action, product_id, errors FROM onboard_ingest(:'u',
	jsonb_build_array(record(9), record(9), record(6)) - 2);
SELECT * FROM onboard_judged_ranges(:'u');
SELECT row_number, status, action, product_id, errors FROM onboard_ingest('ING-1-0000000000000000',
	jsonb_build_array(record(1), record(2)));
SELECT row_number, status FROM onboard_ingest('', jsonb_build_array(record(1)));
SELECT onboard_begin_upload('ING-1', 'a.csv', NULL, 'b') AS u \gset
SELECT status FROM onboard_cancel_upload(:'u');
SELECT row_number, status FROM onboard_ingest(:'u', jsonb_build_array(record(20)));

-- Defects; the report shows their text.
SELECT onboard_begin_upload('ING-1', 'a.csv', NULL, 'c') AS u \gset
SELECT row_number, status, errors FROM onboard_ingest(:'u', '[
	{"row_number": 1, "line_number": 2, "defect": {"error_type": "MALFORMED_ROW",
		"message": "3 fields in place of 14", "raw": "a,b,c"}},
	{"row_number": 2, "line_number": 3, "defect": {"error_type": "INVALID_ENCODING", "raw": "a\ufffdb"}},
	{"row_number": 3, "line_number": 4, "defect": {"error_type": "MALFORMED_ROW"}, "product": {"price": "1"}},
	{"row_number": 4, "product": {"sku": []}}, {"row_number": 5, "product": 5},
	{"row_number": 6, "product": null}, {"row_number": 7, "product": {}, "defect": null}]');
SELECT row_number, line_number, error_type, original_data FROM onboard.validation_errors WHERE upload_id = :'u'
	AND error_type <> 'MISSING_REQUIRED_FIELDS' ORDER BY row_number, error_id;
-- U+FFFD in a value, caps
SELECT row_number, status, errors -> 0 ->> 'error_type' AS type, errors -> 0 ->> 'error_message' AS message
	FROM onboard_ingest(:'u', jsonb_build_array(
	record(11, '{"description": "\ufffd"}'), record(12, jsonb_build_object('description', repeat('x', 65537))),
		record(13, jsonb_build_object('other', repeat('x', 65537))),
	record(14, jsonb_build_object('a', repeat('x', 65536), 'b', repeat('x', 65536), 'c', repeat('x', 65536), 'd',
		repeat('x', 65536)))));

-- A duplicate reports the line that won, or its row if the line is unknown, but never one of another upload.
SELECT row_number, errors -> 0 ->> 'error_message' AS message FROM onboard_ingest(:'u', jsonb_build_array(
	record(21), record(22, '{"sku": "ING-S21"}'), record(23, '{"vendor_product_id": "V21"}'),
		record(24) - 'line_number', record(25, '{"sku": "ING-S24"}'),
	record(26, '{"sku": "ING-S1"}'), record(27, '{"sku": "ING-S21", "price": "-1"}')));
-- An invalid row does not claim its keys.
SELECT row_number, status FROM onboard_ingest(:'u', jsonb_build_array(record(31,
	'{"price": "-1", "sku": "ING-FREE", "vendor_product_id": "FREE"}'),
	record(32, '{"sku": "ING-FREE", "vendor_product_id": "FREE"}')));
-- Row numbers can come in any order; adjacent ranges merge.
SELECT row_number, status FROM onboard_ingest(:'u', jsonb_build_array(record(64), record(63), record(65),
	record(2000000000), jsonb_set(record(40), '{row_number}', '9223372036854775807')));
SELECT row_number, status FROM onboard_ingest(:'u', (SELECT jsonb_agg(record(n)) FROM generate_series(28, 30) n));
SELECT * FROM onboard_judged_ranges(:'u');
SELECT count(*), count(DISTINCT row_number) FROM stored;

-- Malformed records raise an error, and nothing is stored.
SELECT * FROM onboard_ingest(NULL, '[]'); -- ERROR
SELECT * FROM onboard_ingest(:'u', NULL); -- ERROR
SELECT * FROM onboard_ingest(:'u', '[]');
SELECT * FROM onboard_ingest(:'u', '{}'); -- ERROR
SELECT * FROM onboard_ingest(:'u', '"x"'); -- ERROR
SELECT * FROM onboard_ingest(:'u', 'null'); -- ERROR
CREATE FUNCTION refused(bad jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM * FROM onboard_ingest((SELECT upload_id FROM onboard.upload_history WHERE vendor_id = 'ING-1'
		AND content_id = 'c'), jsonb_build_array(record(100), bad));
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT bad, refused(bad) FROM unnest(ARRAY['5', '"x"', 'null', '[]', '{}', '{"product": {}}',
	'{"row_number": null, "product": {}}', '{"row_number": "1", "product": {}}', '{"row_number": 0, "product": {}}',
	'{"row_number": -1, "product": {}}', '{"row_number": 1.5, "product": {}}',
	'{"row_number": 9223372036854775808, "product": {}}', '{"row_number": 101}',
	'{"row_number": 101, "line_number": "x", "product": {}}',
	'{"row_number": 101, "line_number": 1.5, "product": {}}', '{"row_number": 101, "defect": {}}',
	'{"row_number": 101, "defect": 5}', '{"row_number": 101, "defect": {"error_type": "INVALID_PRICE"}}',
	'{"row_number": 101, "defect": {"error_type": "REJECTED_BY_CATALOGUE"}}',
	'{"row_number": 101, "defect": {"error_type": 5}}']::jsonb[]) bad;
SELECT count(*) FROM stored WHERE row_number >= 100 AND row_number < 1000;
SELECT refused('{"row_number": 101, "line_number": null, "product": {}}');

-- The session's counters; one upload per call in a transaction that is rolled back
SELECT sum(value) FILTER (WHERE name = 'rows_replayed') AS before FROM onboard_statistics() \gset
SELECT count(*) FROM onboard_ingest(:'u', jsonb_build_array(record(21), record(22)));
SELECT value - :before AS replayed FROM onboard_statistics() WHERE name = 'rows_replayed';
BEGIN;
SELECT status FROM onboard_ingest(:'u', jsonb_build_array(record(200)));
ROLLBACK;
SELECT status FROM onboard_ingest(:'u', jsonb_build_array(record(200)));
BEGIN READ ONLY;
SELECT * FROM onboard_ingest(:'u', jsonb_build_array(record(201))); -- ERROR
ROLLBACK;
DROP VIEW stored, errors, counts;
DROP FUNCTION good, record, refused;
