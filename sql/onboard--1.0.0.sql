/* sql/onboard--1.0.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION onboard" to load this file. \quit

-- Conventions of this script: plain CREATE only, every name and operator
-- qualified or from pg_catalog, a COMMENT on every object, volatility and
-- parallel safety explicit.  Backslashes are in E'' strings only, which mean the
-- same whatever standard_conforming_strings is.  Tables and helpers live in
-- schema onboard; the functions users call carry the prefix onboard_ and go to
-- the schema that CREATE EXTENSION targets.

CREATE SCHEMA onboard;
COMMENT ON SCHEMA onboard IS 'Product catalogue, uploads and their verdicts, and the entry points for vendors'' rows';

CREATE FUNCTION onboard.require_utf8() RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_require_utf8';
COMMENT ON FUNCTION onboard.require_utf8() IS 'Raises an error unless the database encoding is UTF8';
REVOKE ALL ON FUNCTION onboard.require_utf8() FROM PUBLIC;
SELECT onboard.require_utf8();

--
-- Tables
--

CREATE TABLE onboard.vendors (
	vendor_id text COLLATE "C" PRIMARY KEY
		CONSTRAINT vendors_vendor_id_check CHECK (vendor_id OPERATOR(pg_catalog.~) '^[A-Za-z0-9-]{1,50}$'),
	vendor_name text NOT NULL
		CONSTRAINT vendors_vendor_name_check CHECK (pg_catalog.btrim(vendor_name) OPERATOR(pg_catalog.<>) ''),
	email text COLLATE "C" NOT NULL UNIQUE
		CONSTRAINT vendors_email_check CHECK (email OPERATOR(pg_catalog.~) '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+[.][^@[:space:][:cntrl:].]+$'
			AND pg_catalog.length(email) OPERATOR(pg_catalog.<=) 254),
	phone text,
	business_name text,
	tax_id text,
	address text,
	city text,
	state text,
	country text,
	postal_code text,
	status text COLLATE "C" NOT NULL DEFAULT 'active'
		CONSTRAINT vendors_status_check CHECK (status OPERATOR(pg_catalog.=) ANY (ARRAY['active', 'suspended', 'inactive', 'pending_approval'])),
	modes text[] COLLATE "C" NOT NULL DEFAULT ARRAY['insert', 'upsert', 'update']
		CONSTRAINT vendors_modes_check CHECK (modes OPERATOR(pg_catalog.<@) ARRAY['insert', 'upsert', 'update', 'replace']
			AND pg_catalog.cardinality(modes) OPERATOR(pg_catalog.>) 0),
	default_mode text COLLATE "C" NOT NULL DEFAULT 'insert'
		CONSTRAINT vendors_default_mode_check CHECK (default_mode OPERATOR(pg_catalog.=) ANY (modes)),
	price_guard numeric(8,2) DEFAULT 5
		CONSTRAINT vendors_price_guard_check CHECK (price_guard OPERATOR(pg_catalog.>=) 1 AND price_guard OPERATOR(pg_catalog.<=) 999999.99),
	sold_out_guard numeric(4,3) DEFAULT 0.5
		CONSTRAINT vendors_sold_out_guard_check CHECK (sold_out_guard OPERATOR(pg_catalog.>=) 0 AND sold_out_guard OPERATOR(pg_catalog.<=) 1),
	discontinue_guard numeric(4,3) DEFAULT 0.2
		CONSTRAINT vendors_discontinue_guard_check CHECK (discontinue_guard OPERATOR(pg_catalog.>=) 0
			AND discontinue_guard OPERATOR(pg_catalog.<=) 1),
	language text COLLATE "C"
		CONSTRAINT vendors_language_check CHECK (language OPERATOR(pg_catalog.~) '^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$'),
	default_map text COLLATE "C"
		CONSTRAINT vendors_default_map_check CHECK (default_map OPERATOR(pg_catalog.~) '^[A-Za-z0-9_-]{1,50}$'),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT vendors_length_check CHECK (GREATEST(pg_catalog.length(vendor_name), pg_catalog.length(phone),
		pg_catalog.length(business_name), pg_catalog.length(tax_id), pg_catalog.length(address), pg_catalog.length(city),
		pg_catalog.length(state), pg_catalog.length(country), pg_catalog.length(postal_code)) OPERATOR(pg_catalog.<=) 200)
);
COMMENT ON TABLE onboard.vendors IS 'Vendors who send product files';
COMMENT ON COLUMN onboard.vendors.modes IS 'Modes that uploads of the vendor may have; see onboard_begin_upload()';
COMMENT ON COLUMN onboard.vendors.default_mode IS 'Mode of an upload that does not specify one';
COMMENT ON COLUMN onboard.vendors.price_guard IS
	'A row is held if it multiplies or divides the price of a product by more than this; null for no limit';
COMMENT ON COLUMN onboard.vendors.sold_out_guard IS
	'Share of the products in stock at the beginning of an upload: once it has taken more than this to 0, further such rows '
	'are held; null for no limit';
COMMENT ON COLUMN onboard.vendors.discontinue_guard IS
	'Share of the products on offer: the last step of a replace is held if it would discontinue more; null for no limit';
COMMENT ON COLUMN onboard.vendors.language IS
	'Language of its mails, such as de; null for that of the setting onboard.language, or else English';
COMMENT ON COLUMN onboard.vendors.default_map IS
	'Column map that clients use for its files, unless another one is chosen; null for none; see onboard_set_default_map()';

CREATE TABLE onboard.column_maps (
	vendor_id text COLLATE "C" NOT NULL REFERENCES onboard.vendors (vendor_id) ON DELETE CASCADE,
	-- Clients take "none" to mean no map.
	map_name text COLLATE "C" NOT NULL
		CONSTRAINT column_maps_map_name_check CHECK (map_name OPERATOR(pg_catalog.~) '^[A-Za-z0-9_-]{1,50}$'
			AND map_name OPERATOR(pg_catalog.<>) 'none'),
	version integer NOT NULL
		CONSTRAINT column_maps_version_check CHECK (version OPERATOR(pg_catalog.>=) 1),
	definition text
		CONSTRAINT column_maps_definition_check CHECK (pg_catalog.octet_length(definition) OPERATOR(pg_catalog.<=) 65536),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT column_maps_pkey PRIMARY KEY (vendor_id, map_name, version)
);
COMMENT ON TABLE onboard.column_maps IS
	'How the columns of vendors'' own files become ours: all versions of all maps; the newest counts';
COMMENT ON COLUMN onboard.column_maps.definition IS 'Statements of the map; null for a version that removed it';
COMMENT ON COLUMN onboard.column_maps.created_by IS 'session_user';

CREATE TABLE onboard.shipped_maps (
	map_name text COLLATE "C" NOT NULL
		CONSTRAINT shipped_maps_map_name_check CHECK (map_name OPERATOR(pg_catalog.~) '^[A-Za-z0-9_-]{1,50}$'
			AND map_name OPERATOR(pg_catalog.<>) 'none'),
	description text NOT NULL,
	needs text NOT NULL,
	definition text NOT NULL,
	CONSTRAINT shipped_maps_pkey PRIMARY KEY (map_name)
);
COMMENT ON TABLE onboard.shipped_maps IS
	'Presets: maps that come with the extension, for every vendor that has no map of its own with the name';
COMMENT ON COLUMN onboard.shipped_maps.description IS 'Which files it is for';
COMMENT ON COLUMN onboard.shipped_maps.needs IS 'What an operator has to supply because such files lack it';

CREATE TABLE onboard.map_values (
	vendor_id text COLLATE "C" NOT NULL REFERENCES onboard.vendors (vendor_id) ON DELETE CASCADE,
	list_name text COLLATE "C" NOT NULL
		CONSTRAINT map_values_list_name_check CHECK (list_name OPERATOR(pg_catalog.~) '^[A-Za-z0-9_-]{1,50}$'),
	pairs jsonb NOT NULL
		CONSTRAINT map_values_pairs_check CHECK (pg_catalog.jsonb_typeof(pairs) OPERATOR(pg_catalog.=) 'object'),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT map_values_pkey PRIMARY KEY (vendor_id, list_name)
);
COMMENT ON TABLE onboard.map_values IS 'Lists that maps of a vendor use to replace its values by ours, such as its categories';
COMMENT ON COLUMN onboard.map_values.pairs IS 'Object whose keys are the vendor''s values, each with what replaces it';

CREATE TABLE onboard.exchange_rates (
	from_currency text COLLATE "C" NOT NULL
		CONSTRAINT exchange_rates_from_currency_check CHECK (from_currency OPERATOR(pg_catalog.~) '^[A-Z]{3}$'),
	to_currency text COLLATE "C" NOT NULL
		CONSTRAINT exchange_rates_to_currency_check CHECK (to_currency OPERATOR(pg_catalog.~) '^[A-Z]{3}$'
			AND to_currency OPERATOR(pg_catalog.<>) from_currency),
	rate_date date NOT NULL,
	-- An upper bound refuses NaN, which is greater than every number.
	rate numeric NOT NULL
		CONSTRAINT exchange_rates_rate_check CHECK (rate OPERATOR(pg_catalog.>) 0 AND rate OPERATOR(pg_catalog.<) 1000000000
			AND pg_catalog.scale(rate) OPERATOR(pg_catalog.<=) 9),
	CONSTRAINT exchange_rates_pkey PRIMARY KEY (from_currency, to_currency, rate_date)
);
COMMENT ON TABLE onboard.exchange_rates IS 'Rates at which maps convert prices; the rate with the latest date counts';
COMMENT ON COLUMN onboard.exchange_rates.rate IS 'How much of to_currency one of from_currency is worth';

CREATE TABLE onboard.frozen_maps (
	vendor_id text COLLATE "C" NOT NULL REFERENCES onboard.vendors (vendor_id) ON DELETE CASCADE,
	map_hash text COLLATE "C" NOT NULL
		CONSTRAINT frozen_maps_map_hash_check CHECK (map_hash OPERATOR(pg_catalog.~) '^[0-9a-f]{64}$'),
	document jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT frozen_maps_pkey PRIMARY KEY (vendor_id, map_hash)
);
COMMENT ON TABLE onboard.frozen_maps IS
	'Maps that uploads began with, with their value lists and rates, so that a file is always read in the same way';
COMMENT ON COLUMN onboard.frozen_maps.document IS 'As onboard_map() returned it, with the name and version of the first upload that used it';

CREATE TABLE onboard.product_categories (
	category_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	category_name text COLLATE "C" NOT NULL UNIQUE
		CONSTRAINT product_categories_name_check CHECK (category_name OPERATOR(pg_catalog.~) '[^[:space:]]'
			AND pg_catalog.char_length(category_name) OPERATOR(pg_catalog.<=) 100)
		-- Values are trimmed before they are compared: no product could match a name with blanks at its ends.
		CONSTRAINT product_categories_blanks_check CHECK (category_name OPERATOR(pg_catalog.=) pg_catalog.btrim(category_name,
			E' \t\n\x0B\f\r\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u200B'
			'\u2028\u2029\u202F\u205F\u2060\u3000\uFEFF')),
	parent_category text COLLATE "C" REFERENCES onboard.product_categories (category_name) ON UPDATE CASCADE DEFERRABLE,
	description text,
	is_active boolean NOT NULL DEFAULT true,
	shipped boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
-- Products match a category's name exactly.  Two categories that differ only by
-- case would divide products that belong together.
CREATE UNIQUE INDEX product_categories_folded_name_key ON onboard.product_categories (pg_catalog.lower(category_name COLLATE pg_catalog."default"));
COMMENT ON TABLE onboard.product_categories IS 'Categories that products may use; only active ones are accepted';
COMMENT ON INDEX onboard.product_categories_folded_name_key IS 'No two categories differ only by case';
COMMENT ON COLUMN onboard.product_categories.shipped IS 'True for the categories that come with the extension; restoring a dump updates these rows in place';

CREATE TABLE onboard.products (
	product_id bigint GENERATED ALWAYS AS IDENTITY,
	vendor_id text COLLATE "C" NOT NULL,
	vendor_product_id text COLLATE "C" NOT NULL,
	product_name text NOT NULL,
	category text COLLATE "C" NOT NULL,
	subcategory text,
	description text,
	sku text COLLATE "C" NOT NULL,
	brand text,
	price numeric(10,2) NOT NULL,
	compare_at_price numeric(10,2),
	stock_quantity integer NOT NULL,
	unit text NOT NULL DEFAULT 'piece',
	weight_kg numeric(8,2),
	dimensions_cm text,
	image_url text,
	attributes jsonb NOT NULL DEFAULT '{}',
	status text COLLATE "C" NOT NULL DEFAULT 'active',
	upload_id text COLLATE "C",
	row_number bigint,
	line_number bigint,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT products_pkey PRIMARY KEY (product_id),
	CONSTRAINT products_sku_key UNIQUE (sku),
	CONSTRAINT products_vendor_id_vendor_product_id_key UNIQUE (vendor_id, vendor_product_id),
	CONSTRAINT products_vendor_id_fkey FOREIGN KEY (vendor_id) REFERENCES onboard.vendors (vendor_id),
	-- An upper bound refuses NaN, which is greater than every number.
	CONSTRAINT products_price_check CHECK (price OPERATOR(pg_catalog.>=) 0.01 AND price OPERATOR(pg_catalog.<=) 999999.99),
	CONSTRAINT products_compare_at_price_check CHECK (compare_at_price OPERATOR(pg_catalog.>=) price
		AND compare_at_price OPERATOR(pg_catalog.<=) 99999999.99),
	CONSTRAINT products_stock_quantity_check CHECK (stock_quantity OPERATOR(pg_catalog.>=) 0
		AND stock_quantity OPERATOR(pg_catalog.<=) 1000000),
	CONSTRAINT products_weight_kg_check CHECK (weight_kg OPERATOR(pg_catalog.>=) 0.01 AND weight_kg OPERATOR(pg_catalog.<=) 999999.99),
	CONSTRAINT products_status_check CHECK (status OPERATOR(pg_catalog.=) ANY (ARRAY['active', 'inactive', 'out_of_stock', 'discontinued']))
);
CREATE INDEX products_upload_id_row_number_idx ON onboard.products (upload_id, row_number);
CREATE INDEX products_category_idx ON onboard.products (category);
COMMENT ON TABLE onboard.products IS 'The catalogue: one row per accepted product';
COMMENT ON COLUMN onboard.products.upload_id IS 'Upload that inserted the product';
COMMENT ON COLUMN onboard.products.row_number IS 'Row number in that upload; 1 is the first row after the header';
COMMENT ON COLUMN onboard.products.line_number IS 'Line of that upload''s file; the error of a later duplicate quotes it';

CREATE TABLE onboard.upload_history (
	upload_id text COLLATE "C" PRIMARY KEY,
	upload_number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	vendor_id text COLLATE "C" NOT NULL REFERENCES onboard.vendors (vendor_id),
	file_name text NOT NULL,
	s3_key text,
	content_id text COLLATE "C",
	mode text COLLATE "C" NOT NULL DEFAULT 'insert'
		CONSTRAINT upload_history_mode_check CHECK (mode OPERATOR(pg_catalog.=) ANY (ARRAY['insert', 'upsert', 'update', 'replace'])),
	match text COLLATE "C"
		CONSTRAINT upload_history_match_check CHECK (match OPERATOR(pg_catalog.=) ANY (ARRAY['vendor_product_id', 'sku'])),
	blank text COLLATE "C" NOT NULL DEFAULT 'clear'
		CONSTRAINT upload_history_blank_check CHECK (blank OPERATOR(pg_catalog.=) ANY (ARRAY['clear', 'keep'])),
	source_time timestamptz NOT NULL DEFAULT pg_catalog.now(),
	columns text[] COLLATE "C",
	map_name text COLLATE "C",
	map_version integer,
	map_hash text COLLATE "C",
	ruleset_version integer NOT NULL,
	total_records bigint
		CONSTRAINT upload_history_total_records_check CHECK (total_records OPERATOR(pg_catalog.>=) 0),
	valid_records bigint NOT NULL DEFAULT 0
		CONSTRAINT upload_history_valid_records_check CHECK (valid_records OPERATOR(pg_catalog.>=) 0),
	error_records bigint NOT NULL DEFAULT 0
		CONSTRAINT upload_history_error_records_check CHECK (error_records OPERATOR(pg_catalog.>=) 0),
	inserted bigint NOT NULL DEFAULT 0,
	updated bigint NOT NULL DEFAULT 0,
	unchanged bigint NOT NULL DEFAULT 0,
	stale bigint NOT NULL DEFAULT 0,
	held bigint NOT NULL DEFAULT 0,
	discontinued bigint NOT NULL DEFAULT 0,
	discontinued_missing bigint NOT NULL DEFAULT 0,
	unnamed_records bigint NOT NULL DEFAULT 0,
	sold_out bigint NOT NULL DEFAULT 0,
	restocked bigint NOT NULL DEFAULT 0,
	stocked_at_least bigint NOT NULL DEFAULT 0,
	stocked_at_begin bigint,
	status text COLLATE "C" NOT NULL DEFAULT 'processing'
		CONSTRAINT upload_history_status_check CHECK (status OPERATOR(pg_catalog.=) ANY (ARRAY['processing', 'completed', 'partial', 'failed'])),
	failure_code text COLLATE "C"
		CONSTRAINT upload_history_failure_code_check CHECK (failure_code OPERATOR(pg_catalog.=) ANY (ARRAY[
			'EMPTY_FILE', 'NO_ROWS', 'NO_HEADER', 'MISSING_COLUMN', 'DUPLICATE_COLUMN', 'FILE_TOO_LARGE',
			'TOO_MANY_ROWS', 'NOT_TEXT', 'UNREADABLE_FILE', 'UNSUPPORTED_ENCODING', 'WRONG_ENCODING', 'OTHER_VENDOR',
			'VENDOR_NOT_ACTIVE',
			'MODE_NOT_ALLOWED', 'INVALID_SETTING', 'INVALID_SOURCE_TIME', 'OBJECT_REPLACED', 'PROCESSING_ABANDONED', 'CANCELLED'])),
	failure_message text,
	error_file_s3_key text,
	fix_file_s3_key text,
	workbook_file_s3_key text,
	processing_started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	processing_completed_at timestamptz,
	processing_duration_seconds numeric(12,3),
	metadata jsonb NOT NULL DEFAULT '{}',
	parse_attempts integer NOT NULL DEFAULT 0
		CONSTRAINT upload_history_parse_attempts_check CHECK (parse_attempts OPERATOR(pg_catalog.>=) 0),
	revivals integer NOT NULL DEFAULT 0
		CONSTRAINT upload_history_revivals_check CHECK (revivals OPERATOR(pg_catalog.>=) 0),
	checkpoint jsonb,
	report_token uuid,
	report_lease_until timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	-- Each valid row has exactly one action.
	CONSTRAINT upload_history_actions_check CHECK (valid_records OPERATOR(pg_catalog.=)
		(inserted OPERATOR(pg_catalog.+) updated OPERATOR(pg_catalog.+) unchanged OPERATOR(pg_catalog.+) stale
			OPERATOR(pg_catalog.+) held OPERATOR(pg_catalog.+) discontinued)),
	CONSTRAINT upload_history_map_check CHECK ((map_name IS NULL) OPERATOR(pg_catalog.=) (map_hash IS NULL)),
	CONSTRAINT upload_history_map_fkey FOREIGN KEY (vendor_id, map_hash) REFERENCES onboard.frozen_maps (vendor_id, map_hash)
) WITH (fillfactor = 70);
CREATE INDEX upload_history_vendor_id_created_at_idx ON onboard.upload_history (vendor_id, created_at);
CREATE INDEX upload_history_vendor_id_source_time_idx ON onboard.upload_history (vendor_id, source_time);
-- Hashes, because a value may be longer than an entry of a B-tree.
CREATE INDEX upload_history_content_id_idx ON onboard.upload_history USING hash (content_id) WHERE content_id IS NOT NULL;
CREATE INDEX upload_history_s3_key_idx ON onboard.upload_history USING hash (s3_key);
CREATE INDEX upload_history_processing_idx ON onboard.upload_history (updated_at) WHERE status OPERATOR(pg_catalog.=) 'processing';
CREATE INDEX upload_history_unreported_idx ON onboard.upload_history (processing_completed_at)
	WHERE status OPERATOR(pg_catalog.<>) 'processing' AND NOT metadata OPERATOR(pg_catalog.?) 'reported_at';
COMMENT ON TABLE onboard.upload_history IS 'One row per file received: its counts, its outcome and where its reports are';
COMMENT ON COLUMN onboard.upload_history.upload_number IS 'Short identifier, which onboard.row_actions refers to';
COMMENT ON COLUMN onboard.upload_history.s3_key IS 'Where the file came from: an S3 key or a local path';
COMMENT ON COLUMN onboard.upload_history.content_id IS 'Identifies the content: the same content again is the same upload';
COMMENT ON COLUMN onboard.upload_history.mode IS 'What its rows may do: insert, upsert, update or replace products';
COMMENT ON COLUMN onboard.upload_history.match IS 'Key that finds the product of a row; null: vendor_product_id, unless the file lacks that column';
COMMENT ON COLUMN onboard.upload_history.blank IS 'Whether a blank cell clears the value of a product or keeps it';
COMMENT ON COLUMN onboard.upload_history.source_time IS 'Time as of which the contents are valid; a value never overwrites one with a later time';
COMMENT ON COLUMN onboard.upload_history.columns IS
	'Columns and attributes that the file has; null if each row determines them: what is null or absent in a row stays';
COMMENT ON COLUMN onboard.upload_history.map_name IS 'Column map with which its file is read; null for none';
COMMENT ON COLUMN onboard.upload_history.map_version IS 'Version of that map; null for a preset';
COMMENT ON COLUMN onboard.upload_history.map_hash IS 'Identifies the map in onboard.frozen_maps as it was when the upload began';
COMMENT ON COLUMN onboard.upload_history.inserted IS 'Valid rows that became products';
COMMENT ON COLUMN onboard.upload_history.updated IS 'Valid rows that changed a product';
COMMENT ON COLUMN onboard.upload_history.unchanged IS 'Valid rows whose product already was as they describe it';
COMMENT ON COLUMN onboard.upload_history.stale IS 'Valid rows that were older than their product in every column';
COMMENT ON COLUMN onboard.upload_history.held IS 'Valid rows that a guard held; see onboard.held_rows';
COMMENT ON COLUMN onboard.upload_history.discontinued IS 'Valid rows that discontinued a product';
COMMENT ON COLUMN onboard.upload_history.discontinued_missing IS
	'Products discontinued when an upload with mode replace ended, because no row named them';
COMMENT ON COLUMN onboard.upload_history.unnamed_records IS 'Rows whose key could not be read, so their product is unknown';
COMMENT ON COLUMN onboard.upload_history.sold_out IS 'Products that it took from stock to 0';
COMMENT ON COLUMN onboard.upload_history.restocked IS 'Products that it took from 0 to stock';
COMMENT ON COLUMN onboard.upload_history.stocked_at_least IS 'A lower bound of stocked_at_begin';
COMMENT ON COLUMN onboard.upload_history.stocked_at_begin IS 'Products of the vendor in stock before its first row; null if not counted';
COMMENT ON COLUMN onboard.upload_history.error_records IS 'Rows with at least one finding of severity error';
COMMENT ON COLUMN onboard.upload_history.metadata IS
	'The file''s header list ("header"), delimiter ("delimiter") and encoding ("encoding"); if a map was used, the keys of '
	'its columns in original_data ("keys"), the headings of our columns that share a column of the file ("sources"), the '
	'columns whose values the map converts ("converted") and how many rows the map skipped ("skipped_rows"); and '
	'whatever the client adds';
COMMENT ON COLUMN onboard.upload_history.parse_attempts IS
	'Number of times reading of the file was started; distinguishes the items of one attempt from those of another';
COMMENT ON COLUMN onboard.upload_history.revivals IS 'Number of times it was leased for another reading since one of its rows was last judged';
COMMENT ON COLUMN onboard.upload_history.checkpoint IS 'Where a reader can resume while the upload is processing: byte_offset, row_number, line_number, state';
COMMENT ON COLUMN onboard.upload_history.report_token IS 'Lease under which a reporter is notifying the vendor; see onboard_claim_report()';
COMMENT ON COLUMN onboard.upload_history.report_lease_until IS 'Time until which no other reporter can claim the report';
COMMENT ON COLUMN onboard.upload_history.updated_at IS 'Time of its last progress: a row was judged, a reading started, it was leased, or it ended';

CREATE TABLE onboard.validation_errors (
	error_id bigint GENERATED ALWAYS AS IDENTITY,
	upload_id text COLLATE "C" NOT NULL,
	vendor_id text COLLATE "C" NOT NULL,
	row_number bigint NOT NULL,
	line_number bigint,
	vendor_product_id text COLLATE "C",
	error_type text COLLATE "C" NOT NULL,
	error_field text COLLATE "C",
	error_message text NOT NULL,
	severity text COLLATE "C" NOT NULL,
	rejected_value text,
	suggestion text,
	original_data jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	-- One index is enough: everything reads errors by upload and row.
	CONSTRAINT validation_errors_pkey PRIMARY KEY (upload_id, row_number, error_id),
	CONSTRAINT validation_errors_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES onboard.upload_history (upload_id) ON DELETE CASCADE,
	CONSTRAINT validation_errors_vendor_id_fkey FOREIGN KEY (vendor_id) REFERENCES onboard.vendors (vendor_id)
);
COMMENT ON TABLE onboard.validation_errors IS 'What is wrong with rows: one row per field and rule broken; of an accepted row, only warnings';
COMMENT ON COLUMN onboard.validation_errors.rejected_value IS 'As the vendor wrote it, whatever a map made of it';
COMMENT ON COLUMN onboard.validation_errors.original_data IS 'The whole row as the vendor wrote it; for a malformed record, its text as "raw_record"';

CREATE TABLE onboard.vendor_roles (
	role_name name NOT NULL,
	vendor_id text COLLATE "C" NOT NULL REFERENCES onboard.vendors (vendor_id) ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (role_name, vendor_id)
);
COMMENT ON TABLE onboard.vendor_roles IS 'Which vendor a login belongs to; a role listed here is confined to its vendors';

CREATE TABLE onboard.judged_rows (
	upload_id text COLLATE "C" NOT NULL REFERENCES onboard.upload_history (upload_id) ON DELETE CASCADE,
	first_row bigint NOT NULL,
	last_row bigint NOT NULL,
	PRIMARY KEY (upload_id, first_row),
	CONSTRAINT judged_rows_check CHECK (1 OPERATOR(pg_catalog.<=) first_row AND first_row OPERATOR(pg_catalog.<=) last_row)
);
COMMENT ON TABLE onboard.judged_rows IS 'Ledger of the rows of each upload that have a verdict, as ranges; it outlives the products';

CREATE TABLE onboard.row_actions (
	upload_number bigint NOT NULL,
	product_id bigint NOT NULL,
	row_number bigint,
	line_number bigint,
	action text COLLATE "C" NOT NULL,
	columns text[] COLLATE "C",
	CONSTRAINT row_actions_pkey PRIMARY KEY (upload_number, product_id),
	CONSTRAINT row_actions_upload_number_fkey FOREIGN KEY (upload_number) REFERENCES onboard.upload_history (upload_number) ON DELETE CASCADE
);
CREATE INDEX row_actions_upload_number_row_number_idx ON onboard.row_actions (upload_number, row_number);
COMMENT ON TABLE onboard.row_actions IS
	'What the rows of an upload with mode upsert, update or replace did to products that existed: one row per product named';
COMMENT ON COLUMN onboard.row_actions.row_number IS 'Row that named the product first; null for a product that the upload discontinued because no row named it';
COMMENT ON COLUMN onboard.row_actions.action IS 'updated, unchanged, stale, held, discontinued or rejected';
COMMENT ON COLUMN onboard.row_actions.columns IS
	'Columns and attributes that the row set, if these are not all of upload_history.columns';
COMMENT ON INDEX onboard.row_actions_upload_number_row_number_idx IS 'Finds what a row did when it is delivered again';

CREATE TABLE onboard.product_changes (
	change_id bigint GENERATED ALWAYS AS IDENTITY,
	product_id bigint NOT NULL,
	vendor_id text COLLATE "C" NOT NULL,
	changed_at timestamptz NOT NULL,
	previous_at timestamptz NOT NULL,
	action text COLLATE "C" NOT NULL,
	upload_id text COLLATE "C",
	row_number bigint,
	changed_by text COLLATE "C" NOT NULL,
	reverts bigint,
	old_values jsonb NOT NULL,
	new_values jsonb,
	CONSTRAINT product_changes_pkey PRIMARY KEY (product_id, change_id)
);
CREATE INDEX product_changes_deleted_idx ON onboard.product_changes (product_id) WHERE action OPERATOR(pg_catalog.=) 'deleted';
CREATE INDEX product_changes_upload_id_idx ON onboard.product_changes (upload_id, change_id) WHERE upload_id IS NOT NULL;
COMMENT ON TABLE onboard.product_changes IS 'Every change of a product after its insertion, whoever made it; see onboard.product_history';
COMMENT ON COLUMN onboard.product_changes.changed_at IS 'updated_at of the product after the change; for a deletion, its time';
COMMENT ON COLUMN onboard.product_changes.previous_at IS
	'updated_at of the product before the change: changed_at of the change before, unless that was not recorded';
COMMENT ON COLUMN onboard.product_changes.action IS 'updated, discontinued, restored, reverted or deleted';
COMMENT ON COLUMN onboard.product_changes.upload_id IS 'Upload that made or took back the change; null for a change by SQL';
COMMENT ON COLUMN onboard.product_changes.changed_by IS 'session_user';
COMMENT ON COLUMN onboard.product_changes.reverts IS 'The change of this product that this one took back';
COMMENT ON COLUMN onboard.product_changes.old_values IS 'Values before the change, of the columns that it changed; for a deletion, the whole product'; COMMENT ON COLUMN onboard.product_changes.new_values IS 'Values after the change, of the same columns; null for a deletion';
COMMENT ON INDEX onboard.product_changes_deleted_idx IS 'Finds the products that were deleted';
COMMENT ON INDEX onboard.product_changes_upload_id_idx IS 'Finds what an upload changed, to undo it';

CREATE TABLE onboard.held_rows (
	held_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	upload_id text COLLATE "C" NOT NULL REFERENCES onboard.upload_history (upload_id) ON DELETE CASCADE,
	vendor_id text COLLATE "C" NOT NULL REFERENCES onboard.vendors (vendor_id),
	row_number bigint,
	line_number bigint,
	product_id bigint,
	cause text COLLATE "C" NOT NULL
		CONSTRAINT held_rows_cause_check CHECK (cause OPERATOR(pg_catalog.=) ANY (ARRAY['price', 'sold_out', 'discontinue_share', 'unnamed_records'])),
	current_value text,
	new_value text,
	input jsonb,
	source_cells jsonb,
	outcome text COLLATE "C" NOT NULL DEFAULT 'waiting'
		CONSTRAINT held_rows_outcome_check CHECK (outcome OPERATOR(pg_catalog.=) ANY (ARRAY['waiting', 'applied', 'declined', 'superseded', 'refused'])),
	reason text,
	decided_by text COLLATE "C",
	decided_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT held_rows_upload_id_row_number_key UNIQUE (upload_id, row_number)
);
CREATE INDEX held_rows_product_id_idx ON onboard.held_rows (product_id) WHERE outcome OPERATOR(pg_catalog.=) 'waiting';
CREATE INDEX held_rows_waiting_idx ON onboard.held_rows (vendor_id, created_at) WHERE outcome OPERATOR(pg_catalog.=) 'waiting';
COMMENT ON TABLE onboard.held_rows IS 'Rows that wait for an operator''s approval because a guard stopped them, and what became of them';
COMMENT ON COLUMN onboard.held_rows.row_number IS 'Null for the last step of an upload with mode replace, which discontinues what no row named';
COMMENT ON COLUMN onboard.held_rows.cause IS
	'price and sold_out: the guard that held the row; discontinue_share and unnamed_records: why the last step of a replace waits';
COMMENT ON COLUMN onboard.held_rows.current_value IS 'The price, stock or number of products on offer when it was held';
COMMENT ON COLUMN onboard.held_rows.new_value IS 'The price or stock of the row, or the number of products that would be discontinued';
COMMENT ON COLUMN onboard.held_rows.input IS 'The row as it was judged: as the vendor wrote it, unless a map changed it';
COMMENT ON COLUMN onboard.held_rows.source_cells IS 'Cells that a map changed or left out, as the vendor wrote them; null if there are none';
COMMENT ON COLUMN onboard.held_rows.outcome IS
	'waiting, applied, declined, superseded (a later upload named the product) or refused (see reason)';
COMMENT ON COLUMN onboard.held_rows.reason IS 'Why it was refused';
COMMENT ON INDEX onboard.held_rows_product_id_idx IS 'Finds the waiting rows for a product that a later upload names';
COMMENT ON INDEX onboard.held_rows_waiting_idx IS 'Finds the rows that wait';

CREATE TABLE onboard.history_horizon (
	horizon timestamptz NOT NULL
);
CREATE UNIQUE INDEX history_horizon_one_row ON onboard.history_horizon ((true));
COMMENT ON TABLE onboard.history_horizon IS 'Time up to which onboard.product_changes was pruned; no row if it never was';
COMMENT ON INDEX onboard.history_horizon_one_row IS 'Allows one row';

CREATE TABLE onboard.outbox (
	event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text COLLATE "C" NOT NULL
		CONSTRAINT outbox_kind_check CHECK (kind OPERATOR(pg_catalog.=) ANY (ARRAY['errors_recorded', 'upload_ended'])),
	upload_id text COLLATE "C" NOT NULL,
	vendor_id text COLLATE "C" NOT NULL,
	payload jsonb NOT NULL,
	attempt integer NOT NULL DEFAULT 0,
	token uuid,
	lease_until timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX outbox_upload_id_idx ON onboard.outbox (upload_id);
COMMENT ON TABLE onboard.outbox IS 'Events that were written with the verdicts and are not yet acknowledged; claim them with onboard_claim_events()';

CREATE TABLE onboard.item_checks (
	upload_id text COLLATE "C" PRIMARY KEY REFERENCES onboard.upload_history (upload_id) ON DELETE CASCADE,
	missed bigint NOT NULL DEFAULT 0
		CONSTRAINT item_checks_missed_check CHECK (missed OPERATOR(pg_catalog.>=) 0),
	version bigint NOT NULL DEFAULT 1,
	due_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX item_checks_due_at_idx ON onboard.item_checks (due_at);
COMMENT ON TABLE onboard.item_checks IS
	'Uploads whose rows are also kept outside the database, as items with a status of their own, until a check has '
	'found all of these up to date';
COMMENT ON COLUMN onboard.item_checks.missed IS 'Rows whose verdict is known not to have reached their item; a row that failed twice counts twice';
COMMENT ON COLUMN onboard.item_checks.version IS 'Incremented by every change of the check; only its holder may end it';
COMMENT ON COLUMN onboard.item_checks.due_at IS 'Time from which the check may be claimed';

CREATE TABLE onboard.listings (
	source text COLLATE "C" PRIMARY KEY,
	watched_since timestamptz NOT NULL DEFAULT pg_catalog.now(),
	started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	is_running boolean NOT NULL DEFAULT true,
	key_marker text NOT NULL DEFAULT '',
	version_marker text NOT NULL DEFAULT '',
	advanced_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	lease_until timestamptz
);
COMMENT ON TABLE onboard.listings IS
	'How far the files of a bucket have been compared with onboard.upload_history; claim a listing with onboard_claim_listing()';
COMMENT ON COLUMN onboard.listings.source IS 'Name of the bucket';
COMMENT ON COLUMN onboard.listings.watched_since IS 'Time of the first listing; files that are older are not compared';
COMMENT ON COLUMN onboard.listings.started_at IS 'When the current or latest pass over all files began';
COMMENT ON COLUMN onboard.listings.is_running IS 'Whether that pass has not reached the end';
COMMENT ON COLUMN onboard.listings.key_marker IS 'The pass continues after this key; empty at its beginning';
COMMENT ON COLUMN onboard.listings.version_marker IS 'The pass continues after this version of that key';
COMMENT ON COLUMN onboard.listings.advanced_at IS 'When the pass last advanced or ended';

CREATE TABLE onboard.shipped_texts (
	language text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	text text NOT NULL,
	CONSTRAINT shipped_texts_pkey PRIMARY KEY (language, name)
);
COMMENT ON TABLE onboard.shipped_texts IS 'Texts for vendors as they come with the extension, in each language';

CREATE TABLE onboard.mail_texts (
	language text COLLATE "C" NOT NULL
		CONSTRAINT mail_texts_language_check CHECK (language OPERATOR(pg_catalog.~) '^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$'),
	name text COLLATE "C" NOT NULL,
	text text NOT NULL
		CONSTRAINT mail_texts_length_check CHECK (pg_catalog.char_length(text) OPERATOR(pg_catalog.<=) 10000),
	CONSTRAINT mail_texts_pkey PRIMARY KEY (language, name)
);
COMMENT ON TABLE onboard.mail_texts IS
	'Texts for vendors in the marketplace''s own words or languages, in place of those shipped; see onboard_set_mail_template()';

-- All of this is user data and belongs in a dump.  The shipped categories already
-- exist when a dump is restored; the trigger below merges them.  They come first,
-- because a user's category may have the name that a shipped one had.
SELECT pg_catalog.pg_extension_config_dump('onboard.vendors', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.product_categories', 'ORDER BY category_id');
SELECT pg_catalog.pg_extension_config_dump('onboard.product_categories_category_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.column_maps', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.map_values', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.exchange_rates', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.frozen_maps', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.upload_history', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.upload_history_upload_number_seq', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.products', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.products_product_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.validation_errors', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.validation_errors_error_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.vendor_roles', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.judged_rows', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.row_actions', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.product_changes', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.product_changes_change_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.held_rows', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.held_rows_held_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.history_horizon', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.outbox', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.outbox_event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.item_checks', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.listings', '');
SELECT pg_catalog.pg_extension_config_dump('onboard.mail_texts', '');

--
-- Tenants.  A role in vendor_roles sees only the vendors it is listed with.  Any
-- other role sees everything if it has the privilege (EXECUTE on
-- onboard.all_vendors(), which stays with a role that is renamed), and nothing
-- otherwise, for example after its vendor is deleted or the login is renamed.
-- The policies test CURRENT_USER, which a client cannot set; row security is
-- forced.
--

CREATE FUNCTION onboard.all_vendors() RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT true;
END;
COMMENT ON FUNCTION onboard.all_vendors() IS 'EXECUTE on this function is the privilege to act for all vendors; the grant functions manage it';

CREATE FUNCTION onboard.is_operator() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.has_function_privilege(CURRENT_USER, 'onboard.all_vendors()', 'EXECUTE')
		AND NOT EXISTS (SELECT FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER);
END;
COMMENT ON FUNCTION onboard.is_operator() IS 'True if the current role works for the marketplace and sees all vendors';

ALTER TABLE onboard.vendors ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.vendors FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.products ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.products FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.upload_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.upload_history FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.validation_errors ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.validation_errors FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.judged_rows ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.judged_rows FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.row_actions ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.row_actions FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.product_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.product_changes FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.held_rows ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.held_rows FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.outbox FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.item_checks ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.item_checks FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.column_maps ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.column_maps FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.map_values ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.map_values FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.frozen_maps ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.frozen_maps FORCE ROW LEVEL SECURITY;
ALTER TABLE onboard.vendor_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboard.vendor_roles FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON onboard.vendors
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.products
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.upload_history
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.validation_errors
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.outbox
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.product_changes
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.held_rows
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.column_maps
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.map_values
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.frozen_maps
	USING ((SELECT onboard.is_operator())
		OR vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
	WITH CHECK ((SELECT onboard.is_operator()));
-- As visible as the upload they belong to, whose own policy decides.
CREATE POLICY tenant ON onboard.judged_rows
	USING (EXISTS (SELECT FROM onboard.upload_history u WHERE u.upload_id OPERATOR(pg_catalog.=) judged_rows.upload_id));
CREATE POLICY tenant ON onboard.row_actions
	USING (EXISTS (SELECT FROM onboard.upload_history u WHERE u.upload_number OPERATOR(pg_catalog.=) row_actions.upload_number))
	WITH CHECK ((SELECT onboard.is_operator()));
CREATE POLICY tenant ON onboard.item_checks
	USING (EXISTS (SELECT FROM onboard.upload_history u WHERE u.upload_id OPERATOR(pg_catalog.=) item_checks.upload_id));
-- Cannot use is_operator(), which reads this table.
CREATE POLICY tenant ON onboard.vendor_roles
	USING (role_name OPERATOR(pg_catalog.=) CURRENT_USER
		OR pg_catalog.has_table_privilege(CURRENT_USER, 'onboard.vendor_roles', 'INSERT'))
	WITH CHECK (pg_catalog.has_table_privilege(CURRENT_USER, 'onboard.vendor_roles', 'INSERT'));
COMMENT ON POLICY tenant ON onboard.vendors IS 'A vendor''s login sees its own row only';
COMMENT ON POLICY tenant ON onboard.products IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.upload_history IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.validation_errors IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.outbox IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.judged_rows IS 'A vendor''s login sees the ranges of its own uploads only';
COMMENT ON POLICY tenant ON onboard.product_changes IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.held_rows IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.column_maps IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.map_values IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.frozen_maps IS 'A vendor''s login sees its own rows only';
COMMENT ON POLICY tenant ON onboard.row_actions IS 'A vendor''s login sees the rows of its own uploads only';
COMMENT ON POLICY tenant ON onboard.item_checks IS 'A vendor''s login sees the checks of its own uploads only';
COMMENT ON POLICY tenant ON onboard.vendor_roles IS 'A login sees its own rows; roles that may insert here see all';

--
-- Triggers
--

CREATE FUNCTION onboard.touch_updated_at() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_touch_updated_at';
COMMENT ON FUNCTION onboard.touch_updated_at() IS 'Trigger: sets updated_at to the time of the change';
CREATE TRIGGER vendors_touch BEFORE UPDATE ON onboard.vendors
	FOR EACH ROW EXECUTE FUNCTION onboard.touch_updated_at();
COMMENT ON TRIGGER vendors_touch ON onboard.vendors IS 'Sets updated_at';
CREATE TRIGGER product_categories_touch BEFORE UPDATE ON onboard.product_categories
	FOR EACH ROW EXECUTE FUNCTION onboard.touch_updated_at();
COMMENT ON TRIGGER product_categories_touch ON onboard.product_categories IS 'Sets updated_at';
CREATE TRIGGER products_touch BEFORE UPDATE ON onboard.products
	FOR EACH ROW EXECUTE FUNCTION onboard.touch_updated_at();
COMMENT ON TRIGGER products_touch ON onboard.products IS 'Sets updated_at, to a later time with each change, so that the history shows whether a change was not recorded';

CREATE FUNCTION onboard.flip_stock_status() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_flip_stock_status';
COMMENT ON FUNCTION onboard.flip_stock_status() IS
	'Trigger: an active product becomes out_of_stock when its stock falls to 0, and active again when it is restocked';
CREATE TRIGGER products_stock_status BEFORE UPDATE OF stock_quantity ON onboard.products
	FOR EACH ROW EXECUTE FUNCTION onboard.flip_stock_status();
COMMENT ON TRIGGER products_stock_status ON onboard.products IS 'Switches between active and out_of_stock; leaves other statuses alone';

-- Both are statement-level triggers with transition tables, which are faster
-- than a call for each row.
CREATE FUNCTION onboard.record_product_changes() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_record_product_changes';
COMMENT ON FUNCTION onboard.record_product_changes() IS 'Trigger: records what a statement changed in onboard.product_changes';
CREATE TRIGGER products_record_update AFTER UPDATE ON onboard.products
	REFERENCING OLD TABLE AS old_products NEW TABLE AS new_products
	FOR EACH STATEMENT EXECUTE FUNCTION onboard.record_product_changes();
COMMENT ON TRIGGER products_record_update ON onboard.products IS
	'Records changes; while it is disabled, uploads record none either, and those that change products cannot be undone';
CREATE TRIGGER products_record_delete AFTER DELETE ON onboard.products
	REFERENCING OLD TABLE AS old_products
	FOR EACH STATEMENT EXECUTE FUNCTION onboard.record_product_changes();
COMMENT ON TRIGGER products_record_delete ON onboard.products IS 'Records deletions';

CREATE FUNCTION onboard.keep_shipped_category() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		IF OLD.shipped THEN
			RAISE EXCEPTION 'category "%" comes with the extension and cannot be deleted', OLD.category_name
				USING ERRCODE = 'restrict_violation',
					HINT = 'Set is_active of the category to false instead.';
		END IF;
		RETURN OLD;
	END IF;
	IF NEW.shipped THEN
		-- Its parent, or another category that still has this name, may be restored later.
		SET CONSTRAINTS onboard.product_categories_parent_category_fkey DEFERRED;
		UPDATE onboard.product_categories c SET category_name = format('(%s) %s', c.category_id, left(c.category_name, 90))
			WHERE lower(c.category_name COLLATE "default") = lower(NEW.category_name COLLATE "default")
				AND c.category_id <> NEW.category_id AND c.shipped
				AND EXISTS (SELECT FROM onboard.product_categories o WHERE o.category_id = NEW.category_id AND o.shipped);
		UPDATE onboard.product_categories c
			SET category_name = NEW.category_name, parent_category = NEW.parent_category,
				description = NEW.description, is_active = NEW.is_active
			WHERE c.category_id = NEW.category_id AND c.shipped;
		IF FOUND THEN
			RETURN NULL;
		END IF;
	END IF;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION onboard.keep_shipped_category() IS
	'Trigger: restoring a dump updates a shipped category in place; shipped categories cannot be deleted, only '
	'deactivated';

INSERT INTO onboard.product_categories (category_id, category_name, parent_category, shipped) VALUES
	(1, 'Electronics', NULL, true),
	(2, 'Computer Accessories', 'Electronics', true),
	(3, 'Audio Equipment', 'Electronics', true),
	(4, 'Mobile Accessories', 'Electronics', true),
	(5, 'Computer Storage', 'Electronics', true),
	(6, 'Clothing', NULL, true),
	(7, 'Men''s Clothing', 'Clothing', true),
	(8, 'Women''s Clothing', 'Clothing', true),
	(9, 'Accessories', 'Clothing', true),
	(10, 'Home & Garden', NULL, true),
	(11, 'Kitchen', 'Home & Garden', true),
	(12, 'Bedroom', 'Home & Garden', true),
	(13, 'Bathroom', 'Home & Garden', true),
	(14, 'Living Room', 'Home & Garden', true),
	(15, 'Garden', 'Home & Garden', true),
	(16, 'Sports & Outdoors', NULL, true),
	(17, 'Books', NULL, true),
	(18, 'Toys & Games', NULL, true),
	(19, 'Health & Beauty', NULL, true),
	(20, 'Food & Beverage', NULL, true);
-- Users' own categories are numbered well above the shipped ones, so that a later
-- version can ship more.
SELECT pg_catalog.setval('onboard.product_categories_category_id_seq', 1000);

CREATE TRIGGER product_categories_keep_shipped BEFORE INSERT OR DELETE ON onboard.product_categories
	FOR EACH ROW EXECUTE FUNCTION onboard.keep_shipped_category();
COMMENT ON TRIGGER product_categories_keep_shipped ON onboard.product_categories IS 'Protects the shipped categories and merges them when a dump is restored';

CREATE FUNCTION onboard.keep_products_category() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	product_count bigint;
BEGIN
	-- A role that sees only some of the products would leave the others in the old category.
	IF NOT onboard.is_operator() THEN
		RAISE EXCEPTION 'permission denied to rename or delete category "%"', OLD.category_name
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = 'The current role does not see the products of all vendors.';
	END IF;
	-- A statement that loads products holds a lock on the categories it has read
	-- until its transaction ends; after this no load still uses the old name.
	LOCK TABLE onboard.product_categories IN ACCESS EXCLUSIVE MODE;
	IF TG_OP = 'UPDATE' THEN
		UPDATE onboard.products p SET category = NEW.category_name WHERE p.category = OLD.category_name;
		RETURN NULL;
	END IF;
	SELECT count(*) INTO product_count FROM onboard.products p WHERE p.category = OLD.category_name;
	IF product_count > 0 THEN
		RAISE EXCEPTION 'category "%" has products and cannot be deleted', OLD.category_name
			USING ERRCODE = 'foreign_key_violation',
				DETAIL = format('Number of its products: %s.', product_count),
				HINT = 'Set is_active of the category to false instead.';
	END IF;
	RETURN OLD;
END $$;
COMMENT ON FUNCTION onboard.keep_products_category() IS 'Trigger: renaming a category updates its products; a category with products cannot be deleted';

-- Not inside another trigger: restoring a dump renames shipped categories, and the
-- dumped products already have the new names.
CREATE TRIGGER product_categories_rename_products AFTER UPDATE OF category_name ON onboard.product_categories
	FOR EACH ROW WHEN (OLD.category_name OPERATOR(pg_catalog.<>) NEW.category_name AND pg_catalog.pg_trigger_depth() OPERATOR(pg_catalog.=) 0)
	EXECUTE FUNCTION onboard.keep_products_category();
COMMENT ON TRIGGER product_categories_rename_products ON onboard.product_categories IS 'Renames the category in its products';
CREATE TRIGGER product_categories_keep_used BEFORE DELETE ON onboard.product_categories
	FOR EACH ROW EXECUTE FUNCTION onboard.keep_products_category();
COMMENT ON TRIGGER product_categories_keep_used ON onboard.product_categories IS 'Prevents deletion of a category that has products';

--
-- The bulk door
--

CREATE FUNCTION onboard.intake_handler() RETURNS fdw_handler
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_intake_handler';
COMMENT ON FUNCTION onboard.intake_handler() IS 'Foreign data wrapper behind onboard.intake';
CREATE FUNCTION onboard.intake_validator(options text[], catalog oid) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_intake_validator';
COMMENT ON FUNCTION onboard.intake_validator(text[], oid) IS 'Rejects all options; onboard.intake has none';

CREATE FOREIGN DATA WRAPPER onboard_intake
	HANDLER onboard.intake_handler VALIDATOR onboard.intake_validator;
COMMENT ON FOREIGN DATA WRAPPER onboard_intake IS 'Judges rows and stores them in this database';
CREATE SERVER onboard_intake FOREIGN DATA WRAPPER onboard_intake;
COMMENT ON SERVER onboard_intake IS 'Server of onboard.intake';

CREATE FOREIGN TABLE onboard.intake (
	upload_id text COLLATE "C",
	row_number bigint,
	line_number bigint,
	vendor_product_id text,
	product_name text,
	category text,
	subcategory text,
	description text,
	sku text,
	brand text,
	price text,
	compare_at_price text,
	stock_quantity text,
	unit text,
	weight_kg text,
	dimensions_cm text,
	image_url text,
	attributes jsonb,
	action text,
	key_memo text,
	source_cells json,
	defect_type text,
	defect_message text,
	raw_record text
) SERVER onboard_intake;
COMMENT ON FOREIGN TABLE onboard.intake IS 'Bulk entry point: COPY or INSERT the rows of an open upload; each gets a verdict, and valid rows become products';

--
-- Row types
--

CREATE TYPE onboard.violation AS (
	error_type text,
	error_field text,
	error_message text,
	severity text,
	rejected_value text,
	suggestion text
);
COMMENT ON TYPE onboard.violation IS 'One rule broken by one field of a row';

--
-- Judging and loading
--

CREATE FUNCTION @extschema@.onboard_validate(vendor_id text, product jsonb)
RETURNS SETOF onboard.violation
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_validate';
COMMENT ON FUNCTION @extschema@.onboard_validate(text, jsonb) IS
	'Judges one product against the live catalogue and returns what is wrong with it; valid if no row has severity '
	'error; writes nothing';

CREATE FUNCTION @extschema@.onboard_check(vendor_id text, records jsonb, carry boolean DEFAULT false,
	OUT row_number bigint, OUT status text, OUT errors jsonb)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_check';
COMMENT ON FUNCTION @extschema@.onboard_check(text, jsonb, boolean) IS
	'Dry run over many records, including duplicates among them; with carry, also duplicates of records from earlier '
	'calls with carry in this transaction; writes nothing';

CREATE FUNCTION @extschema@.onboard_diff(vendor_id text, records jsonb, mode text, match text DEFAULT NULL, blank text DEFAULT 'clear',
	source_time timestamptz DEFAULT NULL, columns text[] DEFAULT NULL, carry boolean DEFAULT false,
	OUT row_number bigint, OUT status text, OUT action text, OUT product_id bigint, OUT sku text, OUT old_values jsonb,
	OUT new_values jsonb, OUT errors jsonb)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_diff';
COMMENT ON FUNCTION @extschema@.onboard_diff(text, jsonb, text, text, text, timestamptz, text[], boolean) IS
	'What each record of an upload with this mode would do to the catalogue, with the values that would change; with carry, '
	'records of earlier calls with carry in this transaction are rows of the same file; writes nothing';

CREATE FUNCTION @extschema@.onboard_diff_missing(vendor_id text, source_time timestamptz DEFAULT NULL,
	OUT missing bigint, OUT held_cause text)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_diff_missing';
COMMENT ON FUNCTION @extschema@.onboard_diff_missing(text, timestamptz) IS
	'Number of products that an upload with mode replace would discontinue at its end: those that no record named in earlier '
	'calls of onboard_diff() with carry in this transaction; with the cause for which that would wait for approval, or null';

CREATE FUNCTION @extschema@.onboard_ingest(upload_id text, records jsonb,
	OUT row_number bigint, OUT status text, OUT action text, OUT product_id bigint, OUT errors jsonb)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_ingest';
COMMENT ON FUNCTION @extschema@.onboard_ingest(text, jsonb) IS
	'Judges records and stores products and errors; returns one row per record; a record judged before returns its '
	'stored verdict';

CREATE FUNCTION @extschema@.onboard_judged_ranges(upload_id text, OUT first_row bigint, OUT last_row bigint)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT j.first_row, j.last_row FROM onboard.judged_rows j
	WHERE j.upload_id OPERATOR(pg_catalog.=) onboard_judged_ranges.upload_id
	ORDER BY j.first_row;
END;
COMMENT ON FUNCTION @extschema@.onboard_judged_ranges(text) IS 'Ranges of rows of an upload that already have a verdict, so that a loader can resume';

CREATE FUNCTION @extschema@.onboard_statistics(OUT name text, OUT value bigint)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'onboard_statistics';
COMMENT ON FUNCTION @extschema@.onboard_statistics() IS 'Counters of this session: rows and changes by storage path, conflicts, replays';

CREATE FUNCTION @extschema@.onboard_version(OUT library text, OUT script text, OUT ruleset integer)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_version';
COMMENT ON FUNCTION @extschema@.onboard_version() IS 'Versions of library, script and ruleset; an error if library and script do not match';

--
-- Column maps.  A map is text: the statements of its definition.  What a client needs
-- to read a file with it is one document, with the value lists, rates and categories
-- that the definition refers to, and a hash over all of these.
--

CREATE FUNCTION onboard.check_map(definition text) RETURNS void
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_check_map';
COMMENT ON FUNCTION onboard.check_map(text) IS 'Raises an error, which names the line, unless this may be stored as a map: at least one statement, and all valid';

CREATE FUNCTION onboard.map_uses(definition text, OUT value_lists text[], OUT currency_pairs text[], OUT categories boolean)
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_map_uses';
COMMENT ON FUNCTION onboard.map_uses(text) IS
	'What a map refers to: names of value lists, pairs of currencies such as EUR/USD, and whether it needs the categories';

CREATE FUNCTION onboard.newest_map(vendor_id text, map_name text, OUT version integer, OUT definition text,
	OUT created_at timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT c.version, c.definition, c.created_at INTO version, definition, created_at FROM onboard.column_maps c
		WHERE c.vendor_id = newest_map.vendor_id AND c.map_name = newest_map.map_name
		ORDER BY c.version DESC LIMIT 1;
END $$;
COMMENT ON FUNCTION onboard.newest_map(text, text) IS
	'The newest version of a vendor''s own map; its definition is null if that version removed it, all are null if there is none';

CREATE FUNCTION onboard.map_definition(vendor_id text, map_name text, OUT version integer, OUT definition text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT n.version, n.definition INTO version, definition FROM onboard.newest_map(vendor_id, map_name) n;
	IF definition IS NULL THEN
		version := NULL;
		definition := (SELECT s.definition FROM onboard.shipped_maps s WHERE s.map_name = map_definition.map_name);
	END IF;
	IF definition IS NULL THEN
		RAISE EXCEPTION 'map "%" does not exist', map_name USING ERRCODE = 'undefined_object',
			HINT = 'onboard_maps() lists the maps of a vendor; onboard_set_map() stores one.';
	END IF;
END $$;
COMMENT ON FUNCTION onboard.map_definition(text, text) IS
	'A map of a vendor, or else the preset with this name, whose version is null; an error if there is neither';

CREATE FUNCTION onboard.newest_rates(currency_pairs text[], OUT pair text, OUT rate numeric, OUT rate_date date)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
		SELECT p.pair, r.rate, r.rate_date
			FROM (SELECT DISTINCT u.pair FROM unnest(currency_pairs) u (pair)) p
				LEFT JOIN LATERAL (SELECT e.rate, e.rate_date FROM onboard.exchange_rates e
					WHERE e.from_currency = split_part(p.pair, '/', 1) AND e.to_currency = split_part(p.pair, '/', 2)
					ORDER BY e.rate_date DESC LIMIT 1) r ON true;
END $$;
COMMENT ON FUNCTION onboard.newest_rates(text[]) IS
	'The newest exchange rate of each of these pairs, such as GBP/USD; its rate is null if none is stored';

CREATE FUNCTION onboard.map_document(vendor_id text, map_name text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	map record;
	uses record;
	rates jsonb;
	missing_rates jsonb;
	contents jsonb;
BEGIN
	SELECT * INTO map FROM onboard.map_definition(vendor_id, map_name);
	SELECT * INTO uses FROM onboard.map_uses(map.definition);
	SELECT coalesce(jsonb_object_agg(r.pair, jsonb_build_object('rate', trim_scale(r.rate)::text, 'date', r.rate_date))
				FILTER (WHERE r.rate IS NOT NULL), '{}'),
			coalesce(jsonb_agg(r.pair ORDER BY r.pair) FILTER (WHERE r.rate IS NULL), '[]')
		INTO rates, missing_rates
		FROM onboard.newest_rates(uses.currency_pairs) r;
	-- Through text: jsonb_object_agg() takes seconds for a list of 100,000 values.
	contents := jsonb_build_object('definition', map.definition, 'rates', rates,
		'values', (SELECT format('{%s}', string_agg(format('%s:%s', to_json(l.name), coalesce(v.pairs, '{}')), ','))::jsonb
			FROM unnest(uses.value_lists) l (name)
				LEFT JOIN onboard.map_values v ON v.vendor_id = map_document.vendor_id AND v.list_name = l.name));
	IF uses.categories THEN
		contents := contents || jsonb_build_object('categories', (SELECT coalesce(jsonb_agg(c.category_name ORDER BY c.category_name), '[]')
			FROM onboard.product_categories c WHERE c.is_active));
	END IF;
	RETURN contents || jsonb_build_object('name', map_name, 'version', map.version, 'is_preset', map.version IS NULL,
		'hash', encode(sha256(convert_to(contents::text, 'UTF8')), 'hex'), 'missing_rates', missing_rates);
END $$;
COMMENT ON FUNCTION onboard.map_document(text, text) IS 'What onboard_map() returns for a map; an error if there is none';

CREATE FUNCTION @extschema@.onboard_map(vendor_id text, map_name text DEFAULT NULL) RETURNS jsonb
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_map';
COMMENT ON FUNCTION @extschema@.onboard_map(text, text) IS
	'What a client needs to read a file with a map of a vendor, by default with the default map of the vendor; null if '
	'it has none';

CREATE FUNCTION onboard.check_vendor(vendor_id text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM onboard.vendors v WHERE v.vendor_id = check_vendor.vendor_id) THEN
		RAISE EXCEPTION 'vendor "%" does not exist', vendor_id USING ERRCODE = 'undefined_object';
	END IF;
END $$;
COMMENT ON FUNCTION onboard.check_vendor(text) IS 'Raises an error unless the caller sees this vendor';

CREATE FUNCTION @extschema@.onboard_maps(vendor_id text, OUT map_name text, OUT version integer, OUT is_preset boolean,
	OUT is_default boolean, OUT description text, OUT needs text, OUT updated_at timestamptz, OUT definition text,
	OUT missing_rates text[])
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM onboard.check_vendor(vendor_id);
	RETURN QUERY
		WITH own AS (
			SELECT c.map_name, n.version, n.definition, n.created_at
				FROM (SELECT DISTINCT m.map_name FROM onboard.column_maps m WHERE m.vendor_id = onboard_maps.vendor_id) c
					CROSS JOIN LATERAL onboard.newest_map(onboard_maps.vendor_id, c.map_name) n
				WHERE n.definition IS NOT NULL
		), all_maps AS (
			SELECT o.map_name, o.version, false AS is_preset, NULL::text AS description, NULL::text AS needs, o.created_at,
					o.definition
				FROM own o
			UNION ALL
			SELECT s.map_name, NULL, true, s.description, s.needs, NULL, s.definition
				FROM onboard.shipped_maps s
				WHERE NOT EXISTS (SELECT FROM own o WHERE o.map_name = s.map_name)
		)
		SELECT a.map_name, a.version, a.is_preset, a.map_name IS NOT DISTINCT FROM v.default_map, a.description, a.needs, a.created_at,
			a.definition,
			ARRAY(SELECT r.pair FROM onboard.newest_rates((onboard.map_uses(a.definition)).currency_pairs) r
				WHERE r.rate IS NULL ORDER BY r.pair)
		FROM all_maps a JOIN onboard.vendors v ON v.vendor_id = onboard_maps.vendor_id
		ORDER BY a.is_preset, a.map_name;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_maps(text) IS
	'The maps that a vendor''s files can be read with: its own, then the presets; version and updated_at of a preset are null; '
	'missing_rates are those that a map needs and that are not stored';

CREATE FUNCTION onboard.lock_vendor(vendor_id text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM FROM onboard.vendors v WHERE v.vendor_id = lock_vendor.vendor_id FOR NO KEY UPDATE;
	PERFORM onboard.check_vendor(vendor_id);
END $$;
COMMENT ON FUNCTION onboard.lock_vendor(text) IS
	'Makes changes of a vendor''s maps wait for one another; an error if the caller does not see the vendor';

CREATE FUNCTION @extschema@.onboard_set_map(vendor_id text, map_name text, definition text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	newest record;
BEGIN
	IF map_name IS NULL OR map_name !~ '^[A-Za-z0-9_-]{1,50}$' OR map_name = 'none' THEN
		RAISE EXCEPTION 'invalid map name' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A name is 1 to 50 letters, digits, "_" and "-", and not "none".';
	END IF;
	PERFORM onboard.check_map(definition);
	PERFORM onboard.lock_vendor(vendor_id);
	SELECT * INTO newest FROM onboard.newest_map(vendor_id, map_name);
	IF newest.definition = definition THEN
		RETURN newest.version;
	END IF;
	INSERT INTO onboard.column_maps (vendor_id, map_name, version, definition)
		VALUES (vendor_id, map_name, coalesce(newest.version, 0) + 1, definition);
	RETURN coalesce(newest.version, 0) + 1;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_set_map(text, text, text) IS
	'Stores a map of a vendor, as a new version unless it is as before; returns its version';

CREATE FUNCTION @extschema@.onboard_remove_map(vendor_id text, map_name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	newest record;
BEGIN
	PERFORM onboard.lock_vendor(vendor_id);
	IF EXISTS (SELECT FROM onboard.vendors v WHERE v.vendor_id = onboard_remove_map.vendor_id AND v.default_map = map_name) THEN
		RAISE EXCEPTION 'map "%" is the default map of vendor "%"', map_name, vendor_id USING ERRCODE = 'object_in_use',
			HINT = 'Choose another default, or none, with onboard_set_default_map().';
	END IF;
	SELECT * INTO newest FROM onboard.newest_map(vendor_id, map_name);
	IF newest.definition IS NULL THEN
		RETURN false;
	END IF;
	INSERT INTO onboard.column_maps (vendor_id, map_name, version) VALUES (vendor_id, map_name, newest.version + 1);
	RETURN true;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_remove_map(text, text) IS
	'Removes a map of a vendor but keeps its versions; uploads that began with it are still read with it; false if there is none';

CREATE FUNCTION @extschema@.onboard_set_default_map(vendor_id text, map_name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM onboard.lock_vendor(vendor_id);
	IF map_name IS NOT NULL THEN
		PERFORM onboard.map_definition(vendor_id, map_name);
	END IF;
	UPDATE onboard.vendors v SET default_map = map_name WHERE v.vendor_id = onboard_set_default_map.vendor_id;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_set_default_map(text, text) IS
	'Chooses the map, its own or a preset, with which a vendor''s files are read unless they name another one; null for none';

CREATE FUNCTION @extschema@.onboard_set_map_values(vendor_id text, list_name text, pairs jsonb) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	count bigint := 0;
	fault text;
BEGIN
	PERFORM onboard.lock_vendor(vendor_id);
	IF pairs IS NULL THEN
		DELETE FROM onboard.map_values m WHERE m.vendor_id = onboard_set_map_values.vendor_id AND m.list_name = onboard_set_map_values.list_name;
		RETURN 0;
	END IF;
	IF list_name IS NULL OR list_name !~ '^[A-Za-z0-9_-]{1,50}$' THEN
		fault := 'the name of a list is 1 to 50 letters, digits, "_" and "-"';
	ELSIF jsonb_typeof(pairs) <> 'object' THEN
		fault := 'pairs must be a JSON object';
	ELSE
		SELECT count(*), CASE
				WHEN count(*) > 100000 THEN 'a list has at most 100000 pairs'
				WHEN NOT bool_and(jsonb_typeof(p.value) = 'string') THEN 'the values of pairs must be strings'
				WHEN max(greatest(length(p.key), length(p.value #>> '{}'))) > 1000 THEN 'a text of pairs has at most 1000 characters' END
			INTO count, fault FROM jsonb_each(pairs) p;
	END IF;
	IF fault IS NOT NULL THEN
		RAISE EXCEPTION 'invalid value list: %', fault USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO onboard.map_values AS m (vendor_id, list_name, pairs) VALUES (vendor_id, list_name, pairs)
		ON CONFLICT ON CONSTRAINT map_values_pkey DO UPDATE SET pairs = EXCLUDED.pairs, updated_at = EXCLUDED.updated_at;
	-- A map may use all of them, and each upload that begins after a change keeps a copy.
	IF (SELECT sum(octet_length(m.pairs::text)) FROM onboard.map_values m WHERE m.vendor_id = onboard_set_map_values.vendor_id) > 16777216 THEN
		RAISE EXCEPTION 'the value lists of vendor "%" would have more than 16 MB', vendor_id USING ERRCODE = 'program_limit_exceeded';
	END IF;
	RETURN count;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_set_map_values(text, text, jsonb) IS
	'Stores a value list of a vendor, replacing the one with this name; null removes it; returns the number of its pairs';

CREATE FUNCTION @extschema@.onboard_set_exchange_rate(from_currency text, to_currency text, rate numeric, rate_date date DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	today date := (now() AT TIME ZONE 'UTC')::date;
	fault text := CASE
		WHEN num_nulls(from_currency, to_currency, rate) > 0 THEN 'the currencies and the rate must not be null'
		WHEN from_currency !~ '^[A-Z]{3}$' OR to_currency !~ '^[A-Z]{3}$' THEN 'a currency is a code of three letters, such as EUR'
		WHEN from_currency = to_currency THEN 'the currencies must differ'
		WHEN rate <= 0 OR rate >= 1000000000 OR scale(rate) > 9
			THEN 'a rate is greater than 0 and less than 1000000000, with at most 9 decimals'
		-- In some time zones, it is tomorrow already.
		WHEN rate_date > today + 1 THEN 'the date must not be in the future' END;
BEGIN
	IF fault IS NOT NULL THEN
		RAISE EXCEPTION 'invalid exchange rate: %', fault USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO onboard.exchange_rates (from_currency, to_currency, rate_date, rate)
		VALUES (from_currency, to_currency, coalesce(rate_date, today), rate)
		ON CONFLICT ON CONSTRAINT exchange_rates_pkey DO UPDATE SET rate = EXCLUDED.rate;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_set_exchange_rate(text, text, numeric, date) IS
	'Stores what one unit of a currency is worth in another on a day, by default today (UTC); maps use the rate of the latest day';

-- The maps that come with the extension, for the layouts that shops, marketplaces and feeds write.  Their
-- samples are in test/data/maps; glue/MAPS.md explains them.  What holds for all of them:
--
-- * The price is the regular one.  A sale price with an end date is kept as an attribute, because a
--   file that is loaded today would still apply it after that date.
-- * Where rows depend on an earlier row, fill_down names the columns that say to which product a row belongs,
--   so that no product is filled from another one.
-- * A vendor's purchase price is ignored, so that it does not get into the catalogue.
-- * A description longer than 2,000 characters after its HTML is removed is rejected, as in any file.
INSERT INTO onboard.shipped_maps (map_name, description, needs, definition) VALUES
('shopify',
'Products exported from Shopify, with its current or earlier headings. Every variant is a product; rows with only a further image, drafts and archived products are skipped.',
'The list "categories": from the product categories of the shop to ours. Every variant needs a SKU. A shop with several locations exports no quantities: load its file with a copy of the map in which stock_quantity is a constant. A blank quantity, which means that the shop does not track stock, becomes 0.',
$map$# Products exported from Shopify, with the current or earlier headings.
# The first row of a product has what all its variants share. Each further row has a variant, an
# image, or both.
mode upsert
skip when "Option1 value" is blank                              # only a further image
skip when "Status" | fill_down("URL handle", "Handle") is draft
skip when "Status" | fill_down("URL handle", "Handle") is archived
ignore others                                                   # administration, search engines, costs

sku = "SKU" or "Variant SKU"
vendor_product_id = "SKU" or "Variant SKU"                      # the file has no variant IDs
product_name = "Title" | fill_down("URL handle", "Handle") | join(" - ", "Option1 value", "Option2 value", "Option3 value") | replace(" - Default Title", "")
category = "Product category" | fill_down("URL handle", "Handle") | values(categories) | category_path(">")
subcategory = "Type" | fill_down("URL handle", "Handle")
description = "Description" or "Body (HTML)" | fill_down("URL handle", "Handle") | strip_html | html_entities
brand = "Vendor" | fill_down("URL handle", "Handle")
price = "Price" or "Variant Price"
compare_at_price = "Compare-at price" or "Variant Compare At Price" | blank_zero
stock_quantity = "Inventory quantity" or "Variant Inventory Qty" | default(0) | at_least(0)     # negative: oversold
weight_kg = "Weight value (grams)" or "Variant Grams" | factor(0.001) | decimals(2) | blank_zero
image_url = "Product image URL" or "Image Src" | fill_down("URL handle", "Handle")

attribute "barcode" = "Barcode" or "Variant Barcode"
attribute "tags" = "Tags" | fill_down("URL handle", "Handle")
attribute "option1_name" = "Option1 name" | fill_down("URL handle", "Handle")
attribute "option1_value" = "Option1 value"
attribute "option2_name" = "Option2 name" | fill_down("URL handle", "Handle")
attribute "option2_value" = "Option2 value"
attribute "option3_name" = "Option3 name" | fill_down("URL handle", "Handle")
attribute "option3_value" = "Option3 value"
$map$),
('woocommerce',
'Products exported from WooCommerce, with English headings. Variations are products; their parents, grouped and external products, and unpublished products are skipped.',
'The list "categories": from the categories of the shop to ours. The list "stock": how many pieces "1" stands for, the stock of products that the shop does not track, and "backorder". Every product and variation needs a SKU. For weights and lengths in units other than kg and cm: change the two lines in a copy of the map. For headings in another language: onboard map guess.',
$map$# Products exported from WooCommerce, with English headings.
# A variation names the SKU of its parent in "Parent", and has no categories, brand or tags of its own.
mode upsert
skip when "Type" is "variable"                                  # the parent of variations
skip when "Type" is "grouped"
skip when "Type" is "external"                                  # sold by somebody else
skip when "Published" is "0"                                    # private
skip when "Published" is "-1"                                   # draft
skip when "Published" is "2"                                    # waits for review
ignore others

sku = "SKU"
vendor_product_id = "ID"
product_name = "Name" | html_entities
category = "Categories" | fill_down("Parent", "SKU") | first_of(",") | values(categories) | category_path(">")
# The export writes a line break as \n.
description = "Description" | fill_down("Parent", "SKU") | replace("\\n", "\n") | strip_html | html_entities
brand = "Brands" | fill_down("Parent", "SKU") | first_of(",")
price = "Regular price" | decimal_comma | decimals(2)
# "Stock" is blank if the shop does not track it, and "parent" if the parent's stock counts; then "In stock?" is 1, 0 or backorder.
stock_quantity = "Stock" | join("|", "In stock?") | replace("parent|", "") | values(stock) | first_of("|") | at_least(0)
weight_kg = "Weight (kg)" | fill_down("Parent", "SKU") | decimals(2) | blank_zero
dimensions_cm = "Length (cm)" | join("x", "Width (cm)", "Height (cm)")
image_url = "Images" | fill_down("Parent", "SKU") | first_of(",")

attribute "barcode" = "GTIN, UPC, EAN, or ISBN"
attribute "tags" = "Tags" | fill_down("Parent", "SKU")
attribute "sale_price" = "Sale price" | decimal_comma | decimals(2)
attribute "sale_starts" = "Date sale price starts"
attribute "sale_ends" = "Date sale price ends"
attribute "Attribute 1 name" = "Attribute 1 name"
attribute "Attribute 1 value(s)" = "Attribute 1 value(s)"
attribute "Attribute 2 name" = "Attribute 2 name"
attribute "Attribute 2 value(s)" = "Attribute 2 value(s)"
attribute "Attribute 3 name" = "Attribute 3 name"
attribute "Attribute 3 value(s)" = "Attribute 3 value(s)"
$map$),
('bigcommerce',
'Products exported from BigCommerce with the current template (v3). Every variant is a product, with the texts of its parent; parents whose stock is counted by variant, images, videos and hidden products are skipped.',
'The lists "categories" and "brands": from the category and brand IDs to our names. The list "stock", if the shop does not track stock: how many pieces "0|none" stands for. Every product and variant needs a SKU. Images follow their product in separate rows, so only variants with an image of their own have one. The unit of weights is a setting of the shop: in a copy of the map, add weight_kg with its factor.',
$map$# Products exported from BigCommerce with the current template (v3).
# The row of a product is followed by rows of its variants, images and videos. A variant has only what
# differs from its product.
mode upsert
skip when "Item" is "Image"
skip when "Item" is "Video"
skip when "Inventory Tracking" is "variant"                     # a product whose variants follow
skip when "Is Visible" | fill_down("Name") is "FALSE"
ignore others

sku = "SKU"
vendor_product_id = "SKU"                                       # product and variant IDs may be equal
product_name = "Name" | fill_down("Name")
category = "Categories" | fill_down("Name") | first_of(";") | values(categories) | category_path("/")
description = "Description" | fill_down("Name") | strip_html | html_entities
brand = "Brand ID" | fill_down("Name") | values(brands)
price = "Price" | fill_down("Name") | decimals(2)
compare_at_price = "Retail Price" | decimals(2) | blank_zero
stock_quantity = "Current Stock" | join("|", "Inventory Tracking") | values(stock) | first_of("|") | at_least(0)
image_url = "Variant Image URL"
# weight_kg = "Weight" | fill_down("Name") | factor(0.45359237) | decimals(2) | blank_zero      # pounds

attribute "options" = "Options"
attribute "barcode" = "UPC/EAN"
attribute "sale_price" = "Sale Price" | decimals(2) | blank_zero
attribute "weight" = "Weight" | fill_down("Name")
$map$),
('magento',
'Products exported from Magento 2 or Adobe Commerce. Simple products are loaded, including those of configurable products; configurable, grouped and bundled ones, translations and disabled products are skipped.',
'The list "categories": from the category paths of the file to ours. Images are paths without an address, and the unit of weights is a setting of the shop: in a copy of the map, add image_url with the address of the shop, and weight_kg with its factor.',
$map$# Products exported from Magento 2 or Adobe Commerce.
mode upsert
skip when "store_view_code" is not blank                        # a translation of the row above
skip when "product_type" is "configurable"                      # its variants are rows of their own
skip when "product_type" is "grouped"
skip when "product_type" is "bundle"
skip when "product_online" is "2"                               # disabled
ignore others

sku = "sku"
vendor_product_id = "sku"
product_name = "name"
category = "categories" | first_of(",") | values(categories) | category_path("/")
description = "description" | strip_html | html_entities
price = "price" | decimals(2)                                   # 34.000000
compare_at_price = "msrp_price" | decimals(2) | blank_zero
stock_quantity = "qty" | decimals(0) | at_least(0)              # 100.0000
# image_url = "base_image" | prefix("https://shop.example/media/catalog/product")
# weight_kg = "weight" | factor(0.45359237) | decimals(2) | blank_zero                          # pounds

attribute "additional_attributes" = "additional_attributes"
attribute "base_image" = "base_image"
attribute "country_of_manufacture" = "country_of_manufacture"
attribute "special_price" = "special_price" | decimals(2)
attribute "special_price_from" = "special_price_from_date"
attribute "special_price_to" = "special_price_to_date"
attribute "weight" = "weight"
$map$),
('prestashop',
'The product list exported from PrestaShop, whose price includes tax, or a file in the layout of its import, whose price may exclude it. Inactive products are skipped.',
'The list "categories": from the category names of the file to ours. Every product needs a reference. The product list has no descriptions, brands or weights. Combinations are exported to a separate file, without names and categories. For weights in a unit other than kg: change the line in a copy of the map.',
$map$# PrestaShop: the exported product list, or a file in the layout of the import.
# Both have semicolons, and numbers with six decimals.
mode upsert
skip when "Active (0/1)" is "0"
ignore others                                                   # also the wholesale price

sku = "Reference" or "Reference #"
vendor_product_id = "Product ID" or "ID"
product_name = "Name"
category = "Category" or "Categories (x,y,z...)" | values(categories) | first_of(",") | values(categories)
description = "Description" | strip_html | html_entities
brand = "Manufacturer" or "Brand"
price = "Price (tax incl.)" or "Price tax included" or "Price (tax excl.)" or "Price tax excluded" | strip_currency | thousands(" ") | decimal_comma | decimals(2)
stock_quantity = "Quantity" | default(0) | at_least(0)
weight_kg = "Weight" | decimals(2) | blank_zero
image_url = "Image" or "Image URLs (x,y,z...)" | first_of(",")

attribute "barcode" = "EAN13"
attribute "tags" = "Tags (x,y,z...)"
$map$),
('odoo',
'Product variants exported from Odoo, as CSV or workbook, with the headings of the English interface. Services are skipped.',
'The list "categories": from the category paths of the file to ours. The list "units": from the units of measure of the file to ours. Every variant needs an internal reference; export the quantity on hand.',
$map$# Product variants exported from Odoo, with the headings of the English interface.
# Users choose the exported columns; those that are not named here become attributes.
mode upsert
skip when "Product Type" is "Service"
ignore "Cost"

sku = "Internal Reference"
vendor_product_id = "External ID" or "ID" or "Internal Reference"
product_name = "Name"
category = "Product Category" or "Product Category/Complete Name" or "Product Category/Display Name" | values(categories) | category_path("/")
description = "Sales Description" | strip_html | html_entities
price = "Sales Price" | decimals(2)
stock_quantity = "Quantity On Hand" | decimals(0) | at_least(0)
unit = "Unit of Measure" or "Unit" | values(units)
weight_kg = "Weight" | decimals(2) | blank_zero

attribute "barcode" = "Barcode"
$map$),
('google-merchant',
'A product feed for Google Merchant Center as text: tab-separated, with the attribute names of the specification.',
'The list "categories": from the product types of the feed to ours. The list "availability": how many pieces in_stock, out_of_stock, preorder and backorder stand for, because feeds have no stock. Prices in another currency: in a copy of the map, add exchange to the price.',
$map$# A product feed for Google Merchant Center: a tab-separated text file with the attribute names of the
# specification. Columns that are not named here, such as gtin and color, become attributes.
mode upsert

sku = "id"
vendor_product_id = "id"
product_name = "title"
category = "product_type" or "google_product_category" | values(categories) | category_path(">")
description = "description" | strip_html | html_entities
brand = "brand"
price = "price" | strip_currency                                # 15.00 USD
stock_quantity = "quantity" or "sell_on_google_quantity" or "availability" | values(availability)
image_url = "image_link"
$map$),
('amazon',
'An Amazon flat file (Flat.File, with names such as item_sku in its third row) as tab-separated text or workbook. Parent rows are skipped; Update, PartialUpdate and Delete are applied.',
'The list "categories": from the item types of the file to ours.',
$map$# An Amazon flat file: the first row describes the template, the second has labels in the language of
# the marketplace, the third has the names that are used here.
header "item_sku"
mode upsert
skip when "parent_child" is "parent"                            # not for sale itself
ignore others

onboard_action = "update_delete" | lower | replace("partialupdate", "update")
sku = "item_sku"
vendor_product_id = "item_sku"
product_name = "item_name"
category = "item_type" or "item_type_name" or "feed_product_type" | values(categories) | category_path
description = "product_description" | strip_html | html_entities
brand = "brand_name"
price = "standard_price"
compare_at_price = "list_price" or "list_price_with_tax" | blank_zero
stock_quantity = "quantity"
image_url = "main_image_url"

attribute "barcode" = "external_product_id"
attribute "parent_sku" = "parent_sku"
attribute "bullet_point1" = "bullet_point1"
attribute "bullet_point2" = "bullet_point2"
attribute "bullet_point3" = "bullet_point3"
attribute "bullet_point4" = "bullet_point4"
attribute "bullet_point5" = "bullet_point5"
attribute "color" = "color_name"
attribute "size" = "size_name"
attribute "scent" = "scent_name"
attribute "material" = "material_type"
attribute "country_of_origin" = "country_of_origin"
attribute "shipping_weight" = "website_shipping_weight"
attribute "shipping_weight_unit" = "website_shipping_weight_unit_of_measure"
$map$),
('mirakl-offers',
'Offers in the layout of Mirakl: prices and stock of products that exist, found by their SKU. Offers of used goods are skipped; update and delete are applied.',
'The products, loaded before with the same SKUs: an offer has no name, category or description.',
$map$# Offers in the layout of Mirakl. They change products that exist; a discount with dates is left out.
mode update
match sku
skip when "state" is "1"                                        # used, as new; 11 is new
skip when "state" is "2"
skip when "state" is "3"
skip when "state" is "4"
skip when "state" is "5"                                        # collectible
skip when "state" is "6"
skip when "state" is "7"
skip when "state" is "8"
skip when "state" is "10"                                       # refurbished
ignore "description"                                            # that of the offer, not of the product
ignore others

sku = "sku"
price = "price" | decimal_comma
stock_quantity = "quantity"
onboard_action = "update-delete"
$map$);

--
-- Life of an upload
--

CREATE FUNCTION onboard.seconds_since(moment timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) moment))::bigint, 0);
END;
COMMENT ON FUNCTION onboard.seconds_since(timestamptz) IS 'Whole seconds since a moment; 0 for null';

CREATE FUNCTION onboard.utc_text(moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', moment), 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
END;
COMMENT ON FUNCTION onboard.utc_text(timestamptz) IS 'A time in UTC as text for programs, to the second; null for null';

CREATE FUNCTION onboard.may_retry(failure_code text) RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_may_retry';
COMMENT ON FUNCTION onboard.may_retry(text) IS
	'True if this failure code is for a reason outside the file, so that the same file may be retried; false for null, '
	'the code of a file without a valid row';

CREATE FUNCTION @extschema@.onboard_begin_upload(vendor_id text, file_name text, source text DEFAULT NULL,
	content_id text DEFAULT NULL, total_records bigint DEFAULT NULL, metadata jsonb DEFAULT '{}', again boolean DEFAULT true,
	mode text DEFAULT NULL, match text DEFAULT NULL, blank text DEFAULT 'clear', source_time timestamptz DEFAULT NULL,
	columns text[] DEFAULT NULL, map_name text DEFAULT NULL, map_hash text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_begin_upload';
COMMENT ON FUNCTION @extschema@.onboard_begin_upload(text, text, text, text, bigint, jsonb, boolean, text, text, text, timestamptz,
	text[], text, text) IS
	'Opens an upload and returns its id; the same vendor and content, applied in the same way, return the same upload; '
	'one that failed for a reason outside the file only if again is false; keeps the map as it is, which must still have '
	'the given hash';

CREATE FUNCTION @extschema@.onboard_upload_mode(vendor_id text, mode text DEFAULT NULL)
RETURNS text
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_upload_mode';
COMMENT ON FUNCTION @extschema@.onboard_upload_mode(text, text) IS
	'The mode that an upload of the vendor would have: the given one, or the vendor''s default';

CREATE FUNCTION @extschema@.onboard_begin_parse(upload_id text)
RETURNS onboard.upload_history
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_begin_parse';
COMMENT ON FUNCTION @extschema@.onboard_begin_parse(text) IS
	'Counts an attempt to read the file in parse_attempts, unless the upload has ended; returns the upload''s row';

CREATE FUNCTION @extschema@.onboard_describe_upload(upload_id text, total_records bigint DEFAULT NULL, metadata jsonb DEFAULT NULL,
	columns text[] DEFAULT NULL)
RETURNS onboard.upload_history
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_describe_upload';
COMMENT ON FUNCTION @extschema@.onboard_describe_upload(text, bigint, jsonb, text[]) IS
	'Records the total, metadata and columns found after the upload began, unless it has ended; returns the upload''s row';

CREATE FUNCTION @extschema@.onboard_save_checkpoint(upload_id text, byte_offset bigint, row_number bigint, line_number bigint,
	state jsonb DEFAULT '{}')
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_save_checkpoint';
COMMENT ON FUNCTION @extschema@.onboard_save_checkpoint(text, bigint, bigint, bigint, jsonb) IS
	'Records how far a file was read, in the transaction of its rows: the next record begins at that byte and line, '
	'after that row; false if it was read as far before or the upload has ended';

CREATE FUNCTION @extschema@.onboard_finish_upload(upload_id text, total_records bigint DEFAULT NULL)
RETURNS onboard.upload_history
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_finish_upload';
COMMENT ON FUNCTION @extschema@.onboard_finish_upload(text, bigint) IS
	'Sets the total if it was not known, ends the upload once all its rows are judged, and returns the upload''s row';

CREATE FUNCTION @extschema@.onboard_reject_upload(upload_id text, code text, message text)
RETURNS onboard.upload_history
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_reject_upload';
COMMENT ON FUNCTION @extschema@.onboard_reject_upload(text, text, text) IS 'Fails an upload that has not ended, with a code, and takes back what it did to products';

CREATE FUNCTION @extschema@.onboard_cancel_upload(upload_id text)
RETURNS onboard.upload_history
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_cancel_upload';
COMMENT ON FUNCTION @extschema@.onboard_cancel_upload(text) IS 'Cancels an upload that has not ended: it fails with CANCELLED, and what it did to products is taken back';

CREATE FUNCTION @extschema@.onboard_undo_upload(upload_id text, dry_run boolean DEFAULT false,
	OUT removed bigint, OUT restored bigint, OUT kept bigint)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_undo_upload';
COMMENT ON FUNCTION @extschema@.onboard_undo_upload(text, boolean) IS
	'Takes back what an ended upload did: removes the products that it inserted, restores those that it changed or '
	'discontinued, and keeps those that were changed since; returns how many; with dry_run, changes nothing';

CREATE FUNCTION @extschema@.onboard_undo_plan(upload_id text,
	OUT product_id bigint, OUT sku text, OUT step text, OUT reason text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_undo_plan';
COMMENT ON FUNCTION @extschema@.onboard_undo_plan(text) IS
	'What onboard_undo_upload() would do to each product: remove, restore, or keep and why; changes nothing';

CREATE FUNCTION @extschema@.onboard_held(vendor_id text DEFAULT NULL, upload_id text DEFAULT NULL,
	OUT upload_id text, OUT vendor_id text, OUT row_number bigint, OUT line_number bigint, OUT product_id bigint,
	OUT cause text, OUT current_value text, OUT new_value text, OUT held_at timestamptz)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT h.upload_id, h.vendor_id, coalesce(h.row_number, 0), h.line_number, h.product_id, h.cause, h.current_value,
		h.new_value, h.created_at
	FROM onboard.held_rows h
	WHERE h.outcome OPERATOR(pg_catalog.=) 'waiting'
		AND (onboard_held.vendor_id IS NULL OR h.vendor_id OPERATOR(pg_catalog.=) onboard_held.vendor_id)
		AND (onboard_held.upload_id IS NULL OR h.upload_id OPERATOR(pg_catalog.=) onboard_held.upload_id)
	ORDER BY h.created_at, h.held_id;
END;
COMMENT ON FUNCTION @extschema@.onboard_held(text, text) IS
	'Rows that wait for approval, as the caller sees them, oldest first: all, or those of a vendor or an upload; row 0 '
	'is the last step of an upload with mode replace';

CREATE FUNCTION @extschema@.onboard_approve_rows(upload_id text, rows bigint[] DEFAULT NULL,
	OUT row_number bigint, OUT outcome text, OUT reason text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_approve_rows';
COMMENT ON FUNCTION @extschema@.onboard_approve_rows(text, bigint[]) IS
	'Applies held rows of an ended upload, all or those with these numbers (0 for the last step of a replace), to the '
	'products as they are now; returns what became of each: applied, superseded, or refused and why';

CREATE FUNCTION @extschema@.onboard_decline_rows(upload_id text, rows bigint[] DEFAULT NULL)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_decline_rows';
COMMENT ON FUNCTION @extschema@.onboard_decline_rows(text, bigint[]) IS
	'Declines held rows of an ended upload, all or those with these numbers; returns how many of them waited';

CREATE FUNCTION @extschema@.onboard_sweep_uploads(older_than interval DEFAULT '24 hours')
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_sweep_uploads';
COMMENT ON FUNCTION @extschema@.onboard_sweep_uploads(interval) IS
	'Fails uploads that made no progress for the given time with PROCESSING_ABANDONED; keeps their verdicts; returns '
	'how many';

CREATE FUNCTION @extschema@.onboard_sweep_uploads(older_than interval, revivals integer)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_sweep_uploads';
COMMENT ON FUNCTION @extschema@.onboard_sweep_uploads(interval, integer) IS 'The same, only for uploads that were already retried at least that many times';

CREATE FUNCTION @extschema@.onboard_lock_sweeper() RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_lock_sweeper';
COMMENT ON FUNCTION @extschema@.onboard_lock_sweeper() IS 'Makes this transaction the only sweeper until it ends; false if another transaction is sweeping';

CREATE FUNCTION @extschema@.onboard_claim_stalled(older_than interval, max_revivals integer, max integer DEFAULT 10,
	OUT upload_id text, OUT vendor_id text, OUT file_name text, OUT source text, OUT content_id text,
	OUT metadata jsonb, OUT revivals integer)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_claim_stalled';
COMMENT ON FUNCTION @extschema@.onboard_claim_stalled(interval, integer, integer) IS
	'Leases stalled uploads (begun by a parser, no progress for the given time) to be parsed again, each at most '
	'the given number of times between two judged rows; commit, then parse';

CREATE FUNCTION @extschema@.onboard_renew_events(older_than interval, max integer DEFAULT 100)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_renew_events';
COMMENT ON FUNCTION @extschema@.onboard_renew_events(interval, integer) IS
	'Writes another upload_ended event for uploads that ended in the last 7 days, are still not reported, made no '
	'progress for the given time, are not being reported and have no such event left; returns how many';

CREATE FUNCTION @extschema@.onboard_note_items(upload_id text, missed bigint DEFAULT 0)
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_note_items';
COMMENT ON FUNCTION @extschema@.onboard_note_items(text, bigint) IS
	'Notes that rows of the upload are kept outside the database as items, and how many of these missed their verdict; '
	'call it before the first is written; false if there is no such upload';

CREATE FUNCTION @extschema@.onboard_claim_item_checks(older_than interval, max integer DEFAULT 10, upload_id text DEFAULT NULL,
	OUT upload_id text, OUT version bigint, OUT is_last boolean)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_claim_item_checks';
COMMENT ON FUNCTION @extschema@.onboard_claim_item_checks(interval, integer, text) IS
	'Leases checks of items for the given time: of uploads with missed verdicts, and of those that ended longer ago than '
	'that; or the check of one upload at any time; is_last if the upload ended that long ago';

CREATE FUNCTION @extschema@.onboard_end_item_check(upload_id text, version bigint, missed bigint, is_last boolean)
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_end_item_check';
COMMENT ON FUNCTION @extschema@.onboard_end_item_check(text, bigint, bigint, boolean) IS
	'Records how many items a check left without their verdict; removes the check if there are none and is_last is true; '
	'false, changing nothing, if the check was claimed or noted again meanwhile';

CREATE FUNCTION @extschema@.onboard_find_upload(vendor_id text, content_id text)
RETURNS text
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_find_upload';
COMMENT ON FUNCTION @extschema@.onboard_find_upload(text, text) IS
	'The id of the latest upload begun for this content, whatever its mode; null if there is none';

CREATE FUNCTION @extschema@.onboard_claim_listing(source text, pause interval, lease interval,
	OUT watched_since timestamptz, OUT key_marker text, OUT version_marker text, OUT idle_seconds bigint)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_claim_listing';
COMMENT ON FUNCTION @extschema@.onboard_claim_listing(text, interval, interval) IS
	'Leases the listing of a bucket and returns where it continues; a new pass begins this long after the beginning of '
	'the previous one; no row if it is leased or not due';

CREATE FUNCTION @extschema@.onboard_save_listing(source text, key_marker text, version_marker text, is_running boolean,
	release boolean)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_save_listing';
COMMENT ON FUNCTION @extschema@.onboard_save_listing(text, text, text, boolean, boolean) IS
	'Records how far a leased listing has come and whether its pass is still running, and ends the lease if release is true';

CREATE FUNCTION @extschema@.onboard_backlog(OUT name text, OUT value bigint)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT v.name, v.value
	FROM (SELECT pg_catalog.count(*) AS processing,
				pg_catalog.count(*) FILTER (WHERE u.total_records IS NULL) AS without_total,
				pg_catalog.count(*) FILTER (WHERE u.revivals OPERATOR(pg_catalog.>) 0) AS revived,
				pg_catalog.min(u.updated_at) AS oldest
			FROM onboard.upload_history u WHERE u.status OPERATOR(pg_catalog.=) 'processing') p
		CROSS JOIN (SELECT pg_catalog.count(*) AS unreported, pg_catalog.min(u.processing_completed_at) AS oldest
			FROM onboard.upload_history u
			WHERE u.status OPERATOR(pg_catalog.<>) 'processing' AND NOT u.metadata OPERATOR(pg_catalog.?) 'reported_at'
				AND u.processing_completed_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) '7 days'::interval)) r
		CROSS JOIN (SELECT pg_catalog.count(*) AS events, pg_catalog.min(o.created_at) AS oldest FROM onboard.outbox o) e
		CROSS JOIN (SELECT coalesce(pg_catalog.sum(c.missed), 0)::bigint AS missed FROM onboard.item_checks c) i
		CROSS JOIN (SELECT pg_catalog.count(*) AS waiting, pg_catalog.min(w.created_at) AS oldest
			FROM onboard.held_rows w WHERE w.outcome OPERATOR(pg_catalog.=) 'waiting') h
		CROSS JOIN LATERAL (VALUES
			(1, 'uploads_processing', p.processing),
			(2, 'uploads_without_total', p.without_total),
			(3, 'uploads_revived', p.revived),
			(4, 'uploads_oldest_seconds', onboard.seconds_since(p.oldest)),
			(5, 'uploads_unreported', r.unreported),
			(6, 'unreported_oldest_seconds', onboard.seconds_since(r.oldest)),
			(7, 'events_waiting', e.events),
			(8, 'events_oldest_seconds', onboard.seconds_since(e.oldest)),
			(9, 'items_missed', i.missed),
			(10, 'held_waiting', h.waiting),
			(11, 'held_oldest_seconds', onboard.seconds_since(h.oldest))) v (position, name, value)
	ORDER BY v.position;
END;
COMMENT ON FUNCTION @extschema@.onboard_backlog() IS
	'Work in progress, as the caller sees it: uploads processing, uploads that ended in the last 7 days and are not '
	'reported, events not acknowledged, rows held for approval, each with the age of the oldest in seconds, 0 if there '
	'is none; items that missed their verdict';

CREATE FUNCTION onboard.success_rate(valid bigint, total bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- div() truncates without rounding first, so the result is 100.0 only if all are valid.
	SELECT CASE WHEN total OPERATOR(pg_catalog.>) 0
		THEN pg_catalog.round(pg_catalog.div(coalesce(valid, 0)::numeric OPERATOR(pg_catalog.*) 1000::numeric, total::numeric)
				OPERATOR(pg_catalog./) 10::numeric, 1)
		ELSE 0.0 END;
END;
COMMENT ON FUNCTION onboard.success_rate(bigint, bigint) IS
	'Percentage of valid rows: one decimal, rounded down, 100.0 only when all are valid, 0.0 for no rows';

--
-- Outbox
--

CREATE FUNCTION @extschema@.onboard_claim_events(max integer DEFAULT 10, lease interval DEFAULT '5 minutes',
	OUT event_id bigint, OUT kind text, OUT upload_id text, OUT vendor_id text, OUT payload jsonb,
	OUT attempt integer, OUT token uuid)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_claim_events';
COMMENT ON FUNCTION @extschema@.onboard_claim_events(integer, interval) IS
	'Leases at most the given number of events to the caller; commit, process them, then acknowledge them; an event is '
	'leased again when its lease expires; the order is not guaranteed';

CREATE FUNCTION @extschema@.onboard_claim_events(max integer, lease interval, upload_id text,
	OUT event_id bigint, OUT kind text, OUT upload_id text, OUT vendor_id text, OUT payload jsonb,
	OUT attempt integer, OUT token uuid)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_claim_events';
COMMENT ON FUNCTION @extschema@.onboard_claim_events(integer, interval, text) IS
	'The same for the events of one upload, for a client that has just written some';

CREATE FUNCTION @extschema@.onboard_ack_events(event_ids bigint[], token uuid)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_ack_events';
COMMENT ON FUNCTION @extschema@.onboard_ack_events(bigint[], uuid) IS 'Removes processed events that are still leased under this token; returns how many';

CREATE FUNCTION @extschema@.onboard_claim_report(upload_id text, lease interval)
RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_claim_report';
COMMENT ON FUNCTION @extschema@.onboard_claim_report(text, interval) IS
	'Leases the report of an ended upload to the caller and returns the lease''s token; null if it was reported or is '
	'leased; commit, then notify the vendor, then record the report';

CREATE FUNCTION @extschema@.onboard_release_report(upload_id text, token uuid)
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_release_report';
COMMENT ON FUNCTION @extschema@.onboard_release_report(text, uuid) IS
	'Ends the lease with this token, so that another reporter need not wait for its end; false if there is none';

CREATE FUNCTION @extschema@.onboard_record_report(upload_id text, error_key text, fix_key text, workbook_key text DEFAULT NULL)
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_record_report';
COMMENT ON FUNCTION @extschema@.onboard_record_report(text, text, text, text) IS
	'Records that an ended upload was reported and where its report files are (null for no file), and ends a lease on '
	'the report; false, and no change, if that was recorded before';

CREATE FUNCTION @extschema@.onboard_report_due(upload_id text,
	OUT vendor_id text, OUT status text, OUT valid_records bigint, OUT error_records bigint, OUT due boolean,
	OUT leased boolean)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT u.vendor_id, u.status, u.valid_records, u.error_records,
		u.status OPERATOR(pg_catalog.<>) 'processing' AND NOT u.metadata OPERATOR(pg_catalog.?) 'reported_at',
		coalesce(u.report_lease_until OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp(), false)
	FROM onboard.upload_history u
	WHERE u.upload_id OPERATOR(pg_catalog.=) onboard_report_due.upload_id;
END;
COMMENT ON FUNCTION @extschema@.onboard_report_due(text) IS
	'Whether an upload has ended but is not reported, to whom, and whether a reporter is at work; no row if '
	'there is no such upload';

--
-- Texts for vendors.  They are rows, so that a marketplace can change wording and
-- languages.  A text may have placeholders in braces, which values replace once.
--

CREATE FUNCTION onboard.text_of(language text, name text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	languages text[] := ARRAY[text_of.language, split_part(text_of.language, '-', 1), 'en'];
BEGIN
	RETURN (SELECT t.text
		FROM (SELECT m.language, m.text, 1 AS place FROM onboard.mail_texts m WHERE m.name = text_of.name
			UNION ALL
			SELECT s.language, s.text, 2 FROM onboard.shipped_texts s WHERE s.name = text_of.name) t
		WHERE t.language = ANY (languages)
		ORDER BY array_position(languages, t.language), t.place LIMIT 1);
END $$;
COMMENT ON FUNCTION onboard.text_of(text, text) IS
	'Text of this name in a language: the marketplace''s own, else the shipped one; else that of de for de-AT, else English; '
	'null if there is none';

CREATE FUNCTION onboard.filled_text(language text, name text, value jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Every second part was in braces.
	RETURN (SELECT string_agg(CASE WHEN p.number % 2 = 1 THEN p.part
			ELSE coalesce(filled_text.value ->> p.part, '{' || p.part || '}') END, '' ORDER BY p.number)
		FROM regexp_split_to_table(onboard.text_of(filled_text.language, filled_text.name), '[{}]')
			WITH ORDINALITY p (part, number));
END $$;
COMMENT ON FUNCTION onboard.filled_text(text, text, jsonb) IS
	'Text of this name in a language, with the members of value in place of its placeholders';

CREATE FUNCTION onboard.number_text(language text, number numeric) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN replace(to_char(number, 'FM999,999,999,999,999,990'), ',', onboard.text_of(language, 'format.group'));
END $$;
COMMENT ON FUNCTION onboard.number_text(text, numeric) IS 'Whole number as a language writes it';

CREATE FUNCTION onboard.percent_text(language text, number numeric) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN onboard.filled_text(language, 'format.percent', jsonb_build_object('number',
		replace(to_char(number, 'FM990.0'), '.', onboard.text_of(language, 'format.decimal'))));
END $$;
COMMENT ON FUNCTION onboard.percent_text(text, numeric) IS 'Percentage with one decimal as a language writes it';

CREATE FUNCTION onboard.counted_text(language text, name text, count bigint, value jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN onboard.filled_text(language, name || CASE WHEN count = 1 THEN '.one' ELSE '.other' END,
		jsonb_build_object('count', onboard.number_text(language, count)) || value);
END $$;
COMMENT ON FUNCTION onboard.counted_text(text, text, bigint, jsonb) IS
	'Text of this name in its form for one or for several';

CREATE FUNCTION onboard.place_text(language text, line_number bigint, row_number bigint) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN onboard.filled_text(language, CASE WHEN line_number IS NULL THEN 'place.row' ELSE 'place.line' END,
		jsonb_build_object('number', coalesce(line_number, row_number)));
END $$;
COMMENT ON FUNCTION onboard.place_text(text, bigint, bigint) IS
	'Where a row is in its file: its line, or its number if that is unknown';

CREATE FUNCTION onboard.cause_text(language text, error_type text, error_field text, message text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN coalesce(CASE WHEN error_field IS NOT NULL OR onboard.text_of(language, 'rule.' || error_type) !~ '[{]field[}]'
			THEN onboard.filled_text(language, 'rule.' || error_type, jsonb_build_object('field', error_field)) END,
		regexp_replace(message, '[[:cntrl:]]', ' ', 'g'));
END $$;
COMMENT ON FUNCTION onboard.cause_text(text, text, text, text) IS
	'What a vendor does about an error: the text about its rule, or its own message if there is none, as for a registered rule';

CREATE FUNCTION onboard.is_main_cause(affected bigint, judged bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT judged OPERATOR(pg_catalog.>=) 10
		AND (affected OPERATOR(pg_catalog.*) 10) OPERATOR(pg_catalog.>=) (judged OPERATOR(pg_catalog.*) 9);
END;
COMMENT ON FUNCTION onboard.is_main_cause(bigint, bigint) IS
	'True if a cause rejects nearly every row of a file, at least 90 % of 10 or more, and so is to be corrected first';

CREATE FUNCTION @extschema@.onboard_mail_template(language text DEFAULT 'en') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN E'# A name in brackets, then its text, up to the next name.  Blank lines around a text do not\n'
		'# count; lines that begin with # are skipped.  Words in braces are filled in.\n'
		|| (SELECT string_agg(format(E'\n[%s]\n%s\n', s.name, onboard.text_of(onboard_mail_template.language, s.name)), ''
				ORDER BY s.name)
			FROM onboard.shipped_texts s WHERE s.language = 'en');
END $$;
COMMENT ON FUNCTION @extschema@.onboard_mail_template(text) IS
	'All texts for vendors in a language, to be edited and passed to onboard_set_mail_template()';

CREATE FUNCTION onboard.check_mail_text(name text, text text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known text[] := ARRAY(SELECT r.found[1]
		FROM onboard.shipped_texts s, regexp_matches(s.text, '[{]([^{}]*)[}]', 'g') r (found)
		WHERE regexp_replace(s.name, '[.](one|other)$', '') = regexp_replace(check_mail_text.name, '[.](one|other)$', ''));
	wrong text;
BEGIN
	IF NOT EXISTS (SELECT FROM onboard.shipped_texts s WHERE s.name = check_mail_text.name) THEN
		RAISE EXCEPTION 'text "%" does not exist', name USING ERRCODE = 'invalid_parameter_value',
			HINT = 'onboard_mail_template() lists all names.';
	END IF;
	IF name ~ '^(subject|outcome|mail)[.]' THEN
		known := known || ARRAY['file', 'upload', 'vendor', 'vendor_id', 'rows', 'rate', 'accepted', 'rejected'];
	END IF;
	SELECT r.found[1] INTO wrong FROM regexp_matches(text, '[{]([^{}]*)[}]', 'g') r (found)
		WHERE r.found[1] <> ALL (known) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'text "%" has an unknown placeholder {%}', name, wrong USING ERRCODE = 'invalid_parameter_value',
			HINT = CASE WHEN known = '{}' THEN 'It has no placeholders.'
				ELSE format('It may have %s.', (SELECT string_agg(DISTINCT '{' || k.name || '}', ', ') FROM unnest(known) k (name))) END;
	END IF;
	IF char_length(text) > 10000 THEN
		RAISE EXCEPTION 'text "%" has more than 10000 characters', name USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF regexp_replace(text, '[{][^{}]*[}]', '', 'g') ~ '[{}]' THEN
		RAISE EXCEPTION 'text "%" has a brace that is not part of a placeholder', name USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF name ~ '^(link[.](workbook|fix|errors)|failure[.]details)$' AND text !~ '[{](link|message)[}]'
		OR name ~ '^(subject|format)[.]' AND (text = '' OR text ~ E'\n') THEN
		RAISE EXCEPTION '%', CASE WHEN name ~ '^(subject|format)[.]' THEN format('text "%s" must be one line that is not blank', name)
				ELSE format('text "%s" lacks its placeholder %s', name, CASE WHEN name ~ '^link' THEN '{link}' ELSE '{message}' END) END
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END $$;
COMMENT ON FUNCTION onboard.check_mail_text(text, text) IS
	'Raises an error unless there is a text of this name and the given one has suitable placeholders';

CREATE FUNCTION onboard.keep_mail_text_valid() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM onboard.check_mail_text(NEW.name, NEW.text);
	RETURN NEW;
END $$;
COMMENT ON FUNCTION onboard.keep_mail_text_valid() IS 'Trigger: refuses texts that onboard_set_mail_template() would refuse';
-- Not on insertion: a dump may have texts of an earlier version, and must still be restorable.
CREATE TRIGGER mail_texts_valid BEFORE UPDATE ON onboard.mail_texts
	FOR EACH ROW EXECUTE FUNCTION onboard.keep_mail_text_valid();
COMMENT ON TRIGGER mail_texts_valid ON onboard.mail_texts IS 'Refuses unsuitable texts';

CREATE FUNCTION @extschema@.onboard_set_mail_template(language text, template text, OUT name text, OUT change text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	entry record;
	shipped text;
BEGIN
	IF language !~ '^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$' THEN
		RAISE EXCEPTION 'language "%" is not a code such as en or de-AT', language USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF template IS NULL THEN
		RETURN QUERY DELETE FROM onboard.mail_texts m WHERE m.language = onboard_set_mail_template.language
			RETURNING m.name, 'reset';
		RETURN;
	END IF;
	FOR entry IN
		SELECT max(l.name) AS name,
			btrim(coalesce(string_agg(l.line, E'\n' ORDER BY l.number) FILTER (WHERE l.name IS NULL), ''), E' \t\n') AS text
		FROM (SELECT r.line, r.number, h.name, count(h.name) OVER (ORDER BY r.number) AS section
			FROM regexp_split_to_table(ltrim(template, U&'\FEFF'), E'\r?\n') WITH ORDINALITY r (line, number)
				CROSS JOIN LATERAL (SELECT substring(r.line, '^\[([A-Za-z0-9_.]+)\]\s*$')) h (name)
			WHERE NOT starts_with(r.line, '#')) l
		GROUP BY l.section
		HAVING l.section > 0 OR string_agg(l.line, '') ~ '\S'
		ORDER BY l.section
	LOOP
		IF entry.name IS NULL THEN
			RAISE EXCEPTION 'the template does not begin with the name of a text' USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Write the name in brackets on a line of its own, such as [mail.header].';
		END IF;
		PERFORM onboard.check_mail_text(entry.name, entry.text);
		CONTINUE WHEN entry.text = onboard.text_of(language, entry.name);
		name := entry.name;
		shipped := (SELECT s.text FROM onboard.shipped_texts s
			WHERE s.language = onboard_set_mail_template.language AND s.name = entry.name);
		IF entry.text = shipped THEN
			DELETE FROM onboard.mail_texts m WHERE m.language = onboard_set_mail_template.language AND m.name = entry.name;
			change := 'reset';
		ELSE
			INSERT INTO onboard.mail_texts AS m (language, name, text)
				VALUES (onboard_set_mail_template.language, entry.name, entry.text)
				ON CONFLICT ON CONSTRAINT mail_texts_pkey DO UPDATE SET text = EXCLUDED.text;
			change := 'changed';
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_set_mail_template(text, text) IS
	'Stores the texts that differ in an edited template; a null template restores all of the language as shipped; '
	'returns which texts changed';

INSERT INTO onboard.shipped_texts (language, name, text) VALUES
	('en', 'format.decimal', '.'),
	('en', 'format.group', ','),
	('en', 'format.percent', '{number}%'),
	('en', 'format.time', 'FMDD FMMonth YYYY, HH24:MI'),
	('en', 'mail.header', ''),
	('en', 'mail.footer', ''),
	('en', 'subject.accepted', 'Product Upload Complete - {file} ({rate} Success)'),
	('en', 'subject.corrections', 'Product Upload Complete - {file} ({rate} Success, {rejected} to Correct)'),
	('en', 'subject.approval', 'Product Upload Complete - {file} ({rate} Success, Approval Pending)'),
	('en', 'subject.corrections_approval', 'Product Upload Complete - {file} ({rate} Success, {rejected} to '
		'Correct, Approval Pending)'),
	('en', 'subject.none', 'Product Upload Failed - {file} (No Row Accepted)'),
	('en', 'subject.refused', 'Product Upload Failed - {file} (File Refused)'),
	('en', 'subject.interrupted', 'Product Upload Interrupted - {file} (Not All Rows Checked)'),
	('en', 'subject.cancelled', 'Product Upload Cancelled - {file}'),
	('en', 'subject.processing', 'Product Upload in Progress - {file}'),
	('en', 'outcome.accepted', 'Your file {file} was accepted completely: {rows}. There is nothing to correct.'),
	('en', 'outcome.corrections', 'Your file {file} was checked: {accepted} of {rows} accepted, {rejected} rejected. '
		'The rejected rows changed nothing in the catalogue.'),
	('en', 'outcome.approval', 'Your file {file} was checked, and no row was rejected. Part of it waits for '
		'approval by the marketplace; you need not do anything.'),
	('en', 'outcome.none', 'Your file {file} was checked, and no row could be accepted: {rows} rejected. The '
		'catalogue is as it was before.'),
	('en', 'outcome.refused', 'Your file {file} was refused; nothing from it was loaded.'),
	('en', 'outcome.interrupted', 'The processing of your file {file} ended early.'),
	('en', 'outcome.cancelled', 'The processing of your file {file} was cancelled; nothing from it is left in the '
		'catalogue.'),
	('en', 'outcome.processing', 'Your file {file} is being processed.'),
	('en', 'skipped.one', '{count} row was skipped, because it is not a product according to the column map for your files.'),
	('en', 'skipped.other', '{count} rows were skipped, because they are not products according to the column map for your files.'),
	('en', 'failure.details', 'Details: {message} ({code})'),
	('en', 'failure.code', 'Reason: {code}'),
	('en', 'causes.main', 'One fault affects {affected} of {rows}. Correct it first:'),
	('en', 'causes.first', 'What to correct first:'),
	('en', 'causes.others', 'Other faults:'),
	('en', 'causes.more.one', '(and {count} other fault)'),
	('en', 'causes.more.other', '(and {count} other faults)'),
	('en', 'cause.heading.one', '{rows}, in {place}:'),
	('en', 'cause.heading.other', '{rows}, first in {place}:'),
	('en', 'cause.suggestion', 'Suggestion for {place}: {suggestion}'),
	('en', 'place.line', 'line {number}'),
	('en', 'place.row', 'row {number}'),
	('en', 'rows.one', '{count} row'),
	('en', 'rows.other', '{count} rows'),
	('en', 'held.heading', 'Waiting for approval by the marketplace:'),
	('en', 'held.price.one', '{rows} with a price far from that of the product, in {place}'),
	('en', 'held.price.other', '{rows} with a price far from that of the product, first in {place}'),
	('en', 'held.sold_out.one', '{rows} with a stock of 0, after many other such rows, in {place}'),
	('en', 'held.sold_out.other', '{rows} with a stock of 0, after many other such rows, first in {place}'),
	('en', 'held.unnamed_records', 'Discontinuing {count} of your {products} products, because no row names them: '
		'some rows do not identify their product'),
	('en', 'held.discontinue_share', 'Discontinuing {count} of your {products} products, because no row names them: '
		'this is an unusually large share'),
	('en', 'todo.links', 'Please correct the rejected rows in the linked file and send it again.'),
	('en', 'todo.files', 'Please correct the rejected rows in the file {file} and send it again.'),
	('en', 'todo.rows', 'Please correct the rejected rows and send them again.'),
	('en', 'todo.accepted', 'You need not send the accepted rows again.'),
	('en', 'link.workbook', 'Workbook to correct: {link}'),
	('en', 'link.fix', 'Fix file: {link}'),
	('en', 'link.errors', 'Error report: {link}'),
	('en', 'link.until.one', 'The link works until {time} UTC.'),
	('en', 'link.until.other', 'The links work until {time} UTC.'),
	('en', 'categories.heading', 'Products by category:'),
	('en', 'categories.line', '{category}: {count}'),
	('en', 'categories.more', 'in other categories: {count}'),
	('en', 'facts.upload', 'Upload: {upload}'),
	('en', 'facts.file', 'File: {file}'),
	('en', 'facts.rows', 'Rows: {count}'),
	('en', 'facts.checked', 'Checked rows: {checked} of {total}'),
	('en', 'facts.checked_so_far', 'Checked rows: {checked}'),
	('en', 'facts.accepted', 'Accepted rows: {accepted} ({rate})'),
	('en', 'facts.rejected', 'Rejected rows: {rejected} ({rate})'),
	('en', 'facts.accepted_so_far', 'Accepted rows: {accepted}, now in the catalogue'),
	('en', 'facts.rejected_so_far', 'Rejected rows: {rejected}'),
	('en', 'facts.inserted', 'New products: {count}'),
	('en', 'facts.updated', 'Changed products: {count}'),
	('en', 'facts.unchanged', 'Unchanged products: {count}'),
	('en', 'facts.stale', 'Older than the catalogue: {count}'),
	('en', 'facts.held', 'Held for approval: {count}'),
	('en', 'facts.discontinued', 'Discontinued products: {count}'),
	('en', 'facts.discontinued_missing', 'Discontinued because no row names them: {count}'),
	('en', 'facts.status', 'Status: {status}'),
	('en', 'status.processing', 'processing'),
	('en', 'status.completed', 'completed'),
	('en', 'status.partial', 'partial'),
	('en', 'status.failed', 'failed'),
	('en', 'rule.MISSING_REQUIRED_FIELDS', 'Column {field} is empty, but every product needs it. Fill in the cell.'),
	('en', 'wrong.MISSING_REQUIRED_FIELDS', 'an empty cell in column price'),
	('en', 'right.MISSING_REQUIRED_FIELDS', '39.90'),
	('en', 'rule.INVALID_PRICE', 'The value in column {field} is not a price that we can read, or it is out of '
		'range. Write digits with a point before the cents, without currency sign and thousands separators, such '
		'as 1299.00.'),
	('en', 'wrong.INVALID_PRICE', '$1,299.00'),
	('en', 'right.INVALID_PRICE', '1299.00'),
	('en', 'rule.INVALID_STOCK', 'The value in column {field} is not a stock that we can read, or it is out of '
		'range. Write a whole number without unit and separators, such as 120; 0 means sold out.'),
	('en', 'wrong.INVALID_STOCK', '1,200 pcs'),
	('en', 'right.INVALID_STOCK', '1200'),
	('en', 'rule.FIELD_LENGTH_EXCEEDED', 'The text in column {field} is too long. Shorten it; the error report says '
		'how long it may be.'),
	('en', 'wrong.FIELD_LENGTH_EXCEEDED', 'a product name of 250 characters'),
	('en', 'right.FIELD_LENGTH_EXCEEDED', 'a product name of at most 200 characters'),
	('en', 'rule.INVALID_CATEGORY', 'The category is not one of ours. Use a name from our list of categories, '
		'exactly as it is written there.'),
	('en', 'wrong.INVALID_CATEGORY', 'Kitchn'),
	('en', 'right.INVALID_CATEGORY', 'Kitchen'),
	('en', 'rule.DUPLICATE_SKU', 'The SKU is taken: another row of the file or another product in the catalogue has '
		'it. Give each product an SKU of its own, and remove rows that you have sent before.'),
	('en', 'wrong.DUPLICATE_SKU', 'KETTLE-2L in line 2 and in line 7'),
	('en', 'right.DUPLICATE_SKU', 'KETTLE-2L-RED in line 2, KETTLE-2L-BLUE in line 7'),
	('en', 'rule.DUPLICATE_VENDOR_PRODUCT_ID', 'Your product number in column {field} is taken: another row of the '
		'file or another of your products has it. Give each product a number of its own, and remove rows that you '
		'have sent before.'),
	('en', 'wrong.DUPLICATE_VENDOR_PRODUCT_ID', 'A-100 in line 2 and in line 7'),
	('en', 'right.DUPLICATE_VENDOR_PRODUCT_ID', 'A-100 in line 2, A-101 in line 7'),
	('en', 'rule.INVALID_COMPARE_AT_PRICE', 'The value in column {field} is not a price that we can read, or it is '
		'below the price of the product. It is the former or recommended price; write it like 49.90, or leave the '
		'cell empty.'),
	('en', 'wrong.INVALID_COMPARE_AT_PRICE', '29.90 for a product that costs 39.90'),
	('en', 'right.INVALID_COMPARE_AT_PRICE', '49.90'),
	('en', 'rule.INVALID_WEIGHT', 'The value in column {field} is not a weight in kilograms that we can read, or it '
		'is out of range. Write digits with a decimal point and no unit, such as 1.35, or leave the cell empty.'),
	('en', 'wrong.INVALID_WEIGHT', '1350 g'),
	('en', 'right.INVALID_WEIGHT', '1.35'),
	('en', 'rule.INVALID_IMAGE_URL', 'The value in column {field} is not the address of one image. Write one complete '
		'address that begins with https:// or http:// and contains no spaces, or leave the cell empty.'),
	('en', 'wrong.INVALID_IMAGE_URL', 'www.example.com/kettle.jpg'),
	('en', 'right.INVALID_IMAGE_URL', 'https://www.example.com/kettle.jpg'),
	('en', 'rule.INVALID_CHARACTERS', 'The value in column {field} contains invisible characters, or a spreadsheet '
		'has shortened it, as in 4.00639E+12. Format the column as text and type the value again, or copy it from '
		'your original.'),
	('en', 'wrong.INVALID_CHARACTERS', '4.00639E+12'),
	('en', 'right.INVALID_CHARACTERS', '4006390001235'),
	('en', 'rule.KEY_CHANGED_BY_SPREADSHEET', 'A spreadsheet has changed the value in column {field}, for example '
		'by removing leading zeros. Write the original value, which the suggestion shows, and format the column as '
		'text before you save the file.'),
	('en', 'wrong.KEY_CHANGED_BY_SPREADSHEET', '17'),
	('en', 'right.KEY_CHANGED_BY_SPREADSHEET', '00017'),
	('en', 'rule.INVALID_ACTION', 'The action in column {field} is not possible here. Leave the cell empty '
		'to insert or change the product; only a file that changes products may contain update or delete.'),
	('en', 'wrong.INVALID_ACTION', 'remove'),
	('en', 'right.INVALID_ACTION', 'delete'),
	('en', 'rule.UNKNOWN_PRODUCT', 'The product is not in the catalogue, so it cannot be changed. Check its product '
		'number or SKU, or send it as a new product.'),
	('en', 'wrong.UNKNOWN_PRODUCT', 'A-1O0, with the letter O'),
	('en', 'right.UNKNOWN_PRODUCT', 'A-100'),
	('en', 'rule.MALFORMED_ROW', 'The row cannot be divided into the columns of the header: it has too many or too '
		'few fields, a quotation mark is not closed, or it is too long. Put texts that contain the separator into '
		'quotation marks, or enter the row again with one cell per column.'),
	('en', 'wrong.MALFORMED_ROW', 'A-100,Kettle, red,39.90'),
	('en', 'right.MALFORMED_ROW', 'A-100,"Kettle, red",39.90'),
	('en', 'rule.EMPTY_ROW', 'The row is empty. Delete it, or fill it in.'),
	('en', 'wrong.EMPTY_ROW', ',,,,'),
	('en', 'right.EMPTY_ROW', 'no such row'),
	('en', 'rule.INVALID_ENCODING', 'The row contains characters that were damaged before they reached us. Restore '
		'the text from your original, and save the file in the format CSV UTF-8.'),
	('en', 'wrong.INVALID_ENCODING', 'K�che'),
	('en', 'right.INVALID_ENCODING', 'Küche'),
	('en', 'rule.REJECTED_BY_CATALOGUE', 'The catalogue does not accept the product, for a reason that the error '
		'report names. If that does not help you, please contact us.'),
	('en', 'wrong.REJECTED_BY_CATALOGUE', ''),
	('en', 'right.REJECTED_BY_CATALOGUE', ''),
	('en', 'failure.EMPTY_FILE', 'The file is empty. Check whether it was saved completely, and send it again.'),
	('en', 'failure.NO_ROWS', 'The file has column headings, but no rows below them. Add your products and send it '
		'again.'),
	('en', 'failure.NO_HEADER', 'We could not find the line with the column headings. Put our column names, such as '
		'sku and price, into the first line, and send the file again.'),
	('en', 'failure.MISSING_COLUMN', 'A column that we need is missing. Add it with exactly the name that the '
		'message gives, and send the file again.'),
	('en', 'failure.DUPLICATE_COLUMN', 'Two columns have the same name, so we cannot know which one is meant. '
		'Rename or delete one of them, and send the file again.'),
	('en', 'failure.FILE_TOO_LARGE', 'The file is too large. Split it into smaller files, each with the column '
		'headings, and send them one after another.'),
	('en', 'failure.TOO_MANY_ROWS', 'The file has too many rows. Split it into smaller files, each with the column '
		'headings, and send them one after another.'),
	('en', 'failure.NOT_TEXT', 'The file is neither a CSV file nor an Excel workbook that we can read. Save '
		'your table as an Excel workbook (.xlsx) without a password, or as CSV UTF-8, and send that file; '
		'renaming a file is not enough.'),
	('en', 'failure.UNREADABLE_FILE', 'The file is damaged or incomplete, or an archive that we cannot read. '
		'Open your table in the spreadsheet program, save it again, and send that file, without packing it '
		'together with others.'),
	('en', 'failure.UNSUPPORTED_ENCODING', 'The file is in a character encoding that we cannot read. Save it in the '
		'format CSV UTF-8, and send it again.'),
	('en', 'failure.WRONG_ENCODING', 'The file is not in the encoding that we expected, so letters such as é or ü could '
		'not be read. Save it in the format CSV UTF-8, and send it again.'),
	('en', 'failure.OTHER_VENDOR', 'The name of the file belongs to another vendor. Begin the file name with your '
		'own vendor number, and send the file again.'),
	('en', 'failure.VENDOR_NOT_ACTIVE', 'Your account is currently not active, so we do not process files. Please '
		'contact us, then send the file again.'),
	('en', 'failure.MODE_NOT_ALLOWED', 'Your account may not load files in the way this one asks for. Send it in the '
		'usual way, or contact us.'),
	('en', 'failure.INVALID_SETTING', 'A setting that was sent with the file is not valid. Correct it or leave it '
		'out, and send the file again.'),
	('en', 'failure.INVALID_SOURCE_TIME', 'The time in the name of the file, or the one sent with it, is not valid '
		'or lies in the future. Correct it, and send the file again.'),
	('en', 'failure.OBJECT_REPLACED', 'The file was replaced by a newer one while we read it. You need not do '
		'anything if the newer one is the right one.'),
	('en', 'failure.PROCESSING_ABANDONED', 'Not all rows could be checked; the fault is ours. Please contact us '
		'before you send the file again: what was accepted so far is already in the catalogue.'),
	('en', 'failure.CANCELLED', 'You or the marketplace stopped the processing. If that was a mistake, send the file '
		'again.'),
	('en', 'column.vendor_product_id', 'your own product number, unique among your products'),
	('en', 'column.product_name', 'name under which the product is sold'),
	('en', 'column.category', 'one of our categories, exactly as in the list'),
	('en', 'column.subcategory', 'narrower category, in your own words'),
	('en', 'column.description', 'text about the product'),
	('en', 'column.sku', 'number of the product on the marketplace, unique among all vendors'),
	('en', 'column.brand', 'brand or manufacturer'),
	('en', 'column.price', 'selling price'),
	('en', 'column.compare_at_price', 'former or recommended price, not below the price'),
	('en', 'column.stock_quantity', 'pieces in stock; 0 means sold out'),
	('en', 'column.unit', 'unit in which it is sold, such as piece, set or kg'),
	('en', 'column.weight_kg', 'weight in kilograms'),
	('en', 'column.dimensions_cm', 'length, width and height in centimetres'),
	('en', 'column.image_url', 'address of one image'),
	('en', 'page.title', 'How to send us a product file'),
	('en', 'page.file', E'Send your products as a table: one row for each product, column headings in the first row.\n\n'
		'- Save it as an Excel workbook (.xlsx) or as CSV; for CSV, choose the format "CSV UTF-8". Renaming a file '
		'does not change what it is.\n'
		'- Use the column names below. Their order does not matter, and neither do capital letters. Columns that '
		'we do not know do no harm.\n'
		'- Comma, semicolon, tab or bar may separate the columns. Put texts that contain the separator into '
		'quotation marks.\n'
		'- One row is one product: no title lines above the headings, no totals and no empty rows.'),
	('en', 'page.columns', 'The columns'),
	('en', 'page.columns.head', 'Column | Required | Contents | Limits | Example'),
	('en', 'page.yes', 'yes'),
	('en', 'page.no', 'no'),
	('en', 'page.limit.characters', 'at most {count} characters'),
	('en', 'page.limit.range', '{minimum} to {maximum}'),
	('en', 'page.limit.amount', '{minimum} to {maximum}, at most 2 decimal places'),
	('en', 'page.categories', 'The categories'),
	('en', 'page.spreadsheets', 'What a spreadsheet does to your values'),
	('en', 'page.spreadsheets.text', E'Excel, LibreOffice and others turn cells of a CSV file into numbers and dates, '
		'and do not save them as they were. Format the columns as text before you type or paste, or import the file '
		'with all columns as text (in Excel: Data, From Text/CSV).\n\n'
		'- Leading zeros vanish: 00017 becomes 17.\n'
		'- Long numbers become powers of ten: 4006390001235 becomes 4.00639E+12, and digits from the sixteenth on '
		'become zeros.\n'
		'- What looks like a date becomes one: 3-4 becomes a day in March or April.\n'
		'- A price is saved as it is shown: 1299 formatted as currency becomes $1,299.00. Format prices as plain '
		'numbers with a point.\n'
		'- A spreadsheet with German settings writes a comma in 12,50 and separates columns by semicolons. The '
		'semicolons do no harm; the comma must be a point.\n'
		'- Letters such as é, ü and € need the format CSV UTF-8. The plain format CSV damages them.\n'
		'- A cell that begins with = is a formula. Delete the sign, or put a space in front of it.'),
	('en', 'page.answer', 'What we answer'),
	('en', 'page.answer.text', E'We answer every file with an email. Good rows are in the catalogue at once, even if '
		'others are rejected. For the rejected rows you get:\n\n'
		'- a workbook (fix.xlsx) and a fix file (fix.csv): these rows in your own columns, with what is wrong beside '
		'them. Correct one of the two and send it. In a spreadsheet, use the workbook, in which all values stay as '
		'they are. Keep the additional columns, whose names begin with onboard_.\n'
		'- an error report (errors.csv): every error with its row, value and, where we can guess it, a suggestion.\n\n'
		'The same file sent again changes nothing. Send only the corrected rows.'),
	('en', 'page.rules', 'What the messages about rows mean'),
	('en', 'page.rules.head', 'Wrong | Right'),
	('en', 'page.failures', 'What the messages about a whole file mean'),
	('en', 'page.any_column', '…'),
	('en', 'note.required', 'Required'),
	('en', 'note.optional', 'Optional'),
	('en', 'sheet.products', 'Products'),
	('en', 'sheet.lists', 'Lists'),
	('de', 'format.decimal', ','),
	('de', 'format.group', '.'),
	('de', 'format.percent', '{number} %'),
	('de', 'format.time', 'DD.MM.YYYY, HH24:MI'),
	('de', 'mail.header', ''),
	('de', 'mail.footer', ''),
	('de', 'subject.accepted', 'Produktdatei angenommen - {file} ({rate} angenommen)'),
	('de', 'subject.corrections', 'Produktdatei teilweise angenommen - {file} ({rate} angenommen, {rejected} zu '
		'korrigieren)'),
	('de', 'subject.approval', 'Produktdatei angenommen - {file} ({rate} angenommen, Freigabe steht aus)'),
	('de', 'subject.corrections_approval', 'Produktdatei teilweise angenommen - {file} ({rejected} zu korrigieren, '
		'Freigabe steht aus)'),
	('de', 'subject.none', 'Produktdatei nicht angenommen - {file} (keine Zeile angenommen)'),
	('de', 'subject.refused', 'Produktdatei abgelehnt - {file} (nichts verarbeitet)'),
	('de', 'subject.interrupted', 'Verarbeitung vorzeitig beendet - {file} (nicht alle Zeilen verarbeitet)'),
	('de', 'subject.cancelled', 'Verarbeitung abgebrochen - {file}'),
	('de', 'subject.processing', 'Produktdatei wird verarbeitet - {file}'),
	('de', 'outcome.accepted', 'Ihre Datei {file} wurde vollständig angenommen: {rows}. Sie müssen nichts '
		'korrigieren.'),
	('de', 'outcome.corrections', 'Ihre Datei {file} wurde geprüft: {accepted} von {rows} angenommen, {rejected} '
		'abgelehnt. Die abgelehnten Zeilen haben im Katalog nichts geändert.'),
	('de', 'outcome.approval', 'Ihre Datei {file} wurde geprüft, und keine Zeile wurde abgelehnt. Ein Teil wartet '
		'noch auf die Freigabe durch den Marktplatz; Sie müssen nichts tun.'),
	('de', 'outcome.none', 'Ihre Datei {file} wurde geprüft, aber keine Zeile konnte angenommen werden: {rows} '
		'abgelehnt. Der Katalog ist unverändert.'),
	('de', 'outcome.refused', 'Ihre Datei {file} wurde abgelehnt; nichts daraus wurde übernommen.'),
	('de', 'outcome.interrupted', 'Die Verarbeitung Ihrer Datei {file} wurde vorzeitig beendet.'),
	('de', 'outcome.cancelled', 'Die Verarbeitung Ihrer Datei {file} wurde abgebrochen; im Katalog ist nichts davon '
		'geblieben.'),
	('de', 'outcome.processing', 'Ihre Datei {file} wird gerade verarbeitet.'),
	('de', 'skipped.one', '{count} Zeile wurde übersprungen, weil sie laut der Spaltenzuordnung für Ihre Dateien kein Artikel ist.'),
	('de', 'skipped.other', '{count} Zeilen wurden übersprungen, weil sie laut der Spaltenzuordnung für Ihre Dateien keine Artikel sind.'),
	('de', 'failure.details', 'Einzelheiten (auf Englisch): {message} ({code})'),
	('de', 'failure.code', 'Grund: {code}'),
	('de', 'causes.main', 'Ein Fehler betrifft {affected} von {rows}. Beheben Sie ihn zuerst:'),
	('de', 'causes.first', 'Bitte korrigieren Sie zuerst:'),
	('de', 'causes.others', 'Weitere Fehler:'),
	('de', 'causes.more.one', '(und {count} weiterer Fehler)'),
	('de', 'causes.more.other', '(und {count} weitere Fehler)'),
	('de', 'cause.heading.one', '{rows}, in {place}:'),
	('de', 'cause.heading.other', '{rows}, zuerst in {place}:'),
	('de', 'cause.suggestion', 'Vorschlag für {place}: {suggestion}'),
	('de', 'place.line', 'Zeile {number}'),
	('de', 'place.row', 'Datensatz {number}'),
	('de', 'rows.one', '{count} Zeile'),
	('de', 'rows.other', '{count} Zeilen'),
	('de', 'held.heading', 'Zur Freigabe durch den Marktplatz:'),
	('de', 'held.price.one', '{rows} mit einem Preis, der stark von dem des Artikels abweicht, in {place}'),
	('de', 'held.price.other', '{rows} mit einem Preis, der stark von dem des Artikels abweicht, zuerst in {place}'),
	('de', 'held.sold_out.one', '{rows} mit Bestand 0 nach vielen weiteren solchen Zeilen, in {place}'),
	('de', 'held.sold_out.other', '{rows} mit Bestand 0 nach vielen weiteren solchen Zeilen, zuerst in {place}'),
	('de', 'held.unnamed_records', 'Auslistung von {count} Ihrer {products} Artikel, weil sie in der Datei fehlen: '
		'Einige Zeilen lassen nicht erkennen, welchen Artikel sie meinen'),
	('de', 'held.discontinue_share', 'Auslistung von {count} Ihrer {products} Artikel, weil sie in der Datei fehlen: '
		'Der Anteil ist ungewöhnlich hoch'),
	('de', 'todo.links', 'Bitte korrigieren Sie die abgelehnten Zeilen in der verlinkten Datei und senden Sie diese '
		'erneut.'),
	('de', 'todo.files', 'Bitte korrigieren Sie die abgelehnten Zeilen in der Datei {file} und senden Sie diese '
		'erneut.'),
	('de', 'todo.rows', 'Bitte korrigieren Sie die abgelehnten Zeilen und senden Sie diese erneut.'),
	('de', 'todo.accepted', 'Die angenommenen Zeilen müssen Sie nicht noch einmal senden.'),
	('de', 'link.workbook', 'Arbeitsmappe zum Korrigieren: {link}'),
	('de', 'link.fix', 'Korrekturdatei: {link}'),
	('de', 'link.errors', 'Fehlerliste: {link}'),
	('de', 'link.until.one', 'Der Link ist bis {time} Uhr UTC gültig.'),
	('de', 'link.until.other', 'Die Links sind bis {time} Uhr UTC gültig.'),
	('de', 'categories.heading', 'Artikel je Kategorie:'),
	('de', 'categories.line', '{category}: {count}'),
	('de', 'categories.more', 'in weiteren Kategorien: {count}'),
	('de', 'facts.upload', 'Vorgang: {upload}'),
	('de', 'facts.file', 'Datei: {file}'),
	('de', 'facts.rows', 'Zeilen: {count}'),
	('de', 'facts.checked', 'Geprüfte Zeilen: {checked} von {total}'),
	('de', 'facts.checked_so_far', 'Geprüfte Zeilen: {checked}'),
	('de', 'facts.accepted', 'Angenommene Zeilen: {accepted} ({rate})'),
	('de', 'facts.rejected', 'Abgelehnte Zeilen: {rejected} ({rate})'),
	('de', 'facts.accepted_so_far', 'Angenommene Zeilen: {accepted}, bereits im Katalog'),
	('de', 'facts.rejected_so_far', 'Abgelehnte Zeilen: {rejected}'),
	('de', 'facts.inserted', 'Neue Artikel: {count}'),
	('de', 'facts.updated', 'Geänderte Artikel: {count}'),
	('de', 'facts.unchanged', 'Unveränderte Artikel: {count}'),
	('de', 'facts.stale', 'Älter als der Stand im Katalog: {count}'),
	('de', 'facts.held', 'Zur Freigabe zurückgehalten: {count}'),
	('de', 'facts.discontinued', 'Ausgelistete Artikel: {count}'),
	('de', 'facts.discontinued_missing', 'Ausgelistet, weil sie in der Datei fehlen: {count}'),
	('de', 'facts.status', 'Status: {status}'),
	('de', 'status.processing', 'in Verarbeitung'),
	('de', 'status.completed', 'abgeschlossen'),
	('de', 'status.partial', 'teilweise abgeschlossen'),
	('de', 'status.failed', 'fehlgeschlagen'),
	('de', 'rule.MISSING_REQUIRED_FIELDS', 'Die Spalte {field} ist leer, wird aber für jeden Artikel benötigt. '
		'Füllen Sie die Zelle aus.'),
	('de', 'wrong.MISSING_REQUIRED_FIELDS', 'leere Zelle in der Spalte price'),
	('de', 'right.MISSING_REQUIRED_FIELDS', '39.90'),
	('de', 'rule.INVALID_PRICE', 'Der Wert in der Spalte {field} ist kein lesbarer Preis oder liegt außerhalb des '
		'zulässigen Bereichs. Schreiben Sie nur Ziffern mit einem Punkt vor den Cent, ohne Währungszeichen und '
		'Tausendertrennzeichen, zum Beispiel 1299.00.'),
	('de', 'wrong.INVALID_PRICE', '1.299,00 €'),
	('de', 'right.INVALID_PRICE', '1299.00'),
	('de', 'rule.INVALID_STOCK', 'Der Wert in der Spalte {field} ist kein lesbarer Bestand oder liegt außerhalb des '
		'zulässigen Bereichs. Schreiben Sie eine ganze Zahl ohne Einheit und Trennzeichen, zum Beispiel 120; 0 '
		'bedeutet ausverkauft.'),
	('de', 'wrong.INVALID_STOCK', '1.200 Stück'),
	('de', 'right.INVALID_STOCK', '1200'),
	('de', 'rule.FIELD_LENGTH_EXCEEDED', 'Der Text in der Spalte {field} ist zu lang. Kürzen Sie ihn; die zulässige '
		'Länge steht in der Fehlerliste.'),
	('de', 'wrong.FIELD_LENGTH_EXCEEDED', 'ein Artikelname mit 250 Zeichen'),
	('de', 'right.FIELD_LENGTH_EXCEEDED', 'ein Artikelname mit höchstens 200 Zeichen'),
	('de', 'rule.INVALID_CATEGORY', 'Diese Kategorie gibt es bei uns nicht. Verwenden Sie einen Namen aus unserer '
		'Kategorienliste, genau so, wie er dort steht.'),
	('de', 'wrong.INVALID_CATEGORY', 'Kitchn'),
	('de', 'right.INVALID_CATEGORY', 'Kitchen'),
	('de', 'rule.DUPLICATE_SKU', 'Die SKU ist bereits vergeben: Eine andere Zeile der Datei oder ein anderer '
		'Artikel im Katalog hat sie schon. Geben Sie jedem Artikel eine eigene SKU und entfernen Sie Zeilen, die '
		'Sie schon gesendet haben.'),
	('de', 'wrong.DUPLICATE_SKU', 'KETTLE-2L in Zeile 2 und in Zeile 7'),
	('de', 'right.DUPLICATE_SKU', 'KETTLE-2L-RED in Zeile 2, KETTLE-2L-BLUE in Zeile 7'),
	('de', 'rule.DUPLICATE_VENDOR_PRODUCT_ID', 'Ihre Artikelnummer in der Spalte {field} ist bereits vergeben: Eine '
		'andere Zeile der Datei oder ein anderer Ihrer Artikel hat sie schon. Geben Sie jedem Artikel eine eigene '
		'Nummer und entfernen Sie Zeilen, die Sie schon gesendet haben.'),
	('de', 'wrong.DUPLICATE_VENDOR_PRODUCT_ID', 'A-100 in Zeile 2 und in Zeile 7'),
	('de', 'right.DUPLICATE_VENDOR_PRODUCT_ID', 'A-100 in Zeile 2, A-101 in Zeile 7'),
	('de', 'rule.INVALID_COMPARE_AT_PRICE', 'Der Wert in der Spalte {field} ist kein lesbarer Preis oder liegt '
		'unter dem Verkaufspreis. In diese Spalte gehört der frühere oder empfohlene Preis, zum Beispiel 49.90; '
		'die Zelle darf auch leer bleiben.'),
	('de', 'wrong.INVALID_COMPARE_AT_PRICE', '29.90 bei einem Preis von 39.90'),
	('de', 'right.INVALID_COMPARE_AT_PRICE', '49.90'),
	('de', 'rule.INVALID_WEIGHT', 'Der Wert in der Spalte {field} ist kein lesbares Gewicht in Kilogramm oder liegt '
		'außerhalb des zulässigen Bereichs. Schreiben Sie Ziffern mit Dezimalpunkt und ohne Einheit, zum Beispiel '
		'1.35; die Zelle darf auch leer bleiben.'),
	('de', 'wrong.INVALID_WEIGHT', '1350 g'),
	('de', 'right.INVALID_WEIGHT', '1.35'),
	('de', 'rule.INVALID_IMAGE_URL', 'Der Wert in der Spalte {field} ist nicht die Adresse eines einzelnen Bildes. '
		'Geben Sie genau eine vollständige Adresse an, die mit https:// oder http:// beginnt und keine Leerzeichen '
		'enthält; die Zelle darf auch leer bleiben.'),
	('de', 'wrong.INVALID_IMAGE_URL', 'www.example.com/kettle.jpg'),
	('de', 'right.INVALID_IMAGE_URL', 'https://www.example.com/kettle.jpg'),
	('de', 'rule.INVALID_CHARACTERS', 'Der Wert in der Spalte {field} enthält unsichtbare Zeichen oder wurde von '
		'der Tabellenkalkulation verkürzt, wie bei 4.00639E+12. Formatieren Sie die Spalte als Text und geben Sie '
		'den Wert neu ein oder übernehmen Sie ihn aus Ihren Originaldaten.'),
	('de', 'wrong.INVALID_CHARACTERS', '4,00639E+12'),
	('de', 'right.INVALID_CHARACTERS', '4006390001235'),
	('de', 'rule.KEY_CHANGED_BY_SPREADSHEET', 'Die Tabellenkalkulation hat den Wert in der Spalte {field} '
		'verändert, zum Beispiel führende Nullen entfernt. Tragen Sie den ursprünglichen Wert ein, den der '
		'Vorschlag zeigt, und formatieren Sie die Spalte vor dem Speichern als Text.'),
	('de', 'wrong.KEY_CHANGED_BY_SPREADSHEET', '17'),
	('de', 'right.KEY_CHANGED_BY_SPREADSHEET', '00017'),
	('de', 'rule.INVALID_ACTION', 'Die Aktion in der Spalte {field} ist hier nicht möglich. Lassen Sie die '
		'Zelle leer, um den Artikel anzulegen oder zu ändern; nur in einer Datei, die Artikel ändert, sind auch '
		'update und delete möglich.'),
	('de', 'wrong.INVALID_ACTION', 'remove'),
	('de', 'right.INVALID_ACTION', 'delete'),
	('de', 'rule.UNKNOWN_PRODUCT', 'Dieser Artikel ist nicht im Katalog und kann daher nicht geändert werden. '
		'Prüfen Sie Artikelnummer oder SKU oder senden Sie ihn als neuen Artikel.'),
	('de', 'wrong.UNKNOWN_PRODUCT', 'A-1O0 mit dem Buchstaben O'),
	('de', 'right.UNKNOWN_PRODUCT', 'A-100'),
	('de', 'rule.MALFORMED_ROW', 'Die Zeile lässt sich nicht in die Spalten der Kopfzeile zerlegen: Sie hat zu viele '
		'oder zu wenige Felder, ein Anführungszeichen ist nicht geschlossen, oder sie ist zu lang. Setzen Sie Texte, '
		'die das Trennzeichen enthalten, in Anführungszeichen, oder geben Sie die Zeile mit einer Zelle je Spalte neu '
		'ein.'),
	('de', 'wrong.MALFORMED_ROW', 'A-100,Kettle, red,39.90'),
	('de', 'right.MALFORMED_ROW', 'A-100,"Kettle, red",39.90'),
	('de', 'rule.EMPTY_ROW', 'Die Zeile ist leer. Löschen Sie die Zeile oder füllen Sie sie aus.'),
	('de', 'wrong.EMPTY_ROW', ';;;;'),
	('de', 'right.EMPTY_ROW', 'keine solche Zeile'),
	('de', 'rule.INVALID_ENCODING', 'Die Zeile enthält Zeichen, die schon vor dem Senden beschädigt waren. Stellen '
		'Sie den Text aus Ihren Originaldaten wieder her und speichern Sie die Datei im Format CSV UTF-8.'),
	('de', 'wrong.INVALID_ENCODING', 'K�che'),
	('de', 'right.INVALID_ENCODING', 'Küche'),
	('de', 'rule.REJECTED_BY_CATALOGUE', 'Der Katalog nimmt den Artikel nicht an; der Grund steht in der '
		'Fehlerliste. Wenn Ihnen das nicht weiterhilft, fragen Sie uns bitte.'),
	('de', 'wrong.REJECTED_BY_CATALOGUE', ''),
	('de', 'right.REJECTED_BY_CATALOGUE', ''),
	('de', 'failure.EMPTY_FILE', 'Die Datei ist leer. Prüfen Sie, ob sie vollständig gespeichert wurde, und senden '
		'Sie sie erneut.'),
	('de', 'failure.NO_ROWS', 'Die Datei enthält Spaltenüberschriften, aber keine Zeilen darunter. Ergänzen Sie '
		'Ihre Artikel und senden Sie die Datei erneut.'),
	('de', 'failure.NO_HEADER', 'Wir konnten die Zeile mit den Spaltenüberschriften nicht finden. Schreiben Sie '
		'unsere Spaltennamen, zum Beispiel sku und price, in die erste Zeile und senden Sie die Datei erneut.'),
	('de', 'failure.MISSING_COLUMN', 'Eine benötigte Spalte fehlt. Ergänzen Sie die Spalte mit genau dem Namen, den '
		'die Meldung nennt, und senden Sie die Datei erneut.'),
	('de', 'failure.DUPLICATE_COLUMN', 'Zwei Spalten haben denselben Namen, sodass nicht klar ist, welche gemeint '
		'ist. Benennen Sie eine um oder löschen Sie sie und senden Sie die Datei erneut.'),
	('de', 'failure.FILE_TOO_LARGE', 'Die Datei ist zu groß. Teilen Sie sie in kleinere Dateien auf, jede mit den '
		'Spaltenüberschriften, und senden Sie diese nacheinander.'),
	('de', 'failure.TOO_MANY_ROWS', 'Die Datei hat zu viele Zeilen. Teilen Sie sie in kleinere Dateien auf, jede '
		'mit den Spaltenüberschriften, und senden Sie diese nacheinander.'),
	('de', 'failure.NOT_TEXT', 'Die Datei ist weder eine CSV-Datei noch eine Excel-Arbeitsmappe, die wir lesen '
		'können. Speichern Sie Ihre Tabelle als Excel-Arbeitsmappe (.xlsx) ohne Kennwort oder im Format CSV '
		'UTF-8 und senden Sie diese Datei; ein bloßes Umbenennen genügt nicht.'),
	('de', 'failure.UNREADABLE_FILE', 'Die Datei ist beschädigt oder unvollständig, oder ein Archiv, das wir '
		'nicht lesen können. Öffnen Sie Ihre Tabelle im Tabellenprogramm, speichern Sie sie erneut und senden '
		'Sie diese Datei, ohne sie mit anderen zusammenzupacken.'),
	('de', 'failure.UNSUPPORTED_ENCODING', 'Die Datei hat eine Zeichencodierung, die wir nicht lesen können. '
		'Speichern Sie die Datei im Format CSV UTF-8 und senden Sie sie erneut.'),
	('de', 'failure.WRONG_ENCODING', 'Die Datei hat nicht die erwartete Zeichencodierung, daher konnten Buchstaben wie ä '
		'oder ß nicht gelesen werden. Speichern Sie die Datei im Format CSV UTF-8 und senden Sie sie erneut.'),
	('de', 'failure.OTHER_VENDOR', 'Der Dateiname gehört zu einem anderen Lieferanten. Beginnen Sie den Dateinamen '
		'mit Ihrer eigenen Lieferantennummer und senden Sie die Datei erneut.'),
	('de', 'failure.VENDOR_NOT_ACTIVE', 'Ihr Lieferantenkonto ist zurzeit nicht aktiv, daher verarbeiten wir keine '
		'Dateien. Bitte wenden Sie sich an uns und senden Sie die Datei danach erneut.'),
	('de', 'failure.MODE_NOT_ALLOWED', 'Die gewünschte Art der Verarbeitung ist für Ihr Lieferantenkonto nicht '
		'freigegeben. Senden Sie die Datei auf dem üblichen Weg oder wenden Sie sich an uns.'),
	('de', 'failure.INVALID_SETTING', 'Eine mit der Datei gesendete Einstellung ist ungültig. Korrigieren Sie die '
		'Angabe oder lassen Sie sie weg und senden Sie die Datei erneut.'),
	('de', 'failure.INVALID_SOURCE_TIME', 'Die Zeitangabe im Dateinamen oder in den mitgesendeten Angaben ist '
		'ungültig oder liegt in der Zukunft. Korrigieren Sie die Zeit und senden Sie die Datei erneut.'),
	('de', 'failure.OBJECT_REPLACED', 'Die Datei wurde während des Lesens durch eine neuere ersetzt. Wenn die '
		'neuere die richtige ist, müssen Sie nichts tun.'),
	('de', 'failure.PROCESSING_ABANDONED', 'Nicht alle Zeilen konnten geprüft werden; der Grund liegt bei uns. '
		'Bitte fragen Sie uns, bevor Sie die Datei noch einmal senden: Was bisher angenommen wurde, ist bereits im '
		'Katalog.'),
	('de', 'failure.CANCELLED', 'Der Marktplatz oder Sie selbst haben den Abbruch veranlasst. Wenn das ein Versehen '
		'war, senden Sie die Datei erneut.'),
	('de', 'column.vendor_product_id', 'Ihre eigene Artikelnummer, unter Ihren Artikeln eindeutig'),
	('de', 'column.product_name', 'Name, unter dem der Artikel verkauft wird'),
	('de', 'column.category', 'eine unserer Kategorien, genau wie in der Liste'),
	('de', 'column.subcategory', 'genauere Kategorie in Ihren eigenen Worten'),
	('de', 'column.description', 'Beschreibung des Artikels'),
	('de', 'column.sku', 'Nummer des Artikels auf dem Marktplatz, unter allen Lieferanten eindeutig'),
	('de', 'column.brand', 'Marke oder Hersteller'),
	('de', 'column.price', 'Verkaufspreis'),
	('de', 'column.compare_at_price', 'früherer oder empfohlener Preis, nicht unter dem Verkaufspreis'),
	('de', 'column.stock_quantity', 'Bestand in Stück; 0 bedeutet ausverkauft'),
	('de', 'column.unit', 'Verkaufseinheit, zum Beispiel piece, set oder kg'),
	('de', 'column.weight_kg', 'Gewicht in Kilogramm'),
	('de', 'column.dimensions_cm', 'Länge, Breite und Höhe in Zentimetern'),
	('de', 'column.image_url', 'Adresse eines Bildes'),
	('de', 'page.title', 'So senden Sie uns eine Produktdatei'),
	('de', 'page.file', E'Senden Sie Ihre Artikel als Tabelle: eine Zeile je Artikel, die Spaltenüberschriften in '
		'der ersten Zeile.\n\n'
		'- Speichern Sie die Tabelle als Excel-Arbeitsmappe (.xlsx) oder als CSV; wählen Sie für CSV das Format '
		'„CSV UTF-8“. Ein bloßes Umbenennen ändert nicht, was eine Datei ist.\n'
		'- Verwenden Sie die Spaltennamen von unten. Die Reihenfolge ist beliebig, Groß- und Kleinschreibung '
		'ebenso. Spalten, die wir nicht kennen, stören nicht.\n'
		'- Als Trennzeichen sind Komma, Semikolon, Tabulator und senkrechter Strich möglich. Setzen Sie einen '
		'Text, der das Trennzeichen enthält, in Anführungszeichen.\n'
		'- Eine Zeile ist ein Artikel: keine Titelzeilen über den Überschriften, keine Summen und keine leeren '
		'Zeilen.'),
	('de', 'page.columns', 'Die Spalten'),
	('de', 'page.columns.head', 'Spalte | Pflicht | Inhalt | Grenzen | Beispiel'),
	('de', 'page.yes', 'ja'),
	('de', 'page.no', 'nein'),
	('de', 'page.limit.characters', 'höchstens {count} Zeichen'),
	('de', 'page.limit.range', '{minimum} bis {maximum}'),
	('de', 'page.limit.amount', '{minimum} bis {maximum}, höchstens 2 Nachkommastellen'),
	('de', 'page.categories', 'Die Kategorien'),
	('de', 'page.spreadsheets', 'Was eine Tabellenkalkulation mit Ihren Werten macht'),
	('de', 'page.spreadsheets.text', E'Excel, LibreOffice und andere Programme halten die Zellen einer CSV-Datei für '
		'Zahlen und Datumsangaben und speichern sie anders, als sie waren. Formatieren Sie die Spalten als Text, '
		'bevor Sie etwas eingeben oder einfügen, oder importieren Sie die Datei mit allen Spalten als Text (in '
		'Excel: Daten, Aus Text/CSV).\n\n'
		'- Führende Nullen verschwinden: Aus 00017 wird 17.\n'
		'- Lange Nummern werden zu Zehnerpotenzen: Aus 4006390001235 wird 4,00639E+12, und ab der sechzehnten '
		'Stelle werden alle Ziffern zu Nullen.\n'
		'- Was wie ein Datum aussieht, wird eines: Aus 3-4 wird ein Tag im März oder April.\n'
		'- Ein Preis wird so gespeichert, wie er angezeigt wird: Aus 1299 im Währungsformat wird 1.299,00 €. '
		'Formatieren Sie Preise als einfache Zahlen mit Punkt.\n'
		'- Eine Tabellenkalkulation mit deutschen Einstellungen schreibt in 12,50 ein Komma und trennt die Spalten '
		'durch Semikolons. Die Semikolons stören nicht; das Komma muss ein Punkt sein.\n'
		'- Buchstaben wie ä, ß und é sowie das Zeichen € benötigen das Format CSV UTF-8. Das einfache Format CSV '
		'beschädigt sie.\n'
		'- Eine Zelle, die mit = beginnt, ist eine Formel. Löschen Sie das Zeichen, oder setzen Sie ein '
		'Leerzeichen davor.'),
	('de', 'page.answer', 'Was Sie von uns erhalten'),
	('de', 'page.answer.text', E'Auf jede Datei antworten wir mit einer E-Mail. Gute Zeilen sind sofort im Katalog, '
		'auch wenn andere abgelehnt werden. Für die abgelehnten Zeilen erhalten Sie:\n\n'
		'- eine Arbeitsmappe (fix.xlsx) und eine Korrekturdatei (fix.csv): diese Zeilen in Ihren eigenen Spalten, '
		'daneben die Fehler. Korrigieren Sie eine der beiden und senden Sie diese. Verwenden Sie in einer '
		'Tabellenkalkulation die Arbeitsmappe, in der alle Werte bleiben, wie sie sind. Behalten Sie die '
		'zusätzlichen Spalten, deren Namen mit onboard_ beginnen.\n'
		'- eine Fehlerliste (errors.csv): jeder Fehler mit Zeile, Wert und, soweit wir ihn erraten können, einem '
		'Vorschlag.\n\n'
		'Dieselbe Datei noch einmal zu senden ändert nichts. Senden Sie nur die korrigierten Zeilen.'),
	('de', 'page.rules', 'Was die Meldungen zu einzelnen Zeilen bedeuten'),
	('de', 'page.rules.head', 'Falsch | Richtig'),
	('de', 'page.failures', 'Was die Meldungen zu einer ganzen Datei bedeuten'),
	('de', 'page.any_column', '…'),
	('de', 'note.required', 'Pflichtfeld'),
	('de', 'note.optional', 'Freiwillige Angabe'),
	('de', 'sheet.products', 'Artikel'),
	('de', 'sheet.lists', 'Listen');

--
-- Reports.  They read with the caller's rights, so row security separates tenants:
-- another vendor's upload does not exist for the caller.
--

CREATE FUNCTION onboard.visible_upload(upload_id text) RETURNS onboard.upload_history
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	result onboard.upload_history;
BEGIN
	SELECT * INTO result FROM onboard.upload_history u WHERE u.upload_id = visible_upload.upload_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'upload "%" does not exist', upload_id USING ERRCODE = 'undefined_object';
	END IF;
	RETURN result;
END $$;
COMMENT ON FUNCTION onboard.visible_upload(text) IS 'The row of an upload, or an error if the caller may not see it';

CREATE FUNCTION @extschema@.onboard_upload_map(upload_id text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT f.document OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('name', u.map_name, 'version', u.map_version,
			'is_preset', u.map_version IS NULL)
	FROM onboard.visible_upload(onboard_upload_map.upload_id) u
		LEFT JOIN onboard.frozen_maps f ON f.vendor_id OPERATOR(pg_catalog.=) u.vendor_id AND f.map_hash OPERATOR(pg_catalog.=) u.map_hash;
END;
COMMENT ON FUNCTION @extschema@.onboard_upload_map(text) IS 'The map of an upload as it was when the upload began; null if it has none';

-- A vendor whose file is read with a map knows its own headings, not our names.
CREATE FUNCTION onboard.vendor_heading(metadata jsonb, field text) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_vendor_heading';
COMMENT ON FUNCTION onboard.vendor_heading(jsonb, text) IS
	'Heading of a column in the file of an upload with this metadata; the column''s own name if no map was used or the file lacks it';
CREATE FUNCTION onboard.vendor_message(metadata jsonb, error_field text, error_message text) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_vendor_message';
COMMENT ON FUNCTION onboard.vendor_message(jsonb, text, text) IS 'The message of an error, with the vendor''s heading in place of the column''s name';
CREATE FUNCTION onboard.vendor_suggestion(metadata jsonb, error_type text, error_field text, suggestion text) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_vendor_suggestion';
COMMENT ON FUNCTION onboard.vendor_suggestion(jsonb, text, text, text) IS
	'The suggestion, or null if a map converts the values of the column, so that it does not fit the vendor''s cell';

CREATE FUNCTION onboard.skipped_rows(metadata jsonb) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Clients write metadata, so the value may be anything.
	RETURN CASE WHEN jsonb_typeof(metadata -> 'skipped_rows') = 'number' AND metadata ->> 'skipped_rows' ~ '^[0-9]{1,18}$'
		THEN (metadata ->> 'skipped_rows')::bigint ELSE 0 END;
END $$;
COMMENT ON FUNCTION onboard.skipped_rows(jsonb) IS 'How many rows of a file its map skipped; 0 without a map';

CREATE FUNCTION @extschema@.onboard_error_csv(upload_id text) RETURNS SETOF text
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_error_csv';
COMMENT ON FUNCTION @extschema@.onboard_error_csv(text) IS
	'Error report: a header and one CSV record per error, without line ends or byte order mark; cells that a '
	'spreadsheet would run as formulas are neutralised';

CREATE FUNCTION @extschema@.onboard_fix_csv(upload_id text) RETURNS SETOF text
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_fix_csv';
COMMENT ON FUNCTION @extschema@.onboard_fix_csv(text) IS
	'Fix file: a header and one record per rejected row in the vendor''s own columns, cells verbatim, then line, '
	'errors, suggestions and a memo of the keys';

CREATE FUNCTION @extschema@.onboard_fixed_csv(upload_id text) RETURNS SETOF text
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_fixed_csv';
COMMENT ON FUNCTION @extschema@.onboard_fixed_csv(text) IS
	'Fix file with suggestions applied: the first one for each cell that is not a guess';

CREATE FUNCTION onboard.is_guess(error_type text, rejected_value text, suggestion text) RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_is_guess';
COMMENT ON FUNCTION onboard.is_guess(text, text, text) IS
	'Whether a suggestion is only a guess: the name nearest to a value, not what the value plainly means';

CREATE FUNCTION @extschema@.onboard_rejected_rows(upload_id text,
	OUT row_number bigint, OUT vendor_columns integer, OUT cells text[], OUT notes text[])
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'onboard_rejected_rows';
COMMENT ON FUNCTION @extschema@.onboard_rejected_rows(text) IS
	'The cells of the fix file, its headings as row 0; the first vendor_columns are the vendor''s own; a note says what is '
	'wrong with the cell at the same place; a record that could not be read is its first cell';

CREATE FUNCTION @extschema@.onboard_error_summary(upload_id text,
	OUT error_type text, OUT error_field text, OUT rows bigint, OUT example_line bigint, OUT suggestion text,
	OUT error_message text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT c.error_type, onboard.vendor_heading(u.metadata, c.error_field), c.rows, coalesce(e.line_number, e.row_number),
		onboard.vendor_suggestion(u.metadata, c.error_type, c.error_field, e.suggestion),
		onboard.vendor_message(u.metadata, c.error_field, e.error_message)
	FROM onboard.visible_upload(onboard_error_summary.upload_id) u
		CROSS JOIN LATERAL (SELECT v.error_type, v.error_field, pg_catalog.count(*) AS rows,
				pg_catalog.min(v.row_number) AS first_row
			FROM onboard.validation_errors v
			WHERE v.upload_id OPERATOR(pg_catalog.=) u.upload_id AND v.severity OPERATOR(pg_catalog.=) 'error'
			GROUP BY v.error_type, v.error_field) c
		CROSS JOIN LATERAL (SELECT f.line_number, f.row_number, f.suggestion, f.error_message
			FROM onboard.validation_errors f
			WHERE f.upload_id OPERATOR(pg_catalog.=) u.upload_id
				AND f.row_number OPERATOR(pg_catalog.=) c.first_row
				AND f.error_type OPERATOR(pg_catalog.=) c.error_type
				AND (f.error_field OPERATOR(pg_catalog.=) c.error_field OR (f.error_field IS NULL AND c.error_field IS NULL))
				AND f.severity OPERATOR(pg_catalog.=) 'error'
			ORDER BY f.error_id LIMIT 1) e
	ORDER BY c.rows DESC, c.error_type, c.error_field;
END;
COMMENT ON FUNCTION @extschema@.onboard_error_summary(text) IS
	'Causes of errors, most rows first: rule, field (the vendor''s heading if a map was used), number of rows, the first line '
	'affected, and its suggestion and message';

CREATE FUNCTION onboard.printable_ascii(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- Drops accents; a character without an ASCII form becomes an underscore.
	SELECT pg_catalog.regexp_replace(
		pg_catalog.regexp_replace(pg_catalog.normalize(value, 'NFKD'), E'[\u0300-\u036F]', '', 'g'),
		'[^ -~]', '_', 'g');
END;
COMMENT ON FUNCTION onboard.printable_ascii(text) IS 'Text as printable ASCII characters, for a mail header';

CREATE FUNCTION onboard.upload_causes(upload_id text, language text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u onboard.upload_history := onboard.visible_upload(upload_id);
	judged bigint := u.valid_records + u.error_records;
	main text;
	affected bigint;
	others text;
	more bigint;
BEGIN
	-- Does not use onboard_error_summary(), which is in a schema of the user's choice.
	SELECT max(e.entry) FILTER (WHERE e.is_main), max(e.rows) FILTER (WHERE e.is_main),
			string_agg(e.entry, '' ORDER BY e.place) FILTER (WHERE NOT e.is_main), max(e.causes) - count(*)
		INTO main, affected, others, more
		FROM (SELECT c.place, c.rows, c.causes, c.place = 1 AND onboard.is_main_cause(c.rows, judged) AS is_main,
				'  ' || onboard.counted_text(upload_causes.language, 'cause.heading', c.rows, f.values) || E'\n'
				|| '    ' || onboard.cause_text(upload_causes.language, c.error_type,
					onboard.vendor_heading(u.metadata, c.error_field), f.error_message)
				|| format(E' (%s)\n', c.error_type)
				|| CASE WHEN f.suggestion <> ''
					THEN '    ' || onboard.filled_text(upload_causes.language, 'cause.suggestion', f.values) || E'\n'
					ELSE '' END AS entry
			FROM (SELECT e.error_type, e.error_field, count(*) AS rows, min(e.row_number) AS first_row,
						count(*) OVER () AS causes,
						row_number() OVER (ORDER BY count(*) DESC, e.error_type, e.error_field) AS place
					FROM onboard.validation_errors e
					WHERE e.upload_id = upload_causes.upload_id AND e.severity = 'error'
					GROUP BY e.error_type, e.error_field) c
				CROSS JOIN LATERAL (SELECT s.suggestion,
							onboard.vendor_message(u.metadata, e.error_field, e.error_message) AS error_message, jsonb_build_object(
							'rows', onboard.counted_text(upload_causes.language, 'rows', c.rows),
							'place', onboard.place_text(upload_causes.language, e.line_number, e.row_number),
							'suggestion', regexp_replace(s.suggestion, '[[:cntrl:]]', ' ', 'g')) AS values
					FROM onboard.validation_errors e CROSS JOIN LATERAL onboard.vendor_suggestion(u.metadata, e.error_type,
						e.error_field, e.suggestion) s (suggestion)
					WHERE e.upload_id = upload_causes.upload_id AND e.row_number = c.first_row
						AND e.error_type = c.error_type AND e.error_field IS NOT DISTINCT FROM c.error_field
						AND e.severity = 'error'
					ORDER BY e.error_id LIMIT 1) f
			WHERE c.place <= 3) e;
	IF more > 0 THEN
		others := coalesce(others, '') || format(E'  %s\n', onboard.counted_text(language, 'causes.more', more));
	END IF;
	RETURN nullif(concat_ws(E'\n',
		onboard.filled_text(language, 'causes.main', jsonb_build_object('affected', onboard.number_text(language, affected),
			'rows', onboard.counted_text(language, 'rows', judged))) || E'\n' || main,
		onboard.text_of(language, CASE WHEN main IS NULL THEN 'causes.first' ELSE 'causes.others' END) || E'\n' || others), '');
END $$;
COMMENT ON FUNCTION onboard.upload_causes(text, text) IS
	'The three most common causes of errors as paragraphs of a mail, each with what to do, and the number of other causes; '
	'one that rejects nearly every row comes first, by itself; null if there are none';

CREATE FUNCTION onboard.upload_actions(upload_id text, language text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u onboard.upload_history := onboard.visible_upload(upload_id);
BEGIN
	IF u.mode = 'insert' THEN
		RETURN NULL;
	END IF;
	RETURN (SELECT string_agg(onboard.filled_text(upload_actions.language, 'facts.' || a.name,
			jsonb_build_object('count', onboard.number_text(upload_actions.language, a.count))) || E'\n', '' ORDER BY a.position)
		FROM (VALUES (1, 'inserted', u.inserted), (2, 'updated', u.updated), (3, 'unchanged', u.unchanged),
			(4, 'stale', u.stale), (5, 'held', u.held), (6, 'discontinued', u.discontinued),
			(7, 'discontinued_missing', u.discontinued_missing)) a (position, name, count)
		WHERE a.count > 0);
END $$;
COMMENT ON FUNCTION onboard.upload_actions(text, text) IS
	'What the rows of an upload that may change products did, as lines of a mail that omit counts of 0; null in '
	'mode insert';

CREATE FUNCTION onboard.upload_held(upload_id text, language text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT string_agg('  ' || CASE
				WHEN w.cause IN ('price', 'sold_out') THEN onboard.counted_text(upload_held.language, 'held.' || w.cause, w.size,
					jsonb_build_object('rows', onboard.counted_text(upload_held.language, 'rows', w.size),
						'place', onboard.place_text(upload_held.language, w.first_line, w.first_row)))
				ELSE onboard.filled_text(upload_held.language, 'held.' || w.cause,
					jsonb_build_object('count', onboard.number_text(upload_held.language, w.new_value::numeric),
						'products', onboard.number_text(upload_held.language, w.current_value::numeric))) END || E'\n',
			'' ORDER BY w.first_row NULLS LAST)
		FROM (SELECT h.cause, count(*) AS size, min(h.row_number) AS first_row, min(h.line_number) AS first_line,
				max(h.current_value) AS current_value, max(h.new_value) AS new_value
			FROM onboard.held_rows h WHERE h.upload_id = upload_held.upload_id AND h.outcome = 'waiting'
			GROUP BY h.cause) w);
END $$;
COMMENT ON FUNCTION onboard.upload_held(text, text) IS
	'What waits for approval in an upload, as lines of a mail; null if nothing does';

CREATE FUNCTION onboard.upload_categories(upload_id text, language text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u onboard.upload_history := onboard.visible_upload(upload_id);
BEGIN
	RETURN (SELECT string_agg('  ' || onboard.filled_text(upload_categories.language,
			CASE WHEN c.place <= 10 THEN 'categories.line' ELSE 'categories.more' END,
			jsonb_build_object('category', c.category, 'count', onboard.number_text(upload_categories.language, c.count))) || E'\n',
			'' ORDER BY c.place)
		FROM (SELECT least(n.place, 11) AS place, max(n.category) AS category, sum(n.count) AS count
			FROM (SELECT p.category, count(*) AS count, row_number() OVER (ORDER BY count(*) DESC, p.category) AS place
				FROM (SELECT i.category FROM onboard.products i WHERE i.upload_id = u.upload_id
					UNION ALL
					SELECT k.category FROM onboard.row_actions a JOIN onboard.products k ON k.product_id = a.product_id
						WHERE a.upload_number = u.upload_number AND a.action IN ('updated', 'unchanged')
							AND k.upload_id IS DISTINCT FROM u.upload_id) p
				GROUP BY p.category) n
			GROUP BY least(n.place, 11)) c);
END $$;
COMMENT ON FUNCTION onboard.upload_categories(text, text) IS
	'How many products of each category an upload inserted, changed or confirmed, as lines of a mail, for the ten largest '
	'categories and all others; null if there are none';

CREATE FUNCTION onboard.mail_outcome(upload onboard.upload_history, is_waiting boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN CASE
		WHEN upload.failure_code = 'CANCELLED' THEN 'cancelled'
		WHEN upload.failure_code = 'PROCESSING_ABANDONED' THEN 'interrupted'
		WHEN upload.failure_code IS NOT NULL THEN 'refused'
		WHEN upload.status = 'processing' THEN 'processing'
		WHEN upload.valid_records = 0 THEN 'none'
		WHEN upload.error_records > 0 THEN CASE WHEN is_waiting THEN 'corrections_approval' ELSE 'corrections' END
		WHEN is_waiting THEN 'approval'
		ELSE 'accepted' END;
END $$;
COMMENT ON FUNCTION onboard.mail_outcome(onboard.upload_history, boolean) IS
	'What became of an upload, for a vendor: part of the names of the texts that say so';

CREATE FUNCTION onboard.mail_files(upload onboard.upload_history, language text, workbook_link text, error_link text,
	fix_link text, works_until timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	files text[] := CASE WHEN num_nonnulls(workbook_link, error_link, fix_link) > 0
		THEN ARRAY[workbook_link, fix_link, error_link] ELSE ARRAY[upload.workbook_file_s3_key, upload.fix_file_s3_key, upload.error_file_s3_key] END;
	has_link boolean := array_to_string(files, ' ') ~ '://';
	todo text;
BEGIN
	-- Without links, show only the names of the files: their folders are the operator's.
	IF NOT has_link THEN
		files := ARRAY(SELECT regexp_replace(f.file, '.*/', '') FROM unnest(files) WITH ORDINALITY f (file, place) ORDER BY f.place);
	END IF;
	-- What was not accepted because processing stopped cannot be corrected.
	IF upload.failure_code IS NULL AND upload.error_records > 0 THEN
		todo := onboard.filled_text(language, CASE WHEN coalesce(files[1], files[2]) IS NULL THEN 'todo.rows'
				WHEN has_link THEN 'todo.links' ELSE 'todo.files' END,
			jsonb_build_object('file', coalesce(files[1], files[2])))
			|| CASE WHEN upload.valid_records > 0 THEN ' ' || onboard.text_of(language, 'todo.accepted') ELSE '' END || E'\n';
	END IF;
	RETURN nullif(concat(todo,
		(SELECT string_agg(onboard.filled_text(mail_files.language, 'link.' || k.kind, jsonb_build_object('link', f.file)) || E'\n',
				'' ORDER BY f.place)
			FROM unnest(files) WITH ORDINALITY f (file, place)
				JOIN unnest(ARRAY['workbook', 'fix', 'errors']) WITH ORDINALITY k (kind, place) ON k.place = f.place
			WHERE f.file IS NOT NULL),
		CASE WHEN has_link AND works_until IS NOT NULL
			THEN onboard.counted_text(language, 'link.until', num_nonnulls(workbook_link, error_link, fix_link),
				jsonb_build_object('time', to_char(works_until AT TIME ZONE 'UTC', onboard.text_of(language, 'format.time')))) || E'\n'
			END), '');
