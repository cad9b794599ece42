-- Undo of uploads that insert, change and discontinue products.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes) VALUES
	('UNDO-1', 'Undo one', 'one@undo.example', '{insert,upsert,update,replace}'),
	('UNDO-2', 'Undo two', 'two@undo.example', '{insert}');
CREATE FUNCTION open_upload(name text, mode text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM onboard_begin_upload('UNDO-1', name || '.csv', content_id => name, mode => open_upload.mode);
END $$;
CREATE FUNCTION id(name text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT upload_id FROM onboard.upload_history WHERE content_id = name AND vendor_id = 'UNDO-1';
$$;
CREATE FUNCTION finish(name text) RETURNS text LANGUAGE sql AS $$
	SELECT status FROM onboard_finish_upload(id(name));
$$;
-- The next row of an upload; a product has the same vendor_product_id and, at first, SKU.
CREATE FUNCTION load(name text, vendor_product_id text, new jsonb, action text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT i.action FROM onboard.upload_history u, onboard_ingest(u.upload_id, jsonb_build_array(jsonb_strip_nulls(
		jsonb_build_object('row_number', u.valid_records + u.error_records + 1, 'action', load.action, 'product',
			CASE u.mode WHEN 'update' THEN '{}' ELSE jsonb_build_object('product_name', 'Thing', 'category', 'Books',
				'sku', vendor_product_id, 'price', '10', 'stock_quantity', '5') END
			|| jsonb_build_object('vendor_product_id', vendor_product_id) || new)))) i
	WHERE u.upload_id = id(name);
$$;
-- Rows 1 to n of an upload, with products PREFIX1 to PREFIXn
CREATE FUNCTION load_many(name text, prefix text, n int, new jsonb) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM onboard.upload_history u, onboard_ingest(u.upload_id, (SELECT jsonb_agg(jsonb_build_object(
		'row_number', i, 'product', CASE u.mode WHEN 'update' THEN '{}' ELSE jsonb_build_object('product_name', 'Thing',
			'category', 'Books', 'sku', prefix || i, 'price', '10', 'stock_quantity', '5') END
		|| jsonb_build_object('vendor_product_id', prefix || i) || replace(new::text, '#', i::text)::jsonb))
		FROM generate_series(1, n) i))
	WHERE u.upload_id = id(name);
$$;
-- Changes by SQL
CREATE FUNCTION set_product(vendor_product_id text, new jsonb) RETURNS void LANGUAGE sql AS $$
	UPDATE onboard.products p SET (price, stock_quantity, brand, status) =
			(SELECT r.price, r.stock_quantity, r.brand, r.status FROM jsonb_populate_record(p, new) r)
		WHERE p.vendor_product_id = set_product.vendor_product_id AND p.vendor_id = 'UNDO-1';
$$;
CREATE VIEW catalogue AS
	SELECT sku, price, stock_quantity AS stock, brand, attributes, status FROM onboard.products
	WHERE vendor_id = 'UNDO-1' ORDER BY sku;
CREATE VIEW history AS
	SELECT p.sku, c.action, u.content_id AS upload,
		(SELECT format('%s of %s', r.action, v.content_id) FROM onboard.product_changes r
			LEFT JOIN onboard.upload_history v USING (upload_id) WHERE r.change_id = c.reverts) AS reverts,
		c.old_values, c.new_values
	FROM onboard.product_changes c
		LEFT JOIN onboard.products p ON p.product_id = c.product_id
		LEFT JOIN onboard.upload_history u ON u.upload_id = c.upload_id
	WHERE c.vendor_id = 'UNDO-1' ORDER BY c.reverts NULLS FIRST, c.change_id;
CREATE FUNCTION plan(name text) RETURNS TABLE (sku text, step text, reason text) LANGUAGE sql AS $$
	SELECT sku, step, regexp_replace(reason, 'UNDO-1-[0-9a-f]{16}', 'UNDO-1-...') FROM onboard_undo_plan(id(name)) ORDER BY 1;
$$;

-- An upload that inserts, and a later one that inserts and changes
SELECT open_upload('first', 'insert');
SELECT load('first', p, '{}') FROM unnest('{A,B,C}'::text[]) p;
SELECT finish('first');
SELECT open_upload('second', 'upsert');
SELECT load('second', 'A', '{"price": "12", "brand": "Acme", "size": "L"}');
SELECT load('second', 'B', '{"stock_quantity": "0"}');
SELECT load('second', 'C', '{}', 'delete');
SELECT load('second', 'D', '{}');
SELECT finish('second');
TABLE catalogue;
-- Products that a later upload changed are kept.
SELECT * FROM plan('first');
SELECT * FROM onboard_undo_upload(id('first'), true);
TABLE catalogue;
-- What a dry run lists is what undo does.
SELECT * FROM plan('second');
SELECT * FROM onboard_undo_upload(id('second'), dry_run => true);
SELECT metadata FROM onboard.upload_history WHERE upload_id = id('second');
SELECT * FROM onboard_undo_upload(id('second'));
TABLE catalogue;
SELECT * FROM history WHERE sku IS NOT NULL;
SELECT metadata - 'undone_at' AS metadata, onboard_upload_status(upload_id) ->> 'undone' AS undone
	FROM onboard.upload_history WHERE upload_id = id('second');
-- Undoing twice is harmless.
SELECT * FROM plan('second');
SELECT * FROM onboard_undo_upload(id('second'));
SELECT metadata - 'undone_at' AS metadata FROM onboard.upload_history WHERE upload_id = id('second');
-- Undoing the updates makes the insertion undoable again.
SELECT * FROM plan('first');
SELECT * FROM onboard_undo_upload(id('first'));
SELECT count(*) FROM catalogue;

-- Changes are taken back only in reverse order; changes by SQL count.
SELECT open_upload('base', 'insert');
SELECT load('base', p, '{}') FROM unnest('{A,B,C,D,E,F}'::text[]) p;
SELECT finish('base');
SELECT open_upload('monday', 'update'), open_upload('tuesday', 'update');
SELECT load('monday', p, '{"price": "11"}') FROM unnest('{A,B,C,D,E}'::text[]) p;
SELECT load('tuesday', p, '{"price": "12"}') FROM unnest('{A,B}'::text[]) p;
SELECT set_product('C', '{"stock_quantity": 4}');
SELECT finish('monday'), finish('tuesday');
SELECT * FROM plan('monday');
SELECT * FROM onboard_undo_upload(id('monday'));
SELECT sku, price FROM catalogue;
SELECT * FROM onboard_undo_upload(id('tuesday'));
SELECT * FROM plan('monday');
SELECT * FROM onboard_undo_upload(id('monday'));
SELECT sku, price, stock FROM catalogue;
SELECT metadata - 'undone_at' AS metadata FROM onboard.upload_history WHERE upload_id = id('monday');

-- A change without a record keeps the product, inserted or changed.
SELECT open_upload('unrecorded', 'update');
SELECT load('unrecorded', 'F', '{"price": "20"}');
SELECT finish('unrecorded');
ALTER TABLE onboard.products DISABLE TRIGGER products_record_update;
UPDATE onboard.products SET stock_quantity = 6 WHERE sku IN ('E', 'F');
ALTER TABLE onboard.products ENABLE TRIGGER products_record_update;
SELECT * FROM plan('unrecorded');
-- It does so even if recorded changes follow.
SELECT set_product('F', '{"stock_quantity": 7}');
SELECT open_upload('later', 'update');
SELECT load('later', 'E', '{"price": "13"}'), load('later', 'F', '{"price": "13"}');
SELECT finish('later');
SELECT * FROM onboard_undo_upload(id('later'));
SELECT * FROM plan('unrecorded');
SELECT * FROM plan('base');
SELECT * FROM onboard_undo_upload(id('base'));
SELECT sku FROM catalogue;

-- What the catalogue refuses is kept, the rest is undone: a key that was taken meanwhile, a trigger, a foreign key.
SELECT open_upload('base 2', 'insert');
SELECT load_many('base 2', 'K', 40, '{}');
SELECT finish('base 2');
SELECT open_upload('keys', 'upsert');
SELECT load_many('keys', 'K', 40, '{"sku": "M#"}');
SELECT load('keys', 'L1', '{}'), load('keys', 'L2', '{}');
SELECT finish('keys');
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	VALUES ('UNDO-2', 'taken', 'Thing', 'Books', 'K7', 1, 1);
CREATE TABLE orders (product_id bigint REFERENCES onboard.products);
INSERT INTO orders SELECT product_id FROM onboard.products WHERE sku = 'L1';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.sku = 'M8' THEN
		RAISE EXCEPTION 'M8 is on sale';
	ELSIF OLD.sku = 'M9' THEN
		RETURN NULL;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON onboard.products FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT step, count(*) FROM plan('keys') GROUP BY 1 ORDER BY 1;
SELECT * FROM plan('keys') WHERE step = 'keep';
SELECT * FROM onboard_undo_upload(id('keys'));
SELECT sku FROM catalogue WHERE sku ~ '^[LM]';
-- They can be undone once nothing prevents it.
DROP TRIGGER refuse ON onboard.products;
DROP TABLE orders;
DELETE FROM onboard.products WHERE sku = 'K7';
SELECT * FROM plan('keys');
SELECT * FROM onboard_undo_upload(id('keys'));
-- Any other error aborts undo.
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'not now' USING ERRCODE = 'insufficient_resources';
END $$;
CREATE TRIGGER refuse BEFORE DELETE ON onboard.products FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT * FROM onboard_undo_upload(id('base 2')); -- ERROR
DROP TRIGGER refuse ON onboard.products;
DROP FUNCTION refuse;
SELECT * FROM onboard_undo_upload(id('base 2'));

-- The status is restored as it was, even if it did not match the stock.
SELECT open_upload('base 3', 'insert');
SELECT load('base 3', 'S', '{}');
SELECT finish('base 3');
SELECT set_product('S', '{"stock_quantity": 0}'), set_product('S', '{"status": "active"}');
SELECT open_upload('restock', 'update');
SELECT load('restock', 'S', '{"stock_quantity": "9"}');
SELECT finish('restock');
SELECT * FROM onboard_undo_upload(id('restock'));
SELECT sku, stock, status FROM catalogue WHERE sku = 'S';

-- Several changes by one upload are all taken back, the newest first.
SELECT open_upload('twice', 'update');
SELECT load('twice', 'S', '{"price": "11"}');
SELECT set_product('S', '{"price": 12, "stock_quantity": 3}');
UPDATE onboard.product_changes SET upload_id = id('twice')
	WHERE change_id = (SELECT max(change_id) FROM onboard.product_changes);
SELECT finish('twice');
SELECT * FROM onboard_undo_upload(id('twice'));
SELECT sku, price, stock, status FROM catalogue WHERE sku = 'S';
SELECT action, upload, reverts, old_values, new_values FROM history WHERE sku = 'S' AND upload = 'twice';

-- Pruned history: what was changed is kept.
SELECT open_upload('pruned', 'update');
SELECT load('pruned', 'S', '{"price": "30"}');
SELECT finish('pruned');
BEGIN;
DELETE FROM onboard.product_changes WHERE upload_id = id('pruned');
INSERT INTO onboard.history_horizon VALUES (clock_timestamp());
SELECT * FROM plan('pruned');
SELECT * FROM plan('base 3');
SELECT * FROM onboard_undo_upload(id('pruned'));
-- Once the upload is undone, products with pruned history are not reported again.
SELECT * FROM onboard_undo_upload(id('pruned'));
ROLLBACK;
-- If the history was off when the upload was loaded, undo is refused.
BEGIN;
DELETE FROM onboard.product_changes WHERE upload_id = id('pruned');
SELECT onboard_undo_upload(id('pruned')); -- ERROR
ROLLBACK;
SELECT * FROM onboard_undo_upload(id('pruned'));

-- Cancel takes back what was applied, and forgets the rows.
SELECT open_upload('cancelled', 'upsert');
SELECT load('cancelled', 'S', '{"price": "40"}'), load('cancelled', 'T', '{}'), load('cancelled', 'U', '{}');
SELECT set_product('U', '{"price": 41}');
INSERT INTO onboard.held_rows (upload_id, vendor_id, row_number, cause) VALUES (id('cancelled'), 'UNDO-1', 9, 'price');
SELECT status, failure_code, valid_records, updated, metadata FROM onboard_cancel_upload(id('cancelled'));
SELECT sku, price FROM catalogue;
SELECT count(*) FROM onboard.row_actions JOIN onboard.upload_history u USING (upload_number) WHERE u.upload_id = id('cancelled');
SELECT outcome, decided_by = session_user AS by_me FROM onboard.held_rows WHERE upload_id = id('cancelled');
-- If the history is missing, cancel is refused.
SELECT open_upload('uncancelled', 'update');
SELECT load('uncancelled', 'S', '{"price": "50"}');
BEGIN;
DELETE FROM onboard.product_changes WHERE upload_id = id('uncancelled');
SELECT onboard_reject_upload(id('uncancelled'), 'OBJECT_REPLACED', NULL); -- ERROR
ROLLBACK;
SELECT status FROM onboard_reject_upload(id('uncancelled'), 'OBJECT_REPLACED', NULL);
SELECT sku, price FROM catalogue WHERE sku = 'S';
-- An abandoned upload keeps what it did until it is undone.
SELECT open_upload('abandoned', 'update');
SELECT load('abandoned', 'S', '{"price": "20"}');
UPDATE onboard.upload_history SET updated_at = now() - interval '2 days' WHERE upload_id = id('abandoned');
SELECT onboard_sweep_uploads();
SELECT sku, price FROM catalogue WHERE sku = 'S';
SELECT * FROM onboard_undo_upload(id('abandoned'));
SELECT sku, price FROM catalogue WHERE sku = 'S';

-- More products than one batch has
SELECT open_upload('many', 'insert');
SELECT load_many('many', 'N', 4500, '{}');
SELECT finish('many');
SELECT open_upload('many 2', 'update');
SELECT load_many('many 2', 'N', 4500, '{"price": "11"}');
SELECT finish('many 2');
UPDATE onboard.products SET brand = 'x' WHERE vendor_id = 'UNDO-1' AND sku ~ '^N.*00$';
-- They are looked up, and never found by reading the whole table, but triggers run with the usual settings.
BEGIN;
CREATE FUNCTION check_setting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('enable_seqscan') = 'off' THEN
		RAISE EXCEPTION 'enable_seqscan is off';
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER check_setting AFTER UPDATE OR DELETE ON onboard.products FOR EACH STATEMENT EXECUTE FUNCTION check_setting();
SELECT seq_scan AS before FROM pg_stat_xact_user_tables WHERE relid = 'onboard.products'::regclass \gset
SELECT * FROM onboard_undo_upload(id('many 2'));
SELECT seq_scan - :before AS scans FROM pg_stat_xact_user_tables WHERE relid = 'onboard.products'::regclass;
DROP TRIGGER check_setting ON onboard.products;
DROP FUNCTION check_setting;
COMMIT;
SELECT step, reason, count(*) FROM plan('many') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM onboard_undo_upload(id('many'));
SELECT price, count(*) FROM catalogue WHERE sku LIKE 'N%' GROUP BY 1;

-- A product gets its SKU back even if other products of the upload took it: changed ones, and new ones.
SELECT open_upload('keys', 'insert');
SELECT load('keys', p, '{}') FROM unnest('{K1,K2,K3,K4}'::text[]) p;
SELECT finish('keys');
SELECT open_upload('keys 2', 'upsert');
SELECT load('keys 2', 'K' || n, jsonb_build_object('sku', 'K' || n - 1)) FROM generate_series(1, 4) n;
SELECT load('keys 2', 'K5', '{"sku": "K4"}');
SELECT finish('keys 2');
SELECT * FROM plan('keys 2');
SELECT * FROM onboard_undo_upload(id('keys 2'));
SELECT vendor_product_id, sku FROM onboard.products WHERE vendor_id = 'UNDO-1' AND vendor_product_id LIKE 'K%' ORDER BY 1;
SELECT * FROM onboard_undo_upload(id('keys'));

-- Every removal is in the history.
SELECT action, count(*), count(DISTINCT upload) AS uploads FROM history WHERE sku IS NULL GROUP BY 1 ORDER BY 1;

SELECT onboard_undo_upload(id('many'), NULL); -- ERROR
SELECT onboard_undo_plan('UNDO-1-no'); -- ERROR

DELETE FROM onboard.products WHERE vendor_id LIKE 'UNDO-%';
DELETE FROM onboard.product_changes WHERE vendor_id LIKE 'UNDO-%';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'UNDO-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'UNDO-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'UNDO-%';
DROP VIEW catalogue, history;
DROP FUNCTION open_upload, id, finish, load, load_many, set_product, plan;
