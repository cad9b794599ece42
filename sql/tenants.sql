-- Tenants: a vendor's login sees only its own rows, through any object.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES
	('TEN-1', 'Tenant one', 'one@ten.example'), ('TEN-2', 'Tenant two', 'two@ten.example'),
	('TEN-3', 'Tenant three', 'three@ten.example');
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	SELECT 'TEN-' || v, 'P' || v, 'SECRET-' || v, 'Books', 'SECRET-SKU-' || v, 1, 1 FROM generate_series(1, 3) v;
SELECT onboard_begin_upload('TEN-1', 'a.csv', NULL, 'tenant') AS one,
	onboard_begin_upload('TEN-2', 'a.csv', NULL, 'tenant') AS two \gset
INSERT INTO onboard.validation_errors (upload_id, vendor_id, row_number, error_type, error_field, error_message,
	severity, original_data)
	SELECT upload_id, vendor_id, 1, 'INVALID_PRICE', 'price', 'SECRET', 'error', '{}' FROM onboard.upload_history
		WHERE vendor_id LIKE 'TEN-%';
INSERT INTO onboard.column_maps (vendor_id, map_name, version, definition) SELECT 'TEN-' || v, 'shop', 1, ''
	FROM generate_series(1, 3) v;
INSERT INTO onboard.map_values (vendor_id, list_name, pairs) SELECT 'TEN-' || v, 'list', '{"SECRET": ""}'
	FROM generate_series(1, 3) v;
INSERT INTO onboard.frozen_maps (vendor_id, map_hash, document)
	SELECT 'TEN-' || v, encode(sha256('SECRET'), 'hex'), '{}' FROM generate_series(1, 3) v;
INSERT INTO onboard.judged_rows SELECT upload_id, 1, 1 FROM onboard.upload_history WHERE vendor_id LIKE 'TEN-%';
INSERT INTO onboard.outbox (kind, upload_id, vendor_id, payload)
	SELECT 'errors_recorded', upload_id, vendor_id, '{}' FROM onboard.upload_history WHERE vendor_id LIKE 'TEN-%';
CREATE ROLE regress_onboard_ten1;
CREATE ROLE regress_onboard_ten23;
CREATE ROLE regress_onboard_nobody;
CREATE ROLE regress_onboard_loads;
SELECT onboard_grant_vendor('regress_onboard_ten1', 'TEN-1');
SELECT onboard_grant_vendor('regress_onboard_ten1', 'TEN-1');
SELECT onboard_grant_vendor('regress_onboard_ten23', v) FROM unnest(ARRAY['TEN-2', 'TEN-3']) v;
SELECT onboard_grant_loader('regress_onboard_loads');
-- Grants without an entry in vendor_roles show nothing.
SELECT onboard_grant_vendor('regress_onboard_nobody', 'TEN-1');
DELETE FROM onboard.vendor_roles WHERE role_name = 'regress_onboard_nobody';
SELECT onboard_grant_vendor('regress_onboard_ten1', 'TEN-9'); -- ERROR
SELECT onboard_grant_vendor('regress_onboard_no', 'TEN-1'); -- ERROR
SELECT onboard_grant_vendor('public', 'TEN-1'); -- ERROR
SELECT onboard_grant_loader(NULL); -- ERROR

-- The same for actions that need more privileges
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA onboard TO regress_onboard_ten1;
REVOKE ALL ON onboard.intake, onboard.outbox, onboard.vendor_roles FROM regress_onboard_ten1;
GRANT SELECT ON onboard.vendor_roles TO regress_onboard_ten1;

