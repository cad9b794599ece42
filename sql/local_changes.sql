-- What users change on the tables is printed so that it can be replayed.
\pset format unaligned
SELECT onboard_local_changes();
-- Indexes of a searched catalogue
SELECT onboard_create_catalog_indexes();
SELECT onboard_create_catalog_indexes();
DROP INDEX onboard.products_price_idx;
SELECT onboard_create_catalog_indexes();
SELECT onboard_local_changes();

-- One of each kind
CREATE ROLE regress_onboard_local;
CREATE FUNCTION local_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE local_colours (colour text PRIMARY KEY);
ALTER TABLE onboard.products ADD COLUMN colour text COLLATE "C" NOT NULL DEFAULT 'it''s red';
ALTER TABLE onboard.products ADD COLUMN "Twice Price" numeric(12,2) GENERATED ALWAYS AS (price * length(colour)) STORED;
ALTER TABLE onboard.products ADD CONSTRAINT products_brand_check CHECK (brand <> 'Fake') NOT VALID;
ALTER TABLE onboard.products ADD CONSTRAINT products_colour_fkey FOREIGN KEY (colour) REFERENCES local_colours NOT VALID;
ALTER TABLE onboard.products ADD CONSTRAINT products_image_url_key UNIQUE (image_url);
ALTER TABLE onboard.products DROP CONSTRAINT products_vendor_id_fkey;
ALTER TABLE onboard.products SET (autovacuum_vacuum_scale_factor = 0.01);
ALTER TABLE onboard.upload_history RESET (fillfactor);
ALTER TABLE onboard.product_categories DISABLE TRIGGER product_categories_touch;
ALTER TABLE onboard.vendors NO FORCE ROW LEVEL SECURITY;
CREATE INDEX "Local Index" ON onboard.products (lower(brand)) WHERE brand IS NOT NULL;
CREATE TRIGGER "Local Trigger" AFTER UPDATE OF price ON onboard.products FOR EACH ROW WHEN (OLD.price <> NEW.price) EXECUTE FUNCTION local_trigger();
CREATE RULE local_rule AS ON DELETE TO onboard.outbox DO ALSO NOTHING;
CREATE POLICY local_policy ON onboard.products AS RESTRICTIVE FOR SELECT TO regress_onboard_local USING (price < 100);
CREATE POLICY local_writes ON onboard.vendors FOR INSERT WITH CHECK (country = 'DE');
CREATE TABLE printed AS SELECT row_number() OVER () AS n, line FROM onboard_local_changes() line;
SELECT line FROM printed ORDER BY n;

-- Replayed on a fresh extension, they give the same again.
DROP EXTENSION onboard CASCADE;
CREATE EXTENSION onboard;
DO $$
DECLARE
	statement text;
BEGIN
	FOR statement IN SELECT p.line FROM public.printed p ORDER BY p.n LOOP
		EXECUTE statement;
	END LOOP;
END $$;
SELECT line FROM printed EXCEPT SELECT onboard_local_changes();
SELECT onboard_local_changes() EXCEPT SELECT line FROM printed;

DROP EXTENSION onboard CASCADE;
DROP TABLE printed, local_colours;
DROP FUNCTION local_trigger;
DROP ROLE regress_onboard_local;
CREATE EXTENSION onboard;
SELECT onboard_local_changes();
