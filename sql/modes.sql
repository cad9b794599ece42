-- Uploads that change products: modes, keys, columns, blanks, actions, and what each row records.
SET client_min_messages = warning;
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes)
	VALUES ('MOD-1', 'Mode One', 'one@modes.example', '{insert,upsert,update,replace}'),
		('MOD-2', 'Mode Two', 'two@modes.example', '{insert,upsert,update,replace}');
-- Load rows as a whole upload; each is the product of a JSON record, or has its action in "action".
CREATE FUNCTION load(mode text, rows jsonb, columns text[] DEFAULT NULL, match text DEFAULT NULL, blank text DEFAULT 'clear',
	at timestamptz DEFAULT NULL, vendor text DEFAULT 'MOD-1')
RETURNS TABLE (r bigint, action text, found text) LANGUAGE plpgsql AS $$
DECLARE
	upload text := onboard_begin_upload(vendor, 'modes.csv', mode => load.mode, columns => load.columns,
		match => load.match, blank => load.blank, source_time => load.at);
BEGIN
	RETURN QUERY SELECT i.row_number, coalesce(i.action, i.status),
			(SELECT string_agg(format('%s %s', e ->> 'error_type', e ->> 'error_message'), '; ')
				FROM jsonb_array_elements(i.errors) e)
		FROM onboard_ingest(upload, (SELECT jsonb_agg(jsonb_build_object('row_number', t.n, 'line_number', t.n + 1,
				'product', t.p - 'action', 'action', t.p -> 'action'))
			FROM jsonb_array_elements(rows) WITH ORDINALITY t (p, n))) i;
	PERFORM onboard_finish_upload(upload);
END $$;
CREATE VIEW catalogue AS SELECT vendor_id AS v, vendor_product_id AS id, sku, product_name AS name, price,
		compare_at_price AS compare, stock_quantity AS stock, unit, brand, attributes, status
	FROM onboard.products WHERE vendor_id LIKE 'MOD-_' ORDER BY 1, 2;
CREATE VIEW latest AS SELECT u.mode, u.status, u.total_records AS total, u.valid_records AS valid, u.error_records AS errors,
		u.inserted, u.updated, u.unchanged, u.stale, u.held, u.discontinued, u.unnamed_records AS unnamed
	FROM onboard.upload_history u WHERE u.vendor_id LIKE 'MOD-_' ORDER BY u.created_at DESC, u.upload_id LIMIT 1;
SELECT * FROM load('insert', '[
	{"vendor_product_id": "A", "product_name": "Lamp", "category": "Kitchen", "sku": "S-A", "price": "10", "stock_quantity": "5",
		"brand": "Acme", "compare_at_price": "12", "colour": "red", "size": "9"},
	{"vendor_product_id": "B", "product_name": "Pan", "category": "Kitchen", "sku": "S-B", "price": "20", "stock_quantity": "0",
		"unit": "box"},
	{"vendor_product_id": "C", "product_name": "Pot", "category": "Kitchen", "sku": "S-C", "price": "30", "stock_quantity": "7"},
	{"vendor_product_id": "D", "product_name": "Cup", "category": "Kitchen", "sku": "S-D", "price": "5", "stock_quantity": "7"},
	{"vendor_product_id": "Y", "product_name": "Yo-yo", "category": "Kitchen", "sku": "S-Y", "price": "5", "stock_quantity": "7",
		"action": "update"}]');
SELECT * FROM load('insert', '[
	{"vendor_product_id": "A", "product_name": "Fork", "category": "Kitchen", "sku": "T-A", "price": "1",
		"stock_quantity": "1"}]', vendor => 'MOD-2');

-- A price file changes prices, and nothing else.
SELECT * FROM load('update', '[
	{"vendor_product_id": "A", "price": "11"}, {"vendor_product_id": "B", "price": "20.00"},
	{"vendor_product_id": "X", "price": "1"},
	{"vendor_product_id": "C", "price": "x"}, {"vendor_product_id": "C", "price": "31"},
	{"vendor_product_id": " ", "price": "31"}]',
	'{vendor_product_id,price}');
SELECT * FROM latest;
SELECT * FROM catalogue;
SELECT r.row_number, p.vendor_product_id, r.action, r.columns FROM onboard.row_actions r
	JOIN onboard.products p USING (product_id) ORDER BY 1;
