-- Replaying the statements in table printed on a fresh extension reproduces them.
DROP EXTENSION onboard CASCADE;
CREATE EXTENSION onboard;
DO $$
DECLARE
	statement text;
BEGIN
	FOR statement IN SELECT p.line FROM public.printed p ORDER BY p.n LOOP
		EXECUTE statement;
	END LOOP;
END $$;
SELECT line FROM printed EXCEPT SELECT onboard_local_changes();
SELECT onboard_local_changes() EXCEPT SELECT line FROM printed;
