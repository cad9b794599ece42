-- Errors that are not verdicts report the row, but never its values.
\pset format unaligned
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('CTX-1', 'Context one', 'one@ctx.example');
SELECT onboard_begin_upload('CTX-1', 'a.csv', NULL, 'a') AS u \gset
CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.product_name LIKE 'raise %' THEN
		RAISE EXCEPTION USING ERRCODE = substr(NEW.product_name, 7), MESSAGE = 'raised';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER raise BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION raise();
CREATE FUNCTION traces() RETURNS text LANGUAGE sql AS $$
	SELECT format('%s products, %s errors, %s ranges, %s events',
		(SELECT count(*) FROM onboard.products WHERE vendor_id = 'CTX-1'),
		(SELECT count(*) FROM onboard.validation_errors WHERE vendor_id = 'CTX-1'),
		(SELECT count(*) FROM onboard.judged_rows WHERE upload_id LIKE 'CTX-1-%'),
		(SELECT count(*) FROM onboard.outbox WHERE vendor_id = 'CTX-1')) $$;

-- Which errors concern the row, and which the server or other sessions
\set SHOW_CONTEXT never
CREATE FUNCTION outcome(state text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	SELECT concat_ws(' ', status, errors -> 0 ->> 'error_type', errors -> 0 ->> 'error_message') INTO result
		FROM onboard_ingest((SELECT upload_id FROM onboard.upload_history WHERE vendor_id = 'CTX-1'),
		jsonb_build_array(jsonb_build_object('row_number', 100, 'product',
			jsonb_build_object('vendor_product_id', 'v', 'product_name', 'raise ' || state, 'category', 'Books', 'sku',
			'CTX-100', 'price', 1, 'stock_quantity', 1))));
	RAISE EXCEPTION '%', result USING ERRCODE = 'ZZ000';
EXCEPTION
	WHEN SQLSTATE 'ZZ000' THEN RETURN 'verdict: ' || sqlerrm;
	WHEN query_canceled OR assert_failure THEN RETURN 'error ' || sqlstate;
	WHEN OTHERS THEN RETURN 'error ' || sqlstate;
END $$;
SELECT state, outcome(state) FROM unnest(ARRAY['22012', '22001', '23502', '23505', '23514', '44000', '54000', 'P0001',
	'ZZ999', 'U0001', '1A000', 'M0000',
	'01000', '02000', '03000', '08000', '08006', '09000', '0A000', '0B000', '0F000', '0L000', '0P000', '0Z000', '10608',
	'20000', '21000', '24000', '25000', '26000', '27000', '28000', '2B000', '2D000', '2F000',
	'34000', '38000', '39000', '3B000', '3D000', '3F000', '40001', '40P01', '40002', '42000', '42501', '42883', '53000',
	'53100', '53200', '53300', '54001', '54011', '54023', '55000', '55006', '55P03',
	'57014', '57P01', '58000', '58030', '72000', 'F0000', 'HV000', 'P0000', 'P0002', 'P0003', 'P0004', 'XX000', 'XX001',
	'XX002']) state;
SELECT traces();

-- The context gives upload, row and line.
\set SHOW_CONTEXT always
SELECT count(*) FROM onboard_ingest(:'u', '[{"row_number": 3, "line_number": 4, "product": {"vendor_product_id": "v", '
	'"product_name": "raise 40001", "category": "Books", "sku": "SECRET", "price": 1, "stock_quantity": 1}}]'); -- ERROR
SELECT count(*) FROM onboard_ingest(:'u', '[{"row_number": 3, "product": {"vendor_product_id": "v", '
	'"product_name": "raise XX000", "category": "Books", "sku": "SECRET", "price": 1, "stock_quantity": 1}}]'); -- ERROR
INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity) VALUES
	(:'u', 1, 2, 'a', 'Lamp', 'Books', 'SECRET-1', '1', '1'),
	(:'u', 2, 3, 'b', 'raise 53100', 'Books', 'SECRET-2', '1', '1'); -- ERROR
-- COPY would show the line that it read, which contains a vendor's data.
COPY onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity) FROM STDIN; -- ERROR
CTX-1-46d83b807d08a8f0	1	2	a	Lamp	Books	SECRET-1	1	1
CTX-1-46d83b807d08a8f0	2	3	b	raise 40001	Books	SECRET-2	1	1
CTX-1-46d83b807d08a8f0	3	4	c	Lamp	Books	SECRET-3	1	1
\.
COPY onboard.intake (upload_id, row_number, line_number, sku, defect_type) FROM STDIN; -- ERROR
CTX-1-46d83b807d08a8f0	7	8	SECRET-1	WRONG
\.
COPY onboard.intake (upload_id, row_number, line_number, sku) FROM STDIN; -- ERROR
CTX-1-46d83b807d08a8f0	0	8	SECRET-1
\.
COPY onboard.intake (upload_id, row_number, line_number, sku) FROM STDIN; -- ERROR
CTX-1-no	1	8	SECRET-1
\.
-- The context of the statement is restored afterwards.
CREATE FUNCTION divide(int) RETURNS int LANGUAGE sql AS 'SELECT 1 / $1';
SELECT divide(0); -- ERROR
SELECT traces();
DROP TRIGGER raise ON onboard.products;
-- The same rows load if retried.
COPY onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity) FROM STDIN;
CTX-1-46d83b807d08a8f0	1	2	a	Lamp	Books	SECRET-1	1	1
CTX-1-46d83b807d08a8f0	2	3	b	raise 40001	Books	SECRET-2	1	1
CTX-1-46d83b807d08a8f0	3	4	c	Lamp	Books	SECRET-3	1	1
\.
SELECT traces();
DELETE FROM onboard.products WHERE vendor_id = 'CTX-1';
DROP FUNCTION raise, traces, outcome, divide;
