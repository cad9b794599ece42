# What uploads with mode upsert, update and replace do to products, row by row, in plain SQL: a slow
# and short implementation, written independently of the extension, to compare the extension with.
#
# It keeps its own products, verdicts, history and held rows in schema oracle, and reads only
# vendors and categories of the extension. The rules of a row are in Oracle.pm. A product is
# identified by its origin, the upload and the row that inserted it, because only the extension
# assigns its ids.

package ModesOracle;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT = qw($modes_oracle $modes_comparison);

our $modes_oracle = <<'SQL';
CREATE TABLE oracle.uploads (upload int PRIMARY KEY, upload_id text, vendor_id text COLLATE "C", mode text, match text,
	blank text, source_time timestamptz, columns text[], status text DEFAULT 'processing', undone boolean DEFAULT false,
	valid_records bigint DEFAULT 0, error_records bigint DEFAULT 0, inserted bigint DEFAULT 0, updated bigint DEFAULT 0,
	unchanged bigint DEFAULT 0, stale bigint DEFAULT 0, held bigint DEFAULT 0, discontinued bigint DEFAULT 0,
	discontinued_missing bigint DEFAULT 0, unnamed_records bigint DEFAULT 0, sold_out bigint DEFAULT 0, stocked bigint,
	seen bigint DEFAULT 0);
CREATE TABLE oracle.products (pid int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin text, vendor_id text COLLATE "C",
	upload int, row_number bigint, line_number bigint, data jsonb,
	vendor_product_id text COLLATE "C" GENERATED ALWAYS AS (data ->> 'vendor_product_id') STORED,
	sku text COLLATE "C" GENERATED ALWAYS AS (data ->> 'sku') STORED);
CREATE INDEX ON oracle.products (vendor_product_id);
CREATE INDEX ON oracle.products (sku);
-- The verdict on each row
CREATE TABLE oracle.rows (upload int, row_number bigint, action text, origin text, PRIMARY KEY (upload, row_number));
CREATE TABLE oracle.errors (upload int, row_number bigint, error_type text, error_field text);
-- What the first row of an upload for an existing product did, and the columns that it set
CREATE TABLE oracle.actions (upload int, pid int, origin text, row_number bigint, line_number bigint, action text, carried text[],
	PRIMARY KEY (upload, pid));
CREATE TABLE oracle.changes (seq int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin text, action text, upload int,
	row_number bigint, old_values jsonb, new_values jsonb, reverts int);
CREATE TABLE oracle.held (upload int, row_number bigint, pid int, origin text, cause text, current_value numeric,
	new_value numeric, outcome text DEFAULT 'waiting', record jsonb);
-- Changes that were not taken back
CREATE VIEW oracle.live_changes AS SELECT c.* FROM oracle.changes c WHERE c.reverts IS NULL
	AND NOT EXISTS (SELECT FROM oracle.changes r WHERE r.reverts = c.seq);
-- What judging a row found out; see oracle.judge_existing().
CREATE TYPE oracle.judgement AS (wrong oracle.finding[], action text, history text, data jsonb, carried text[]);

