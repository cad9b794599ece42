-- Life cycle of an upload: begin, finish, reject, cancel, undo, sweep.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, status) VALUES
	('LIFE-1', 'Life one', 'one@life.example', 'active'),
	('LIFE-2', 'Life two', 'two@life.example', 'suspended');
CREATE VIEW uploads AS
	SELECT upload_id, status, failure_code AS code, failure_message AS message,
		total_records AS total, valid_records AS valid, error_records AS errors,
		processing_completed_at IS NOT NULL AS ended
	FROM onboard.upload_history WHERE vendor_id LIKE 'LIFE-%';
CREATE VIEW ended AS
	SELECT upload_id, kind, payload FROM onboard.outbox WHERE vendor_id LIKE 'LIFE-%' ORDER BY event_id;
-- Load valid rows 1 to n of an upload without the doors.
CREATE FUNCTION store(upload_id text, n int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity,
		upload_id, row_number)
		SELECT 'LIFE-1', left(md5(upload_id), 6) || i, 'Thing', 'Books', left(md5(upload_id), 6) || i, 1, 1, upload_id,
			i
		FROM generate_series(1, n) i;
	INSERT INTO onboard.judged_rows VALUES (upload_id, 1, n);
	UPDATE onboard.upload_history u SET valid_records = n, inserted = n WHERE u.upload_id = store.upload_id;
$$;

-- The id is the vendor's id and 16 digits of the SHA-256 of vendor, newline, content.
SELECT onboard_begin_upload('LIFE-1', 'a.csv', 'uploads/a.csv', 'content 1', 3, '{"delimiter": ";"}') AS u \gset
SELECT :'u' = 'LIFE-1-' || left(encode(sha256(E'LIFE-1\ncontent 1'::bytea), 'hex'), 16) AS by_hash;
SELECT * FROM uploads;
SELECT file_name, s3_key, content_id, mode, metadata FROM onboard.upload_history WHERE upload_id = :'u';
-- The same content is the same upload, whatever the file name.
SELECT onboard_begin_upload('LIFE-1', 'b.csv', NULL, 'content 1') = :'u' AS same;
-- Without a content_id, all uploads are distinct.
SELECT onboard_begin_upload('LIFE-1', 'a.csv') <> onboard_begin_upload('LIFE-1', 'a.csv') AS differ;
SELECT onboard_begin_upload('LIFE-1', 'a.csv') ~ '^LIFE-1-[0-9a-f]{16}$' AS well_formed;
-- After a failure for a reason outside the file, the same content opens a new upload, and
-- from then on returns that one.
SELECT status, failure_code, failure_message FROM onboard_reject_upload(:'u', 'OBJECT_REPLACED', 'the file changed');
SELECT onboard_begin_upload('LIFE-1', 'a.csv', NULL, 'content 1') AS second \gset
SELECT :'second' = 'LIFE-1-' || left(encode(sha256(E'LIFE-1\ncontent 1\n2'::bytea), 'hex'), 16) AS second_attempt;
SELECT onboard_begin_upload('LIFE-1', 'a.csv', NULL, 'content 1') = :'second' AS same;
SELECT status FROM onboard_cancel_upload(:'second');
SELECT onboard_begin_upload('LIFE-1', 'a.csv', NULL, 'content 1') AS third \gset
SELECT :'third' NOT IN (:'u', :'second') AS third_attempt;
-- A file refused for its content returns that upload from then on.
SELECT status, failure_code, failure_message FROM onboard_reject_upload(:'third', 'NO_HEADER',
	'line 1 has no column name');
SELECT onboard_begin_upload('LIFE-1', 'a.csv', NULL, 'content 1', 7) = :'third' AS same,
	onboard_begin_upload('LIFE-1', 'a.csv', NULL, 'content 1', NULL, '{}', true) = :'third' AS same_again,
	onboard_begin_upload('LIFE-1', 'a.csv', NULL, 'content 1', NULL, '{}', false) = :'third' AS same_event;
-- So does a file that was read completely and has no good row; each is reported once.
SELECT onboard_begin_upload('LIFE-1', 'bad.csv', NULL, 'bad 1', 1) AS u \gset
SELECT status FROM onboard_ingest(:'u', '[{"row_number": 1, "product": {"sku": "x"}}]');
SELECT status, code FROM uploads WHERE upload_id = :'u';
SELECT onboard_begin_upload('LIFE-1', 'bad.csv', NULL, 'bad 1', 1) = :'u' AS same,
	onboard_begin_upload('LIFE-1', 'bad.csv', NULL, 'bad 1', 1, '{}', false) = :'u' AS same_event;
