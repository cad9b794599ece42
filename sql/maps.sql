-- Column maps: storing them, the document for clients, freezing it for an upload; rows with the vendor's own cells.
\set SHOW_CONTEXT never
\pset format unaligned
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes) VALUES
	('MAP-1', 'Map one', 'one@map.example', '{insert,upsert,update}'), ('MAP-2', 'Map two', 'two@map.example', '{insert}');

-- Each change adds a version, and so does removing the map.
SELECT onboard_set_map('MAP-1', 'shop', E'sku = "Variant SKU"\n');
SELECT onboard_set_map('MAP-1', 'shop', E'sku = "Variant SKU"\n');
SELECT onboard_set_map('MAP-1', 'shop', E'# shop\nsku = "Variant SKU" | upper\n');
SELECT onboard_set_map('MAP-1', 'erp', 'price = "Preis" | decimal_comma');
SELECT onboard_remove_map('MAP-1', 'erp'), onboard_remove_map('MAP-1', 'erp') AS again, onboard_remove_map('MAP-1', 'no')
	AS never;
SELECT onboard_map('MAP-1', 'erp'); -- ERROR
SELECT onboard_set_map('MAP-1', 'erp', 'price = "Preis" | decimal_comma');
SELECT map_name, version, definition, created_by = session_user AS own FROM onboard.column_maps WHERE vendor_id = 'MAP-1'
	ORDER BY 1, 2;
SELECT map_name, version, is_preset, is_default, updated_at IS NOT NULL AS dated FROM onboard_maps('MAP-1') WHERE NOT is_preset;
SELECT count(*) FROM onboard_maps('MAP-2') WHERE NOT is_preset;
-- Settings are enough for a map: they say how to read a file.
SELECT onboard_set_map('MAP-2', 'settings', 'encoding windows-1252'), onboard_remove_map('MAP-2', 'settings');
-- Mistakes
SELECT onboard_set_map('MAP-1', 'shop', E'\nskew = "X"'); -- ERROR
SELECT onboard_set_map('MAP-1', 'shop', NULL); -- ERROR
SELECT onboard_set_map('MAP-1', 'shop', ''); -- ERROR
SELECT onboard_set_map('MAP-1', 'shop', E'# sku = "S"\n\t\r\n \n# shop'); -- ERROR
SELECT onboard_set_map('MAP-1', 'none', ''); -- ERROR
SELECT onboard_set_map('MAP-1', 'a b', ''); -- ERROR
SELECT onboard_set_map('MAP-1', NULL, ''); -- ERROR
SELECT onboard_set_map('MAP-1', 'shop', repeat('#', 65537)); -- ERROR
SELECT onboard_set_map('MAP-9', 'shop', 'sku = "S"'); -- ERROR
SELECT onboard_remove_map('MAP-9', 'shop'); -- ERROR
SELECT onboard_set_default_map('MAP-9', 'shop'); -- ERROR
SELECT onboard_set_default_map('MAP-2', 'shop'); -- ERROR
SELECT * FROM onboard_maps('MAP-9'); -- ERROR
SELECT onboard_map('MAP-9'); -- ERROR
SELECT onboard_map(NULL); -- ERROR

-- The default map
SELECT onboard_map('MAP-1') IS NULL AS none;
SELECT onboard_set_default_map('MAP-1', 'shop');
SELECT map_name FROM onboard_maps('MAP-1') WHERE is_default;
SELECT onboard_map('MAP-1') = onboard_map('MAP-1', 'shop') AS same;
SELECT onboard_remove_map('MAP-1', 'shop'); -- ERROR
SELECT onboard_set_default_map('MAP-1', NULL);
SELECT onboard_map('MAP-1') IS NULL AS none;

-- A preset is for every vendor that has no map of its own with the same name.
INSERT INTO onboard.shipped_maps VALUES ('map-preset', 'A preset', 'nothing', 'sku = "Item"');
SELECT onboard_map('MAP-2', 'map-preset') - 'hash';
SELECT map_name, version, is_preset, is_default, description, needs, updated_at, definition, missing_rates
	FROM onboard_maps('MAP-2') WHERE map_name = 'map-preset';
SELECT onboard_set_default_map('MAP-2', 'map-preset');
SELECT onboard_set_map('MAP-2', 'map-preset', 'sku = "Own"');
SELECT onboard_map('MAP-2') ->> 'definition' AS definition;
SELECT map_name, is_preset, is_default, definition FROM onboard_maps('MAP-2') WHERE map_name = 'map-preset';
SELECT onboard_set_default_map('MAP-2', NULL);
SELECT onboard_remove_map('MAP-2', 'map-preset');
SELECT onboard_map('MAP-2', 'map-preset') ->> 'is_preset' AS preset;

-- The document has what the definition refers to, and nothing else.
SELECT onboard_set_map('MAP-1', 'full', E'category = "Type" | values(categories) | values(more) | category_path\n'
	'price = "Price" | exchange(USD, EUR)\ncompare_at_price = "Old" | exchange(USD, EUR) | exchange(EUR, GBP)\n'
	'unit = "Unit" | values(categories)');
