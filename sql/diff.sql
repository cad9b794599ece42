-- Comparing before loading: the same outcome as loading, but nothing is written.
SET client_min_messages = warning;
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes)
	VALUES ('DIFF-1', 'Diff One', 'one@diff.example', '{insert,upsert,update,replace}');
CREATE FUNCTION ingest(upload text, rows jsonb) RETURNS TABLE (r bigint, action text, found text) LANGUAGE sql AS $$
	SELECT i.row_number, coalesce(i.action, i.status),
		(SELECT string_agg(e ->> 'error_type', ', ') FROM jsonb_array_elements(i.errors) e)
	FROM onboard_ingest(upload, rows) i
$$;
SELECT onboard_begin_upload('DIFF-1', 'a.csv', source_time => '2026-01-01') AS u \gset
SELECT count(*) FROM ingest(:'u', (SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product',
		jsonb_build_object('vendor_product_id', 'P' || n, 'product_name', 'Name', 'category', 'Kitchen', 'sku', 'DS-' || n,
			'price', n, 'stock_quantity', n)))
	FROM generate_series(1, 9) n));
SELECT onboard_begin_upload('DIFF-1', 'b.csv', mode => 'update', source_time => '2026-01-05',
	columns => '{vendor_product_id,stock_quantity}') AS u \gset
SELECT count(*) FROM ingest(:'u', '[{"row_number": 1, "product": {"vendor_product_id": "P9", "stock_quantity": "8"}}]');
SELECT '[
	{"row_number": 1, "product": {"vendor_product_id": "P1", "product_name": "Name", "category": "Kitchen",
		"sku": "DS-1", "price": "1.50", "stock_quantity": "1"}},
	{"row_number": 2, "product": {"vendor_product_id": "P2", "product_name": "Name", "category": "Kitchen",
		"sku": "DS-2", "price": "2", "stock_quantity": "2"}},
	{"row_number": 3, "product": {"vendor_product_id": "N1", "product_name": "New", "category": "Kitchen",
		"sku": "DS-N", "price": "2", "stock_quantity": "2"}},
	{"row_number": 4, "line_number": 7, "product": {"vendor_product_id": "N1", "product_name": "New",
		"category": "Kitchen", "sku": "DS-N2", "price": "2", "stock_quantity": "2"}},
	{"row_number": 5, "product": {"vendor_product_id": "P3", "product_name": "Name", "category": "Kitchen",
		"sku": "DS-3", "price": "30", "stock_quantity": "2"}},
	{"row_number": 6, "product": {"vendor_product_id": "P1", "product_name": "Name", "category": "Kitchen",
		"sku": "DS-1", "price": "2", "stock_quantity": "2"}},
	{"row_number": 7, "product": {"vendor_product_id": "P4"}, "action": "delete"},
	{"row_number": 8, "product": {"vendor_product_id": "Q"}, "action": "delete"},
	{"row_number": 9, "product": {"vendor_product_id": "P5", "product_name": "Other", "category": "Nonsense",
		"sku": "DS-5", "price": "5", "stock_quantity": "5"}},
	{"row_number": 10, "product": {"vendor_product_id": "P9", "product_name": "Name", "category": "Kitchen",
		"sku": "DS-9", "price": "9", "stock_quantity": "7"}}]' AS rows \gset
SELECT d.row_number AS r, coalesce(d.action, d.status) AS action, p.vendor_product_id AS id, d.sku, d.old_values, d.new_values,
		(SELECT string_agg(e ->> 'error_type', ', ') FROM jsonb_array_elements(d.errors) e) AS found
	FROM onboard_diff('DIFF-1', :'rows', 'upsert', source_time => '2026-01-03',
		columns => '{vendor_product_id,product_name,category,sku,price,stock_quantity}') d
		LEFT JOIN onboard.products p USING (product_id) ORDER BY 1;