SELECT p.vendor_product_id, c.action, c.row_number, c.old_values, c.new_values FROM onboard.product_changes c
	JOIN onboard.products p USING (product_id) WHERE c.upload_id IS NOT NULL ORDER BY c.change_id;
-- A rule compares with the values that the product keeps; a category that was deactivated does not matter.
UPDATE onboard.product_categories SET is_active = false WHERE category_name = 'Kitchen';
SELECT * FROM load('update', '[{"vendor_product_id": "A", "price": "12.01"}, {"vendor_product_id": "B", "price": "21"}]',
	'{vendor_product_id,price}');
SELECT * FROM load('update', '[{"vendor_product_id": "A", "compare_at_price": "10.99"},
	{"vendor_product_id": "B", "compare_at_price": "29"}]',
	'{vendor_product_id,compare_at_price}');
UPDATE onboard.product_categories SET is_active = true WHERE category_name = 'Kitchen';

-- Upsert inserts and changes; a blank clears its column, but is an error in a required one; a blank unit means piece.
SELECT * FROM load('upsert', '[
	{"vendor_product_id": "A", "product_name": "Lamp", "category": "Kitchen", "sku": "S-A", "price": "11", "stock_quantity": "0",
		"brand": "", "unit": ""},
	{"vendor_product_id": "B", "product_name": "", "category": "Kitchen", "sku": "S-B", "price": "21", "stock_quantity": "3",
		"brand": "B", "unit": ""},
	{"vendor_product_id": "E", "product_name": "Jug", "category": "Kitchen", "sku": "S-E", "price": "9", "stock_quantity": "3",
		"brand": "", "unit": ""},
	{"vendor_product_id": "E", "product_name": "Jug", "category": "Kitchen", "sku": "S-E2", "price": "9", "stock_quantity": "3",
		"brand": "", "unit": ""},
	{"vendor_product_id": "F", "product_name": "Jar", "category": "Kitchen", "sku": "S-C", "price": "9", "stock_quantity": "3",
		"brand": "", "unit": ""},
	{"vendor_product_id": "C", "product_name": "Pot", "category": "Kitchen", "sku": "T-A", "price": "30", "stock_quantity": "7",
		"brand": "", "unit": ""}]',
	'{vendor_product_id,product_name,category,sku,price,stock_quantity,brand,unit}');
SELECT * FROM latest;
SELECT * FROM catalogue;
-- blank = keep keeps the stored value, and the record lists the columns that the row set.
SELECT * FROM load('update', '[{"vendor_product_id": "B", "brand": "", "unit": "set", "stock_quantity": "4"}]',
	'{vendor_product_id,brand,unit,stock_quantity}', blank => 'keep');
SELECT * FROM load('update', '[{"vendor_product_id": "A", "brand": "", "unit": "", "stock_quantity": ""}]',
	'{vendor_product_id,brand,unit,stock_quantity}', blank => 'keep');
SELECT r.action, r.columns FROM onboard.row_actions r WHERE r.columns IS NOT NULL ORDER BY r.columns;
-- Without a list, a null or absent member keeps the value and an empty text clears it.
SELECT * FROM load('update', '[{"vendor_product_id": "B", "brand": null, "unit": "", "stock_quantity": "4"}]');
SELECT * FROM catalogue WHERE id IN ('A', 'B');
-- Attributes: a listed one that a row lacks is blank; others stay.
SELECT * FROM load('update', '[{"vendor_product_id": "A", "colour": "blue", "weight class": "2"}]',
	'{vendor_product_id,colour,weight class,height}');
SELECT attributes FROM catalogue WHERE v = 'MOD-1' AND id = 'A';
SELECT * FROM load('update', '[{"vendor_product_id": "A", "height": "3"}]', '{vendor_product_id,colour,weight class,height}');
SELECT attributes FROM catalogue WHERE v = 'MOD-1' AND id = 'A';
SELECT * FROM load('update', '[{"vendor_product_id": "A", "colour": "", "height": "4"}]');
SELECT attributes FROM catalogue WHERE v = 'MOD-1' AND id = 'A';

-- The SKU as key: it never changes, and neither does the vendor_product_id of a product found by it.
SELECT * FROM load('update', '[{"sku": "S-A", "price": "12"}, {"sku": "T-A", "price": "2"},
	{"sku": "NO", "price": "2"}]', '{sku,price}');