END $$;
COMMENT ON FUNCTION onboard.mail_files(onboard.upload_history, text, text, text, text, timestamptz) IS
	'What a vendor does about rejected rows, and the files for it, as a paragraph of a mail; null if there is neither';

CREATE FUNCTION onboard.mail_facts(upload onboard.upload_history, language text, total bigint, rate numeric) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	judged bigint := upload.valid_records + upload.error_records;
	suffix text := CASE WHEN upload.failure_code IS NULL THEN '' ELSE '_so_far' END;
	names text[] := ARRAY['facts.upload', 'facts.file'];
	value jsonb := jsonb_build_object('upload', upload.upload_id, 'file', regexp_replace(upload.file_name, '[[:cntrl:]]', ' ', 'g'),
		'count', onboard.number_text(language, total), 'total', onboard.number_text(language, total),
		'checked', onboard.number_text(language, judged),
		'accepted', onboard.number_text(language, upload.valid_records),
		'rejected', onboard.number_text(language, upload.error_records),
		'status', onboard.text_of(language, 'status.' || upload.status));
BEGIN
	-- A refused file has no counts; an abandoned upload has those of the rows judged so far.
	IF upload.failure_code IS NULL THEN
		names := names || 'facts.rows'::text;
	ELSIF judged > 0 THEN
		names := names || CASE WHEN total IS NULL THEN 'facts.checked_so_far' ELSE 'facts.checked' END;
	END IF;
	RETURN (SELECT string_agg(onboard.filled_text(mail_facts.language, n.name, value) || E'\n', '' ORDER BY n.place)
			FROM unnest(names) WITH ORDINALITY n (name, place))
		|| CASE WHEN upload.failure_code IS NULL OR judged > 0 THEN
			onboard.filled_text(language, 'facts.accepted' || suffix,
				value || jsonb_build_object('rate', onboard.percent_text(language, rate))) || E'\n'
			|| onboard.filled_text(language, 'facts.rejected' || suffix,
				value || jsonb_build_object('rate', onboard.percent_text(language,
					CASE WHEN upload.error_records = 0 THEN 0.0 ELSE 100.0 - rate END))) || E'\n'
			|| coalesce(onboard.upload_actions(upload.upload_id, language), '') ELSE '' END
		|| onboard.filled_text(language, 'facts.status', value) || E'\n';
