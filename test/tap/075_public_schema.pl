# While every role may create objects in schema public, triggers on onboard's
# tables, which run as the owner, do not look there: neither planted nor
# legitimate objects are found, and the error says why.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $node = new_server('public_schema');
my $uploads = 0;

add_database($node, 'shop', 'V1');
# The trigger uses an operator and a table, both unqualified.
$node->safe_psql('shop', <<'SQL');
CREATE ROLE mallory LOGIN;
CREATE TABLE public.audit (who text, sku text);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN IF NEW.product_id % 1000000 = 0::smallint THEN RETURN NULL; END IF;
		INSERT INTO audit VALUES (current_user, NEW.sku); RETURN NEW; END $$;
CREATE TRIGGER note AFTER INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION public.note();
CREATE TABLE public.stolen (who text);
GRANT INSERT ON public.stolen TO PUBLIC;
SQL

# Return statements that load rows with these numbers in an upload of their own
# and print each verdict.
sub loading
{
	my ($rows) = @_;
	my $number = ++$uploads;

	return <<SQL;
SELECT onboard_begin_upload('V1', 'f.csv', content_id => '$number', total_records => $rows) AS upload \\gset
SELECT r.status FROM onboard_ingest(:'upload', (SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product',
	jsonb_build_object('sku', 'S$number' || repeat('x', n - 1), 'vendor_product_id', 'P$number-' || n, 'product_name',
		'Name', 'category', 'Kitchen',
	'price', '50', 'stock_quantity', '1'))) FROM generate_series(1, $rows) n)) r;
SQL
}

# Run statements as the loader, then load a row; returns psql's output and what
# was stored.
sub load_row
{
	my ($before) = @_;
	my ($code, $out, $error) = $node->psql('shop', ($before // '') . loading(1),
		extra_params => [ '--username' => 'loader' ]);

	return ($code, $out, $error, $node->safe_psql('shop',
		"SELECT count(*) FROM onboard.products WHERE sku = 'S$uploads'"));
}

my $findings = q{SELECT severity, subject FROM onboard_diagnose() WHERE subject LIKE 'schema %'};

my ($code, $out, $error, $stored) = load_row();
is($out, 'validated', 'where nobody else may create in public, names are found there');
is($node->safe_psql('shop', 'SELECT * FROM audit'), "postgres|S1", 'and the trigger runs as the owner');
is($node->safe_psql('shop', $findings), '', 'onboard_diagnose() has nothing to say');

# ----- every role may create -----

$node->safe_psql('shop', 'GRANT CREATE ON SCHEMA public TO PUBLIC');
$node->safe_psql('shop', <<'SQL', extra_params => [ '--username' => 'mallory' ]);
CREATE FUNCTION public.steal(bigint, smallint) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO public.stolen VALUES (current_user); RETURN false; END $$;
CREATE OPERATOR public.= (LEFTARG = bigint, RIGHTARG = smallint, FUNCTION = public.steal);
CREATE FUNCTION public.steal(bigint, integer) RETURNS bigint LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO public.stolen VALUES (current_user); RETURN 1; END $$;
CREATE OPERATOR public.% (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = public.steal);
SQL
($code, $out, $error, $stored) = load_row();
is($node->safe_psql('shop', 'SELECT count(*) FROM stolen'), 0, 'a planted operator is not found');
like($error, qr/ERROR:  relation "audit" does not exist/, 'nor is the table');
like($error, qr/HINT:  .*Qualify the name with its schema, or run REVOKE CREATE ON SCHEMA public FROM PUBLIC\./,
	'and the error says what to do');
is("$stored," . $node->safe_psql('shop', "SELECT count(*) FROM onboard.validation_errors"), '0,0',
	'nothing is decided');
is($node->safe_psql('shop', $findings), 'warning|schema public', 'onboard_diagnose() warns');

# Nor is a temporary table found instead.
($code, $out, $error) = load_row(<<'SQL');
CREATE TEMPORARY TABLE audit (who text, sku text);
CREATE FUNCTION pg_temp.steal() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.stolen VALUES '
	'(current_user); RETURN NULL; END';
CREATE TRIGGER steal BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION pg_temp.steal();
SQL
like($error, qr/temporary object "audit" would be used in place of the one in schema "public"/,
	'a temporary table is not used instead');
is($node->safe_psql('shop', 'SELECT count(*) FROM stolen'), 0, 'and its trigger does not run');
($code, $out, $error) = load_row("CREATE TEMPORARY TABLE mine (a int);\n");
like($error, qr/relation "audit" does not exist/, 'a temporary table with another name is harmless');

# A trigger with qualified names works.
$node->safe_psql('shop', <<'SQL');
CREATE OR REPLACE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO public.audit VALUES (current_user, NEW.sku); RETURN NEW; END $$;
SQL
($code, $out, $error, $stored) = load_row("CREATE TEMPORARY TABLE mine (a int);\n");
is("$out,$stored", 'validated,1', 'a trigger that gives names their schemas works');

# The check of the session's temporary objects is repeated after changes.
my $obstacle = qr/temporary object "audit" would be used in place of the one in schema "public"/;
my $usual = "CREATE TEMPORARY TABLE mine (a int);\n" . loading(1);
($code, $out, $error) = load_row($usual . "CREATE TEMPORARY TABLE audit (who text);\n");
is($out, 'validated', 'the row before a temporary table is made is loaded');
like($error, $obstacle, 'the row after it is not');
($code, $out, $error) = load_row($usual . "BEGIN;\nCREATE TEMPORARY TABLE audit (who text);\nROLLBACK;\n");
is("$out,$error", "validated\nvalidated,", 'a rolled-back temporary table is harmless');
($code, $out, $error) = load_row($usual . "ALTER TABLE mine RENAME TO audit;\n");
like($error, $obstacle, 'a renamed one is not');
($code, $out, $error) = load_row($usual . "CREATE TABLE public.mine (a int);\n");
like($error, qr/temporary object "mine" would be used/, 'nor is a new table with its name in schema public');
$node->safe_psql('shop', 'DROP TABLE public.mine');
$node->safe_psql('shop', <<'SQL');
CREATE OR REPLACE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN IF NEW.row_number OPERATOR(pg_catalog.=) 2 THEN CREATE TEMPORARY TABLE audit (who text); END IF;
		RETURN NEW; END $$;
SQL
($code, $out, $error) = $node->psql('shop', $usual . loading(3), extra_params => [ '--username' => 'loader' ]);
like($error, qr/$obstacle.*CONTEXT:.* row 3/s, 'a trigger that creates one between two rows stops the next row');
$node->safe_psql('shop', <<'SQL');
CREATE OR REPLACE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO public.audit VALUES (current_user, NEW.sku); RETURN NEW; END $$;
SQL

# ----- the same for deleting, and for the table of errors -----

$node->safe_psql('shop', <<'SQL');
CREATE OR REPLACE FUNCTION public.gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF OLD.product_id % 1000000 = 7 THEN RETURN NULL; END IF; RETURN OLD; END $$;
CREATE TRIGGER gone BEFORE DELETE ON onboard.products FOR EACH ROW EXECUTE FUNCTION public.gone();
CREATE FUNCTION public.wrong() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.row_number % 1000000 = 7 THEN
	RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER wrong BEFORE INSERT ON onboard.validation_errors FOR EACH ROW EXECUTE FUNCTION public.wrong();
SQL
is($node->safe_psql('shop', "SELECT removed FROM onboard_undo_upload((SELECT upload_id FROM onboard.products
	WHERE sku = 'S1'))"),
	1, 'an upload is undone');