SELECT * FROM load('upsert', '[
	{"vendor_product_id": "A", "product_name": "Lamp", "category": "Kitchen", "sku": "S-A", "price": "11", "stock_quantity": "1"},
	{"vendor_product_id": "C", "product_name": "Lamp", "category": "Kitchen", "sku": "S-B", "price": "11", "stock_quantity": "1"},
	{"vendor_product_id": "N", "product_name": "Lid", "category": "Kitchen", "sku": "T-A", "price": "11", "stock_quantity": "1"},
	{"vendor_product_id": "N", "product_name": "Lid", "category": "Kitchen", "sku": "S-N", "price": "11",
		"stock_quantity": "1"}]', match => 'sku');
SELECT * FROM load('upsert', '[
	{"product_name": "Lamp 2", "category": "Kitchen", "sku": "S-A", "price": "11", "stock_quantity": "1"},
	{"product_name": "New", "category": "Kitchen", "sku": "S-NEW", "price": "11", "stock_quantity": "1"}]',
	'{product_name,category,sku,price,stock_quantity}');
SELECT * FROM catalogue;
-- A SKU may change, and a later row can take the old one; a swap is judged row by row.
SELECT * FROM load('update', '[{"vendor_product_id": "A", "sku": "S-A9"},
	{"vendor_product_id": "B", "sku": "S-A"}]', '{vendor_product_id,sku}');
SELECT * FROM load('update', '[{"vendor_product_id": "A", "sku": "S-A"},
	{"vendor_product_id": "B", "sku": "S-A9"}]', '{vendor_product_id,sku}');
SELECT * FROM load('upsert', '[
	{"vendor_product_id": "G", "product_name": "Gong", "category": "Kitchen", "sku": "S-C", "price": "11", "stock_quantity": "1"},
	{"vendor_product_id": "C", "product_name": "Pot", "category": "Kitchen", "sku": "S-C9", "price": "30", "stock_quantity": "7"},
	{"vendor_product_id": "H", "product_name": "Hat", "category": "Kitchen", "sku": "S-C", "price": "11", "stock_quantity": "1"},
	{"vendor_product_id": "D", "product_name": "Cup", "category": "Kitchen", "sku": "S-C", "price": "5",
		"stock_quantity": "7"}]');
SELECT v, id, sku FROM catalogue;

-- Actions.
SELECT * FROM load('update', '[{"vendor_product_id": "A", "action": "delete"},
	{"vendor_product_id": "B", "price": "22", "action": " Update "},
	{"vendor_product_id": "C", "action": "remove"}, {"vendor_product_id": "Z", "action": "delete"},
	{"vendor_product_id": "H", "price": "x", "action": "DELETE"}]');
SELECT * FROM latest;
SELECT v, id, price, status FROM catalogue;
-- A discontinued product stays so in update, and is restored in upsert with the status of its stock; inactive stays inactive.
UPDATE onboard.products SET status = 'inactive' WHERE vendor_id = 'MOD-1' AND vendor_product_id = 'B';
SELECT * FROM load('update', '[{"vendor_product_id": "A", "stock_quantity": "8"}, {"vendor_product_id": "A", "action": "delete"},
	{"vendor_product_id": "H", "action": "delete"}]');
SELECT id, stock, status FROM catalogue WHERE id IN ('A', 'B', 'H') AND v = 'MOD-1';
SELECT * FROM load('upsert', '[
	{"vendor_product_id": "A", "product_name": "Lamp", "category": "Kitchen", "sku": "S-A9", "price": "11",
		"stock_quantity": "8"},
	{"vendor_product_id": "B", "product_name": "Pan", "category": "Kitchen", "sku": "S-A", "price": "22", "stock_quantity": "0"},
	{"vendor_product_id": "H", "product_name": "Hat", "category": "Kitchen", "sku": "S-C", "price": "11",
		"stock_quantity": "0"}]');
SELECT id, stock, status FROM catalogue WHERE id IN ('A', 'B', 'H') AND v = 'MOD-1';
SELECT p.vendor_product_id, c.action, c.old_values, c.new_values, c.upload_id IS NOT NULL AS by_upload
	FROM onboard.product_changes c JOIN onboard.products p USING (product_id)
	WHERE p.vendor_product_id IN ('A', 'H') AND p.vendor_id = 'MOD-1' ORDER BY c.change_id;

