-- For sql/paths.sql: good rows, bad rows and duplicates, and compare(), which loads them
-- by INSERT and through both doors into the current onboard.products.
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('PATH-1', 'Path one', 'one@path.example');
CREATE TABLE input (n bigint, id text, name text, category text, sku text, brand text, price text, stock text);
INSERT INTO input VALUES
	(1, 'a', 'one', 'Books', 'PA-1', 'Acme', '10', '1'), (2, 'b', 'two', 'Books', 'PA-2', NULL, '20', '0'),
	(3, 'c', 'dear', 'Books', 'PA-3', 'Acme', '500', '1'),
	(4, 'd', 'loser', 'Books', 'PA-1', 'Acme', '10', '3'), (5, 'e', 'drop me', 'Books', 'PA-5', 'Acme', '10', '4'),
	(6, 'd', 'after the loser', 'Books', 'PA-6', 'Other', '30', '5'),
	(7, 'g', 'twin', 'Books', 'PA-7', 'Acme', '40', '6'), (8, 'h', 'twin', 'Clothing', 'PA-8', 'Acme', '50', '7'),
	(9, 'i', 'in lower case', 'Books', 'pa-9', 'Acme', '60', '8'),
	(10, 'j', 'in upper case', 'Books', 'PA-9', 'Acme', '70', '9'),
	(11, 'k', 'bad', 'Books', 'PA-11', 'Acme', '-1', '1'), (12, 'k', 'last', 'Books', 'PA-11', 'Acme', '80', '10');
CREATE TABLE audit (n bigint GENERATED ALWAYS AS IDENTITY, what text);
CREATE TABLE brands (brand text PRIMARY KEY);
INSERT INTO brands VALUES ('Acme');

-- A counter of the session
CREATE FUNCTION counter(wanted text) RETURNS bigint LANGUAGE sql AS $$
	SELECT value FROM onboard_statistics() WHERE name = wanted $$;

-- The contents of the catalogue and the audit, without columns that differ between runs
CREATE FUNCTION contents(u text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(E'\n',
		(SELECT string_agg((to_jsonb(p) - 'product_id' - 'upload_id' - 'created_at' - 'updated_at')::text,
			E'\n' ORDER BY row_number) FROM onboard.products p WHERE upload_id = u),
		(SELECT string_agg(what, ' ' ORDER BY n) FROM audit)) $$;

-- The reference: INSERT the rows one by one as the owner of the table, and roll back. A
-- verdict is "+", "dropped" by a trigger, or the SQLSTATE of the error.
CREATE FUNCTION insert_them(OUT verdicts text, OUT contents text) LANGUAGE plpgsql AS $$
DECLARE
	u text := onboard_begin_upload('PATH-1', 'x.csv');
	r record;
	stored bigint;
	me text := current_user;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', (SELECT tableowner FROM pg_tables WHERE schemaname = 'onboard'
		AND tablename = 'products'));
	FOR r IN SELECT * FROM input ORDER BY n LOOP
		BEGIN
			INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, brand, price,
				stock_quantity, status, upload_id, row_number, line_number)
				VALUES ('PATH-1', r.id, r.name, r.category, r.sku, r.brand, r.price::numeric, r.stock::int,
					CASE r.stock WHEN '0' THEN 'out_of_stock' ELSE 'active' END, u, r.n, r.n + 1);
			GET DIAGNOSTICS stored = ROW_COUNT;
			verdicts := concat_ws(' ', verdicts, CASE stored WHEN 1 THEN '+' ELSE 'dropped' END);
		EXCEPTION WHEN OTHERS THEN
			verdicts := concat_ws(' ', verdicts, sqlstate);
		END;
	END LOOP;
	EXECUTE format('SET LOCAL ROLE %I', me);
	contents := contents(u);
	RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	NULL;
END $$;

-- Load the same rows through a door, "intake" or "ingest", and roll back. A verdict is
-- "+" or the error types; "LOST" is a row without either. The counters show the path.
CREATE FUNCTION load_them(door text, OUT verdicts text, OUT contents text, OUT refusals text, OUT path text)
	LANGUAGE plpgsql AS $$
DECLARE
	u text := onboard_begin_upload('PATH-1', 'x.csv');
	direct bigint := counter('rows_direct');
	plain bigint := counter('rows_plain');
	stored bigint;
BEGIN
	IF door = 'intake' THEN
		INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku,
			brand, price, stock_quantity)
			SELECT u, n, n + 1, id, name, category, sku, brand, price, stock FROM input ORDER BY n;
	ELSE
		PERFORM onboard_ingest(u, (SELECT jsonb_agg(jsonb_build_object(
			'row_number', n, 'line_number', n + 1, 'product', jsonb_build_object('vendor_product_id', id,
				'product_name', name, 'category', category, 'sku', sku, 'brand', brand, 'price', price,
				'stock_quantity', stock))) FROM input));
	END IF;
	SELECT string_agg(coalesce(e.types, CASE WHEN onboard.judged THEN '+' ELSE 'LOST' END), ' ' ORDER BY n)
		INTO verdicts FROM input
		LEFT JOIN LATERAL (SELECT string_agg(error_type, ',' ORDER BY error_id) AS types FROM onboard.validation_errors
			WHERE upload_id = u AND row_number = n) e ON true
		CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM onboard.judged_rows WHERE upload_id = u
			AND n BETWEEN first_row AND last_row) AS judged) onboard;
	SELECT string_agg(row_number || ': ' || error_message, E'\n' ORDER BY row_number) INTO refusals
		FROM onboard.validation_errors WHERE upload_id = u AND error_type = 'REJECTED_BY_CATALOGUE';
	SELECT count(*) INTO stored FROM onboard.products WHERE upload_id = u;
	contents := contents(u);
	path := concat_ws(' and ', CASE WHEN counter('rows_direct') > direct THEN 'direct' END,
		CASE WHEN counter('rows_plain') > plain THEN 'plain' END);
	IF counter('rows_direct') - direct + counter('rows_plain') - plain <> stored THEN
		path := path || ', counted wrongly';
	END IF;
	RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	NULL;
END $$;

-- Compare both doors with each other and with the reference.
CREATE FUNCTION compare() RETURNS TABLE (path text, same text, inserted text, loaded text, refusals text)
	LANGUAGE plpgsql AS $$
DECLARE
	reference record;
	intake record;
	ingest record;
BEGIN
	SELECT * INTO reference FROM insert_them();
	SELECT * INTO intake FROM load_them('intake');
	SELECT * INTO ingest FROM load_them('ingest');
	path := intake.path || CASE WHEN ingest.path <> intake.path THEN ' but ' || ingest.path ELSE '' END;
	same := CASE
		WHEN intake IS DISTINCT FROM ingest
			THEN E'the doors differ\n' || intake::text || E'\n' || ingest::text
		WHEN intake.contents IS DISTINCT FROM reference.contents
			THEN E'no:\n' || coalesce(reference.contents, 'nothing')
				|| E'\nbut\n' || coalesce(intake.contents, 'nothing')
		ELSE 'yes' END;
	inserted := reference.verdicts;
	loaded := intake.verdicts;
	refusals := intake.refusals;
	RETURN NEXT;
END $$;
