-- The documented objects: tables with their columns, types and keys; functions with their
-- volatility; row security; and the absence of default privileges.
BEGIN;
SELECT no_plan();

SELECT has_extension('onboard');
SELECT has_schema('onboard');
SELECT tables_are('onboard', ARRAY['vendors', 'product_categories', 'products', 'upload_history', 'validation_errors',
	'vendor_roles', 'judged_rows', 'row_actions', 'product_changes', 'held_rows', 'history_horizon', 'outbox', 'item_checks',
	'listings', 'shipped_parts', 'shipped_texts', 'mail_texts', 'column_maps', 'shipped_maps', 'map_values', 'exchange_rates',
	'frozen_maps']);
SELECT views_are('onboard', ARRAY['vendor_summary', 'recent_uploads', 'product_catalog', 'product_history']);
SELECT foreign_tables_are('onboard', ARRAY['intake']);

-- Columns: table, column, type, not null, collation "C"
CREATE TEMPORARY TABLE wanted_columns (relation name, ordinal int GENERATED ALWAYS AS IDENTITY, name name, type text,
	not_null bool, is_c bool);
INSERT INTO wanted_columns (relation, name, type, not_null, is_c) VALUES
	('vendors', 'vendor_id', 'text', true, true),
	('vendors', 'vendor_name', 'text', true, false),
	('vendors', 'email', 'text', true, true),
	('vendors', 'phone', 'text', false, false),
	('vendors', 'business_name', 'text', false, false),
	('vendors', 'tax_id', 'text', false, false),
	('vendors', 'address', 'text', false, false),
	('vendors', 'city', 'text', false, false),
	('vendors', 'state', 'text', false, false),
	('vendors', 'country', 'text', false, false),
	('vendors', 'postal_code', 'text', false, false),
	('vendors', 'status', 'text', true, true),
	('vendors', 'modes', 'text[]', true, false),
	('vendors', 'default_mode', 'text', true, true),
	('vendors', 'price_guard', 'numeric(8,2)', false, false),
	('vendors', 'sold_out_guard', 'numeric(4,3)', false, false),
	('vendors', 'discontinue_guard', 'numeric(4,3)', false, false),
	('vendors', 'language', 'text', false, true),
	('vendors', 'default_map', 'text', false, true),
	('vendors', 'created_at', 'timestamp with time zone', true, false),
	('vendors', 'updated_at', 'timestamp with time zone', true, false),
	('product_categories', 'category_id', 'bigint', true, false),
	('product_categories', 'category_name', 'text', true, true),
	('product_categories', 'parent_category', 'text', false, true),
	('product_categories', 'description', 'text', false, false),
	('product_categories', 'is_active', 'boolean', true, false),
	('product_categories', 'shipped', 'boolean', true, false),
	('product_categories', 'created_at', 'timestamp with time zone', true, false),
	('product_categories', 'updated_at', 'timestamp with time zone', true, false),
	('products', 'product_id', 'bigint', true, false),
	('products', 'vendor_id', 'text', true, true),
	('products', 'vendor_product_id', 'text', true, true),
	('products', 'product_name', 'text', true, false),
	('products', 'category', 'text', true, true),
	('products', 'subcategory', 'text', false, false),
	('products', 'description', 'text', false, false),
	('products', 'sku', 'text', true, true),
	('products', 'brand', 'text', false, false),
	('products', 'price', 'numeric(10,2)', true, false),
	('products', 'compare_at_price', 'numeric(10,2)', false, false),
	('products', 'stock_quantity', 'integer', true, false),
	('products', 'unit', 'text', true, false),
	('products', 'weight_kg', 'numeric(8,2)', false, false),
	('products', 'dimensions_cm', 'text', false, false),
	('products', 'image_url', 'text', false, false),
	('products', 'attributes', 'jsonb', true, false),
	('products', 'status', 'text', true, true),
	('products', 'upload_id', 'text', false, true),
	('products', 'row_number', 'bigint', false, false),
	('products', 'line_number', 'bigint', false, false),
	('products', 'created_at', 'timestamp with time zone', true, false),
	('products', 'updated_at', 'timestamp with time zone', true, false),
	('upload_history', 'upload_id', 'text', true, true),
	('upload_history', 'upload_number', 'bigint', true, false),
	('upload_history', 'vendor_id', 'text', true, true),
	('upload_history', 'file_name', 'text', true, false),
	('upload_history', 's3_key', 'text', false, false),
	('upload_history', 'content_id', 'text', false, true),
	('upload_history', 'mode', 'text', true, true),
	('upload_history', 'match', 'text', false, true),
	('upload_history', 'blank', 'text', true, true),
	('upload_history', 'source_time', 'timestamp with time zone', true, false),
	('upload_history', 'columns', 'text[]', false, false),
	('upload_history', 'map_name', 'text', false, true),
	('upload_history', 'map_version', 'integer', false, false),
	('upload_history', 'map_hash', 'text', false, true),
	('upload_history', 'ruleset_version', 'integer', true, false),
	('upload_history', 'total_records', 'bigint', false, false),
	('upload_history', 'valid_records', 'bigint', true, false),
	('upload_history', 'error_records', 'bigint', true, false),
	('upload_history', 'inserted', 'bigint', true, false),
	('upload_history', 'updated', 'bigint', true, false),
	('upload_history', 'unchanged', 'bigint', true, false),
	('upload_history', 'stale', 'bigint', true, false),
	('upload_history', 'held', 'bigint', true, false),
	('upload_history', 'discontinued', 'bigint', true, false),
	('upload_history', 'discontinued_missing', 'bigint', true, false),
	('upload_history', 'unnamed_records', 'bigint', true, false),
	('upload_history', 'sold_out', 'bigint', true, false),
	('upload_history', 'restocked', 'bigint', true, false),
	('upload_history', 'stocked_at_begin', 'bigint', false, false),
	('upload_history', 'stocked_at_least', 'bigint', true, false),
	('upload_history', 'status', 'text', true, true),
	('upload_history', 'failure_code', 'text', false, true),
	('upload_history', 'failure_message', 'text', false, false),
	('upload_history', 'error_file_s3_key', 'text', false, false),
	('upload_history', 'fix_file_s3_key', 'text', false, false),
	('upload_history', 'workbook_file_s3_key', 'text', false, false),
	('upload_history', 'processing_started_at', 'timestamp with time zone', true, false),
	('upload_history', 'processing_completed_at', 'timestamp with time zone', false, false),
	('upload_history', 'processing_duration_seconds', 'numeric(12,3)', false, false),
	('upload_history', 'metadata', 'jsonb', true, false),
	('upload_history', 'parse_attempts', 'integer', true, false),
	('upload_history', 'revivals', 'integer', true, false),
	('upload_history', 'checkpoint', 'jsonb', false, false),
	('upload_history', 'report_token', 'uuid', false, false),
	('upload_history', 'report_lease_until', 'timestamp with time zone', false, false),
	('upload_history', 'created_at', 'timestamp with time zone', true, false),
	('upload_history', 'updated_at', 'timestamp with time zone', true, false),
	('validation_errors', 'error_id', 'bigint', true, false),
	('validation_errors', 'upload_id', 'text', true, true),
	('validation_errors', 'vendor_id', 'text', true, true),
	('validation_errors', 'row_number', 'bigint', true, false),
	('validation_errors', 'line_number', 'bigint', false, false),
	('validation_errors', 'vendor_product_id', 'text', false, true),
	('validation_errors', 'error_type', 'text', true, true),
	('validation_errors', 'error_field', 'text', false, true),
	('validation_errors', 'error_message', 'text', true, false),
	('validation_errors', 'severity', 'text', true, true),
	('validation_errors', 'rejected_value', 'text', false, false),
	('validation_errors', 'suggestion', 'text', false, false),
	('validation_errors', 'original_data', 'jsonb', true, false),
	('validation_errors', 'created_at', 'timestamp with time zone', true, false),
	('vendor_roles', 'role_name', 'name', true, false),
	('vendor_roles', 'vendor_id', 'text', true, true),
	('vendor_roles', 'created_at', 'timestamp with time zone', true, false),
	('judged_rows', 'upload_id', 'text', true, true),
	('judged_rows', 'first_row', 'bigint', true, false),
	('judged_rows', 'last_row', 'bigint', true, false),
	('row_actions', 'upload_number', 'bigint', true, false),
	('row_actions', 'product_id', 'bigint', true, false),
	('row_actions', 'row_number', 'bigint', false, false),
	('row_actions', 'line_number', 'bigint', false, false),
	('row_actions', 'action', 'text', true, true),
	('row_actions', 'columns', 'text[]', false, false),
	('product_changes', 'change_id', 'bigint', true, false),
	('product_changes', 'product_id', 'bigint', true, false),
	('product_changes', 'vendor_id', 'text', true, true),
	('product_changes', 'changed_at', 'timestamp with time zone', true, false),
	('product_changes', 'previous_at', 'timestamp with time zone', true, false),
	('product_changes', 'action', 'text', true, true),
	('product_changes', 'upload_id', 'text', false, true),
	('product_changes', 'row_number', 'bigint', false, false),
	('product_changes', 'changed_by', 'text', true, true),
	('product_changes', 'reverts', 'bigint', false, false),
	('product_changes', 'old_values', 'jsonb', true, false),
	('product_changes', 'new_values', 'jsonb', false, false),
	('held_rows', 'held_id', 'bigint', true, false),
	('held_rows', 'upload_id', 'text', true, true),
	('held_rows', 'vendor_id', 'text', true, true),
	('held_rows', 'row_number', 'bigint', false, false),
	('held_rows', 'line_number', 'bigint', false, false),
	('held_rows', 'product_id', 'bigint', false, false),
	('held_rows', 'cause', 'text', true, true),
	('held_rows', 'current_value', 'text', false, false),
	('held_rows', 'new_value', 'text', false, false),
	('held_rows', 'input', 'jsonb', false, false),
	('held_rows', 'source_cells', 'jsonb', false, false),
	('held_rows', 'outcome', 'text', true, true),
	('held_rows', 'reason', 'text', false, false),
	('held_rows', 'decided_by', 'text', false, true),
	('held_rows', 'decided_at', 'timestamp with time zone', false, false),
	('held_rows', 'created_at', 'timestamp with time zone', true, false),
	('history_horizon', 'horizon', 'timestamp with time zone', true, false),
	('outbox', 'event_id', 'bigint', true, false),
	('outbox', 'kind', 'text', true, true),
	('outbox', 'upload_id', 'text', true, true),
	('outbox', 'vendor_id', 'text', true, true),
	('outbox', 'payload', 'jsonb', true, false),
	('outbox', 'attempt', 'integer', true, false),
	('outbox', 'token', 'uuid', false, false),
	('outbox', 'lease_until', 'timestamp with time zone', false, false),
	('outbox', 'created_at', 'timestamp with time zone', true, false),
	('item_checks', 'upload_id', 'text', true, true),
	('item_checks', 'missed', 'bigint', true, false),
	('item_checks', 'version', 'bigint', true, false),
	('item_checks', 'due_at', 'timestamp with time zone', true, false),
	('listings', 'source', 'text', true, true),
	('listings', 'watched_since', 'timestamp with time zone', true, false),
	('listings', 'started_at', 'timestamp with time zone', true, false),
	('listings', 'is_running', 'boolean', true, false),
	('listings', 'key_marker', 'text', true, false),
	('listings', 'version_marker', 'text', true, false),
	('listings', 'advanced_at', 'timestamp with time zone', true, false),
	('listings', 'lease_until', 'timestamp with time zone', false, false),
	('shipped_texts', 'language', 'text', true, true),
	('shipped_texts', 'name', 'text', true, true),
	('shipped_texts', 'text', 'text', true, false),
	('mail_texts', 'language', 'text', true, true),
	('mail_texts', 'name', 'text', true, true),
	('mail_texts', 'text', 'text', true, false),
	('column_maps', 'vendor_id', 'text', true, true),
	('column_maps', 'map_name', 'text', true, true),
	('column_maps', 'version', 'integer', true, false),
	('column_maps', 'definition', 'text', false, false),
	('column_maps', 'created_at', 'timestamp with time zone', true, false),
	('column_maps', 'created_by', 'text', true, true),
	('shipped_maps', 'map_name', 'text', true, true),
	('shipped_maps', 'description', 'text', true, false),
	('shipped_maps', 'needs', 'text', true, false),
	('shipped_maps', 'definition', 'text', true, false),
	('map_values', 'vendor_id', 'text', true, true),
	('map_values', 'list_name', 'text', true, true),
	('map_values', 'pairs', 'jsonb', true, false),
	('map_values', 'updated_at', 'timestamp with time zone', true, false),
	('exchange_rates', 'from_currency', 'text', true, true),
	('exchange_rates', 'to_currency', 'text', true, true),
	('exchange_rates', 'rate_date', 'date', true, false),
	('exchange_rates', 'rate', 'numeric', true, false),
	('frozen_maps', 'vendor_id', 'text', true, true),
	('frozen_maps', 'map_hash', 'text', true, true),
	('frozen_maps', 'document', 'jsonb', true, false),
	('frozen_maps', 'created_at', 'timestamp with time zone', true, false);
