-- The rules: for each rule, the values at and next to its limits; the categories; and the suggestions.
BEGIN;
SELECT no_plan();

INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('V1', 'One', 'one@example.com'),
	('V2', 'Two', 'two@example.com');
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity) VALUES
	('V1', 'MINE', 'N', 'Books', 'TAKEN-1', 1, 1), ('V2', 'THEIRS', 'N', 'Books', 'TAKEN-2', 1, 1);

-- Return what is wrong with a good product of V1 if the field has this value.
CREATE FUNCTION pg_temp.judge(change jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(error_type || ' ' || coalesce(error_field, '-'), ', ' ORDER BY n), 'valid')
	FROM onboard_validate('V1', '{"vendor_product_id": "P", "product_name": "N", "category": "Books", "sku": "S", '
		'"price": "10", "stock_quantity": "1"}'::jsonb || change)
		WITH ORDINALITY v (error_type, error_field, m, s, r, g, n) $$;
CREATE FUNCTION pg_temp.shown(value text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN length(value) > 30 THEN format('%s... (%s characters)', left(value, 8), length(value))
		ELSE regexp_replace(quote_literal(value), '[[:cntrl:]]', '?', 'g') END $$;

CREATE TEMPORARY TABLE cases (n int GENERATED ALWAYS AS IDENTITY, rule text, field text, good text[], bad text[]);
INSERT INTO cases (rule, field, good, bad) VALUES
	('INVALID_PRICE', 'price',
		ARRAY['10', '10.5', '.5', '10.', '0.01', '999999.99', '0010', '000000000000000000001.00', ' 10 ', E'\t10\t',
			U&'\00A010\00A0', E'10\n', U&'10\200B', U&'\FEFF10\3000'],
		ARRAY['0', '0.00', '0.009', '.', '-', '-1', '-0.01', '+1', '10.500', '10.000', '1000000', '1000000.00', '1e3',
			'1E3', '1,299.00', '1.299,00', '$10', '10 USD', '10€',
			'NaN', 'Infinity', '-Infinity', '0x1F', '1_000', '1 0', '1..0', '1.0.0', U&'\FF11\FF10', U&'\0661',
			U&'1\200B0', U&'\200E10', repeat('9', 400)]),
	('INVALID_STOCK', 'stock_quantity',
		ARRAY['0', '1', '1000000', '0001000000', ' 0 '],
		ARRAY['-1', '1000001', '1.0', '1.9', '1.', '+1', '1e2', '1,000', 'none', 'NaN', '2147483648', '4294967297',
			'9223372036854775808', '18446744073709551617', U&'\0661']),
	('INVALID_COMPARE_AT_PRICE', 'compare_at_price',
		ARRAY['10', '10.00', '10.', '10.01', '99999999.99', ''],
		ARRAY['9.99', '0', '-1', '-10', '100000000', '100000000.00', '10.001', '1e2', 'x', 'NaN']),
	('INVALID_WEIGHT', 'weight_kg',
		ARRAY['0.01', '.01', '1', '999999.99', '', ' '],
		ARRAY['0', '0.00', '0.001', '-1', '1000000', '1.234', '2,5', '1kg', 'NaN']),
	('INVALID_IMAGE_URL', 'image_url',
		ARRAY['http://h', 'https://h', 'HTTPS://H/x', 'http://h:80/', 'http://h?q', 'https://h/a@b', 'https://h/?u=a@b',
			'http://[::1]/', 'http://127.0.0.1/', 'http://xn--bcher-kva.example/b.png', ''],
		ARRAY['http://', 'https:///x', 'ftp://h/', 'h/x.png', '//h/x', 'http:/h', 'http:h', 'javascript:alert(1)',
			'data:image/png;base64,AA', 'file:///etc/passwd', 'http://u@h/', 'http://u:p@h/',
			'http://a b/', 'http://h/a b', E'http://h/\r\nX: y', E'http://h/\x7F', 'http://h\x', 'http:\\h\x',
			'http://?q', 'http://#f', 'x http://h/', 'http://h/a,http://h/b', 'http://h/a http://h/b', U&'http://h/\200Ba']),
	('INVALID_CHARACTERS', 'sku',
		ARRAY['A B', U&'A\00A0B', U&'\FEFFA\200B', U&'\00E4', '4.0E12', '=A1'],
		ARRAY[U&'A\200BB', U&'A\00ADB', U&'\200EA', U&'A\202E', E'A\nB', E'A\tB', U&'A\2028B', E'A\x07', '4.00639E+12',
			'1,5e+7', '1E+16', '="00125"']),
	('INVALID_CHARACTERS', 'vendor_product_id',
		ARRAY['A B', E'\r\nA\r\n'],
		ARRAY[U&'A\+0E0041B', U&'A\2060B', E'A\x7FB', '5.90123E+12', '="1"']),
	('INVALID_CHARACTERS', 'product_name',
		ARRAY[E'one\ttwo\r\nthree', U&'a\200Db', U&'a\00ADb\2028c', '4.00639E+12', '="00125"'],
		ARRAY[E'a\x07b', E'a\x1B[31mb', E'a\x0Bb', U&'a\0085b', E'a\x7F']),
	('INVALID_CHARACTERS', 'description', ARRAY[E'a\nb'], ARRAY[E'a\x01b']),
	('INVALID_CATEGORY', 'category',
		ARRAY['Books', ' Books ', 'Men''s Clothing'],
		ARRAY['books', 'BOOKS', 'Book', 'Bookss', 'Bo oks', 'Kitchn', 'Nothing of the kind', U&'Men\2019s Clothing',
			'Home &amp; Garden', '1']),
	('DUPLICATE_SKU', 'sku',
		ARRAY['taken-1', 'TAKEN-', 'TAKEN-11', 'TAKEN 1', U&'TAKEN\20101'],
		ARRAY['TAKEN-1', 'TAKEN-2', ' TAKEN-1 ', U&'TAKEN-2\00A0']),
	('DUPLICATE_VENDOR_PRODUCT_ID', 'vendor_product_id',
		ARRAY['THEIRS', 'mine'],
		ARRAY['MINE', E'MINE\t']);
-- Lengths are in characters, not bytes: values at the limit, with letters of one, two and four bytes.
INSERT INTO cases (rule, field, good, bad)
	SELECT 'FIELD_LENGTH_EXCEEDED', field, ARRAY[start || repeat('x', room), start || repeat(U&'\00FC', room),
		start || repeat(U&'\+01F600', room), ' ' || start || repeat('x', room) || ' '],
		ARRAY[start || repeat('x', room + 1), start || repeat(U&'\00FC', room + 1)]
	FROM (VALUES ('product_name', 200, ''), ('description', 2000, ''), ('sku', 100, ''), ('brand', 100, ''),
		('subcategory', 100, ''), ('vendor_product_id', 100, ''),
		('unit', 20, ''), ('dimensions_cm', 50, ''), ('image_url', 2048, 'http://h/')) f (field, size, start),
		LATERAL (SELECT size - length(start)) r (room);

SELECT is(pg_temp.judge(jsonb_build_object(field, value)), 'valid',
	format('%s: %s is good', field, pg_temp.shown(value)))
	FROM cases, unnest(good) WITH ORDINALITY v (value, position) ORDER BY n, position;
SELECT is(pg_temp.judge(jsonb_build_object(field, value)), rule || ' ' || field,
	format('%s: %s is not', field, pg_temp.shown(value)))
	FROM cases, unnest(bad) WITH ORDINALITY v (value, position) ORDER BY n, position;
SELECT is(pg_temp.judge(jsonb_build_object('category', repeat('x', 101))),
	'FIELD_LENGTH_EXCEEDED category, INVALID_CATEGORY category', 'category: too long and unknown');

-- Rule 1: a blank field breaks only this rule; other fields may be absent.
SELECT is(pg_temp.judge(jsonb_build_object(field, value)), CASE WHEN required THEN 'MISSING_REQUIRED_FIELDS ' || field
	ELSE 'valid' END,
		format('%s: %s %s', field, coalesce(quote_literal(value), 'null'), CASE WHEN required THEN 'is missing'
			ELSE 'may be' END))
	FROM (VALUES ('vendor_product_id', true), ('product_name', true), ('category', true), ('subcategory', false),
		('description', false), ('sku', true), ('brand', false),
		('price', true), ('compare_at_price', false), ('stock_quantity', true), ('unit', false), ('weight_kg', false),
		('dimensions_cm', false), ('image_url', false)) f (field, required),
		(VALUES (NULL), (''), (' '), (U&' \0009\00A0')) v (value);
SELECT is(pg_temp.judge('{"product_name": "\u200b"}'), 'MISSING_REQUIRED_FIELDS product_name',
	'invisible characters are blank');
SELECT is((SELECT string_agg(error_field, ' ' ORDER BY n)
	FROM onboard_validate('V1', '{}') WITH ORDINALITY v (error_type, error_field, m, s, r, g, n)),
	'vendor_product_id product_name category sku price stock_quantity', 'an empty product lacks the six required fields');

-- All rules at once, in order
SELECT is(pg_temp.judge('{"vendor_product_id": "MINE", "product_name": "", "category": "x", "sku": "TAKEN-2", '
	'"price": "x", "compare_at_price": "x", "stock_quantity": "x", "unit": "123456789012345678901", "weight_kg": "x", '
	'"image_url": "x"}'),
	'MISSING_REQUIRED_FIELDS product_name, INVALID_PRICE price, INVALID_STOCK stock_quantity, '
		'FIELD_LENGTH_EXCEEDED unit, INVALID_CATEGORY category, DUPLICATE_SKU sku, '
	'DUPLICATE_VENDOR_PRODUCT_ID vendor_product_id, INVALID_COMPARE_AT_PRICE compare_at_price, '
		'INVALID_WEIGHT weight_kg, INVALID_IMAGE_URL image_url', 'every broken rule is reported, in order');
SELECT is(pg_temp.judge('{"price": "x", "compare_at_price": "0"}'), 'INVALID_PRICE price',
	'a compare_at_price is compared only with a valid price');

-- Shapes in JSON
SELECT is(pg_temp.judge(change::jsonb), verdict, change) FROM (VALUES
	('{"price": 10.5}', 'valid'), ('{"price": 10.50}', 'valid'), ('{"price": 10.500}', 'INVALID_PRICE price'),
	('{"stock_quantity": 0}', 'valid'), ('{"stock_quantity": 1.0}', 'INVALID_STOCK stock_quantity'),
	('{"price": true}', 'MALFORMED_ROW -'), ('{"brand": ["a"]}', 'MALFORMED_ROW -'),
	('{"brand": {}}', 'MALFORMED_ROW -'),
	('{"description": "a\ufffdb"}', 'INVALID_ENCODING -'), ('{"Colour": "red"}', 'valid'),
	('{"Colour": "\ufffd"}', 'INVALID_ENCODING -')) c (change, verdict);

-- The columns of a finding
SELECT is((SELECT row(error_type, error_field, severity, rejected_value)
	FROM onboard_validate('V1', '{"vendor_product_id": "P", "product_name": "N", "category": "Books", "sku": "S", '
	'"price": " 1e3 ", "stock_quantity": "1"}')),
	row('INVALID_PRICE'::text, 'price'::text, 'error'::text, ' 1e3 '::text), 'severity and the unchanged value');
SELECT matches((SELECT error_message FROM onboard_validate('V1', jsonb_build_object('price', value))
	WHERE error_field = 'price'), pattern, format('the message on price %s names it', value))
	FROM (VALUES ('1000000', '1000000.*999999\.99'), ('0', '0.*0\.01'), ('abc', 'abc')) m (value, pattern);
SELECT unalike((SELECT string_agg(v::text, '') FROM onboard_validate('V1', '{"sku": "TAKEN-2"}') v), '%V2%',
	'nothing about another vendor is disclosed');
SELECT unalike((SELECT string_agg(v::text, '') FROM onboard_validate('V1', '{"sku": "TAKEN-2"}') v), '%THEIRS%',
	'not even its product id');

-- Suggestions
SELECT is((SELECT suggestion FROM onboard_validate('V1', jsonb_build_object(field, value)) WHERE error_field = field
	AND error_type <> 'MISSING_REQUIRED_FIELDS'), wanted,
	format('%s: %s suggests %s', field, value, coalesce(wanted, 'nothing')))
	FROM (VALUES ('price', '$1,299.00', '1299.00'), ('price', '2.794e+01', '27.94'), ('price', 'cheap', NULL),
		('price', '0', NULL),
		('category', 'Kitchn', 'Kitchen'), ('category', 'Men', 'Men''s Clothing'), ('category', 'books', 'Books'),
		('category', 'zzzzzz', NULL)) s (field, value, wanted);

-- Categories
CREATE TEMPORARY TABLE shipped (parent text, name text);
INSERT INTO shipped VALUES (NULL, 'Electronics'), ('Electronics', 'Computer Accessories'),
	('Electronics', 'Audio Equipment'), ('Electronics', 'Mobile Accessories'), ('Electronics', 'Computer Storage'),
	(NULL, 'Clothing'), ('Clothing', 'Men''s Clothing'), ('Clothing', 'Women''s Clothing'), ('Clothing', 'Accessories'),
	(NULL, 'Home & Garden'), ('Home & Garden', 'Kitchen'), ('Home & Garden', 'Bedroom'), ('Home & Garden', 'Bathroom'),
	('Home & Garden', 'Living Room'), ('Home & Garden', 'Garden'),
	(NULL, 'Sports & Outdoors'), (NULL, 'Books'), (NULL, 'Toys & Games'), (NULL, 'Health & Beauty'),
	(NULL, 'Food & Beverage');
SELECT set_eq('SELECT parent_category, category_name FROM onboard.product_categories WHERE is_active AND shipped',
	'SELECT parent, name FROM shipped', 'the twenty categories');
SELECT is(pg_temp.judge(jsonb_build_object('category', name)), 'valid', name || ' is accepted') FROM shipped;
SELECT is(pg_temp.judge(jsonb_build_object('category', lower(name))), 'INVALID_CATEGORY category',
	lower(name) || ' is not') FROM shipped;
INSERT INTO onboard.product_categories (category_name) VALUES ('Tea');
UPDATE onboard.product_categories SET is_active = false WHERE category_name = 'Kitchen';
SELECT is(pg_temp.judge('{"category": "Tea"}'), 'valid', 'an added category is accepted immediately');
SELECT is(pg_temp.judge('{"category": "Kitchen"}'), 'INVALID_CATEGORY category', 'a deactivated one no longer is');
SELECT isnt((SELECT suggestion FROM onboard_validate('V1', '{"category": "Kitchn"}')
	WHERE error_type = 'INVALID_CATEGORY'), 'Kitchen', 'nor suggested');

-- Nothing was written.
SELECT is((SELECT count(*)::int FROM onboard.products), 2, 'validating stores nothing');
SELECT is_empty('SELECT * FROM onboard.validation_errors', 'nor records anything');

SELECT * FROM finish();
ROLLBACK;
