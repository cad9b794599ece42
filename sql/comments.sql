-- What is true of every object of the extension, asked of the catalogue.
CREATE VIEW members AS
	SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
	FROM pg_depend d
		JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid AND x.extname = 'onboard'
	WHERE d.deptype = 'e';
SELECT count(*) > 50 AS enough FROM members;
-- Each has a comment; triggers and policies of its tables, too.
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
-- A comment begins with a capital letter and has no point at its end.
SELECT m.object, d.description FROM members m
	JOIN pg_description d ON d.classoid = m.classid AND d.objoid = m.objid AND d.objsubid = 0
	WHERE d.description !~ '^[A-Z]' OR d.description ~ '\.$';

CREATE VIEW functions AS
	SELECT p.*, p.oid::regprocedure AS signature FROM pg_proc p JOIN members m ON m.classid = 'pg_proc'::regclass
		AND m.objid = p.oid;
-- Nothing is for everybody.
SELECT f.signature FROM functions f CROSS JOIN aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
	WHERE a.grantee = 0;
SELECT c.oid::regclass FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	CROSS JOIN aclexplode(c.relacl) a WHERE a.grantee = 0;
SELECT n.nspname FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a WHERE n.nspname = 'onboard' AND a.grantee = 0;
-- No function acts as its owner without a search_path; in fact none does.
SELECT signature FROM functions WHERE prosecdef;
SELECT signature FROM functions
	WHERE prosecdef AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false);
-- What runs statements has a search_path of its own, or is bound when created.
SELECT f.signature FROM functions f JOIN pg_language l ON l.oid = f.prolang
	WHERE l.lanname IN ('sql', 'plpgsql') AND f.prosqlbody IS NULL
		AND NOT coalesce(f.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false);
-- Only what reads nothing but its arguments is immutable; what writes is not parallel safe.
SELECT signature, provolatile, proparallel FROM functions
	WHERE provolatile = 'i' OR provolatile = 'v' AND proparallel = 's' ORDER BY signature::text COLLATE "C";
-- Names: functions for users are onboard_ and in the target schema, the rest is in schema onboard.
SELECT signature FROM functions
	WHERE (pronamespace = 'onboard'::regnamespace) = (proname LIKE 'onboard\_%');
-- Each table has row security forced, unless it holds no vendor's data.
SELECT c.relname FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1;
-- Views filter before anything else.
SELECT c.relname FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE c.relkind = 'v' AND NOT coalesce(c.reloptions @> ARRAY['security_barrier=true'], false);
-- What holds the user's rows goes into a dump, with its sequences.
SELECT c.relname FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	WHERE c.relkind IN ('r', 'S') AND c.oid <> ALL ((SELECT extconfig FROM pg_extension
		WHERE extname = 'onboard')::oid[]) ORDER BY 1;
DROP VIEW functions, members;