SELECT columns_are('onboard', relation, array_agg(name ORDER BY ordinal)) FROM wanted_columns
	GROUP BY relation ORDER BY relation;
SELECT col_type_is('onboard', relation, name, type, format('%s.%s is of type %s', relation, name, type))
	FROM wanted_columns ORDER BY ordinal;
SELECT set_eq('SELECT a.attrelid::regclass::text, a.attname FROM pg_attribute a JOIN wanted_columns w ON a.attrelid = '
	'(''onboard.'' || w.relation)::regclass AND a.attname = w.name AND a.attnotnull',
	'SELECT ''onboard.'' || relation, name FROM wanted_columns WHERE not_null', 'columns that are not null');
SELECT set_eq('SELECT a.attrelid::regclass::text, a.attname FROM pg_attribute a JOIN wanted_columns w ON a.attrelid = '
	'(''onboard.'' || w.relation)::regclass AND a.attname = w.name AND a.attcollation '
	'= ''pg_catalog."C"''::regcollation AND a.atttypid = ''text''::regtype',
	'SELECT ''onboard.'' || relation, name FROM wanted_columns WHERE is_c', 'keys are compared bytewise');
SELECT columns_are('onboard', 'intake', ARRAY['upload_id', 'row_number', 'line_number', 'vendor_product_id',
	'product_name', 'category', 'subcategory',
	'description', 'sku', 'brand', 'price', 'compare_at_price', 'stock_quantity', 'unit', 'weight_kg', 'dimensions_cm',
	'image_url', 'attributes', 'action', 'key_memo', 'source_cells',
	'defect_type', 'defect_message', 'raw_record']);
