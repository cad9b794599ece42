-- Privileges: test/data/grants.csv lists them, and every cell is tried.  A star means some columns, listed below.
CREATE TABLE expected (kind text, object text, "public" text, loader text, reporter text, operator text, vendor text);
\copy expected FROM PROGRAM 'cat "${PG_ABS_SRCDIR:-.}/test/data/grants.csv"' (FORMAT csv, HEADER)
GRANT SELECT ON expected TO PUBLIC;
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('GRANT-1', 'Grant one', 'one@grant.example');
CREATE ROLE regress_onboard_public;
CREATE ROLE regress_onboard_loader;
CREATE ROLE regress_onboard_reporter;
CREATE ROLE regress_onboard_operator;
CREATE ROLE regress_onboard_vendor;
SELECT onboard_grant_loader('regress_onboard_loader');
SELECT onboard_grant_reporter('regress_onboard_reporter');
SELECT onboard_grant_operator('regress_onboard_operator');
SELECT onboard_grant_vendor('regress_onboard_vendor', 'GRANT-1');

-- Every object of the extension, with every privilege that can be granted on it
CREATE VIEW grantable AS
	WITH members AS (
		SELECT d.classid, d.objid FROM pg_depend d
			JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid
				AND x.extname = 'onboard'
		WHERE d.deptype = 'e')
	SELECT 'schema' AS kind, n.nspname::text AS object, n.oid, ARRAY['USAGE', 'CREATE'] AS privileges
		FROM pg_namespace n JOIN members m ON m.classid = 'pg_namespace'::regclass AND m.objid = n.oid
	UNION ALL
	SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
		WHEN 'S' THEN 'sequence' ELSE 'other' END,
		'onboard.' || c.relname, c.oid,
		CASE c.relkind WHEN 'S' THEN ARRAY['USAGE', 'SELECT', 'UPDATE']
			ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'] END
		FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid WHERE c.relkind <> 'c'
	UNION ALL
	SELECT 'function', p.oid::regprocedure::text, p.oid, ARRAY['EXECUTE']
		FROM pg_proc p JOIN members m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	UNION ALL
	SELECT 'type', t.oid::regtype::text, t.oid, ARRAY['USAGE']
		FROM pg_type t JOIN members m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
		LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE coalesce(c.relkind, 'c') = 'c' AND t.typcategory <> 'A'
	UNION ALL
	SELECT 'foreign-data wrapper', w.fdwname, w.oid, ARRAY['USAGE']
		FROM pg_foreign_data_wrapper w JOIN members m ON m.classid = 'pg_foreign_data_wrapper'::regclass
			AND m.objid = w.oid
	UNION ALL
	SELECT 'server', s.srvname, s.oid, ARRAY['USAGE']
		FROM pg_foreign_server s JOIN members m ON m.classid = 'pg_foreign_server'::regclass AND m.objid = s.oid;
GRANT SELECT ON grantable TO PUBLIC;

-- The file and the extension have the same objects.
SELECT kind, object FROM grantable EXCEPT SELECT kind, object FROM expected;
SELECT kind, object FROM expected EXCEPT SELECT kind, object FROM grantable;
SELECT count(*) > 50 AS enough FROM expected;
SELECT kind, object FROM expected WHERE "public" <> '-';

-- The privileges of the current role according to the system catalogs
CREATE FUNCTION has(kind text, oid oid, privilege text) RETURNS boolean LANGUAGE sql AS $$
	SELECT CASE kind
		WHEN 'schema' THEN has_schema_privilege(oid, privilege)
		WHEN 'sequence' THEN has_sequence_privilege(oid, privilege)
		WHEN 'function' THEN has_function_privilege(oid, privilege)
		WHEN 'type' THEN has_type_privilege(oid, privilege)
		WHEN 'foreign-data wrapper' THEN has_foreign_data_wrapper_privilege(oid, privilege)
		WHEN 'server' THEN has_server_privilege(oid, privilege)
		ELSE has_table_privilege(oid, privilege) END;
