-- How an upload is applied: choosing its mode, key, blank policy and time.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes, default_mode) VALUES
	('MODE-1', 'Mode one', 'one@mode.example', DEFAULT, DEFAULT),
	('MODE-2', 'Mode two', 'two@mode.example', ARRAY['update', 'replace'], 'replace');
CREATE VIEW uploads AS
	SELECT upload_id, mode, match, blank, columns, source_time = created_at AS is_now, status, failure_code AS code,
		failure_message AS message
	FROM onboard.upload_history WHERE vendor_id LIKE 'MODE-%';

-- Defaults
SELECT onboard_begin_upload('MODE-1', 'a.csv') AS u \gset
SELECT mode, match, blank, columns, is_now, status, code FROM uploads WHERE upload_id = :'u';
SELECT onboard_begin_upload('MODE-2', 'a.csv') AS u \gset
SELECT mode, match, blank, columns, is_now, status, code FROM uploads WHERE upload_id = :'u';
-- Everything given
SELECT onboard_begin_upload('MODE-1', 'a.csv', mode => 'update', match => 'sku', blank => 'keep',
	source_time => '2026-01-04 09:00Z', columns => ARRAY['sku', 'price', 'Farbe']) AS u \gset
SELECT mode, match, blank, columns, is_now, status, code FROM uploads WHERE upload_id = :'u';
SELECT onboard.utc_text(source_time) FROM onboard.upload_history WHERE upload_id = :'u';

-- Modes that the vendor may not use, and words that are not modes
CREATE FUNCTION refused(mode text, source_time timestamptz) RETURNS TABLE (stored text, status text, code text, message text)
LANGUAGE plpgsql AS $$
DECLARE
	u text := onboard_begin_upload('MODE-1', 'a.csv', mode => mode, source_time => source_time);
BEGIN
	RETURN QUERY SELECT h.mode, h.status, h.failure_code, h.failure_message FROM onboard.upload_history h
		WHERE h.upload_id = u;
END $$;
SELECT r.* FROM unnest(ARRAY['replace', 'merge', 'UPDATE', '', repeat('ä', 50)]) m (mode), refused(mode, NULL) r;
SELECT kind, payload FROM onboard.outbox WHERE vendor_id = 'MODE-1' ORDER BY event_id;
-- Until the vendor may use the mode, the same content is the same upload; then it is a new one.
SELECT onboard_begin_upload('MODE-1', 'a.csv', content_id => 'refused', mode => 'replace') AS u \gset
SELECT onboard_begin_upload('MODE-1', 'a.csv', content_id => 'refused', mode => 'replace') = :'u' AS same;
UPDATE onboard.vendors SET modes = modes || ARRAY['replace'] WHERE vendor_id = 'MODE-1';
SELECT onboard_begin_upload('MODE-1', 'a.csv', content_id => 'refused', mode => 'replace') AS v \gset
SELECT :'u' <> :'v' AS fresh, mode, status, code FROM uploads WHERE upload_id = :'v';
-- A vendor that is not active is reported first.
UPDATE onboard.vendors SET status = 'suspended' WHERE vendor_id = 'MODE-2';
SELECT onboard_begin_upload('MODE-2', 'a.csv', mode => 'insert') AS u \gset
SELECT code FROM uploads WHERE upload_id = :'u';
UPDATE onboard.vendors SET status = 'active' WHERE vendor_id = 'MODE-2';

-- The time of a file
SELECT onboard_begin_upload('MODE-1', 'a.csv', source_time => now() + interval '4 minutes') AS u \gset
SELECT status, code FROM uploads WHERE upload_id = :'u';
SELECT onboard_begin_upload('MODE-1', 'a.csv', content_id => 'early', source_time => now() + interval '1 hour') AS u \gset
SELECT status, code, regexp_replace(message, '[0-9]', '0', 'g') AS message FROM uploads WHERE upload_id = :'u';
SELECT onboard_begin_upload('MODE-1', 'a.csv', content_id => 'early') AS v \gset
SELECT :'u' <> :'v' AS fresh, status, code FROM uploads WHERE upload_id = :'v';
SELECT r.* FROM unnest(ARRAY['infinity', '-infinity']::timestamptz[]) t, refused(NULL, t) r;