-- The compiled-in columns are the same, in the same order: without a vendor's header, a fix file begins with them.
CREATE FUNCTION pg_temp.columns_between(relation regclass, first name, last name) RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
	WHERE a.attrelid = relation AND a.attnum > (SELECT attnum FROM pg_attribute WHERE attrelid = relation
		AND attname = first)
		AND a.attnum < (SELECT attnum FROM pg_attribute WHERE attrelid = relation AND attname = last)
$$;
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('COLUMNS', 'Columns', 'columns@example.com');
SELECT onboard_begin_upload('COLUMNS', 'f.csv') AS upload \gset
CREATE TEMPORARY TABLE compiled AS SELECT string_to_array(split_part(line, ',onboard_line', 1), ',') AS names
	FROM onboard_fix_csv(:'upload') line LIMIT 1;
SELECT is(names, pg_temp.columns_between('onboard.products', 'vendor_id', 'attributes'),
	'onboard.products has the compiled-in columns') FROM compiled;
SELECT is(names, pg_temp.columns_between('onboard.intake', 'line_number', 'attributes'),
	'and so does onboard.intake') FROM compiled;
SELECT has_column('onboard', 'recent_uploads', 'success_rate_percent', 'recent_uploads has a success rate');
SELECT col_type_is('onboard', 'recent_uploads', 'undone', 'boolean',
	'recent_uploads shows whether an upload was undone');