SELECT missing_rates FROM onboard_maps('MAP-1') WHERE map_name = 'full';
SELECT onboard_set_map_values('MAP-1', 'categories', '{"shoes": "Clothing", "": "Books"}');
SELECT onboard_set_map_values('MAP-1', 'unused', '{"a": "b"}');
SELECT onboard_set_map_values('MAP-2', 'more', '{"other": "vendor"}');
SELECT onboard_set_exchange_rate('USD', 'EUR', 0.9, '2026-01-01');
SELECT onboard_set_exchange_rate('USD', 'EUR', 0.950, '2026-01-03');
SELECT onboard_set_exchange_rate('USD', 'EUR', 0.91, '2026-01-02');
SELECT onboard_set_exchange_rate('GBP', 'EUR', 1.2);
SELECT d - ARRAY['hash', 'definition', 'categories'] AS document, jsonb_array_length(d -> 'categories') >= 20 AS categories,
	d ->> 'hash' ~ '^[0-9a-f]{64}$' AS hash FROM onboard_map('MAP-1', 'full') d;
SELECT onboard_map('MAP-1', 'shop') ? 'categories' AS categories, onboard_map('MAP-1', 'shop') -> 'rates' AS rates;

-- The hash covers what the document has, but neither the name nor the version.
CREATE FUNCTION hash() RETURNS text LANGUAGE sql AS $$ SELECT onboard_map('MAP-1', 'full') ->> 'hash' $$;
SELECT hash() AS h \gset
SELECT onboard_set_map('MAP-1', 'copy', onboard_map('MAP-1', 'full') ->> 'definition');
SELECT onboard_map('MAP-1', 'copy') ->> 'hash' = :'h' AS same;
SET "TimeZone" = 'Pacific/Chatham';
SET "DateStyle" = 'SQL, DMY';
SELECT hash() = :'h' AS same;
RESET "TimeZone";
RESET "DateStyle";
BEGIN;
SELECT onboard_set_exchange_rate('USD', 'EUR', 0.95, '2026-01-04');
SELECT hash() <> :'h' AS rate;
ROLLBACK;
BEGIN;
SELECT onboard_set_map_values('MAP-1', 'more', '{"a": "b"}');
SELECT hash() <> :'h' AS list;
ROLLBACK;
BEGIN;
UPDATE onboard.product_categories SET is_active = false WHERE category_name = 'Books';
SELECT hash() <> :'h' AS categories;
ROLLBACK;
BEGIN;
SELECT onboard_set_map('MAP-1', 'full', (onboard_map('MAP-1', 'full') ->> 'definition') || E'\n#');
SELECT hash() <> :'h' AS definition;
ROLLBACK;
SELECT hash() = :'h' AS same;

-- Invalid lists and rates
SELECT onboard_set_map_values('MAP-1', 'l', '["a"]'); -- ERROR
SELECT onboard_set_map_values('MAP-1', 'l', '{"a": 1}'); -- ERROR
SELECT onboard_set_map_values('MAP-1', 'l', '{"a": {"b": "c"}}'); -- ERROR
SELECT onboard_set_map_values('MAP-1', 'a b', '{}'); -- ERROR
SELECT onboard_set_map_values('MAP-1', 'l', jsonb_build_object(repeat('é', 1001), 'a')); -- ERROR
SELECT onboard_set_map_values('MAP-1', 'l', jsonb_build_object('a', repeat('x', 1001))); -- ERROR
SELECT onboard_set_map_values('MAP-1', 'l', (SELECT jsonb_object_agg(n, '') FROM generate_series(1, 100001) n)); -- ERROR
SELECT onboard_set_map_values('MAP-1', 'l', (SELECT jsonb_object_agg(n, repeat('x', 1000)) FROM generate_series(1,
	17000) n)); -- ERROR
SELECT onboard_set_map_values('MAP-9', 'l', '{}'); -- ERROR
SELECT onboard_set_map_values('MAP-1', 'l', jsonb_build_object(repeat('é', 1000), repeat('x', 1000))) AS longest;
SELECT onboard_set_map_values('MAP-1', 'l', (SELECT jsonb_object_agg(n, '') FROM generate_series(1, 100000) n)) AS most;
SELECT onboard_set_map_values('MAP-1', 'l', '{}') AS empty, onboard_set_map_values('MAP-1', 'l', NULL) AS removed;
SELECT list_name, pairs FROM onboard.map_values WHERE vendor_id = 'MAP-1' ORDER BY 1;
SELECT onboard_set_exchange_rate('usd', 'EUR', 1); -- ERROR
SELECT onboard_set_exchange_rate('EUR', 'EUR', 1); -- ERROR
SELECT onboard_set_exchange_rate('EUR', NULL, 1); -- ERROR
SELECT onboard_set_exchange_rate('EUR', 'USD', 0); -- ERROR
SELECT onboard_set_exchange_rate('EUR', 'USD', 'NaN'); -- ERROR
SELECT onboard_set_exchange_rate('EUR', 'USD', 1.0000000001); -- ERROR
SELECT onboard_set_exchange_rate('EUR', 'USD', 1, CURRENT_DATE + 3); -- ERROR

