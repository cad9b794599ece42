-- The set-based peer: a staging table of text, then one statement that judges all rows,
-- stores the good ones and records the errors of the others. The caller sets :upload,
-- :vendor and :file. Messages are simpler and suggestions missing, so it does less work
-- than the extension.
\timing on
BEGIN;
CREATE TEMPORARY TABLE staging (
	upload_id text, row_number bigint, line_number bigint,
	vendor_product_id text COLLATE "C", product_name text, category text COLLATE "C", subcategory text,
	description text,
	sku text COLLATE "C", brand text, price text, compare_at_price text, stock_quantity text, unit text, weight_kg text,
	dimensions_cm text, image_url text
) ON COMMIT DROP;
\copy staging FROM pstdin (FORMAT csv)
ANALYZE staging;
WITH shaped AS MATERIALIZED (
	SELECT s.*,
		s.price ~ '^[0-9]{1,6}(\.[0-9]{0,2})?$|^\.[0-9]{1,2}$' AND s.price ~ '[1-9]' AS price_good,
		s.stock_quantity ~ '^0*[0-9]{1,7}$' AS stock_shaped,
		s.compare_at_price ~ '^[0-9]{1,8}(\.[0-9]{0,2})?$|^\.[0-9]{1,2}$' AS compare_shaped,
		s.weight_kg ~ '^[0-9]{1,6}(\.[0-9]{0,2})?$|^\.[0-9]{1,2}$' AND s.weight_kg ~ '[1-9]' AS weight_good,
		c.category_name IS NOT NULL AS category_good
	FROM staging s LEFT JOIN onboard.product_categories c ON c.category_name = s.category AND c.is_active
), found AS MATERIALIZED (
	SELECT s.*, f.error_type, f.error_field, f.value
	FROM shaped s LEFT JOIN LATERAL (
		VALUES
			('MISSING_REQUIRED_FIELDS', 'vendor_product_id', s.vendor_product_id, s.vendor_product_id IS NULL),
			('MISSING_REQUIRED_FIELDS', 'product_name', s.product_name, s.product_name IS NULL),
			('MISSING_REQUIRED_FIELDS', 'category', s.category, s.category IS NULL),
			('MISSING_REQUIRED_FIELDS', 'sku', s.sku, s.sku IS NULL),
			('MISSING_REQUIRED_FIELDS', 'price', s.price, s.price IS NULL),
			('MISSING_REQUIRED_FIELDS', 'stock_quantity', s.stock_quantity, s.stock_quantity IS NULL),
			('INVALID_PRICE', 'price', s.price, NOT s.price_good),
			('INVALID_STOCK', 'stock_quantity', s.stock_quantity,
				NOT CASE WHEN s.stock_shaped THEN s.stock_quantity::bigint <= 1000000 ELSE s.stock_shaped END),
			('FIELD_LENGTH_EXCEEDED', 'product_name', s.product_name, length(s.product_name) > 200),
			('FIELD_LENGTH_EXCEEDED', 'description', s.description, length(s.description) > 2000),
			('FIELD_LENGTH_EXCEEDED', 'sku', s.sku, length(s.sku) > 100),
			('FIELD_LENGTH_EXCEEDED', 'brand', s.brand, length(s.brand) > 100),
			('FIELD_LENGTH_EXCEEDED', 'category', s.category, length(s.category) > 100),
			('FIELD_LENGTH_EXCEEDED', 'subcategory', s.subcategory, length(s.subcategory) > 100),
			('FIELD_LENGTH_EXCEEDED', 'vendor_product_id', s.vendor_product_id, length(s.vendor_product_id) > 100),
			('FIELD_LENGTH_EXCEEDED', 'unit', s.unit, length(s.unit) > 20),
			('FIELD_LENGTH_EXCEEDED', 'dimensions_cm', s.dimensions_cm, length(s.dimensions_cm) > 50),
			('FIELD_LENGTH_EXCEEDED', 'image_url', s.image_url, length(s.image_url) > 2048),
			('INVALID_CATEGORY', 'category', s.category, s.category IS NOT NULL AND NOT s.category_good),
			('INVALID_COMPARE_AT_PRICE', 'compare_at_price', s.compare_at_price,
				CASE WHEN s.compare_shaped AND s.price_good THEN s.compare_at_price::numeric < s.price::numeric
					ELSE NOT s.compare_shaped END),
			('INVALID_WEIGHT', 'weight_kg', s.weight_kg, NOT s.weight_good),
			('INVALID_IMAGE_URL', 'image_url', s.image_url,
				s.image_url !~* '^https?://[^/@[:space:]\\]+(/[^[:space:]\\]*)?$')
	) AS f (error_type, error_field, value, is_wrong) ON f.is_wrong
), judged AS MATERIALIZED (
	-- The first row without other errors gets the key.
	SELECT row_number,
		count(*) FILTER (WHERE is_good) OVER (PARTITION BY sku ORDER BY row_number ROWS BETWEEN UNBOUNDED PRECEDING
			AND 1 PRECEDING) > 0
			OR EXISTS (SELECT FROM bench.fk p WHERE p.sku = rows.sku) AS sku_taken,
		count(*) FILTER (WHERE is_good) OVER (PARTITION BY vendor_product_id
			ORDER BY row_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0
			OR EXISTS (SELECT FROM bench.fk p WHERE p.vendor_id = :'vendor'
				AND p.vendor_product_id = rows.vendor_product_id) AS id_taken
	FROM (SELECT DISTINCT ON (row_number) row_number, sku, vendor_product_id, error_type IS NULL AS is_good
			FROM found ORDER BY row_number) rows
), errors AS (
	INSERT INTO bench.errors (upload_id, vendor_id, row_number, line_number, vendor_product_id, error_type, error_field,
			error_message, severity, rejected_value, original_data)
		SELECT :'upload', :'vendor', f.row_number, f.line_number, f.vendor_product_id, e.error_type, e.error_field,
			e.error_field || ' is wrong', 'error', e.value, to_jsonb(s)
		FROM found f
			JOIN judged j USING (row_number)
			JOIN staging s USING (row_number)
			CROSS JOIN LATERAL (
				SELECT f.error_type, f.error_field, f.value WHERE f.error_type IS NOT NULL
				UNION ALL SELECT 'DUPLICATE_SKU', 'sku', f.sku WHERE j.sku_taken
				UNION ALL SELECT 'DUPLICATE_VENDOR_PRODUCT_ID', 'vendor_product_id', f.vendor_product_id
					WHERE j.id_taken
			) AS e (error_type, error_field, value)
		WHERE f.error_type IS NOT NULL OR j.sku_taken OR j.id_taken
)
INSERT INTO bench.fk (vendor_id, upload_id, row_number, line_number, vendor_product_id, product_name, category,
	subcategory,
		description, sku, brand, price, compare_at_price, stock_quantity, unit, weight_kg, dimensions_cm, image_url)
	SELECT :'vendor', :'upload', f.row_number, f.line_number, f.vendor_product_id, f.product_name, f.category,
		f.subcategory,
		f.description, f.sku, f.brand, f.price::numeric, f.compare_at_price::numeric, f.stock_quantity::integer,
		coalesce(f.unit, 'piece'), f.weight_kg::numeric, f.dimensions_cm, f.image_url
	FROM found f JOIN judged j USING (row_number)
	WHERE f.error_type IS NULL AND NOT j.sku_taken AND NOT j.id_taken;
COMMIT;