-- The newest value wins, column by column, whatever the order of arrival.
SELECT * FROM load('insert', '[
	{"vendor_product_id": "V", "product_name": "Vase", "category": "Kitchen", "sku": "S-V", "price": "3", "stock_quantity": "7"},
	{"vendor_product_id": "W", "product_name": "Wok", "category": "Kitchen", "sku": "S-W", "price": "5",
		"stock_quantity": "7"}]', at => '2025-12-01');
SELECT * FROM load('update', '[{"vendor_product_id": "W", "price": "6"}]', '{vendor_product_id,price}', at => '2026-01-03');
SELECT * FROM load('update', '[{"vendor_product_id": "W", "price": "7", "stock_quantity": "1"}]',
	'{vendor_product_id,price,stock_quantity}', at => '2026-01-02');
SELECT * FROM load('update', '[{"vendor_product_id": "W", "price": "8"}]', '{vendor_product_id,price}', at => '2026-01-03');
SELECT * FROM load('update', '[{"vendor_product_id": "W", "price": "9"},
	{"vendor_product_id": "V", "price": "4"}]', '{vendor_product_id,price}', at => '2026-01-01');
SELECT id, price, stock FROM catalogue WHERE id IN ('V', 'W');
-- Whether a product is on sale counts as such a column.
SELECT * FROM load('update', '[{"vendor_product_id": "W", "action": "delete"}]', at => '2026-01-05');
SELECT * FROM load('upsert', '[{"vendor_product_id": "W", "product_name": "Mug", "category": "Kitchen", "sku": "S-W",
	"price": "9", "stock_quantity": "2"}]', at => '2026-01-04');
SELECT * FROM load('update', '[{"vendor_product_id": "V", "action": "delete"}]', at => '2025-01-01');
SELECT id, name, price, stock, status FROM catalogue WHERE id IN ('V', 'W');
-- The column onboard_action does not set the status unless the row deletes.
SELECT * FROM load('update', '[{"vendor_product_id": "V", "price": "4"}]', '{vendor_product_id,price,onboard_action}',
	at => '2026-01-07');
SELECT * FROM load('update', '[{"vendor_product_id": "V", "action": "delete"}]', at => '2026-01-06');
-- Nor can it be an attribute: the row would have another meaning when it is read again.
SELECT * FROM load('upsert', '[{"vendor_product_id": "W", "product_name": "Mug", "category": "Kitchen", "sku": "S-W",
	"price": "9", "stock_quantity": "2", "onboard_action": "delete"},
	{"vendor_product_id": "N", "product_name": "Net", "category": "Kitchen", "sku": "S-X",
	"price": "9", "stock_quantity": "2", "onboard_action": ""}]');

-- Users may have dropped NOT NULL constraints, so that products lack values.
BEGIN;
ALTER TABLE onboard.products ALTER price DROP NOT NULL, ALTER stock_quantity DROP NOT NULL, ALTER attributes DROP NOT NULL;
UPDATE onboard.vendors SET price_guard = 5, sold_out_guard = 0 WHERE vendor_id = 'MOD-1';
UPDATE onboard.products SET price = NULL, stock_quantity = NULL, attributes = NULL WHERE vendor_id = 'MOD-1'
	AND vendor_product_id IN ('A', 'B', 'C', 'D');
SELECT * FROM load('update', '[{"vendor_product_id": "A", "price": "9"}, {"vendor_product_id": "B", "stock_quantity": "9"},
	{"vendor_product_id": "C", "colour": "red"}, {"vendor_product_id": "D", "colour": ""}]');
SELECT id, price, stock, attributes FROM catalogue WHERE v = 'MOD-1' AND id IN ('A', 'B', 'C', 'D');
ROLLBACK;