END $$;
COMMENT ON FUNCTION onboard.mail_facts(onboard.upload_history, text, bigint, numeric) IS
	'Upload, file, counts and status as lines of a mail';

CREATE FUNCTION onboard.mail_subject(language text, outcome text, file_name text, value jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	file text := onboard.printable_ascii(file_name);
	-- The header of a mail holds this many characters; the name of the file is shortened.
	room int := 99 - length(onboard.filled_text(language, 'subject.' || outcome, value || jsonb_build_object('file', '')));
BEGIN
	IF length(file) > room THEN
		file := left(file, greatest(room - 3, 0)) || '...';
	END IF;
	RETURN left(onboard.printable_ascii(onboard.filled_text(language, 'subject.' || outcome,
		value || jsonb_build_object('file', file))), 99);
END $$;
COMMENT ON FUNCTION onboard.mail_subject(text, text, text, jsonb) IS 'Subject of a mail: printable ASCII, at most 99 characters';

CREATE FUNCTION onboard.notification(upload_id text, error_link text, fix_link text, works_until timestamptz,
	workbook_link text, language text, OUT subject text, OUT body text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u onboard.upload_history := onboard.visible_upload(upload_id);
	-- An upload that failed before its total was known has the rate of an upload without rows.
	total bigint := coalesce(u.total_records, CASE WHEN u.failure_code IS NULL THEN u.valid_records + u.error_records END);
	rate numeric := onboard.success_rate(u.valid_records, total);
	spoken text := notification.language;
	skipped bigint := onboard.skipped_rows(u.metadata);
	value jsonb;
	waiting text;
	outcome text;
BEGIN
	SELECT coalesce(spoken, v.language, nullif(current_setting('onboard.language', true), ''), 'en'),
			jsonb_build_object('vendor', v.vendor_name, 'vendor_id', v.vendor_id)
		INTO spoken, value FROM onboard.vendors v WHERE v.vendor_id = u.vendor_id;
	value := value || jsonb_build_object('upload', u.upload_id, 'file', regexp_replace(u.file_name, '[[:cntrl:]]', ' ', 'g'),
		'rows', onboard.counted_text(spoken, 'rows', total), 'rate', onboard.percent_text(spoken, rate),
		'accepted', onboard.number_text(spoken, u.valid_records), 'rejected', onboard.number_text(spoken, u.error_records));
	waiting := onboard.upload_held(upload_id, spoken);
	outcome := onboard.mail_outcome(u, waiting IS NOT NULL);
	subject := onboard.mail_subject(spoken, outcome, u.file_name, value);
	body := (SELECT string_agg(p.paragraph, E'\n' ORDER BY p.place)
		FROM unnest(ARRAY[
			onboard.filled_text(spoken, 'mail.header', value) || E'\n',
			onboard.filled_text(spoken, 'outcome.' || split_part(outcome, '_', 1), value) || E'\n'
				|| CASE WHEN skipped > 0 THEN onboard.counted_text(spoken, 'skipped', skipped) || E'\n' ELSE '' END
				|| coalesce(onboard.text_of(spoken, 'failure.' || u.failure_code) || E'\n', '')
				|| CASE WHEN u.failure_code IS NULL THEN '' ELSE onboard.filled_text(spoken,
					CASE WHEN u.failure_message IS NULL THEN 'failure.code' ELSE 'failure.details' END,
					jsonb_build_object('code', u.failure_code, 'message', regexp_replace(u.failure_message, '[[:cntrl:]]', ' ', 'g')))
					|| E'\n' END,
			onboard.upload_causes(upload_id, spoken),
			onboard.text_of(spoken, 'held.heading') || E'\n' || waiting,
			onboard.mail_files(u, spoken, workbook_link, error_link, fix_link, works_until),
			onboard.text_of(spoken, 'categories.heading') || E'\n' || onboard.upload_categories(upload_id, spoken),
			onboard.mail_facts(u, spoken, total, rate),
			onboard.filled_text(spoken, 'mail.footer', value) || E'\n']) WITH ORDINALITY p (paragraph, place)
		WHERE btrim(p.paragraph, E'\n') <> '');
END $$;
COMMENT ON FUNCTION onboard.notification(text, text, text, timestamptz, text, text) IS
	'Mail about an upload; links, if given, replace the names of the report files; the language is that of the vendor unless given';

CREATE FUNCTION @extschema@.onboard_notification(upload_id text, OUT subject text, OUT body text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT n.subject, n.body FROM onboard.notification(onboard_notification.upload_id, NULL, NULL, NULL, NULL, NULL) n;
END;
COMMENT ON FUNCTION @extschema@.onboard_notification(text) IS
	'Mail to the vendor about an upload, with the names of its report files';

CREATE FUNCTION @extschema@.onboard_notification(upload_id text, error_link text, fix_link text, works_until timestamptz,
	workbook_link text DEFAULT NULL, language text DEFAULT NULL, OUT subject text, OUT body text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT n.subject, n.body
	FROM onboard.notification(onboard_notification.upload_id, onboard_notification.error_link,
		onboard_notification.fix_link, onboard_notification.works_until, onboard_notification.workbook_link,
		onboard_notification.language) n;
END;
COMMENT ON FUNCTION @extschema@.onboard_notification(text, text, text, timestamptz, text, text) IS
	'Mail to the vendor about an upload, with links to the report files (null for none) and how long the links work, in '
	'another language than the vendor''s if one is given';

CREATE FUNCTION @extschema@.onboard_upload_status(upload_id text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u onboard.upload_history := onboard.visible_upload(upload_id);
BEGIN
	RETURN jsonb_build_object(
		'upload_id', u.upload_id,
		'vendor_id', u.vendor_id,
		'file_name', u.file_name,
		'status', u.status,
		'failure_code', u.failure_code,
		'failure_message', u.failure_message,
		'total_records', u.total_records,
		'valid_records', u.valid_records,
		'error_records', u.error_records,
		'mode', u.mode,
		'actions', jsonb_build_object('inserted', u.inserted, 'updated', u.updated, 'unchanged', u.unchanged,
			'stale', u.stale, 'held', u.held, 'discontinued', u.discontinued),
		'discontinued_missing', u.discontinued_missing,
		'skipped_rows', onboard.skipped_rows(u.metadata),
		'map', u.map_name,
		'held_waiting', (SELECT count(*) FROM onboard.held_rows h
			WHERE h.upload_id = u.upload_id AND h.outcome = 'waiting'),
		'success_rate_percent', onboard.success_rate(u.valid_records, coalesce(u.total_records,
			CASE WHEN u.failure_code IS NULL THEN u.valid_records + u.error_records END)),
		'started_at', onboard.utc_text(u.processing_started_at),
		'completed_at', onboard.utc_text(u.processing_completed_at),
		'reported', u.metadata ? 'reported_at',
		'error_report', u.error_file_s3_key IS NOT NULL,
		'fix_file', u.fix_file_s3_key IS NOT NULL,
		'workbook', u.workbook_file_s3_key IS NOT NULL,
		'undone', u.metadata ? 'undone_at');
END $$;
COMMENT ON FUNCTION @extschema@.onboard_upload_status(text) IS 'Progress of an upload, as a JSON object without product data';

--
-- Views.  They contain the tenant predicate themselves, because a view reads with
-- its owner's rights and bypasses the row security of its caller.
--

CREATE VIEW onboard.vendor_summary WITH (security_barrier) AS
	SELECT v.vendor_id, v.vendor_name, v.status,
		p.products, p.active_products, p.out_of_stock_products,
		u.uploads, u.failed_uploads, u.valid_records, u.error_records,
		onboard.success_rate(u.valid_records, u.valid_records OPERATOR(pg_catalog.+) u.error_records) AS success_rate_percent,
		u.last_upload_at
	FROM onboard.vendors v
		CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS products,
				pg_catalog.count(*) FILTER (WHERE c.status OPERATOR(pg_catalog.=) 'active') AS active_products,
				pg_catalog.count(*) FILTER (WHERE c.status OPERATOR(pg_catalog.=) 'out_of_stock') AS out_of_stock_products
			FROM onboard.products c WHERE c.vendor_id OPERATOR(pg_catalog.=) v.vendor_id) p
		CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS uploads,
				pg_catalog.count(*) FILTER (WHERE h.status OPERATOR(pg_catalog.=) 'failed') AS failed_uploads,
				coalesce(pg_catalog.sum(h.valid_records), 0)::bigint AS valid_records,
				coalesce(pg_catalog.sum(h.error_records), 0)::bigint AS error_records,
				pg_catalog.max(h.created_at) AS last_upload_at
			FROM onboard.upload_history h WHERE h.vendor_id OPERATOR(pg_catalog.=) v.vendor_id) u
	WHERE (SELECT onboard.is_operator())
		OR v.vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER);
COMMENT ON VIEW onboard.vendor_summary IS 'Each vendor with its products and the outcome of its uploads';
COMMENT ON COLUMN onboard.vendor_summary.success_rate_percent IS 'Percentage of valid rows among all judged rows, one decimal, rounded down';

CREATE VIEW onboard.recent_uploads WITH (security_barrier) AS
	SELECT u.upload_id, u.vendor_id, v.vendor_name, u.file_name, u.status, u.failure_code, u.failure_message,
		u.total_records, u.valid_records, u.error_records,
		onboard.success_rate(u.valid_records,
			coalesce(u.total_records,
				CASE WHEN u.failure_code IS NULL THEN u.valid_records OPERATOR(pg_catalog.+) u.error_records END)) AS success_rate_percent,
		u.error_file_s3_key, u.fix_file_s3_key, u.workbook_file_s3_key,
		u.processing_started_at, u.processing_completed_at, u.processing_duration_seconds, u.created_at,
		u.metadata OPERATOR(pg_catalog.?) 'undone_at' AS undone,
		u.mode, u.inserted, u.updated, u.unchanged, u.stale, u.held, u.discontinued, u.discontinued_missing
	FROM onboard.upload_history u
		JOIN onboard.vendors v ON v.vendor_id OPERATOR(pg_catalog.=) u.vendor_id
	WHERE ((SELECT onboard.is_operator())
			OR u.vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
		AND u.created_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) '30 days'::interval)
	ORDER BY u.created_at DESC, u.upload_id;
COMMENT ON VIEW onboard.recent_uploads IS 'Uploads of the last 30 days, newest first';
COMMENT ON COLUMN onboard.recent_uploads.success_rate_percent IS
	'Percentage of valid rows in the total, one decimal, rounded down; of the rows judged so far while the total is '
	'unknown; 0.0 if it never became known';
COMMENT ON COLUMN onboard.recent_uploads.undone IS 'True if what it did was taken back; the counts are still those of the upload';

CREATE VIEW onboard.product_catalog WITH (security_barrier) AS
	SELECT p.product_id, p.vendor_id, v.vendor_name, p.vendor_product_id, p.sku, p.product_name,
		p.category, c.parent_category, p.subcategory, p.description, p.brand, p.price, p.compare_at_price,
		p.stock_quantity, p.stock_quantity OPERATOR(pg_catalog.>) 0 AS in_stock, p.unit, p.weight_kg,
		p.dimensions_cm, p.image_url, p.attributes, p.created_at, p.updated_at
	FROM onboard.products p
		JOIN onboard.vendors v ON v.vendor_id OPERATOR(pg_catalog.=) p.vendor_id
		LEFT JOIN onboard.product_categories c ON c.category_name OPERATOR(pg_catalog.=) p.category
	WHERE ((SELECT onboard.is_operator())
			OR p.vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER))
		AND p.status OPERATOR(pg_catalog.=) ANY (ARRAY['active', 'out_of_stock'])
		AND v.status OPERATOR(pg_catalog.=) 'active';