SELECT col_type_is('onboard', 'recent_uploads', name, 'bigint', format('recent_uploads counts what is %s', name))
	FROM unnest(ARRAY['inserted', 'updated', 'unchanged', 'stale', 'held', 'discontinued', 'discontinued_missing']) name;

-- Keys and defaults
SELECT col_is_pk('onboard', 'vendors', 'vendor_id', 'vendors: primary key');
SELECT col_is_pk('onboard', 'product_categories', 'category_id', 'product_categories: primary key');
SELECT col_is_pk('onboard', 'products', 'product_id', 'products: primary key');
SELECT col_is_pk('onboard', 'upload_history', 'upload_id', 'upload_history: primary key');
SELECT col_is_pk('onboard', 'validation_errors', ARRAY['upload_id', 'row_number', 'error_id'],
	'validation_errors: primary key');
SELECT col_is_pk('onboard', 'vendor_roles', ARRAY['role_name', 'vendor_id'], 'vendor_roles: primary key');
SELECT col_is_pk('onboard', 'judged_rows', ARRAY['upload_id', 'first_row'], 'judged_rows: primary key');
SELECT col_is_pk('onboard', 'row_actions', ARRAY['upload_number', 'product_id'], 'row_actions: primary key');
SELECT col_is_pk('onboard', 'product_changes', ARRAY['product_id', 'change_id'], 'product_changes: primary key');
SELECT col_is_pk('onboard', 'held_rows', 'held_id', 'held_rows: primary key');
SELECT col_is_pk('onboard', 'outbox', 'event_id', 'outbox: primary key');
SELECT col_is_pk('onboard', 'item_checks', 'upload_id', 'item_checks: primary key');
SELECT col_is_pk('onboard', 'listings', 'source', 'listings: primary key');
SELECT col_is_pk('onboard', 'shipped_texts', ARRAY['language', 'name'], 'shipped_texts: primary key');
SELECT col_is_pk('onboard', 'mail_texts', ARRAY['language', 'name'], 'mail_texts: primary key');
SELECT col_is_pk('onboard', 'column_maps', ARRAY['vendor_id', 'map_name', 'version'], 'column_maps: primary key');
SELECT col_is_pk('onboard', 'shipped_maps', 'map_name', 'shipped_maps: primary key');
SELECT col_is_pk('onboard', 'map_values', ARRAY['vendor_id', 'list_name'], 'map_values: primary key');
SELECT col_is_pk('onboard', 'exchange_rates', ARRAY['from_currency', 'to_currency', 'rate_date'], 'exchange_rates: primary key');
SELECT col_is_pk('onboard', 'frozen_maps', ARRAY['vendor_id', 'map_hash'], 'frozen_maps: primary key');
SELECT col_is_unique('onboard', 'vendors', 'email', 'vendors: email is unique');
SELECT col_is_unique('onboard', 'product_categories', 'category_name', 'product_categories: names are unique');
SELECT col_is_unique('onboard', 'products', 'sku', 'products: sku is unique');
SELECT col_is_unique('onboard', 'products', ARRAY['vendor_id', 'vendor_product_id'],
	'products: vendor_product_id is unique per vendor');
SELECT fk_ok('onboard', 'products', 'vendor_id', 'onboard', 'vendors', 'vendor_id');
SELECT fk_ok('onboard', 'upload_history', 'vendor_id', 'onboard', 'vendors', 'vendor_id');
SELECT fk_ok('onboard', 'upload_history', ARRAY['vendor_id', 'map_hash'], 'onboard', 'frozen_maps',
	ARRAY['vendor_id', 'map_hash']);