-- Beginning an upload keeps the map as it is.
SELECT onboard_begin_upload('MAP-1', 'a.csv', content_id => 'a', map_name => 'full', map_hash => :'h'); -- ERROR
SELECT onboard_set_exchange_rate('EUR', 'GBP', 0.8);
SELECT onboard_begin_upload('MAP-1', 'a.csv', content_id => 'a', map_name => 'full', map_hash => :'h'); -- ERROR
\echo :SQLSTATE
SELECT count(*) FROM onboard.upload_history WHERE vendor_id = 'MAP-1';
SELECT onboard_begin_upload('MAP-1', 'a.csv', content_id => 'a', map_name => 'no'); -- ERROR
SELECT onboard_begin_upload('MAP-1', 'a.csv', content_id => 'a', map_hash => hash()); -- ERROR
SELECT onboard_begin_upload('MAP-2', 'a.csv', content_id => 'a', map_name => 'full', map_hash => hash()); -- ERROR
SELECT onboard_begin_upload('MAP-1', 'a.csv', content_id => 'a', map_name => 'full', map_hash => hash()) AS a \gset
SELECT map_name, map_version, map_hash = hash() AS hash FROM onboard.upload_history WHERE upload_id = :'a';
SELECT onboard_map('MAP-1', 'full') AS document \gset
SELECT onboard_upload_map(:'a') = :'document' AS frozen;
SELECT onboard_set_map_values('MAP-1', 'categories', '{}');
SELECT onboard_set_map('MAP-1', 'full', 'sku = "S"');
SELECT onboard_remove_map('MAP-1', 'full');
SELECT onboard_upload_map(:'a') = :'document' AS frozen;
-- The same file again is the same upload, even if the map has changed.
SELECT onboard_begin_upload('MAP-1', 'a.csv', content_id => 'a', map_name => 'full', map_hash => repeat('0', 64)) = :'a' AS same;
SELECT onboard_begin_upload('MAP-1', 'a.csv', content_id => 'a', map_name => 'shop', map_hash => repeat('0', 64)) = :'a' AS same;
-- Without a hash, the map as it is now; the same document is kept once, with the name of each upload.
SELECT onboard_begin_upload('MAP-1', 'b.csv', content_id => 'b', map_name => 'copy') AS b \gset
SELECT onboard_set_map('MAP-1', 'copy2', onboard_map('MAP-1', 'copy') ->> 'definition');
SELECT onboard_begin_upload('MAP-1', 'c.csv', content_id => 'c', map_name => 'copy2') AS c \gset
SELECT d ->> 'name', d ->> 'version', d ->> 'hash' = onboard_map('MAP-1', 'copy') ->> 'hash' AS hash
	FROM unnest(ARRAY[onboard_upload_map(:'b'), onboard_upload_map(:'c')]) d;
SELECT count(*) FROM onboard.frozen_maps WHERE vendor_id = 'MAP-1';
SELECT onboard_begin_upload('MAP-1', 'd.csv', content_id => 'd', map_name => 'map-preset') AS d \gset
SELECT map_version, onboard_upload_map(upload_id) -> 'is_preset' FROM onboard.upload_history WHERE upload_id = :'d';
SELECT onboard_begin_upload('MAP-1', 'e.csv', content_id => 'e') AS e \gset
SELECT onboard_upload_map(:'e') IS NULL AS none, onboard_upload_status(:'e') -> 'map' AS map;
SELECT onboard_upload_map('no'); -- ERROR

-- Tenants: a vendor reads its own maps, an operator writes, a loader reads; what belongs to another does not exist.
CREATE ROLE regress_onboard_map_vendor;
CREATE ROLE regress_onboard_map_operator;
CREATE ROLE regress_onboard_map_loader;
SELECT onboard_grant_vendor('regress_onboard_map_vendor', 'MAP-2'), onboard_grant_operator('regress_onboard_map_operator'),
	onboard_grant_loader('regress_onboard_map_loader');
