-- Whatever is added to onboard.products, both doors have the results of row-by-row
-- INSERTs, and a verdict on each row; a counter shows which path ran.
\set SHOW_CONTEXT never
\pset format unaligned
CREATE ROLE regress_onboard_paths;
-- The rows, and compare()
\getenv abs_srcdir PG_ABS_SRCDIR
\set helper :abs_srcdir '/test/data/compare_doors.sql'
\set ECHO none
\i :helper
\set ECHO all

-- Nothing added
SELECT * FROM compare();
SET onboard.load_path = plain;
SELECT * FROM compare();
RESET onboard.load_path;

-- Triggers
BEGIN;
CREATE FUNCTION edit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.product_name := upper(NEW.product_name);
	NEW.price := NEW.price + 1; RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION edit();
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE FUNCTION edit_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.sku := upper(NEW.sku); RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION edit_key();
SELECT * FROM compare();
ROLLBACK;
-- A duplicate of a key set by a trigger is detected only by the INSERT.
BEGIN;
CREATE FUNCTION edit_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.sku := lower(NEW.sku); RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION edit_key();
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.product_name = 'drop me' THEN
	RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION leave_out();
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.price > 100 THEN
	RAISE 'too dear' USING DETAIL = 'nobody needs to know', ERRCODE = 'P0001'; END IF; RETURN NEW; END $$;
CREATE TRIGGER t AFTER INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit (what)
	SELECT sku || '=' || price FROM added; RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON onboard.products REFERENCING NEW TABLE AS added FOR EACH STATEMENT
	EXECUTE FUNCTION note();
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE FUNCTION note_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit (what)
	VALUES (NEW.sku); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON onboard.products DEFERRABLE FOR EACH ROW EXECUTE FUNCTION note_row();
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE RULE r AS ON INSERT TO onboard.products DO ALSO INSERT INTO public.audit (what) VALUES (NEW.sku);
SELECT * FROM compare();
ROLLBACK;

-- Columns
BEGIN;
ALTER TABLE onboard.products ADD COLUMN with_tax numeric GENERATED ALWAYS AS (price * 1.2) STORED;
SELECT * FROM compare();
ROLLBACK;
BEGIN;
ALTER TABLE onboard.products ADD COLUMN warehouse text NOT NULL DEFAULT 'main';
SELECT * FROM compare();
ROLLBACK;
BEGIN;
ALTER TABLE onboard.products ADD COLUMN warehouse text DEFAULT 'main';
SELECT * FROM compare();
ROLLBACK;
BEGIN;
ALTER TABLE onboard.products ADD COLUMN serial_number int GENERATED ALWAYS AS IDENTITY;
SELECT loaded, path FROM compare();
ROLLBACK;
BEGIN;
CREATE DOMAIN filled AS text CHECK (VALUE IS NOT NULL);
ALTER TABLE onboard.products ADD COLUMN d filled;
SELECT DISTINCT v, path FROM compare(), string_to_table(loaded, ' ') v ORDER BY 1;
ROLLBACK;
BEGIN;
ALTER TABLE onboard.products ALTER COLUMN brand SET NOT NULL;
SELECT * FROM compare();
ROLLBACK;

-- Constraints
BEGIN;
ALTER TABLE onboard.products ADD CHECK (price < 100 OR brand IS NULL);
SELECT * FROM compare();
ROLLBACK;
BEGIN;
ALTER TABLE onboard.products DROP CONSTRAINT products_price_check,
	ADD CONSTRAINT products_price_check CHECK (price BETWEEN 0.01 AND 60);
SELECT * FROM compare();
ROLLBACK;
-- The rules still apply if a shipped constraint is dropped.
BEGIN;
ALTER TABLE onboard.products DROP CONSTRAINT products_price_check;
SELECT path, inserted, loaded FROM compare();
ROLLBACK;
BEGIN;
CREATE UNIQUE INDEX names ON onboard.products (product_name);
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE UNIQUE INDEX names ON onboard.products (lower(sku)) WHERE brand = 'Acme';
SELECT * FROM compare();
ROLLBACK;
BEGIN;
ALTER TABLE onboard.products ADD CONSTRAINT far_apart EXCLUDE USING gist (numrange(price, price + 5) WITH &&);
SELECT * FROM compare();
ROLLBACK;
BEGIN;
ALTER TABLE onboard.products ADD CONSTRAINT products_brand_fkey FOREIGN KEY (brand) REFERENCES brands;
SELECT * FROM compare();
ROLLBACK;
-- Without a unique constraint nothing can be loaded, and a deferrable one does not count.
BEGIN;
ALTER TABLE onboard.products DROP CONSTRAINT products_sku_key;
SELECT load_them('intake'); -- ERROR
ROLLBACK;
BEGIN;
ALTER TABLE onboard.products DROP CONSTRAINT products_vendor_id_vendor_product_id_key,
	ADD UNIQUE (vendor_id, vendor_product_id) DEFERRABLE;
SELECT load_them('intake'); -- ERROR
ROLLBACK;

-- Products as a partition
BEGIN;
SELECT current_setting('server_version_num')::int >= 170000 AS identity_of_parent \gset
\if :identity_of_parent
	CREATE TABLE everything (LIKE onboard.products INCLUDING IDENTITY) PARTITION BY LIST (category);
	ALTER EXTENSION onboard DROP SEQUENCE onboard.products_product_id_seq;
	ALTER TABLE onboard.products ALTER product_id DROP IDENTITY;
\else
	CREATE TABLE everything (LIKE onboard.products) PARTITION BY LIST (category);
