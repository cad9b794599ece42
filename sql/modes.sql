-- Uploads that change products: modes, keys, blanks, actions, and what each row did.
SET client_min_messages = warning;
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes)
	VALUES ('MOD-1', 'Mode One', 'one@mode.example', '{insert,upsert,update,replace}'),
		('MOD-2', 'Mode Two', 'two@mode.example', '{insert,upsert,update,replace}');
-- An upload with a mode, as onboard_begin_upload() makes it.
CREATE FUNCTION begin(vendor text, file text, upload_mode text, columns text[] DEFAULT NULL, match text DEFAULT NULL,
	blank text DEFAULT 'clear', at timestamptz DEFAULT now())
RETURNS text LANGUAGE sql AS $$
	WITH u AS (SELECT onboard_begin_upload(vendor, file) AS id)
	SELECT id FROM u
$$;
CREATE FUNCTION terms(upload text, upload_mode text, columns text[] DEFAULT NULL, match text DEFAULT NULL,
	blank text DEFAULT 'clear', at timestamptz DEFAULT now())
RETURNS text LANGUAGE sql AS $$
	UPDATE onboard.upload_history u SET mode = upload_mode, columns = terms.columns, match = terms.match,
		blank = terms.blank, source_time = terms.at WHERE u.upload_id = upload RETURNING u.upload_id
$$;
SELECT onboard_begin_upload('MOD-1', 'first.csv') AS u \gset
SELECT row_number, status, action, errors FROM onboard_ingest(:'u', '[
	{"row_number": 1, "line_number": 2, "product": {"vendor_product_id": "A", "product_name": "Lamp", "category": "Kitchen", "sku": "S-A", "price": "10", "stock_quantity": "5", "brand": "Acme", "compare_at_price": "12", "colour": "red"}},
	{"row_number": 2, "line_number": 3, "product": {"vendor_product_id": "B", "product_name": "Pan", "category": "Kitchen", "sku": "S-B", "price": "20", "stock_quantity": "0"}},
	{"row_number": 3, "line_number": 4, "product": {"vendor_product_id": "C", "product_name": "Pot", "category": "Kitchen", "sku": "S-C", "price": "30", "stock_quantity": "7"}}]');
SELECT onboard_finish_upload(:'u') IS NOT NULL AS finished;
-- A price file: only the price changes.
SELECT terms(onboard_begin_upload('MOD-1', 'prices.csv'), 'update', '{vendor_product_id,price}') AS u \gset
SELECT row_number, status, action, errors FROM onboard_ingest(:'u', '[
	{"row_number": 1, "product": {"vendor_product_id": "A", "price": "11"}},
	{"row_number": 2, "product": {"vendor_product_id": "B", "price": "20.00"}},
	{"row_number": 3, "product": {"vendor_product_id": "X", "price": "1"}},
	{"row_number": 4, "product": {"vendor_product_id": "C", "price": "x"}},
	{"row_number": 5, "product": {"vendor_product_id": "C", "price": "31"}},
	{"row_number": 6, "product": {"vendor_product_id": "", "price": "31"}}]');
SELECT onboard_finish_upload(:'u') IS NOT NULL AS finished;
SELECT status, total_records, valid_records, error_records, inserted, updated, unchanged, stale, held, discontinued, unnamed_records
	FROM onboard.upload_history WHERE upload_id = :'u';
SELECT vendor_product_id, price, compare_at_price, stock_quantity, status, brand, attributes, updated_at > created_at AS changed
	FROM onboard.products WHERE vendor_id = 'MOD-1' ORDER BY 1;
SELECT r.row_number, p.vendor_product_id, r.action, r.columns FROM onboard.row_actions r JOIN onboard.products p USING (product_id)
	WHERE r.upload_id = :'u' ORDER BY 1;
SELECT p.vendor_product_id, c.action, c.row_number, c.old_values, c.new_values FROM onboard.product_changes c
	JOIN onboard.products p USING (product_id) WHERE c.upload_id = :'u' ORDER BY c.change_id;
-- Replayed rows return what they did.
SELECT row_number, status, action, product_id IS NOT NULL AS has_product FROM onboard_ingest(:'u', '[
	{"row_number": 1, "product": {"vendor_product_id": "A", "price": "11"}},
	{"row_number": 2, "product": {"vendor_product_id": "B", "price": "20.00"}},
	{"row_number": 3, "product": {"vendor_product_id": "X", "price": "1"}}]');