SELECT fk_ok('onboard', 'validation_errors', 'upload_id', 'onboard', 'upload_history', 'upload_id');
SELECT is((SELECT count(*)::int FROM pg_constraint WHERE conrelid = 'onboard.products'::regclass AND contype = 'f'), 1,
	'products has only one foreign key');
SELECT is((SELECT count(*)::int FROM pg_constraint WHERE conrelid = 'onboard.product_changes'::regclass AND contype = 'f'), 0,
	'product_changes has none: it outlives products and uploads');
SELECT set_eq($$SELECT pg_get_indexdef(indexrelid, 1, true)
	|| coalesce(',' || nullif(pg_get_indexdef(indexrelid, 2, true), ''), '') FROM pg_index
	WHERE indrelid = 'onboard.products'::regclass$$,
	ARRAY['product_id', 'sku', 'vendor_id,vendor_product_id', 'upload_id,row_number', 'category'], 'products: indexes');
SELECT set_eq($$SELECT pg_get_indexdef(indexrelid, 1, true)
	|| coalesce(',' || nullif(pg_get_indexdef(indexrelid, 2, true), ''), '') FROM pg_index
	WHERE indrelid = 'onboard.product_changes'::regclass$$,
	ARRAY['product_id,change_id', 'product_id', 'upload_id,change_id'], 'product_changes: indexes');
SELECT index_is_type('onboard', 'upload_history', 'upload_history_s3_key_idx', 'hash',
	'upload_history: found by a key of any length');
SELECT col_default_is('onboard', 'products', 'unit', 'piece', 'products: unit');
SELECT col_default_is('onboard', 'products', 'status', 'active', 'products: status');
SELECT col_default_is('onboard', 'upload_history', 'mode', 'insert', 'upload_history: mode');
SELECT col_default_is('onboard', 'upload_history', 'status', 'processing', 'upload_history: status');
SELECT set_eq($$SELECT attrelid::regclass::text || '.' || attname || ' ' || attidentity::text FROM pg_attribute
	WHERE attidentity <> '' AND attrelid::regclass::text LIKE 'onboard.%'$$,
	ARRAY['onboard.product_categories.category_id d', 'onboard.products.product_id a', 'onboard.upload_history.upload_number a',
		'onboard.validation_errors.error_id a', 'onboard.product_changes.change_id a', 'onboard.held_rows.held_id a',
		'onboard.outbox.event_id a'], 'identities');

-- Checks: what each table refuses and accepts
CREATE FUNCTION pg_temp.vendor(change text) RETURNS text LANGUAGE sql AS $$
	SELECT format('INSERT INTO onboard.vendors SELECT (jsonb_populate_record(null::onboard.vendors,
		''{"vendor_id": "V-1", "vendor_name": "V", "email": "v@example.com", "status": "active",
		"modes": ["insert", "upsert"], "default_mode": "insert",
		"created_at": "now", "updated_at": "now"}''::jsonb || %L::jsonb)).*', change) $$;
SELECT throws_ok(pg_temp.vendor(change), '23514', NULL, 'a vendor is refused: ' || left(change, 60)) FROM unnest(ARRAY[
	'{"vendor_id": ""}', '{"vendor_id": "a b"}', '{"vendor_id": "a_b"}', '{"vendor_id": "a/../b"}',
		'{"vendor_id": "ä"}', '{"vendor_id": "a\n"}',
	format('{"vendor_id": "%s"}', repeat('x', 51)), '{"vendor_name": "  "}', '{"email": "no"}', '{"email": "a@b"}',
	'{"email": "a b@c.de"}',
	'{"email": "a@b.c\nBcc: d@e.f"}', '{"status": "new"}', '{"modes": []}', '{"modes": ["merge"]}', '{"default_mode": "update"}',
	'{"price_guard": 0.5}', '{"sold_out_guard": 1.5}', '{"discontinue_guard": -1}']) change;
SELECT lives_ok(pg_temp.vendor(change), 'a vendor is taken: ' || left(change, 60)) FROM unnest(ARRAY[
	'{}', format('{"vendor_id": "%s", "email": "w@example.com"}', repeat('x', 50)),
		'{"vendor_id": "v-1", "email": "x@example.com", "status": "pending_approval"}',
	'{"vendor_id": "2", "email": "y@example.com", "status": "suspended"}',
	'{"vendor_id": "3", "email": "z@example.com", "status": "inactive"}']) change;

CREATE FUNCTION pg_temp.product(change text) RETURNS text LANGUAGE sql AS $$
	SELECT format('INSERT INTO onboard.products OVERRIDING SYSTEM VALUE SELECT '
		'(jsonb_populate_record(null::onboard.products,
		''{"product_id": 1, "vendor_id": "V-1", "vendor_product_id": "P", "product_name": "N",
		"category": "Books", "sku": "S", "price": 1, "stock_quantity": 1,
		"unit": "piece", "attributes": {}, "status": "active",
		"created_at": "now", "updated_at": "now"}''::jsonb || %L::jsonb)).*', change) $$;