COMMENT ON VIEW onboard.product_catalog IS 'Products on offer: those of active vendors that are active or out of stock';
COMMENT ON COLUMN onboard.product_catalog.in_stock IS 'False if the stock is 0';

-- A deleted product is identified by its last deletion.
CREATE VIEW onboard.product_history WITH (security_barrier) AS
	SELECT h.product_id, h.vendor_id, h.sku, h.vendor_product_id, h.changed_at, h.previous_at, h.action, h.upload_id,
		h.row_number, h.line_number, CASE WHEN (SELECT onboard.is_operator()) THEN h.changed_by END AS changed_by,
		h.old_values, h.new_values, h.reverts, h.change_id
	FROM (SELECT p.product_id, p.vendor_id, p.sku, p.vendor_product_id, p.created_at AS changed_at,
				NULL::timestamptz AS previous_at, 'inserted'::text COLLATE "C" AS action, p.upload_id, p.row_number,
				p.line_number, NULL::text COLLATE "C" AS changed_by, NULL::jsonb AS old_values, NULL::jsonb AS new_values,
				NULL::bigint AS reverts, NULL::bigint AS change_id
			FROM onboard.products p
		UNION ALL
		SELECT c.product_id, c.vendor_id, p.sku, p.vendor_product_id, c.changed_at, c.previous_at, c.action, c.upload_id,
				c.row_number, a.line_number, c.changed_by, c.old_values, c.new_values, c.reverts, c.change_id
			FROM onboard.products p
				JOIN onboard.product_changes c ON c.product_id OPERATOR(pg_catalog.=) p.product_id
				LEFT JOIN onboard.upload_history u ON u.upload_id OPERATOR(pg_catalog.=) c.upload_id
				LEFT JOIN onboard.row_actions a ON a.upload_number OPERATOR(pg_catalog.=) u.upload_number
					AND a.product_id OPERATOR(pg_catalog.=) c.product_id AND a.row_number OPERATOR(pg_catalog.=) c.row_number
		UNION ALL
		SELECT c.product_id, c.vendor_id, (d.old_values OPERATOR(pg_catalog.->>) 'sku') COLLATE "C",
				(d.old_values OPERATOR(pg_catalog.->>) 'vendor_product_id') COLLATE "C", c.changed_at, c.previous_at, c.action,
				c.upload_id, c.row_number, a.line_number, c.changed_by, c.old_values, c.new_values, c.reverts, c.change_id
			FROM onboard.product_changes d
				JOIN onboard.product_changes c ON c.product_id OPERATOR(pg_catalog.=) d.product_id
				LEFT JOIN onboard.upload_history u ON u.upload_id OPERATOR(pg_catalog.=) c.upload_id
				LEFT JOIN onboard.row_actions a ON a.upload_number OPERATOR(pg_catalog.=) u.upload_number
					AND a.product_id OPERATOR(pg_catalog.=) c.product_id AND a.row_number OPERATOR(pg_catalog.=) c.row_number
			WHERE d.action OPERATOR(pg_catalog.=) 'deleted'
				AND NOT EXISTS (SELECT FROM onboard.product_changes l
					WHERE l.product_id OPERATOR(pg_catalog.=) d.product_id AND l.action OPERATOR(pg_catalog.=) 'deleted'
						AND l.change_id OPERATOR(pg_catalog.>) d.change_id)
				AND NOT EXISTS (SELECT FROM onboard.products p WHERE p.product_id OPERATOR(pg_catalog.=) d.product_id)) h
	WHERE (SELECT onboard.is_operator())
		OR h.vendor_id OPERATOR(pg_catalog.=) ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name OPERATOR(pg_catalog.=) CURRENT_USER);
