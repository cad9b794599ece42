-- Mails to vendors: the mail of each outcome, in each language; the texts, and how a marketplace changes them.
\set SHOW_CONTEXT never
INSERT INTO onboard.vendors (vendor_id, vendor_name, email, modes, language) VALUES
	('MAIL-1', 'Mail one', 'one@mail.example', ARRAY['insert', 'upsert', 'update', 'replace'], NULL),
	('MAIL-2', 'Mail zwei', 'zwei@mail.example', ARRAY['insert'], 'de-AT'),
	('MAIL-3', 'Mail three', 'three@mail.example', ARRAY['insert'], 'pl');
CREATE FUNCTION load(vendor_id text, file_name text, first bigint, last bigint, change jsonb DEFAULT '{}',
	changed int[] DEFAULT '{}', mode text DEFAULT 'insert', total bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	upload text := onboard_begin_upload(vendor_id, file_name, NULL, file_name, coalesce(total, last - first + 1), mode => mode);
BEGIN
	PERFORM onboard_ingest(upload, (SELECT jsonb_agg(jsonb_build_object('row_number', n - first + 1, 'line_number', n - first + 2,
			'product', jsonb_build_object('vendor_product_id', 'P-' || n, 'product_name', 'Lamp ' || n,
				'category', (ARRAY['Kitchen', 'Kitchen', 'Books'])[n % 3 + 1], 'sku', vendor_id || '-' || n,
				'price', '10.00', 'stock_quantity', '5')
			|| CASE WHEN n - first + 1 = ANY (changed) THEN change ELSE '{}' END))
		FROM generate_series(first, last) n));
	RETURN upload;
END $$;
CREATE FUNCTION mail(upload text, language text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT unnest(ARRAY['Subject: ' || n.subject, '', replace(n.body, upload, 'UPLOAD')])
	FROM onboard.upload_history u,
		onboard_notification(upload, CASE WHEN u.error_records > 0 THEN 'https://files.example/r/errors' END,
			CASE WHEN u.error_records > 0 THEN 'https://files.example/r/fix' END, '2026-12-06 14:03+00',
			CASE WHEN u.error_records > 0 THEN 'https://files.example/r/workbook' END, language) n
	WHERE u.upload_id = upload;
$$;
\t on
\a

-- Everything accepted
SELECT load('MAIL-1', 'good.csv', 1, 12) AS good \gset
SELECT status FROM onboard_finish_upload(:'good');
SELECT * FROM mail(:'good');
SELECT * FROM mail(:'good', 'de');

-- Some rows rejected
SELECT load('MAIL-1', 'some.csv', 101, 120, '{"price": "1.299,00 €", "category": "Kitchn"}', '{3,4}') AS some \gset
SELECT status FROM onboard_finish_upload(:'some');
SELECT * FROM mail(:'some');
SELECT * FROM mail(:'some', 'de');

-- A file that was read with a map
SELECT load('MAIL-3', 'shop.csv', 501, 503, '{"price": "19,90"}', '{2}') AS shop \gset
UPDATE onboard.upload_history SET metadata = metadata || '{"header": ["Code", "Variant Price"], "keys": ["sku", "price"],
	"skipped_rows": 12}' WHERE upload_id = :'shop';
SELECT * FROM mail(:'shop');
SELECT * FROM mail(:'shop', 'de');

-- One cause rejects nearly every row: it comes first, by itself.
SELECT load('MAIL-1', 'most.csv', 201, 210, '{"price": "12,50", "sku": ""}', '{1,2,3,4,5,6,7,8,9}') AS most \gset
SELECT status FROM onboard_finish_upload(:'most');
SELECT * FROM mail(:'most');
SELECT * FROM mail(:'most', 'de');
-- But not if there are few rows, or rather fewer with it
SELECT load('MAIL-1', 'few.csv', 301, 309, '{"price": "12,50"}', '{1,2,3,4,5,6,7,8,9}') AS few \gset
SELECT status FROM onboard_finish_upload(:'few');
SELECT * FROM mail(:'few');
SELECT * FROM mail(:'few', 'de');
SELECT onboard.is_main_cause(affected, judged)
	FROM (VALUES (9, 9), (9, 10), (8, 10), (89, 99), (90, 99), (90, 100)) v (affected, judged);

-- The file refused
SELECT onboard_begin_upload('MAIL-1', 'refused.csv', NULL, 'refused') AS refused \gset
SELECT status FROM onboard_reject_upload(:'refused', 'MISSING_COLUMN', 'the file has no column "sku"');
SELECT * FROM mail(:'refused');
SELECT * FROM mail(:'refused', 'de');

-- Processing ended early, was cancelled, or has not ended
SELECT load('MAIL-1', 'early.csv', 401, 403, '{"price": "x"}', '{2}', total => 2000) AS early \gset
SELECT onboard_sweep_uploads('-1 second');
SELECT * FROM mail(:'early');
SELECT * FROM mail(:'early', 'de');
SELECT onboard_begin_upload('MAIL-1', 'cancelled.csv', NULL, 'cancelled') AS cancelled \gset
SELECT status FROM onboard_cancel_upload(:'cancelled');
SELECT * FROM mail(:'cancelled');
SELECT * FROM mail(:'cancelled', 'de');

SELECT onboard_begin_upload('MAIL-1', 'begun.csv') AS begun \gset
SELECT subject FROM onboard_notification(:'begun');

-- Rows wait for approval
SELECT load('MAIL-1', 'held.csv', 1, 12, '{"price": "9999.00"}', '{2,3}', 'update') AS held \gset
SELECT status FROM onboard_finish_upload(:'held');
SELECT * FROM mail(:'held');
SELECT * FROM mail(:'held', 'de');
SELECT load('MAIL-1', 'last.csv', 1, 4, '{"price": "-1"}', '{2}', 'replace') AS last \gset
SELECT status FROM onboard_finish_upload(:'last');
SELECT * FROM mail(:'last');
SELECT * FROM mail(:'last', 'de');

-- The names of report files, without the folders of the operator; the language of the vendor, or of its base language
SELECT load('MAIL-2', 'pfad.csv', 1, 2, '{"price": "x"}', '{2}') AS path \gset
SELECT status FROM onboard_finish_upload(:'path');
SELECT onboard_record_report(:'path', '/home/operator/reports/errors.csv', '/home/operator/reports/fix.csv');
SELECT replace(body, :'path', 'UPLOAD') FROM onboard_notification(:'path');
-- The mail names the workbook first.
SELECT substring(body, 'Bitte korrigieren Sie die.*gültig.')
	FROM onboard_notification(:'path', 'https://e', 'https://f', '2026-12-06 14:03+00', 'https://w');
-- A language without texts is English, unless the setting names another for all vendors without one.
SELECT onboard_begin_upload('MAIL-3', 'x.csv') AS begun \gset
SELECT subject FROM onboard_notification(:'begun');
SET onboard.language = 'de';
SELECT subject FROM onboard_notification(:'good');
RESET onboard.language;

-- The marketplace's own words
SELECT split_part(onboard_mail_template('en'), '[causes.first]', 1);
SELECT * FROM onboard_set_mail_template('en', $$
# A comment

[mail.header]
*** LAMP MARKET ***
for {vendor} ({vendor_id})

[subject.accepted]
Thank you for {file}: {rows}
[facts.status]
Status: {status}
$$);
SELECT subject, split_part(body, E'\n\n', 1) FROM onboard_notification(:'good');
SELECT * FROM onboard.mail_texts ORDER BY name;
-- Importing what was exported changes nothing, in any language; a regional language changes only what differs.
SELECT * FROM onboard_set_mail_template('en', replace(onboard_mail_template('en'), E'\n', E'\r\n'));
SELECT * FROM onboard_set_mail_template('de', onboard_mail_template('de'));
SELECT * FROM onboard_set_mail_template('de-AT',
	replace(onboard_mail_template('de-AT'), 'Artikel je Kategorie', 'Produkte je Kategorie'));
SELECT body ~ 'Produkte je Kategorie' FROM onboard_notification(:'path');
-- Importing the text as shipped resets it.
SELECT * FROM onboard_set_mail_template('en', E'[subject.accepted]\nProduct Upload Complete - {file} ({rate} Success)');
SELECT * FROM onboard_set_mail_template('en', NULL);
SELECT * FROM onboard_set_mail_template('de-AT', NULL);
-- A new language, one text after another
SELECT * FROM onboard_set_mail_template('fr', E'[subject.processing]\nFichier en cours - {file}');
SELECT onboard_begin_upload('MAIL-3', 'x.csv') AS begun \gset
SELECT subject FROM onboard_notification(:'begun', NULL, NULL, NULL, language => 'fr');
SELECT * FROM onboard_set_mail_template('fr', NULL);
-- Mistakes
SELECT * FROM onboard_set_mail_template('en', E'[subject.acepted]\nx'); -- ERROR
SELECT * FROM onboard_set_mail_template('en', E'[rows.one]\n{cuont} row'); -- ERROR
SELECT * FROM onboard_set_mail_template('en', E'[rows.one]\none {count row'); -- ERROR
SELECT * FROM onboard_set_mail_template('en', E'[held.heading]\n{count}'); -- ERROR
SELECT * FROM onboard_set_mail_template('en', E'[link.fix]\nFix file'); -- ERROR
SELECT * FROM onboard_set_mail_template('en', E'[subject.accepted]\n\n'); -- ERROR
SELECT * FROM onboard_set_mail_template('English', ''); -- ERROR
SELECT * FROM onboard_set_mail_template('en', E'Dear vendor\n[rows.one]\nx'); -- ERROR
\set VERBOSITY terse
SELECT * FROM onboard_set_mail_template('en', E'[mail.footer]\n' || repeat('x', 10001)); -- ERROR
BEGIN;
SELECT * FROM onboard_set_mail_template('en', E'[mail.footer]\nBye');
UPDATE onboard.mail_texts SET text = '{oops}' WHERE name = 'mail.footer'; -- ERROR
ROLLBACK;
UPDATE onboard.vendors SET language = 'Deutsch' WHERE vendor_id = 'MAIL-1'; -- ERROR
\set VERBOSITY default
SELECT count(*) FROM onboard.mail_texts;
-- A file's name or a suggestion may look like a placeholder.
SELECT onboard_begin_upload('MAIL-1', '{rows} {x.csv') AS begun \gset
SELECT subject FROM onboard_notification(:'begun');
-- A rule without a text says its own message, and so does a text without its field.
SELECT onboard.cause_text('de', 'NO_SUCH_RULE', 'price', E'price is\nodd');
SELECT onboard.cause_text('de', 'INVALID_PRICE', NULL, 'odd');
-- A text that is missing in a language is in English; plural forms and numbers
SELECT onboard.counted_text(l, 'rows', n) FROM unnest(ARRAY['en', 'de', 'pl']) l, unnest(ARRAY[0, 1, 2, 1234567]) n;
\t off
\a

-- Operators may change texts; loaders, reporters and vendors only read them.
CREATE ROLE regress_onboard_mail_operator;
CREATE ROLE regress_onboard_mail_vendor;
SELECT onboard_grant_operator('regress_onboard_mail_operator');
SELECT onboard_grant_vendor('regress_onboard_mail_vendor', 'MAIL-1');
SET ROLE regress_onboard_mail_operator;
SELECT * FROM onboard_set_mail_template('de', E'[mail.footer]\nIhr Lampenmarkt');
SELECT * FROM onboard_set_mail_template('de', NULL);
UPDATE onboard.shipped_texts SET text = ''; -- ERROR
SET ROLE regress_onboard_mail_vendor;
SELECT subject FROM onboard_notification(:'good');
SELECT * FROM onboard_set_mail_template('de', NULL); -- ERROR
INSERT INTO onboard.mail_texts VALUES ('en', 'mail.footer', 'x'); -- ERROR
RESET ROLE;

DROP OWNED BY regress_onboard_mail_operator, regress_onboard_mail_vendor;
DELETE FROM onboard.vendor_roles WHERE role_name LIKE 'regress\_onboard\_mail%';
DROP ROLE regress_onboard_mail_operator, regress_onboard_mail_vendor;
DELETE FROM onboard.products WHERE vendor_id LIKE 'MAIL-%';
DELETE FROM onboard.product_changes WHERE vendor_id LIKE 'MAIL-%';
DELETE FROM onboard.outbox WHERE vendor_id LIKE 'MAIL-%';
DELETE FROM onboard.upload_history WHERE vendor_id LIKE 'MAIL-%';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'MAIL-%';
DROP FUNCTION load, mail;
