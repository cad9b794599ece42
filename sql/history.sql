-- History: which changes are recorded, whoever makes them; reading it; pruning it.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES
	('HIST-1', 'History one', 'one@hist.example'), ('HIST-2', 'History two', 'two@hist.example'),
	('HIST-3', 'History three', 'three@hist.example');
CREATE FUNCTION add(sku text, vendor_id text DEFAULT 'HIST-1', OUT product_id bigint) LANGUAGE sql AS $$
	INSERT INTO onboard.products AS p (vendor_id, vendor_product_id, product_name, category, sku, price, compare_at_price,
		stock_quantity, weight_kg, attributes)
		VALUES (vendor_id, 'P ' || sku, sku, 'Books', sku, 12.50, 100, 5, 0.10, '{"colour": "red", "sizes": "[1, 2]"}')
		RETURNING p.product_id;
$$;
-- The changes since the last call, in order
CREATE TABLE shown (change_id bigint);
CREATE FUNCTION changes(OUT sku text, OUT action text, OUT old_values jsonb, OUT new_values jsonb, OUT upload text)
RETURNS SETOF record LANGUAGE sql AS $$
	WITH new AS (INSERT INTO shown SELECT c.change_id FROM onboard.product_changes c
		WHERE c.change_id > (SELECT coalesce(max(s.change_id), 0) FROM shown s) RETURNING change_id)
	SELECT coalesce(p.sku, c.old_values->>'sku'), c.action, c.old_values - ARRAY['created_at', 'updated_at', 'product_id'],
		c.new_values, left(c.upload_id, 6)
	FROM new JOIN onboard.product_changes c USING (change_id) LEFT JOIN onboard.products p USING (product_id) ORDER BY change_id;
$$;
INSERT INTO shown SELECT coalesce(max(change_id), 0) FROM onboard.product_changes;

-- An insertion is not recorded; the product itself shows it.
SELECT add('HIST a') AS a \gset
SELECT add('HIST b') AS b \gset
SELECT * FROM changes();
-- Only what changed is recorded, and nothing if nothing did.
UPDATE onboard.products SET price = price * 2 WHERE sku LIKE 'HIST%';
UPDATE onboard.products SET price = price WHERE sku LIKE 'HIST%';
UPDATE onboard.products SET price = 1 WHERE sku = 'HIST none';
UPDATE onboard.products SET brand = 'Acmé', weight_kg = NULL, attributes = '{"size": "L"}', price = price WHERE sku = 'HIST a';
UPDATE onboard.products SET attributes = '{}', stock_quantity = 0 WHERE sku = 'HIST a';
SELECT * FROM changes();
-- The status determines the action.
UPDATE onboard.products SET status = 'discontinued' WHERE sku LIKE 'HIST%';
UPDATE onboard.products SET price = 3, status = 'inactive' WHERE sku = 'HIST a';
SELECT * FROM changes();
SELECT count(*), bool_and(c.changed_by = session_user AND c.changed_at > c.previous_at AND c.upload_id IS NULL
		AND c.row_number IS NULL AND c.reverts IS NULL AND c.vendor_id = 'HIST-1') AS complete
	FROM onboard.product_changes c WHERE c.product_id IN (:a, :b);
-- The times of a product's changes are a chain from its insertion to its updated_at.
SELECT bool_and(c.previous_at = coalesce(c.before, p.created_at)) AS chain,
		bool_and(p.updated_at = c.changed_at) FILTER (WHERE c.is_last) AS ends
	FROM (SELECT *, lag(changed_at) OVER w AS before, lead(change_id) OVER w IS NULL AS is_last FROM onboard.product_changes
		WINDOW w AS (PARTITION BY product_id ORDER BY change_id)) c
	JOIN onboard.products p USING (product_id) WHERE p.vendor_id = 'HIST-1';

-- Values are as from to_jsonb() for every type, including those of added columns.
CREATE TYPE mood AS ENUM ('calm', 'cross');
ALTER TABLE onboard.products ADD COLUMN hist_mood mood, ADD COLUMN hist_flag boolean, ADD COLUMN hist_list int[],
	ADD COLUMN hist_json jsonb, ADD COLUMN hist_float float8, ADD COLUMN hist_number numeric, ADD COLUMN hist_gone int,
	ADD COLUMN hist_twice int GENERATED ALWAYS AS (stock_quantity * 2) STORED;
