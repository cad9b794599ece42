-- The last step of an upload with mode replace.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes, discontinue_guard) VALUES
	('REPLACE-1', 'Replace one', 'one@replace.example', '{insert,upsert,update,replace}', NULL),
	('REPLACE-2', 'Replace two', 'two@replace.example', '{insert,replace}', 0.2);
CREATE FUNCTION open_upload(name text, mode text, source_time timestamptz DEFAULT NULL, vendor_id text DEFAULT 'REPLACE-1')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM onboard_begin_upload(vendor_id, name || '.csv', content_id => name, mode => open_upload.mode,
		source_time => open_upload.source_time);
END $$;
CREATE FUNCTION id(name text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT upload_id FROM onboard.upload_history WHERE content_id = name AND vendor_id LIKE 'REPLACE-%';
$$;
-- Rows 1 to n of an upload; a product has the same vendor_product_id and SKU, and "!" is an invalid price
CREATE FUNCTION load(name text, VARIADIC products text[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(rtrim(p, '!') || ' ' || coalesce(i.action, i.errors -> 0 ->> 'error_type'), ', ' ORDER BY i.row_number)
	FROM onboard_ingest(id(name), (SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product', jsonb_build_object(
			'vendor_product_id', rtrim(p, '!'), 'product_name', 'Thing', 'category', 'Books', 'sku', rtrim(p, '!'),
			'price', CASE WHEN p LIKE '%!' THEN 'free' ELSE '10' END, 'stock_quantity', '5')))
		FROM unnest(products) WITH ORDINALITY x (p, n))) i
		JOIN unnest(products) WITH ORDINALITY x (p, n) ON n = i.row_number;
$$;
CREATE FUNCTION finish(name text, OUT status text, OUT discontinued_missing bigint, OUT metadata jsonb) LANGUAGE sql AS $$
	SELECT status, discontinued_missing, metadata FROM onboard_finish_upload(id(name));
$$;
CREATE VIEW catalogue AS SELECT sku, status FROM onboard.products WHERE vendor_id = 'REPLACE-1' ORDER BY sku;
CREATE VIEW held AS
	SELECT u.content_id AS upload, h.row_number, h.cause, h.current_value, h.new_value, h.outcome, h.reason
	FROM onboard.held_rows h JOIN onboard.upload_history u USING (upload_id) WHERE h.vendor_id LIKE 'REPLACE-%' ORDER BY held_id;

SELECT open_upload('base', 'insert', '2026-01-01');
SELECT load('base', 'A', 'B', 'C', 'D', 'E', 'F', 'G');
SELECT finish('base');
-- Every row with a readable key names its product, even one that is rejected or a duplicate; other products are discontinued.
UPDATE onboard.products SET status = 'inactive' WHERE sku = 'F' AND vendor_id = 'REPLACE-1';
UPDATE onboard.products SET status = 'discontinued' WHERE sku = 'G' AND vendor_id = 'REPLACE-1';
SELECT open_upload('second', 'replace', '2026-01-02');
SELECT load('second', 'A', 'B!', 'C', 'C', 'H');
TABLE catalogue;
SELECT finish('second');
TABLE catalogue;
SELECT p.sku, a.row_number, a.action FROM onboard.row_actions a JOIN onboard.products p USING (product_id)
	JOIN onboard.upload_history u USING (upload_number) WHERE u.upload_id = id('second') ORDER BY 1;
SELECT p.sku, c.action, c.row_number, c.old_values, c.new_values FROM onboard.product_changes c
	JOIN onboard.products p USING (product_id) WHERE c.upload_id = id('second') ORDER BY 1;
SELECT kind, payload FROM onboard.outbox WHERE upload_id = id('second') AND kind = 'upload_ended';
-- Undo restores them.
SELECT sku, step, reason FROM onboard_undo_plan(id('second')) ORDER BY 1;
SELECT * FROM onboard_undo_upload(id('second'));
TABLE catalogue;