$node->safe_psql('shop', "SELECT onboard_begin_upload('V1', 'e.csv') AS upload \\gset\n"
	. "SELECT FROM onboard_ingest(:'upload', '[{\"row_number\": 1, \"product\": {\"sku\": \"x\"}}]')",
	extra_params => [ '--username' => 'loader' ]);
is($node->safe_psql('shop', 'SELECT count(*) > 0 FROM onboard.validation_errors'), 't', 'errors are stored');
is($node->safe_psql('shop', 'SELECT count(*) FROM stolen'), 0, 'without the planted operator');

# ----- other roles -----

$node->safe_psql('shop', 'REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO mallory');
is($node->safe_psql('shop', $findings), 'warning|schema public', 'one role that may create is enough');
like($node->safe_psql('shop', 'SELECT hint FROM onboard_diagnose() WHERE subject LIKE $$schema %$$'),
	qr/REVOKE CREATE ON SCHEMA public FROM mallory/, 'and is named');
$node->safe_psql('shop', 'ALTER ROLE mallory SUPERUSER');
is($node->safe_psql('shop', $findings), '', 'unless it could become the owner anyway');
$node->safe_psql('shop', 'ALTER ROLE mallory NOSUPERUSER; REVOKE CREATE ON SCHEMA public FROM mallory;
	ALTER DATABASE shop OWNER TO mallory');
is($node->safe_psql('shop', $findings), 'info|schema public', 'the owner of the database owns schema public');
$node->safe_psql('shop', 'ALTER DATABASE shop OWNER TO postgres; CREATE SCHEMA postgres AUTHORIZATION mallory');
is($node->safe_psql('shop', $findings), 'info|schema postgres', "a schema named like the owner may be another role's");
$node->safe_psql('shop', <<'SQL', extra_params => [ '--username' => 'mallory' ]);
CREATE OPERATOR postgres.% (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = public.steal);
SQL
$node->safe_psql('shop', 'DROP OPERATOR public.% (bigint, integer)');
$node->safe_psql('shop', <<'SQL');
CREATE OR REPLACE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN IF NEW.product_id % 1000000 = 0 THEN RETURN NULL; END IF; INSERT INTO audit VALUES (current_user, NEW.sku);
		RETURN NEW; END $$;
SQL
($code, $out, $error, $stored) = load_row();
is("$out,$stored," . $node->safe_psql('shop', 'SELECT count(*) FROM stolen'), 'validated,1,0',
	'then it is excluded, and public is not');

# ----- at CREATE EXTENSION -----

$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'GRANT CREATE ON SCHEMA public TO PUBLIC');
(undef, undef, $error) = $node->psql('fresh', 'CREATE EXTENSION onboard');
like($error,
	qr/WARNING:  schema public: everybody may create objects in it.*HINT:  .*REVOKE CREATE ON SCHEMA public FROM PUBLIC/s,
	'CREATE EXTENSION warns');
$node->safe_psql('fresh', 'REVOKE CREATE ON SCHEMA public FROM PUBLIC; DROP EXTENSION onboard');
(undef, undef, $error) = $node->psql('fresh', 'CREATE EXTENSION onboard');
is($error, '', 'and is silent where there is no reason');

$node->stop;
done_testing();
