-- onboard.intake: COPY and INSERT, and unsupported statements.
\set SHOW_CONTEXT never
\pset format unaligned
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('INT-1', 'Intake one', 'one@int.example'),
	('INT-2', 'Intake two', 'two@int.example');
CREATE VIEW stored AS SELECT u.content_id AS u, row_number AS r, line_number AS l, vendor_product_id AS vpid,
	product_name AS name, sku, price, compare_at_price AS compare, stock_quantity AS stock, unit, attributes
	FROM onboard.products p JOIN onboard.upload_history u USING (upload_id) WHERE p.vendor_id LIKE 'INT-_' ORDER BY 1,
		2;
CREATE VIEW errors AS SELECT u.content_id AS u, row_number AS r, line_number AS l, error_type, error_field,
	error_message, rejected_value, original_data
	FROM onboard.validation_errors e JOIN onboard.upload_history u USING (upload_id)
		WHERE e.vendor_id LIKE 'INT-_' ORDER BY 1, 2, error_id;
CREATE VIEW counts AS SELECT content_id AS u, total_records AS total, valid_records AS valid, error_records AS errors,
	status FROM onboard.upload_history WHERE vendor_id LIKE 'INT-_' ORDER BY 1;
-- The id is derived from vendor and content, so the COPY below can use it.
SELECT onboard_begin_upload('INT-1', 'a.csv', NULL, 'a') AS a, onboard_begin_upload('INT-2', 'b.csv', NULL, 'b') AS b,
	onboard_begin_upload('INT-1', 'c.csv', NULL, 'c') AS c \gset
SELECT :'a', :'b', :'c';

-- COPY, in text and CSV format; rows of several uploads alternate
COPY onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity, attributes) FROM STDIN;
INT-1-fb3fe2483d2e6b4c	1	2	V1	Lamp	Books	INT-1	1	0	\N
INT-1-fb3fe2483d2e6b4c	2	3	V2	  Two\tTabs\t  	 Books	INT-2	.5	1	{"Colour": "red", "": ""}
INT-2-4622bb11a613c2a0	1	2	V1	Lamp	Books	INT-3	1	1	{}
INT-1-fb3fe2483d2e6b4c	3	4	V1	Lamp	Books	INT-4	1	1	\N
INT-2-4622bb11a613c2a0	2	3	V2	Lamp	Books	INT-2	1	1	\N
INT-2-4622bb11a613c2a0	3	\N	\N	\N	\N	\N	\N	\N	\N
INT-1-fb3fe2483d2e6b4c	4	5	V4	Lamp	Books	INT-3	1.234	1	{"a": "b"}
\.
COPY onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, subcategory,
	description, sku, brand, price, compare_at_price, stock_quantity, unit, weight_kg, dimensions_cm, image_url)
	FROM STDIN (FORMAT csv);
INT-1-38119209c9cdb12a,1,2,V11,"Lamp, ""big""",Men's Clothing,sub,"two
lines",INT-11,brand,2,3,4,box,5,6x7,http://h/
INT-1-38119209c9cdb12a,2,4,V12,,Books,,,INT-12,,1,,1,,,,
INT-1-38119209c9cdb12a,3,5,"","","","","","","","","","","","","",""
\.
SELECT * FROM stored;
SELECT * FROM errors;
SELECT * FROM counts;
-- Defects
COPY onboard.intake (upload_id, row_number, line_number, defect_type, defect_message, raw_record) FROM STDIN;
INT-1-38119209c9cdb12a	4	6	MALFORMED_ROW	2 fields in place of 14	a,b
INT-1-38119209c9cdb12a	5	7	INVALID_ENCODING	\N	a�b
INT-1-38119209c9cdb12a	6	8	MALFORMED_ROW	\N	\N
\.
SELECT r, l, error_type, error_message, rejected_value, original_data FROM errors WHERE u = 'c' AND r > 3;
-- INSERT: values, a query, a prepared statement with a generic plan; rows twice are replays
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity)
	VALUES (:'c', 1, 'x', 'x', 'x', 'x', 'x', 'x'), (:'c', 21, 'V21', 'Lamp', 'Books', 'INT-21', '1', '1'),
		(:'c', 21, 'V21', 'Lamp', 'Books', 'INT-21', '1', '1');
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity)
	SELECT :'c', n, 'V' || n, 'Lamp', 'Books', 'INT-' || n, n, n FROM generate_series(100, 2600) n;