$$;
CREATE FUNCTION has_some(kind text, oid oid, privilege text) RETURNS boolean LANGUAGE sql AS $$
	SELECT kind IN ('table', 'foreign table', 'view') AND privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
		AND has_any_column_privilege(oid, privilege);
$$;
-- A statement that needs only this privilege, or null if there is none
CREATE FUNCTION attempt(kind text, object text, oid oid, privilege text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN kind = 'function' THEN format('SELECT %s(%s)', p.oid::regproc,
			(SELECT string_agg(format('NULL::%s', format_type(a.type, NULL)), ', ' ORDER BY a.n)
				FROM unnest(p.proargtypes) WITH ORDINALITY a (type, n)))
		WHEN kind = 'sequence' THEN CASE privilege WHEN 'SELECT' THEN format('SELECT FROM %s', object)
			WHEN 'USAGE' THEN format('SELECT nextval(%L)', object) END
		WHEN kind NOT IN ('table', 'foreign table', 'view') THEN NULL
		-- Other statements on these fail before privileges are checked.
		WHEN kind = 'view' AND privilege <> 'SELECT' OR kind = 'foreign table' AND privilege <> 'INSERT' THEN NULL
		WHEN privilege = 'SELECT' THEN format('SELECT FROM %s LIMIT 0', object)
		WHEN privilege = 'INSERT' THEN format('INSERT INTO %s DEFAULT VALUES', object)
		WHEN privilege = 'UPDATE' THEN format('UPDATE %s SET %I = DEFAULT WHERE false', object,
			(SELECT attname FROM pg_attribute t WHERE t.attrelid = attempt.oid AND t.attnum > 0 AND NOT t.attisdropped
				ORDER BY has_column_privilege(attempt.oid, t.attnum, privilege) DESC, t.attnum LIMIT 1))
		WHEN privilege = 'DELETE' THEN format('DELETE FROM %s WHERE false', object)
		WHEN privilege = 'TRUNCATE' THEN format('TRUNCATE %s', object)
		END FROM (VALUES (attempt.oid)) o (oid) LEFT JOIN pg_proc p ON p.oid = o.oid AND kind = 'function';
$$;
-- Return whether the statement is allowed; its effects are rolled back.
CREATE FUNCTION allowed(statement text) RETURNS boolean LANGUAGE plpgsql STRICT AS $$
BEGIN
	EXECUTE statement;
	RAISE EXCEPTION 'done' USING ERRCODE = 'UX000';
EXCEPTION WHEN insufficient_privilege THEN
	RETURN SQLERRM !~ '^permission denied for (schema|table|view|foreign table|function|sequence) ';
WHEN OTHERS THEN
	RETURN true;
END $$;
CREATE FUNCTION wrong(who text) RETURNS TABLE (object text, privilege text, expected text, has text,
	allowed boolean) LANGUAGE sql AS $$
	SELECT * FROM (
		SELECT g.object, p.privilege,
			CASE WHEN p.privilege = ANY (w.words) THEN 'all' WHEN p.privilege || '*' = ANY (w.words) THEN 'some'
				ELSE 'none' END AS expected,
			CASE WHEN has(g.kind, g.oid, p.privilege) THEN 'all' WHEN has_some(g.kind, g.oid, p.privilege) THEN 'some'
				ELSE 'none' END AS has,
			allowed(attempt(g.kind, g.object, g.oid, p.privilege)) AS allowed
		FROM grantable g JOIN expected e ON e.kind = g.kind AND e.object = g.object
			CROSS JOIN string_to_array(CASE who WHEN 'public' THEN e."public" WHEN 'loader' THEN e.loader
				WHEN 'reporter' THEN e.reporter WHEN 'operator' THEN e.operator ELSE e.vendor END, ' ') w (words)
			CROSS JOIN unnest(g.privileges) p (privilege)
	) t
	WHERE t.expected IS DISTINCT FROM t.has OR (t.expected <> 'none') <> t.allowed
	ORDER BY 1, 2;
$$;
-- A role without statements would prove nothing.
SELECT count(*) > 100 AS enough, count(attempt(kind, object, oid, p)) > 80 AS tried FROM grantable,
	unnest(privileges) p;

SET SESSION AUTHORIZATION regress_onboard_public;
SELECT * FROM wrong('public');
SET SESSION AUTHORIZATION regress_onboard_loader;
SELECT * FROM wrong('loader');
SET SESSION AUTHORIZATION regress_onboard_reporter;
SELECT * FROM wrong('reporter');
SET SESSION AUTHORIZATION regress_onboard_operator;
SELECT * FROM wrong('operator');
SET SESSION AUTHORIZATION regress_onboard_vendor;
SELECT * FROM wrong('vendor');
-- The test detects a difference.
SET SESSION AUTHORIZATION regress_onboard_vendor;
SELECT count(*) FILTER (WHERE has <> 'none' AND allowed) > 0 AS more, count(*) FILTER (WHERE has = 'none') > 0 AS less
	FROM wrong('reporter');
RESET SESSION AUTHORIZATION;
SELECT c.relname, x.grantee::regrole, x.privilege_type, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN aclexplode(a.attacl) x
	WHERE c.relnamespace = 'onboard'::regnamespace
	GROUP BY c.relname, x.grantee, x.privilege_type ORDER BY c.relname, x.privilege_type;
-- An operator may add vendors and change their status, modes and guards, but nothing else about them.
SET SESSION AUTHORIZATION regress_onboard_operator;
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('GRANT-2', 'Grant two', 'two@grant.example');
UPDATE onboard.vendors SET status = 'suspended' WHERE vendor_id = 'GRANT-2' RETURNING vendor_id, status;
UPDATE onboard.vendors SET modes = '{insert,replace}', default_mode = 'replace', price_guard = 3, sold_out_guard = NULL,
	discontinue_guard = 0.1 WHERE vendor_id = 'GRANT-2' RETURNING vendor_id, modes;
SELECT error_type, error_field, severity, count(DISTINCT row_number) FROM onboard.validation_errors
	WHERE upload_id = 'GRANT-1-no' GROUP BY 1, 2, 3;
\set VERBOSITY terse
UPDATE onboard.vendors SET email = 'three@grant.example' WHERE vendor_id = 'GRANT-2'; -- ERROR
DELETE FROM onboard.vendors WHERE vendor_id = 'GRANT-2'; -- ERROR
SELECT rejected_value FROM onboard.validation_errors; -- ERROR
\set VERBOSITY default
RESET SESSION AUTHORIZATION;

-- None of them can grant its privileges to others.
SET SESSION AUTHORIZATION regress_onboard_loader;
SELECT onboard_grant_loader('regress_onboard_public'); -- ERROR
\set VERBOSITY terse
GRANT SELECT ON onboard.products TO regress_onboard_public; -- ERROR
INSERT INTO onboard.vendor_roles VALUES ('regress_onboard_loader', 'GRANT-1'); -- ERROR
\set VERBOSITY default
RESET SESSION AUTHORIZATION;

DELETE FROM onboard.vendor_roles WHERE vendor_id = 'GRANT-1';
DELETE FROM onboard.vendors WHERE vendor_id LIKE 'GRANT-%';
DROP FUNCTION wrong, allowed, attempt, has, has_some;
DROP VIEW grantable;
DROP TABLE expected;
DROP OWNED BY regress_onboard_public, regress_onboard_loader, regress_onboard_reporter, regress_onboard_operator,
	regress_onboard_vendor;
DROP ROLE regress_onboard_public, regress_onboard_loader, regress_onboard_reporter, regress_onboard_operator,
	regress_onboard_vendor;