SET ROLE regress_onboard_map_vendor;
SELECT count(*) FROM onboard.column_maps WHERE vendor_id = 'MAP-1';
SELECT count(*) FROM onboard.map_values WHERE vendor_id = 'MAP-1';
SELECT count(*) FROM onboard.frozen_maps WHERE vendor_id = 'MAP-1';
SELECT list_name FROM onboard.map_values;
SELECT onboard_map('MAP-1', 'shop'); -- ERROR
SELECT onboard_maps('MAP-1'); -- ERROR
SELECT onboard_upload_map(:'a'); -- ERROR
SELECT onboard_map('MAP-2', 'shop'); -- ERROR
SELECT onboard_map('MAP-2', 'map-preset') ->> 'definition' AS definition;
SELECT onboard_set_map('MAP-2', 'shop', 'sku = "S"'); -- ERROR
SELECT onboard_set_map_values('MAP-2', 'more', '{}'); -- ERROR
INSERT INTO onboard.column_maps (vendor_id, map_name, version, definition) VALUES ('MAP-2', 'x', 1, ''); -- ERROR
RESET ROLE;
-- A vendor's login tries by hand to reach what belongs to another vendor, and to write what it may only read: it finds
-- nothing, writes nothing, and no error shows what is there.
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS found = ROW_COUNT;
	RETURN found || ' rows';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION shout(value text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'seen: %', value;
	RETURN true;
END $$;
CREATE ROLE regress_onboard_map_rival;
GRANT EXECUTE ON FUNCTION outcome(text), shout(text) TO regress_onboard_map_rival;
SELECT onboard_grant_vendor('regress_onboard_map_rival', 'MAP-1');
SELECT onboard_set_map('MAP-2', 'theirs', 'sku = "Secret"'), onboard_set_map_values('MAP-2', 'theirs', '{"secret": "x"}'),
	onboard_set_exchange_rate('NOK', 'EUR', 0.09);
SELECT onboard_begin_upload('MAP-2', 'theirs.csv', content_id => 'theirs', map_name => 'theirs') AS theirs,
	onboard_map('MAP-2', 'theirs') ->> 'hash' AS hash \gset
SET ROLE regress_onboard_map_rival;
SELECT (SELECT count(*) > 0 FROM onboard.column_maps) AS maps, (SELECT count(*) > 0 FROM onboard.map_values) AS lists,
	(SELECT count(*) > 0 FROM onboard.frozen_maps) AS frozen, (SELECT count(*) > 0 FROM onboard.exchange_rates) AS rates;
SELECT statement, replace(outcome(replace(replace(statement, 'UPLOAD', :'theirs'), 'HASH', :'hash')), :'theirs', 'UPLOAD')
	AS outcome FROM unnest(ARRAY[
	$$SELECT FROM onboard.column_maps WHERE vendor_id = 'MAP-2' OR definition ~ 'Secret'$$,
	$$SELECT FROM onboard.column_maps WHERE vendor_id = 'MAP-2' AND shout(definition)$$,
	$$SELECT FROM onboard.map_values WHERE vendor_id = 'MAP-2' AND shout(pairs::text)$$,
	$$SELECT FROM onboard.frozen_maps WHERE map_hash = 'HASH' AND shout(document::text)$$,
	$$SELECT FROM onboard.upload_history WHERE map_hash = 'HASH' AND shout(map_name)$$,
	$$SELECT FROM onboard.column_maps c JOIN (VALUES ('MAP-2')) v (id) ON c.vendor_id = v.id$$,
	$$SELECT onboard_map('MAP-2', 'theirs')$$,
	$$SELECT onboard_map('MAP-1', 'theirs')$$,
	$$SELECT onboard_maps('MAP-2')$$,
	$$SELECT onboard_upload_map('UPLOAD')$$,
	$$SELECT FROM onboard.newest_map('MAP-2', 'theirs') n WHERE (n.version, n.definition) IS DISTINCT FROM (NULL, NULL)$$,
	$$SELECT onboard.map_definition('MAP-2', 'theirs')$$,
	$$SELECT onboard.map_document('MAP-2', 'theirs')$$,
	$$SELECT onboard_set_map('MAP-2', 'theirs', '')$$,
	$$SELECT onboard_set_map('MAP-1', 'mine', '')$$,
	$$SELECT onboard_remove_map('MAP-2', 'theirs')$$,
	$$SELECT onboard_set_default_map('MAP-2', 'theirs')$$,
	$$SELECT onboard_set_map_values('MAP-2', 'theirs', NULL)$$,
	$$SELECT onboard_set_exchange_rate('NOK', 'EUR', 1)$$,
	$$SELECT onboard_begin_upload('MAP-1', 'x.csv', map_name => 'theirs')$$,
	$$INSERT INTO onboard.column_maps (vendor_id, map_name, version, definition) VALUES ('MAP-2', 'theirs', 1, '')$$,
	$$INSERT INTO onboard.map_values (vendor_id, list_name, pairs) VALUES ('MAP-2', 'theirs', '{}')$$,
	$$INSERT INTO onboard.exchange_rates (from_currency, to_currency, rate_date, rate) VALUES ('NOK', 'EUR', now(), 1)$$,
	$$INSERT INTO onboard.vendor_roles (role_name, vendor_id) VALUES (CURRENT_USER, 'MAP-2')$$,
	$$UPDATE onboard.column_maps SET vendor_id = 'MAP-1'$$,
	$$UPDATE onboard.map_values SET vendor_id = 'MAP-1'$$,
	$$UPDATE onboard.exchange_rates SET rate = 1$$,
	$$UPDATE onboard.upload_history SET map_hash = 'HASH'$$,
	$$UPDATE onboard.vendors SET default_map = 'theirs'$$,
	$$DELETE FROM onboard.column_maps$$,
	$$DELETE FROM onboard.map_values$$,
	$$DELETE FROM onboard.frozen_maps$$,
	$$DELETE FROM onboard.exchange_rates$$,
	$$MERGE INTO onboard.map_values m USING (VALUES (1)) v ON m.vendor_id = 'MAP-2' WHEN MATCHED THEN DELETE$$,
	$$SELECT FROM onboard.column_maps FOR UPDATE$$,
	$$TRUNCATE onboard.map_values$$,
	$$ALTER TABLE onboard.map_values DISABLE ROW LEVEL SECURITY$$,
	$$SET row_security = off; SELECT FROM onboard.column_maps$$]) WITH ORDINALITY u (statement, position) ORDER BY position;
RESET row_security;
RESET ROLE;
SELECT onboard_map('MAP-2', 'theirs') ->> 'definition' AS definition,
	(SELECT pairs FROM onboard.map_values WHERE (vendor_id, list_name) = ('MAP-2', 'theirs')) AS pairs,
	(SELECT rate FROM onboard.exchange_rates WHERE from_currency = 'NOK') AS rate;
SELECT onboard_remove_map('MAP-2', 'theirs'), onboard_set_map_values('MAP-2', 'theirs', NULL);
DELETE FROM onboard.exchange_rates WHERE from_currency = 'NOK';
DROP FUNCTION outcome(text), shout(text);
-- An operator role that is confined to a vendor cannot write maps.
SELECT onboard_grant_operator('regress_onboard_map_vendor');
SET ROLE regress_onboard_map_vendor;
SELECT onboard_set_map('MAP-1', 'shop', 'sku = "S"'); -- ERROR
SELECT onboard_set_map('MAP-2', 'shop', 'sku = "S"'); -- ERROR
SELECT onboard_set_map_values('MAP-2', 'more', '{}'); -- ERROR
SELECT onboard_set_default_map('MAP-2', 'map-preset'); -- ERROR
SET ROLE regress_onboard_map_operator;
SELECT onboard_set_map('MAP-2', 'own', 'sku = "S"'), onboard_set_map_values('MAP-2', 'more', '{"x": "y"}'),
	onboard_set_exchange_rate('CHF', 'EUR', 1.05), onboard_set_default_map('MAP-2', 'own');
SELECT onboard_map('MAP-2') ->> 'definition' AS definition;
SELECT onboard_set_default_map('MAP-2', NULL), onboard_remove_map('MAP-2', 'own'), onboard_set_map_values('MAP-2', 'more', NULL);
UPDATE onboard.column_maps SET definition = ''; -- ERROR
DELETE FROM onboard.column_maps; -- ERROR
SET ROLE regress_onboard_map_loader;
SELECT onboard_map('MAP-1', 'shop') ->> 'version' AS version, onboard_upload_map(:'a') = :'document' AS frozen;
SELECT onboard_set_map('MAP-1', 'shop', 'sku = "S"'); -- ERROR
SELECT onboard_begin_upload('MAP-2', 'a.csv', map_name => 'shop'); -- ERROR
RESET ROLE;

-- Rows with the vendor's cells: judged by their values, recorded as the vendor wrote them
SELECT onboard_begin_upload('MAP-1', 'cells.csv', content_id => 'cells', total_records => 10, metadata => '{"delimiter": ";",
	"header": ["Variant SKU", "ID", "Name", " Variant\nPrice ", "Type", "Stock", "Colour", "Tags"],
	"keys": ["sku", "vendor_product_id", "product_name", "price", "category", "stock_quantity", "Colour", "Tags"],
	"converted": ["price", "sku"], "skipped_rows": 12}') AS u \gset
CREATE VIEW errors AS SELECT row_number, error_type, error_field, error_message, rejected_value, suggestion, original_data
	FROM onboard.validation_errors JOIN onboard.upload_history USING (upload_id) WHERE file_name = 'cells.csv'
	ORDER BY row_number, error_id;
CREATE TABLE rows (row_number bigint, line_number bigint, sku text, vendor_product_id text, product_name text, category text,
	price text, stock_quantity text, attributes jsonb, key_memo text, source_cells jsonb);
INSERT INTO rows VALUES
	(1, 2, 'MAP-A', '1', 'A', 'Books', '12.50', '1', '{"Colour": "red"}', NULL, '{"price": "12,50 EUR", "Tags": "x"}'),
	(2, 3, 'MAP-B', '2', 'B', 'Bokos', '1,5', '1', '{"Colour": "blue"}', NULL,
		'{"price": "1,5 EUR", "category": "Home > Bokos", "Colour": "BLUE", "Tags": "=1+1", "sku": "map-b"}'),
	(3, 4, 'MAP-C', '3', 'C', 'Books', '', '1', NULL, NULL, '{"price": " "}'),
	-- The second one waits for the first.
	(4, 5, 'MAP-A', '4', 'A', 'Books', '1', '1', '{"Colour": "red"}', NULL, '{"sku": "map-a", "price": "1 EUR"}');
INSERT INTO onboard.intake (upload_id, row_number, line_number, sku, vendor_product_id, product_name, category, price,
	stock_quantity, attributes, key_memo, source_cells) SELECT :'u', r.* FROM rows r ORDER BY 1;
SELECT sku, price, attributes FROM onboard.products WHERE upload_id = :'u';
SELECT * FROM errors;
-- The same through onboard_ingest, the dry runs, and the plain path
CREATE FUNCTION rejected(errors jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_path_query_array(errors, '$[*].rejected_value') $$;
SELECT jsonb_agg(jsonb_build_object('row_number', row_number + 1000, 'line_number', line_number,
	'product', to_jsonb(r) - ARRAY['row_number', 'line_number', 'attributes',
		'key_memo', 'source_cells'] || coalesce(attributes, '{}'),
	'source_cells', source_cells) ORDER BY row_number) AS records FROM rows r \gset
SELECT onboard_begin_upload('MAP-2', 'cells2.csv', content_id => 'cells2') AS v \gset
SELECT row_number, status, rejected(errors) FROM onboard_check('MAP-2', :'records');
SELECT row_number, status, rejected(errors) FROM onboard_diff('MAP-1', :'records', 'upsert');
SET onboard.load_path = 'plain';
SELECT row_number, status, rejected(errors) FROM onboard_ingest(:'v', :'records');
RESET onboard.load_path;
-- Verdicts that are delivered again show the same.
SELECT row_number, status, rejected(errors) FROM onboard_ingest(:'v', :'records');
SELECT row_number, error_field, rejected_value, original_data FROM onboard.validation_errors WHERE upload_id = :'v'
	ORDER BY 1, error_id;
-- COPY, as text and in binary
\set file `mktemp`
\setenv FILE :file
CREATE TABLE sent AS SELECT :'u' AS upload_id, n::bigint AS row_number, 'X' AS sku, 'x' AS price, '{"price": "x EUR"}'::json
	AS source_cells
	FROM generate_series(5, 6) n;
COPY (SELECT * FROM sent WHERE row_number = 5) TO STDOUT \g :file
SELECT format(E'\\copy onboard.intake (upload_id, row_number, sku, price, source_cells) FROM %L', :'file') AS copy \gset
:copy
COPY (SELECT * FROM sent WHERE row_number = 6) TO STDOUT (FORMAT binary) \g :file
:copy (FORMAT binary)
\! rm "$FILE"
SELECT row_number, error_field, rejected_value, original_data FROM errors WHERE row_number IN (5, 6) AND error_field = 'price';
DROP TABLE sent;

-- A memo of keys remembers what the vendor wrote, before the map made another key of it.
SELECT onboard_begin_upload('MAP-2', 'memo.csv') AS m \gset
SELECT status FROM onboard_ingest(:'m', '[{"row_number": 1, "product": {"sku": "M00017", "vendor_product_id": "17"},
	"source_cells": {"sku": "00017"}}]');
SELECT split_part(line, ',', -1) AS memo FROM onboard_fix_csv(:'m') line LIMIT 1 OFFSET 1 \gset
INSERT INTO onboard.intake (upload_id, row_number, line_number, sku, vendor_product_id, product_name, category, price,
	stock_quantity, key_memo, source_cells) VALUES (:'u', 7, 8, 'M17', '17', 'C', 'Books', '1', '1', :'memo', '{"sku": "17"}'),
	(:'u', 8, 9, 'M00017', '17', 'C', 'Books', '1', '1', :'memo', '{"sku": "00017"}');
SELECT error_type, error_field, error_message, rejected_value, suggestion, original_data ->> 'sku' AS sku FROM errors
	WHERE row_number = 7;
SELECT sku FROM onboard.products WHERE upload_id = :'u' AND row_number = 8;

-- Cells count as part of the row, and are judged like attributes.
INSERT INTO onboard.intake (upload_id, row_number, sku, source_cells) VALUES
	(:'u', 9, 'X', jsonb_build_object('Tags', repeat('x', 65537))),
	(:'u', 10, 'X', jsonb_build_object('Tags', E'K\uFFFDche'));
SELECT row_number, error_type, error_field, error_message, rejected_value, length(original_data ->> 'Tags') FROM errors
	WHERE row_number > 8;
SELECT onboard_begin_upload('MAP-2', 'caps.csv', content_id => 'caps') AS w \gset
SELECT row_number, errors -> 0 ->> 'error_type' AS error, errors -> 0 ->> 'error_message' AS message
	FROM onboard_ingest(:'w', jsonb_build_array(
	jsonb_build_object('row_number', 1, 'product', jsonb_build_object('description', repeat('x', 65536)), 'source_cells',
		(SELECT jsonb_object_agg('c' || n, repeat('x', 65000)) FROM generate_series(1, 3) n)),
	jsonb_build_object('row_number', 2, 'product', '{}'::jsonb, 'source_cells',
		(SELECT jsonb_object_agg('c' || n, '') FROM generate_series(1, 60000) n)),
	jsonb_build_object('row_number', 3, 'product', '{}'::jsonb, 'source_cells', jsonb_build_object(repeat('n', 65537), '')),
	jsonb_build_object('row_number', 4, 'product', '"x"'::jsonb, 'source_cells', '{"price": "1"}'::jsonb),
	jsonb_build_object('row_number', 5, 'defect', '{"error_type": "EMPTY_ROW", "raw": ",,"}'::jsonb, 'source_cells',
	'{"price": "1"}'::jsonb)));
SELECT row_number, octet_length(original_data::text) < 300000 AS small, left(original_data::text, 30)
	FROM onboard.validation_errors
	WHERE upload_id = :'w' AND row_number <> 2 ORDER BY 1;
-- A value that is not an object of strings is a mistake of the client.
INSERT INTO onboard.intake (upload_id, row_number, source_cells) VALUES (:'w', 9, '["price"]'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, source_cells) VALUES (:'w', 9, '"price"'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, source_cells) VALUES (:'w', 9, '{"price": 1}'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, source_cells) VALUES (:'w', 9, '{"price": null}'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, source_cells) VALUES (:'w', 9, '{"price": {}}'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, source_cells) VALUES (:'w', 9, '[{"price": "1"}]'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, source_cells) VALUES (:'w', 9, '{"price": "\u0000"}'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, source_cells) VALUES (:'w', 9, '{"price": "\udead"}'); -- ERROR
SELECT count(*) FROM onboard_ingest(:'w', '[{"row_number": 9, "product": {}, "source_cells": "price"}]'); -- ERROR
SELECT count(*) FROM onboard_ingest(:'w', '[{"row_number": 9, "product": {}, "source_cells": ["price"]}]'); -- ERROR
SELECT count(*) FROM onboard_ingest(:'w', '[{"row_number": 9, "product": {}, "source_cells": {"price": {"a": "b"}}}]'); -- ERROR
SELECT count(*) FROM onboard_check('MAP-1', '[{"row_number": 9, "product": {}, "source_cells": {"price": 1}}]'); -- ERROR
SELECT status FROM onboard_ingest(:'w', '[{"row_number": 9, "product": {}, "source_cells": null}]');

-- JSON may stay as it came while a row is valid, but means the same as jsonb: of equal keys, the last one counts.
SELECT onboard_begin_upload('MAP-2', 'json.csv', content_id => 'json') AS j \gset
INSERT INTO onboard.intake (upload_id, row_number, sku, price, source_cells) VALUES
	(:'j', 1, 'X', 'x', '{"price": "y", "price": "x EUR"}'),
	(:'j', 2, 'X', 'x', '{"price": 1, "price": "x \u20ac", "a\u0062": "\"\\\/"}'),
	(:'j', 3, 'X', 'x', E' {\n\t"price" : "x\\\\u0000 \\"{[1,null]}" ,\r "" : "" }\n'),
	(:'j', 4, 'X', 'x', '{}'),
	(:'j', 5, 'X', 'x', '{"price": "\ufffd", "price": "x EUR"}'),
	(:'j', 6, 'X', 'x', '{"price": "x EUR", "price": "\ufffd"}'),
	(:'j', 7, 'X', 'x', E'{"\uFFFD": "x EUR"}');
SELECT row_number, error_type, rejected_value, original_data FROM onboard.validation_errors WHERE upload_id = :'j'
	AND error_field IS NOT DISTINCT FROM CASE WHEN row_number < 6 THEN 'price' END ORDER BY 1;
-- One byte more than a record may have
INSERT INTO onboard.intake (upload_id, row_number, sku, product_name, description, attributes, source_cells)
	SELECT :'j', n, 'X', repeat('n', 500), repeat('d', 65536), jsonb_build_object('a', repeat('a', 65536), 'b',
		repeat('b', 65536)), jsonb_build_object('Tags', repeat('x', 262144 - 3 * 65536 - 500 - 4 - 3 + n - 8))
	FROM generate_series(8, 9) n;
SELECT row_number, error_type, error_message FROM onboard.validation_errors WHERE upload_id = :'j' AND row_number > 7
	AND error_type <> 'MISSING_REQUIRED_FIELDS' ORDER BY 1, 2;

-- Reports name the vendor's headings, and suggest nothing for a column that is converted.
SELECT replace(line, :'u', 'UPLOAD') AS line FROM onboard_error_csv(:'u') line;
SELECT left(line, 400) AS line FROM onboard_fix_csv(:'u') line;
SELECT left(line, 60) AS line FROM onboard_fixed_csv(:'u') line;
SELECT row_number, notes[1:8] FROM onboard_rejected_rows(:'u') WHERE row_number IN (2, 3);
SELECT * FROM onboard_error_summary(:'u');
SELECT split_part(body, E'\n\nUpload', 1) AS body FROM onboard_notification(:'u');
SELECT split_part(body, E'\n\n', 1) AS body FROM onboard_notification(:'u', NULL, NULL, NULL, language => 'de');
SELECT onboard_upload_status(:'u') -> 'skipped_rows' AS skipped;
-- Clients write metadata: whatever it is, reports work.
CREATE FUNCTION first_error(metadata jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	id text := onboard_begin_upload('MAP-2', 'odd.csv', metadata => first_error.metadata);
BEGIN
	PERFORM onboard_ingest(id, '[{"row_number": 1, "product": {"vendor_product_id": "1", "product_name": "P",
		"category": "Books", "sku": "S", "price": "$1.00", "stock_quantity": "1"}}]');
	RETURN (SELECT format('%s|%s|%s|%s', s.error_field, s.suggestion, onboard_upload_status(id) -> 'skipped_rows',
		(SELECT left(string_agg(line, ' '), 40) FROM onboard_fix_csv(id) line)) FROM onboard_error_summary(id) s);