SET plan_cache_mode = force_generic_plan;
PREPARE take(bigint, text) AS INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name,
	category, sku, price, stock_quantity) VALUES (:'c', $1, 'V' || $1, 'Lamp', 'Books', $2, '1', '1');
EXECUTE take(30, 'INT-30');
EXECUTE take(31, 'INT-30');
EXECUTE take(32, 'INT-32');
RESET plan_cache_mode;
SELECT r, sku FROM stored WHERE u = 'c' AND r < 100;
SELECT r, error_message FROM errors WHERE u = 'c' AND r > 6;
SELECT count(*), count(DISTINCT sku), min(r), max(r) FROM stored WHERE u = 'c' AND r >= 100;
SELECT * FROM counts;
SELECT * FROM onboard_judged_ranges(:'c');
-- Row by row, from a cursor and in a function's loop
CREATE FUNCTION load(content text, first int, last int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	item record;
	taken int := 0;
BEGIN
	FOR item IN SELECT n FROM generate_series(first, last) n LOOP
		INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
			stock_quantity)
			SELECT upload_id, item.n, 'L' || item.n / 2, 'Lamp', 'Books', 'INT-loop-' || item.n, '1', '1'
				FROM onboard.upload_history WHERE content_id = content AND vendor_id = 'INT-1';
		taken := taken + 1;
	END LOOP;
	RETURN taken;
END $$;
SELECT load('c', 3001, 3006);
SELECT r, sku FROM stored WHERE u = 'c' AND r > 3000;
SELECT r, error_message FROM errors WHERE u = 'c' AND r > 3000;
BEGIN;
DECLARE feed CURSOR FOR SELECT load('c', n, n) FROM generate_series(3100, 3105) n;
FETCH 2 FROM feed;
FETCH 1 FROM feed;
CLOSE feed;
COMMIT;
SELECT r, sku FROM stored WHERE u = 'c' AND r >= 3100;
WITH moved AS (INSERT INTO onboard.intake (upload_id, row_number, sku) VALUES (:'c', 3200, 'INT-3200')
	RETURNING row_number, sku, price)
	SELECT * FROM moved;
INSERT INTO onboard.intake (upload_id, row_number, sku) VALUES (:'c', 3201, ' INT-3201'), (:'c', 3202, NULL)
	RETURNING row_number, '[' || sku || ']' AS as_written;
SELECT DISTINCT r FROM errors WHERE u = 'c' AND r BETWEEN 3200 AND 3299;

-- Rollback leaves nothing.
CREATE FUNCTION remains() RETURNS text LANGUAGE sql AS $$
	SELECT format('%s products, %s errors, %s ranges, %s events, %s counted',
		(SELECT count(*) FROM onboard.products WHERE vendor_id LIKE 'INT-_'),
		(SELECT count(*) FROM onboard.validation_errors WHERE vendor_id LIKE 'INT-_'),
		(SELECT count(*) FROM onboard.judged_rows WHERE upload_id LIKE 'INT-_%'),
		(SELECT count(*) FROM onboard.outbox WHERE vendor_id LIKE 'INT-_'),
		(SELECT sum(valid_records + error_records) FROM onboard.upload_history WHERE vendor_id LIKE 'INT-_')) $$;
SELECT remains() AS before \gset
BEGIN;
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity)
	SELECT :'c', n, 'V' || n, 'Lamp', 'Books', 'INT-' || n % 5000, n % 3, n FROM generate_series(5000, 11000) n;
SELECT remains() = :'before' AS same;
ROLLBACK;
SELECT remains() = :'before' AS same;
BEGIN;
SAVEPOINT before;
INSERT INTO onboard.intake (upload_id, row_number, sku) SELECT :'c', n, 'INT-' || n FROM generate_series(5000, 5100) n;
ROLLBACK TO before;
SELECT remains() = :'before' AS same;
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity) VALUES (:'c', 5000, 'V5000', 'Lamp', 'Books', 'INT-5000', '1', '1');
COMMIT;
SELECT r, sku FROM stored WHERE u = 'c' AND r >= 5000;
-- An error in a later row undoes the earlier rows.
SELECT remains() AS before \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity)
	SELECT :'c', CASE WHEN n = 9 THEN 0 ELSE 6000 + n END, 'V' || n, 'Lamp', 'Books', 'INT-600' || n, '1', '1'
		FROM generate_series(1, 9) n; -- ERROR
