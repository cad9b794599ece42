-- Duplicates within an upload and against the catalogue: whatever the window, the path
-- and the door, the verdicts are those of judging row by row.
\set SHOW_CONTEXT never
\pset format unaligned
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('DUP-1', 'Duplicates one', 'one@dup.example'),
	('DUP-2', 'Duplicates two', 'two@dup.example');
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	SELECT v, p, 'Lamp', 'Books', 'DUP-' || s, 1, 1
	FROM (VALUES ('DUP-1', 'mine', 'MINE'), ('DUP-2', 'theirs', 'THEIRS'), ('DUP-1', 'gone', 'GONE'),
		('DUP-2', 'left', 'LEFT')) t (v, p, s);
DELETE FROM onboard.products WHERE sku IN ('DUP-GONE', 'DUP-LEFT');

-- Rows are written as SKU/product ID, with "!" after an invalid one. In a verdict, "+"
-- means stored; otherwise it lists the keys that are taken, with the line that won (row 1
-- is line 11).
CREATE TABLE scenarios (name text PRIMARY KEY, rows text, verdicts text);
INSERT INTO scenarios VALUES
	('the first of two wins', 'A/x A/y A/z', '+ sku=11 sku=11'),
	('both keys', 'A/x B/y A/x A/y B/x', '+ + sku=11,id=11 sku=11,id=12 sku=12,id=11'),
	('a duplicate claims nothing', 'A/x A/y B/y', '+ sku=11 +'),
	('a chain of duplicates', 'A/x A/y B/y B/z C/z C/y', '+ sku=11 + sku=13 + sku=15,id=13'),
	('every other row is a duplicate', 'A/a A/b B/b B/c C/c C/d D/d D/e E/e E/a',
		'+ sku=11 + sku=13 + sku=15 + sku=17 + sku=19,id=11'),
	('a duplicate of the catalogue does not block the next row', 'MINE/x B/x B/y C/y', 'sku=0 + sku=12 +'),
	('against the catalogue', 'MINE/a THEIRS/b A/mine B/theirs C/gone GONE/d LEFT/e D/left mine/f MINE/mine',
		'sku=0 sku=0 id=0 + + + + + + sku=0,id=0'),
	('an invalid row claims nothing', 'A/x! A/y B/x', 'bad + +'),
	('an invalid row reports its duplicates', 'A/x A/y! B/x! A/x!', '+ bad,sku=11 bad,id=11 bad,sku=11,id=11'),
	('an invalid row does not see later rows', 'A/x A/y! B/y', '+ bad,sku=11 +'),
	('nor do both of its keys', 'B/y! A/x A/y! B/y C/y!', 'bad + bad,sku=12 + bad,id=14'),
	('an invalid row does not see duplicates', 'A/x A/y B/y! B/y', '+ sku=11 bad +'),
	('an invalid row after a chain', 'A/x A/y B/y C/y! D/y! C/z B/z!',
		'+ sku=11 + bad,id=13 bad,id=13 + bad,sku=13,id=16'),
	('invalid against the catalogue', 'MINE/theirs! THEIRS/mine! GONE/gone!', 'bad,sku=0 bad,sku=0,id=0 bad'),
	('only invalid rows', 'A/x! A/x! A/x!', 'bad bad bad'),
	('an upload of duplicates', 'MINE/a MINE/b MINE/c A/c MINE/d A/d', 'sku=0 sku=0 sku=0 + sku=0 sku=14'),
	('crosswise with the catalogue', 'A/mine A/b MINE/b MINE/c B/c B/mine', 'id=0 + sku=0,id=12 sku=0 + sku=15,id=0'),
	('a SKU is not a product ID', 'x/A A/x', '+ +'),
	('case matters', 'a/X A/x a/x', '+ + sku=11,id=12'),
	('missing keys are not duplicates', '/x! /y! A/! B/! A/x B/y', 'bad bad bad bad + +');
INSERT INTO scenarios SELECT 'one key, a hundred times', string_agg('A/' || n, ' ' ORDER BY n),
	'+' || repeat(' sku=11', 99) FROM generate_series(1, 100) n;
INSERT INTO scenarios SELECT 'each pair twice, 150 rows apart', string_agg(n % 150 || '/' || n % 150, ' ' ORDER BY n),
	repeat('+ ', 150) || string_agg(format('sku=%s,id=%s', n % 150 + 11, n % 150 + 11),
		' ' ORDER BY n) FILTER (WHERE n >= 150) FROM generate_series(0, 299) n;

CREATE FUNCTION rows_of(scenario text) RETURNS TABLE (n bigint, sku text, id text, price text) LANGUAGE sql AS $$
	SELECT ord, CASE WHEN r ~ '^/' THEN '' ELSE 'DUP-' || split_part(r, '/', 1) END,
		rtrim(split_part(r, '/', 2), '!'), CASE WHEN r ~ '!' THEN 'bad' ELSE '1' END
	FROM string_to_table((SELECT rows FROM scenarios WHERE name = scenario), ' ') WITH ORDINALITY t (r, ord) $$;