-- The limits of a row hold for the product as it would become, however many files add to it.
BEGIN;
CREATE FUNCTION more(name text, first int, last int, bytes int, others jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_array('{"vendor_product_id": "D"}' || others ||
		jsonb_object_agg(name || n, repeat('x', bytes))) FROM generate_series(first, last) n $$;
CREATE VIEW size AS SELECT price, brand, count(*) AS attributes, sum(length(value)) AS bytes
	FROM catalogue, jsonb_each_text(attributes) WHERE v = 'MOD-1' AND id = 'D' GROUP BY price, brand;
SELECT * FROM load('update', more('a', 1, 3, 65000));
SELECT * FROM load('update', more('b', 1, 1, 65000));
SELECT * FROM load('update', more('c', 1, 4, 20000));
SELECT * FROM load('update', more('b', 2, 3, 1000, '{"price": "6", "brand": "Acme"}'));
SELECT * FROM load('update', more('b', 1, 1, 64000, '{"price": "6"}'));
SELECT row_number, error_type, length(original_data ->> 'c4') AS kept FROM onboard.validation_errors
	WHERE error_message ~ 'would become' ORDER BY error_id;
SELECT * FROM size;
-- What SQL stored counts when attributes change. Removing enough of them is possible.
UPDATE onboard.products
	SET attributes = attributes || jsonb_build_object('sql', repeat('x', 100000), 'tree', '{"a": ["b", 1]}'::jsonb)
	WHERE vendor_product_id = 'D' AND vendor_id = 'MOD-1';
SELECT * FROM load('update', '[{"vendor_product_id": "D", "brand": "Zeta", "price": "5"}]');
SELECT * FROM load('update', more('b', 1, 1, 60000));
SELECT * FROM load('update', more('a', 1, 2, 0));
SELECT * FROM size;
-- Attributes are limited in number, too; the comparison finds the same.
SELECT * FROM load('update', more('d', 1, 4000, 1));
SELECT d.row_number, d.status, d.errors -> 0 ->> 'error_message' AS message FROM onboard_diff('MOD-1',
	(SELECT jsonb_build_array(jsonb_build_object('row_number', 1, 'product', more('e', 1, 100, 1) -> 0))), 'update') d;
SELECT * FROM load('update', more('e', 1, 100, 1));
SELECT * FROM size;
ROLLBACK;

-- A blank stores the default of its column, as when a product is inserted, even if users changed the default.
BEGIN;
CREATE FUNCTION half() RETURNS numeric LANGUAGE sql AS 'SELECT 0.5';
ALTER TABLE onboard.products ALTER unit SET DEFAULT 'set', ALTER brand SET DEFAULT 'No ' || 'name',
	ALTER weight_kg SET DEFAULT half(), ALTER description SET DEFAULT NULL;
SELECT '[{"vendor_product_id": "D", "product_name": "Cup", "category": "Kitchen", "sku": "S-D", "price": "5",
	"stock_quantity": "7", "unit": "", "brand": " ", "weight_kg": "", "description": ""},
	{"vendor_product_id": "NEW", "product_name": "Cup", "category": "Kitchen", "sku": "S-NEW", "price": "5",
	"stock_quantity": "7", "unit": "", "brand": " ", "weight_kg": "", "description": ""}]' AS blanks \gset
SELECT d.new_values FROM onboard_diff('MOD-1', jsonb_build_array(jsonb_build_object('row_number', 1, 'product',
	:'blanks'::jsonb -> 0)), 'upsert') d;
SELECT * FROM load('upsert', :'blanks');
SELECT * FROM load('upsert', :'blanks');
SELECT vendor_product_id, unit, brand, weight_kg, description FROM onboard.products
	WHERE vendor_id = 'MOD-1' AND vendor_product_id IN ('D', 'NEW') ORDER BY 1;
SELECT * FROM load('update', '[{"vendor_product_id": "D", "unit": "box", "brand": "", "weight_kg": "2"}]', blank => 'keep');
SELECT * FROM load('update', '[{"vendor_product_id": "D", "unit": "", "brand": "Acme", "weight_kg": ""}]');
SELECT unit, brand, weight_kg FROM onboard.products WHERE vendor_id = 'MOD-1' AND vendor_product_id = 'D';
ALTER TABLE onboard.products ALTER unit DROP DEFAULT, ALTER brand DROP DEFAULT;
SELECT * FROM load('update', '[{"vendor_product_id": "D", "unit": ""}, {"vendor_product_id": "NEW", "brand": ""}]');
SELECT * FROM load('insert', '[{"vendor_product_id": "NEW2", "product_name": "Cup", "category": "Kitchen", "sku": "S-NEW2",
	"price": "5", "stock_quantity": "7"}]');
ROLLBACK;

-- A column that users made a generated one is the server's, whatever a row says.
BEGIN;
SELECT format('CREATE OR REPLACE VIEW onboard.product_catalog WITH (security_barrier) AS %s',
	replace(pg_get_viewdef('onboard.product_catalog'), 'p.dimensions_cm', 'NULL::text AS dimensions_cm')) AS view \gset