END $$;
SELECT first_error(m) FROM unnest(ARRAY['{}', '{"keys": ["price"]}', '{"keys": ["price"], "header": []}',
	'{"keys": "price", "header": ["P"]}',
	'{"keys": [null, 7, {"a": 1}, "price"], "header": ["A", "B", "C"]}', '{"keys": ["price"], "header": [7]}',
	'{"keys": ["price"], "header": ["   "]}',
	'{"keys": {"price": 1}, "header": {"P": 1}, "converted": "price", "skipped_rows": "many"}',
	'{"keys": ["price"], "header": ["P\u0007x"], "converted": [1, "price"], "skipped_rows": -1}',
	'{"skipped_rows": 1.5}', '{"skipped_rows": 1e300}',
	'{"keys": ["x", "price", "price"], "header": ["a", "b", "c"], "skipped_rows": 3}',
	'{"keys": null, "converted": null, "skipped_rows": null}']::jsonb[]) m;

-- Two of our columns share one of the vendor's: the second has no cell of its own.
SELECT onboard_begin_upload('MAP-2', 'twice.csv', total_records => 2, metadata => '{"header": ["Code", "Price"],
	"keys": ["sku", "price"], "sources": {"vendor_product_id": "Code", "unit": "No", "brand": 7},
	"converted": ["vendor_product_id"]}') AS t \gset
