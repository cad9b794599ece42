-- Reports: error CSV, fix CSV, summary, mail.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES
	('REP-1', 'Report one', 'one@rep.example'), ('REP-2', 'Report two', 'two@rep.example');
CREATE FUNCTION fault(upload_id text, row_number bigint, error_type text, error_field text, message text,
	rejected text, suggestion text, original jsonb) RETURNS void LANGUAGE sql AS $$
	INSERT INTO onboard.validation_errors (upload_id, vendor_id, row_number, line_number, vendor_product_id,
			error_type, error_field, error_message, severity, rejected_value, suggestion, original_data)
		VALUES (upload_id, 'REP-1', row_number, row_number + 1, original ->> 'vendor_product_id',
			error_type, error_field, message, 'error', rejected, suggestion, original);
$$;

-- Success rate: one decimal, rounded down
SELECT onboard.success_rate(v, t) FROM (VALUES (0, 0), (0, 7), (1, 3), (2, 3), (999, 1000), (9999, 10000), (7, 7),
	(9999999999999999, 10000000000000000), (NULL, 5), (5, NULL)) r (v, t);

-- Neutralised formulas
SELECT onboard_begin_upload('REP-1', 'cells.csv', NULL, 'cells') AS u \gset
SELECT count(fault(:'u', n, 'INVALID_PRICE', 'price', 'refused', cell, NULL, '{}'))
	FROM unnest(ARRAY['=1+1', '+1', '-1', '-3.25', '-.5', '-5.', '-', '-1-1', '-1.2.3', '@SUM(A1)', E'\t=1', E'\r=1',
		E'\n=1',
		' =1', U&'\00A0=1', U&'\FEFF=1', U&'\FEFF \00A0=1', ' -5', '-5 ', U&'\FF1D1', U&'\FF0B1', U&'\FF0D1',
		U&'\FF201', U&'\FF1E1',
		'a=1', 'say "hi"', '="a,b"', 'a,b', E'a\nb', ' padded ', '1e5', '', '''=1']) WITH ORDINALITY c (cell, n);
SELECT * FROM onboard_error_csv(:'u');

-- All columns; several errors of a row together; the description truncated to 100 characters, not bytes
SELECT onboard_begin_upload('REP-1', 'all.csv', NULL, 'all') AS u \gset
SELECT fault(:'u', 12, 'INVALID_STOCK', 'stock_quantity', 'stock_quantity "many" is not a number', 'many', NULL, d),
	fault(:'u', 3, 'INVALID_PRICE', 'price', 'price "$1,299.00" is not a number', '$1,299.00', '1299.00',
		d - 'vendor_product_id'),
	fault(:'u', 12, 'INVALID_CATEGORY', 'category', 'category "Kitchn" is not one of ours', 'Kitchn', 'Kitchen', d)
	FROM (SELECT jsonb_build_object('vendor_product_id', 'P-1', 'product_name', 'Tea, "green"', 'category', 'Kitchn',
		'sku', 'S-1',
		'price', '$1,299.00', 'stock_quantity', 12, 'brand', '=cmd', 'description', repeat('ü', 150), 'image_url',
		NULL)) o (d);
SELECT * FROM onboard_error_csv(:'u');
SELECT * FROM onboard_error_summary(:'u');
-- Fix file without a header list: the product columns, then attributes
SELECT fault(:'u', 13, 'INVALID_PRICE', 'price', 'price "x" is not a number', 'x', NULL,
	'{"price": "x", "Colour": "red", "size": 4, "a\"b": true}');
SELECT * FROM onboard_fix_csv(:'u');

-- Fix file in the vendor's columns and delimiter, cells verbatim
SELECT onboard_begin_upload('REP-1', 'fix.csv', NULL, 'fix 1', NULL,
	'{"delimiter": ";", "header": [" SKU ", "Price", "", "Farbe; Ton", "onboard_line", "Product_Name", '
		'"ONBOARD_ERRORS", "onboard_suggestion"]}') AS u \gset
SELECT fault(:'u', 1, 'INVALID_PRICE', 'price', 'price " 1,5" is not a number', ' 1,5', '1.50',
		'{"sku": "=A1", "price": " 1,5", "column_3": "x", "Farbe; Ton": "rot;blau", "product_name": "Zoll 5\""}'),
	fault(:'u', 1, 'DUPLICATE_SKU', 'sku', 'same SKU as line 7', '=A1', NULL,
		'{"sku": "=A1", "price": " 1,5", "column_3": "x", "Farbe; Ton": "rot;blau", "product_name": "Zoll 5\""}'),
	fault(:'u', 2, 'MISSING_REQUIRED_FIELDS', 'sku', 'sku is missing', NULL, NULL,
		'{"price": "-1", "product_name": "two\r\nlines"}');
SELECT replace(f, E'\r', '<CR>') AS fix FROM onboard_fix_csv(:'u') f;

-- Records that could not be read are written unchanged.
SELECT onboard_begin_upload('REP-1', 'raw.csv', NULL, 'raw 1', NULL,
	'{"header": ["sku", "price", "stock_quantity"]}') AS u \gset
SELECT fault(:'u', 1, 'MALFORMED_ROW', NULL, 'the record has 2 fields, the header has 3', NULL, NULL,
	'{"raw_record": "A,1"}'),
	fault(:'u', 2, 'MALFORMED_ROW', NULL, 'the record has 4 fields, the header has 3', NULL, NULL,
		'{"raw_record": "A,\"b\nc\",1,2\r\n"}'),
	fault(:'u', 3, 'MALFORMED_ROW', NULL, E'field 1 has a quote "\nin it', NULL, NULL, '{"raw_record": "5\" A,1,2"}'),
	fault(:'u', 4, 'MALFORMED_ROW', NULL, 'the quote opened in line 5 is not closed', NULL, NULL,
		'{"raw_record": "A,\"1,2"}'),
	fault(:'u', 5, 'MALFORMED_ROW', NULL, 'the quote opened in line 6 is not closed', NULL, NULL,
		'{"raw_record": "A,1,\""}'),
	fault(:'u', 6, 'INVALID_ENCODING', NULL, 'field 1 holds a character that could not be read', NULL, NULL,
		U&'{"raw_record": "K\FFFDche,1,2"}');
SELECT * FROM onboard_fix_csv(:'u');
SELECT * FROM onboard_error_csv(:'u');
-- A resent fix file already has the added columns: they are not repeated, and a record
-- with a missing field still lacks it.
SELECT onboard_begin_upload('REP-1', 'raw.csv', NULL, 'raw 2', NULL,
	'{"header": ["sku", "price", "onboard_line", "onboard_errors", "onboard_suggestion"], '
		'"delimiter": "much"}') AS u \gset
SELECT fault(:'u', 1, 'MALFORMED_ROW', NULL, 'the record has 4 fields, the header has 5', NULL, NULL,
	'{"raw_record": "A,2,\"MALFORMED_ROW: 1, not 2\","}');
SELECT * FROM onboard_fix_csv(:'u');
-- The text of another format could pass for a row, so it becomes one cell.
SELECT onboard_begin_upload('REP-1', 'raw.jsonl', NULL, 'raw 3', NULL,
	'{"header": ["sku", "price", "stock_quantity"], "delimiter": ""}') AS u \gset
SELECT fault(:'u', 1, 'MALFORMED_ROW', NULL, 'the line is not an object', NULL, NULL, '{"raw_record": "[\"A\",1,2]"}');
SELECT * FROM onboard_fix_csv(:'u');

-- The rows of a spreadsheet: blank lines above rows 3 and 5, too many after row 6
SELECT onboard_begin_upload('REP-1', 'rows.csv', NULL, 'rows', NULL,
	'{"header": ["sku", "price"], "delimiter": "\t", "sheet_rows": [[1, 1], "x", [3, 2], [5, 4], [7, null], [1e30, 1]]}')
	AS u \gset
SELECT count(fault(:'u', n, 'INVALID_PRICE', 'price', 'refused', 'x', NULL, '{}')) FROM generate_series(1, 8) n;
SELECT split_part(e, E'\t', 1) AS sheet_row, split_part(e, E'\t', 6) AS row_number FROM onboard_error_csv(:'u') e;

-- The rows for a workbook: notes for bad cells; what is about no column of the file is noted at the errors
SELECT onboard_begin_upload('REP-1', 'sheet.csv', NULL, 'sheet', NULL,
	'{"header": ["SKU", "Price", "Colour"], "delimiter": ";"}') AS u \gset
SELECT fault(:'u', 1, 'INVALID_PRICE', 'price', 'price "x" is not a plain number', 'x', NULL,
		'{"sku": "00017", "price": "x", "Colour": "=1+1", "vendor_product_id": "0004711"}'),
	fault(:'u', 1, 'MISSING_REQUIRED_FIELDS', 'stock_quantity', 'stock_quantity is required', NULL, NULL, '{}'),
	fault(:'u', 2, 'INVALID_PRICE', 'price', 'price "$5" is not a plain number', '$5', '5.00', '{"sku": "17", "price": "$5"}'),
	fault(:'u', 2, 'KEY_CHANGED_BY_SPREADSHEET', 'sku', 'sku "17" was "00017" before a spreadsheet changed it', '17',
		'00017', '{"sku": "17", "price": "$5"}'),
	fault(:'u', 2, 'INVALID_PRICE', 'price', 'price "$5" is too much', '$5', NULL, '{}'),
	fault(:'u', 3, 'MALFORMED_ROW', NULL, 'the record has 2 fields, the header has 3', NULL, NULL, '{"raw_record": "A;1"}');
SELECT row_number, vendor_columns, array_to_string(cells, '|') AS cells, array_to_string(notes, '|', '-') AS notes
	FROM onboard_rejected_rows(:'u');
SELECT * FROM onboard_rejected_rows(NULL);
SELECT * FROM onboard_rejected_rows('REP-1-no'); -- ERROR

-- Nothing to report
SELECT onboard_begin_upload('REP-1', 'good.csv', NULL, 'good', NULL, '{"header": ["sku"]}') AS u \gset
SELECT * FROM onboard_error_csv(:'u');
SELECT * FROM onboard_fix_csv(:'u');
SELECT * FROM onboard_error_summary(:'u');
SELECT * FROM onboard_error_csv(NULL);
SELECT * FROM onboard_error_csv('REP-1-no'); -- ERROR
SELECT * FROM onboard_fix_csv('REP-1-no'); -- ERROR
SELECT * FROM onboard_error_summary('REP-1-no'); -- ERROR
SELECT * FROM onboard_notification('REP-1-no'); -- ERROR

-- Mail; the ids are derived from the content
SELECT onboard_begin_upload('REP-1', 'REP-1_20240131_120000.csv', NULL, 'mail 1') AS u \gset
UPDATE onboard.upload_history SET valid_records = 1995, inserted = 1995, error_records = 5 WHERE upload_id = :'u';
SELECT count(fault(:'u', n, t, f, 'x', NULL, NULL, '{}'))
	FROM (VALUES (1, 'INVALID_PRICE', 'price'), (2, 'INVALID_PRICE', 'price'),
	(3, 'INVALID_STOCK', 'stock_quantity'), (4, 'MALFORMED_ROW', NULL), (5, 'DUPLICATE_SKU', 'sku'),
	(5, 'INVALID_PRICE', 'price')) e (n, t, f);
SELECT status FROM onboard_finish_upload(:'u');
SELECT onboard_record_report(:'u', 'errors/REP-1/x_errors.csv', 'errors/REP-1/x_fix.csv');
\t on
\a
SELECT subject FROM onboard_notification(:'u');
SELECT body FROM onboard_notification(:'u');
SELECT onboard_begin_upload('REP-1', 'a.csv', NULL, 'mail 2') AS u \gset
SELECT status FROM onboard_reject_upload(:'u', 'NO_HEADER', E'line 1 is\nno header');
SELECT body FROM onboard_notification(:'u');
-- If every row is bad, the upload has failed without a failure code; one suggestion contains a line end
SELECT onboard_begin_upload('REP-1', 'bad.csv', NULL, 'mail 3') AS u \gset
UPDATE onboard.upload_history SET error_records = 2 WHERE upload_id = :'u';
SELECT count(fault(:'u', n, t, f, 'x', NULL, s, '{}'))
	FROM (VALUES (1, 'INVALID_PRICE', 'price', NULL), (2, 'INVALID_PRICE', 'price', '2'),
	(1, 'MALFORMED_ROW', NULL, NULL), (2, 'INVALID_CATEGORY', 'category', E'Men''s\nClothing'),
	(2, 'INVALID_STOCK', 'stock_quantity', NULL), (2, 'INVALID_WEIGHT', 'weight_kg', NULL)) e (n, t, f, s);
UPDATE onboard.validation_errors SET line_number = NULL WHERE upload_id = :'u' AND error_type = 'INVALID_STOCK';
SELECT status, failure_code FROM onboard_finish_upload(:'u');
SELECT onboard_record_report(:'u', NULL, 'fix.csv');
SELECT body FROM onboard_notification(:'u');
-- Subjects: printable ASCII, at most 99 characters, the rate never truncated
CREATE VIEW subjects AS
	SELECT n.subject, length(n.subject) AS length, n.subject ~ '^[ -~]*$' AS printable
	FROM onboard.upload_history u, onboard_notification(u.upload_id) n
	WHERE u.vendor_id = 'REP-2' ORDER BY u.content_id;
SELECT count(onboard_begin_upload('REP-2', f, NULL, 'subject ' || chr(64 + n::int))) FROM unnest(ARRAY[
	U&'Caf\00E9 Stra\00DFe \4E2D.csv', E'a\r\nBcc: x@y.csv', repeat('x', 300) || '.csv', repeat('y', 56),
		repeat('y', 57),
	repeat(U&'\+01F600', 300)]) WITH ORDINALITY c (f, n);
SELECT * FROM subjects;
UPDATE onboard.upload_history SET valid_records = 3, inserted = 3, total_records = 3, status = 'completed'
	WHERE vendor_id = 'REP-2';
SELECT * FROM subjects;
\t off
\a

DROP VIEW subjects;
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'REP-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'REP-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'REP-%';
DROP FUNCTION fault;
