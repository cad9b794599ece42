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

-- A report is leased to one reporter at a time.
SELECT onboard_begin_upload('BOX-1', 'a.csv', NULL, 'report 3') AS three \gset
\set VERBOSITY sqlstate
SELECT onboard_claim_report(:'three', '1 hour'); -- ERROR
SELECT onboard_release_report(:'three', gen_random_uuid()); -- ERROR
\set VERBOSITY default
SELECT onboard_claim_report('BOX-1-no', '1 hour'); -- ERROR
SELECT onboard_claim_report(:'three', '0'); -- ERROR
SELECT onboard_claim_report(:'three', NULL); -- ERROR
SELECT status FROM onboard_cancel_upload(:'three');
SELECT due, leased FROM onboard_report_due(:'three');
SELECT onboard_claim_report(:'three', '1 hour') AS token \gset
SELECT :'token' IS NOT NULL AS claimed, onboard_claim_report(:'three', '1 hour') IS NULL AS refused;
SELECT due, leased, u.report_lease_until > now() + interval '50 minutes' AS for_an_hour
	FROM onboard_report_due(:'three'), onboard.upload_history u WHERE u.upload_id = :'three';
-- Only its holder can release it.
SELECT onboard_release_report(:'three', gen_random_uuid()), onboard_release_report(:'three', NULL);
SELECT onboard_release_report(:'three', :'token');
SELECT onboard_release_report(:'three', :'token');
SELECT due, leased FROM onboard_report_due(:'three');
-- It can be claimed again once the lease has expired; then the first holder cannot release it.
SELECT onboard_claim_report(:'three', '1 hour') AS token \gset
UPDATE onboard.upload_history SET report_lease_until = clock_timestamp() WHERE upload_id = :'three';
SELECT due, leased FROM onboard_report_due(:'three');
SELECT onboard_claim_report(:'three', '1 hour') <> :'token' AS claimed, onboard_release_report(:'three', :'token');
-- A report that was made is recorded no matter who holds the lease, and cannot be claimed again.
SELECT onboard_record_report(:'three', NULL, NULL);
SELECT onboard_claim_report(:'three', '1 hour') IS NULL AS refused;
SELECT report_token IS NULL AND report_lease_until IS NULL AS released, due, leased
	FROM onboard.upload_history u, onboard_report_due(:'three') WHERE u.upload_id = :'three';

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
SELECT onboard_claim_report(:'one', '1 hour'); -- ERROR
SELECT onboard_release_report(:'one', gen_random_uuid()); -- ERROR
RESET SESSION AUTHORIZATION;

DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'BOX-%';
DELETE FROM onboard.outbox;
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'BOX-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'BOX-%';
DROP OWNED BY regress_onboard_box;
DROP ROLE regress_onboard_box;
DROP TABLE first, second, third;
