-- Conventions that every object of the extension follows, checked in the system catalogs.
CREATE VIEW members AS
	SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
	FROM pg_depend d
		JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid AND x.extname = 'onboard'
	WHERE d.deptype = 'e';
SELECT count(*) > 50 AS enough FROM members;
-- Each object has a comment, including triggers and policies.
SELECT m.object FROM members m
	WHERE NOT EXISTS (SELECT FROM pg_description d WHERE d.classoid = m.classid AND d.objoid = m.objid
		AND d.objsubid = 0)
		AND NOT (m.classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type t
			LEFT JOIN pg_class c ON c.oid = t.typrelid
			WHERE t.oid = m.objid AND (c.relkind <> 'c' OR t.typcategory = 'A')))
	ORDER BY 1;
SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger t JOIN members m ON m.classid = 'pg_class'::regclass
	AND m.objid = t.tgrelid
	WHERE NOT t.tgisinternal AND obj_description(t.oid, 'pg_trigger') IS NULL;
SELECT p.polrelid::regclass, p.polname FROM pg_policy p JOIN members m ON m.classid = 'pg_class'::regclass
	AND m.objid = p.polrelid
	WHERE obj_description(p.oid, 'pg_policy') IS NULL;
-- A comment begins with a capital letter and does not end with a period.
SELECT m.object, d.description FROM members m
	JOIN pg_description d ON d.classoid = m.classid AND d.objoid = m.objid AND d.objsubid = 0
	WHERE d.description !~ '^[A-Z]' OR d.description ~ '\.$';

CREATE VIEW functions AS
	SELECT p.*, p.oid::regprocedure AS signature FROM pg_proc p JOIN members m ON m.classid = 'pg_proc'::regclass
		AND m.objid = p.oid;
-- PUBLIC has no privileges.
SELECT f.signature FROM functions f CROSS JOIN aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
	WHERE a.grantee = 0;
SELECT c.oid::regclass FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	CROSS JOIN aclexplode(c.relacl) a WHERE a.grantee = 0;
SELECT n.nspname FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a WHERE n.nspname = 'onboard' AND a.grantee = 0;
-- There are no SECURITY DEFINER functions.
SELECT signature FROM functions WHERE prosecdef;
SELECT signature FROM functions
	WHERE prosecdef AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false);
-- A function that runs statements sets search_path, or is parsed at creation.
SELECT f.signature FROM functions f JOIN pg_language l ON l.oid = f.prolang
	WHERE l.lanname IN ('sql', 'plpgsql') AND f.prosqlbody IS NULL
		AND NOT coalesce(f.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false);
-- Only functions that depend on nothing but their arguments are immutable; those that write are not parallel safe.
SELECT signature, provolatile, proparallel FROM functions
	WHERE provolatile = 'i' OR provolatile = 'v' AND proparallel = 's' ORDER BY signature::text COLLATE "C";
-- Functions for users begin with onboard_ and are in the target schema; the rest is in schema onboard.
SELECT signature FROM functions
	WHERE (pronamespace = 'onboard'::regnamespace) = (proname LIKE 'onboard\_%');
-- Row security is forced on each table that holds vendors' data.
SELECT c.relname FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1;
-- Views are security barriers.
SELECT c.relname FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE c.relkind = 'v' AND NOT coalesce(c.reloptions @> ARRAY['security_barrier=true'], false);
-- Tables with user data, and their sequences, are dumped.
SELECT c.relname FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE c.relkind IN ('r', 'S') AND c.oid <> ALL ((SELECT extconfig FROM pg_extension
		WHERE extname = 'onboard')::oid[]) ORDER BY 1;
DROP VIEW functions, members;
