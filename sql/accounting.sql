-- The account of a transaction: counters, ledger and outbox. The first statements on an
-- upload write it immediately; later ones in the same transaction defer it to commit, or
-- to a function that needs it.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('ACC-1', 'Account', 'account@example.com');
CREATE FUNCTION load(upload text, first int, last int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN first..last LOOP
		INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
			stock_quantity)
			VALUES (upload, i, 'acc' || i, 'n', 'Books', 'ACC-' || i, CASE i % 10 WHEN 0 THEN 'x' ELSE '1' END, '1');
	END LOOP;
END $$;
CREATE VIEW account AS
	SELECT u.valid_records, u.error_records, u.status,
		(SELECT string_agg(j.first_row || '-' || j.last_row, ' ' ORDER BY j.first_row) FROM onboard.judged_rows j
			WHERE j.upload_id = u.upload_id) AS judged,
		(SELECT string_agg(o.kind || ' ' || (o.payload - 'status')::text, '; ' ORDER BY o.event_id)
			FROM onboard.outbox o WHERE o.upload_id = u.upload_id) AS events
	FROM onboard.upload_history u WHERE u.vendor_id = 'ACC-1' ORDER BY u.created_at DESC LIMIT 1;

-- A single statement is accounted for when it ends, even inside a transaction.
SELECT onboard_begin_upload('ACC-1', 'a.csv') AS u \gset
BEGIN;
SELECT load(:'u', 1, 1);
SELECT * FROM account;
ROLLBACK;
SELECT * FROM account;

-- Many statements: one account, at commit.
BEGIN;
SELECT load(:'u', 1, 40);
SELECT valid_records, error_records FROM account;
COMMIT;
SELECT * FROM account;

-- A row is judged even while its accounting is deferred.
BEGIN;
SELECT load(:'u', 41, 60);
SELECT r.row_number, r.status FROM onboard_ingest(:'u',
	'[{"row_number": 59, "product": {}}, {"row_number": 60, "product": {}}]') r;
COMMIT;
SELECT valid_records, error_records, judged FROM account;

-- Rollback undoes the whole account, and the rows load again.
BEGIN;
SELECT load(:'u', 61, 80);
ROLLBACK;
SELECT valid_records, error_records, judged FROM account;
BEGIN;
SELECT load(:'u', 61, 80);
COMMIT;
SELECT valid_records, error_records, judged FROM account;

-- If it is written for a function inside a savepoint that is rolled back, it is deferred again.
BEGIN;
SELECT load(:'u', 81, 100);
SAVEPOINT s;
SELECT valid_records, error_records, status FROM onboard_finish_upload(:'u', 120);
ROLLBACK TO s;
SELECT valid_records, error_records, status FROM account;
-- Inside a savepoint, each statement writes immediately and is undone with it.
SELECT load(:'u', 101, 101);
SELECT valid_records, error_records FROM account;
ROLLBACK TO s;
SELECT load(:'u', 101, 102);
RELEASE s;
SAVEPOINT t;
SAVEPOINT v;
SELECT valid_records, error_records, status FROM onboard_finish_upload(:'u', 120);
RELEASE v;
RELEASE t;
SELECT load(:'u', 103, 110);
COMMIT;
SELECT valid_records, error_records, status, judged FROM account;

-- The last rows end the upload at commit, once.
BEGIN;
SELECT load(:'u', 111, 120);
COMMIT;
SELECT valid_records, error_records, status, judged FROM account;
SELECT count(*) FROM onboard.outbox WHERE upload_id = :'u' AND kind = 'upload_ended';

-- Rows beyond the total are refused, also if accounting is deferred.
SELECT onboard_begin_upload('ACC-1', 'b.csv', total_records => 12) AS u \gset
BEGIN;
SELECT load(:'u', 201, 212);
\set VERBOSITY sqlstate
SELECT load(:'u', 213, 213); -- ERROR
\set VERBOSITY default
ROLLBACK;
SELECT valid_records, error_records, status, judged, events FROM account;

-- An upload cancelled by the same transaction stores nothing.
BEGIN;
SELECT load(:'u', 201, 211);
SELECT status, failure_code FROM onboard_cancel_upload(:'u');
COMMIT;
SELECT valid_records, error_records, status, judged FROM account;
SELECT count(*) FROM onboard.products WHERE upload_id = :'u';

DROP VIEW account;
DROP FUNCTION load;
DELETE FROM onboard.products WHERE vendor_id = 'ACC-1';
DELETE FROM onboard.upload_history WHERE vendor_id = 'ACC-1';
DELETE FROM onboard.vendors WHERE vendor_id = 'ACC-1';
