-- Rows that a guard held: approving and declining them.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes) VALUES
	('HELD-1', 'Held one', 'one@held.example', '{insert,upsert,update,replace}'),
	('HELD-2', 'Held two', 'two@held.example', '{insert,update}');
CREATE FUNCTION open_upload(name text, mode text, source_time timestamptz, vendor_id text DEFAULT 'HELD-1')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM onboard_begin_upload(vendor_id, name || '.csv', content_id => name, mode => open_upload.mode,
		source_time => open_upload.source_time);
END $$;
CREATE FUNCTION id(name text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS $$
	SELECT upload_id FROM onboard.upload_history WHERE content_id = name AND vendor_id LIKE 'HELD-%';
$$;
-- Rows of an upload, written as product:price
CREATE FUNCTION load(name text, VARIADIC rows text[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(split_part(r, ':', 1) || ' ' || coalesce(i.action, i.errors -> 0 ->> 'error_type'), ', ' ORDER BY n)
	FROM onboard.upload_history u, onboard_ingest(u.upload_id, (SELECT jsonb_agg(jsonb_build_object('row_number', n,
			'line_number', n + 1, 'product', jsonb_strip_nulls(jsonb_build_object('vendor_product_id', split_part(r, ':', 1),
				'product_name', t.name, 'category', t.category, 'sku', t.sku, 'price', split_part(r, ':', 2),
				'stock_quantity', t.stock))))
		FROM unnest(rows) WITH ORDINALITY x (r, n), LATERAL (SELECT 'Thing' AS name, 'Books' AS category,
			split_part(r, ':', 1) AS sku, '5' AS stock WHERE u.mode <> 'update' UNION ALL
			SELECT NULL, NULL, NULL, NULL WHERE u.mode = 'update') t)) i
		JOIN unnest(rows) WITH ORDINALITY x (r, n) ON n = i.row_number
	WHERE u.upload_id = id(name);
$$;
CREATE FUNCTION finish(name text) RETURNS text LANGUAGE sql AS $$
	SELECT status FROM onboard_finish_upload(id(name));
$$;
CREATE VIEW catalogue AS SELECT sku, price, stock_quantity AS stock, status FROM onboard.products
	WHERE vendor_id = 'HELD-1' ORDER BY sku;
CREATE VIEW held AS
	SELECT u.content_id AS upload, h.row_number AS row, h.cause, h.current_value AS current, h.new_value AS new, h.outcome,
		h.reason, h.decided_by, h.decided_at IS NOT NULL AS decided
	FROM onboard.held_rows h JOIN onboard.upload_history u USING (upload_id) WHERE h.vendor_id LIKE 'HELD-%'
	ORDER BY held_id;

SELECT open_upload('base', 'insert', '2026-01-01');
SELECT load('base', 'A:10', 'B:10', 'C:10', 'D:10', 'E:10', 'F:10', 'G:10');
SELECT finish('base');
SELECT open_upload('prices', 'update', '2026-01-02');
SELECT load('prices', 'A:100', 'B:1', 'C:100', 'D:12', 'E:100', 'F:100', 'G:100');
SELECT finish('prices');
TABLE catalogue;
TABLE held;
SELECT status, valid_records, updated, held FROM onboard.upload_history WHERE upload_id = id('prices');
SELECT payload FROM onboard.outbox WHERE upload_id = id('prices') AND kind = 'upload_ended';
SELECT onboard_upload_status(id('prices')) -> 'actions' AS actions,
	onboard_upload_status(id('prices')) -> 'held_waiting' AS waiting;
SELECT mode, updated, held FROM onboard.recent_uploads WHERE upload_id = id('prices');
SELECT name, value > 0 AS some FROM onboard_backlog() WHERE name = 'held_waiting';
UPDATE onboard.held_rows SET created_at = created_at - interval '1 hour' WHERE vendor_id = 'HELD-1';
SELECT name, value BETWEEN 3600 AND 4000 AS hour FROM onboard_backlog() WHERE name = 'held_oldest_seconds';
\t on
\a
SELECT regexp_replace(body, 'Upload: .*\nFile', 'File') FROM onboard_notification(id('prices'));
\t off
\a

-- Who may decide: roles with onboard_grant_operator(), but not a loader, and no role in vendor_roles.
CREATE ROLE regress_onboard_held_operator;
CREATE ROLE regress_onboard_held_loader;
CREATE ROLE regress_onboard_held_vendor;
SELECT onboard_grant_operator('regress_onboard_held_operator');
SELECT onboard_grant_loader('regress_onboard_held_loader');
SELECT onboard_grant_vendor('regress_onboard_held_vendor', 'HELD-1');
SET SESSION AUTHORIZATION regress_onboard_held_loader;
SELECT count(*) FROM onboard_held(upload_id => id('prices'));
SELECT onboard_approve_rows(id('prices')); -- ERROR
SELECT onboard_decline_rows(id('prices')); -- ERROR
SET SESSION AUTHORIZATION regress_onboard_held_vendor;
SELECT row_number, line_number, cause, current_value, new_value FROM onboard_held();
SELECT onboard_approve_rows(id('prices')); -- ERROR
RESET SESSION AUTHORIZATION;
-- Not even with the grant
GRANT EXECUTE ON FUNCTION onboard_approve_rows, onboard_decline_rows TO regress_onboard_held_vendor;
SET SESSION AUTHORIZATION regress_onboard_held_vendor;
SELECT onboard_approve_rows(id('prices')); -- ERROR
SELECT onboard_decline_rows(id('prices')); -- ERROR
SET SESSION AUTHORIZATION regress_onboard_held_operator;
SELECT row_number, line_number, cause, current_value, new_value FROM onboard_held('HELD-1', id('prices'));
SELECT count(*) FROM onboard_held('HELD-2');
SELECT input FROM onboard.held_rows; -- ERROR
SELECT * FROM onboard_approve_rows(id('prices'), ARRAY[1]);
SELECT onboard_decline_rows(id('prices'), ARRAY[2]);
RESET SESSION AUTHORIZATION;
TABLE catalogue;
TABLE held;
SELECT action, row_number, changed_by, old_values, new_values FROM onboard.product_changes
	WHERE upload_id = id('prices') ORDER BY change_id;
-- Status, counters and event stay.
SELECT status, valid_records, updated, held FROM onboard.upload_history WHERE upload_id = id('prices');
SELECT count(*) FROM onboard.outbox WHERE upload_id = id('prices') AND kind = 'upload_ended';
-- A decision is final; a second call returns it.
SELECT * FROM onboard_approve_rows(id('prices'), ARRAY[1, 2]);
SELECT onboard_decline_rows(id('prices'), ARRAY[1, 2]);
SELECT price FROM catalogue WHERE sku IN ('A', 'B') ORDER BY sku;
-- Rows that are not held
SELECT onboard_approve_rows(id('prices'), ARRAY[4]); -- ERROR
SELECT onboard_approve_rows(id('prices'), ARRAY[3, 0]); -- ERROR
SELECT onboard_decline_rows(id('prices'), ARRAY[3, 99]); -- ERROR
SELECT onboard_decline_rows(id('prices'), ARRAY[3, NULL]); -- ERROR
SELECT onboard_approve_rows('HELD-1-no'); -- ERROR
-- Superseded by a later upload that named the product, even if that is undone; SQL does not count, and is overwritten.
SELECT open_upload('later', 'update', '2026-01-03'), open_upload('undone', 'update', '2026-01-04');
SELECT load('later', 'C:11'), load('undone', 'E:11');
SELECT finish('later'), finish('undone');
SELECT * FROM onboard_undo_upload(id('undone'));
UPDATE onboard.products SET price = 13 WHERE sku = 'F';
-- Refused by a trigger
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.sku = 'G' THEN
		RAISE EXCEPTION 'G is not for sale';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON onboard.products FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT * FROM onboard_approve_rows(id('prices'));
DROP TRIGGER refuse ON onboard.products;
TABLE catalogue;
SELECT "row", outcome, reason FROM held;
SELECT count(*) FROM onboard_held();
-- What was approved is undone with the upload.
SELECT sku, step, reason FROM onboard_undo_plan(id('prices')) ORDER BY 1;
SELECT * FROM onboard_undo_upload(id('prices'));
TABLE catalogue;

-- Undo declines what waits, and nothing can be approved afterwards.
SELECT open_upload('undo', 'update', '2026-01-05');
SELECT load('undo', 'A:100', 'B:11');
\set VERBOSITY terse
SELECT onboard_approve_rows(id('undo')); -- ERROR
SELECT onboard_decline_rows(id('undo')); -- ERROR
\set VERBOSITY default
SELECT finish('undo');
-- If a trigger rewrites a key to one that is taken, the reason is the message of a row that is loaded.
BEGIN;
CREATE FUNCTION take_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.sku := 'B'; RETURN NEW; END $$;
CREATE TRIGGER take_key BEFORE UPDATE ON onboard.products FOR EACH ROW EXECUTE FUNCTION take_key();
SELECT outcome, reason FROM onboard_approve_rows(id('undo'));
SELECT open_upload('taken', 'update', '2026-01-06');
SELECT load('taken', 'C:12');
SELECT error_message FROM onboard.validation_errors WHERE upload_id = id('taken');
ROLLBACK;
SELECT * FROM onboard_undo_upload(id('undo'), true);
SELECT outcome FROM held WHERE upload = 'undo';
SELECT * FROM onboard_undo_upload(id('undo'));
SELECT outcome, decided_by = session_user AS by_me FROM held WHERE upload = 'undo';
SELECT * FROM onboard_approve_rows(id('undo'));
SELECT * FROM onboard_approve_rows(id('undo'), ARRAY[1]);
SELECT price FROM catalogue WHERE sku = 'A';

DELETE FROM onboard.products WHERE vendor_id LIKE 'HELD-%';
DELETE FROM onboard.product_changes WHERE vendor_id LIKE 'HELD-%';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'HELD-%';
DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'HELD-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'HELD-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'HELD-%';
DROP OWNED BY regress_onboard_held_operator, regress_onboard_held_loader, regress_onboard_held_vendor;
DROP ROLE regress_onboard_held_operator, regress_onboard_held_loader, regress_onboard_held_vendor;
DROP VIEW catalogue, held;
DROP FUNCTION open_upload, id, load, finish, refuse;
