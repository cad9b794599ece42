-- Abuse and accidents: triggers running under a planted search_path, renamed logins,
-- nested statements, values beyond all limits.
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES
	('ABU-1', 'Abuse one', 'one@abuse.example'), ('ABU-2', 'Abuse two', 'two@abuse.example'),
	('ABU-3', 'Abuse three', 'three@abuse.example');
CREATE ROLE regress_abuse_loader;
CREATE ROLE regress_abuse_vendor;
SELECT onboard_grant_loader('regress_abuse_loader');
SELECT onboard_grant_loader('regress_abuse_vendor'), onboard_grant_vendor('regress_abuse_vendor', 'ABU-3');
CREATE FUNCTION row_json(n int, prefix text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_array(jsonb_build_object('row_number', n, 'line_number', n + 1, 'product',
		jsonb_build_object('vendor_product_id', prefix || n, 'product_name', 'n', 'category', 'Books', 'sku',
			prefix || n, 'price', '1', 'stock_quantity', '1'))) $$;
CREATE FUNCTION begin_upload(vendor text, name text, total bigint DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT onboard_begin_upload(vendor, name, NULL, name, total) $$;

-- A trigger of the administrator uses its own table, not the caller's.
CREATE TABLE public.abuse_audit (sku text);
CREATE FUNCTION abuse_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO abuse_audit VALUES (NEW.sku);
	RETURN NEW; END $$;
CREATE TRIGGER abuse_audit AFTER INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION abuse_audit();
GRANT EXECUTE ON FUNCTION row_json, begin_upload TO PUBLIC;
SET SESSION AUTHORIZATION regress_abuse_loader;
CREATE TEMP TABLE abuse_audit (sku text);
CREATE FUNCTION pg_temp.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE regress_abuse_loader SUPERUSER;
	RETURN NEW; END $$;
CREATE TRIGGER evil BEFORE INSERT ON abuse_audit FOR EACH ROW EXECUTE FUNCTION pg_temp.evil();
GRANT ALL ON abuse_audit TO PUBLIC;
SET search_path = pg_temp, public;
SELECT status FROM onboard_ingest(begin_upload('ABU-1', 'audit'), row_json(1, 'AUD'));
RESET search_path;
DROP TABLE pg_temp.abuse_audit;
RESET SESSION AUTHORIZATION;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_abuse_loader';
SELECT sku FROM public.abuse_audit;
DROP TRIGGER abuse_audit ON onboard.products;

-- A confined login that is renamed, or whose vendor is removed, has no access.
ALTER ROLE regress_abuse_vendor RENAME TO regress_abuse_renamed;
SET ROLE regress_abuse_renamed;
SELECT count(*) FROM onboard.vendors;
SELECT onboard_begin_upload('ABU-1', 'x'); -- ERROR
SELECT onboard_begin_upload('ABU-3', 'x'); -- ERROR
RESET ROLE;
ALTER ROLE regress_abuse_renamed RENAME TO regress_abuse_vendor;
SET ROLE regress_abuse_vendor;
SELECT vendor_id FROM onboard.vendors;
RESET ROLE;
DELETE FROM onboard.vendors WHERE vendor_id = 'ABU-3';
SET ROLE regress_abuse_vendor;
SELECT count(*) FROM onboard.vendors;
SELECT onboard_begin_upload('ABU-1', 'x'); -- ERROR
RESET ROLE;

-- A nested statement that loads the same upload, or ends it
SELECT begin_upload('ABU-1', 'nested', 10) AS u \gset
CREATE FUNCTION in_between(n int, upload text, what text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF n = 2 THEN EXECUTE what USING upload; END IF;
	RETURN n;
END $$;
DO $$
DECLARE
	upload text := (SELECT upload_id FROM onboard.upload_history WHERE content_id = 'nested');
	what text;
BEGIN
	FOREACH what IN ARRAY ARRAY['SELECT onboard_cancel_upload($1)', 'SELECT onboard_finish_upload($1)',
		'SELECT onboard_undo_upload($1)',
		'SELECT onboard_ingest($1, row_json(7, ''INNER''))', 'SELECT onboard_sweep_uploads(''-1 hour'')'] LOOP
		BEGIN
			WITH a AS (INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category,
				sku, price, stock_quantity)
				SELECT upload, in_between(i, upload, what), 'W' || i, 'n', 'Books', 'W' || i, '1', '1'
					FROM generate_series(1, 4) i RETURNING 1)
			SELECT FROM a;
			RAISE NOTICE '%: done', what;
		EXCEPTION WHEN object_in_use THEN
			RAISE NOTICE '%: %', what, regexp_replace(SQLERRM, '"ABU.*"', 'X');
		END;
	END LOOP;
	-- Two inserts in one statement.
	BEGIN
		WITH a AS (INSERT INTO onboard.intake (upload_id, row_number, sku) SELECT upload, i, 'a'
			FROM generate_series(1, 2) i RETURNING 1),
			b AS (INSERT INTO onboard.intake (upload_id, row_number, sku) SELECT upload, i, 'b'
				FROM generate_series(1, 2) i RETURNING 1)
		SELECT FROM a, b;
		RAISE NOTICE 'two inserts: done';
	EXCEPTION WHEN object_in_use THEN
		RAISE NOTICE 'two inserts: %', regexp_replace(SQLERRM, '"ABU.*"', 'X');
	END;
END $$;
-- No trace of that is left, and the upload loads.
SELECT valid_records, error_records, status FROM onboard.upload_history WHERE upload_id = :'u';
SELECT status FROM onboard_ingest(:'u', row_json(1, 'LEFT'));
SELECT valid_records, error_records, status FROM onboard.upload_history WHERE upload_id = :'u';

-- Work deferred to commit, if the transaction removes its upload
CREATE FUNCTION many(upload text, prefix text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN FOR i IN 1..20 LOOP PERFORM onboard_ingest(upload, row_json(i, prefix)); END LOOP; END $$;
SELECT begin_upload('ABU-1', 'gone') AS u \gset
BEGIN;
SELECT many(:'u', 'GON');
DELETE FROM onboard.products WHERE upload_id = :'u';
DELETE FROM onboard.upload_history WHERE upload_id = :'u';
COMMIT;
SELECT begin_upload('ABU-1', 'read only') AS u \gset
BEGIN;
SELECT many(:'u', 'RON');
SET TRANSACTION READ ONLY;
COMMIT;
SELECT valid_records FROM onboard.upload_history WHERE upload_id = :'u';
SELECT begin_upload('ABU-1', 'swept') AS u \gset
BEGIN;
SELECT many(:'u', 'SWE');
SELECT onboard_sweep_uploads('-1 hour') > 0 AS swept;
COMMIT;
SELECT status, failure_code, valid_records, (SELECT count(*) FROM onboard.products p
	WHERE p.upload_id = u.upload_id) AS products,
	(SELECT count(*) FROM onboard.judged_rows j WHERE j.upload_id = u.upload_id) AS ranges
	FROM onboard.upload_history u WHERE upload_id = :'u';
-- A deferred trigger on the account sees every change to it.
CREATE FUNCTION veto() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.status = 'completed' THEN
	RAISE EXCEPTION 'veto'; END IF; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER veto AFTER UPDATE ON onboard.upload_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	EXECUTE FUNCTION veto();
SELECT begin_upload('ABU-1', 'veto', 20) AS u \gset
BEGIN;
SELECT many(:'u', 'VET');
COMMIT; -- ERROR
DROP TRIGGER veto ON onboard.upload_history;
SELECT valid_records, status FROM onboard.upload_history WHERE upload_id = :'u';

-- A rewrite rule is refused with a reason, and nothing is stored.
BEGIN;
CREATE RULE abuse AS ON INSERT TO onboard.products DO INSTEAD NOTHING;
SAVEPOINT s;
SELECT status FROM onboard_ingest(:'u', row_json(1, 'RUL')); -- ERROR
ROLLBACK;
SET onboard.load_path = plain;
SELECT status FROM onboard_ingest(:'u', row_json(1, 'RUL'));
RESET onboard.load_path;

-- Oversized input is refused and not stored in full.
SELECT status, errors -> 0 ->> 'error_type' AS type FROM onboard_ingest(:'u',
	jsonb_build_array(jsonb_build_object('row_number', 2, 'product',
	jsonb_build_object('description', repeat('y', 5000000), 'sku', 'big'))));
SELECT status, errors -> 0 ->> 'error_type' AS type FROM onboard_ingest(:'u',
	jsonb_build_array(jsonb_build_object('row_number', 3, 'defect',
	jsonb_build_object('error_type', 'MALFORMED_ROW', 'message', repeat('m', 5000000), 'raw', repeat('z', 5000000)))));
SELECT row_number, length(rejected_value) <= 262144 AS value_cut, pg_column_size(original_data) <= 300000 AS data_cut,
	length(error_message)
	FROM onboard.validation_errors WHERE upload_id = :'u' ORDER BY 1;

DELETE FROM onboard.products WHERE vendor_id LIKE 'ABU-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'ABU-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'ABU-%';
DROP TABLE public.abuse_audit;
DROP FUNCTION abuse_audit, veto, many, in_between, begin_upload, row_json;
DROP OWNED BY regress_abuse_loader, regress_abuse_vendor;
DROP ROLE regress_abuse_loader, regress_abuse_vendor;
