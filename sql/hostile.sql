-- An unprivileged role plants objects where CREATE EXTENSION will look.
\set VERBOSITY terse
CREATE DATABASE regress_onboard_hostile TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
CREATE ROLE regress_onboard_mallory;
GRANT CREATE ON DATABASE regress_onboard_hostile TO regress_onboard_mallory;
\set home :DBNAME
\c regress_onboard_hostile
GRANT CREATE ON SCHEMA public TO PUBLIC;
CREATE TABLE public.trap (what text);
GRANT INSERT ON public.trap TO PUBLIC;

-- Objects of the same name: the script fails and does not adopt them.
SET SESSION AUTHORIZATION regress_onboard_mallory;
CREATE SCHEMA onboard;
RESET SESSION AUTHORIZATION;
CREATE EXTENSION onboard; -- ERROR
SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'onboard';
DROP SCHEMA onboard;
SET SESSION AUTHORIZATION regress_onboard_mallory;
CREATE FUNCTION public.onboard_validate(vendor_id text, product jsonb) RETURNS int LANGUAGE sql AS 'SELECT 1';
RESET SESSION AUTHORIZATION;
CREATE EXTENSION onboard; -- ERROR
SELECT proowner::regrole FROM pg_proc WHERE proname = 'onboard_validate';
DROP FUNCTION public.onboard_validate;
SET SESSION AUTHORIZATION regress_onboard_mallory;
CREATE FUNCTION public.onboard_finish_upload(text, bigint DEFAULT 0)
	RETURNS text LANGUAGE sql AS 'SELECT 1::text';
RESET SESSION AUTHORIZATION;
CREATE EXTENSION onboard; -- ERROR
SELECT proowner::regrole FROM pg_proc WHERE proname = 'onboard_finish_upload';
DROP FUNCTION public.onboard_finish_upload;
SELECT count(*) FROM pg_extension WHERE extname = 'onboard';

-- Objects that unqualified names would find are never run.
SET SESSION AUTHORIZATION regress_onboard_mallory;
CREATE FUNCTION public.caught(what text) RETURNS boolean LANGUAGE sql AS $$
	INSERT INTO public.trap VALUES (what) RETURNING true $$;
CREATE FUNCTION public.evil(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT public.caught('text operator') $$;
CREATE FUNCTION public.evil(text, text[]) RETURNS boolean LANGUAGE sql AS $$ SELECT public.caught('array operator') $$;
CREATE FUNCTION public.evil(name, text) RETURNS boolean LANGUAGE sql AS $$ SELECT public.caught('name operator') $$;
CREATE FUNCTION public.evil(text, name) RETURNS boolean LANGUAGE sql AS $$
	SELECT public.caught('text name operator') $$;
CREATE FUNCTION public.evil(bigint, integer) RETURNS boolean LANGUAGE sql AS $$
	SELECT public.caught('integer operator') $$;
CREATE FUNCTION public.evil(numeric, numeric) RETURNS boolean LANGUAGE sql AS $$
	SELECT public.caught('numeric operator') $$;
CREATE OPERATOR public.= (FUNCTION = public.evil, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR public.<> (FUNCTION = public.evil, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR public.~ (FUNCTION = public.evil, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR public.~ (FUNCTION = public.evil, LEFTARG = text, RIGHTARG = text[]);
CREATE OPERATOR public.= (FUNCTION = public.evil, LEFTARG = name, RIGHTARG = text);
CREATE OPERATOR public.= (FUNCTION = public.evil, LEFTARG = text, RIGHTARG = name);
CREATE OPERATOR public.>= (FUNCTION = public.evil, LEFTARG = bigint, RIGHTARG = integer);
CREATE OPERATOR public.> (FUNCTION = public.evil, LEFTARG = bigint, RIGHTARG = integer);
CREATE OPERATOR public.>= (FUNCTION = public.evil, LEFTARG = numeric, RIGHTARG = numeric);
CREATE FUNCTION public.btrim(text) RETURNS text LANGUAGE sql AS $$ SELECT public.caught('btrim')::text $$;
CREATE FUNCTION public.length(text) RETURNS int LANGUAGE sql AS $$ SELECT public.caught('length')::int $$;
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT public.caught('now')::text::timestamptz $$;
CREATE FUNCTION public.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$
	SELECT public.caught('format')::text $$;
CREATE FUNCTION public.setval(text, int) RETURNS bigint LANGUAGE sql AS $$
	SELECT public.caught('setval')::int::bigint $$;
CREATE FUNCTION public.pg_extension_config_dump(text, text) RETURNS void LANGUAGE sql AS $$
	SELECT public.caught('config_dump') $$;
CREATE FUNCTION public.count() RETURNS bigint LANGUAGE sql AS $$ SELECT public.caught('count')::int::bigint $$;
CREATE TYPE public.violation AS (error_type text);
CREATE DOMAIN public.jsonb AS text;
CREATE DOMAIN public.regrole AS text;
CREATE TABLE public.products (vendor_id text);
CREATE TABLE public.vendor_roles (role_name name, vendor_id text);
CREATE VIEW public.pg_extension AS SELECT 'onboard'::text AS extname;
RESET SESSION AUTHORIZATION;
CREATE EXTENSION onboard;
SELECT DISTINCT p.proowner::regrole <> 'regress_onboard_mallory'::regrole AS ours
	FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
		JOIN pg_extension x ON x.oid = d.refobjid WHERE d.deptype = 'e' AND x.extname = 'onboard';
-- No object of the extension depends on a planted one.
SELECT pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
	FROM pg_depend d JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
		AND p.proname IN ('evil', 'caught', 'btrim', 'length')
		AND p.pronamespace = 'public'::regnamespace
	WHERE pg_describe_object(d.classid, d.objid, d.objsubid) LIKE '%onboard%';
-- In use, with the worst possible search_path
SET search_path = public, onboard, pg_catalog;
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('H-1', 'Hostile', 'h@h.example');
SELECT public.onboard_begin_upload('H-1', 'a.csv', NULL, 'hostile', 1) AS u \gset
INSERT INTO onboard.validation_errors (upload_id, vendor_id, row_number, error_type, error_message, severity,
	original_data)
	VALUES (:'u', 'H-1', 1, 'INVALID_PRICE', 'x', 'error', '{"sku": "1"}');
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity,
	upload_id, row_number)
	VALUES ('H-1', 'P', 'P', 'Books', 'S', 1, 1, :'u', 1);
UPDATE onboard.products SET stock_quantity = 0;
SELECT public.onboard_error_csv(:'u');
SELECT public.onboard_fix_csv(:'u');
SELECT * FROM public.onboard_error_summary(:'u');
SELECT subject FROM public.onboard_notification(:'u');
SELECT vendor_id FROM onboard.vendor_summary;
SELECT vendor_id FROM onboard.recent_uploads;
SELECT vendor_id FROM onboard.product_catalog;
SELECT public.onboard_grant_vendor('regress_onboard_mallory', 'H-1');
SELECT public.onboard_create_catalog_indexes();
SELECT status FROM public.onboard_cancel_upload(:'u');
SELECT public.onboard_sweep_uploads();
SELECT kind FROM public.onboard_claim_events();
SELECT public.onboard_record_report(:'u', NULL, NULL);
SELECT line FROM public.onboard_local_changes() line WHERE line OPERATOR(pg_catalog.~) 'INDEX';
SELECT * FROM public.trap;
RESET search_path;
\c :home
DROP DATABASE regress_onboard_hostile;
DROP ROLE regress_onboard_mallory;