SELECT remains() = :'before' AS same;

-- Invalid upload ids and row numbers
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'c', 0); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'c', -1); -- ERROR
INSERT INTO onboard.intake (upload_id) VALUES (:'c'); -- ERROR
INSERT INTO onboard.intake (row_number) VALUES (1); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number) VALUES ('', 1); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number) VALUES ('INT-1-no', 1); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'c' || ' ', 7000); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, defect_type) VALUES (:'c', 7000, 'INVALID_PRICE'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, defect_type) VALUES (:'c', 7000, ''); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, attributes) VALUES (:'c', 7000, '[]'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, attributes) VALUES (:'c', 7000, '"x"'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, attributes) VALUES (:'c', 7000, '{"a": 1}'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, attributes) VALUES (:'c', 7000, '{"a": {"b": "c"}}'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, attributes) VALUES (:'c', 7000, '{"a": null}'); -- ERROR
COPY onboard.intake (upload_id, row_number) FROM STDIN;
INT-1-no	1
\.
COPY onboard.intake (upload_id, row_number) FROM STDIN;
INT-1-38119209c9cdb12a	x
\.
SELECT remains() = :'before' AS same;
-- An upload that ended accepts replays but no new rows.
SELECT status FROM onboard_finish_upload(:'a', 4);
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'a', 1), (:'a', 4);
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'a', 4), (:'a', 5); -- ERROR
SELECT status FROM onboard_finish_upload(:'b', 4);
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'b', 4), (:'b', 5); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'b', 4), (:'b', 1);
SELECT * FROM counts WHERE u <> 'c';

-- Unsupported statements
SELECT * FROM onboard.intake; -- ERROR
-- A query that the planner answers without a scan reads nothing.
SELECT count(*) FROM onboard.intake WHERE false;
TABLE onboard.intake LIMIT 0; -- ERROR
SELECT 1 FROM onboard.products JOIN onboard.intake USING (upload_id, row_number); -- ERROR
INSERT INTO onboard.intake SELECT * FROM onboard.intake; -- ERROR
UPDATE onboard.intake SET price = '1'; -- ERROR
DELETE FROM onboard.intake; -- ERROR
DELETE FROM onboard.intake USING onboard.vendors v; -- ERROR
TRUNCATE onboard.intake; -- ERROR
COPY onboard.intake TO STDOUT; -- ERROR
COPY (SELECT * FROM onboard.intake) TO STDOUT; -- ERROR
SELECT * FROM onboard.intake FOR UPDATE; -- ERROR
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'c', 8000) ON CONFLICT DO NOTHING; -- ERROR
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'c', 8000)
	ON CONFLICT (sku) DO UPDATE SET price = '1'; -- ERROR
MERGE INTO onboard.intake USING (VALUES (1)) v (n) ON false WHEN NOT MATCHED THEN INSERT (upload_id)
	VALUES ('x'); -- ERROR
CREATE INDEX ON onboard.intake (sku); -- ERROR
ALTER FOREIGN TABLE onboard.intake OPTIONS (ADD fast 'yes'); -- ERROR
CREATE FOREIGN TABLE other_intake (upload_id text) SERVER onboard_intake;
INSERT INTO other_intake VALUES ('x'); -- ERROR
DROP FOREIGN TABLE other_intake;
BEGIN READ ONLY;
INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'c', 8000); -- ERROR
ROLLBACK;
SELECT count(*) FROM errors WHERE r = 8000;

-- EXPLAIN stores nothing; EXPLAIN ANALYZE does.
EXPLAIN (COSTS OFF) INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'c', 9000);
EXPLAIN (COSTS OFF, VERBOSE) INSERT INTO onboard.intake (row_number) VALUES (9000);
SELECT count(*) FROM errors WHERE r = 9000;
EXPLAIN (ANALYZE) INSERT INTO onboard.intake (upload_id, row_number) VALUES (:'c', 9000) \g /dev/null
SELECT count(*) FROM errors WHERE r = 9000;
EXPLAIN (COSTS OFF) SELECT * FROM onboard.intake; -- ERROR
DROP VIEW stored, errors, counts;
DROP FUNCTION load, remains;