-- What a later upload inserted or named stays, unless that one was undone.
SELECT open_upload('later', 'upsert', '2026-01-05');
SELECT load('later', 'A', 'I');
SELECT finish('later');
SELECT open_upload('later 2', 'upsert', '2026-01-05 12:00');
SELECT load('later 2', 'E');
SELECT finish('later 2');
SELECT * FROM onboard_undo_upload(id('later 2'));
SELECT open_upload('earlier', 'replace', '2026-01-03');
SELECT load('earlier', 'B', 'C');
SELECT finish('earlier');
TABLE catalogue;
-- A product that a later replace discontinued stays discontinued.
SELECT open_upload('latest', 'replace', '2026-01-06');
SELECT load('latest', 'B');
SELECT finish('latest');
TABLE catalogue;
SELECT open_upload('too late', 'upsert', '2026-01-04');
SELECT load('too late', 'A', 'B', 'C');
SELECT finish('too late');
TABLE catalogue;
-- Undo in reverse order
SELECT * FROM onboard_undo_upload(id('too late'));
SELECT * FROM onboard_undo_upload(id('latest'));
SELECT * FROM onboard_undo_upload(id('earlier'));
TABLE catalogue;

-- An upload that has no valid row, or was cancelled or abandoned, discontinues nothing.
SELECT open_upload('bad', 'replace'), open_upload('cancelled', 'replace'), open_upload('abandoned', 'replace');
SELECT load('bad', 'A!'), load('cancelled', 'A'), load('abandoned', 'A');
SELECT finish('bad');
SELECT status FROM onboard_cancel_upload(id('cancelled'));
UPDATE onboard.upload_history SET updated_at = now() - interval '2 days' WHERE upload_id = id('abandoned');
SELECT onboard_sweep_uploads();
TABLE catalogue;
-- Nor does another mode.
SELECT open_upload('upsert', 'upsert');
SELECT load('upsert', 'A');
SELECT finish('upsert');

-- What the catalogue refuses stays on offer, and the upload ends.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.sku = 'C' THEN
		RAISE EXCEPTION 'C stays on offer';
	ELSIF NEW.sku = 'D' THEN
		RETURN NULL;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON onboard.products FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT open_upload('refused', 'replace');
SELECT load('refused', 'A', 'B');
SELECT finish('refused');
TABLE catalogue;
DROP TRIGGER refuse ON onboard.products;
DROP FUNCTION refuse;
SELECT * FROM onboard_undo_upload(id('refused'));

-- So does a product that a policy refuses, if the owner is not a superuser; but a missing privilege is an error.
BEGIN;
CREATE ROLE regress_onboard_replace;
GRANT USAGE, CREATE ON SCHEMA onboard TO regress_onboard_replace;
DO $$ DECLARE c regclass; BEGIN
	FOR c IN SELECT oid FROM pg_class WHERE relnamespace = 'onboard'::regnamespace AND relkind IN ('r', 'v', 'f') LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO regress_onboard_replace', c); END LOOP; END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA onboard, public TO regress_onboard_replace;
CREATE POLICY keep ON onboard.products AS RESTRICTIVE FOR UPDATE USING (sku <> 'D') WITH CHECK (sku <> 'C');
SELECT open_upload('policy', 'replace');
SELECT load('policy', 'A', 'B');
SELECT finish('policy');
TABLE catalogue;
DROP POLICY keep ON onboard.products;
CREATE POLICY keep ON onboard.products AS RESTRICTIVE FOR UPDATE USING (true) WITH CHECK (sku <> 'E');
SELECT sku, step, reason FROM onboard_undo_plan(id('policy')) ORDER BY 1;
SELECT * FROM onboard_undo_upload(id('policy'));
TABLE catalogue;
CREATE TABLE private ();
CREATE FUNCTION write_privately() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.private DEFAULT VALUES;
	RETURN NEW;
END $$;
CREATE TRIGGER write_privately BEFORE UPDATE ON onboard.products FOR EACH ROW EXECUTE FUNCTION write_privately();
SELECT open_upload('private', 'replace');
SELECT load('private', 'A', 'B');
SAVEPOINT s;
SELECT finish('private');
ROLLBACK TO s;
-- Likewise a policy of another table
ALTER TABLE private ENABLE ROW LEVEL SECURITY;
GRANT INSERT ON private TO regress_onboard_replace;
SELECT finish('private');
ROLLBACK TO s;
-- An owner who may write for one vendor only writes no product.
DROP TRIGGER write_privately ON onboard.products;
INSERT INTO onboard.vendor_roles (role_name, vendor_id) VALUES ('regress_onboard_replace', 'REPLACE-1');
SELECT finish('private');
ROLLBACK;

