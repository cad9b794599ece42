# An error while a row is stored by INSERT becomes a verdict only if it is about
# the row.  Any other error decides nothing, and the same rows load once its
# cause is gone: a trigger queries another database that is down, a privilege is
# missing, the client turned row security off.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $node = new_server('faults');

# Tables and functions of an ordinary role, subject to row security.
add_database($node, 'faults', 'V1');
$node->safe_psql('faults', <<'SQL');
CREATE ROLE shop_owner LOGIN;
GRANT CREATE, USAGE ON SCHEMA public TO shop_owner;
SQL
give_to($node, 'faults', 'shop_owner');
$node->safe_psql('faults', <<'SQL');
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER pass BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION pass();
CREATE TABLE audit (sku text);
CREATE TABLE private (sku text);
SQL

my $loads = 0;

# Load two rows, the second expensive, through both interfaces as an ordinary
# loader.
sub load
{
	my ($before, $prefix) = @_;
	my %result;

	for my $door (qw(intake ingest))
	{
		my $upload = $node->safe_psql('faults', "SELECT onboard_begin_upload('V1', 'x.csv', content_id => '" . ++$loads
			. "')");
		my ($out, $err) = ('', '');
		my $rows = "(VALUES (1, '$door$prefix$loads-1', '1'), (2, '$door$prefix$loads-2', '100')) r (n, sku, price)";

		$node->psql('faults', "$before;\n" . ($door eq 'intake'
			? "INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
				stock_quantity) SELECT '$upload', n, sku, 'n', 'Books', sku, price, '1' FROM $rows"
			: "SELECT count(*) FROM onboard_ingest('$upload',
				(SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product', jsonb_build_object("
				. "'vendor_product_id', sku, 'product_name', 'n', 'category', 'Books', 'sku', sku, 'price', price, "
					. "'stock_quantity', 1))) FROM $rows))"),
			stdout => \$out, stderr => \$err, extra_params => [ '-U', 'loader', '-v', 'VERBOSITY=verbose' ]);
		my ($state) = $err =~ /ERROR:  (\w{5})/;
		$result{$door} = join '|', $state // '', $node->safe_psql('faults',
			"SELECT (SELECT count(*) FROM onboard.products WHERE upload_id = '$upload'), "
			. "(SELECT string_agg(row_number || ' ' || error_type, ',' ORDER BY row_number)
				FROM onboard.validation_errors WHERE upload_id = '$upload'), (SELECT count(*) FROM onboard.judged_rows
				WHERE upload_id = '$upload')");
	}
	return $result{intake} eq $result{ingest} ? $result{intake} : "$result{intake} but $result{ingest}";
}

sub superuser { return $node->safe_psql('faults', $_[0]) }

use constant BOTH_STORED => '|2||1';
use constant SECOND_REFUSED => '|1|2 REJECTED_BY_CATALOGUE|1';

is(load('', 'a'), BOTH_STORED, 'both rows load');
like(superuser("SELECT tableowner FROM pg_tables WHERE schemaname = 'onboard' AND tablename = 'products'"),
	qr/shop_owner/, 'into tables of an ordinary role');

# ----- row security that the client turned off -----

is(load('SET row_security = off', 'b'), BOTH_STORED, 'row_security of the client does not matter');
superuser('DROP TRIGGER pass ON onboard.products');
is(load('SET row_security = off', 'c'), BOTH_STORED, 'nor on the direct path');
is(load('SET row_security = off; SET onboard.load_path = plain', 'c'), BOTH_STORED,
	'nor on the plain path without a trigger');
my ($off) = $node->psql('faults', "SET row_security = off;
	SELECT onboard_ingest(onboard_begin_upload('V1', 'x.csv'), '[]'); SHOW row_security",
	extra_params => [ '-U', 'loader' ]) == 0
  ? $node->safe_psql('faults', "SET ROLE loader; SET row_security = off; SELECT * FROM "
  	. "onboard_ingest(onboard_begin_upload('V1', 'x.csv'), '[{\"row_number\": 1, \"product\": {}}]') \\g /dev/null\n"
  	. "SHOW row_security") : '';
is($off, 'off', 'and is as it was afterwards');
superuser('CREATE TRIGGER pass BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION pass()');

# ----- a WITH CHECK that does not hold is about the row -----

superuser('CREATE POLICY cheap ON onboard.products AS RESTRICTIVE FOR INSERT WITH CHECK (price < 5)');
is(load('', 'd'), SECOND_REFUSED, 'a restrictive policy refuses its row');
like(superuser('SELECT error_message FROM onboard.validation_errors ORDER BY error_id DESC LIMIT 1'),
	qr/^the catalogue refused the row: new row violates row-level security policy "cheap"/, 'and is named');
is(load('SET row_security = off', 'e'), SECOND_REFUSED, 'also when the client has row security off');
superuser('DROP POLICY cheap ON onboard.products; ALTER POLICY tenant ON onboard.products WITH CHECK (price < 5)');
is(load('', 'f'), SECOND_REFUSED, 'so does the shipped one, when it was changed');
superuser('ALTER POLICY tenant ON onboard.products WITH CHECK ((SELECT onboard.is_operator()))');
is(load('', 'g'), BOTH_STORED, 'and no more when it is as it was');

# Not if the owner may not write at all.
superuser("INSERT INTO onboard.vendor_roles (role_name, vendor_id) VALUES ('shop_owner', 'V1')");
is(load('', 'h'), '42501|0||0', 'an owner who is confined is no verdict on its rows');
superuser("DELETE FROM onboard.vendor_roles WHERE role_name = 'shop_owner'");

# ----- product numbers do not belong to rows -----