-- Convert type and message of a duplicate to this notation.
CREATE FUNCTION short(type text, message text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE type WHEN 'DUPLICATE_SKU' THEN 'sku=' WHEN 'DUPLICATE_VENDOR_PRODUCT_ID' THEN 'id=' ELSE 'bad' END
		|| CASE WHEN type NOT LIKE 'DUPLICATE%' THEN '' WHEN message LIKE '%is already in the catalogue' THEN '0'
			ELSE coalesce(substring(message FROM CASE type WHEN 'DUPLICATE_SKU' THEN 'same SKU as line (\d+)$'
				ELSE 'same vendor product ID as line (\d+)$' END), '?') END $$;
-- Load a scenario, read the verdicts, and roll back.
CREATE FUNCTION load(scenario text, door text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	u text := onboard_begin_upload('DUP-1', scenario);
	got text;
BEGIN
	IF door = 'intake' THEN
		INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku,
			price, stock_quantity)
			SELECT u, n, n + 10, id, 'Lamp', 'Books', sku, price, '1' FROM rows_of(scenario) ORDER BY n;
	ELSIF door = 'single' THEN
		PERFORM onboard_ingest(u, jsonb_build_array(jsonb_build_object('row_number', n, 'line_number', n + 10,
			'product',
				jsonb_build_object('vendor_product_id', id, 'product_name', 'Lamp', 'category', 'Books', 'sku', sku,
					'price', price, 'stock_quantity', 1))))
			FROM (SELECT * FROM rows_of(scenario) ORDER BY n) r;
	ELSE
		-- The records of a call are judged in order of row_number.
		PERFORM onboard_ingest(u, (SELECT jsonb_agg(jsonb_build_object('row_number', n, 'line_number', n + 10,
			'product',
				jsonb_build_object('vendor_product_id', id, 'product_name', 'Lamp', 'category', 'Books', 'sku', sku,
					'price', price, 'stock_quantity', 1)) ORDER BY md5(n::text)) FROM rows_of(scenario)));
	END IF;
	SELECT string_agg(coalesce(e.found, p.found, 'LOST'), ' ' ORDER BY n) INTO got FROM rows_of(scenario) r
		LEFT JOIN LATERAL (SELECT string_agg(DISTINCT short(error_type, error_message), ',' ) AS found
			FROM onboard.validation_errors WHERE upload_id = u AND row_number = r.n) e ON true
		LEFT JOIN LATERAL (SELECT '+' AS found FROM onboard.products WHERE upload_id = u AND row_number = r.n
			AND sku = r.sku AND vendor_product_id = r.id) p ON true;
	SELECT got || CASE WHEN count(*) = 0 THEN '' ELSE ' ' || count(*) || ' BOTH' END INTO got
		FROM onboard.products p JOIN onboard.validation_errors e USING (upload_id, row_number) WHERE p.upload_id = u;
	RAISE EXCEPTION '%', got USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	RETURN sqlerrm;
END $$;
-- Put the words of a verdict in order; sku sorts after id and bad.
CREATE FUNCTION sorted(verdicts text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg((SELECT string_agg(w, ',' ORDER BY w) FROM string_to_table(v, ',') w), ' ' ORDER BY n)
		FROM string_to_table(verdicts, ' ') WITH ORDINALITY t (v, n) $$;
CREATE FUNCTION load_every_way() RETURNS TABLE (scenario text, ways bigint, wrong bigint, example text)
	LANGUAGE plpgsql AS $$
DECLARE
	path text;
	size int;
BEGIN
	CREATE TEMPORARY TABLE outcomes (scenario text, way text, expected text, got text);
	FOREACH path IN ARRAY ARRAY['auto', 'probe', 'plain'] LOOP
		FOREACH size IN ARRAY ARRAY[1, 2, 3, 5, 50000] LOOP
			PERFORM set_config('onboard.load_path', path, false), set_config('onboard.window_rows', size::text, false);
			INSERT INTO outcomes SELECT s.name, format('%s %s %s', path, size, door), sorted(s.verdicts),
				load(s.name, door)
				FROM scenarios s, unnest(ARRAY['intake', 'ingest', 'single']) door;
		END LOOP;
	END LOOP;
	RETURN QUERY SELECT o.scenario, count(*), count(*) FILTER (WHERE o.got IS DISTINCT FROM o.expected),
			min(o.way || ': ' || o.got) FILTER (WHERE o.got IS DISTINCT FROM o.expected)
		FROM outcomes o GROUP BY o.scenario ORDER BY o.scenario COLLATE "C";
END $$;
SELECT * FROM load_every_way();
-- The comparison detects a wrong expectation.
TRUNCATE scenarios;
DROP TABLE outcomes;
INSERT INTO scenarios VALUES ('wrong', 'A/x A/y B/y', '+ sku=11 id=12');
SELECT * FROM load_every_way();
RESET onboard.load_path;
RESET onboard.window_rows;
SELECT count(*) FROM onboard.products WHERE upload_id LIKE 'DUP-%';
SET onboard.window_rows = 0; -- ERROR
SET onboard.load_path = 'fast'; -- ERROR
\set VERBOSITY sqlstate
SET onboard.lock_wait = -1; -- ERROR
\set VERBOSITY default
SET onboard.unknown = 1; -- ERROR

-- A plain INSERT by the same session, and by an earlier command of the transaction
SELECT onboard_begin_upload('DUP-1', 'own.csv') AS u \gset
BEGIN;
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	VALUES ('DUP-1', 'own', 'Lamp', 'Books', 'DUP-OWN', 1, 1);
INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity) VALUES
	(:'u', 1, 2, 'a', 'Lamp', 'Books', 'DUP-OWN', '1', '1'), (:'u', 2, 3, 'own', 'Lamp', 'Books', 'DUP-a', '1', '1');
INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity) VALUES (:'u', 3, 4, 'b', 'Lamp', 'Books', 'DUP-b', '1', '1');
DELETE FROM onboard.products WHERE sku = 'DUP-OWN';
INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity) VALUES
	(:'u', 4, 5, 'own', 'Lamp', 'Books', 'DUP-OWN', '1', '1'), (:'u', 5, 6, 'c', 'Lamp', 'Books', 'DUP-b', '1', '1');