\endif
ALTER TABLE everything ATTACH PARTITION onboard.products FOR VALUES IN ('Books');
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE TABLE base (LIKE onboard.products);
ALTER TABLE onboard.products INHERIT base;
SELECT path, same, loaded FROM compare();
ROLLBACK;

-- Policies, if the owner is not a superuser
BEGIN;
GRANT USAGE, CREATE ON SCHEMA onboard, public TO regress_onboard_paths;
GRANT ALL ON input, audit TO regress_onboard_paths;
DO $$ DECLARE c regclass; BEGIN
	FOR c IN SELECT oid FROM pg_class WHERE relnamespace = 'onboard'::regnamespace AND relkind IN ('r', 'v', 'f') LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO regress_onboard_paths', c); END LOOP; END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA onboard, public TO regress_onboard_paths;
SELECT * FROM compare();
SAVEPOINT s;
CREATE POLICY cheap ON onboard.products AS RESTRICTIVE FOR INSERT WITH CHECK (price < 100);
SELECT * FROM compare();
ROLLBACK TO s;
CREATE POLICY cheap ON onboard.products AS RESTRICTIVE FOR ALL USING (price < 100) WITH CHECK (stock_quantity < 9);
SELECT * FROM compare();
ROLLBACK TO s;
-- A policy for reading only
CREATE POLICY seen ON onboard.products AS RESTRICTIVE FOR SELECT USING (stock_quantity < 5);
SELECT path, loaded FROM compare();
ROLLBACK;

-- Changes that do not affect INSERT keep the direct path.
BEGIN;
ALTER TABLE onboard.products ADD COLUMN note text, ADD COLUMN dropped int DEFAULT 5, ADD COLUMN another bigint;
ALTER TABLE onboard.products DROP COLUMN dropped;
CREATE INDEX ON onboard.products (product_name);
CREATE INDEX ON onboard.products (brand) WHERE stock_quantity > 3;
CREATE INDEX created_brin ON onboard.products USING brin (created_at);
CREATE TRIGGER t BEFORE UPDATE OR DELETE ON onboard.products FOR EACH ROW
	EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TRIGGER u AFTER INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE onboard.products DISABLE TRIGGER u;
CREATE POLICY p ON onboard.products FOR UPDATE USING (true);
SELECT onboard_create_catalog_indexes();
SELECT * FROM compare();
SELECT onboard_begin_upload('PATH-1', 'x.csv') AS u \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, brand, price,
	stock_quantity) SELECT :'u', n, id, name, category, sku, brand, price, stock FROM input;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT sku FROM onboard.products WHERE product_name IN ('twin', 'last', 'loser') ORDER BY sku;
SELECT sku FROM onboard.products WHERE brand = 'Acme' AND stock_quantity > 3 ORDER BY sku;
SET LOCAL enable_bitmapscan = on;
SET LOCAL enable_indexscan = off;
SELECT sku FROM onboard.products WHERE to_tsvector('pg_catalog.simple',
	product_name || ' ' || coalesce(description, '')) @@ to_tsquery('simple', 'twin') ORDER BY sku;
SELECT sku FROM onboard.products WHERE price BETWEEN 40 AND 60 AND vendor_id = 'PATH-1' ORDER BY sku;
ROLLBACK;
-- An index that cannot store a row refuses it.
BEGIN;
CREATE INDEX ON onboard.products ((100 / stock_quantity));
SELECT * FROM compare();
ROLLBACK;
BEGIN;
CREATE INDEX ON onboard.products (description);
SELECT onboard_begin_upload('PATH-1', 'x.csv') AS u \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity, description)
	SELECT :'u', n, id, name, category, sku, price, stock, CASE WHEN n = 3
		THEN (SELECT string_agg(chr(100000 + i * i % 50021), '') FROM generate_series(1, 2000) i)
		END FROM input ORDER BY n;
SELECT row_number, error_type FROM onboard.validation_errors WHERE upload_id = :'u' ORDER BY row_number, error_id;
ROLLBACK;

-- Indexes that can store any row keep the direct path; others do not.
CREATE FUNCTION path_with(index text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE 'CREATE INDEX ON onboard.products ' || index;
	SELECT path INTO result FROM load_them('intake');
	RAISE EXCEPTION '%', result USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	RETURN sqlerrm;
END $$;
SELECT path_with(i), i FROM unnest(ARRAY['(product_name)', '(brand, category, subcategory, product_name)',
	'(lower(product_name))', '((upper(sku) || brand))', '(md5(coalesce(brand, unit)))', 'USING hash (description)',
	'USING gin (attributes)', 'USING brin (price, product_id)',
	'(stock_quantity) WHERE price > 5 AND brand IS NOT NULL', '(created_at) INCLUDE (sku)',
	'(brand) WHERE status IN (''active'', ''inactive'')',
	'(description)', '(image_url)', '(attributes)', '(brand) INCLUDE (description)', '(lower(description))',
	'(product_name, category, subcategory, brand, sku, vendor_product_id)', 'USING brin (description)',
	'((price / stock_quantity))', '((stock_quantity + 1))', '((attributes ->> ''a''))', '((sku::int))',
	'(sku) WHERE 1 / stock_quantity > 0', '(to_tsvector(''simple'', brand))']) i;
DROP FUNCTION path_with;

SELECT count(*) FROM onboard.products WHERE vendor_id = 'PATH-1';
DROP TABLE input, audit, brands;
DROP FUNCTION counter, contents, insert_them, load_them, compare;
DROP ROLE regress_onboard_paths;