-- A row whose key cannot be read holds the step.
SELECT open_upload('unnamed', 'replace');
SELECT load('unnamed', 'A', 'B', '');
SELECT unnamed_records FROM onboard.upload_history WHERE upload_id = id('unnamed');
SELECT finish('unnamed');
TABLE catalogue;
TABLE held;
SELECT held FROM onboard.upload_history WHERE upload_id = id('unnamed');
SELECT payload FROM onboard.outbox WHERE upload_id = id('unnamed') AND kind = 'upload_ended';
-- So does a step that would discontinue more than the vendor's guard allows, even if all rows are valid.
SELECT open_upload('full', 'insert', '2026-02-01', 'REPLACE-2');
SELECT load('full', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', 'R9', 'R10');
SELECT finish('full');
SELECT open_upload('cut', 'replace', '2026-02-02', 'REPLACE-2');
SELECT load('cut', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7');
SELECT finish('cut');
SELECT status, valid_records, held FROM onboard.upload_history WHERE upload_id = id('cut');
SELECT sku FROM onboard.products WHERE vendor_id = 'REPLACE-2' AND status = 'discontinued';
\t on
\a
SELECT regexp_replace(body, 'Upload: .*\nFile', 'File') FROM onboard_notification(id('cut'));
SELECT regexp_replace(body, 'Upload: .*\nFile', 'File') FROM onboard_notification(id('unnamed'));
\t off
\a
SELECT open_upload('allowed', 'replace', '2026-02-03', 'REPLACE-2');
SELECT load('allowed', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8');
SELECT finish('allowed');
SELECT sku FROM onboard.products WHERE vendor_id = 'REPLACE-2' AND status = 'discontinued' ORDER BY 1;
-- If no product is missing, nothing waits.
SELECT open_upload('all', 'replace', '2026-02-04', 'REPLACE-2');
SELECT load('all', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', '');
SELECT finish('all');

-- The step is approved as a whole, as row 0, and the upload does not change.
SELECT upload_id = id('cut') AS is_cut, row_number, cause, current_value, new_value FROM onboard_held('REPLACE-2');
SELECT * FROM onboard_approve_rows(id('cut'), ARRAY[0]);
TABLE held;
-- What a later upload named stays on offer.
SELECT sku FROM onboard.products WHERE vendor_id = 'REPLACE-2' AND status = 'discontinued' ORDER BY 1;
SELECT * FROM onboard_approve_rows(id('unnamed'));
TABLE catalogue;
TABLE held;
SELECT status, discontinued_missing, held FROM onboard.upload_history WHERE upload_id = id('unnamed');
SELECT count(*) FROM onboard.outbox WHERE upload_id = id('unnamed') AND kind = 'upload_ended';
SELECT * FROM onboard_undo_upload(id('unnamed'));
TABLE catalogue;

-- More products than one batch has, twice in one session
SELECT open_upload('many', 'insert', '2026-03-01', 'REPLACE-2');
SELECT length(load('many', VARIADIC array_agg('N' || n))) FROM generate_series(1, 5000) n;
SELECT finish('many');
UPDATE onboard.vendors SET discontinue_guard = NULL WHERE vendor_id = 'REPLACE-2';
SELECT open_upload('few', 'replace', '2026-03-02', 'REPLACE-2');
SELECT length(load('few', VARIADIC array_agg('N' || n))) FROM generate_series(1, 100) n;
SELECT finish('few');
SELECT * FROM onboard_undo_upload(id('few'));
SELECT open_upload('few again', 'replace', '2026-03-02', 'REPLACE-2');
SELECT load('few again', 'N1');
SELECT finish('few again');
SELECT status, count(*) FROM onboard.products WHERE vendor_id = 'REPLACE-2' GROUP BY 1 ORDER BY 1;

DELETE FROM onboard.products WHERE vendor_id LIKE 'REPLACE-%';
DELETE FROM onboard.product_changes WHERE vendor_id LIKE 'REPLACE-%';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'REPLACE-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'REPLACE-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'REPLACE-%';
DROP VIEW catalogue, held;
DROP FUNCTION open_upload, id, load, finish;