SELECT throws_ok(pg_temp.product(change), code, NULL, 'a product is refused: ' || change) FROM (VALUES
	('23514', '{"price": 0}'), ('23514', '{"price": "NaN"}'), ('23514', '{"price": -1}'),
	('23514', '{"price": 1000000}'),
	('23514', '{"compare_at_price": 0.5}'), ('23514', '{"compare_at_price": "NaN"}'),
	('23514', '{"stock_quantity": -1}'), ('23514', '{"stock_quantity": 1000001}'),
	('23514', '{"weight_kg": 0}'), ('22003', '{"weight_kg": 1000000}'), ('23514', '{"status": "sold"}'),
	('23502', '{"sku": null}'), ('23502', '{"price": null}'), ('23503', '{"vendor_id": "nobody"}')) c (code, change);
SELECT lives_ok(pg_temp.product('{"price": 999999.99, "compare_at_price": 99999999.99, "stock_quantity": 1000000, '
	'"weight_kg": 999999.99, "status": "discontinued"}'), 'a product at the limits is accepted');
SELECT throws_ok(pg_temp.product(change), '23505', NULL, 'a second product is refused: ' || change) FROM (VALUES
	('{"product_id": 2, "vendor_product_id": "P2"}'), ('{"product_id": 2, "sku": "S2"}')) c (change);
SELECT lives_ok(pg_temp.product('{"product_id": 2, "vendor_product_id": "P2", "sku": "s"}'), 'keys differ by case');

SELECT throws_ok(format('INSERT INTO onboard.upload_history (upload_id, vendor_id, file_name, ruleset_version, '
	'%s) VALUES (''u'', ''V-1'', ''f'', 1, %L)', name, value),
	'23514', NULL, format('an upload is refused: %s = %s', name, value))
	FROM (VALUES ('mode', 'merge'), ('match', 'price'), ('blank', 'skip'), ('inserted', '1'),
		('status', 'done'), ('failure_code', 'OTHER'), ('total_records', '-1'),
		('valid_records', '-1'), ('error_records', '-1'), ('parse_attempts', '-1'), ('revivals', '-1')) c (name, value);
SELECT lives_ok(format('INSERT INTO onboard.upload_history (upload_id, vendor_id, file_name, ruleset_version, '
	'failure_code) VALUES (%L, ''V-1'', ''f'', 1, %L)', 'u' || code, code),
	'an upload may fail with ' || code)
	FROM unnest(ARRAY['EMPTY_FILE', 'NO_ROWS', 'NO_HEADER', 'MISSING_COLUMN', 'DUPLICATE_COLUMN', 'FILE_TOO_LARGE',
		'TOO_MANY_ROWS', 'NOT_TEXT', 'UNREADABLE_FILE',
		'UNSUPPORTED_ENCODING', 'WRONG_ENCODING', 'OTHER_VENDOR', 'VENDOR_NOT_ACTIVE', 'MODE_NOT_ALLOWED', 'INVALID_SOURCE_TIME',
		'OBJECT_REPLACED', 'PROCESSING_ABANDONED',
		'CANCELLED']) code;

-- Maps: what their tables refuse
SELECT throws_ok(format('INSERT INTO onboard.column_maps (vendor_id, map_name, version, definition) VALUES (%s)', change),
	code, NULL, 'a map is refused: ' || left(change, 60)) FROM (VALUES
	('23514', $$'V-1', '', 1, ''$$), ('23514', $$'V-1', 'a b', 1, ''$$), ('23514', $$'V-1', 'none', 1, ''$$),
	('23514', $$'V-1', 'm', 0, ''$$),
	('23514', $$'V-1', repeat('m', 51), 1, ''$$), ('23514', $$'V-1', 'm', 1, repeat('#', 65537)$$),
	('23503', $$'nobody', 'm', 1, ''$$)) c (code, change);
SELECT lives_ok($$INSERT INTO onboard.column_maps (vendor_id, map_name, version, definition)
	VALUES ('V-1', repeat('m', 50), 1, repeat('#', 65536)), ('V-1', 'removed', 1, NULL)$$, 'maps at the limits are accepted');
SELECT throws_ok(format('INSERT INTO onboard.exchange_rates VALUES (%s)', change), '23514', NULL, 'a rate is refused: ' || change)
	FROM unnest(ARRAY[$$'EUR', 'EUR', 'today', 1$$, $$'eur', 'USD', 'today', 1$$, $$'EUR', 'US', 'today', 1$$,
		$$'EUR', 'USD', 'today', 0$$,
		$$'EUR', 'USD', 'today', 'NaN'$$, $$'EUR', 'USD', 'today', 'Infinity'$$, $$'EUR', 'USD', 'today', 1.0000000001$$]) change;
SELECT throws_ok($$INSERT INTO onboard.map_values VALUES ('V-1', 'list', '[]')$$, '23514', NULL, 'a list is an object');
SELECT throws_ok($$INSERT INTO onboard.upload_history (upload_id, vendor_id, file_name, ruleset_version, map_name)
	VALUES ('u', 'V-1', 'f', 1, 'shop')$$, '23514', NULL, 'an upload has no map without a hash');