-- Return the stored value of a column.
CREATE FUNCTION oracle.typed(name text, value text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN value = '' THEN CASE name WHEN 'unit' THEN '"piece"'::jsonb ELSE 'null' END
		WHEN name IN ('price', 'compare_at_price') THEN to_jsonb(value::numeric(10,2))
		WHEN name = 'weight_kg' THEN to_jsonb(value::numeric(8,2))
		WHEN name = 'stock_quantity' THEN to_jsonb(value::int)
		ELSE to_jsonb(value) END $$;
CREATE FUNCTION oracle.typed_row(v jsonb, names text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(jsonb_object_agg(n, oracle.typed(n, v ->> n)), '{}') FROM unnest(names) n $$;
CREATE FUNCTION oracle.typed_object(columns jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_object_agg(key, CASE WHEN key = ANY (oracle.names()) AND value <> 'null'
		THEN oracle.typed(key, columns ->> key) ELSE value END) FROM jsonb_each(columns) $$;
CREATE FUNCTION oracle.is_damaged(wrong oracle.finding[], raw jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT raw ? 'defect_type' OR EXISTS (
		SELECT FROM unnest(wrong) f WHERE f.error_type IN ('MALFORMED_ROW', 'INVALID_ENCODING')) $$;
CREATE FUNCTION oracle.key_column(u oracle.uploads) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(u.match, CASE WHEN 'vendor_product_id' = ANY (coalesce(u.columns, '{vendor_product_id}'))
		THEN 'vendor_product_id' ELSE 'sku' END) $$;

-- Change a product, with history; the status follows the stock if it may.
CREATE FUNCTION oracle.follow_stock(old jsonb, new jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN old -> 'status' <> new -> 'status' THEN new
		WHEN new ->> 'status' = 'active' AND (old ->> 'stock_quantity')::int > 0 AND (new ->> 'stock_quantity')::int = 0
			THEN new || '{"status": "out_of_stock"}'
		WHEN new ->> 'status' = 'out_of_stock' AND (old ->> 'stock_quantity')::int = 0 AND (new ->> 'stock_quantity')::int > 0
			THEN new || '{"status": "active"}'
		ELSE new END $$;
CREATE FUNCTION oracle.history_action(old jsonb, new jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN old -> 'status' = new -> 'status' THEN 'updated' WHEN new ->> 'status' = 'discontinued' THEN 'discontinued'
		WHEN old ->> 'status' = 'discontinued' THEN 'restored' ELSE 'updated' END $$;
CREATE FUNCTION oracle.change(the_pid int, new jsonb, action text, upload int, row_number bigint) RETURNS void
	LANGUAGE plpgsql AS $$
DECLARE
	p oracle.products;
BEGIN
	SELECT * INTO STRICT p FROM oracle.products WHERE pid = the_pid;
	IF p.data = new THEN
		RETURN;
	END IF;
	INSERT INTO oracle.changes (origin, action, upload, row_number, old_values, new_values)
		SELECT p.origin, change.action, change.upload, change.row_number, jsonb_object_agg(key, p.data -> key),
			jsonb_object_agg(key, value) FROM jsonb_each(new) WHERE value IS DISTINCT FROM p.data -> key;
	UPDATE oracle.products SET data = new WHERE pid = the_pid;
END $$;

-- Is a column of this upload older than what a later upload said about the product?
-- Has the last step of a replace passed, and its file no row for the product?
CREATE FUNCTION oracle.lacks(u oracle.uploads, p oracle.products) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT u.mode = 'replace' AND u.status IN ('completed', 'partial') AND p.upload IS DISTINCT FROM u.upload
		AND NOT EXISTS (SELECT FROM oracle.actions a WHERE a.upload = u.upload AND a.pid = p.pid)
		AND NOT EXISTS (
			SELECT FROM oracle.held h WHERE h.upload = u.upload AND h.row_number IS NULL AND h.outcome <> 'applied') $$;
CREATE FUNCTION oracle.is_stale(u oracle.uploads, p oracle.products, name text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM oracle.uploads later
		WHERE later.vendor_id = u.vendor_id AND later.source_time > u.source_time AND NOT later.undone
			AND (EXISTS (SELECT FROM oracle.actions a WHERE a.upload = later.upload AND a.pid = p.pid
					AND a.action <> 'rejected' AND name = ANY (a.carried))
				OR p.upload = later.upload AND name = ANY (coalesce(later.columns, ARRAY[name]) || '{status}')
				OR name = 'status' AND oracle.lacks(later, p))) $$;

-- Judge a row against the product that it names, as both are now: the findings, or the action
-- (without guards), the product as it would become, and the columns that the row sets, "status" for
-- the status.
CREATE FUNCTION oracle.judge_existing(u oracle.uploads, p oracle.products, record jsonb) RETURNS oracle.judgement
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	raw constant jsonb := record -> 'product';
	v constant jsonb := oracle.trimmed_row(raw);
	given text[];
	given_attributes text[];
	fresh text[];
	fresh_attributes text[];
	sets_status boolean;
	restores boolean := false;
	values jsonb;
	name text;
	j oracle.judgement;
BEGIN
	j.wrong := '{}';
	IF oracle.trimmed(record ->> 'action') = 'delete' THEN
		j.carried := '{status}';
		j.wrong := oracle.judge('{}', raw, '{}', '{}', p.data, '');
		j.action := CASE WHEN oracle.is_stale(u, p, 'status') THEN 'stale'
			WHEN p.data ->> 'status' = 'discontinued' THEN 'unchanged' ELSE 'discontinued' END;
		j.history := 'discontinued';
		j.data := p.data || '{"status": "discontinued"}';
		RETURN j;
	END IF;

	SELECT coalesce(array_agg(n), '{}') INTO given FROM unnest(oracle.names()) n
		WHERE CASE WHEN u.columns IS NULL THEN raw ->> n IS NOT NULL ELSE n = ANY (u.columns) END
			AND (u.blank = 'clear' OR v ->> n <> '');
	SELECT coalesce(array_agg(n), '{}') INTO given_attributes
		FROM (SELECT jsonb_object_keys(record -> 'attributes') UNION SELECT unnest(u.columns)) a (n)
		WHERE n <> ALL (oracle.names()) AND CASE WHEN u.columns IS NULL THEN true ELSE n = ANY (u.columns) END
			AND (u.blank = 'clear' OR oracle.trimmed(record -> 'attributes' ->> n) <> '');
	j.carried := given || given_attributes || CASE WHEN u.mode IN ('upsert', 'replace') THEN '{status}'::text[] ELSE '{}' END;
	fresh := ARRAY(SELECT n FROM unnest(given) n WHERE NOT oracle.is_stale(u, p, n) AND n <> oracle.key_column(u));
	fresh_attributes := ARRAY(SELECT n FROM unnest(given_attributes) n WHERE NOT oracle.is_stale(u, p, n));
	sets_status := u.mode IN ('upsert', 'replace') AND NOT oracle.is_stale(u, p, 'status');

	j.wrong := oracle.judge('{}', raw, fresh, oracle.required(), p.data, '');
	IF oracle.is_damaged(j.wrong, raw) THEN
		RETURN j;
	END IF;
	-- Rows of upsert and replace have the required columns, but maybe not the key that does not match.
	IF u.mode IN ('upsert', 'replace') THEN
		j.wrong := j.wrong || ARRAY(SELECT ('MISSING_REQUIRED_FIELDS', n, NULL, NULL, 'error')::oracle.finding
			FROM unnest(array_remove(oracle.required(), 'vendor_product_id')) n
			WHERE raw ->> n IS NULL AND n <> ALL (coalesce(u.columns, '{}')));
	END IF;
	IF oracle.trimmed(record ->> 'action') NOT IN ('', 'update') THEN
		j.wrong := j.wrong || ('INVALID_ACTION', NULL, NULL, NULL, 'error')::oracle.finding;
	END IF;
	IF 'sku' = ANY (fresh) AND v ->> 'sku' <> ''
		AND EXISTS (SELECT FROM oracle.products o WHERE o.sku = v ->> 'sku' AND o.pid <> p.pid) THEN
		j.wrong := j.wrong || ('DUPLICATE_SKU', 'sku', NULL, NULL, 'error')::oracle.finding;
	END IF;
	IF 'vendor_product_id' = ANY (fresh) AND v ->> 'vendor_product_id' NOT IN ('', p.vendor_product_id) THEN
		j.wrong := j.wrong || ('DUPLICATE_VENDOR_PRODUCT_ID', 'vendor_product_id', NULL, NULL, 'error')::oracle.finding;
	END IF;
	IF j.wrong <> '{}' THEN
		RETURN j;
	END IF;

	j.data := p.data || oracle.typed_row(v, fresh);
	FOREACH name IN ARRAY fresh_attributes LOOP
		values := j.data -> 'attributes';
		j.data := j.data || jsonb_build_object('attributes', CASE WHEN oracle.trimmed(record -> 'attributes' ->> name) = ''
			THEN values - name ELSE values || jsonb_build_object(name, record -> 'attributes' ->> name) END);
	END LOOP;
	IF sets_status AND p.data ->> 'status' = 'discontinued' THEN
		restores := true;
		j.data := j.data || jsonb_build_object('status',
			CASE WHEN (j.data ->> 'stock_quantity')::int = 0 THEN 'out_of_stock' ELSE 'active' END);
	END IF;
	j.data := oracle.follow_stock(p.data, j.data);
	j.history := CASE WHEN restores THEN 'restored' ELSE 'updated' END;
	j.action := CASE WHEN j.data <> p.data THEN 'updated'
		WHEN fresh || fresh_attributes = '{}' AND array_remove(given || given_attributes, oracle.key_column(u)) <> '{}'
			THEN 'stale'
		ELSE 'unchanged' END;
	RETURN j;
END $$;

-- Does a change take a product from stock to 0? Its status does not matter.
CREATE FUNCTION oracle.sells_out(old jsonb, new jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT (old ->> 'stock_quantity')::int > 0 AND (new ->> 'stock_quantity')::int = 0 $$;
-- Return the guard that holds a change, or null.
CREATE FUNCTION oracle.guard(u oracle.uploads, old jsonb, new jsonb) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN (new ->> 'price')::numeric > g.price_guard * (old ->> 'price')::numeric
			OR g.price_guard * (new ->> 'price')::numeric < (old ->> 'price')::numeric THEN 'price'
		WHEN oracle.sells_out(old, new) AND u.sold_out > g.sold_out_guard * u.stocked THEN 'sold_out' END
	FROM onboard.vendors g WHERE g.vendor_id = u.vendor_id $$;

CREATE FUNCTION oracle.count_row(the_upload int, the_action text) RETURNS void LANGUAGE sql AS $$
	UPDATE oracle.uploads SET error_records = error_records + (the_action = 'rejected')::int,
		valid_records = valid_records + (the_action <> 'rejected')::int, inserted = inserted + (the_action = 'inserted')::int,
		updated = updated + (the_action = 'updated')::int, unchanged = unchanged + (the_action = 'unchanged')::int,
		stale = stale + (the_action = 'stale')::int, held = held + (the_action = 'held')::int,
		discontinued = discontinued + (the_action = 'discontinued')::int
	WHERE upload = the_upload $$;

-- A row that no product answers to is an insertion; return its findings.
CREATE FUNCTION oracle.judge_new(u oracle.uploads, raw jsonb, action text) RETURNS oracle.finding[]
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	v constant jsonb := oracle.trimmed_row(raw);
	wrong oracle.finding[] := oracle.judge('{}', raw, oracle.names(), oracle.required(), '{}', '');
BEGIN
	IF oracle.is_damaged(wrong, raw) THEN
		RETURN wrong;
	END IF;
	IF action NOT IN ('', CASE WHEN u.mode = 'insert' THEN '' ELSE 'update' END) THEN
		wrong := wrong || ('INVALID_ACTION', NULL, NULL, NULL, 'error')::oracle.finding;
	END IF;
	IF EXISTS (SELECT FROM oracle.products p WHERE p.sku = v ->> 'sku') THEN
		wrong := wrong || ('DUPLICATE_SKU', 'sku', NULL, NULL, 'error')::oracle.finding;
	END IF;
	IF EXISTS (SELECT FROM oracle.products p WHERE p.vendor_id = u.vendor_id
		AND p.vendor_product_id = v ->> 'vendor_product_id') THEN
		wrong := wrong || ('DUPLICATE_VENDOR_PRODUCT_ID', 'vendor_product_id', NULL, NULL, 'error')::oracle.finding;
	END IF;
	RETURN wrong;
END $$;

-- A row for which the upload's mode has no product to change
CREATE FUNCTION oracle.judge_unknown(u oracle.uploads, raw jsonb, action text) RETURNS oracle.finding[]
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	key constant text := oracle.key_column(u);
	v constant jsonb := oracle.trimmed_row(raw);
	wrong oracle.finding[];
BEGIN
	wrong := oracle.judge('{}', raw, CASE WHEN action = 'delete' THEN ARRAY[key] ELSE key || ARRAY(SELECT n
		FROM unnest(oracle.names()) n WHERE n <> key AND (u.blank = 'clear' OR v ->> n <> '')
			AND CASE WHEN u.columns IS NULL THEN raw ->> n IS NOT NULL ELSE n = ANY (u.columns) END) END,
		ARRAY[key], '{}', '');
	IF oracle.is_damaged(wrong, raw) THEN
		RETURN wrong;
	END IF;
	IF action NOT IN ('', 'update', 'delete') THEN
		wrong := wrong || ('INVALID_ACTION', NULL, NULL, NULL, 'error')::oracle.finding;
	END IF;
	IF v ->> key <> '' THEN
		wrong := wrong || ('UNKNOWN_PRODUCT', key, NULL, NULL, 'error')::oracle.finding;
	END IF;
	RETURN wrong;
END $$;

-- Judge and apply one row: {"row_number", "line_number", "action", "product", "attributes"}.
-- What is wrong with a record that could not be read is in "product", as the columns of
-- onboard.intake.
CREATE FUNCTION oracle.row(the_upload int, given jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	u oracle.uploads;
	p oracle.products;
	record jsonb := given;
	number constant bigint := given ->> 'row_number';
	line constant bigint := given ->> 'line_number';
	the_action constant text := oracle.trimmed(given ->> 'action');
	key text;
	value text;
	raw jsonb;
	is_second boolean := false;
	cause text;
	j oracle.judgement;
BEGIN
	IF EXISTS (SELECT FROM oracle.rows r WHERE r.upload = the_upload AND r.row_number = number) THEN
		RETURN;    -- a replay
	END IF;
	SELECT * INTO STRICT u FROM oracle.uploads WHERE upload = the_upload;
	raw := jsonb_strip_nulls(record -> 'product');
	IF u.columns IS NOT NULL THEN
		raw := coalesce((SELECT jsonb_object_agg(c.key, c.value) FROM jsonb_each(raw) c
			WHERE c.key = ANY (u.columns || '{defect_type,defect_message,raw_record}')), '{}');
	END IF;
	record := record || jsonb_build_object('product', raw, 'attributes', coalesce(nullif(record -> 'attributes', 'null'), '{}'));
	key := oracle.key_column(u);
	value := oracle.trimmed(raw ->> key);

	IF u.mode <> 'insert' THEN
		IF raw ? 'defect_type' OR value = '' OR value LIKE U&'%\FFFD%'
			OR octet_length(raw ->> key) > 65536 THEN
			UPDATE oracle.uploads SET unnamed_records = unnamed_records + 1 WHERE upload = the_upload;
		ELSE
			SELECT * INTO p FROM oracle.products o WHERE o.vendor_id = u.vendor_id
				AND CASE key WHEN 'sku' THEN o.sku ELSE o.vendor_product_id END = value;
		END IF;
	END IF;

	IF p.pid IS NULL THEN
		IF u.mode = 'update' OR (u.mode <> 'insert' AND the_action = 'delete') THEN
			j.wrong := oracle.judge_unknown(u, raw, the_action);
		ELSE
			j.wrong := oracle.judge_new(u, raw, the_action);
		END IF;
		j.action := CASE WHEN j.wrong = '{}' THEN 'inserted' ELSE 'rejected' END;
		IF j.action = 'inserted' THEN
			INSERT INTO oracle.products (origin, vendor_id, upload, row_number, line_number, data)
				SELECT the_upload || ':' || number, u.vendor_id, the_upload, number, line,
					oracle.typed_row(v, oracle.names()) || jsonb_build_object('attributes', record -> 'attributes',
						'status', CASE WHEN u.mode <> 'insert' AND EXISTS (SELECT FROM oracle.uploads later
								WHERE later.vendor_id = u.vendor_id AND later.source_time > u.source_time AND NOT later.undone
									AND oracle.lacks(later, p)) THEN 'discontinued'
							WHEN (v ->> 'stock_quantity')::int = 0 THEN 'out_of_stock' ELSE 'active' END)
				FROM oracle.trimmed_row(raw) v RETURNING * INTO p;
		END IF;
	ELSE
		is_second := p.upload IS NOT DISTINCT FROM the_upload
			OR EXISTS (SELECT FROM oracle.actions a WHERE a.upload = the_upload AND a.pid = p.pid);
		j := oracle.judge_existing(u, p, record);
		IF is_second AND NOT oracle.is_damaged(j.wrong, raw) THEN
			j.wrong := j.wrong || (CASE key WHEN 'sku' THEN 'DUPLICATE_SKU' ELSE 'DUPLICATE_VENDOR_PRODUCT_ID' END, key, NULL,
				NULL, 'error')::oracle.finding;
		END IF;
		IF j.wrong <> '{}' THEN
			j.action := 'rejected';
		ELSIF j.action = 'updated' THEN
			cause := oracle.guard(u, p.data, j.data);
			IF cause IS NOT NULL THEN
				j.action := 'held';
				INSERT INTO oracle.held (upload, row_number, pid, origin, cause, current_value, new_value, record)
					SELECT the_upload, number, p.pid, p.origin, cause, (p.data ->> c)::numeric, (j.data ->> c)::numeric, given
					FROM (SELECT CASE cause WHEN 'price' THEN 'price' ELSE 'stock_quantity' END) g (c);
			ELSIF oracle.sells_out(p.data, j.data) THEN
				UPDATE oracle.uploads SET sold_out = sold_out + 1 WHERE upload = the_upload;
			END IF;
		END IF;
		IF j.action IN ('updated', 'discontinued') THEN
			PERFORM oracle.change(p.pid, j.data, j.history, the_upload, number);
		END IF;
		IF NOT is_second THEN
			INSERT INTO oracle.actions VALUES (the_upload, p.pid, p.origin, number, line, j.action, j.carried);
		END IF;
	END IF;
	INSERT INTO oracle.rows VALUES (the_upload, number, j.action, CASE WHEN j.action <> 'rejected' THEN p.origin END);
	INSERT INTO oracle.errors SELECT the_upload, number, f.error_type, f.error_field FROM unnest(j.wrong) f;
	PERFORM oracle.count_row(the_upload, j.action);
END $$;

-- At the end of a statement that judged rows: what older uploads hold of products that this
-- one named is superseded.
CREATE FUNCTION oracle.supersede(the_upload int) RETURNS void LANGUAGE sql AS $$
	WITH judged AS (UPDATE oracle.uploads SET seen = valid_records + error_records
		WHERE upload = the_upload AND seen < valid_records + error_records RETURNING upload)
	UPDATE oracle.held h SET outcome = 'superseded' FROM oracle.uploads o, oracle.uploads u, oracle.actions a
		WHERE u.upload = (SELECT upload FROM judged) AND u.mode <> 'insert' AND h.outcome = 'waiting' AND o.upload = h.upload
			AND o.source_time < u.source_time AND a.upload = the_upload AND a.pid = h.pid AND a.action <> 'rejected' $$;

-- Begin an upload. The row of onboard.upload_history has what it begins with.
CREATE FUNCTION oracle.begin(the_upload int, vendor text, mode text, match text, blank text, source_time timestamptz,
	columns text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO oracle.uploads (upload, vendor_id, mode, match, blank, source_time, columns, stocked)
		SELECT the_upload, vendor, begin.mode, begin.match, begin.blank, begin.source_time, begin.columns, count(*)
		FROM oracle.products p WHERE p.vendor_id = vendor AND (p.data ->> 'stock_quantity')::int > 0 $$;

-- The products that an upload with mode replace would discontinue
CREATE FUNCTION oracle.missing(u oracle.uploads) RETURNS SETOF oracle.products LANGUAGE sql STABLE AS $$
	SELECT p.* FROM oracle.products p WHERE p.vendor_id = u.vendor_id AND p.data ->> 'status' <> 'discontinued'
		AND NOT EXISTS (SELECT FROM oracle.uploads o LEFT JOIN oracle.actions a ON a.upload = o.upload AND a.pid = p.pid
			WHERE (p.upload = o.upload OR a.pid IS NOT NULL) AND NOT o.undone
				AND (o.upload = u.upload OR (o.vendor_id = u.vendor_id AND o.source_time > u.source_time))) $$;
CREATE FUNCTION oracle.discontinue_missing(u oracle.uploads) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	p oracle.products;
	count bigint := 0;
BEGIN
	FOR p IN SELECT * FROM oracle.missing(u) ORDER BY pid LOOP
		PERFORM oracle.change(p.pid, p.data || '{"status": "discontinued"}', 'discontinued', u.upload, NULL);
		INSERT INTO oracle.actions VALUES (u.upload, p.pid, p.origin, NULL, NULL, 'discontinued', '{status}');
		count := count + 1;
	END LOOP;
	RETURN count;
END $$;

-- End an upload whose rows are all judged.
CREATE FUNCTION oracle.finish(the_upload int, total bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	u oracle.uploads;
	gone bigint;
	on_offer bigint;
	share numeric;
BEGIN
	UPDATE oracle.uploads SET status = CASE WHEN valid_records + error_records = 0 THEN 'failed'
			WHEN error_records = 0 AND held = 0 THEN 'completed' WHEN valid_records = 0 THEN 'failed' ELSE 'partial' END
		WHERE upload = the_upload AND status = 'processing' AND valid_records + error_records = total RETURNING * INTO u;
	IF u.mode = 'replace' AND u.status <> 'failed' THEN
		SELECT count(*) INTO gone FROM oracle.missing(u);
		SELECT count(*) INTO on_offer FROM oracle.products p WHERE p.vendor_id = u.vendor_id
			AND p.data ->> 'status' <> 'discontinued';
		SELECT discontinue_guard INTO share FROM onboard.vendors v WHERE v.vendor_id = u.vendor_id;
		IF gone > 0 AND (u.unnamed_records > 0 OR gone > share * on_offer) THEN
			INSERT INTO oracle.held (upload, cause, current_value, new_value) VALUES (the_upload,
				CASE WHEN u.unnamed_records > 0 THEN 'unnamed_records' ELSE 'discontinue_share' END, on_offer, gone);
			UPDATE oracle.uploads SET status = 'partial' WHERE upload = the_upload;
		ELSE
			gone := oracle.discontinue_missing(u);
			UPDATE oracle.uploads SET discontinued_missing = gone WHERE upload = the_upload;
		END IF;
	END IF;
END $$;

-- Decide on what waits: row 0 is the last step of a replace. Approval judges again, without
-- guards, and never changes what the upload counted. A row is also superseded if a later
-- upload had named its product already when it was held.
CREATE FUNCTION oracle.decline(the_upload int, the_row bigint) RETURNS void LANGUAGE sql AS $$
	UPDATE oracle.held SET outcome = 'declined' WHERE upload = the_upload AND coalesce(row_number, 0) = coalesce(the_row,
		row_number, 0) AND outcome = 'waiting' $$;
CREATE FUNCTION oracle.approve(the_upload int, the_row bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	u oracle.uploads;
	h oracle.held;
	p oracle.products;
	j oracle.judgement;
BEGIN
	SELECT * INTO STRICT u FROM oracle.uploads WHERE upload = the_upload;
	FOR h IN SELECT * FROM oracle.held WHERE upload = the_upload AND outcome = 'waiting'
		AND coalesce(row_number, 0) = coalesce(the_row, row_number, 0) ORDER BY row_number NULLS LAST LOOP
		IF h.row_number IS NULL THEN
			PERFORM oracle.discontinue_missing(u);
			UPDATE oracle.held SET outcome = 'applied' WHERE upload = the_upload AND row_number IS NULL;
			CONTINUE;
		END IF;
		p := NULL;
		SELECT * INTO p FROM oracle.products WHERE pid = h.pid;
		IF p.pid IS NOT NULL THEN
			j := oracle.judge_existing(u, p, h.record);
			IF j.action = 'stale' OR EXISTS (SELECT FROM oracle.uploads later
				WHERE later.vendor_id = u.vendor_id AND later.source_time > u.source_time AND NOT later.undone
					AND (p.upload = later.upload OR EXISTS (SELECT FROM oracle.actions a
						WHERE a.upload = later.upload AND a.pid = p.pid AND a.action <> 'rejected'))) THEN
				UPDATE oracle.held SET outcome = 'superseded' WHERE upload = the_upload AND row_number = h.row_number;
				CONTINUE;
			END IF;
			IF j.wrong = '{}' AND j.action = 'updated' THEN
				PERFORM oracle.change(p.pid, j.data, j.history, the_upload, h.row_number);
			END IF;
		END IF;
		UPDATE oracle.held SET outcome = CASE WHEN p.pid IS NULL OR j.wrong <> '{}' THEN 'refused' ELSE 'applied' END
			WHERE upload = the_upload AND row_number = h.row_number;
	END LOOP;
END $$;

-- Take back what an upload did: remove what it inserted, and restore what it changed, newest
-- first, as far as nothing that was not taken back came after it.  A product is kept if another
-- one has its old key.
CREATE FUNCTION oracle.undo(the_upload int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c oracle.changes;
	p oracle.products;
	restored jsonb;
BEGIN
	IF (SELECT status FROM oracle.uploads WHERE upload = the_upload) = 'failed' THEN
		RETURN;
	END IF;
	FOR p IN SELECT * FROM oracle.products WHERE upload = the_upload AND origin NOT IN (
			SELECT l.origin FROM oracle.live_changes l WHERE l.upload IS DISTINCT FROM the_upload) LOOP
		INSERT INTO oracle.changes (origin, action, upload, row_number, old_values)
			VALUES (p.origin, 'deleted', the_upload, p.row_number, p.data);
		DELETE FROM oracle.products WHERE pid = p.pid;
	END LOOP;
	FOR c IN SELECT * FROM oracle.changes WHERE upload = the_upload AND reverts IS NULL ORDER BY seq DESC LOOP
		CONTINUE WHEN c.seq <> (SELECT max(l.seq) FROM oracle.live_changes l WHERE l.origin = c.origin);
		SELECT * INTO p FROM oracle.products WHERE origin = c.origin AND upload IS DISTINCT FROM the_upload;
		CONTINUE WHEN NOT FOUND;
		restored := p.data || c.old_values;
		CONTINUE WHEN EXISTS (SELECT FROM oracle.products o WHERE o.pid <> p.pid AND (o.sku = restored ->> 'sku'
			OR o.vendor_id = p.vendor_id AND o.vendor_product_id = restored ->> 'vendor_product_id'));
		PERFORM oracle.change(p.pid, restored, 'reverted', the_upload, c.row_number);
		UPDATE oracle.changes SET reverts = c.seq WHERE seq = (SELECT max(seq) FROM oracle.changes WHERE origin = c.origin);
	END LOOP;
	PERFORM oracle.decline(the_upload, NULL);
	UPDATE oracle.uploads SET undone = true WHERE upload = the_upload;
END $$;

-- Somebody's SQL on products, as the owner of the tables runs it
CREATE FUNCTION oracle.sql_update(the_sku text, changes jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT oracle.change(p.pid, n.data, oracle.history_action(p.data, n.data), NULL, NULL)
	FROM oracle.products p, LATERAL oracle.follow_stock(p.data, p.data || oracle.typed_object(changes)) n (data)
	WHERE p.sku = the_sku $$;
CREATE FUNCTION oracle.sql_delete(the_sku text) RETURNS void LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM oracle.products p WHERE p.sku = the_sku RETURNING *)
	INSERT INTO oracle.changes (origin, action, old_values) SELECT origin, 'deleted', data FROM gone $$;
CREATE FUNCTION oracle.sql_insert(vendor text, columns jsonb) RETURNS void LANGUAGE sql AS $$
	INSERT INTO oracle.products (origin, vendor_id, data) SELECT 'sql:' || (columns ->> 'sku'), vendor,
		(SELECT jsonb_object_agg(n, 'null'::jsonb) FROM unnest(oracle.names()) n)
			|| '{"unit": "piece", "attributes": {}, "status": "active"}' || oracle.typed_object(columns) $$;
SQL

# The extension's tables in the terms of the oracle, and what differs
our $modes_comparison = <<'SQL';
CREATE TABLE oracle.ids (product_id bigint PRIMARY KEY, origin text);
CREATE TABLE oracle.answers (upload int, row_number bigint, status text, action text, product_id bigint, types text[]);
GRANT SELECT ON ALL TABLES IN SCHEMA oracle TO loader;
GRANT INSERT ON oracle.answers TO loader;

-- Note the origin of new products; the text of a value, whether it is a number or not.
CREATE FUNCTION oracle.note_ids() RETURNS void LANGUAGE sql AS $$
	INSERT INTO oracle.ids SELECT p.product_id, coalesce(u.upload || ':' || p.row_number, 'sql:' || p.sku)
		FROM onboard.products p LEFT JOIN oracle.uploads u USING (upload_id) ON CONFLICT DO NOTHING $$;
CREATE FUNCTION oracle.texts(object jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(object - '{product_id,vendor_id,upload_id,row_number}'::text[]
		- '{line_number,created_at,updated_at}'::text[]) $$;

CREATE VIEW oracle.stored (what, facts) AS
	SELECT 'product', jsonb_build_array(i.origin, p.vendor_id, u.upload, p.row_number, p.line_number,
		oracle.texts(to_jsonb(p)))
	FROM onboard.products p JOIN oracle.ids i USING (product_id) LEFT JOIN oracle.uploads u USING (upload_id)
	UNION ALL SELECT 'finding', jsonb_build_array(u.upload, e.row_number, e.error_type,
		CASE WHEN e.error_type <> 'INVALID_ACTION' THEN e.error_field END)
	FROM onboard.validation_errors e JOIN oracle.uploads u USING (upload_id)
	UNION ALL SELECT 'row_action', jsonb_build_array(u.upload, i.origin, a.row_number, a.line_number, a.action)
	FROM onboard.row_actions a JOIN onboard.upload_history h USING (upload_number) JOIN oracle.uploads u USING (upload_id)
		LEFT JOIN oracle.ids i USING (product_id)
	UNION ALL SELECT 'upload', jsonb_build_array(u.upload, h.status, h.valid_records, h.error_records, h.inserted, h.updated,
		h.unchanged, h.stale, h.held, h.discontinued, h.discontinued_missing,
		CASE WHEN h.mode = 'replace' THEN h.unnamed_records END)
	FROM onboard.upload_history h JOIN oracle.uploads u USING (upload_id)
	UNION ALL SELECT 'held', jsonb_build_array(u.upload, h.row_number, i.origin, h.cause, h.current_value::numeric::float,
		h.new_value::numeric::float, h.outcome)
	FROM onboard.held_rows h JOIN oracle.uploads u USING (upload_id) LEFT JOIN oracle.ids i USING (product_id)
	UNION ALL SELECT 'change', jsonb_build_array(i.origin, row_number() OVER (PARTITION BY c.product_id ORDER BY c.change_id),
		c.action, u.upload, c.row_number, oracle.texts(c.old_values), oracle.texts(c.new_values))
	FROM onboard.product_changes c LEFT JOIN oracle.uploads u USING (upload_id) LEFT JOIN oracle.ids i USING (product_id)
	UNION ALL SELECT 'answer', jsonb_build_array(upload, row_number, status, action,
		CASE WHEN status <> 'error' THEN i.origin END, types)
	FROM oracle.answers LEFT JOIN oracle.ids i USING (product_id);
CREATE VIEW oracle.expected (what, facts) AS
	SELECT 'product', jsonb_build_array(p.origin, p.vendor_id, p.upload, p.row_number, p.line_number, oracle.texts(p.data))
	FROM oracle.products p
	UNION ALL SELECT 'finding', jsonb_build_array(upload, row_number, error_type, error_field) FROM oracle.errors
	UNION ALL SELECT 'row_action', jsonb_build_array(upload, origin, row_number, line_number, action)
	FROM oracle.actions
	UNION ALL SELECT 'upload', jsonb_build_array(upload, status, valid_records, error_records, inserted, updated, unchanged,
		stale, held, discontinued, discontinued_missing, CASE WHEN mode = 'replace' THEN unnamed_records END)
	FROM oracle.uploads
	UNION ALL SELECT 'held', jsonb_build_array(upload, row_number, origin, cause, current_value::float, new_value::float,
		outcome)
	FROM oracle.held
	UNION ALL SELECT 'change', jsonb_build_array(origin, row_number() OVER (PARTITION BY origin ORDER BY seq), action, upload,
		row_number, oracle.texts(old_values), oracle.texts(new_values))
	FROM oracle.changes
	UNION ALL SELECT 'answer', jsonb_build_array(a.upload, a.row_number,
		CASE WHEN r.action = 'rejected' THEN 'error' ELSE 'validated' END, nullif(r.action, 'rejected'),
		-- A replay finds an inserted product only as long as it exists.
		CASE WHEN r.action <> 'inserted' OR a.product_id IS NOT NULL
			OR r.origin IN (SELECT origin FROM oracle.products) THEN r.origin END,
		array(SELECT e.error_type FROM oracle.errors e WHERE e.upload = a.upload AND e.row_number = a.row_number ORDER BY 1))
	FROM oracle.answers a JOIN oracle.rows r USING (upload, row_number);
CREATE FUNCTION oracle.differences() RETURNS TABLE (difference text) LANGUAGE sql AS $$
	SELECT format('%s: %s %s', t.side, t.what, t.facts) FROM (
		SELECT 'extension' AS side, * FROM (TABLE oracle.stored EXCEPT ALL TABLE oracle.expected) w
		UNION ALL SELECT 'oracle', * FROM (TABLE oracle.expected EXCEPT ALL TABLE oracle.stored) r) t
	ORDER BY t.what, t.facts, t.side $$;
SQL

1;
