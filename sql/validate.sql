-- onboard_validate(): every rule, with accepted and rejected values.
\set SHOW_CONTEXT never
\pset null '(null)'
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES
	('VAL-1', 'Validate one', 'one@val.example'), ('VAL-2', 'Validate two', 'two@val.example');
CREATE FUNCTION good() RETURNS jsonb LANGUAGE sql AS $$
	SELECT '{"vendor_product_id": "V1", "product_name": "Lamp", "category": "Books", "sku": "VAL-S1", "price": "10", '
		'"stock_quantity": "1"}'::jsonb $$;
-- Return what is wrong with a good product after this change; 'valid' if nothing is.
CREATE FUNCTION verdict(change jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(error_type || coalesce(':' || error_field, ''), ' ' ORDER BY n), 'valid')
	FROM onboard_validate('VAL-1', good() || change) WITH ORDINALITY v (error_type, error_field, m, s, r, g, n) $$;
-- The same for one column and many values.
CREATE FUNCTION verdicts(field text, VARIADIC given text[]) RETURNS TABLE (value text, verdict text) LANGUAGE sql AS $$
	SELECT v, verdict(jsonb_build_object(field, v)) FROM unnest(given) WITH ORDINALITY t (v, n) ORDER BY n $$;
SELECT * FROM onboard_validate('VAL-1', good());
SELECT * FROM onboard_validate('VAL-1', '{}');

-- Rule 1: each required field absent, null, empty and blank; other fields may be.
SELECT field, verdict(jsonb_build_object(field, NULL)) AS is_null, verdict(jsonb_build_object(field, '')) AS empty,
		verdict(jsonb_build_object(field, U&' \0009\00A0')) AS blank
	FROM unnest(ARRAY['vendor_product_id', 'product_name', 'category', 'subcategory', 'description', 'sku', 'brand',
		'price',
		'compare_at_price', 'stock_quantity', 'unit', 'weight_kg', 'dimensions_cm', 'image_url'])
		WITH ORDINALITY f (field, n) ORDER BY n;
SELECT count(*) FROM onboard_validate('VAL-1', good() - 'sku') WHERE error_type = 'MISSING_REQUIRED_FIELDS';
-- All white space, format and control characters are blank.
SELECT string_agg(DISTINCT verdict(jsonb_build_object('product_name', chr(code))), ' ')
	FROM unnest(ARRAY[7, 9, 10, 11, 12, 13, 28, 32, 127, 133, 160, 173, 5760, 6158, 8195, 8203, 8206, 8232, 8239, 8288,
		12288, 65279, 917569]) code;
SELECT verdict(jsonb_build_object('product_name', U&' \0007\200E\3000 '));
-- At the ends, white space and U+200B, U+2060, U+FEFF are not part of a value.
SELECT verdict(jsonb_build_object('price', U&'\00A0\0009 10 \0009\00A0')) AS blanks,
	verdict(jsonb_build_object('price', U&'\FEFF\200B10\2003\2060\3000' || E'\r\n')) AS others,
	verdict(jsonb_build_object('price', U&'\200E10')) AS mark;

-- Rules 2, 8 and 9: the grammar of price Newer versions of psql display one of these
-- characters with zero width.
\pset format unaligned
SELECT * FROM verdicts('price', '10', '10.5', '.5', '10.', '10.50', '007.5', '000000000000000000000000000010', '0.01',
	'999999.99', '999999.990', '0.009',
	'0', '0.00', '.', '', '-', '-1', '-0', '--1', '+1', '10.500', '1e3', '1E0', '1,299.00', '$10', '10 USD', 'NaN',
	'Infinity', 'inf', '0x10', '1_000', '1 0', '10..0', '1.0.0',
	'1000000', '1000000.00', '99999999999999999999999999999999', U&'\FF11\FF10', U&'\0661\0660', U&'\221210',
	U&'10\200B', E'1\n0', 'ten');
\pset format aligned
SELECT * FROM verdicts('compare_at_price', '10', '10.00', '10.01', '9.99', '0', '-1', '99999999.99', '100000000',
	'100000000.00', '10.', '.5', '12.345', 'x', 'NaN', '1e2');
SELECT value, verdict(jsonb_build_object('price', 'x', 'compare_at_price', value)) AS beside_an_invalid_price,
	verdict(jsonb_build_object('price', NULL, 'compare_at_price', value)) AS beside_none
	FROM unnest(ARRAY['0', '0.00', '5', '-1', '99999999.99', '100000000']) value;