SELECT is((SELECT count(*)::int FROM onboard.shipped_maps s, onboard.check_map(s.definition)),
	(SELECT count(*)::int FROM onboard.shipped_maps),
	'all presets are valid');

-- Triggers
SELECT triggers_are('onboard', 'products', ARRAY['products_touch', 'products_stock_status', 'products_record_update',
	'products_record_delete']);
SELECT triggers_are('onboard', 'vendors', ARRAY['vendors_touch']);
SELECT triggers_are('onboard', 'product_categories', ARRAY['product_categories_touch',
	'product_categories_keep_shipped', 'product_categories_keep_used', 'product_categories_rename_products']);
SELECT triggers_are('onboard', 'upload_history', ARRAY[]::name[]);

-- Functions: arguments, volatility, whether they return a set
CREATE TEMPORARY TABLE wanted_functions (name name, arguments name[], volatility text, returns_set bool);
INSERT INTO wanted_functions VALUES
	('onboard_validate', '{text,jsonb}', 'stable', true),
	('onboard_check', '{text,jsonb,boolean}', 'volatile', true),
	('onboard_diff', '{text,jsonb,text,text,text,timestamp with time zone,text[],boolean}', 'volatile', true),
	('onboard_diff_missing', '{text,timestamp with time zone}', 'volatile', false),
	('onboard_begin_upload',
	'{text,text,text,text,bigint,jsonb,boolean,text,text,text,timestamp with time zone,text[],text,text}',
		'volatile', false),
	('onboard_upload_mode', '{text,text}', 'stable', false),
	('onboard_map', '{text,text}', 'stable', false),
	('onboard_maps', '{text}', 'stable', true),
	('onboard_upload_map', '{text}', 'stable', false),
	('onboard_set_map', '{text,text,text}', 'volatile', false),
	('onboard_remove_map', '{text,text}', 'volatile', false),
	('onboard_set_default_map', '{text,text}', 'volatile', false),
	('onboard_set_map_values', '{text,text,jsonb}', 'volatile', false),
	('onboard_set_exchange_rate', '{text,text,numeric,date}', 'volatile', false),
	('onboard_begin_parse', '{text}', 'volatile', false),
	('onboard_describe_upload', '{text,bigint,jsonb,text[]}', 'volatile', false),
	('onboard_save_checkpoint', '{text,bigint,bigint,bigint,jsonb}', 'volatile', false),
	('onboard_ingest', '{text,jsonb}', 'volatile', true),
	('onboard_finish_upload', '{text,bigint}', 'volatile', false),
	('onboard_reject_upload', '{text,text,text}', 'volatile', false),
	('onboard_cancel_upload', '{text}', 'volatile', false),
	('onboard_undo_upload', '{text,boolean}', 'volatile', false),
	('onboard_undo_plan', '{text}', 'volatile', true),
	('onboard_held', '{text,text}', 'stable', true),
	('onboard_approve_rows', '{text,bigint[]}', 'volatile', true),
	('onboard_decline_rows', '{text,bigint[]}', 'volatile', false),
	('onboard_sweep_uploads', '{interval}', 'volatile', false),
	('onboard_sweep_uploads', '{interval,integer}', 'volatile', false),
	('onboard_lock_sweeper', '{}', 'volatile', false),
	('onboard_claim_stalled', '{interval,integer,integer}', 'volatile', true),
	('onboard_renew_events', '{interval,integer}', 'volatile', false),
	('onboard_note_items', '{text,bigint}', 'volatile', false),
	('onboard_claim_item_checks', '{interval,integer,text}', 'volatile', true),
	('onboard_end_item_check', '{text,bigint,bigint,boolean}', 'volatile', false),
	('onboard_find_upload', '{text,text}', 'stable', false),
	('onboard_claim_listing', '{text,interval,interval}', 'volatile', true),
	('onboard_save_listing', '{text,text,text,boolean,boolean}', 'volatile', false),
	('onboard_backlog', '{}', 'stable', true),
	('onboard_judged_ranges', '{text}', 'stable', true),
	('onboard_statistics', '{}', 'volatile', true),
	('onboard_product_as_of', '{bigint,timestamp with time zone}', 'stable', false),
	('onboard_prune_history', '{interval}', 'volatile', false),
	('onboard_error_csv', '{text}', 'stable', true),
	('onboard_fix_csv', '{text}', 'stable', true),
	('onboard_fixed_csv', '{text}', 'stable', true),
	('onboard_rejected_rows', '{text}', 'stable', true),
	('onboard_error_summary', '{text}', 'stable', true),
	('onboard_notification', '{text}', 'stable', false),
	('onboard_notification', '{text,text,text,timestamp with time zone,text,text}', 'stable', false),
	('onboard_mail_template', '{text}', 'stable', false),
	('onboard_set_mail_template', '{text,text}', 'volatile', true),
	('onboard_upload_status', '{text}', 'stable', false),
	('onboard_report_due', '{text}', 'stable', true),
	('onboard_claim_events', '{integer,interval}', 'volatile', true),
	('onboard_claim_events', '{integer,interval,text}', 'volatile', true),
	('onboard_ack_events', '{bigint[],uuid}', 'volatile', false),
	('onboard_claim_report', '{text,interval}', 'volatile', false),
	('onboard_release_report', '{text,uuid}', 'volatile', false),
	('onboard_record_report', '{text,text,text,text}', 'volatile', false),
	('onboard_grant_loader', '{name}', 'volatile', false),
	('onboard_grant_reporter', '{name}', 'volatile', false),
	('onboard_grant_operator', '{name}', 'volatile', false),
	('onboard_grant_vendor', '{name,text}', 'volatile', false),
	('onboard_create_catalog_indexes', '{}', 'volatile', false),
	('onboard_local_changes', '{}', 'stable', true),
	('onboard_diagnose', '{}', 'stable', true),
	('onboard_version', '{}', 'stable', false);