:view
ALTER TABLE onboard.products DROP COLUMN dimensions_cm;
ALTER TABLE onboard.products ADD COLUMN dimensions_cm text GENERATED ALWAYS AS (lower(sku)) STORED;
SELECT * FROM load('update', '[{"vendor_product_id": "D", "price": "6", "dimensions_cm": ""}]');
SELECT price, dimensions_cm FROM onboard.products WHERE vendor_id = 'MOD-1' AND vendor_product_id = 'D';
ROLLBACK;

-- A product that the latest replace lacks is not on sale, whatever files from before it say.
UPDATE onboard.vendors SET discontinue_guard = NULL, price_guard = NULL WHERE vendor_id = 'MOD-2';
SELECT * FROM load('insert', '[
	{"vendor_product_id": "K", "product_name": "Key", "category": "Kitchen", "sku": "S-K", "price": "3", "stock_quantity": "7"},
	{"vendor_product_id": "L", "product_name": "Lid", "category": "Kitchen", "sku": "S-L", "price": "5", "stock_quantity": "7"}]',
	at => '2025-12-01', vendor => 'MOD-2');
SELECT * FROM load('replace', '[{"vendor_product_id": "K", "product_name": "Key", "category": "Kitchen", "sku": "S-K",
	"price": "3", "stock_quantity": "7"}]',
	at => '2026-01-01', vendor => 'MOD-2');
SELECT * FROM load('replace', '[{"vendor_product_id": "K", "product_name": "Key", "category": "Kitchen", "sku": "S-K",
	"price": "3", "stock_quantity": "7"}]',
	at => '2026-01-03', vendor => 'MOD-2');
SELECT * FROM load('upsert', '[{"vendor_product_id": "L", "product_name": "Lid", "category": "Kitchen", "sku": "S-L",
	"price": "6", "stock_quantity": "7"}]',
	at => '2026-01-02', vendor => 'MOD-2');
SELECT * FROM load('upsert', '[{"vendor_product_id": "M", "product_name": "Mat", "category": "Kitchen", "sku": "S-M",
	"price": "6", "stock_quantity": "7"}]',
	at => '2026-01-02', vendor => 'MOD-2');
SELECT id, price, status FROM catalogue WHERE v = 'MOD-2';

-- Guards hold a row as a whole.
UPDATE onboard.vendors SET price_guard = 5 WHERE vendor_id = 'MOD-1';
SELECT * FROM load('update', '[{"vendor_product_id": "D", "price": "45", "brand": "x"},
	{"vendor_product_id": "C", "price": "5.79"},
	{"vendor_product_id": "E", "price": "45.01"}, {"vendor_product_id": "A", "price": "2.20"}]');
SELECT * FROM latest;
SELECT row_number, cause, current_value, new_value, input, outcome FROM onboard.held_rows ORDER BY held_id;
UPDATE onboard.products SET stock_quantity = 1 WHERE vendor_id = 'MOD-1' AND stock_quantity = 0;
SELECT count(*) AS stocked FROM onboard.products WHERE vendor_id = 'MOD-1' AND stock_quantity > 0;
SELECT * FROM load('update', '[{"vendor_product_id": "A", "stock_quantity": "0"},
	{"vendor_product_id": "B", "stock_quantity": "0"},
	{"vendor_product_id": "C", "stock_quantity": "0"}, {"vendor_product_id": "D", "stock_quantity": "0"},
	{"vendor_product_id": "E", "stock_quantity": "0"}, {"vendor_product_id": "H", "stock_quantity": "0"}]');
SELECT sold_out, restocked, stocked_at_begin FROM onboard.upload_history WHERE vendor_id = 'MOD-1'
	ORDER BY created_at DESC LIMIT 1;
UPDATE onboard.vendors SET price_guard = NULL, sold_out_guard = NULL WHERE vendor_id = 'MOD-1';
SELECT * FROM load('update', '[{"vendor_product_id": "D", "price": "900", "stock_quantity": "0"},
	{"vendor_product_id": "E", "stock_quantity": "0"}]');