SELECT * FROM verdicts('weight_kg', '0.01', '0.00', '0', '.01', '999999.99', '1000000', '-1', '1.234', '2,5', '1 kg',
	'NaN');

-- Rule 3
SELECT * FROM verdicts('stock_quantity', '0', '00', '1', '1000000', '0001000000', '1000001', '-1', '-0', '1.0', '1.',
	'1.9', '+1', '1e2', '1,000', '2147483648', '18446744073709551617', 'NaN', U&'\0661', 'none');

-- Rule 4: characters, not bytes, after trimming
SELECT field, length, verdict(jsonb_build_object(field,
	prefix || repeat(U&'\00E4', length - length(prefix)))) AS at_limit,
		verdict(jsonb_build_object(field, '  ' || prefix || repeat(U&'\+01F600', length - length(prefix))
			|| '  ')) AS of_four_bytes,
		verdict(jsonb_build_object(field, prefix || repeat('x', length - length(prefix)) || 'y')) AS over
	FROM (VALUES ('vendor_product_id', 100, ''), ('product_name', 200, ''), ('category', 100, ''),
		('subcategory', 100, ''), ('description', 2000, ''), ('sku', 100, ''),
		('brand', 100, ''), ('unit', 20, ''), ('dimensions_cm', 50, ''), ('image_url', 2048, 'http://h/')) f (field,
		length, prefix);

-- Rule 5: exactly as in the table, and active
SELECT * FROM verdicts('category', 'Books', 'Men''s Clothing', 'books', 'Books ', 'BookS', 'Book',
	U&'Men\2019s Clothing', 'Home & Garden', 'Home &amp; Garden', 'Nonsense');
BEGIN;
UPDATE onboard.product_categories SET is_active = false WHERE category_name = 'Books';
INSERT INTO onboard.product_categories (category_name) VALUES (U&'B\00FCcher');
SELECT * FROM verdicts('category', 'Books', U&'B\00FCcher');
ROLLBACK;

-- Rules 6 and 7: SKUs are unique across vendors, product IDs per vendor
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity) VALUES
	('VAL-1', 'TAKEN', 'Thing', 'Books', 'VAL-TAKEN-1', 1, 1),
	('VAL-2', 'OTHER', 'Thing', 'Books', 'VAL-TAKEN-2', 1, 1);
SELECT * FROM verdicts('sku', 'VAL-TAKEN-1', 'VAL-TAKEN-2', ' VAL-TAKEN-2 ', 'val-taken-1', 'VAL-TAKEN-',
	'VAL-TAKEN-11');
SELECT * FROM verdicts('vendor_product_id', 'TAKEN', ' TAKEN', 'OTHER', 'taken');
SELECT verdict('{"vendor_product_id": "TAKEN", "sku": "VAL-TAKEN-2", "price": "0"}');
SELECT error_type, error_message FROM onboard_validate('VAL-1',
	good() || '{"vendor_product_id": "TAKEN", "sku": "VAL-TAKEN-2"}');
DELETE FROM onboard.products WHERE vendor_id LIKE 'VAL-%';
SELECT verdict('{"vendor_product_id": "TAKEN", "sku": "VAL-TAKEN-2"}');

-- Rule 10
SELECT * FROM verdicts('image_url', 'http://a', 'https://a.example/b.png', 'HTTPS://A', 'hTtP://a?b', 'http://a:80/',
	'http://[::1]/', 'http://a/@', 'http://a/b?c=@d',
	'ftp://a', 'http:/a', 'http//a', '//a', 'a.png', 'http://', 'http:///b', 'http://?b', 'http://#b', 'http://u@a',
	'http://u:p@a/', 'javascript:alert(1)', 'data:image/png;base64,x',
	'http://a b', E'http://a\tb', 'http://a\b', E'http://a/\x01', E'http://a/\x7f', U&'http://a/\0085',
	U&'http://a/\00A0b', U&'http://a/\00FC');