SELECT status FROM onboard_ingest(:'t', jsonb_build_array(
	jsonb_build_object('row_number', 1, 'product', '{"sku": "17", "vendor_product_id": "P17"}'::jsonb, 'key_memo', :'memo'),
	jsonb_build_object('row_number', 2, 'product', '{"sku": "A\u200bB", "vendor_product_id": "PA\u200bB",
	"unit": "far longer than a unit"}'::jsonb)));
SELECT error_type, error_field, suggestion FROM onboard_error_summary(:'t') WHERE error_type <> 'MISSING_REQUIRED_FIELDS'
	ORDER BY 1, 3;
SELECT row_number, notes[1] FROM onboard_rejected_rows(:'t') WHERE row_number > 0;
SELECT split_part(line, ',', 1) AS code FROM onboard_fixed_csv(:'t') line;

-- A held row is applied as it was judged, and keeps the vendor's cells.
SELECT onboard_begin_upload('MAP-1', 'prices.csv', content_id => 'prices', mode => 'update', total_records => 2) AS h \gset
SELECT status, action FROM onboard_ingest(:'h', '[{"row_number": 1, "product": {"vendor_product_id": "1", "price": "99.00",
		"Colour": "green"}, "action": "update",
	"source_cells": {"price": "99,00 EUR", "Colour": "GREEN", "onboard_action": "aendern", "Tags": "x"}}]');
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, price, source_cells)
	VALUES (:'h', 2, '17', '100.00', '{"price": "100,00 EUR", "Tags": "y"}');