-- Rows of COPY, in one upload with rows that were delivered before; a replay returns what each row did.
SELECT onboard_begin_upload('MOD-1', 'copy.csv', mode => 'upsert',
	columns => '{vendor_product_id,product_name,category,sku,price,stock_quantity}') AS u \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price, stock_quantity, action)
	VALUES (:'u', 1, 'A', 'Lamp', 'Kitchen', 'S-A9', '13', '8', NULL), (:'u', 2, 'Q', 'Quilt', 'Bedroom', 'S-Q', '13', '8', ''),
		(:'u', 3, 'H', NULL, NULL, NULL, NULL, NULL, 'delete'), (:'u', 4, 'Z', 'Zip', 'Bedroom', 'S-Z', '13', '8', 'drop'),
		(:'u', 5, 'Q', 'Quilt', 'Bedroom', 'S-Q', '14', '8', NULL);
SELECT row_number, status, action, product_id IS NOT NULL AS has_product FROM onboard_ingest(:'u', '[
	{"row_number": 1, "product": {"vendor_product_id": "B"}}, {"row_number": 2, "product": {}}, {"row_number": 3, "product": {}},
	{"row_number": 4, "product": {}}, {"row_number": 5, "product": {}}]');
SELECT row_number, original_data FROM onboard.validation_errors WHERE upload_id = :'u' ORDER BY row_number, error_id;
SELECT * FROM latest;
-- Many rows that are looked up in later uploads that have few rows, one of which gets another one in the same statement.
CREATE FUNCTION many(first int, last int, step int, cents numeric) RETURNS SETOF jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('vendor_product_id', 'K' || n, 'price', cents + n, 'product_name', 'Name', 'category', 'Kitchen',
		'sku', 'K' || n, 'stock_quantity', 1) FROM generate_series(first, last, step) n $$;
SELECT count(*), action FROM load('insert', (SELECT jsonb_agg(m) FROM many(1000, 1499, 1, 0.10) m),
	at => '2026-02-01') GROUP BY 2;
SELECT count(*), action FROM load('update', (SELECT jsonb_agg(m) FROM many(1480, 1499, 1, 0.50) m), '{vendor_product_id,price}',
	at => '2026-02-03') GROUP BY 2;
SELECT onboard_begin_upload('MOD-1', 'old.csv', mode => 'update', source_time => '2026-02-02',
	columns => '{vendor_product_id,price}') AS old,
	onboard_begin_upload('MOD-1', 'late.csv', mode => 'update', source_time => '2026-02-04',
	columns => '{vendor_product_id,price}') AS late \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, price) VALUES (:'late', 1, 'K1490', 1490.60);
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, price)
	SELECT u, n, 'K' || n, n + p FROM (SELECT 1 AS i, :'old' AS u, n, 0.70 AS p FROM generate_series(1000, 1399) n UNION ALL
		SELECT 2, :'late', 1450, 0.60 UNION ALL
		SELECT 3, :'old', n, 0.70 FROM generate_series(1400, 1499) n ORDER BY i, n) x;
SELECT count(*), action, min(row_number), max(row_number) FROM onboard.row_actions
	JOIN onboard.upload_history u USING (upload_number) WHERE u.upload_id = :'old' GROUP BY 2 ORDER BY 2;
SELECT sku, price FROM onboard.products WHERE sku IN ('K1000', 'K1450', 'K1479', 'K1480', 'K1490', 'K1499') ORDER BY 1;
-- If columns were not declared, each row says which it has, even to a row of another upload in the same statement.
SELECT onboard_begin_upload('MOD-1', 'old.csv', mode => 'update', source_time => '2026-02-05') AS old,
	onboard_begin_upload('MOD-1', 'late.csv', mode => 'update', source_time => '2026-02-06') AS late \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, price, stock_quantity)
	VALUES (:'late', 1, 'K1001', NULL, 9), (:'old', 1, 'K1001', 1001.80, 5);
SELECT price, stock_quantity FROM onboard.products WHERE sku = 'K1001';
-- Products found by index entries that were read with an earlier key: rows in key order that repeat, skip, step back and have
-- unknown keys between them; then the same with entries of dead versions in between.
CREATE FUNCTION load_many(cents numeric, match text) RETURNS TABLE (rows bigint, action text, code text) LANGUAGE sql AS $$
	SELECT count(*), l.action, split_part(l.found, ' ', 1) FROM load('update', (SELECT jsonb_agg(m) FROM (
			SELECT many(1000, 1499, 1, cents) UNION ALL SELECT many(1499, 1000, -7, cents) UNION ALL
			SELECT many(1490, 1520, 1, cents + 1) UNION ALL SELECT many(1100, 1300, 50, cents)) x (m)),
		CASE match WHEN 'sku' THEN '{sku,price}' ELSE '{vendor_product_id,price}' END::text[], match) l
	GROUP BY 2, 3 ORDER BY 2, 3 $$;
