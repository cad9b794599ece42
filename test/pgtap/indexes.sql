-- Every index of products, shipped or added, has an entry for each product, even after
-- rows were stored and removed again.
BEGIN;
SELECT no_plan();

CREATE FUNCTION pg_temp.check_index(index regclass) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	IF to_regprocedure('bt_index_check(regclass, boolean)') IS NULL THEN
		RETURN NEXT skip('amcheck is not installed', 1);
	ELSE
		RETURN NEXT lives_ok(format('SELECT bt_index_check(%L::regclass, true)', index), format('%s is sound', index));
	END IF;
END $$;
CREATE FUNCTION pg_temp.try_amcheck() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck') THEN
		CREATE EXTENSION amcheck;
	END IF;
END $$;
SELECT pg_temp.try_amcheck();

INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('V1', 'One', 'one@example.com');
CREATE INDEX of_row ON onboard.products (category, row_number) INCLUDE (product_id, upload_id);
CREATE INDEX of_tuple ON onboard.products (lower(brand), product_id) WHERE stock_quantity > 1;
SELECT onboard_begin_upload('V1', 'first.csv') AS first \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, brand, price,
	stock_quantity)
	SELECT :'first', n, 'T-' || n, 'Lamp', (ARRAY['Books', 'Garden', 'Toys & Games'])[n % 3 + 1], 'T' || n, 'Acme', '1',
		n % 3 FROM generate_series(1, 3000) n;
SELECT onboard_begin_upload('V1', 'second.csv') AS second \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, brand, price,
	stock_quantity)
	SELECT :'second', n, CASE WHEN n > 500 AND n % 5 > 0 THEN 'T-' ELSE 'U-' END || n, 'Lamp',
		(ARRAY['Books', 'Garden', 'Toys & Games'])[n % 3 + 1], 'U' || n, 'Acme', '1', n % 3
		FROM generate_series(1, 3000) n;
SELECT is(valid_records, 1000::bigint, 'a fifth of the later rows is stored, and the first 500')
	FROM onboard.upload_history WHERE upload_id = :'second';
SELECT pg_temp.check_index(indexrelid) FROM pg_index WHERE indrelid = 'onboard.products'::regclass
	ORDER BY indexrelid::regclass::text;

SELECT finish();
ROLLBACK;