SELECT input, source_cells FROM onboard.held_rows WHERE upload_id = :'h' ORDER BY row_number;
SELECT outcome, reason FROM onboard_approve_rows(:'h');
SELECT price, attributes FROM onboard.products WHERE sku = 'MAP-A';
-- The action as the vendor wrote it, under its own heading
SELECT onboard_begin_upload('MAP-1', 'actions.csv', content_id => 'actions', mode => 'update', total_records => 2,
	metadata => '{"header": ["ID", "update-delete"], "keys": ["vendor_product_id", "onboard_action"], "delimiter": ";"}')
	AS i \gset
SELECT errors -> 0 ->> 'error_type' AS error, errors -> 0 ->> 'rejected_value' AS rejected FROM onboard_ingest(:'i',
	'[{"row_number": 1, "product": {"vendor_product_id": "1"}, "action": "erase", "source_cells": {"onboard_action": "tilgen"}},
	{"row_number": 2, "product": {"vendor_product_id": "none"}, "source_cells": {"vendor_product_id": "NONE"}}]');
SELECT row_number, error_type, error_field, error_message, rejected_value, original_data FROM onboard.validation_errors
	WHERE upload_id = :'i' ORDER BY 1, error_id;
SELECT * FROM onboard_error_csv(:'i');
SELECT * FROM onboard_fix_csv(:'i');
SELECT row_number, notes[1:2] FROM onboard_rejected_rows(:'i') WHERE row_number > 0;
SELECT error_type, error_field, error_message FROM onboard_error_summary(:'i');
SELECT split_part(split_part(body, E'\n\n', 2), E'\n\nPlease', 1) AS causes FROM onboard_notification(:'i');
-- A heading that also feeds another column
SELECT error_field, error_message FROM onboard.validation_errors e CROSS JOIN LATERAL (SELECT
	onboard.vendor_heading(m, e.error_field), onboard.vendor_message(m, e.error_field, e.error_message)
	FROM (VALUES ('{"header": ["Mode"], "keys": ["unit"], "sources": {"onboard_action": "Mode"}}'::jsonb)) v (m))
	AS s (heading, message) WHERE e.upload_id = :'i' AND e.error_field = 'onboard_action' AND
	(s.heading, s.message) = ('Mode', 'Mode "erase" is neither update nor delete; the file has "tilgen"');

-- A vendor is deleted with its maps.
DROP OWNED BY regress_onboard_map_vendor, regress_onboard_map_rival, regress_onboard_map_operator, regress_onboard_map_loader;
DELETE FROM onboard.vendor_roles WHERE role_name LIKE 'regress\_onboard\_map%';
DROP ROLE regress_onboard_map_vendor, regress_onboard_map_rival, regress_onboard_map_operator, regress_onboard_map_loader;
DELETE FROM onboard.products WHERE vendor_id LIKE 'MAP-%';
DELETE FROM onboard.product_changes WHERE vendor_id LIKE 'MAP-%';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'MAP-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'MAP-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'MAP-%';
SELECT (SELECT count(*) FROM onboard.column_maps WHERE vendor_id LIKE 'MAP-%') AS maps,
	(SELECT count(*) FROM onboard.map_values WHERE vendor_id LIKE 'MAP-%') AS lists,
	(SELECT count(*) FROM onboard.frozen_maps WHERE vendor_id LIKE 'MAP-%') AS frozen;
DELETE FROM onboard.shipped_maps WHERE map_name = 'map-preset';
DELETE FROM onboard.exchange_rates;
DROP FUNCTION hash, rejected, first_error;
DROP VIEW errors;
DROP TABLE rows;