\pset format unaligned
-- Lists of addresses; a comma or an address inside one is not a separator.
SELECT given, error_message, suggestion FROM unnest(ARRAY['http://a/b,https://c/d', 'http://a/b | http://c/d',
	'http://a/b;http://c/d', 'http://a/b http://c/d', E'http://a/b\nhttp://c/d', 'http://a/b,_c.png', 'http://a/http://c/',
	'http://a/my pic.jpg', 'http://a/b.jpg c.jpg', 'https:/a/b', U&'http://a/b\200Bc']) WITH ORDINALITY g (given, n)
	LEFT JOIN LATERAL onboard_validate('VAL-1', good() || jsonb_build_object('image_url', given)) ON true ORDER BY n;

\pset format aligned
-- Rule 11: invisible characters, in keys; control characters, in other text
SELECT field, string_agg(DISTINCT verdict(jsonb_build_object(field, 'a' || chr(code) || 'b')), ' ') AS format,
		string_agg(DISTINCT verdict(jsonb_build_object(field, 'a' || chr(control) || 'b')), ' ') AS control,
		verdict(jsonb_build_object(field, E'a\t\r\nb')) AS line_break
	FROM unnest(ARRAY['vendor_product_id', 'sku', 'product_name', 'subcategory', 'description', 'brand', 'unit',
		'dimensions_cm']) WITH ORDINALITY f (field, n), unnest(ARRAY[173, 8203, 8206, 8238, 8288, 65279, 917569]) code,
		unnest(ARRAY[1, 7, 11, 12, 27, 31, 127, 128, 133, 159]) control GROUP BY field, n ORDER BY n;
\pset format unaligned
SELECT * FROM verdicts('sku', 'A B', U&'A\00A0B', U&'A\2028B', U&'\200BA\FEFF', U&'\0410\00E4', '4.00639E+12', '1,5e+7',
	'1E+16', '4.00639E12', '4.00639E+', '=1+1', '="00125"', '=""', '="a"b"');
SELECT error_field, error_message, left(suggestion, 20) AS suggestion FROM unnest(ARRAY[
	jsonb_build_object('sku', U&'I2\00AD-A'), jsonb_build_object('sku', U&'\200EA\2029B\200E'),
	jsonb_build_object('vendor_product_id', E'A\nB'), jsonb_build_object('sku', '4.00639E+12'),
	jsonb_build_object('sku', '="00125"'), jsonb_build_object('vendor_product_id', U&'="00\00AD1"'),
	jsonb_build_object('product_name', E'Pan\x07 \x1B[31mred'), jsonb_build_object('description', E'one\x0Btwo'),
	jsonb_build_object('description', E'\x01' || repeat('d', 511)),
	jsonb_build_object('description', E'\x01' || repeat('d', 510))]) WITH ORDINALITY g (change, n),
	onboard_validate('VAL-1', good() || change) ORDER BY n;
-- A message shows what differs.
SELECT change, error_message, suggestion FROM unnest(ARRAY[
	jsonb_build_object('price', U&'\200E12.00'), jsonb_build_object('stock_quantity', U&'1\200B2'),
	jsonb_build_object('price', U&'\FF11\FF12'), jsonb_build_object('category', U&'Kit\200Bchen'),
	jsonb_build_object('category', U&'Kit\0441hen'), jsonb_build_object('category', U&'Men\2019s Clothing'),
	jsonb_build_object('category', U&'Home\00A0& Garden'), jsonb_build_object('category', 'Home  & Garden'),
	jsonb_build_object('image_url', U&'http://a/b\200D')]) WITH ORDINALITY g (change, n),
	onboard_validate('VAL-1', good() || change) ORDER BY n;

\pset format aligned
-- Suggestions, where the meaning is plain
SELECT given, suggestion FROM unnest(ARRAY['12,605', '1,299', '12.605', '1.234.567,00', '1,234,567', '1.249,50', '12,-',
	'12.-', '1,23,456.00', 'AED 12', '12 zar', U&'\20BD12', 'Rs. 500/-', '="12.50"']) WITH ORDINALITY g (given, n)
	LEFT JOIN LATERAL onboard_validate('VAL-1', good() || jsonb_build_object('compare_at_price', given)) ON true ORDER BY n;
SELECT given, suggestion FROM unnest(ARRAY['Home &amp; Garden', 'home and garden', 'Home > Kitchen', 'Kitchen|Bedroom',
	'Mens Clothing', 'Garden + Home', 'Bath room', 'Toys', 'Nonsense']) WITH ORDINALITY g (given, n),
	onboard_validate('VAL-1', good() || jsonb_build_object('category', given)) ORDER BY n;