SELECT * FROM load_many(0.20, 'vendor_product_id');
SELECT * FROM load_many(0.20, 'vendor_product_id');
SELECT * FROM load_many(0.30, 'sku');
SELECT * FROM load_many(0.40, 'sku');
SELECT count(*), sum(price) FROM onboard.products WHERE sku LIKE 'K1___';
-- The index entries of changed products wait for those of others; rows that repeat a product, or take or release a SKU, find
-- every product all the same.  Hundreds of new products come first: then keys are no longer looked up before they are claimed.
CREATE FUNCTION one(id text, sku text, price numeric, action text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('vendor_product_id', id, 'sku', sku, 'price', price, 'product_name', 'Name',
		'category', 'Kitchen', 'stock_quantity', 1, 'action', action)) $$;
SELECT count(*), min(r), max(r), action, split_part(found, ': ', 1) AS found FROM load('upsert',
	(SELECT jsonb_agg(m) FROM (SELECT many(2000, 2299, 1, 0) UNION ALL SELECT many(1000, 1449, 1, 0.50)) x (m))
	|| jsonb_build_array(one('N1', 'K1200', 1), one('K1450', 'K1201', 1), one('K1451', 'R1451', 1),
		one('N2', 'K1451', 1), one('K1452', 'K1452', 1452, 'delete'), one('N3', 'K1453', 1), one('K1453', 'K1453', 1453.5))
	|| (SELECT jsonb_agg(m) FROM many(1454, 1499, 1, 0.50) m) || one('K1460', 'K1460', 1)) GROUP BY 4, 5 ORDER BY 2;
SELECT vendor_product_id AS id, sku, price, status FROM onboard.products
	WHERE vendor_product_id IN ('K1450', 'K1451', 'K1452', 'K1453', 'K1460', 'N1', 'N2', 'N3') ORDER BY 1;
SET enable_seqscan = off;
SELECT (SELECT count(*) FROM onboard.products WHERE sku IN (SELECT 'K' || n FROM generate_series(1000, 1499) n)) AS by_sku,
	(SELECT count(*) FROM onboard.products WHERE vendor_id = 'MOD-1'
		AND vendor_product_id IN (SELECT 'K' || n FROM generate_series(1000, 1499) n)) AS by_vendor_product_id,
	(SELECT count(*) FROM generate_series((SELECT min(product_id) FROM onboard.products WHERE sku LIKE 'K1___'),
			(SELECT max(product_id) FROM onboard.products WHERE sku LIKE 'K1___')) n
		JOIN onboard.products ON product_id = n WHERE sku ~ '^[KR]1') AS by_product_id,
	(SELECT count(*) FROM onboard.products WHERE category = 'Kitchen' AND sku ~ '^[KR]1') AS by_category,
	(SELECT count(*) FROM onboard.products WHERE upload_id IN (SELECT upload_id FROM onboard.upload_history
			WHERE vendor_id = 'MOD-1') AND sku ~ '^[KR]1') AS by_upload;
RESET enable_seqscan;
-- They do not wait if the statement changes products itself between the rows.
CLUSTER onboard.products USING products_pkey;
SELECT onboard_begin_upload('MOD-1', 'turns.csv', mode => 'update', columns => '{vendor_product_id,price}') AS u \gset
WITH r AS (INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, price)
		SELECT :'u', n, 'K' || 999 + n, (1000 + n)::text FROM generate_series(1, 400) n RETURNING row_number)
	INSERT INTO onboard.products (vendor_id, vendor_product_id, sku, product_name, category, price, stock_quantity)
	SELECT 'MOD-1', 'T' || row_number, 'K' || 999 + row_number, 'Name', 'Kitchen', 1, 1 FROM r;
DROP FUNCTION many, load_many, one;
DROP VIEW catalogue, latest;
DROP FUNCTION load;
DELETE FROM onboard.validation_errors WHERE vendor_id LIKE 'MOD-_';
DELETE FROM onboard.products WHERE vendor_id LIKE 'MOD-_';
DELETE FROM onboard.product_changes WHERE vendor_id LIKE 'MOD-_';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'MOD-_';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'MOD-_';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'MOD-_';