superuser('ALTER SEQUENCE onboard.products_product_id_seq MAXVALUE 5000000 RESTART 5000000;
	SELECT nextval($$onboard.products_product_id_seq$$)');
is(load('', 'h'), '2200H|0||0', 'a sequence at its end is no verdict');
superuser('ALTER SEQUENCE onboard.products_product_id_seq NO MAXVALUE RESTART 1');
is(load('', 'h'), '23505|0||0', 'nor is one that gives numbers again');
superuser('ALTER SEQUENCE onboard.products_product_id_seq RESTART 5000001');
is(load('', 'h'), BOTH_STORED, 'both rows load when it gives new ones');

# ----- faults of user code on the table -----

# Each: what the trigger does, and the SQLSTATE of the error.
my %faults = (
	'a table that the owner may not write' => [ 'INSERT INTO public.private VALUES (NEW.sku)', '42501' ],
	'a policy of another table' => [ 'INSERT INTO public.audit VALUES (NEW.sku)', '42501' ],
	'a query that row security would change' => [ "PERFORM set_config('row_security', 'off', true); PERFORM count(*) "
		. "FROM public.audit", '42501' ],
	'a function that does not exist' => [ 'PERFORM public.nothing(NEW.sku)', '42883' ],
	'a table that does not exist' => [ 'INSERT INTO public.nothing VALUES (NEW.sku)', '42P01' ],
	'a syntax error' => [ "EXECUTE 'SELEKT'", '42601' ],
	'a row that is not found' => [ 'PERFORM 1; DECLARE found_row text;
		BEGIN SELECT sku INTO STRICT found_row FROM public.audit WHERE false; END', 'P0002' ],
	'too many rows' => [ 'DECLARE found_row int; BEGIN SELECT n INTO STRICT found_row FROM generate_series(1, 2) n;
		END', 'P0003' ],
	'an assertion' => [ 'ASSERT false', 'P0004' ],
	'a subquery of many rows' => [ 'PERFORM (SELECT n FROM generate_series(1, 2) n)', '21000' ],
	'the stack' => [ "RAISE EXCEPTION USING ERRCODE = 'statement_too_complex'", '54001' ],
	'an external routine' => [ "RAISE EXCEPTION USING ERRCODE = 'external_routine_exception'", '38000' ],
	'a feature that is not supported' => [ "RAISE EXCEPTION USING ERRCODE = 'feature_not_supported'", '0A000' ],
	'a lost connection' => [ "RAISE EXCEPTION USING ERRCODE = 'connection_failure'", '08006' ]);

superuser('GRANT SELECT, INSERT ON audit TO shop_owner; ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
	CREATE POLICY shut ON audit WITH CHECK (false)');
for my $what (sort keys %faults)
{
	my ($action, $state) = @{ $faults{$what} };

	superuser("CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN $action; RETURN NEW;
		END \$\$");
	is(load('', 'i'), "$state|0||0", "$what ($state) decides nothing");
}
# An error that the trigger itself catches does not count.
superuser('CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN BEGIN INSERT INTO public.audit
	VALUES (NEW.sku); EXCEPTION WHEN insufficient_privilege THEN NULL; END; RETURN NEW; END $$');
is(load('', 'j'), BOTH_STORED, 'an error that the trigger catches is none');
superuser('CREATE POLICY cheap ON onboard.products AS RESTRICTIVE FOR INSERT WITH CHECK (price < 5)');
is(load('', 'k'), SECOND_REFUSED, 'and what refuses the row after it still does');
superuser('DROP POLICY cheap ON onboard.products');

# ----- refusals -----

for my $state (qw(22012 23514 44000 P0001 54000 ZZ999 U0001 M1234))
{
	superuser("CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN IF NEW.price > 5 THEN
		RAISE EXCEPTION USING ERRCODE = '$state'; END IF; RETURN NEW; END \$\$");
	is(load('', 'l'), SECOND_REFUSED, "$state refuses its row");
}

# ----- another database that is down -----

SKIP:
{
	skip 'dblink is not installed', 2 unless superuser("SELECT count(*) FROM pg_available_extensions
		WHERE name = 'dblink'") eq '1';
	my $other = new_server('other');
	my $connection = $other->connstr('postgres') . ' user=' . superuser('SELECT current_user');

	$connection =~ s/'/''/g;
	$other->stop;
	superuser("CREATE EXTENSION dblink; CREATE OR REPLACE FUNCTION pass() RETURNS trigger
		LANGUAGE plpgsql SECURITY DEFINER AS \$\$ BEGIN PERFORM public.dblink_exec('$connection', 'SET work_mem = 64');
		RETURN NEW; END \$\$");
	is(load('', 'm'), '08001|0||0', 'a database that is down (08001) decides nothing');
	$other->start;
	is(load('', 'm'), BOTH_STORED, 'and the rows load when it is up');
	$other->stop;
}

# ----- the same when products are removed -----

superuser("CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
is(load('', 'n'), BOTH_STORED, 'two products to remove');
my $upload = superuser('SELECT upload_id FROM onboard.upload_history ORDER BY created_at DESC LIMIT 1');
superuser("SELECT onboard_finish_upload('$upload')");
superuser("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM public.nothing(); RETURN OLD; END';
	CREATE TRIGGER keep BEFORE DELETE ON onboard.products FOR EACH ROW EXECUTE FUNCTION keep()");
isnt($node->psql('faults', "SET ROLE loader; SELECT * FROM onboard_undo_upload('$upload')"), 0,
	'a broken trigger is an error, not a kept product');
superuser("CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN IF OLD.price > 5 THEN
	RAISE EXCEPTION USING ERRCODE = 'ZZ999'; END IF; RETURN OLD; END \$\$");
is(superuser("SELECT * FROM onboard_undo_upload('$upload')"), '1|0|1',
	'a trigger that raises its own code keeps the product');

$node->stop;
done_testing();