COMMENT ON VIEW onboard.product_history IS
	'Insertion and changes of the products that exist, and changes of those that were deleted; in no particular order';
COMMENT ON COLUMN onboard.product_history.sku IS 'SKU that the product has now, or had when it was deleted';
COMMENT ON COLUMN onboard.product_history.vendor_product_id IS 'As sku';
COMMENT ON COLUMN onboard.product_history.previous_at IS 'updated_at of the product before the change';
COMMENT ON COLUMN onboard.product_history.action IS 'inserted, updated, discontinued, restored, reverted or deleted';
COMMENT ON COLUMN onboard.product_history.changed_by IS 'session_user; null for an insertion, and for a vendor''s login';
COMMENT ON COLUMN onboard.product_history.old_values IS 'Values before the change, of the columns that it changed; for a deletion, the whole product'; COMMENT ON COLUMN onboard.product_history.new_values IS 'Values after the change, of the same columns';

CREATE FUNCTION @extschema@.onboard_product_as_of(product_id bigint, at timestamptz) RETURNS onboard.products
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	product onboard.products;
	change record;
	pruned_until timestamptz;
	is_complete boolean := true;
BEGIN
	IF at IS NULL THEN
		RAISE EXCEPTION 'at must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT h.horizon INTO pruned_until FROM onboard.history_horizon h;
	IF at < pruned_until THEN
		RAISE EXCEPTION 'the history before % was pruned', pruned_until
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Specify a later time.';
	END IF;
	SELECT p.* INTO product FROM onboard.products p WHERE p.product_id = onboard_product_as_of.product_id;
	IF product.created_at > at THEN
		RETURN NULL;
	END IF;
	-- Take the changes back, newest first. Each must have produced the version
	-- reconstructed so far; otherwise it was followed by a change that was not
	-- recorded.
	FOR change IN SELECT h.changed_at, h.previous_at, h.old_values, h.action = 'deleted' AS is_deletion
			FROM onboard.product_history h
			WHERE h.product_id = onboard_product_as_of.product_id AND h.changed_at > at AND h.action <> 'inserted'
			ORDER BY h.changed_at DESC, h.change_id DESC
	LOOP
		is_complete := change.is_deletion = (product.product_id IS NULL) AND (change.is_deletion OR product.updated_at = change.changed_at);
		EXIT WHEN NOT is_complete;
		product := jsonb_populate_record(product, change.old_values);
		product.updated_at := change.previous_at;
	END LOOP;
	IF is_complete AND product.created_at > at THEN
		RETURN NULL;
	ELSIF NOT is_complete OR product.updated_at > at THEN
		RAISE EXCEPTION 'product % was changed without a record of it', onboard_product_as_of.product_id
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'Nothing is recorded while the triggers products_record_update and products_record_delete are disabled.',
				HINT = 'Specify a time after that change.';
	END IF;
	RETURN product;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_product_as_of(bigint, timestamptz) IS
	'A product as it was at a time; null if it did not exist then; an error if the history was pruned or is incomplete';