ALTER TABLE onboard.products DROP COLUMN hist_gone;
CREATE TABLE before AS SELECT p.product_id, to_jsonb(p) AS row FROM onboard.products p WHERE p.product_id = :a;
UPDATE onboard.products SET hist_mood = 'cross', hist_flag = true, hist_list = '{1, 2}', hist_json = '"scalar"',
	hist_float = 1e300, hist_number = 'NaN', description = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i),
	stock_quantity = 7 WHERE product_id = :a;
INSERT INTO before SELECT p.product_id, to_jsonb(p) FROM onboard.products p WHERE p.product_id = :a;
UPDATE onboard.products SET hist_flag = false, hist_json = 'null', hist_number = '1.50', description = description || '!'
	WHERE product_id = :a;
INSERT INTO before SELECT p.product_id, to_jsonb(p) FROM onboard.products p WHERE p.product_id = :a;
DELETE FROM onboard.products WHERE product_id = :a;
CREATE FUNCTION part(whole jsonb, keys jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_object_agg(e.key, e.value)::text FROM jsonb_each(whole) e WHERE keys ? e.key $$;
SELECT c.action, (SELECT count(*) FROM jsonb_object_keys(c.old_values)) AS columns,
		part(b.row, c.old_values) = c.old_values::text AS old_as_to_jsonb,
		part(n.row, c.new_values) = c.new_values::text AS new_as_to_jsonb
	FROM onboard.product_changes c
		JOIN before b ON b.row->'updated_at' = to_jsonb(c.previous_at)
		LEFT JOIN before n ON n.row->'updated_at' = to_jsonb(c.changed_at)
	WHERE c.product_id = :a ORDER BY c.change_id;
SELECT old_values->>'hist_number' AS number, old_values->'hist_json' AS json, old_values->'stock_quantity' AS stock
	FROM onboard.product_changes WHERE product_id = :a AND action = 'deleted';
ALTER TABLE onboard.products DROP COLUMN hist_mood, DROP COLUMN hist_flag, DROP COLUMN hist_list, DROP COLUMN hist_json,
	DROP COLUMN hist_float, DROP COLUMN hist_number, DROP COLUMN hist_twice;
DROP TYPE mood;
INSERT INTO shown SELECT max(change_id) FROM onboard.product_changes;

-- Statements of other kinds
INSERT INTO onboard.products AS p (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	VALUES ('HIST-1', 'P HIST b', 'HIST b', 'Books', 'HIST b', 99, 1), ('HIST-1', 'P HIST c', 'HIST c', 'Books', 'HIST c', 99, 1)
	ON CONFLICT (sku) DO UPDATE SET price = excluded.price;
WITH moved AS (DELETE FROM onboard.products WHERE sku = 'HIST c' RETURNING *)
	UPDATE onboard.products p SET brand = 'Acme' FROM moved WHERE p.sku = 'HIST b';
SELECT sku, action, upload, old_values->'price' AS old, new_values FROM changes();
-- Rolled back
BEGIN;
UPDATE onboard.products SET price = 1 WHERE sku = 'HIST b';
SAVEPOINT s;
UPDATE onboard.products SET price = 2 WHERE sku = 'HIST b';
ROLLBACK TO s;
COMMIT;
SELECT sku, action, old_values, new_values FROM changes();
-- Many rows, more than a batch, in any order
SELECT count(add('HIST many ' || i)) FROM generate_series(1, 2500) i;
WITH shuffled AS (SELECT p.product_id FROM onboard.products p WHERE p.sku LIKE 'HIST many%' ORDER BY md5(p.sku))
	UPDATE onboard.products p SET stock_quantity = length(p.sku) FROM shuffled s WHERE s.product_id = p.product_id;
SELECT count(*), count(DISTINCT product_id), bool_and(old_values = '{"stock_quantity": 5}') AS old,
		bool_and(new_values->>'stock_quantity' = length(sku)::text) AS new
	FROM onboard.product_changes JOIN onboard.products USING (product_id) WHERE sku LIKE 'HIST many%';
SET enable_seqscan = off;
SELECT count(*) FROM onboard.product_changes c JOIN onboard.products p USING (product_id) WHERE p.sku LIKE 'HIST many%';
RESET enable_seqscan;
DELETE FROM onboard.products WHERE sku LIKE 'HIST many%';
SELECT action, count(*) FROM changes() GROUP BY 1;

-- A role that may update products needs no privilege on the history.
CREATE ROLE regress_onboard_editor;
SELECT onboard_grant_loader('regress_onboard_editor');
GRANT UPDATE (price), DELETE ON onboard.products TO regress_onboard_editor;
SET SESSION AUTHORIZATION regress_onboard_editor;
UPDATE onboard.products SET price = 11 WHERE sku = 'HIST b';
SELECT count(*) FROM onboard.product_changes; -- ERROR
SELECT action, changed_by, old_values, new_values FROM onboard.product_history WHERE sku = 'HIST b'
	ORDER BY changed_at DESC LIMIT 1;
RESET SESSION AUTHORIZATION;
SELECT sku, action, old_values, new_values FROM changes();

-- Changes by an upload are recorded with it, but not those that users' triggers make meanwhile.
SELECT onboard_begin_upload('HIST-1', 'h.csv', NULL, 'history 1') AS u \gset
SELECT count(*) FROM onboard_ingest(:'u', (SELECT jsonb_agg(jsonb_build_object('row_number', i, 'product', jsonb_build_object(
	'vendor_product_id', 'H' || i, 'product_name', 'Undone', 'category', 'Books', 'sku', 'HIST-U' || i, 'price', '1',
	'stock_quantity', '1'))) FROM generate_series(1, 2) i));
SELECT status FROM onboard_finish_upload(:'u', 2);
CREATE FUNCTION touch_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE onboard.products SET brand = coalesce(brand, '') || '!' WHERE sku = 'HIST b';
	RETURN OLD;
END $$;
CREATE TRIGGER touch_before BEFORE DELETE ON onboard.products FOR EACH ROW EXECUTE FUNCTION touch_another();
CREATE TRIGGER touch_after AFTER DELETE ON onboard.products FOR EACH STATEMENT EXECUTE FUNCTION touch_another();
SELECT removed, kept FROM onboard_undo_upload(:'u');
DROP TRIGGER touch_before ON onboard.products;
DROP TRIGGER touch_after ON onboard.products;
SELECT sku, action, upload, old_values->'brand' AS old, new_values->'brand' AS new FROM changes();
-- The newest change of a product has the latest time, even if a trigger made it before the statement ended.
CREATE FUNCTION change_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE onboard.products SET price = NEW.price + 1 WHERE product_id = NEW.product_id AND NEW.price < 50;
	RETURN NULL;
END $$;
CREATE TRIGGER again AFTER UPDATE ON onboard.products FOR EACH ROW EXECUTE FUNCTION change_again();
SELECT updated_at AS started FROM onboard.products WHERE sku = 'HIST b' \gset
UPDATE onboard.products SET price = 48 WHERE sku = 'HIST b';
DROP TRIGGER again ON onboard.products;
SELECT old_values, new_values FROM onboard.product_history WHERE sku = 'HIST b' AND changed_at > :'started' ORDER BY changed_at;
SELECT (onboard_product_as_of(:b, changed_at)).price FROM onboard.product_history
	WHERE sku = 'HIST b' AND changed_at >= :'started' ORDER BY changed_at;
INSERT INTO shown SELECT max(change_id) FROM onboard.product_changes;

-- Triggers and constraints of users on the history take effect.
CREATE TABLE noted (who name, path text, action text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.noted VALUES (current_user, current_setting('search_path'), NEW.action);
	RETURN NEW;
END $$;
CREATE TRIGGER note BEFORE INSERT ON onboard.product_changes FOR EACH ROW EXECUTE FUNCTION note();
GRANT UPDATE ON onboard.products TO regress_onboard_editor;
SET SESSION AUTHORIZATION regress_onboard_editor;
UPDATE onboard.products SET price = 12 WHERE sku = 'HIST b';
RESET SESSION AUTHORIZATION;
DROP TRIGGER note ON onboard.product_changes;
SELECT who = current_user AS as_owner, path, action FROM noted;
SELECT sku, action, old_values, new_values FROM changes();
ALTER TABLE onboard.product_changes ADD CONSTRAINT refuse CHECK (new_values->>'price' <> '13.00') NOT VALID;
\set VERBOSITY sqlstate
UPDATE onboard.products SET price = 13 WHERE sku = 'HIST b'; -- ERROR
\set VERBOSITY default
ALTER TABLE onboard.product_changes DROP CONSTRAINT refuse;

-- Uploads record the same changes directly and by statements.
CREATE FUNCTION load(file text, path text, prices text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	upload text := onboard_begin_upload('HIST-3', file, mode => 'upsert');
	actions text;
BEGIN
	PERFORM set_config('onboard.load_path', path, true);
	SELECT string_agg(coalesce(i.action, i.errors->0->>'error_type'), ' ' ORDER BY i.row_number) INTO actions
		FROM onboard_ingest(upload, (SELECT jsonb_agg(jsonb_build_object('row_number', n, 'line_number', n + 1, 'product',
			jsonb_build_object('vendor_product_id', path || n, 'product_name', 'Product ' || n, 'category', 'Books',
				'sku', path || n || substr(price, 4, 1), 'price', price, 'stock_quantity', substr(price, 1, 1), 'colour', price))
			|| CASE WHEN n = 4 AND price > '2' THEN '{"action": "delete"}'::jsonb ELSE '{}' END)
			FROM unnest(prices) WITH ORDINALITY p (price, n))) i;
	PERFORM onboard_finish_upload(upload);
	RETURN actions;
END $$;
SELECT path, load('1.csv', path, '{1.50,1.50,1.50,1.50}'), load('2.csv', path, '{0.60,1.50,1.61,2.50}'),
		load('3.csv', path, '{2.50,1.50,1.50,1.50}')
	FROM unnest(ARRAY['auto', 'plain']) path;
CREATE VIEW loaded AS SELECT path, u.file_name, c.row_number, h.line_number, c.action,
		replace(c.old_values::text, path, '') AS old, replace(c.new_values::text, path, '') AS new
	FROM unnest(ARRAY['auto', 'plain']) path JOIN onboard.products p ON p.vendor_product_id LIKE path || '%'
		JOIN onboard.product_changes c USING (product_id) JOIN onboard.product_history h USING (change_id)
		JOIN onboard.upload_history u ON u.upload_id = c.upload_id ORDER BY c.change_id;
SELECT row_number, line_number, action, old, new FROM loaded WHERE path = 'auto';
(SELECT file_name, row_number, line_number, action, old, new FROM loaded WHERE path = 'auto'
	EXCEPT SELECT file_name, row_number, line_number, action, old, new FROM loaded WHERE path = 'plain')
UNION ALL (SELECT file_name, row_number, line_number, action, old, new FROM loaded WHERE path = 'plain'
	EXCEPT SELECT file_name, row_number, line_number, action, old, new FROM loaded WHERE path = 'auto');
-- The products of both reached their state in the same steps.
SELECT count(*), count(DISTINCT (p.price, p.stock_quantity, p.status, p.attributes, replace(p.sku, path, ''))) AS states
	FROM unnest(ARRAY['auto', 'plain']) path JOIN onboard.products o ON o.vendor_product_id LIKE path || '%'
		JOIN onboard.product_history h USING (product_id) CROSS JOIN onboard_product_as_of(h.product_id, h.changed_at) p;
INSERT INTO shown SELECT max(change_id) FROM onboard.product_changes;

-- While the history is off, nothing is recorded.
ALTER TABLE onboard.products DISABLE TRIGGER products_record_update;
SELECT load('4.csv', 'auto', '{1.70}');
UPDATE onboard.products SET price = 14 WHERE sku = 'HIST b';
SELECT count(*) FROM changes();
SELECT onboard_local_changes();
SELECT severity, subject, message, hint FROM onboard_diagnose() WHERE subject = 'history';
ALTER TABLE onboard.products ENABLE TRIGGER products_record_update;
SET session_replication_role = replica;
UPDATE onboard.products SET price = 15 WHERE sku = 'HIST b';
DELETE FROM onboard.products WHERE sku = 'HIST none';
RESET session_replication_role;
SELECT count(*) FROM changes();
ALTER TABLE onboard.products ENABLE ALWAYS TRIGGER products_record_update;
SET session_replication_role = replica;
UPDATE onboard.products SET price = 16 WHERE sku = 'HIST b';
RESET session_replication_role;
SELECT sku, action, old_values, new_values FROM changes();
ALTER TABLE onboard.products ENABLE TRIGGER products_record_update;
SELECT count(*) FROM onboard_local_changes();
-- The function checks how it is called.
CREATE TABLE elsewhere (product_id bigint);
CREATE TRIGGER wrong AFTER UPDATE ON elsewhere FOR EACH STATEMENT EXECUTE FUNCTION onboard.record_product_changes();
UPDATE elsewhere SET product_id = 1; -- ERROR
DROP TABLE elsewhere;

-- A product as of a time
SELECT add('HIST d') AS d \gset
SELECT created_at AS inserted FROM onboard.products WHERE product_id = :d \gset
UPDATE onboard.products SET price = 13, brand = 'One' WHERE product_id = :d RETURNING updated_at AS first \gset
UPDATE onboard.products SET price = 14, attributes = '{"colour": "blue"}' WHERE product_id = :d
	RETURNING updated_at AS second \gset
UPDATE onboard.products SET status = 'discontinued' WHERE product_id = :d RETURNING updated_at AS third \gset
CREATE FUNCTION as_it_was(id bigint, at timestamptz, OUT sku text, OUT price numeric, OUT brand text, OUT attributes jsonb,
	OUT status text, OUT exact boolean) LANGUAGE sql AS $$
	SELECT p.sku, p.price, p.brand, p.attributes, p.status, p.updated_at <= at FROM onboard_product_as_of(id, at) p $$;
-- The error that a call raises, without ids and times
CREATE FUNCTION failure(id bigint, at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM onboard_product_as_of(id, at);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || regexp_replace(SQLERRM, '(product|before) .* was', '\1 ... was');
END $$;
CREATE VIEW over_time AS
	SELECT n, t.* FROM (VALUES (1, :'inserted'::timestamptz - interval '1 us'), (2, :'inserted'),
		(3, :'first'::timestamptz - interval '1 us'), (4, :'first'), (5, :'second'), (6, :'third'), (7, 'infinity')) v (n, at)
		CROSS JOIN LATERAL as_it_was(:d, v.at) t ORDER BY n;
SELECT * FROM over_time;
SELECT p = onboard_product_as_of(:d, now()) AS same FROM onboard.products p WHERE product_id = :d;
SELECT onboard_product_as_of(:d, NULL); -- ERROR
SELECT onboard_product_as_of(NULL, now()) IS NULL AS one, onboard_product_as_of(-1, now()) IS NULL AS two;
-- This works for a deleted product, too,
DELETE FROM onboard.products WHERE product_id = :d;
SELECT * FROM over_time WHERE n < 7;
SELECT onboard_product_as_of(:d, 'infinity') IS NULL AS gone;
SELECT sku, vendor_product_id, action, changed_at >= previous_at AS later, old_values ? 'sku' AS whole, new_values
	FROM onboard.product_history WHERE product_id = :d ORDER BY changed_at;
-- unless a change was not recorded: the last one, one in between, or a deletion.
SELECT add('HIST e') AS e \gset
UPDATE onboard.products SET price = 13 WHERE product_id = :e RETURNING updated_at AS first \gset
ALTER TABLE onboard.products DISABLE TRIGGER products_record_update, DISABLE TRIGGER products_record_delete;
UPDATE onboard.products SET brand = 'Unrecorded' WHERE product_id = :e RETURNING updated_at AS unrecorded \gset
SELECT brand FROM as_it_was(:e, now());
SELECT failure(:e, :'first');
ALTER TABLE onboard.products ENABLE TRIGGER products_record_update, ENABLE TRIGGER products_record_delete;
UPDATE onboard.products SET price = 14 WHERE product_id = :e;
SELECT price, brand FROM as_it_was(:e, :'unrecorded');
SELECT failure(:e, :'first');
SELECT sku FROM as_it_was(:e, '2000-01-01');
DELETE FROM onboard.products WHERE product_id = :e;
SELECT price, brand FROM as_it_was(:e, :'unrecorded');
SELECT failure(:e, :'first');

-- Vendors read their own history, but not who made the changes.
CREATE ROLE regress_onboard_hist1;
CREATE ROLE regress_onboard_hist2;
CREATE ROLE regress_onboard_hist_operator;
SELECT onboard_grant_vendor('regress_onboard_hist1', 'HIST-1');
SELECT onboard_grant_vendor('regress_onboard_hist2', 'HIST-2');
SELECT onboard_grant_operator('regress_onboard_hist_operator');
SELECT add('HIST z', 'HIST-2') AS z \gset
UPDATE onboard.products SET price = 1 WHERE product_id = :z;
SET SESSION AUTHORIZATION regress_onboard_hist2;
SELECT sku, action, changed_by, new_values FROM onboard.product_history ORDER BY changed_at;
SELECT sku FROM as_it_was(:b, now());
SELECT sku FROM as_it_was(:z, now());
\set VERBOSITY terse
SELECT count(*) FROM onboard.product_changes; -- ERROR
SELECT onboard_prune_history('1 day'); -- ERROR
\set VERBOSITY default
RESET SESSION AUTHORIZATION;
-- Not even with the grants that an operator has
GRANT EXECUTE ON FUNCTION onboard_prune_history TO regress_onboard_hist2;
GRANT SELECT ON onboard.product_changes TO regress_onboard_hist2;
SET SESSION AUTHORIZATION regress_onboard_hist2;
SELECT onboard_prune_history('1 day'); -- ERROR
SELECT DISTINCT vendor_id FROM onboard.product_changes;
RESET SESSION AUTHORIZATION;

-- Pruning
SELECT clock_timestamp() AS horizon \gset
UPDATE onboard.products SET price = 17 WHERE sku = 'HIST b' RETURNING product_id = :b AS same;
CREATE FUNCTION prune_before(horizon timestamptz) RETURNS bigint LANGUAGE sql AS $$
	SELECT onboard_prune_history(now() - horizon) $$;
SELECT onboard_prune_history(NULL); -- ERROR
SELECT onboard_prune_history('-1 day'); -- ERROR
SELECT count(*) AS old FROM onboard.product_changes WHERE changed_at < :'horizon' \gset
SET SESSION AUTHORIZATION regress_onboard_hist_operator;
SELECT onboard_prune_history('100 years');
SELECT prune_before(:'horizon') = :old AS all_of_them;
SELECT count(*) FROM onboard.product_history; -- ERROR
RESET SESSION AUTHORIZATION;
SELECT horizon = :'horizon' AS remembered FROM onboard.history_horizon;
-- The horizon never moves back.
SELECT onboard_prune_history('1 day');
SELECT horizon = :'horizon' AS remembered FROM onboard.history_horizon;
SELECT sku, action, old_values, new_values FROM onboard.product_history WHERE product_id = :b ORDER BY changed_at;
SELECT price FROM as_it_was(:b, :'horizon');
SELECT failure(:b, :'horizon'::timestamptz - interval '1 us');
UPDATE onboard.history_horizon SET horizon = '2001-02-03 04:05:06+00';
SELECT onboard_product_as_of(:b, '2001-02-03 04:05:05+00'); -- ERROR
DELETE FROM onboard.history_horizon;

-- A user's trigger that loads another file within ours
BEGIN;
SELECT count(add(sku)) FROM unnest('{HIST outer,HIST inner}'::text[]) sku;
CREATE FUNCTION load_price(file text, sku text, price text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM onboard_ingest(onboard_begin_upload('HIST-1', file,
		mode => 'update', match => 'sku'), jsonb_build_array(jsonb_build_object('row_number', 1, 'product',
			jsonb_build_object('sku', sku, 'price', price))));
$$;
CREATE FUNCTION load_inner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.sku = 'HIST outer' THEN PERFORM load_price('inner.csv', 'HIST inner', '14'); END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER load_inner AFTER UPDATE ON onboard.products FOR EACH ROW EXECUTE FUNCTION load_inner();
SELECT load_price('outer.csv', 'HIST outer', '13');
SELECT p.sku, c.action, u.file_name, c.row_number, c.new_values
	FROM onboard.product_changes c JOIN onboard.products p USING (product_id)
	LEFT JOIN onboard.upload_history u ON u.upload_id = c.upload_id WHERE p.sku IN ('HIST outer', 'HIST inner') ORDER BY 1;
ROLLBACK;

DROP VIEW over_time, loaded;
DROP FUNCTION prune_before, as_it_was, failure, load, add, changes, part, touch_another, change_again, note;
DROP TABLE shown, before, noted;
DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'HIST-%';
DELETE FROM onboard.products WHERE vendor_id LIKE 'HIST-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'HIST-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'HIST-%';
DELETE FROM onboard.product_changes WHERE vendor_id LIKE 'HIST-%';
DROP OWNED BY regress_onboard_editor, regress_onboard_hist1, regress_onboard_hist2, regress_onboard_hist_operator;
DROP ROLE regress_onboard_editor, regress_onboard_hist1, regress_onboard_hist2, regress_onboard_hist_operator;