-- What distinguishes uploads of the same content
CREATE FUNCTION begins(mode text, match text, blank text, source_time text) RETURNS text LANGUAGE sql AS $$
	SELECT onboard_begin_upload('MODE-1', 'a.csv', content_id => 'A', mode => mode, match => match, blank => blank,
		source_time => source_time::timestamptz)
$$;
CREATE TABLE ways (way int GENERATED ALWAYS AS IDENTITY, mode text, match text, blank text, source_time text);
INSERT INTO ways (mode, match, blank, source_time) VALUES
	('update', NULL, 'clear', NULL),
	('update', NULL, 'clear', '2026-01-01 00:00Z'),
	('update', NULL, 'clear', '2026-01-03 00:00Z'),
	('update', 'sku', 'clear', NULL),
	('update', NULL, 'keep', NULL),
	('upsert', NULL, 'clear', NULL),
	('insert', NULL, 'clear', NULL),
	('merge', NULL, 'clear', NULL);
SELECT count(DISTINCT begins(mode, match, blank, source_time)) AS different FROM ways;
-- The same arguments return the same upload, also in other time zones; in mode insert, whatever the rest is.
SELECT count(DISTINCT begins(mode, match, blank, source_time)) AS different,
	count(*) FILTER (WHERE begins(mode, match, blank, source_time) = begins(mode, match, blank, source_time)) AS same
	FROM ways;
SELECT begins('update', NULL, 'clear', '2026-01-01 02:00+02') = begins('update', NULL, 'clear', '2026-01-01 00:00Z') AS same,
	begins('insert', 'sku', 'keep', '2026-01-01 00:00Z') = begins(NULL, NULL, 'clear', NULL) AS same_insert;
SELECT begins('insert', NULL, 'clear', NULL)
	= 'MODE-1-' || left(encode(sha256(E'MODE-1\nA'::bytea), 'hex'), 16) AS by_hash;
-- Prices A, then B, then A again
SELECT count(DISTINCT onboard_begin_upload('MODE-1', 'prices.csv', content_id => c, mode => 'update',
	source_time => t::timestamptz))
	FROM (VALUES ('A1', '2026-02-01'), ('B1', '2026-02-02'), ('A1', '2026-02-03'), ('A1', '2026-02-03')) d (c, t);
-- The latest of them is found, whatever its mode; another vendor's or unknown content is not.
SELECT onboard_find_upload('MODE-1', 'refused') = :'v' AS same_content, onboard_find_upload('MODE-1', 'early') = :'v' AS found,
	onboard_find_upload('MODE-2', 'early') AS other_vendor, onboard_find_upload('MODE-1', 'none') AS unknown;
SELECT mode, match FROM uploads WHERE upload_id = (SELECT onboard_find_upload('MODE-1', 'A1'));
-- A content_id may be longer than an entry of a B-tree index.
SELECT onboard_begin_upload('MODE-1', 'long.csv', content_id => string_agg(md5(i::text), '')) AS u
	FROM generate_series(1, 1000) i \gset
SELECT onboard_find_upload('MODE-1', string_agg(md5(i::text), '')) = :'u' AS found FROM generate_series(1, 1000) i;