-- Whole records
SELECT verdict(jsonb_build_object('brand', U&'a\FFFDb')) AS damaged,
	verdict(jsonb_build_object('brand', U&'a\FFFDb', 'price', 'x')) AS damaged_only,
	verdict(jsonb_build_object('extra', U&'\FFFD')) AS damaged_attribute;
SELECT verdict(jsonb_build_object('description', repeat('x', 65536))) AS at_the_cap,
	verdict(jsonb_build_object('description', repeat('x', 65537))) AS over,
	verdict(jsonb_build_object('extra', repeat('x', 65536))) AS attribute,
	verdict(jsonb_build_object('extra', repeat('x', 65537))) AS attribute_over;
SELECT verdict(jsonb_build_object('a', repeat('x', 65536), 'b', repeat('x', 65536), 'c', repeat('x', 65536), 'd',
	repeat('x', 65000))) AS at_the_cap,
	verdict(jsonb_build_object('a', repeat('x', 65536), 'b', repeat('x', 65536), 'c', repeat('x', 65536), 'd',
		repeat('x', 65536))) AS over;
SELECT verdict((SELECT jsonb_object_agg('c' || i, '') FROM generate_series(1, 4082) i)) AS columns_4096,
	verdict((SELECT jsonb_object_agg('c' || i, '') FROM generate_series(1, 4083) i)) AS columns_4097;
SELECT error_type, error_message FROM onboard_validate('VAL-1',
	good() || jsonb_build_object('description', repeat('x', 65537)));

-- JSON: numbers are judged by their text, null is absent, other types make the row malformed.
SELECT change, verdict(change) FROM unnest(ARRAY['{"price": 10.50}', '{"price": 10.500}', '{"price": 1e2}',
	'{"price": 0}', '{"price": 12.345}', '{"stock_quantity": 0}', '{"stock_quantity": 1.0}', '{"stock_quantity": -5}',
	'{"brand": null}', '{"price": null}', '{"brand": true}', '{"brand": []}', '{"brand": {}}', '{"price": [10]}',
	'{"extra": 5}', '{"extra": null}', '{"extra": false}', '{"extra": {"a": 1}}', '{"SKU": "x"}']::jsonb[]) change;
SELECT value, error_type, error_field, error_message, rejected_value
	FROM unnest(ARRAY['1', '"x"', 'null', 'true', '[]', '[{}]']::jsonb[]) value, onboard_validate('VAL-1', value);

-- All rules at once, in order; every column of a finding
SELECT error_type, error_field, error_message, severity, left(rejected_value, 30) AS rejected, suggestion
	FROM onboard_validate('VAL-1', jsonb_build_object(
	'vendor_product_id', repeat('v', 101), 'product_name', ' ', 'category', ' Kitchn', 'subcategory', repeat('s', 101),
		'description', repeat('d', 2001),
	'sku', repeat('k', 101), 'brand', repeat('b', 101), 'price', ' $1,299.00', 'compare_at_price', '2.794e+01',
	'stock_quantity', '1.9', 'unit', repeat('u', 21),
	'weight_kg', '0', 'dimensions_cm', repeat('m', 51), 'image_url', 'x'));
SELECT error_field, error_message, suggestion FROM onboard_validate('VAL-1',
	good() || '{"category": "Men", "price": "1,299.00", "stock_quantity": "12 pcs", "compare_at_price": "5 EUR", '
	'"weight_kg": "2.5 kg"}');

-- Arguments; an unknown vendor has no products.
SELECT * FROM onboard_validate(NULL, '{}'); -- ERROR
SELECT * FROM onboard_validate('VAL-1', NULL); -- ERROR
SELECT error_type FROM onboard_validate('VAL-9', good());
-- It writes nothing and can run in parallel and in read-only transactions.
BEGIN READ ONLY;
SELECT verdict('{"price": "x"}'), txid_current_if_assigned();
ROLLBACK;
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name
	IN ('force_parallel_mode', 'debug_parallel_query') \g /dev/null
SELECT v.error_type FROM onboard_validate('VAL-1', '{}') v LIMIT 1;
SELECT set_config(name, 'off', false) FROM pg_settings
	WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g /dev/null
SELECT count(*) FROM onboard.products WHERE vendor_id LIKE 'VAL-%';
DROP FUNCTION good, verdict, verdicts;