SELECT has_function('public', name, arguments, format('function %s(%s)', name, array_to_string(arguments, ', ')))
	FROM wanted_functions;
SELECT volatility_is('public', name, arguments, volatility, format('%s is %s', name, volatility)) FROM wanted_functions;
SELECT is((SELECT proretset FROM pg_proc WHERE oid = format('public.%I(%s)', name,
	array_to_string(arguments, ','))::regprocedure), returns_set,
	format('%s returns %s', name, CASE WHEN returns_set THEN 'a set' ELSE 'one value' END)) FROM wanted_functions;
SELECT set_eq($$SELECT p.proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	AND d.deptype = 'e'
		JOIN pg_extension x ON x.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND x.extname = 'onboard'
		JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'public'$$,
	'SELECT name FROM wanted_functions', 'no other function outside schema onboard');
SELECT is((SELECT count(*)::int FROM pg_proc WHERE (proname LIKE 'onboard\_%' OR pronamespace = 'onboard'::regnamespace)
	AND has_function_privilege('pg_database_owner', oid, 'EXECUTE')), 0,
	'no function is executable without a grant');
SELECT is((SELECT count(*)::int FROM pg_class WHERE relnamespace = 'onboard'::regnamespace
	AND relkind IN ('r', 'v', 'f') AND has_table_privilege('pg_database_owner', oid, 'SELECT, INSERT, UPDATE, DELETE')),
	0,
	'and no table is readable or writable');
SELECT is((SELECT count(*)::int FROM pg_proc WHERE prosecdef
	AND (proname LIKE 'onboard\_%' OR pronamespace = 'onboard'::regnamespace)), 0, 'no function is SECURITY DEFINER');
SELECT is((SELECT count(*)::int FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
		WHERE (proname LIKE 'onboard\_%' OR pronamespace = 'onboard'::regnamespace)
			AND coalesce(proconfig::text, '') NOT LIKE '%search_path=pg_catalog, pg_temp%'), 0,
	'functions in PL/pgSQL set search_path');

-- Row security
SELECT policies_are('onboard', name, ARRAY['tenant'], name || ' has its policy')
	FROM unnest(ARRAY['vendors', 'products', 'upload_history', 'validation_errors', 'outbox', 'judged_rows', 'row_actions',
		'product_changes', 'held_rows', 'item_checks', 'vendor_roles', 'column_maps', 'map_values', 'frozen_maps']::name[]) name;
SELECT is((SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = ('onboard.' || name)::regclass),
	true, name || ' has row security, also for its owner')
	FROM unnest(ARRAY['vendors', 'products', 'upload_history', 'validation_errors', 'outbox', 'judged_rows', 'row_actions',
		'product_changes', 'held_rows', 'item_checks', 'vendor_roles', 'column_maps', 'map_values', 'frozen_maps']::name[]) name;
SELECT is((SELECT reloptions FROM pg_class WHERE oid = ('onboard.' || name)::regclass), ARRAY['security_barrier=true'],
	name || ' is a security barrier')
	FROM unnest(ARRAY['vendor_summary', 'recent_uploads', 'product_catalog', 'product_history']) name;

-- All user data is dumped.
SELECT set_eq($$SELECT unnest(extconfig)::regclass::text FROM pg_extension WHERE extname = 'onboard'$$,
	ARRAY['onboard.vendors', 'onboard.product_categories', 'onboard.product_categories_category_id_seq',
		'onboard.upload_history', 'onboard.upload_history_upload_number_seq', 'onboard.products',
		'onboard.products_product_id_seq', 'onboard.validation_errors', 'onboard.validation_errors_error_id_seq',
		'onboard.vendor_roles', 'onboard.judged_rows', 'onboard.row_actions', 'onboard.product_changes',
		'onboard.product_changes_change_id_seq', 'onboard.held_rows', 'onboard.held_rows_held_id_seq',
		'onboard.history_horizon',
		'onboard.outbox', 'onboard.outbox_event_id_seq', 'onboard.item_checks', 'onboard.listings', 'onboard.mail_texts',
		'onboard.column_maps', 'onboard.map_values', 'onboard.exchange_rates', 'onboard.frozen_maps'],
	'tables that are dumped');

SELECT * FROM finish();
ROLLBACK;
