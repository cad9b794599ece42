# A policy, constraint or default that replaces a shipped one, even under the
# same name, takes effect: rows are then stored by INSERT statements, which obey
# it.  Changes that do not affect INSERT change nothing.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $node = new_server('shape');
my $uploads = 0;

# The tables belong to an ordinary role, subject to row security.
$node->safe_psql('postgres', 'CREATE ROLE shopkeeper LOGIN');
add_database($node, 'shape', 'V1');
give_to($node, 'shape', 'shopkeeper');
$node->safe_psql('shape', <<'SQL');
CREATE TABLE other_vendors (id text COLLATE "C" PRIMARY KEY);
ALTER TABLE other_vendors OWNER TO shopkeeper;
SQL

# Load one row, in its own session or in the one that made the change; returns
# its path, its verdict and the stored values.
sub load_row
{
	my ($before, $columns, $after) = @_;
	my $number = ++$uploads;
	my $fields = join ', ', map { "'$_', '$columns->{$_}'" } sort keys %$columns;

	$fields = ", $fields" if $fields ne '';
	return $node->safe_psql('shape', ($before // '') . <<SQL . ($after // ''));
SELECT onboard_begin_upload('V1', 'f.csv', content_id => '$number') AS upload \\gset
SELECT r.status, coalesce(r.errors -> 0 ->> 'error_type', '')
	FROM onboard_ingest(:'upload', jsonb_build_array(jsonb_build_object('row_number', 1, 'product',
	jsonb_build_object('sku', 'S$number', 'vendor_product_id', 'P$number', 'product_name', 'Name', 'category',
		'Kitchen', 'price', '50', 'stock_quantity', '1'$fields)))) r;
SELECT name FROM onboard_statistics() WHERE name IN ('rows_direct', 'rows_plain') AND value > 0;
SQL
}

# A change, the expected result for a row, and how to revert the change.
sub is_heeded
{
	my ($what, $change, $wanted, $back, $columns) = @_;

	is(load_row('', {}), "validated|\nrows_direct", "before $what rows are stored directly");
	isnt($node->safe_psql('shape', "$change; SELECT count(*) FROM onboard_local_changes()"), 0,
		"$what is reported by onboard_local_changes()");
	is(load_row('', $columns // {}), $wanted, "and is obeyed");
	is($node->safe_psql('shape', "$back; SELECT onboard_local_changes()"), '', "reverted, nothing is reported");
	return;
}

my $rejected = 'error|REJECTED_BY_CATALOGUE';
my $plain = "validated|\nrows_plain";
my $direct = "validated|\nrows_direct";

# ----- policies -----

my $tenant = 'CREATE POLICY tenant ON onboard.products USING ((SELECT onboard.is_operator())
	OR vendor_id = ANY (SELECT r.vendor_id FROM onboard.vendor_roles r
	WHERE r.role_name = CURRENT_USER)) WITH CHECK ((SELECT onboard.is_operator()))';

is_heeded('an altered policy', 'ALTER POLICY tenant ON onboard.products WITH CHECK (price < 5)',
	$rejected, 'ALTER POLICY tenant ON onboard.products WITH CHECK ((SELECT onboard.is_operator()))');
is_heeded('an altered policy that accepts the row', 'ALTER POLICY tenant ON onboard.products WITH CHECK (price < 500)',
	$plain, 'ALTER POLICY tenant ON onboard.products WITH CHECK ((SELECT onboard.is_operator()))');
is_heeded('a dropped policy', 'DROP POLICY tenant ON onboard.products', $rejected, $tenant);
is_heeded('a policy for another role', 'ALTER POLICY tenant ON onboard.products TO loader',
	$rejected, 'ALTER POLICY tenant ON onboard.products TO PUBLIC');
is_heeded('a restrictive policy', "DROP POLICY tenant ON onboard.products; "
	. ($tenant =~ s/products USING/products AS RESTRICTIVE USING/r),
	$rejected, "DROP POLICY tenant ON onboard.products; $tenant");
is_heeded('a policy without WITH CHECK', 'DROP POLICY tenant ON onboard.products;
	CREATE POLICY tenant ON onboard.products USING (price < 5)',
	$rejected, "DROP POLICY tenant ON onboard.products; $tenant");
# None of these affects INSERT.
is_heeded('another USING', 'ALTER POLICY tenant ON onboard.products USING (price < 5)',
	$direct, "DROP POLICY tenant ON onboard.products; $tenant");
is_heeded('row security that is off', 'ALTER TABLE onboard.products DISABLE ROW LEVEL SECURITY', $direct,
	'ALTER TABLE onboard.products ENABLE ROW LEVEL SECURITY');

# The direct path also checks the shipped policy for the owner.
my $load_error = sub {
	my (undef, undef, $error) = $node->psql('shape', "SELECT onboard_begin_upload('V1', 'o.csv') AS upload \\gset\n"
		. "SELECT * FROM onboard_ingest(:'upload', '[{\"row_number\": 1, \"product\": {\"sku\": \"x\"}}]')");
	return $error;
};
my $no_operator = qr/the owner of onboard\.products cannot write for all vendors/;
my $is_operator = $node->safe_psql('shape', "SELECT pg_get_functiondef('onboard.is_operator()'::regprocedure)");

$node->safe_psql('shape', "INSERT INTO onboard.vendor_roles VALUES ('shopkeeper', 'V1')");
like($load_error->(), $no_operator, 'an owner restricted to a vendor stores nothing');
$node->safe_psql('shape', 'ALTER TABLE onboard.products NO FORCE ROW LEVEL SECURITY');
is(load_row('', {}), $direct, 'unless row security does not concern it');
$node->safe_psql('shape', "ALTER TABLE onboard.products FORCE ROW LEVEL SECURITY;
	DELETE FROM onboard.vendor_roles WHERE role_name = 'shopkeeper'");
is(load_row('', {}), $direct, 'nor is it confined any more');
$node->safe_psql('shape', "CREATE OR REPLACE FUNCTION onboard.is_operator() RETURNS boolean
	LANGUAGE sql STABLE AS 'SELECT false'");
like($load_error->(), $no_operator, 'a function that replaces is_operator() is called');
$node->safe_psql('shape', $is_operator);
is(load_row('', {}), $direct, 'taken back, rows are stored directly');

# ----- foreign keys -----

my $drop_key = 'ALTER TABLE onboard.products DROP CONSTRAINT products_vendor_id_fkey';
my $add_key = 'ALTER TABLE onboard.products ADD CONSTRAINT products_vendor_id_fkey FOREIGN KEY';
my $key_back = "DELETE FROM onboard.products; $drop_key; $add_key (vendor_id) REFERENCES onboard.vendors (vendor_id)";

is_heeded('a foreign key to another table', "DELETE FROM onboard.products; $drop_key;
	$add_key (vendor_id) REFERENCES other_vendors (id)", $rejected, $key_back);
is_heeded('a foreign key to another table that is not validated',
	"$drop_key; $add_key (vendor_id) REFERENCES other_vendors (id) NOT VALID", $rejected, $key_back);
is_heeded('a foreign key of another column', "$drop_key; $add_key (brand) REFERENCES other_vendors (id)", $rejected,
	$key_back, { brand => 'Nobody' });
is_heeded('a foreign key that can be deferred', "$drop_key; $add_key (vendor_id) REFERENCES onboard.vendors "
	. "(vendor_id) DEFERRABLE", $plain, $key_back);
is_heeded('another action', "$drop_key; $add_key (vendor_id) REFERENCES onboard.vendors (vendor_id) ON DELETE CASCADE",
	$direct, $key_back);
is_heeded('a key under another name',
	'ALTER TABLE onboard.products RENAME CONSTRAINT products_vendor_id_fkey TO vendor', $direct,
	'ALTER TABLE onboard.products RENAME CONSTRAINT vendor TO products_vendor_id_fkey');

# ----- unique constraints -----

my $sku_back = 'ALTER TABLE onboard.products DROP CONSTRAINT products_sku_key;
	ALTER TABLE onboard.products ADD CONSTRAINT products_sku_key UNIQUE (sku)';
my $primary = 'ALTER TABLE onboard.products DROP CONSTRAINT products_pkey;
	ALTER TABLE onboard.products ADD CONSTRAINT products_pkey PRIMARY KEY';

is_heeded('a primary key of another column', "DELETE FROM onboard.products; $primary (category)", $plain,
	"$primary (product_id); ALTER TABLE onboard.products ALTER COLUMN product_id SET NOT NULL");
is_heeded('a primary key with further columns', "$primary (product_id) INCLUDE (sku)", $plain, "$primary (product_id)");
is_heeded('a unique constraint that includes a long column',
	'ALTER TABLE onboard.products DROP CONSTRAINT products_sku_key;
	ALTER TABLE onboard.products ADD CONSTRAINT products_sku_key UNIQUE (sku) INCLUDE (description)',
	$plain, $sku_back);
is_heeded('a unique index for a constraint, under its name',
	'ALTER TABLE onboard.products DROP CONSTRAINT products_sku_key;
	CREATE UNIQUE INDEX products_sku_key ON onboard.products (sku)',
	$direct, 'DROP INDEX onboard.products_sku_key;
		ALTER TABLE onboard.products ADD CONSTRAINT products_sku_key UNIQUE (sku)');
is_heeded('a second unique index', 'CREATE UNIQUE INDEX again ON onboard.products (sku)', $plain,
	'DROP INDEX onboard.again');

# A nondeterministic, partial or other-opclass index does not count as the key.
for my $other ('(sku COLLATE "en-US-x-icu")', '(sku) WHERE price > 1', '(sku text_pattern_ops)', '(lower(sku))')
{
	next if $other =~ /icu/ && $node->safe_psql('shape',
		"SELECT count(*) FROM pg_collation WHERE collname = 'en-US-x-icu'") == 0;
	$node->safe_psql('shape', "ALTER TABLE onboard.products DROP CONSTRAINT products_sku_key;
		CREATE UNIQUE INDEX products_sku_key ON onboard.products $other");
	my (undef, undef, $error) = $node->psql('shape', "SELECT onboard_begin_upload('V1', 'f.csv') AS upload \\gset\n"
		. "SELECT * FROM onboard_ingest(:'upload', '[{\"row_number\": 1, \"product\": {\"sku\": \"x\"}}]')");
	like($error, qr/lacks the unique constraint on sku/, "a unique index on $other is not the key");
	like($node->safe_psql('shape', "SELECT severity, message FROM onboard_diagnose() WHERE severity = 'error'"),
		qr/^error\|no row can be loaded: .*unique constraint on sku/, 'and onboard_diagnose() says so');
	$node->safe_psql('shape', 'DROP INDEX onboard.products_sku_key;
		ALTER TABLE onboard.products ADD CONSTRAINT products_sku_key UNIQUE (sku)');
}

# ----- defaults and columns -----

is_heeded('a changed default', "ALTER TABLE onboard.products ALTER unit SET DEFAULT 'box'", $plain,
	"ALTER TABLE onboard.products ALTER unit SET DEFAULT 'piece'");
is($node->safe_psql('shape', "SELECT unit FROM onboard.products WHERE sku = 'S$uploads'"), 'box',
	'a row without a value gets the new default');
is_heeded('a default on a column without one', "ALTER TABLE onboard.products ALTER brand SET DEFAULT 'No name',
	ALTER attributes SET DEFAULT '{\"a\": 1}', ALTER status SET DEFAULT 'inactive'",
	$plain, "ALTER TABLE onboard.products ALTER brand DROP DEFAULT, ALTER attributes SET DEFAULT '{}',
		ALTER status SET DEFAULT 'active'");
is($node->safe_psql('shape', "SELECT brand, attributes, status, unit FROM onboard.products WHERE sku = 'S$uploads'"),
	'No name|{"a": 1}|inactive|piece', 'all of them at once');
is_heeded('a default that the row does not need', "ALTER TABLE onboard.products ALTER brand SET DEFAULT 'No name'", $plain,
	'ALTER TABLE onboard.products ALTER brand DROP DEFAULT', { brand => 'Acme', stock_quantity => 0, colour => 'red' });
is($node->safe_psql('shape', "SELECT brand, attributes, status FROM onboard.products WHERE sku = 'S$uploads'"),
	'Acme|{"colour": "red"}|out_of_stock', 'its own value is stored');
is_heeded('a dropped default', 'ALTER TABLE onboard.products ALTER unit DROP DEFAULT', $rejected,
	"ALTER TABLE onboard.products ALTER unit SET DEFAULT 'piece'");
my $default = 'ALTER TABLE onboard.products ALTER updated_at SET DEFAULT now()';
is_heeded('a default that uses a user-defined operator', <<'SQL', $plain, $default);
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.now()';
SET search_path = public, pg_catalog;
ALTER TABLE onboard.products ALTER updated_at SET DEFAULT public.now()
SQL
is_heeded('a relaxed identity column', 'ALTER TABLE onboard.products ALTER product_id SET GENERATED BY DEFAULT',
	$plain, 'ALTER TABLE onboard.products ALTER product_id SET GENERATED ALWAYS');
is_heeded('a changed CHECK', 'DELETE FROM onboard.products;
	ALTER TABLE onboard.products DROP CONSTRAINT products_price_check;
	ALTER TABLE onboard.products ADD CONSTRAINT products_price_check CHECK (price < 5)',
	$rejected, 'ALTER TABLE onboard.products DROP CONSTRAINT products_price_check;
		ALTER TABLE onboard.products ADD CONSTRAINT products_price_check CHECK (price >= 0.01 AND price <= 999999.99)');

# ----- the table of errors -----

my $bad = { price => 'x' };
my $errors = sub { $node->safe_psql('shape', "SELECT count(*) FROM onboard_diagnose()
	WHERE subject = 'table onboard.validation_errors'") };

is($errors->(), 0, 'errors are stored directly');
$node->safe_psql('shape', "ALTER POLICY tenant ON onboard.validation_errors WITH CHECK (error_field <> 'price')");
is($errors->(), 1, 'not with an altered policy');
my (undef, undef, $error) = $node->psql('shape', "SELECT onboard_begin_upload('V1', 'e.csv') AS upload \\gset\n"
	. "SELECT * FROM onboard_ingest(:'upload', '[{\"row_number\": 1, \"product\": {\"sku\": \"x\", \"price\": "
	. "\"x\"}}]')");
like($error, qr/violates row-level security policy for table "validation_errors"/, 'which is obeyed');
$node->safe_psql('shape',
	'ALTER POLICY tenant ON onboard.validation_errors WITH CHECK ((SELECT onboard.is_operator()))');
is($errors->(), 0, 'reverted, errors are stored directly again');
$node->safe_psql('shape', 'ALTER TABLE onboard.validation_errors DROP CONSTRAINT validation_errors_vendor_id_fkey;
	ALTER TABLE onboard.validation_errors ADD CONSTRAINT validation_errors_vendor_id_fkey
		FOREIGN KEY (vendor_id) REFERENCES other_vendors (id) NOT VALID');
is($errors->(), 1, 'nor with a foreign key to another table');
$node->safe_psql('shape', 'ALTER TABLE onboard.validation_errors DROP CONSTRAINT validation_errors_vendor_id_fkey;
	ALTER TABLE onboard.validation_errors ADD CONSTRAINT validation_errors_vendor_id_fkey
		FOREIGN KEY (vendor_id) REFERENCES onboard.vendors (vendor_id)');
is($node->safe_psql('shape', 'SELECT onboard_local_changes()'), '', 'nothing is left changed');

# ----- a session notices concurrent changes and its own -----

is(load_row("BEGIN; ALTER TABLE onboard.products ALTER unit SET DEFAULT 'box';\n", {}, "ROLLBACK;\n"), $plain,
	'a change of the same transaction is seen');
is(load_row(<<'SQL', {}), $direct, 'and forgotten with it, after rows were loaded');
SELECT onboard_begin_upload('V1', 'f.csv') AS first \gset
BEGIN;
ALTER TABLE onboard.products ADD CHECK (price > 100);
SELECT FROM onboard_ingest(:'first', '[{"row_number": 1, "product": {"sku": "x"}}]');
ROLLBACK;
SQL
is(load_row(<<'SQL', {}), "validated|\nrows_plain", 'a session that has loaded before sees concurrent changes');
SELECT onboard_begin_upload('V1', 'f.csv') AS first \gset
SELECT FROM onboard_ingest(:'first', '[{"row_number": 1, "product": {"sku": "x"}}]');
\! psql -Xqd shape -c 'ALTER POLICY tenant ON onboard.products WITH CHECK (price < 500)'
SQL
$node->safe_psql('shape', 'ALTER POLICY tenant ON onboard.products WITH CHECK ((SELECT onboard.is_operator()))');

$node->stop;
done_testing();