COMMIT;
SELECT row_number, error_message FROM onboard.validation_errors WHERE upload_id = :'u' ORDER BY row_number, error_id;
SELECT row_number, sku, vendor_product_id FROM onboard.products WHERE upload_id = :'u' ORDER BY row_number;
-- A key moves to another product: only the current state counts.
UPDATE onboard.products SET sku = 'DUP-RENAMED' WHERE sku = 'DUP-b';
INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity) VALUES
	(:'u', 6, 7, 'd', 'Lamp', 'Books', 'DUP-b', '1', '1'), (:'u', 7, 8, 'e', 'Lamp', 'Books', 'DUP-RENAMED', '1', '1');
SELECT row_number, error_message FROM onboard.validation_errors WHERE upload_id = :'u' AND row_number > 5;
SELECT valid_records, error_records FROM onboard.upload_history WHERE upload_id = :'u';
SET enable_seqscan = off;
SELECT count(*) FROM onboard.products WHERE sku >= 'DUP-' AND sku < 'DUP.';
RESET enable_seqscan;
SELECT count(*) FROM onboard.products WHERE vendor_id LIKE 'DUP-%';
DROP TABLE scenarios;
DROP FUNCTION rows_of, short, load, sorted, load_every_way;

-- Taken vendor product IDs with free SKUs: only few rows are stored and then removed.
-- test/pgtap/indexes.sql checks the indexes after the same load.
CREATE INDEX regress_of_row ON onboard.products (category, row_number) INCLUDE (product_id, upload_id);
CREATE INDEX regress_of_tuple ON onboard.products (lower(brand), product_id) WHERE stock_quantity > 1;
CREATE FUNCTION taken_back() RETURNS bigint LANGUAGE sql AS $$ SELECT value FROM onboard_statistics()
	WHERE name = 'conflicts' $$;
SELECT onboard_begin_upload('DUP-1', 'first.csv') AS u \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, brand, price,
	stock_quantity)
	SELECT :'u', n, 'T-' || n, 'Lamp', (ARRAY['Books', 'Garden', 'Toys & Games'])[n % 3 + 1], 'DUP-T' || n, 'Acme', '1',
		n % 3 FROM generate_series(1, 3000) n;
SELECT onboard_begin_upload('DUP-1', 'second.csv') AS v \gset
SELECT taken_back() AS before \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, brand, price,
	stock_quantity)
	SELECT :'v', n, CASE WHEN n > 500 AND n % 5 > 0 THEN 'T-' ELSE 'U-' END || n, 'Lamp',
		(ARRAY['Books', 'Garden', 'Toys & Games'])[n % 3 + 1], 'DUP-U' || n, 'Acme', '1', n % 3
		FROM generate_series(1, 3000) n;
SELECT taken_back() - :before BETWEEN 1 AND 600 AS few;
SELECT upload_id = :'u' AS first, valid_records, error_records FROM onboard.upload_history
	WHERE upload_id IN (:'u', :'v') ORDER BY 1 DESC;
SELECT count(*), min(error_type), max(error_type) FROM onboard.validation_errors WHERE upload_id = :'v';
-- They are probed like the shipped ones, and their entries match their rows.
SET enable_seqscan = off;
SELECT category, count(*), count(DISTINCT product_id), bool_and(sku LIKE 'DUP-U%') FROM onboard.products
	WHERE upload_id = :'v' GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM onboard.products WHERE lower(brand) = 'acme' AND stock_quantity > 1 AND upload_id = :'v';
RESET enable_seqscan;
DROP INDEX onboard.regress_of_row, onboard.regress_of_tuple;
DROP FUNCTION taken_back;