SELECT count(*) AS changes FROM onboard.product_changes WHERE vendor_id = 'DIFF-1';
SELECT onboard_begin_upload('DIFF-1', 'c.csv', mode => 'upsert', source_time => '2026-01-03',
	columns => '{vendor_product_id,product_name,category,sku,price,stock_quantity}') AS u \gset
SELECT * FROM ingest(:'u', :'rows');
-- Calls with carry belong to one file, and count what a replace would discontinue at its end.
BEGIN;
SELECT row_number, action, old_values, new_values FROM onboard_diff('DIFF-1',
	'[{"row_number": 1, "product": {"vendor_product_id": "P7", "price": "8"}}]', 'update', carry => true);
SELECT row_number, status, errors -> 0 ->> 'error_message' AS message
	FROM onboard_diff('DIFF-1', '[{"row_number": 2, "product": {"vendor_product_id": "P7", "price": "9"}}]',
		'update', carry => true);
SELECT onboard_diff_missing('DIFF-1');
COMMIT;
SELECT onboard_diff_missing('DIFF-1');
-- The guards count as in a load: of products that are sold out, and at the end of a replace.
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('DIFF-2', 'Diff Two', 'two@diff.example');
CREATE FUNCTION wholes(first int, last int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product',
			jsonb_build_object('vendor_product_id', 'S' || n, 'product_name', 'Name', 'category', 'Kitchen', 'sku', 'DT-' || n,
				'price', n, 'stock_quantity', n)))
		FROM generate_series(first, last) n
$$;
SELECT onboard_begin_upload('DIFF-2', 'd.csv', source_time => '2026-01-01') AS u \gset
SELECT count(*) FROM ingest(:'u', wholes(1, 10));
SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product',
		jsonb_build_object('vendor_product_id', 'S' || n, 'stock_quantity', 0))) AS sold_out
	FROM generate_series(1, 10) n \gset
SELECT action, count(*) FROM onboard_diff('DIFF-2', :'sold_out', 'update') GROUP BY 1 ORDER BY 1;
SELECT onboard_begin_upload('DIFF-2', 'e.csv', mode => 'update', source_time => '2026-01-02') AS u \gset
SELECT action, count(*) FROM ingest(:'u', :'sold_out') GROUP BY 1 ORDER BY 1;
SELECT onboard_diff_missing('DIFF-2') FROM onboard_diff('DIFF-2', wholes(3, 10), 'replace', carry => true) OFFSET 7;
SELECT onboard_diff_missing('DIFF-2') FROM onboard_diff('DIFF-2', wholes(4, 10), 'replace', carry => true) OFFSET 6;
SELECT onboard_diff_missing('DIFF-2') FROM onboard_diff('DIFF-2', wholes(4, 15), 'replace', carry => true) OFFSET 11;
SELECT onboard_diff_missing('DIFF-2') FROM onboard_diff('DIFF-2', wholes(3, 10) || '[{"row_number": 11, "product": {}}]',
	'replace', carry => true) OFFSET 8;
DROP FUNCTION wholes;
-- Mode insert, and invalid arguments.
SELECT row_number, status, action FROM onboard_diff('DIFF-1', :'rows', 'insert') WHERE row_number IN (1, 3, 4);
SELECT onboard_diff('DIFF-1', '[]', 'merge');
SELECT onboard_diff('DIFF-1', '[]', 'update', match => 'ean');
SELECT onboard_diff('DIFF-1', '[]', 'update', blank => 'maybe');
SELECT onboard_diff(NULL, '[]', 'update');
SELECT onboard_diff_missing(NULL);
DROP FUNCTION ingest;
DELETE FROM onboard.validation_errors WHERE vendor_id LIKE 'DIFF-_';
DELETE FROM onboard.products WHERE vendor_id LIKE 'DIFF-_';
DELETE FROM onboard.product_changes WHERE vendor_id LIKE 'DIFF-_';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'DIFF-_';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'DIFF-_';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'DIFF-_';
