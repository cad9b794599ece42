-- Functions for programs that may be killed at any time: attempts, checkpoints, sweeping,
-- events of one upload, links.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, status) VALUES
	('DLV-1', 'Delivery one', 'one@dlv.example', 'active'),
	('DLV-2', 'Delivery two', 'two@dlv.example', 'suspended');
DELETE FROM onboard.outbox;
-- Left over from other tests
CREATE TEMP TABLE before AS SELECT * FROM onboard_backlog();
-- Load rows first to last of an upload; every fifth has a bad price.
CREATE FUNCTION load(upload_id text, first int, last int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(n || ' ' || status, ', ' ORDER BY status) FROM (
		SELECT count(*) AS n, i.status FROM onboard_ingest(load.upload_id,
			(SELECT jsonb_agg(jsonb_build_object('row_number', r, 'line_number', r + 1, 'product', jsonb_build_object(
				'vendor_product_id', load.upload_id || r, 'sku', load.upload_id || r, 'product_name', 'Lamp',
					'category', 'Books',
				'price', CASE WHEN r % 5 = 0 THEN 'PLANTED' ELSE '2' END, 'stock_quantity', '1')))
			FROM generate_series(first, last) r)) i
		GROUP BY i.status) t;
$$;
CREATE VIEW uploads AS
	SELECT upload_id, status, failure_code AS code, total_records AS total, valid_records AS valid,
		error_records AS errors,
		parse_attempts AS parses, revivals, checkpoint
	FROM onboard.upload_history WHERE vendor_id LIKE 'DLV-%';
-- Pretend that an upload made no progress for the given time.
CREATE FUNCTION let_lie(upload_id text, how_long interval) RETURNS void LANGUAGE sql AS $$
	UPDATE onboard.upload_history u SET updated_at = now() - how_long WHERE u.upload_id = let_lie.upload_id;
$$;

--
-- Repeated events
--
SELECT onboard_begin_upload('DLV-1', 'a.csv', 'uploads/DLV-1/a.csv', 'bucket/a/v1', NULL, '{"bucket": "b"}',
	false) AS u \gset
SELECT onboard_begin_upload('DLV-1', 'a.csv', 'uploads/DLV-1/a.csv', 'bucket/a/v1', NULL, '{"bucket": "b"}',
	false) = :'u' AS same;
SELECT status FROM onboard_reject_upload(:'u', 'TOO_MANY_ROWS', NULL);
-- A redelivered event never opens another attempt; a user who asks again gets another attempt, which may succeed.
SELECT onboard_begin_upload('DLV-1', 'a.csv', NULL, 'bucket/a/v1', NULL, '{}', false) = :'u' AS same;
SELECT onboard_begin_upload('DLV-1', 'a.csv', NULL, 'bucket/a/v1', NULL, '{}', true) AS second \gset
SELECT :'second' <> :'u' AS differ;
SELECT onboard_begin_upload('DLV-1', 'a.csv', NULL, 'bucket/a/v1', NULL, '{}', false) = :'second' AS latest;
SELECT status FROM onboard_cancel_upload(:'second');
SELECT onboard_begin_upload('DLV-1', 'a.csv', NULL, 'bucket/a/v1', NULL, '{}', false) = :'second' AS latest;
SELECT onboard_begin_upload('DLV-1', 'a.csv', NULL, 'bucket/a/v1') NOT IN (:'u', :'second') AS third;
-- The same applies to a vendor who was not active at the first delivery.
SELECT onboard_begin_upload('DLV-2', 'a.csv', NULL, 'bucket/b/v1', NULL, '{}', false) AS inactive \gset
UPDATE onboard.vendors SET status = 'active' WHERE vendor_id = 'DLV-2';
SELECT onboard_begin_upload('DLV-2', 'a.csv', NULL, 'bucket/b/v1', NULL, '{}', false) = :'inactive' AS same;
SELECT onboard_begin_upload('DLV-2', 'a.csv', NULL, 'bucket/b/v1', NULL, '{}', true) = :'inactive' AS same;
-- Without a content_id, all uploads are distinct.
SELECT onboard_begin_upload('DLV-1', 'a.csv', NULL, NULL, NULL, '{}', false) <> onboard_begin_upload('DLV-1', 'a.csv',
	NULL, NULL, NULL, '{}', false) AS differ;
SELECT onboard_begin_upload('DLV-1', 'a.csv', NULL, 'x', NULL, '{}', NULL); -- ERROR
SELECT onboard_begin_upload('DLV-9', 'a.csv', NULL, 'x', NULL, '{}', false); -- ERROR
SELECT upload_id = :'inactive' AS inactive, count(*) FROM onboard.outbox WHERE kind = 'upload_ended'
	GROUP BY upload_id ORDER BY 1;
SELECT c.status, c.failure_code FROM onboard.upload_history u, onboard_cancel_upload(u.upload_id) c
	WHERE u.vendor_id LIKE 'DLV-%' AND u.status = 'processing';

--
-- Attempts, and the facts found by the first one
--
SELECT onboard_begin_upload('DLV-1', 'p.csv', 'uploads/DLV-1/p.csv', 'bucket/p/v1', NULL,
	'{"bucket": "b", "delimiter": "?"}', false) AS u \gset
SELECT parse_attempts, status, total_records FROM onboard_begin_parse(:'u');
SELECT load(:'u', 1, 3);
SELECT parse_attempts, valid_records FROM onboard_begin_parse(:'u');
SELECT status, total_records, metadata FROM onboard_describe_upload(:'u', NULL,
	'{"delimiter": ";", "header": ["sku"]}');
SELECT status, total_records, metadata FROM onboard_describe_upload(:'u', 5);
SELECT status, total_records, metadata FROM onboard_describe_upload(:'u', 5, '{"encoding": "UTF-8"}');
SELECT onboard_describe_upload(:'u', -1); -- ERROR
SELECT onboard_describe_upload(:'u', NULL, '[]'); -- ERROR
SELECT onboard_describe_upload(:'u', NULL, '{"reported_at": 1}'); -- ERROR
\set VERBOSITY sqlstate
SELECT onboard_describe_upload(:'u', 6); -- ERROR
SELECT onboard_describe_upload('DLV-1-no', 6); -- ERROR
SELECT onboard_begin_parse('DLV-1-no'); -- ERROR
SELECT onboard_begin_parse(NULL); -- ERROR
\set VERBOSITY default
SELECT load(:'u', 3, 5);
-- The upload has ended: a late reader gets its row and changes nothing.
SELECT parse_attempts, status FROM onboard_begin_parse(:'u');
SELECT status, total_records, metadata FROM onboard_describe_upload(:'u', 17, '{"delimiter": "!"}');
SELECT load(:'u', 5, 6);
-- A total equal to the number of judged rows ends it, as does a total of 0.
SELECT onboard_begin_upload('DLV-1', 'q.csv') AS q \gset
SELECT load(:'q', 1, 2);
SELECT status FROM onboard_describe_upload(:'q', 2, '{}');
SELECT onboard_begin_upload('DLV-1', 'q.csv') AS q \gset
SELECT status, failure_code FROM onboard_describe_upload(:'q', 0);

--
-- Checkpoints
--
SELECT onboard_begin_upload('DLV-1', 'c.csv', NULL, 'bucket/c/v1') AS u \gset
SELECT load(:'u', 1, 4);
SELECT onboard_save_checkpoint(:'u', 200, 4, 6, '{"decoder": "utf-8"}');
SELECT checkpoint FROM onboard_begin_parse(:'u');
-- A checkpoint only moves forward.
SELECT onboard_save_checkpoint(:'u', 200, 4, 6, '{}');
SELECT onboard_save_checkpoint(:'u', 100, 2, 3);
-- It covers only rows with a verdict, including those of the same transaction.
\set VERBOSITY sqlstate
SELECT onboard_save_checkpoint(:'u', 300, 5, 7); -- ERROR
BEGIN;
SELECT load(:'u', 6, 8);
SELECT onboard_save_checkpoint(:'u', 400, 8, 10); -- ERROR
ROLLBACK;
\set VERBOSITY default
BEGIN;
SELECT load(:'u', 5, 8);
SELECT onboard_save_checkpoint(:'u', 400, 8, 10);
ROLLBACK;
SELECT valid, errors, checkpoint FROM uploads WHERE upload_id = :'u';
BEGIN;
SELECT count(load(:'u', r, r)) FROM generate_series(5, 16) r;
SELECT onboard_save_checkpoint(:'u', 800, 16, 18);
COMMIT;
SELECT valid, errors, checkpoint FROM uploads WHERE upload_id = :'u';
-- Contradictory positions
SELECT load(:'u', 17, 18);
SELECT onboard_save_checkpoint(:'u', 700, 18, 20); -- ERROR
SELECT onboard_save_checkpoint(:'u', 900, 18, 18); -- ERROR
SELECT onboard_save_checkpoint(:'u', 0, 18, 20); -- ERROR
SELECT onboard_save_checkpoint(:'u', 900, NULL, 20); -- ERROR
SELECT onboard_save_checkpoint(:'u', 900, 18, -1); -- ERROR
SELECT onboard_save_checkpoint(:'u', 900, 18, 20, NULL); -- ERROR
SELECT onboard_save_checkpoint('DLV-1-no', 900, 18, 20); -- ERROR
-- It is removed when the upload ends, and cannot be saved again.
BEGIN;
SELECT load(:'u', 19, 20);
SELECT status FROM onboard_finish_upload(:'u', 20);
SELECT onboard_save_checkpoint(:'u', 1000, 20, 22);
COMMIT;
SELECT status, checkpoint FROM uploads WHERE upload_id = :'u';
SELECT onboard_begin_upload('DLV-1', 'c.csv') AS u \gset
SELECT load(:'u', 1, 1);
SELECT onboard_save_checkpoint(:'u', 10, 1, 2);
SELECT status, checkpoint FROM onboard_cancel_upload(:'u');

--
-- The sweeper
--
SELECT onboard_begin_upload('DLV-1', 's.csv', 'uploads/DLV-1/s.csv', 'bucket/s/v1', NULL, '{"bucket": "b"}',
	false) AS u \gset
SELECT onboard_begin_upload('DLV-1', 't.csv', NULL, 'bucket/t/v1', 10) AS by_hand \gset
SELECT parse_attempts FROM onboard_begin_parse(:'u');
SELECT load(:'u', 1, 5);
SELECT load(:'by_hand', 1, 5);
SELECT onboard_save_checkpoint(:'u', 10, 5, 6);
-- Uploads that make progress, or that no parser began, are left alone.
SELECT count(*) FROM onboard_claim_stalled('1 hour', 3);
SELECT let_lie(:'u', '2 hours'), let_lie(:'by_hand', '2 hours');
BEGIN;
SELECT onboard_lock_sweeper();
SELECT upload_id = :'u' AS u, vendor_id, file_name, source, content_id, metadata, revivals
	FROM onboard_claim_stalled('1 hour', 3);
-- Claiming an upload counts as progress.
SELECT count(*) FROM onboard_claim_stalled('1 hour', 3);
SELECT objsubid AS class, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
COMMIT;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
-- An upload is claimed at most the given number of times, unless a row was judged in between.
SELECT let_lie(:'u', '2 hours');
SELECT revivals FROM onboard_claim_stalled('1 hour', 3);
SELECT let_lie(:'u', '2 hours');
SELECT count(*) FROM onboard_claim_stalled('1 hour', 2);
SELECT count(*) FROM onboard_claim_stalled('1 hour', 3, 0);
-- A replay is not progress; a new row is.
SELECT load(:'u', 1, 5);
SELECT parses, revivals FROM uploads WHERE upload_id = :'u';
SELECT load(:'u', 6, 6);
SELECT parses, revivals FROM uploads WHERE upload_id = :'u';
SELECT let_lie(:'u', '2 hours');
SELECT revivals FROM onboard_claim_stalled('1 hour', 1);
-- An upload is failed only after the claims were used up.
SELECT onboard_sweep_uploads('1 hour', 1);
SELECT let_lie(:'u', '2 hours');
SELECT onboard_sweep_uploads('1 hour', 2);
SELECT onboard_sweep_uploads('1 hour', 1);
SELECT onboard_sweep_uploads('1 hour', 1);
-- The counts are right, the total is unknown, there is one event; late rows are refused,
-- earlier ones keep their verdict.
SELECT status, code, total, valid, errors, checkpoint FROM uploads WHERE upload_id = :'u';
SELECT count(*) FROM onboard.products WHERE upload_id = :'u';
SELECT count(*) FROM onboard.validation_errors WHERE upload_id = :'u';
SELECT kind, payload FROM onboard.outbox WHERE upload_id = :'u' ORDER BY event_id;
SELECT load(:'u', 5, 8);
SELECT status, total_records FROM onboard_finish_upload(:'u', 10);
SELECT parse_attempts FROM onboard_begin_parse(:'u');
SELECT subject FROM onboard_notification(:'u');
SELECT replace(body, :'u', 'U') FROM onboard_notification(:'u');
-- A known total is kept.
SELECT onboard_sweep_uploads('1 hour');
SELECT status, code, total, valid, errors FROM uploads WHERE upload_id = :'by_hand';
SELECT replace(body, :'by_hand', 'U') FROM onboard_notification(:'by_hand');
-- The products of a failed upload can be undone.
SELECT * FROM onboard_undo_upload(:'u');
SELECT status, valid FROM uploads WHERE upload_id = :'u';
-- An event is renewed if it is gone and the upload was not reported: not immediately, not twice, not forever.
SELECT onboard_renew_events('1 hour');
SELECT let_lie(:'u', '2 hours');
SELECT onboard_renew_events('1 hour');
DELETE FROM onboard.outbox WHERE upload_id = :'u';
SELECT onboard_renew_events('1 hour', 0), onboard_renew_events('3 hours');
-- Not while a reporter is at work.
SELECT onboard_claim_report(:'u', '1 hour') AS token \gset
SELECT onboard_renew_events('1 hour');
SELECT onboard_release_report(:'u', :'token');
SELECT onboard_renew_events('1 hour');
SELECT kind, payload FROM onboard.outbox WHERE upload_id = :'u';
DELETE FROM onboard.outbox WHERE upload_id = :'u';
SELECT onboard_renew_events('1 hour');
SELECT let_lie(:'u', '2 hours');
UPDATE onboard.upload_history SET processing_completed_at = processing_completed_at - '8 days'::interval
	WHERE upload_id = :'u';
SELECT onboard_renew_events('1 hour');
UPDATE onboard.upload_history SET processing_completed_at = processing_completed_at + '8 days'::interval
	WHERE upload_id = :'u';
SELECT onboard_record_report(:'u', NULL, NULL);
SELECT let_lie(:'u', '2 hours');
SELECT onboard_renew_events('1 hour');
-- Without rows there is nothing to undo.
SELECT onboard_begin_upload('DLV-1', 'v.csv') AS v \gset
SELECT let_lie(:'v', '2 days');
SELECT onboard_sweep_uploads();
SELECT replace(body, :'v', 'U') FROM onboard_notification(:'v');
\set VERBOSITY sqlstate
SELECT onboard_undo_upload(:'v'); -- ERROR
SELECT onboard_sweep_uploads(NULL, 1); -- ERROR
SELECT onboard_sweep_uploads('1 hour', NULL); -- ERROR
SELECT onboard_sweep_uploads('1 hour', -1); -- ERROR
SELECT onboard_renew_events(NULL); -- ERROR
SELECT onboard_renew_events('1 hour', -1); -- ERROR
SELECT onboard_claim_stalled(NULL, 1); -- ERROR
SELECT onboard_claim_stalled('1 hour', NULL); -- ERROR
SELECT onboard_claim_stalled('1 hour', -1); -- ERROR
SELECT onboard_claim_stalled('1 hour', 1, -1); -- ERROR
SELECT onboard_claim_stalled('1 hour', 1, NULL); -- ERROR
\set VERBOSITY default

--
-- Events of one upload
--
DELETE FROM onboard.outbox;
SELECT onboard_begin_upload('DLV-1', 'e.csv', NULL, 'bucket/e/v1', 10) AS one,
	onboard_begin_upload('DLV-2', 'e.csv', NULL, 'bucket/e/v1') AS two \gset
SELECT load(:'two', 1, 5);
-- The transaction that wrote the events can lease them.
BEGIN;
SELECT load(:'one', 1, 10);
CREATE TEMP TABLE claimed AS SELECT * FROM onboard_claim_events(10, '1 hour', :'one');
COMMIT;
SELECT kind, upload_id = :'one' AS one, vendor_id, payload, attempt FROM claimed ORDER BY event_id;
SELECT count(*) FROM onboard_claim_events(10, '1 hour', :'one');
SELECT onboard_ack_events(array_agg(event_id), (array_agg(token))[1]) FROM claimed;
SELECT kind, payload FROM onboard_claim_events(10, '1 hour', :'two');
SELECT count(*) FROM onboard_claim_events(10, '1 hour', 'DLV-1-no');
SELECT onboard_claim_events(10, '1 hour', NULL); -- ERROR

--
-- Reports
--
SELECT * FROM onboard_report_due(:'one');
SELECT * FROM onboard_report_due(:'two');
SELECT * FROM onboard_report_due('DLV-1-no');
SELECT name, value > 0 AS some FROM onboard_backlog() WHERE name !~ 'seconds';
SELECT name, a.value - b.value AS value FROM onboard_backlog() a JOIN before b USING (name)
	WHERE name ~ 'uploads_(processing|without_total|revived)' ORDER BY name;
SELECT replace(body, :'one', 'U') FROM onboard_notification(:'one', 'https://x.example/r/E.1',
	'https://x.example/r/F.1', '2026-01-05 15:03+01');
SELECT substring(body, 'Please.*Upload:')
	FROM onboard_notification(:'one', 'https://x.example/r/E.1', NULL, '2026-11-25 00:00+00');
SELECT substring(body, 'Please.*Upload:') FROM onboard_notification(:'one', NULL, NULL, '2026-11-25 00:00+00');
SELECT onboard_record_report(:'one', 'errors/DLV-1/e_errors.csv', 'errors/DLV-1/e_fix.csv');
SELECT * FROM onboard_report_due(:'one');
SELECT substring(body, 'Please.*Upload:') FROM onboard_notification(:'one');
SELECT substring(body, 'Please.*Upload:') FROM onboard_notification(:'one', 'https://x.example/r/E.1', NULL, NULL);
-- A refused file is reported, too.
SELECT status FROM onboard_reject_upload(:'two', 'MISSING_COLUMN', 'no column sku');
SELECT * FROM onboard_report_due(:'two');
SELECT replace(body, :'two', 'U') FROM onboard_notification(:'two', 'https://x.example/r/E.2', NULL,
	'2026-11-25 00:00+00');
-- The status as JSON contains no values of rows.
SELECT onboard_upload_status(:'one') - ARRAY['upload_id', 'started_at', 'completed_at'];
SELECT onboard_upload_status(:'two') - ARRAY['upload_id', 'started_at', 'completed_at'];
SELECT onboard_upload_status(:'one') ->> 'completed_at' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$' AS iso,
	onboard_upload_status(:'one')::text ~ 'PLANTED' AS leaks;
SELECT onboard_upload_status('DLV-1-no'); -- ERROR

--
-- Ages
--
SELECT onboard_begin_upload('DLV-1', 'old.csv') AS u \gset
SELECT let_lie(:'u', '90 seconds');
UPDATE onboard.outbox SET created_at = now() - interval '1 minute' WHERE upload_id = :'two';
UPDATE onboard.upload_history SET processing_completed_at = now() - interval '2 minutes' WHERE upload_id = :'two';
-- Ages are rounded to ten seconds, because the test takes some time.
SELECT name, value / 10 * 10 AS value FROM onboard_backlog() WHERE name ~ 'seconds';
-- After a week, an unreported upload is no longer counted.
UPDATE onboard.upload_history SET processing_completed_at = now() - interval '8 days' WHERE status <> 'processing';
SELECT name, value FROM onboard_backlog() WHERE name ~ 'unreported';

--
-- Two logins that alternate have the privileges of the role of which they are members.
--
CREATE ROLE regress_onboard_pipeline;
SELECT onboard_grant_loader('regress_onboard_pipeline'), onboard_grant_reporter('regress_onboard_pipeline');
CREATE ROLE regress_onboard_blue IN ROLE regress_onboard_pipeline;
CREATE ROLE regress_onboard_green IN ROLE regress_onboard_pipeline;
CREATE ROLE regress_onboard_stranger;
SET SESSION AUTHORIZATION regress_onboard_blue;
SELECT onboard_begin_upload('DLV-1', 'r.csv', NULL, 'bucket/r/v1', NULL, '{}', false) AS u \gset
SELECT parse_attempts FROM onboard_begin_parse(:'u');
SELECT load(:'u', 1, 5);
INSERT INTO onboard.intake (upload_id, row_number, line_number, sku, vendor_product_id, product_name, category, price,
	stock_quantity)
	VALUES (:'u', 6, 7, 'r6', 'r6', 'Lamp', 'Books', '1', '1');
SET SESSION AUTHORIZATION regress_onboard_green;
SELECT parse_attempts, valid_records, error_records FROM onboard_begin_parse(:'u');
SELECT onboard_save_checkpoint(:'u', 70, 6, 8);
SELECT load(:'u', 1, 7);
SELECT status FROM onboard_finish_upload(:'u');
SELECT count(*), count(onboard_ack_events(ARRAY[event_id], token)) FROM onboard_claim_events(10, '1 hour', :'u');
SELECT due FROM onboard_report_due(:'u');
SELECT count(*) FROM onboard_error_csv(:'u');
SELECT onboard_record_report(:'u', 'errors/e.csv', NULL);
SELECT status FROM onboard.upload_history WHERE upload_id = :'u';
SELECT count(*) > 5 AS sees FROM onboard.products;
SELECT onboard_lock_sweeper();
SELECT count(*) FROM onboard_backlog();
SET SESSION AUTHORIZATION regress_onboard_stranger;
\set VERBOSITY sqlstate
SELECT onboard_begin_parse(:'u'); -- ERROR
\set VERBOSITY default
RESET SESSION AUTHORIZATION;
-- Confinement to a vendor is not inherited: a member of the role sees nothing.
CREATE ROLE regress_onboard_vendor;
CREATE ROLE regress_onboard_clerk IN ROLE regress_onboard_vendor;
SELECT onboard_grant_vendor('regress_onboard_vendor', 'DLV-1');
SET SESSION AUTHORIZATION regress_onboard_clerk;
SELECT (SELECT count(*) FROM onboard.upload_history) AS uploads, (SELECT count(*) FROM onboard.products) AS products,
	onboard.is_operator();
RESET SESSION AUTHORIZATION;
-- A listing is leased, and due, for a duration.
SELECT key_marker = '' AS at_beginning FROM onboard_claim_listing('dlv-bucket', '1 hour', '1 hour');
SELECT count(*) FROM onboard_claim_listing('dlv-bucket', '1 hour', '1 hour');
SELECT onboard_claim_listing('dlv-bucket', '1 hour', '0'); -- ERROR
SELECT onboard_claim_listing('dlv-bucket', '1 hour', '-1 hour'); -- ERROR
SELECT onboard_claim_listing('dlv-bucket', '0', '1 hour'); -- ERROR
SELECT onboard_claim_listing('dlv-bucket', '-1 hour', '1 hour'); -- ERROR
SELECT onboard_claim_listing('dlv-bucket', NULL, '1 hour'); -- ERROR
DELETE FROM onboard.listings WHERE source = 'dlv-bucket';

-- A confined role gains nothing from membership.
INSERT INTO onboard.vendor_roles VALUES ('regress_onboard_green', 'DLV-2');
SET SESSION AUTHORIZATION regress_onboard_green;
SELECT count(*) FROM onboard.upload_history WHERE vendor_id = 'DLV-1';
SELECT onboard_begin_parse(:'u'); -- ERROR
SELECT onboard_describe_upload(:'u', 1); -- ERROR
SELECT onboard_save_checkpoint(:'u', 70, 6, 8); -- ERROR
SELECT onboard_upload_status(:'u'); -- ERROR
SELECT * FROM onboard_report_due(:'u');
SELECT onboard_lock_sweeper(); -- ERROR
SELECT onboard_claim_stalled('1 hour', 1); -- ERROR
SELECT onboard_renew_events('1 hour'); -- ERROR
SELECT onboard_sweep_uploads('1 hour', 1); -- ERROR
SELECT onboard_claim_events(10, '1 hour', :'u'); -- ERROR
SELECT onboard_begin_upload('DLV-1', 'a.csv', NULL, 'x', NULL, '{}', false); -- ERROR
SELECT onboard_upload_status(:'two') ->> 'status' AS own;
RESET SESSION AUTHORIZATION;

DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'DLV-%';
DELETE FROM onboard.products WHERE vendor_id LIKE 'DLV-%';
DELETE FROM onboard.outbox;
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'DLV-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'DLV-%';
DROP TABLE claimed, before;
DROP VIEW uploads;
DROP FUNCTION load, let_lie;
DROP OWNED BY regress_onboard_pipeline, regress_onboard_vendor;
DROP ROLE regress_onboard_blue, regress_onboard_green, regress_onboard_stranger, regress_onboard_clerk,
	regress_onboard_vendor,
	regress_onboard_pipeline;