-- Which vendors a role sees, queried as that role
CREATE FUNCTION seen() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['vendors', 'products', 'upload_history', 'validation_errors', 'vendor_roles',
		'column_maps', 'map_values', 'frozen_maps', 'vendor_summary', 'recent_uploads', 'product_catalog']
	LOOP
		RETURN QUERY EXECUTE format('SELECT %L || '': '' || coalesce(string_agg(DISTINCT vendor_id, '' '' ORDER BY '
			'vendor_id), ''nothing'')
			FROM onboard.%I WHERE vendor_id LIKE ''TEN-%%''', r, r);
	END LOOP;
END $$;
SELECT seen();

SET SESSION AUTHORIZATION regress_onboard_ten1;
SELECT seen();
SELECT upload_id = :'one' AS own FROM onboard.judged_rows;
-- Counts in views include only own rows.
SELECT vendor_id, products, uploads FROM onboard.vendor_summary;
-- A vendor cannot write.
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	VALUES ('TEN-1', 'P9', 'x', 'Books', 'TEN 9', 1, 1); -- ERROR
INSERT INTO onboard.upload_history (upload_id, vendor_id, file_name, ruleset_version)
	VALUES ('TEN-2-x', 'TEN-2', 'x', 1); -- ERROR
UPDATE onboard.products SET vendor_id = 'TEN-2'; -- ERROR
UPDATE onboard.products SET price = 2 WHERE vendor_id = 'TEN-2';
DELETE FROM onboard.products WHERE vendor_id = 'TEN-2';
UPDATE onboard.map_values SET pairs = '{}' WHERE vendor_id = 'TEN-2';
DELETE FROM onboard.frozen_maps WHERE vendor_id = 'TEN-2';
DELETE FROM onboard.column_maps WHERE vendor_id = 'TEN-2';
-- Reports of other vendors appear not to exist.
SELECT onboard_error_csv(:'one');
SELECT count(*) FROM onboard_error_csv(:'two'); -- ERROR
SELECT count(*) FROM onboard_fix_csv(:'two'); -- ERROR
SELECT * FROM onboard_error_summary(:'two'); -- ERROR
SELECT * FROM onboard_notification(:'two'); -- ERROR
-- A cheap function is not evaluated before the policy.
CREATE FUNCTION pg_temp.spy(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
	RAISE NOTICE 'saw %', $1;
	RETURN true;
END $$;
SELECT vendor_id FROM onboard.products WHERE pg_temp.spy(sku);
SELECT vendor_id FROM onboard.product_catalog WHERE pg_temp.spy(sku);
SELECT vendor_id FROM onboard.vendor_summary WHERE pg_temp.spy(vendor_name);
SELECT vendor_id FROM onboard.recent_uploads WHERE pg_temp.spy(upload_id) AND file_name = 'a.csv';
-- No setting makes a difference.
SET onboard.vendor_id = 'TEN-2'; -- ERROR
SET row_security = off;
SELECT count(*) FROM onboard.products; -- ERROR
RESET row_security;
SET ROLE regress_onboard_ten23; -- ERROR
SET search_path = pg_temp, pg_catalog;
SELECT public.seen();
RESET search_path;
RESET SESSION AUTHORIZATION;

SET SESSION AUTHORIZATION regress_onboard_ten23;
SELECT seen();
COPY (SELECT vendor_id, sku FROM onboard.products ORDER BY sku) TO STDOUT;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_onboard_nobody;
SELECT seen();
SELECT onboard.is_operator();
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_onboard_loads;
SELECT seen();
SELECT onboard.is_operator();
RESET SESSION AUTHORIZATION;

-- Row security is forced, so it applies to the owner, too.
SELECT relname, relrowsecurity AND relforcerowsecurity AS forced FROM pg_class
	WHERE relnamespace = 'onboard'::regnamespace AND relkind = 'r' ORDER BY 1;

DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'TEN-%';
DELETE FROM onboard.products WHERE vendor_id LIKE 'TEN-%';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'TEN-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'TEN-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'TEN-%';
DROP FUNCTION seen;
DROP OWNED BY regress_onboard_ten1, regress_onboard_ten23, regress_onboard_nobody, regress_onboard_loads;
DROP ROLE regress_onboard_ten1, regress_onboard_ten23, regress_onboard_nobody, regress_onboard_loads;
