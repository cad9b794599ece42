-- Checks of items outside the database: noted before the first is written, claimed by a reader of the items,
-- removed once all of them are up to date.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES
	('ITM-1', 'Items one', 'one@itm.example'), ('ITM-2', 'Items two', 'two@itm.example');
CREATE VIEW checks AS
	SELECT u.file_name, c.missed, c.version, c.due_at <= clock_timestamp() AS is_due
	FROM onboard.item_checks c JOIN onboard.upload_history u USING (upload_id) WHERE u.vendor_id LIKE 'ITM-%';
-- Pretend that an upload ended, or that its check falls due, long ago.
CREATE FUNCTION age(upload_id text) RETURNS void LANGUAGE sql AS $$
	UPDATE onboard.upload_history u SET processing_completed_at = now() - '2 hours'::interval
		WHERE u.upload_id = age.upload_id AND u.status <> 'processing';
	UPDATE onboard.item_checks c SET due_at = now() - '2 hours'::interval WHERE c.upload_id = age.upload_id;
$$;
SELECT onboard_begin_upload('ITM-1', 'a.csv') AS a, onboard_begin_upload('ITM-2', 'b.csv') AS b \gset

-- An upload has one check; missed verdicts add up.
SELECT onboard_note_items(:'a'), onboard_note_items(:'a', 3), onboard_note_items(:'a', 4), onboard_note_items('no such upload');
SELECT * FROM checks;
SELECT value FROM onboard_backlog() WHERE name = 'items_missed';
-- A check with missed verdicts does not wait for the upload's end; the lease excludes others.
SELECT upload_id = :'a' AS a, version, is_last FROM onboard_claim_item_checks('1 hour');
SELECT count(*) FROM onboard_claim_item_checks('1 hour');
SELECT * FROM checks;
-- The check of one upload can be claimed at any time, which takes it away from the previous holder.
SELECT count(*) FROM onboard_claim_item_checks('1 hour', 10, :'b');
SELECT version, is_last FROM onboard_claim_item_checks('1 hour', 10, :'a');
SELECT onboard_end_item_check(:'a', 4, 0, false), onboard_end_item_check(:'a', 5, 2, false);
SELECT * FROM checks;
SELECT onboard_end_item_check(:'a', 5, 0, false);
SELECT * FROM checks;
-- Without missed verdicts it waits for the end of the upload, and the given time after that.
SELECT age(:'a');
SELECT count(*) FROM onboard_claim_item_checks('1 hour');
SELECT status FROM onboard_cancel_upload(:'a');
SELECT count(*) FROM onboard_claim_item_checks('1 hour');
SELECT age(:'a');
SELECT count(*) FROM onboard_claim_item_checks('1 hour', 0);
SELECT version, is_last FROM onboard_claim_item_checks('1 hour');
-- A verdict missed meanwhile is not forgotten.
SELECT onboard_note_items(:'a', 1), onboard_end_item_check(:'a', 6, 0, true);
SELECT * FROM checks;
SELECT version, is_last FROM onboard_claim_item_checks('1 hour');
SELECT onboard_end_item_check(:'a', 8, 5, true);
SELECT * FROM checks;
SELECT onboard_end_item_check(:'a', 8, 0, true), onboard_end_item_check(:'a', 8, 0, true);
SELECT * FROM checks;
-- A claim returns the oldest first; a check ends with its upload.
SELECT onboard_note_items(:'a', 1), onboard_note_items(:'b', 1);
SELECT age(:'b');
SELECT upload_id = :'b' AS b FROM onboard_claim_item_checks('1 hour', 1);
DELETE FROM onboard.upload_history WHERE upload_id = :'b';
SELECT * FROM checks;
-- The largest counts are added without overflow.
SELECT onboard_note_items(:'a', 2147483647), onboard_note_items(:'a', 2147483647);
SELECT * FROM checks;
SELECT onboard_note_items(:'a', 9223372036854775807); -- ERROR
\set VERBOSITY sqlstate
SELECT onboard_note_items(NULL); -- ERROR
SELECT onboard_note_items(:'a', -1); -- ERROR
SELECT onboard_note_items(:'a', 2147483648); -- ERROR
SELECT onboard_note_items(:'a', NULL); -- ERROR
SELECT onboard_claim_item_checks(NULL); -- ERROR
SELECT onboard_claim_item_checks('1 hour', -1); -- ERROR
SELECT onboard_claim_item_checks('1 hour', NULL); -- ERROR
SELECT onboard_end_item_check(NULL, 1, 0, true); -- ERROR
SELECT onboard_end_item_check(:'a', NULL, 0, true); -- ERROR
SELECT onboard_end_item_check(:'a', 1, NULL, true); -- ERROR
SELECT onboard_end_item_check(:'a', 1, 2147483648, true); -- ERROR
\set VERBOSITY default

-- A role that is confined to a vendor notes and sees only that vendor's checks, and claims none.
CREATE ROLE regress_onboard_items;
SELECT onboard_grant_loader('regress_onboard_items');
INSERT INTO onboard.vendor_roles VALUES ('regress_onboard_items', 'ITM-2');
SELECT onboard_begin_upload('ITM-2', 'c.csv') AS c \gset
SET SESSION AUTHORIZATION regress_onboard_items;
SELECT onboard_note_items(:'a', 100), onboard_note_items(:'c');
SELECT count(*) FROM onboard.item_checks;
SELECT onboard_claim_item_checks('1 hour'); -- ERROR
SELECT onboard_end_item_check(:'a', 1, 0, true); -- ERROR
RESET SESSION AUTHORIZATION;
SELECT file_name, missed FROM checks ORDER BY file_name;

DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'ITM-%';
DELETE FROM onboard.outbox;
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'ITM-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'ITM-%';
DROP VIEW checks;
DROP FUNCTION age(text);
DROP OWNED BY regress_onboard_items;
DROP ROLE regress_onboard_items;
