-- Bugs of an earlier implementation of this system in another language. Each of them occurred in practice.
BEGIN;
SELECT no_plan();

INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('V1', 'One', 'one@example.com'),
	('V2', 'Two', 'two@example.com');
CREATE FUNCTION pg_temp.record(n int, change jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('row_number', n, 'line_number', n + 1, 'product',
		jsonb_build_object('sku', 'S' || n, 'vendor_product_id', 'P' || n, 'product_name', 'N', 'category', 'Books',
			'price', '10', 'stock_quantity', '1') || change) $$;
-- Load the records as a new upload and return the result of each, through either door.
CREATE FUNCTION pg_temp.verdicts(door text, VARIADIC records jsonb[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	id text := onboard_begin_upload('V1', 'f', total_records => cardinality(records));
BEGIN
	IF door = 'ingest' THEN
		PERFORM count(*) FROM onboard_ingest(id, to_jsonb(records));
	ELSE
		INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku,
			price, stock_quantity, unit, dimensions_cm)
			SELECT id, (r ->> 'row_number')::bigint, (r ->> 'line_number')::bigint, p ->> 'vendor_product_id',
				p ->> 'product_name', p ->> 'category', p ->> 'sku',
				p ->> 'price', p ->> 'stock_quantity', p ->> 'unit', p ->> 'dimensions_cm'
			FROM unnest(records) WITH ORDINALITY u (r, n), LATERAL (SELECT r -> 'product') t (p) ORDER BY n;
	END IF;
	RETURN (SELECT string_agg(coalesce(
			(SELECT string_agg(e.error_type || ' ' || e.error_field, ', ' ORDER BY e.error_id)
				FROM onboard.validation_errors e WHERE e.upload_id = id AND e.row_number = n),
			(SELECT 'valid' FROM onboard.products p WHERE p.upload_id = id AND p.row_number = n), 'lost'),
			'; ' ORDER BY n)
		FROM unnest(records) r, LATERAL (SELECT (r ->> 'row_number')::bigint) x (n));
END $$;
CREATE TEMPORARY TABLE doors (door text);
INSERT INTO doors VALUES ('ingest'), ('intake');

-- A check "valid + error = total" made the first change of the total fail, and uploads
-- stayed in processing forever.
SELECT onboard_begin_upload('V1', 'f') AS upload \gset
SELECT lives_ok(format('SELECT onboard_finish_upload(%L, 2)', :'upload'),
	'the total can be set before any row is judged');
SELECT is((SELECT status FROM onboard.upload_history WHERE upload_id = :'upload'), 'processing',
	'... and the upload is open');
SELECT is((SELECT count(*)::int FROM onboard_ingest(:'upload', jsonb_build_array(pg_temp.record(1)))), 1,
	'... a row is judged');
SELECT is((SELECT count(*)::int FROM onboard_ingest(:'upload', jsonb_build_array(pg_temp.record(2)))), 1,
	'... the last one is judged');
SELECT is((SELECT status FROM onboard.upload_history WHERE upload_id = :'upload'), 'completed',
	'... and the upload has ended');

-- A check "price > 0" accepted NaN, which is greater than every number.
SELECT is(pg_temp.verdicts(door, pg_temp.record(11, '{"price": "NaN"}')), 'INVALID_PRICE price',
	door || ': NaN is not a price') FROM doors;
SELECT throws_ok($$UPDATE onboard.products SET price = 'NaN'$$, '23514', NULL, 'nor does the table itself');
SELECT throws_ok($$UPDATE onboard.vendors SET price_guard = 'NaN'$$, '23514', NULL, 'nor is it a guard');

-- Ids based on a timestamp were the same for two vendors within one second.
SELECT isnt(onboard_begin_upload('V1', 'f', content_id => 'same'),
	onboard_begin_upload('V2', 'f', content_id => 'same'), 'two vendors at the same time have distinct uploads');
SELECT is((SELECT count(DISTINCT onboard_begin_upload('V1', 'f'))::int FROM generate_series(1, 50)), 50,
	'and so do fifty files of one vendor');

-- Stock 0 and a bad price were reported as missing, and stock 1.9 became 1.
SELECT is(pg_temp.verdicts(door, pg_temp.record(20 + n,
	jsonb_build_object('stock_quantity', '0', 'sku', door || 20, 'vendor_product_id', door))), 'valid',
	door || ': stock 0 is present') FROM doors, (SELECT 1) s (n);
SELECT is(pg_temp.verdicts('ingest', pg_temp.record(22, '{"stock_quantity": 0}')), 'valid',
	'ingest: so is the number 0');
SELECT is(pg_temp.verdicts(door, pg_temp.record(23, '{"price": "12,50 EUR"}')), 'INVALID_PRICE price',
	door || ': a bad price is reported as such') FROM doors;
SELECT is(pg_temp.verdicts(door, pg_temp.record(24, '{"stock_quantity": "1.9"}')), 'INVALID_STOCK stock_quantity',
	door || ': 1.9 pieces are an error') FROM doors;
SELECT is(pg_temp.verdicts('ingest', pg_temp.record(25, '{"stock_quantity": 1.9}')), 'INVALID_STOCK stock_quantity',
	'ingest: also as a number');

-- A database outage marked rows as invalid permanently.
CREATE FUNCTION pg_temp.fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.sku = 'S32' THEN
		RAISE EXCEPTION USING ERRCODE = current_setting('fail.code'), MESSAGE = 'x';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION pg_temp.fail();
SELECT onboard_begin_upload('V1', 'f') AS upload \gset
CREATE FUNCTION pg_temp.with_code(id text, code text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('fail.code', code, true);
	RETURN (SELECT string_agg(status, ' ' ORDER BY row_number)
		FROM onboard_ingest(id, jsonb_build_array(pg_temp.record(31), pg_temp.record(32))));
END $$;
SELECT throws_ok(format('SELECT pg_temp.with_code(%L, %L)', :'upload', code), code, 'x',
	'SQLSTATE ' || code || ' is not a verdict')
	FROM unnest(ARRAY['40001', '40P01', '53100', '53200', '55P03', '57P01', '58030', 'XX000']) code;
SELECT is((SELECT row(valid_records, error_records)::text FROM onboard.upload_history WHERE upload_id = :'upload'),
	'(0,0)', 'nothing was counted');
SELECT is_empty(format('SELECT * FROM onboard_judged_ranges(%L)', :'upload'), 'nor judged');
SELECT is(pg_temp.with_code(:'upload', '23514'), 'validated error', 'a refusal by the catalogue is a verdict');
DROP TRIGGER fail ON onboard.products;

-- Duplicates within a file were not detected.
SELECT is(pg_temp.verdicts(door, pg_temp.record(41, jsonb_build_object('sku', door, 'vendor_product_id', door || 41)),
	pg_temp.record(42, jsonb_build_object('sku', door, 'vendor_product_id', door || 42)),
		pg_temp.record(43, jsonb_build_object('sku', door || 43, 'vendor_product_id', door || 41))),
	'valid; DUPLICATE_SKU sku; DUPLICATE_VENDOR_PRODUCT_ID vendor_product_id',
	door || ': duplicates within a file are detected') FROM doors;

-- A message that could not be sent was logged and forgotten.
SELECT is((SELECT count(*)::int FROM onboard_claim_events(1000, '1 microsecond')) > 0, true, 'events can be claimed');
CREATE TEMPORARY TABLE claimed AS SELECT * FROM onboard_claim_events(1000, '1 hour');
SELECT is((SELECT count(*) FROM claimed), (SELECT count(*) FROM onboard.outbox),
	'... and again until they are acknowledged');
SELECT is((SELECT sum(onboard_ack_events(ARRAY[event_id], token)) FROM claimed),
	(SELECT count(*)::numeric FROM claimed), '... with a valid token');
SELECT is_empty('SELECT * FROM onboard.outbox', '... and are then removed');

-- An upload without errors never sent an email.
SELECT onboard_begin_upload('V1', 'good.csv', total_records => 1) AS upload \gset
SELECT is((SELECT status FROM onboard_ingest(:'upload', jsonb_build_array(pg_temp.record(51)))), 'validated',
	'a file without errors');
SELECT is((SELECT string_agg(kind, ' ') FROM onboard.outbox WHERE upload_id = :'upload'), 'upload_ended',
	'... has an event');
SELECT is((SELECT subject FROM onboard_notification(:'upload')), 'Product Upload Complete - good.csv (100.0% Success)',
	'... and an email');

-- A second batch overwrote the error report of the first.
SELECT onboard_begin_upload('V1', 'f', total_records => 3) AS upload \gset
SELECT is((SELECT count(*)::int FROM onboard_ingest(:'upload',
	jsonb_build_array(pg_temp.record(n, jsonb_build_object('price', 'x', 'sku', 'B' || n, 'vendor_product_id',
	'B' || n))))), 1, 'batch ' || n) FROM unnest(ARRAY[3, 1, 2]) n;
SELECT results_eq(format('SELECT split_part(line, '','', 6) FROM onboard_error_csv(%L) line', :'upload'),
	ARRAY['Row Number', '1', '2', '3'], 'the report has all batches, sorted by row');

-- Only the first record of an event was read.
SELECT is(pg_temp.verdicts('ingest', pg_temp.record(61), pg_temp.record(62), pg_temp.record(63, '{"price": ""}')),
	'valid; valid; MISSING_REQUIRED_FIELDS price', 'every record is read');

-- The error report contained live formulas.
SELECT onboard_begin_upload('V1', 'f', total_records => 6) AS upload \gset
SELECT is((SELECT count(*)::int FROM onboard_ingest(:'upload',
	(SELECT jsonb_agg(pg_temp.record(70 + n::int, jsonb_build_object('product_name', start || 'cmd|'' /C calc''!A0',
	'price', '-5')))
		FROM unnest(ARRAY['=', '+', '-', '@', E'\t=', E'\r=']) WITH ORDINALITY s (start, n)))), 6,
			'products with a formula as name');
SELECT is((SELECT count(*)::int FROM onboard_error_csv(:'upload') line WHERE line ~ '(^|,)"?[[:space:]]*[=+@]'
	OR line ~ '(^|,)"?[[:space:]]*-[^0-9]'), 0, 'no cell of the report starts like a formula');
SELECT is((SELECT count(*)::int FROM onboard_error_csv(:'upload') line WHERE line LIKE '%,-5,%'), 6,
	'... and a negative number is unchanged');
SELECT is((SELECT count(*)::int FROM onboard_error_csv(:'upload') line WHERE line LIKE '%''=cmd%'
	OR line LIKE '%''-cmd%'), 2, '... and neutralised text is still readable');

-- An overlong unit or dimension failed the statement, not the row.
SELECT is(pg_temp.verdicts(door, pg_temp.record(81, jsonb_build_object('sku', door || 81, 'vendor_product_id',
	door || 81)), pg_temp.record(82, jsonb_build_object('unit', repeat('u', 21), 'dimensions_cm', repeat('9', 51)))),
	'valid; FIELD_LENGTH_EXCEEDED unit, FIELD_LENGTH_EXCEEDED dimensions_cm',
	door || ': overlong values are reported, and the other rows are stored') FROM doors;

SELECT * FROM finish();
ROLLBACK;
