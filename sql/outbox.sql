-- The outbox: claims are committed leases, and acknowledging requires the token.
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES
	('BOX-1', 'Box one', 'one@box.example'), ('BOX-2', 'Box two', 'two@box.example');
DELETE FROM onboard.outbox;
INSERT INTO onboard.outbox (kind, upload_id, vendor_id, payload)
	SELECT 'errors_recorded', 'BOX-1-' || i, 'BOX-1', jsonb_build_object('n', i) FROM generate_series(1, 5) i;

-- A leased event is not leased to another caller.
CREATE TEMP TABLE first AS SELECT * FROM onboard_claim_events(2);
SELECT kind, upload_id, vendor_id, payload, attempt, token IS NOT NULL AS has_token FROM first ORDER BY event_id;
SELECT count(DISTINCT token) FROM first;
CREATE TEMP TABLE second AS SELECT * FROM onboard_claim_events(2);
SELECT upload_id, attempt FROM second ORDER BY event_id;
SELECT count(DISTINCT token) FROM (SELECT token FROM first UNION ALL SELECT token FROM second) t;
SELECT upload_id FROM onboard_claim_events();
SELECT upload_id FROM onboard_claim_events();
SELECT upload_id FROM onboard_claim_events(0);

-- Acknowledging with the wrong token, with the right one, twice, and with no ids
SELECT onboard_ack_events(array_agg(event_id), gen_random_uuid()) FROM first;
SELECT onboard_ack_events(array_agg(event_id), (array_agg(token))[1]) FROM first;
SELECT onboard_ack_events(array_agg(event_id), (array_agg(token))[1]) FROM first;
SELECT onboard_ack_events('{}', gen_random_uuid());
SELECT onboard_ack_events(NULL, NULL);
SELECT upload_id FROM onboard.outbox ORDER BY event_id;

-- After a lease expired, the event is leased again, and the old token is void.
UPDATE onboard.outbox SET lease_until = now() - interval '1 second' WHERE upload_id IN ('BOX-1-3', 'BOX-1-4');
CREATE TEMP TABLE third AS SELECT * FROM onboard_claim_events(10, '1 hour');
SELECT upload_id, attempt FROM third ORDER BY event_id;
SELECT onboard_ack_events(array_agg(event_id), (array_agg(token))[1]) FROM second;
SELECT onboard_ack_events(array_agg(event_id), (array_agg(token))[1]) FROM third;
-- An expired lease is still valid if the event was not leased again.
UPDATE onboard.outbox SET lease_until = now() - interval '1 second';
SELECT onboard_ack_events(array_agg(event_id), (array_agg(token))[1]) FROM onboard.outbox;

-- A claim that rolls back leases nothing.
INSERT INTO onboard.outbox (kind, upload_id, vendor_id, payload) VALUES ('upload_ended', 'BOX-1-9', 'BOX-1', '{}');
BEGIN;
SELECT upload_id FROM onboard_claim_events();
ROLLBACK;
SELECT upload_id, attempt FROM onboard_claim_events();

-- Invalid arguments
SELECT onboard_claim_events(-1); -- ERROR
SELECT onboard_claim_events(NULL); -- ERROR
SELECT onboard_claim_events(1, '0'); -- ERROR
SELECT onboard_claim_events(1, '-1 hour'); -- ERROR
SELECT onboard_claim_events(1, NULL); -- ERROR

-- Reports are recorded once, after the upload has ended.
SELECT onboard_begin_upload('BOX-1', 'a.csv', NULL, 'report 1') AS one \gset
SELECT onboard_begin_upload('BOX-2', 'a.csv', NULL, 'report 2') AS two \gset
\set VERBOSITY sqlstate
SELECT onboard_record_report(:'one', 'errors/1.csv', 'fix/1.csv'); -- ERROR
\set VERBOSITY default
SELECT onboard_record_report('BOX-1-no', NULL, NULL); -- ERROR
SELECT onboard_record_report(NULL, NULL, NULL); -- ERROR
SELECT status FROM onboard_cancel_upload(:'one');
SELECT onboard_record_report(:'one', 'errors/1.csv', 'fix/1.csv');
SELECT onboard_record_report(:'one', 'errors/2.csv', 'fix/2.csv');
SELECT error_file_s3_key, fix_file_s3_key, metadata ? 'reported_at' AS reported FROM onboard.upload_history
	WHERE upload_id = :'one';
-- This holds also for reports without files.
SELECT status FROM onboard_cancel_upload(:'two');
SELECT onboard_record_report(:'two', NULL, NULL);
SELECT onboard_record_report(:'two', NULL, NULL);

-- A role confined to a vendor cannot use the outbox.
CREATE ROLE regress_onboard_box;
SELECT onboard_grant_reporter('regress_onboard_box');
SET SESSION AUTHORIZATION regress_onboard_box;
SELECT count(*) > 0 AS claimed FROM onboard_claim_events();
RESET SESSION AUTHORIZATION;
INSERT INTO onboard.vendor_roles VALUES ('regress_onboard_box', 'BOX-2');
SET SESSION AUTHORIZATION regress_onboard_box;
SELECT onboard_claim_events(); -- ERROR
SELECT onboard_ack_events('{1}', gen_random_uuid()); -- ERROR
SELECT onboard_record_report(:'one', NULL, NULL); -- ERROR
SELECT onboard_record_report(:'two', NULL, NULL);
RESET SESSION AUTHORIZATION;

DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'BOX-%';
DELETE FROM onboard.outbox;
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'BOX-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'BOX-%';
DROP OWNED BY regress_onboard_box;
DROP ROLE regress_onboard_box;
DROP TABLE first, second, third;