CREATE FUNCTION @extschema@.onboard_prune_history(older_than interval) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_prune_history';
COMMENT ON FUNCTION @extschema@.onboard_prune_history(interval) IS
	'Removes the changes older than the given time from onboard.product_changes; returns how many; what they changed '
	'can no longer be undone';

--
-- Grants.  The script creates no roles; the owner calls these for existing ones.
--

CREATE FUNCTION onboard.grant_objects(role name, relations text[], functions text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target_schema name;
	relation text;
	function regprocedure;
BEGIN
	-- Also rejects "public", which GRANT would take as all roles.
	IF role IS NULL THEN
		RAISE EXCEPTION 'role must not be null' USING ERRCODE = 'null_value_not_allowed';
	ELSIF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
		RAISE EXCEPTION 'role "%" does not exist', role USING ERRCODE = 'undefined_object';
	END IF;
	SELECT n.nspname INTO STRICT target_schema
		FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname = 'onboard';
	EXECUTE format('GRANT USAGE ON SCHEMA onboard TO %I', role);
	-- Schema public is usually open to all, and not ours to grant.
	IF NOT has_schema_privilege(role, target_schema, 'USAGE') THEN
		EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', target_schema, role);
	END IF;
	FOREACH relation IN ARRAY relations LOOP
		EXECUTE format('GRANT SELECT ON onboard.%I TO %I', relation, role);
	END LOOP;
	FOR function IN
		SELECT p.oid FROM pg_proc p
			JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
				AND d.refclassid = 'pg_extension'::regclass
			JOIN pg_extension x ON x.oid = d.refobjid AND x.extname = 'onboard'
		WHERE p.proname = ANY (functions)
	LOOP
		-- A regprocedure prints its name quoted where needed.
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', function, role);
	END LOOP;
END $$;
COMMENT ON FUNCTION onboard.grant_objects(name, text[], text[]) IS 'Lets a role read relations and call functions of the extension';

CREATE FUNCTION onboard.grant_all_vendors(role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM onboard.vendor_roles r WHERE r.role_name = role) THEN
		EXECUTE format('GRANT EXECUTE ON FUNCTION onboard.all_vendors() TO %I', role);
	END IF;
END $$;
COMMENT ON FUNCTION onboard.grant_all_vendors(name) IS 'Lets a role act for all vendors, unless it is confined to some';

CREATE FUNCTION onboard.mail_functions() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT ARRAY['vendor_heading', 'vendor_message', 'vendor_suggestion', 'skipped_rows', 'text_of', 'filled_text', 'number_text', 'percent_text', 'counted_text', 'place_text', 'cause_text',
		'is_main_cause', 'printable_ascii', 'upload_causes', 'upload_actions', 'upload_held', 'upload_categories', 'mail_outcome',
		'mail_files', 'mail_facts', 'mail_subject', 'notification'];
END;
COMMENT ON FUNCTION onboard.mail_functions() IS 'Names of the functions that onboard_notification() and onboard_error_summary() call';

CREATE FUNCTION onboard.grant_mail(role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Columns that the mail needs to count products, without their contents.
	EXECUTE format('GRANT SELECT (product_id, vendor_id, upload_id, category) ON onboard.products TO %I', role);
	EXECUTE format('GRANT SELECT (upload_number, product_id, action) ON onboard.row_actions TO %I', role);
END $$;
COMMENT ON FUNCTION onboard.grant_mail(name) IS 'Lets a role count the products of an upload for its mail';

CREATE FUNCTION @extschema@.onboard_grant_loader(role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM onboard.grant_objects(role,
		ARRAY['vendors', 'product_categories', 'products', 'upload_history', 'validation_errors', 'judged_rows',
			'held_rows', 'outbox', 'item_checks', 'vendor_roles', 'history_horizon', 'vendor_summary', 'recent_uploads',
			'product_catalog', 'product_history', 'mail_texts', 'shipped_texts', 'column_maps', 'shipped_maps', 'map_values',
			'exchange_rates', 'frozen_maps'],
		ARRAY['onboard_map', 'onboard_maps', 'onboard_upload_map', 'newest_map', 'map_definition', 'map_uses', 'newest_rates', 'check_vendor', 'onboard_validate', 'onboard_check', 'onboard_diff', 'onboard_diff_missing', 'onboard_ingest',
			'onboard_product_as_of', 'onboard_judged_ranges', 'onboard_statistics',
			'onboard_version', 'onboard_diagnose', 'onboard_begin_upload', 'onboard_upload_mode', 'onboard_begin_parse', 'onboard_describe_upload',
			'onboard_save_checkpoint', 'onboard_finish_upload', 'onboard_reject_upload',
			'onboard_cancel_upload', 'onboard_undo_upload', 'onboard_undo_plan', 'onboard_held',
			'onboard_sweep_uploads', 'onboard_lock_sweeper',
			'onboard_claim_stalled', 'onboard_renew_events', 'onboard_note_items', 'onboard_claim_item_checks',
			'onboard_end_item_check', 'onboard_find_upload', 'onboard_claim_listing', 'onboard_save_listing',
			'onboard_backlog', 'onboard_claim_events', 'onboard_ack_events',
			'onboard_error_csv', 'onboard_fix_csv', 'onboard_fixed_csv', 'onboard_rejected_rows', 'onboard_error_summary', 'onboard_notification', 'onboard_upload_status',
			'onboard_mail_template', 'is_guess', 'is_operator', 'may_retry', 'success_rate', 'seconds_since', 'utc_text',
			'visible_upload']
			|| onboard.mail_functions());
	EXECUTE format('GRANT INSERT ON onboard.intake TO %I', role);
	PERFORM onboard.grant_mail(role);
	PERFORM onboard.grant_all_vendors(role);
END $$;
COMMENT ON FUNCTION @extschema@.onboard_grant_loader(name) IS
	'Lets a role load files: open, fill, finish and sweep uploads, deliver their events, and read their results';

CREATE FUNCTION @extschema@.onboard_grant_reporter(role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM onboard.grant_objects(role,
		ARRAY['vendors', 'upload_history', 'validation_errors', 'held_rows', 'outbox', 'item_checks', 'vendor_roles',
			'vendor_summary', 'recent_uploads', 'product_catalog', 'mail_texts', 'shipped_texts'],
		ARRAY['onboard_claim_events', 'onboard_ack_events', 'onboard_report_due', 'onboard_claim_report',
			'onboard_release_report', 'onboard_record_report', 'onboard_version', 'onboard_backlog', 'onboard_error_csv',
			'onboard_fix_csv', 'onboard_fixed_csv', 'onboard_rejected_rows', 'onboard_error_summary', 'onboard_notification', 'onboard_upload_status',
			'onboard_mail_template', 'is_operator', 'may_retry', 'success_rate', 'seconds_since', 'utc_text', 'visible_upload']
			|| onboard.mail_functions());
	PERFORM onboard.grant_mail(role);
	PERFORM onboard.grant_all_vendors(role);
END $$;
COMMENT ON FUNCTION @extschema@.onboard_grant_reporter(name) IS 'Lets a role take events from the outbox and write reports for any vendor';

CREATE FUNCTION @extschema@.onboard_grant_operator(role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM onboard.grant_objects(role,
		ARRAY['vendors', 'upload_history', 'judged_rows', 'outbox', 'item_checks', 'vendor_roles', 'mail_texts', 'shipped_texts',
			'column_maps', 'shipped_maps', 'map_values', 'exchange_rates', 'frozen_maps'],
		ARRAY['onboard_map', 'onboard_maps', 'onboard_upload_map', 'onboard_set_map', 'onboard_remove_map', 'onboard_set_default_map',
			'onboard_set_map_values', 'onboard_set_exchange_rate', 'check_map', 'newest_map', 'map_definition', 'map_uses', 'newest_rates', 'check_vendor', 'lock_vendor',
			'visible_upload', 'onboard_mail_template', 'onboard_set_mail_template', 'text_of', 'check_mail_text', 'onboard_backlog', 'onboard_cancel_upload', 'onboard_held', 'onboard_approve_rows', 'onboard_decline_rows',
			'onboard_prune_history', 'onboard_find_upload', 'onboard_upload_mode', 'onboard_version', 'is_operator', 'may_retry', 'success_rate', 'skipped_rows', 'seconds_since', 'utc_text']);
	EXECUTE format('GRANT INSERT (vendor_id, vendor_name, email, phone, business_name, tax_id, address, city, state, country, '
		'postal_code, status, language), UPDATE (status, modes, default_mode, price_guard, sold_out_guard, discontinue_guard, language, default_map) '
		'ON onboard.vendors TO %I', role);
	EXECUTE format('GRANT INSERT, UPDATE, DELETE ON onboard.mail_texts, onboard.map_values TO %I', role);
	EXECUTE format('GRANT INSERT, UPDATE ON onboard.exchange_rates TO %I', role);
	-- Versions of a map are only added.
	EXECUTE format('GRANT INSERT ON onboard.column_maps TO %I', role);
	-- The errors of rows, and why rows are held, but not what the rows contain.
	EXECUTE format('GRANT SELECT (upload_id, row_number, error_type, error_field, severity) '
		'ON onboard.validation_errors TO %I', role);
	EXECUTE format('GRANT SELECT (held_id, upload_id, vendor_id, row_number, line_number, product_id, cause, '
		'current_value, new_value, outcome, reason, decided_by, decided_at, created_at) ON onboard.held_rows TO %I', role);
	PERFORM onboard.grant_all_vendors(role);
END $$;
COMMENT ON FUNCTION @extschema@.onboard_grant_operator(name) IS
	'Lets a role add vendors, change their status, language, modes, guards and maps, and the texts of mails, cancel uploads, decide on '
	'held rows, follow any upload and prune the history, without reading products';

CREATE FUNCTION @extschema@.onboard_grant_vendor(role name, vendor_id text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM onboard.check_vendor(vendor_id);
	PERFORM onboard.grant_objects(role,
		ARRAY['vendors', 'product_categories', 'products', 'upload_history', 'validation_errors', 'held_rows', 'vendor_roles',
			'history_horizon', 'vendor_summary', 'recent_uploads', 'product_catalog', 'product_history', 'mail_texts',
			'shipped_texts', 'column_maps', 'shipped_maps', 'map_values', 'exchange_rates', 'frozen_maps'],
		ARRAY['onboard_map', 'onboard_maps', 'onboard_upload_map', 'newest_map', 'map_definition', 'map_uses', 'newest_rates', 'check_vendor', 'onboard_validate', 'onboard_product_as_of', 'onboard_version', 'onboard_error_csv', 'onboard_fix_csv',
			'onboard_fixed_csv', 'onboard_rejected_rows',
			'onboard_error_summary', 'onboard_notification', 'onboard_upload_status', 'onboard_held', 'is_operator', 'may_retry',
			'onboard_mail_template', 'success_rate', 'utc_text', 'visible_upload'] || onboard.mail_functions());
	PERFORM onboard.grant_mail(role);
	INSERT INTO onboard.vendor_roles (role_name, vendor_id) VALUES (role, vendor_id) ON CONFLICT DO NOTHING;
	EXECUTE format('REVOKE EXECUTE ON FUNCTION onboard.all_vendors() FROM %I', role);
END $$;
COMMENT ON FUNCTION @extschema@.onboard_grant_vendor(name, text) IS
	'Confines a role to a vendor, in addition to those it already has, and lets it read that vendor''s rows and '
	'reports';

--
-- Maintenance
--

CREATE FUNCTION @extschema@.onboard_create_catalog_indexes() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted record;
	created int := 0;
BEGIN
	FOR wanted IN VALUES
		('products_status_idx', 'btree (status)'),
		('products_created_at_idx', 'btree (created_at)'),
		('products_price_idx', 'btree (price)'),
		('products_search_idx', 'gin (to_tsvector(''pg_catalog.simple'', product_name || '' '' || coalesce(description, '''')))')
	LOOP
		IF to_regclass('onboard.' || wanted.column1) IS NULL THEN
			EXECUTE format('CREATE INDEX %I ON onboard.products USING ', wanted.column1) || wanted.column2;
			created := created + 1;
		END IF;
	END LOOP;
	RETURN created;
END $$;
COMMENT ON FUNCTION @extschema@.onboard_create_catalog_indexes() IS
	'Creates the missing indexes for searching the catalogue (status, created_at, price, words of name and '
	'description); returns how many';

-- These settings affect how the server prints objects, and the output has to be
-- comparable between sessions.
CREATE FUNCTION onboard.table_parts(OUT kind text, OUT relation name, OUT name text, OUT part_of name, OUT definition text,
	OUT make text, OUT change text, OUT remove text, OUT needs text, OUT ordinal integer)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET standard_conforming_strings = on
SET bytea_output = 'hex'
SET "DateStyle" = 'ISO, MDY'
SET "IntervalStyle" = 'postgres'
SET extra_float_digits = 1
SET "TimeZone" = 'UTC' AS $$
	WITH ours AS (
		SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relreplident, c.reloptions, c.reltoastrelid, c.relrowsecurity, c.relforcerowsecurity,
			format('ALTER %s onboard.%I ', CASE c.relkind WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
				c.relname) AS alter
		FROM pg_class c
			JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
				AND d.refclassid = 'pg_extension'::regclass
			JOIN pg_extension x ON x.oid = d.refobjid AND x.extname = 'onboard'
		WHERE c.relkind IN ('r', 'f', 'v')
	), columns AS (
		SELECT o.relname, o.relkind, o.alter, a.attname, a.attnum, a.attrelid, a.attnotnull, a.attidentity, a.attgenerated,
			a.attstorage, a.attcompression, nullif(a.attstattarget, -1) AS statistics, a.attoptions,
			o.alter || format('ALTER COLUMN %I ', a.attname) AS alter_column,
			t.typstorage, format_type(a.atttypid, a.atttypmod) AS type,
			CASE WHEN a.attcollation <> t.typcollation
				THEN (SELECT format(' COLLATE %I.%I', n.nspname, c.collname)
					FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid = a.attcollation)
				ELSE '' END AS collation,
			CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity,
			pg_get_expr(f.adbin, f.adrelid) AS expression
		FROM ours o
			JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
			JOIN pg_type t ON t.oid = a.atttypid
			LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
		WHERE o.relkind <> 'v'
	), storages (code, storage) AS (
		VALUES ('p'::"char", 'PLAIN'), ('e', 'EXTERNAL'), ('m', 'MAIN'), ('x', 'EXTENDED')
	), column_options AS (
		SELECT c.relname, c.attname, c.alter_column, 'STATISTICS' AS option, c.statistics::text AS value, '-1' AS usual
		FROM columns c WHERE c.statistics IS NOT NULL
		UNION ALL
		SELECT c.relname, c.attname, c.alter_column, 'STORAGE', s.storage, d.storage
		FROM columns c
			JOIN storages s ON s.code = c.attstorage
			JOIN storages d ON d.code = c.typstorage
		WHERE c.attstorage <> c.typstorage
		UNION ALL
		SELECT c.relname, c.attname, c.alter_column, 'COMPRESSION', CASE c.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END, 'default'
		FROM columns c WHERE c.attcompression <> ''
	), options AS (
		SELECT o.relname, o.alter, format('%I', s.option_name) AS option, s.option_value
		FROM ours o CROSS JOIN LATERAL pg_options_to_table(o.reloptions) s
		UNION ALL
		SELECT o.relname, o.alter, format('toast.%I', s.option_name), s.option_value
		FROM ours o JOIN pg_class c ON c.oid = o.reltoastrelid CROSS JOIN LATERAL pg_options_to_table(c.reloptions) s
	), policies AS (
		SELECT o.relname, p.polname,
			format('CREATE POLICY %I ON onboard.%I AS %s FOR %s TO %s', p.polname, o.relname,
					CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
					CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
					(SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', ' ORDER BY role::regrole::text)
						FROM unnest(p.polroles) role))
				|| coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
				|| coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') AS make
		FROM ours o JOIN pg_policy p ON p.polrelid = o.oid
	)
	-- An added column is created by one statement; each property of a shipped column
	-- is a part of its own.  A generated column may depend on a column added before
	-- it.
	SELECT 'column', c.relname, c.attname::text, c.attname, '',
		c.alter || format('ADD COLUMN %I %s%s', c.attname, c.type, c.collation)
			|| CASE WHEN c.identity IS NOT NULL THEN format(' GENERATED %s AS IDENTITY', c.identity)
				WHEN c.attgenerated <> '' THEN format(' GENERATED ALWAYS AS (%s) %s', c.expression,
					CASE c.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
				ELSE coalesce(' DEFAULT ' || c.expression, '') END
			|| CASE WHEN c.attnotnull THEN ' NOT NULL' ELSE '' END,
		NULL, c.alter || format('DROP COLUMN %I', c.attname), NULL, c.attnum::int
	FROM columns c
	UNION ALL
	SELECT 'column type', c.relname, c.attname::text, c.attname, c.type || c.collation, NULL,
		c.alter_column || format('TYPE %s%s', c.type, c.collation)
			-- A foreign table has no stored values to convert.
			|| CASE c.relkind WHEN 'f' THEN '' ELSE format(' USING %I::%s', c.attname, c.type) END, NULL, NULL, 0
	FROM columns c
	UNION ALL
	SELECT 'column default', c.relname, c.attname::text, c.attname, c.expression,
		c.alter_column || 'SET DEFAULT ' || c.expression, c.alter_column || 'SET DEFAULT ' || c.expression,
		c.alter_column || 'DROP DEFAULT', format('column type %s %s', c.relname, c.attname), 0
	FROM columns c WHERE c.expression IS NOT NULL AND c.attgenerated = ''
	UNION ALL
	-- Before PostgreSQL 18, NOT NULL has no row in pg_constraint.
	SELECT 'column not null', c.relname, c.attname::text, c.attname, coalesce(k.definition, ''),
		CASE WHEN k.definition IS NULL THEN c.alter_column || 'SET NOT NULL'
			ELSE c.alter || format('ADD CONSTRAINT %I %s', k.conname, k.definition) END,
		NULL, c.alter_column || 'DROP NOT NULL', NULL, 0
	FROM columns c
		LEFT JOIN (SELECT n.conrelid, n.conkey, n.conname, pg_get_constraintdef(n.oid) AS definition
			FROM pg_constraint n WHERE n.contype = 'n' AND (NOT n.convalidated OR n.connoinherit)) k
			ON k.conrelid = c.attrelid AND k.conkey = ARRAY[c.attnum]
	WHERE c.attnotnull
	UNION ALL
	SELECT 'column identity', c.relname, c.attname::text, c.attname, c.identity,
		c.alter_column || format('ADD GENERATED %s AS IDENTITY', c.identity),
		c.alter_column || format('SET GENERATED %s', c.identity), c.alter_column || 'DROP IDENTITY', NULL, 0
	FROM columns c WHERE c.identity IS NOT NULL
	UNION ALL
	SELECT 'column option', c.relname, c.attname || ' ' || c.option, c.attname, c.value,
		c.alter_column || format('SET %s %s', c.option, c.value), c.alter_column || format('SET %s %s', c.option, c.value),
		c.alter_column || format('SET %s %s', c.option, c.usual), NULL, 0
	FROM column_options c
	UNION ALL
	SELECT 'column option', c.relname, c.attname || ' ' || s.option_name, c.attname, s.option_value,
		c.alter_column || format('SET (%I = %L)', s.option_name, s.option_value),
		c.alter_column || format('SET (%I = %L)', s.option_name, s.option_value),
		c.alter_column || format('RESET (%I)', s.option_name), NULL, 0
	FROM columns c CROSS JOIN LATERAL pg_options_to_table(c.attoptions) s
	-- The server may store options of its own there, too.
	WHERE s.option_name IN ('n_distinct', 'n_distinct_inherited')
	UNION ALL
	SELECT 'view', o.relname, 'definition', NULL, pg_get_viewdef(o.oid), v.make, v.make,
		format('ALTER EXTENSION onboard DROP VIEW onboard.%I', o.relname), NULL, 0
	FROM ours o CROSS JOIN LATERAL (SELECT format('CREATE OR REPLACE VIEW onboard.%I%s AS%s', o.relname,
			(SELECT ' WITH (' || string_agg(format('%I = %L', s.option_name, s.option_value), ', ' ORDER BY s.option_name) || ')'
				FROM pg_options_to_table(o.reloptions) s),
			E'\n' || rtrim(pg_get_viewdef(o.oid), ';')) AS make) v
	WHERE o.relkind = 'v'
	UNION ALL
	SELECT 'option', s.relname, s.option, NULL, s.option_value,
		s.alter || format('SET (%s = %L)', s.option, s.option_value), s.alter || format('SET (%s = %L)', s.option, s.option_value),
		s.alter || format('RESET (%s)', s.option), NULL, 0
	FROM options s
	UNION ALL
	SELECT 'index', o.relname, c.relname, NULL, pg_get_indexdef(c.oid), pg_get_indexdef(c.oid), NULL,
		format('DROP INDEX onboard.%I', c.relname), NULL, 0
	FROM ours o
		JOIN pg_index i ON i.indrelid = o.oid
		JOIN pg_class c ON c.oid = i.indexrelid
	WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
	UNION ALL
	-- Foreign keys are added last and dropped first, because they depend on keys of
	-- other tables.
	SELECT CASE k.contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END, o.relname, k.conname, NULL, pg_get_constraintdef(k.oid),
		o.alter || format('ADD CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), NULL,
		o.alter || format('DROP CONSTRAINT %I', k.conname),
		(SELECT format('constraint %s %s', c.relname, u.conname)
			FROM pg_constraint u JOIN pg_class c ON c.oid = u.conrelid
			WHERE k.contype = 'f' AND u.conindid = k.conindid AND u.contype IN ('p', 'u')), 0
	FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid
	-- NOT NULL is printed with the column; triggers come below.
	WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')
	UNION ALL
	SELECT 'storage', o.relname, 'persistence', NULL, '', o.alter || 'SET UNLOGGED', NULL, o.alter || 'SET LOGGED', NULL, 0
	FROM ours o WHERE o.relpersistence = 'u'
	UNION ALL
	SELECT 'storage', o.relname, 'replica identity', NULL, r.identity, r.make, r.make, o.alter || 'REPLICA IDENTITY DEFAULT', NULL, 0
	FROM ours o
		LEFT JOIN (SELECT i.indrelid, format('USING INDEX %I', c.relname) AS using_index
			FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisreplident) i ON i.indrelid = o.oid
		CROSS JOIN LATERAL (SELECT CASE o.relreplident WHEN 'f' THEN 'FULL' WHEN 'i' THEN i.using_index END) x (named)
		CROSS JOIN LATERAL (SELECT coalesce(x.named, 'NOTHING') AS identity,
			o.alter || 'REPLICA IDENTITY ' || coalesce(x.named, 'NOTHING') AS make) r
	WHERE o.relkind = 'r' AND o.relreplident <> 'd'
	UNION ALL
	SELECT 'storage', o.relname, 'cluster', NULL, c.relname, m.make, m.make, o.alter || 'SET WITHOUT CLUSTER', NULL, 0
	FROM ours o JOIN pg_index i ON i.indrelid = o.oid JOIN pg_class c ON c.oid = i.indexrelid
		CROSS JOIN LATERAL (SELECT o.alter || format('CLUSTER ON %I', c.relname) AS make) m
	WHERE i.indisclustered
	UNION ALL
	SELECT 'trigger', o.relname, t.tgname, NULL, pg_get_triggerdef(t.oid), pg_get_triggerdef(t.oid), NULL,
		format('DROP TRIGGER %I ON onboard.%I', t.tgname, o.relname), NULL, 0
	FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid
	WHERE NOT t.tgisinternal
	UNION ALL
	SELECT 'trigger state', o.relname, t.tgname, NULL, t.tgenabled::text, s.make, s.make,
		o.alter || format('ENABLE TRIGGER %I', t.tgname), NULL, 0
	FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid
		CROSS JOIN LATERAL (SELECT o.alter || CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END
			|| format(' TRIGGER %I', t.tgname) AS make) s
	WHERE NOT t.tgisinternal AND t.tgenabled <> 'O'
	UNION ALL
	SELECT 'rule', o.relname, r.rulename, NULL, pg_get_ruledef(r.oid), rtrim(pg_get_ruledef(r.oid), ';'), NULL,
		format('DROP RULE %I ON onboard.%I', r.rulename, o.relname), NULL, 0
	FROM ours o JOIN pg_rewrite r ON r.ev_class = o.oid
	WHERE r.rulename <> '_RETURN'
	UNION ALL
	SELECT 'rule state', o.relname, r.rulename, NULL, r.ev_enabled::text, s.make, s.make,
		o.alter || format('ENABLE RULE %I', r.rulename), NULL, 0
	FROM ours o JOIN pg_rewrite r ON r.ev_class = o.oid
		CROSS JOIN LATERAL (SELECT o.alter || CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END
			|| format(' RULE %I', r.rulename) AS make) s
	WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'O'
	UNION ALL
	SELECT 'policy', p.relname, p.polname, NULL, p.make, p.make, NULL,
		format('DROP POLICY %I ON onboard.%I', p.polname, p.relname), NULL, 0
	FROM policies p
	UNION ALL
	SELECT 'row security', o.relname, 'enabled', NULL, '', o.alter || 'ENABLE ROW LEVEL SECURITY', NULL,
		o.alter || 'DISABLE ROW LEVEL SECURITY', NULL, 0
	FROM ours o WHERE o.relrowsecurity
	UNION ALL
	SELECT 'row security', o.relname, 'forced', NULL, '', o.alter || 'FORCE ROW LEVEL SECURITY', NULL,
		o.alter || 'NO FORCE ROW LEVEL SECURITY', NULL, 0
	FROM ours o WHERE o.relforcerowsecurity;
$$;
COMMENT ON FUNCTION onboard.table_parts() IS
	'Columns and their properties, view definitions, options, indexes, constraints, storage, triggers, rules, policies '
	'and row security of the extension''s relations, each with statements that make, change and remove it';

CREATE TABLE onboard.shipped_parts (
	kind text COLLATE "C" NOT NULL,
	relation name NOT NULL,
	name text COLLATE "C" NOT NULL,
	part_of name,
	definition text NOT NULL,
	remove text,
	needs text,
	ordinal integer NOT NULL,
	CONSTRAINT shipped_parts_pkey PRIMARY KEY (kind, relation, name)
);
COMMENT ON TABLE onboard.shipped_parts IS
	'Definitions of the extension''s relations at installation, to detect what users changed; an upgrade script adds '
	'what it ships';

CREATE FUNCTION onboard.changed_parts(OUT "position" integer, OUT relation name, OUT ordinal integer, OUT name text, OUT statement text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
	WITH kinds AS (
		SELECT k.kind, k.position::int AS position
		FROM unnest(ARRAY['column', 'column type', 'column default', 'column not null', 'column identity', 'view',
				'column drop', 'option', 'column option', 'index', 'constraint', 'foreign key', 'storage',
				'trigger', 'trigger state', 'rule', 'rule state', 'policy', 'row security'])
			WITH ORDINALITY AS k (kind, position)
	), parts AS (
		SELECT coalesce(p.kind, s.kind) AS kind, coalesce(p.relation, s.relation) AS relation, coalesce(p.name, s.name) AS name,
			coalesce(p.part_of, s.part_of) AS part_of, p.make, p.change, coalesce(s.remove, p.remove) AS remove,
			p.needs, coalesce(p.ordinal, s.ordinal) AS ordinal, s.needs AS shipped_needs,
			s.kind IS NULL AS is_added, p.kind IS NULL AS is_gone,
			p.definition <> s.definition AS is_changed
		FROM onboard.table_parts() p
			FULL JOIN onboard.shipped_parts s ON s.kind = p.kind AND s.relation = p.relation AND s.name = p.name
	), compared AS (
		SELECT p.*,
			NOT p.is_added AND NOT p.is_gone AND EXISTS (SELECT FROM parts n
				WHERE format('%s %s %s', n.kind, n.relation, n.name) = p.shipped_needs
					AND (n.is_gone OR n.is_changed)) AS is_made_again
		FROM parts p
		-- The properties of a column are added and dropped with it.
		WHERE p.part_of IS NULL OR p.kind = 'column'
			OR NOT EXISTS (SELECT FROM parts c
				WHERE c.kind = 'column' AND c.relation = p.relation AND c.name = p.part_of
					AND (c.is_gone OR (c.is_added AND p.kind <> 'column option')))
	)
	-- Drops come first, in reverse order; a column is dropped once no view depends on
	-- it.
	SELECT CASE p.kind WHEN 'column' THEN (SELECT k.position FROM kinds k WHERE k.kind = 'column drop') ELSE -k.position END,
		p.relation, -p.ordinal, p.name, p.remove || ';'
	FROM compared p JOIN kinds k ON k.kind = p.kind
	WHERE p.is_gone OR p.is_made_again OR (p.is_changed AND p.change IS NULL)
	UNION ALL
	SELECT k.position, p.relation, p.ordinal, p.name,
		CASE WHEN p.is_changed AND NOT p.is_made_again THEN coalesce(p.change, p.make) ELSE p.make END || ';'
	FROM compared p JOIN kinds k ON k.kind = p.kind
	WHERE p.is_added OR p.is_made_again OR p.is_changed;
$$;
COMMENT ON FUNCTION onboard.changed_parts() IS
	'What was added to, changed in, or removed from the extension''s relations, as statements that replay it, with '
	'their sort keys';

CREATE FUNCTION @extschema@.onboard_local_changes() RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off AS $$
	WITH changes AS MATERIALIZED (
		SELECT c.position, c.relation, c.ordinal, c.name, c.statement FROM onboard.changed_parts() c
	)
	SELECT t.line FROM (
		SELECT 0 AS part, 0 AS position, ''::name AS relation, 0 AS ordinal, '' AS name, '-- Added columns must exist before the data is restored.' AS line
			WHERE EXISTS (SELECT FROM changes)
		UNION ALL
		SELECT 1, 0, '', 0, '', '-- Row security is forced on '
				|| coalesce((SELECT string_agg(quote_ident(c.relname), ', ' ORDER BY c.relname) FROM pg_class c
					WHERE c.relnamespace = 'onboard'::regnamespace AND c.relforcerowsecurity), 'nothing')
				|| '; dump and restore as a superuser or a role with BYPASSRLS.'
			WHERE EXISTS (SELECT FROM changes)
		UNION ALL
		SELECT 2, 0, '', 0, '', 'SET standard_conforming_strings = on;'
			WHERE EXISTS (SELECT FROM changes c WHERE position(chr(92) IN c.statement) > 0)
		UNION ALL
		SELECT 3, c.position, c.relation, c.ordinal, c.name, c.statement FROM changes c) t
	ORDER BY t.part, t.position, t.relation, t.ordinal, t.name COLLATE "C";
$$;
COMMENT ON FUNCTION @extschema@.onboard_local_changes() IS
	'Statements that replay what was added to, changed in, or removed from the extension''s tables and views, which '
	'pg_dump omits; no row if nothing was changed';

CREATE FUNCTION @extschema@.onboard_diagnose(OUT severity text, OUT subject text, OUT message text, OUT hint text)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'onboard_diagnose';
COMMENT ON FUNCTION @extschema@.onboard_diagnose() IS
	'What is wrong with this installation (error, warning) or worth knowing about it (info): versions, open schemas, '
	'how rows are stored and why, roles, row security, stalled uploads, local changes';

INSERT INTO onboard.shipped_parts (kind, relation, name, part_of, definition, remove, needs, ordinal)
	SELECT p.kind, p.relation, p.name, p.part_of, p.definition, p.remove, p.needs, p.ordinal FROM onboard.table_parts() p;

COMMENT ON SEQUENCE onboard.product_categories_category_id_seq IS 'Numbers categories; users'' own are above 1000';
COMMENT ON SEQUENCE onboard.products_product_id_seq IS 'Numbers products';
COMMENT ON SEQUENCE onboard.upload_history_upload_number_seq IS 'Numbers uploads';
COMMENT ON SEQUENCE onboard.validation_errors_error_id_seq IS 'Numbers errors';
COMMENT ON SEQUENCE onboard.product_changes_change_id_seq IS 'Numbers changes of products';
COMMENT ON SEQUENCE onboard.held_rows_held_id_seq IS 'Numbers held rows';
COMMENT ON SEQUENCE onboard.outbox_event_id_seq IS 'Numbers events';

--
-- Nothing is granted to PUBLIC
--

REVOKE ALL ON SCHEMA onboard FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA onboard FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA onboard FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA onboard FROM PUBLIC;
REVOKE ALL ON TYPE onboard.violation FROM PUBLIC;
REVOKE ALL ON FOREIGN DATA WRAPPER onboard_intake FROM PUBLIC;
REVOKE ALL ON FOREIGN SERVER onboard_intake FROM PUBLIC;
REVOKE ALL ON FUNCTION
	@extschema@.onboard_validate(text, jsonb),
	@extschema@.onboard_check(text, jsonb, boolean),
	@extschema@.onboard_diff(text, jsonb, text, text, text, timestamptz, text[], boolean),
	@extschema@.onboard_diff_missing(text, timestamptz),
	@extschema@.onboard_ingest(text, jsonb),
	@extschema@.onboard_judged_ranges(text),
	@extschema@.onboard_statistics(),
	@extschema@.onboard_version(),
	@extschema@.onboard_begin_upload(text, text, text, text, bigint, jsonb, boolean, text, text, text, timestamptz, text[], text, text),
	@extschema@.onboard_upload_mode(text, text),
	@extschema@.onboard_map(text, text),
	@extschema@.onboard_maps(text),
	@extschema@.onboard_upload_map(text),
	@extschema@.onboard_set_map(text, text, text),
	@extschema@.onboard_remove_map(text, text),
	@extschema@.onboard_set_default_map(text, text),
	@extschema@.onboard_set_map_values(text, text, jsonb),
	@extschema@.onboard_set_exchange_rate(text, text, numeric, date),
	@extschema@.onboard_begin_parse(text),
	@extschema@.onboard_describe_upload(text, bigint, jsonb, text[]),
	@extschema@.onboard_save_checkpoint(text, bigint, bigint, bigint, jsonb),
	@extschema@.onboard_finish_upload(text, bigint),
	@extschema@.onboard_reject_upload(text, text, text),
	@extschema@.onboard_cancel_upload(text),
	@extschema@.onboard_undo_upload(text, boolean),
	@extschema@.onboard_undo_plan(text),
	@extschema@.onboard_held(text, text),
	@extschema@.onboard_approve_rows(text, bigint[]),
	@extschema@.onboard_decline_rows(text, bigint[]),
	@extschema@.onboard_sweep_uploads(interval),
	@extschema@.onboard_sweep_uploads(interval, integer),
	@extschema@.onboard_lock_sweeper(),
	@extschema@.onboard_claim_stalled(interval, integer, integer),
	@extschema@.onboard_renew_events(interval, integer),
	@extschema@.onboard_note_items(text, bigint),
	@extschema@.onboard_claim_item_checks(interval, integer, text),
	@extschema@.onboard_end_item_check(text, bigint, bigint, boolean),
	@extschema@.onboard_find_upload(text, text),
	@extschema@.onboard_claim_listing(text, interval, interval),
	@extschema@.onboard_save_listing(text, text, text, boolean, boolean),
	@extschema@.onboard_backlog(),
	@extschema@.onboard_claim_events(integer, interval),
	@extschema@.onboard_claim_events(integer, interval, text),
	@extschema@.onboard_report_due(text),
	@extschema@.onboard_ack_events(bigint[], uuid),
	@extschema@.onboard_claim_report(text, interval),
	@extschema@.onboard_release_report(text, uuid),
	@extschema@.onboard_record_report(text, text, text, text),
	@extschema@.onboard_error_csv(text),
	@extschema@.onboard_fix_csv(text),
	@extschema@.onboard_fixed_csv(text),
	@extschema@.onboard_rejected_rows(text),
	@extschema@.onboard_error_summary(text),
	@extschema@.onboard_notification(text),
	@extschema@.onboard_notification(text, text, text, timestamptz, text, text),
	@extschema@.onboard_mail_template(text),
	@extschema@.onboard_set_mail_template(text, text),
	@extschema@.onboard_upload_status(text),
	@extschema@.onboard_grant_loader(name),
	@extschema@.onboard_grant_reporter(name),
	@extschema@.onboard_grant_operator(name),
	@extschema@.onboard_grant_vendor(name, text),
	@extschema@.onboard_product_as_of(bigint, timestamptz),
	@extschema@.onboard_prune_history(interval),
	@extschema@.onboard_create_catalog_indexes(),
	@extschema@.onboard_local_changes(),
	@extschema@.onboard_diagnose()
FROM PUBLIC;

-- Warn at installation if other roles may create objects in public.
DO $$
DECLARE
	finding record;
BEGIN
	FOR finding IN SELECT d.subject, d.message, d.hint FROM @extschema@.onboard_diagnose() d
		WHERE d.severity OPERATOR(pg_catalog.=) 'warning' AND pg_catalog.starts_with(d.subject, 'schema ')
	LOOP
		RAISE WARNING '%: %', finding.subject, finding.message USING HINT = finding.hint;
	END LOOP;
END $$;