SELECT count(*) FROM ended WHERE kind = 'upload_ended' AND upload_id IN (:'u', :'third');
-- Which failure codes allow a new attempt: those for a reason outside the file
CREATE FUNCTION reopens(code text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	u text := onboard_begin_upload('LIFE-1', 'c.csv', content_id => 'code ' || code);
BEGIN
	PERFORM onboard_reject_upload(u, code, NULL);
	RETURN onboard_begin_upload('LIFE-1', 'c.csv', content_id => 'code ' || code) <> u;
END $$;
SELECT code, reopens(code) AS reopens, onboard.may_retry(code) AS may_retry
	FROM unnest(ARRAY['EMPTY_FILE', 'NO_ROWS', 'NO_HEADER', 'MISSING_COLUMN', 'DUPLICATE_COLUMN', 'FILE_TOO_LARGE',
		'TOO_MANY_ROWS',
		'NOT_TEXT', 'UNREADABLE_FILE', 'UNSUPPORTED_ENCODING', 'WRONG_ENCODING', 'OTHER_VENDOR', 'VENDOR_NOT_ACTIVE',
		'MODE_NOT_ALLOWED', 'INVALID_SETTING', 'INVALID_SOURCE_TIME', 'OBJECT_REPLACED', 'PROCESSING_ABANDONED',
		'CANCELLED']) code;
SELECT onboard.may_retry(NULL) AS no_code, onboard.may_retry('NO_SUCH_CODE') AS unknown;

-- Unknown and inactive vendors
SELECT onboard_begin_upload('LIFE-9', 'a.csv'); -- ERROR
SELECT onboard_begin_upload('LIFE-2', 'a.csv', NULL, 'content 2') AS inactive \gset
SELECT * FROM uploads WHERE upload_id = :'inactive';
-- If the file's event is redelivered, the upload does not end twice; once the vendor is
-- active, it is a new upload.
SELECT onboard_begin_upload('LIFE-2', 'a.csv', NULL, 'content 2') = :'inactive' AS same;
SELECT * FROM ended WHERE upload_id LIKE 'LIFE-2-%';
UPDATE onboard.vendors SET status = 'active' WHERE vendor_id = 'LIFE-2';
SELECT onboard_begin_upload('LIFE-2', 'a.csv', NULL, 'content 2') AS active \gset
SELECT :'active' <> :'inactive' AS fresh;
SELECT status FROM uploads WHERE upload_id = :'active';

-- No rows
SELECT onboard_begin_upload('LIFE-1', 'empty.csv', NULL, 'empty 1', 0) AS u \gset
SELECT * FROM uploads WHERE upload_id = :'u';
SELECT onboard_begin_upload('LIFE-1', 'empty.csv', NULL, 'empty 1', 0) = :'u' AS same;
SELECT onboard_begin_upload('LIFE-1', 'empty.csv', NULL, 'empty 2') AS u \gset
SELECT status, failure_code FROM onboard_finish_upload(:'u', 0);
SELECT onboard_begin_upload('LIFE-1', 'empty.csv', NULL, 'empty 3') AS u \gset
SELECT status, failure_code FROM onboard_finish_upload(:'u');
SELECT * FROM ended WHERE upload_id = :'u';

-- Invalid arguments
SELECT onboard_begin_upload(NULL, 'a.csv'); -- ERROR
SELECT onboard_begin_upload('LIFE-1', NULL); -- ERROR
SELECT onboard_begin_upload('LIFE-1', E' \t'); -- ERROR
SELECT onboard_begin_upload('', 'a.csv'); -- ERROR
SELECT onboard_begin_upload('../x', 'a.csv'); -- ERROR
SELECT onboard_begin_upload(E'LIFE-1\n', 'a.csv'); -- ERROR
SELECT onboard_begin_upload(repeat('x', 51), 'a.csv'); -- ERROR
SELECT onboard_begin_upload('LIFE-1', 'a.csv', total_records => -1); -- ERROR
SELECT onboard_begin_upload('LIFE-1', 'a.csv', metadata => '[]'); -- ERROR
SELECT onboard_begin_upload('LIFE-1', 'a.csv', metadata => '{"reported_at": 1}'); -- ERROR
SELECT onboard_finish_upload(NULL); -- ERROR
SELECT onboard_finish_upload('LIFE-1-no'); -- ERROR
SELECT onboard_reject_upload('LIFE-1-no', 'NO_ROWS', ''); -- ERROR
SELECT onboard_cancel_upload('LIFE-1-no'); -- ERROR
SELECT onboard_undo_upload('LIFE-1-no'); -- ERROR
SELECT onboard_sweep_uploads(NULL); -- ERROR

-- Finish
SELECT onboard_begin_upload('LIFE-1', 'f.csv', NULL, 'finish 1') AS u \gset
SELECT store(:'u', 3);
SELECT onboard_finish_upload(:'u', -1); -- ERROR
\set VERBOSITY sqlstate
SELECT onboard_finish_upload(:'u', 2); -- ERROR
\set VERBOSITY default
SELECT status, total_records FROM onboard_finish_upload(:'u', 4);
SELECT status, total_records FROM onboard_finish_upload(:'u', 4);
SELECT status, total_records FROM onboard_finish_upload(:'u');
\set VERBOSITY sqlstate
SELECT onboard_finish_upload(:'u', 5); -- ERROR
\set VERBOSITY default
UPDATE onboard.upload_history SET error_records = 1 WHERE upload_id = :'u';
SELECT status, total_records FROM onboard_finish_upload(:'u');
-- An upload that ended does not change.
SELECT status, total_records FROM onboard_finish_upload(:'u', 17);
SELECT kind, payload FROM ended WHERE upload_id = :'u';
-- Without a total, the number of judged rows becomes the total.
SELECT onboard_begin_upload('LIFE-1', 'f.csv', NULL, 'finish 2') AS u \gset
SELECT store(:'u', 3);
SELECT status, total_records FROM onboard_finish_upload(:'u');
\set VERBOSITY sqlstate
SELECT onboard_reject_upload(:'u', 'NOT_TEXT', 'late'); -- ERROR
SELECT onboard_cancel_upload(:'u'); -- ERROR
\set VERBOSITY default

-- Undo removes products that were not changed since, once.
UPDATE onboard.products SET price = 2 WHERE upload_id = :'u' AND row_number = 2;
SELECT * FROM onboard_undo_upload(:'u');
SELECT row_number FROM onboard.products WHERE upload_id = :'u';
SELECT * FROM onboard_undo_upload(:'u');
SELECT metadata - 'undone_at' AS metadata, metadata ? 'undone_at' AS has_time FROM onboard.upload_history
	WHERE upload_id = :'u';
SELECT status, valid_records FROM onboard.upload_history WHERE upload_id = :'u';
SELECT first_row, last_row FROM onboard.judged_rows WHERE upload_id = :'u';
-- Undo keeps products that other tables reference or whose deletion a trigger refuses.
SELECT onboard_begin_upload('LIFE-1', 'u.csv', NULL, 'undo 1') AS u \gset
SELECT store(:'u', 1000);
SELECT status FROM onboard_finish_upload(:'u');
CREATE TABLE orders (product_id bigint REFERENCES onboard.products);
INSERT INTO orders SELECT product_id FROM onboard.products WHERE upload_id = :'u' AND row_number IN (1, 500, 1000);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.row_number = 700 THEN
		RAISE EXCEPTION 'row 700 stays';
	END IF;
	RETURN OLD;
END $$;
CREATE TRIGGER refuse BEFORE DELETE ON onboard.products FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT * FROM onboard_undo_upload(:'u');
SELECT row_number FROM onboard.products WHERE upload_id = :'u' ORDER BY 1;
-- Any other error aborts undo, and nothing is removed.
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'not now' USING ERRCODE = 'insufficient_resources';
END $$;
SELECT * FROM onboard_undo_upload(:'u'); -- ERROR
DROP TRIGGER refuse ON onboard.products;
DROP TABLE orders;
SELECT * FROM onboard_undo_upload(:'u');
-- An upload in progress or cancelled cannot be undone.
SELECT onboard_begin_upload('LIFE-1', 'u.csv', NULL, 'undo 2') AS u \gset
\set VERBOSITY sqlstate
SELECT * FROM onboard_undo_upload(:'u'); -- ERROR
SELECT status FROM onboard_cancel_upload(:'u');
SELECT * FROM onboard_undo_upload(:'u'); -- ERROR
\set VERBOSITY default

-- Reject removes everything that the upload stored.
SELECT onboard_begin_upload('LIFE-1', 'r.csv', NULL, 'reject 1') AS u \gset
SELECT store(:'u', 5);
UPDATE onboard.products SET price = 2 WHERE upload_id = :'u' AND row_number = 2;
INSERT INTO onboard.validation_errors (upload_id, vendor_id, row_number, error_type, error_message, severity,
	original_data)
	VALUES (:'u', 'LIFE-1', 6, 'INVALID_PRICE', 'no', 'error', '{}');
UPDATE onboard.upload_history SET error_records = 1 WHERE upload_id = :'u';
SELECT onboard_reject_upload(:'u', 'BROKEN', ''); -- ERROR
SELECT onboard_reject_upload(:'u', NULL, ''); -- ERROR
SELECT status, failure_code, failure_message, valid_records, error_records
	FROM onboard_reject_upload(:'u', 'OBJECT_REPLACED', NULL);
SELECT (SELECT count(*) FROM onboard.products WHERE upload_id = :'u') AS products,
	(SELECT count(*) FROM onboard.validation_errors WHERE upload_id = :'u') AS errors,
	(SELECT count(*) FROM onboard.judged_rows WHERE upload_id = :'u') AS judged;
-- A second rejection changes nothing.
SELECT status, failure_code FROM onboard_reject_upload(:'u', 'NOT_TEXT', 'again');
SELECT kind, payload FROM ended WHERE upload_id = :'u';
-- A product that another table references does not keep the upload from ending.
SELECT onboard_begin_upload('LIFE-1', 'r.csv', NULL, 'reject 2') AS u \gset
SELECT store(:'u', 5);
CREATE TABLE orders (product_id bigint REFERENCES onboard.products);
INSERT INTO orders SELECT product_id FROM onboard.products WHERE upload_id = :'u' AND row_number = 3;
SELECT status, metadata FROM onboard_cancel_upload(:'u');
SELECT row_number FROM onboard.products WHERE upload_id = :'u';
DROP TABLE orders;

-- Sweep: uploads without progress fail, others are left alone.
SELECT onboard_begin_upload('LIFE-1', 's.csv', NULL, 'sweep 1') AS old \gset
SELECT onboard_begin_upload('LIFE-1', 's.csv', NULL, 'sweep 2') AS young \gset
SELECT store(:'old', 2);
UPDATE onboard.upload_history SET updated_at = now() - interval '2 days' WHERE upload_id = :'old';
SELECT onboard_sweep_uploads();
SELECT onboard_sweep_uploads();
SELECT status, code, message, ended FROM uploads WHERE upload_id = :'old';
SELECT status FROM uploads WHERE upload_id = :'young';
SELECT count(*) FROM onboard.products WHERE upload_id = :'old';
SELECT kind, payload FROM ended WHERE upload_id = :'old';

-- A role confined to a vendor works only for that vendor.
CREATE ROLE regress_onboard_life;
SELECT onboard_grant_loader('regress_onboard_life');
INSERT INTO onboard.vendor_roles VALUES ('regress_onboard_life', 'LIFE-1');
SET SESSION AUTHORIZATION regress_onboard_life;
SELECT status FROM onboard_cancel_upload(:'young');
SELECT onboard_begin_upload('LIFE-2', 'x.csv'); -- ERROR
SELECT onboard_begin_upload('LIFE-9', 'x.csv'); -- ERROR
SELECT onboard_cancel_upload(:'active'); -- ERROR
SELECT onboard_finish_upload(:'active'); -- ERROR
SELECT onboard_undo_upload(:'active'); -- ERROR
SELECT onboard_reject_upload(:'active', 'NOT_TEXT', ''); -- ERROR
SELECT onboard_sweep_uploads(); -- ERROR
RESET SESSION AUTHORIZATION;

-- An upload with a mode unknown to the library: rows are refused, but the upload can be ended.
BEGIN;
ALTER TABLE onboard.upload_history DROP CONSTRAINT upload_history_mode_check;
SELECT onboard_begin_upload('LIFE-1', 'later.csv', NULL, 'content of a later mode') AS later \gset
UPDATE onboard.upload_history SET mode = 'later' WHERE upload_id = :'later';
SAVEPOINT before;
SELECT onboard_ingest(:'later', '[{"row_number": 1, "product": {}}]'); -- ERROR
ROLLBACK TO before;
SELECT status, failure_code FROM onboard_cancel_upload(:'later');
ROLLBACK;

-- Each upload has ended once
SELECT upload_id FROM ended WHERE kind = 'upload_ended' GROUP BY upload_id HAVING count(*) > 1;
SELECT count(*) FROM uploads WHERE status <> 'processing' AND upload_id NOT IN (SELECT upload_id FROM ended);

DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'LIFE-%';
DELETE FROM onboard.products WHERE vendor_id LIKE 'LIFE-%';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'LIFE-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'LIFE-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'LIFE-%';
DROP OWNED BY regress_onboard_life;
DROP ROLE regress_onboard_life;
DROP VIEW uploads, ended;
DROP FUNCTION store, refuse, reopens;
