-- The life cycle of an upload within one transaction that is rolled back. Use the same
-- method to test your own triggers and reports with pgTAP.
BEGIN;
SELECT no_plan();

INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('V1', 'One', 'one@example.com'),
	('V2', 'Two', 'two@example.com'), ('V3', 'Three', 'three@example.com');
UPDATE onboard.vendors SET status = 'suspended' WHERE vendor_id = 'V2';
CREATE ROLE pgtap_loader;
SELECT onboard_grant_loader('pgtap_loader');
CREATE FUNCTION pg_temp.record(n int, change jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('row_number', n, 'line_number', n + 1, 'product',
		jsonb_build_object('sku', 'S' || n, 'vendor_product_id', 'P' || n, 'product_name', 'N', 'category', 'Books',
			'price', '10', 'stock_quantity', '1') || change) $$;
CREATE FUNCTION pg_temp.counts(id text) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s: %s = %s + %s', status, coalesce(total_records::text, '?'), valid_records, error_records)
		FROM onboard.upload_history WHERE upload_id = id $$;
CREATE FUNCTION pg_temp.events(id text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(kind, ' ' ORDER BY kind) FROM onboard.outbox WHERE upload_id = id $$;
GRANT SELECT ON onboard.outbox TO pgtap_loader;
SET ROLE pgtap_loader;

-- Begin
SELECT onboard_begin_upload('V1', 'a.csv', content_id => 'a') AS upload \gset
SELECT matches(:'upload'::text, '^V1-[0-9a-f]{16}$', 'the id is the vendor and 16 hexadecimal digits');
SELECT is(onboard_begin_upload('V1', 'b.csv', content_id => 'a'), :'upload'::text,
	'the same content is the same upload');
SELECT isnt(onboard_begin_upload('V3', 'a.csv', content_id => 'a'), :'upload'::text,
	'the same content of another vendor is another upload');
SELECT isnt(onboard_begin_upload('V1', 'a.csv'), onboard_begin_upload('V1', 'a.csv'),
	'without a content_id every call opens an upload');
SELECT is(pg_temp.counts(:'upload'::text), 'processing: ? = 0 + 0', 'the upload is processing and has no rows');

-- Rows
SELECT results_eq(format('SELECT row_number, status, action FROM onboard_ingest(%L, %L)', :'upload'::text,
	jsonb_build_array(pg_temp.record(1), pg_temp.record(2, '{"price": "x"}'))),
	$$VALUES (1::bigint, 'validated', 'inserted'), (2, 'error', NULL)$$, 'a verdict for each record');
SELECT is(pg_temp.counts(:'upload'::text), 'processing: ? = 1 + 1', 'counters are visible in the transaction');
SELECT is((SELECT row(sku, price, status, row_number, line_number)::text FROM onboard.products
	WHERE upload_id = :'upload'), '(S1,10.00,active,1,2)', 'and so is the product');
SELECT is((SELECT row(row_number, error_type, error_field, rejected_value)::text FROM onboard.validation_errors
	WHERE upload_id = :'upload'), '(2,INVALID_PRICE,price,x)', 'and the error');
SELECT results_eq(format('SELECT row_number, status FROM onboard_ingest(%L, %L)', :'upload'::text,
	jsonb_build_array(pg_temp.record(2), pg_temp.record(1, '{"price": "x"}'))),
	$$VALUES (1::bigint, 'validated'), (2, 'error')$$, 'a replay has the stored verdicts');
SELECT is(pg_temp.counts(:'upload'::text), 'processing: ? = 1 + 1', 'and changes nothing');
SELECT is((SELECT errors -> 0 ->> 'error_type' FROM onboard_ingest(:'upload'::text,
	jsonb_build_array(pg_temp.record(3, '{"sku": "S1"}')))), 'DUPLICATE_SKU',
	'a duplicate of this transaction is found');
INSERT INTO onboard.intake (upload_id, row_number, line_number, sku, vendor_product_id, product_name, category, price,
	stock_quantity)
	VALUES (:'upload'::text, 4, 5, 'S4', 'P4', 'N', 'Books', '10', '0'),
		(:'upload'::text, 5, 6, 'S4', 'P5', 'N', 'Books', '10', '0');
SELECT is(pg_temp.counts(:'upload'::text), 'processing: ? = 2 + 3', 'the bulk door counts as well');
SELECT is((SELECT status FROM onboard.products WHERE sku = 'S4'), 'out_of_stock',
	'a product without stock is out of stock');

-- A part that is rolled back
SAVEPOINT part;
SELECT is((SELECT status FROM onboard_ingest(:'upload'::text, jsonb_build_array(pg_temp.record(6)))), 'validated',
	'a row in a savepoint');
ROLLBACK TO part;
SELECT is(pg_temp.counts(:'upload'::text), 'processing: ? = 2 + 3', 'is rolled back with it');
SELECT is((SELECT status FROM onboard_ingest(:'upload'::text, jsonb_build_array(pg_temp.record(6)))), 'validated',
	'and can be delivered again');

-- The end
SELECT is((onboard_finish_upload(:'upload'::text, 6)).status, 'partial', 'finishing returns the final status');
SELECT is(pg_temp.counts(:'upload'::text), 'partial: 6 = 3 + 3', 'with the counts');
SELECT is(pg_temp.events(:'upload'::text) ~ 'upload_ended$', true, 'and an event');
SELECT is((onboard_finish_upload(:'upload'::text, 6)).status, 'partial', 'finishing again');
SELECT is((SELECT count(*)::int FROM onboard.outbox WHERE upload_id = :'upload' AND kind = 'upload_ended'), 1,
	'writes no second event');
SELECT is((SELECT status FROM onboard_ingest(:'upload'::text, jsonb_build_array(pg_temp.record(7)))), 'refused',
	'a later row is refused');
SELECT is((SELECT status FROM onboard_ingest('V1-0000000000000000', jsonb_build_array(pg_temp.record(7)))),
	'unknown_upload', 'and a row of an unknown upload, too');
SELECT is((SELECT count(*)::int FROM onboard_error_csv(:'upload'::text)), 4,
	'the error report has a header and three lines');
SELECT is((SELECT subject FROM onboard_notification(:'upload'::text)),
	'Product Upload Complete - a.csv (50.0% Success, 3 to Correct)', 'the subject of the email');

-- How uploads end
CREATE FUNCTION pg_temp.ended(total bigint, VARIADIC records jsonb[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	id text := onboard_begin_upload('V3', 'f', total_records => total);
BEGIN
	PERFORM count(*) FROM onboard_ingest(id, to_jsonb(records));
	RETURN pg_temp.counts(id) || coalesce(' ' || pg_temp.events(id), '');
END $$;
SELECT is(pg_temp.ended(2, pg_temp.record(1, '{"sku": "a"}'), pg_temp.record(2, '{"sku": "b"}')),
	'completed: 2 = 2 + 0 upload_ended', 'no error row: completed, by itself');
SELECT is(pg_temp.ended(2, pg_temp.record(1, '{"sku": ""}'), pg_temp.record(2, '{"sku": ""}')),
	'failed: 2 = 0 + 2 errors_recorded upload_ended', 'no valid row: failed');
SELECT is(pg_temp.ended(2, pg_temp.record(1, '{"sku": "c", "vendor_product_id": "c"}'),
	pg_temp.record(2, '{"sku": ""}')), 'partial: 2 = 1 + 1 errors_recorded upload_ended', 'some of both: partial');
SELECT is(pg_temp.ended(3, pg_temp.record(1, '{"sku": "d", "vendor_product_id": "d"}'),
	pg_temp.record(3, '{"sku": ""}')), 'processing: 3 = 1 + 1 errors_recorded', 'not all rows: not ended');
SELECT is((onboard_finish_upload(onboard_begin_upload('V3', 'f'), 0)).failure_code, 'NO_ROWS', 'no rows: failed');
SELECT onboard_begin_upload('V2', 'f') AS suspended \gset
SELECT is((SELECT row(status, failure_code)::text FROM onboard.upload_history WHERE upload_id = :'suspended'),
	'(failed,VENDOR_NOT_ACTIVE)', 'an inactive vendor');
SELECT throws_ok($$SELECT onboard_begin_upload('nobody', 'f')$$, NULL, 'vendor "nobody" does not exist',
	'an unknown vendor is an error');

-- Rejected, cancelled, undone
SELECT onboard_begin_upload('V1', 'f') AS rejected \gset
SELECT is((SELECT status FROM onboard_ingest(:'rejected', jsonb_build_array(pg_temp.record(10)))), 'validated',
	'a row of an upload');
SELECT is((onboard_reject_upload(:'rejected', 'NOT_TEXT', 'm')).failure_code, 'NOT_TEXT', 'that is rejected');
SELECT is((SELECT count(*)::int FROM onboard.products WHERE upload_id = :'rejected'), 0, 'is removed again');
SELECT is((SELECT status FROM onboard_ingest(:'rejected', jsonb_build_array(pg_temp.record(11)))), 'refused',
	'and late rows are refused');
SELECT onboard_begin_upload('V1', 'f', content_id => 'no text') AS refused \gset
SELECT is((onboard_reject_upload(:'refused', 'NOT_TEXT', 'm')).status, 'failed', 'a file is refused for its content');
SELECT is(onboard_begin_upload('V1', 'f', content_id => 'no text'), :'refused'::text,
	'the same file is that upload');
SELECT onboard_begin_upload('V1', 'f', content_id => 'too large') AS large \gset
SELECT is((onboard_reject_upload(:'large', 'FILE_TOO_LARGE', 'm')).status, 'failed', 'a file is refused because of a limit');
SELECT isnt(onboard_begin_upload('V1', 'f', content_id => 'too large'), :'large'::text,
	'the same file is retried');
SELECT onboard_begin_upload('V1', 'f', content_id => 'no good row', total_records => 1) AS useless \gset
SELECT is((SELECT status FROM onboard_ingest(:'useless', jsonb_build_array(pg_temp.record(12, '{"sku": ""}')))),
	'error', 'a file without a good row');
SELECT is(onboard_begin_upload('V1', 'f', content_id => 'no good row', total_records => 1), :'useless'::text,
	'is that upload, too');
SELECT is((SELECT count(*)::int FROM onboard.outbox WHERE kind = 'upload_ended'
	AND upload_id IN (:'refused', :'useless')), 2, 'and each is reported once');
SELECT onboard_begin_upload('V1', 'f') AS cancelled \gset
SELECT is((onboard_cancel_upload(:'cancelled')).failure_code, 'CANCELLED', 'an upload is cancelled');
SELECT is((SELECT undone FROM onboard.recent_uploads WHERE upload_id = :'upload'), false,
	'a cancelled upload cannot be undone');
SELECT is((SELECT row(removed, kept)::text FROM onboard_undo_upload(:'upload'::text)), '(3,0)',
	'an upload that has ended can be undone');
SELECT is((SELECT undone FROM onboard.recent_uploads WHERE upload_id = :'upload'), true, 'and recent_uploads says so');
SELECT is((SELECT count(*)::int FROM onboard.products WHERE upload_id = :'upload'), 0, 'and its products are gone');
SELECT is((SELECT status FROM onboard_ingest(:'upload'::text, jsonb_build_array(pg_temp.record(1)))), 'validated',
	'the verdict is kept');

RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