-- Fix files
CREATE FUNCTION mode_of(vendor_id text, mode text, header jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	u text := onboard_begin_upload(vendor_id, 'fix.csv', mode => mode, metadata => jsonb_build_object('header', header));
	v text := onboard_begin_upload(vendor_id, 'fix.csv', mode => mode);
BEGIN
	PERFORM onboard_describe_upload(v, metadata => jsonb_build_object('header', header));
	RETURN (SELECT string_agg(h.mode, ', described: ' ORDER BY h.upload_id = v) FROM onboard.upload_history h
		WHERE h.upload_id IN (u, v));
END $$;
SELECT mode_of('MODE-1', 'replace', '["sku", "onboard_line", "onboard_errors"]') AS fix_file,
	mode_of('MODE-2', NULL, '["SKU", "Onboard_Line", "ONBOARD_ERRORS"]') AS by_default,
	mode_of('MODE-1', 'update', '["sku", "onboard_line", "onboard_errors"]') AS update;
SELECT mode_of('MODE-1', 'replace', '["sku", "onboard_line"]') AS no_errors,
	mode_of('MODE-1', 'replace', '["onboard_errors"]') AS no_line,
	mode_of('MODE-1', 'replace', '{"onboard_line": 1, "onboard_errors": 1}') AS object,
	mode_of('MODE-1', 'replace', '"onboard_line"') AS text,
	mode_of('MODE-1', 'replace', '[1, null, ["onboard_line"], "onboard_errors"]') AS mixed;

-- Columns may be described until the first row is judged.
SELECT onboard_begin_upload('MODE-1', 'late.csv', mode => 'replace') AS u \gset
SELECT columns, total_records FROM onboard_describe_upload(:'u', columns => ARRAY['sku', 'price']);
SELECT columns FROM onboard_describe_upload(:'u', columns => ARRAY['sku', 'stock_quantity'], metadata => '{"a": 1}');
SELECT columns FROM onboard_describe_upload(:'u', metadata => '{"b": 2}');
BEGIN;
UPDATE onboard.upload_history SET error_records = 1 WHERE upload_id = :'u';
SELECT columns, mode, metadata - 'header' AS metadata FROM onboard_describe_upload(:'u', columns => ARRAY['sku'],
	metadata => '{"c": 3, "header": ["onboard_line", "onboard_errors"]}');
ROLLBACK;
SELECT status FROM onboard_cancel_upload(:'u');
SELECT columns, metadata FROM onboard_describe_upload(:'u', columns => ARRAY['sku'], metadata => '{"d": 4}');

-- The mode that an upload would have
SELECT onboard_upload_mode('MODE-1'), onboard_upload_mode('MODE-2'), onboard_upload_mode('MODE-2', 'insert'),
	onboard_upload_mode('MODE-1', 'merge');
SELECT onboard_upload_mode('MODE-9'); -- ERROR
SELECT onboard_upload_mode(NULL); -- ERROR

-- Invalid arguments
SELECT onboard_begin_upload('MODE-1', 'a.csv', match => 'name'); -- ERROR
SELECT onboard_begin_upload('MODE-1', 'a.csv', blank => 'maybe'); -- ERROR
SELECT onboard_begin_upload('MODE-1', 'a.csv', blank => NULL); -- ERROR
SELECT onboard_begin_upload('MODE-1', 'a.csv', again => NULL); -- ERROR
SELECT onboard_begin_upload('MODE-1', 'a.csv', columns => ARRAY['sku', NULL]); -- ERROR
SELECT onboard_begin_upload('MODE-1', 'a.csv', columns => ARRAY['price', 'sku', 'price']); -- ERROR
SELECT onboard_begin_upload('MODE-1', 'a.csv', columns => ARRAY[['sku'], ['price']]); -- ERROR
SELECT onboard_begin_upload('MODE-1', 'a.csv', columns => array_agg(i::text)) FROM generate_series(1, 4097) i; -- ERROR
SELECT onboard_describe_upload(:'u', columns => ARRAY['sku', 'sku']); -- ERROR
SELECT length(onboard_begin_upload('MODE-1', 'a.csv', columns => array_agg(i::text))) FROM generate_series(1, 4096) i;
SELECT length(onboard_begin_upload('MODE-1', 'a.csv', columns => '{}'));

-- A role confined to another vendor learns nothing.
CREATE ROLE regress_onboard_mode;
SELECT onboard_grant_loader('regress_onboard_mode');
SELECT onboard_grant_vendor('regress_onboard_mode', 'MODE-2');
SET ROLE regress_onboard_mode;
SELECT onboard_upload_mode('MODE-2');
SELECT onboard_upload_mode('MODE-1'); -- ERROR
SELECT onboard_find_upload('MODE-1', 'A'); -- ERROR
RESET ROLE;

DELETE FROM onboard.vendor_roles WHERE vendor_id LIKE 'MODE-%';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'MODE-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'MODE-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'MODE-%';
DROP OWNED BY regress_onboard_mode;
DROP ROLE regress_onboard_mode;
DROP FUNCTION mode_of, begins, refused;
DROP TABLE ways;
DROP VIEW uploads;
