# A dump restored into a new database contains all user data, and an upload that was in
# progress before the dump resumes after the restore.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $node = new_server('dump');
my $directory = PostgreSQL::Test::Utils::tempdir();
my $options = { extra_params => [ '--username' => 'loader' ] };

add_database($node, 'before', 'V1', 'V2');
$node->safe_psql('postgres', 'CREATE ROLE vendor_login LOGIN; CREATE ROLE reporter LOGIN; CREATE ROLE owner LOGIN');

# Return rows in the formats of the two doors.
sub records
{
	my ($prefix, $first, $last) = @_;

	return "(SELECT jsonb_agg(jsonb_build_object('row_number', n, 'line_number', n + 1, 'product', jsonb_build_object("
	  . "'sku', '$prefix-' || n, 'vendor_product_id', '$prefix' || n, 'product_name', 'Name ' || n, 'category', 'Tea',"
	  . "'price', CASE WHEN n % 10 = 0 THEN 'x' ELSE '1.50' END, 'stock_quantity', '3', 'Colour', 'red'))) FROM "
		. "generate_series($first, $last) n)";
}

sub load_rows
{
	my ($database, $upload, @records) = @_;

	return $node->safe_psql($database, "SELECT count(*) FROM onboard_ingest('$upload', " . records(@records) . ')',
		%$options);
}

# ----- users' changes -----

$node->safe_psql('before', <<'SQL');
INSERT INTO onboard.product_categories (category_name, parent_category) VALUES ('Tea', 'Food & Beverage'),
	('Green Tea', 'Tea');
UPDATE onboard.product_categories SET is_active = false WHERE category_name = 'Books';
UPDATE onboard.product_categories SET category_name = 'Kitchenware' WHERE category_name = 'Kitchen';
SELECT onboard_grant_vendor('vendor_login', 'V1');
SELECT onboard_grant_reporter('reporter');
GRANT SELECT ON ALL TABLES IN SCHEMA onboard TO owner;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA onboard TO owner;
GRANT USAGE ON SCHEMA onboard TO owner;
CREATE TABLE price_changes (sku text, price numeric);
CREATE FUNCTION note_price() RETURNS trigger LANGUAGE plpgsql AS
	'BEGIN INSERT INTO public.price_changes VALUES (NEW.sku, NEW.price); RETURN NULL; END';
CREATE INDEX products_brand_idx ON onboard.products (lower(brand));
CREATE TRIGGER products_note_price AFTER UPDATE OF price ON onboard.products FOR EACH ROW EXECUTE FUNCTION note_price();
CREATE POLICY cheap ON onboard.products AS RESTRICTIVE FOR SELECT TO vendor_login USING (price < 100);
SQL

$node->safe_psql('before', <<'SQL');
SELECT onboard_set_map('V1', 'shop', 'price = "Price" | exchange(EUR, USD)'),
	onboard_set_map('V1', 'shop', 'price = "Price" | exchange(EUR, USD)' || chr(10) || 'category = "Type" | values(types)'),
	onboard_set_map_values('V1', 'types', '{"tea": "Tea"}'), onboard_set_exchange_rate('EUR', 'USD', 1.0832),
	onboard_set_default_map('V1', 'shop');
SELECT onboard_begin_upload('V1', 'mapped.csv', content_id => 'c0', map_name => 'shop');
SQL
my $map = $node->safe_psql('before', "SELECT onboard_map('V1')");

my $done = $node->safe_psql('before', "SELECT onboard_begin_upload('V1', 'done.csv', total_records => 100,
	content_id => 'c1')", %$options);
load_rows('before', $done, 'A', 1, 100);
my $other = $node->safe_psql('before', "SELECT onboard_begin_upload('V2', 'other.csv', total_records => 5,
	content_id => 'c2')", %$options);
load_rows('before', $other, 'B', 1, 5);
my $half = $node->safe_psql('before', "SELECT onboard_begin_upload('V1', 'half.csv', total_records => 60,
	content_id => 'c3')", %$options);
load_rows('before', $half, 'C', 1, 20);
load_rows('before', $half, 'C', 31, 40);
# Two attempts to read the file, and the checkpoint of the second
$node->safe_psql('before', "SELECT onboard_begin_parse('$half') FROM generate_series(1, 2);
	SELECT onboard_save_checkpoint('$half', 2000, 20, 22)", %$options);
# Delete one product and change another: their verdicts are kept.
$node->safe_psql('before', <<'SQL');
DELETE FROM onboard.products WHERE sku = 'C-2';
UPDATE onboard.products SET price = 250 WHERE sku = 'A-1';
SELECT count(*) FROM onboard_claim_events(2, '1 hour');
SELECT onboard_prune_history('1 hour');
SQL
is($node->safe_psql('before', 'SELECT action FROM onboard.product_changes ORDER BY change_id'), "deleted\nupdated",
	'before the dump: both are in the history');
is($node->safe_psql('before', 'SELECT valid_records, error_records, status
	FROM onboard.upload_history ORDER BY file_name'),
	"90|10|partial\n27|3|processing\n0|0|processing\n5|0|completed",
	'before the dump: two uploads ended, two are in progress');

# ----- dump and restore -----

my $dump = "$directory/before.sql";
my $changes = $node->safe_psql('before', 'SELECT onboard_local_changes()');

$node->command_ok([ 'pg_dump', '--file', $dump, 'before' ], 'pg_dump');
$node->command_fails_like([ 'pg_dump', '--username', 'owner', '--exclude-schema', 'public', '--file',
	"$directory/owner.sql", 'before' ],
	qr/row-level security/, 'a role that cannot see all rows gets an error, not a partial dump');

sub restore
{
	my ($database, $dump) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	return $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $dump, $database ],
		"restored into $database");
}

restore('after', $dump);
$node->safe_psql('after', $changes);

# ----- the restored data -----

my %compared = (
	categories => "SELECT category_id, category_name, parent_category, description, is_active, shipped
		FROM onboard.product_categories ORDER BY 1",
	vendors => "SELECT * FROM onboard.vendors ORDER BY 1",
	roles => "SELECT * FROM onboard.vendor_roles ORDER BY 1, 2",
	policies => "SELECT * FROM pg_policies WHERE schemaname = 'onboard' ORDER BY tablename, policyname",
	'row security' => "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
		WHERE relnamespace = 'onboard'::regnamespace ORDER BY 1",
	indexes => "SELECT indexdef FROM pg_indexes WHERE schemaname = 'onboard' ORDER BY 1",
	triggers => "SELECT tgrelid::regclass, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
	grants => "SELECT relname, array(SELECT a::text FROM unnest(relacl) a ORDER BY 1) FROM pg_class
		WHERE relnamespace = 'onboard'::regnamespace AND relkind IN ('r', 'f', 'v') ORDER BY 1",
	'function grants' => "SELECT proname, array(SELECT a::text FROM unnest(proacl) a ORDER BY 1) FROM pg_proc
		WHERE proname ~ '^onboard_' ORDER BY 1",
	'local changes' => 'SELECT onboard_local_changes()',
	sequences => "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'onboard' ORDER BY 1");

is(table_sums($node, 'after'), table_sums($node, 'before'),
	'products, history, errors, uploads, verdicts, maps and events are the same');
for my $what (sort keys %compared)
{
	is($node->safe_psql('after', $compared{$what}), $node->safe_psql('before', $compared{$what}), "$what are the same");
}
unlike($node->safe_psql('after', 'SELECT onboard_local_changes()'), qr/^DROP|REMOVE/m,
	'no part of the extension is missing');
like($node->safe_psql('after', $compared{'local changes'}), qr/products_brand_idx.*cheap/s,
	'and the changes were replayed');
is($node->safe_psql('after', 'SELECT count(*) FROM onboard.products',
	extra_params => [ '--username' => 'vendor_login' ]),
	115, 'a vendor sees the own products that the added policy allows');
my ($code, $error);
is($node->safe_psql('after', "UPDATE onboard.products SET price = 2 WHERE sku = 'A-2';
	SELECT * FROM price_changes WHERE sku = 'A-2'"),
	"A-2|2.00", 'the added trigger fires');
is($node->safe_psql('after', "SELECT change_id, old_values, new_values FROM onboard.product_history
	WHERE sku = 'A-2' AND action = 'updated'"),
	'3|{"price": 1.50}|{"price": 2.00}', 'the history continues');
is($node->safe_psql('after', "SELECT was.price FROM onboard.products p, onboard_product_as_of(p.product_id, p.created_at) was
	WHERE p.sku = 'A-1'"),
	'1.50', 'and reaches back to before the dump');
($code, undef, $error) = $node->psql('after', "SELECT onboard_product_as_of(1, now() - interval '1 day')");
like($error, qr/the history before .* was pruned/, 'as far as it was not pruned');

# A shipped category cannot be deleted, renamed or not.
($code, undef, $error) = $node->psql('after', "DELETE FROM onboard.product_categories
	WHERE category_name = 'Kitchenware'");
like($error, qr/comes with the extension/, 'shipped categories are still marked as shipped');
is($node->safe_psql('after', "INSERT INTO onboard.product_categories (category_name) VALUES ('New')
	RETURNING category_id > 1002"),
	't', 'category ids continue');

# ----- work after the restore -----

is($node->safe_psql('after', "SELECT onboard_map('V1')", %$options), $map, 'a map is the same, with its hash');
is($node->safe_psql('after', "SELECT onboard_set_map('V1', 'shop', 'sku = Code');
	SELECT onboard_upload_map(u.upload_id) = '$map'::jsonb
	FROM onboard.upload_history u WHERE u.file_name = 'mapped.csv'"),
	"3\nt", 'its versions continue, and an upload in progress has the map as it was');

is($node->safe_psql('after', "SELECT onboard_begin_upload('V1', 'half.csv', total_records => 60, content_id => 'c3')",
	%$options),
	$half, 'the upload in progress is found again');
is($node->safe_psql('after', "SELECT * FROM onboard_judged_ranges('$half')", %$options), "1|20\n31|40",
	'with its judged rows');
is($node->safe_psql('after', "SELECT parse_attempts, checkpoint ->> 'byte_offset', checkpoint ->> 'row_number'
	FROM onboard_begin_parse('$half')", %$options),
	'3|2000|20', 'the third attempt to read it finds the checkpoint');
is($node->safe_psql('after', "SELECT row_number, status FROM onboard_ingest('$half', " . records('Z', 2, 2) . ')',
	%$options),
	'2|validated', 'a verdict from before the dump is kept, although the product was deleted');
is($node->safe_psql('after', "SELECT status FROM onboard_ingest('$half',
	'[{\"row_number\":21,\"product\":{\"sku\":\"A-5\",\"vendor_product_id\":\"n\",\"product_name\":\"n\",
		\"category\":\"Tea\",\"price\":\"1\",\"stock_quantity\":\"1\"}}]')",
	%$options),
	'error', 'products from before the dump still hold their SKU');
load_rows('after', $half, 'C', 1, 60);
is($node->safe_psql('after', "SELECT status, valid_records, error_records FROM onboard.upload_history
	WHERE upload_id = '$half'"),
	'partial|53|7', 'the upload ends, with every row judged once');
is($node->safe_psql('after', "SELECT count(*) FROM onboard.outbox WHERE upload_id = '$half' AND kind = 'upload_ended'"),
	1, 'and ends once');
is($node->safe_psql('after', "SELECT min(product_id) > (SELECT max(product_id) FROM onboard.products
	WHERE upload_id <> '$half' OR row_number <= 40) FROM onboard.products WHERE upload_id = '$half'
	AND row_number > 40"),
	't', 'product ids continue');
is($node->safe_psql('after', "SELECT count(*) = count(DISTINCT error_id) AND count(*) = 10 + 7
	FROM onboard.validation_errors"), 't', 'error ids continue');

# ----- added columns must exist before the data is restored -----

$node->safe_psql('before', "ALTER TABLE onboard.products ADD COLUMN season text DEFAULT 'all';
	UPDATE onboard.products SET season = 'winter' WHERE sku = 'B-1'");
$changes = $node->safe_psql('before', 'SELECT onboard_local_changes()');
$node->command_ok([ 'pg_dump', '--file', "$directory/column.sql", 'before' ], 'pg_dump with an added column');
$node->safe_psql('postgres', 'CREATE DATABASE with_column');
$node->safe_psql('with_column', join "\n", 'CREATE EXTENSION onboard;', grep { /ADD COLUMN/ } split /\n/, $changes);
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', "$directory/column.sql",
	'with_column' ], 'restored after the column was added');
$node->safe_psql('with_column', join "\n", grep { !/ADD COLUMN/ } split /\n/, $changes);
is($node->safe_psql('with_column', "SELECT season, count(*) FROM onboard.products GROUP BY 1 ORDER BY 1"),
	"all|120\nwinter|1", 'the added column has its values');
is($node->safe_psql('with_column', 'SELECT onboard_local_changes()'), $changes, 'and the same local changes');

# ----- changes to shipped objects -----

$node->safe_psql('before', <<'SQL');
ALTER POLICY tenant ON onboard.products TO vendor_login WITH CHECK (price < 500);
ALTER TABLE onboard.products ALTER COLUMN unit SET DEFAULT 'box', ALTER COLUMN brand SET DEFAULT E'back\\slash',
	ALTER COLUMN attributes DROP NOT NULL;
ALTER TABLE onboard.products DROP CONSTRAINT products_vendor_id_fkey;
ALTER TABLE onboard.products ADD CONSTRAINT products_vendor_id_fkey FOREIGN KEY (vendor_id)
	REFERENCES onboard.vendors (vendor_id) ON DELETE RESTRICT DEFERRABLE NOT VALID;
ALTER TABLE onboard.vendors ALTER COLUMN phone TYPE varchar(50);
ALTER TABLE onboard.outbox DISABLE ROW LEVEL SECURITY;
CREATE OR REPLACE VIEW onboard.product_catalog WITH (security_barrier, check_option = local) AS
	SELECT p.product_id, p.vendor_id, NULL::text AS vendor_name, p.vendor_product_id, p.sku, p.product_name, p.category,
		NULL::text COLLATE "C" AS parent_category, p.subcategory, p.description, p.brand, p.price, p.compare_at_price,
		p.stock_quantity, p.stock_quantity > 0 AS in_stock, p.unit, p.weight_kg, p.dimensions_cm, p.image_url,
			p.attributes, p.created_at, p.updated_at, p.season
	FROM onboard.products p WHERE (SELECT onboard.is_operator());
SQL
$changes = $node->safe_psql('before', 'SELECT onboard_local_changes()');
$node->safe_psql('postgres', 'CREATE DATABASE changed');
# Run the statements in a session with different settings.
$node->safe_psql('changed', "CREATE TABLE price_changes (sku text, price numeric);
	CREATE FUNCTION note_price() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE EXTENSION onboard;\n"
	  . "SET standard_conforming_strings = off;\n$changes");
is($node->safe_psql('changed', 'SELECT onboard_local_changes()'), $changes,
	'changed policies, keys, defaults, types and views are replayed');
for my $what ('policies', 'row security', 'indexes', 'triggers')
{
	is($node->safe_psql('changed', $compared{$what}), $node->safe_psql('before', $compared{$what}),
		"and $what are the same");
}

# ----- categories in any order -----

# A child is restored before its renamed parent, and a user's category has the former name of a shipped one.
add_database($node, 'renamed');
$node->safe_psql('renamed', <<'SQL');
INSERT INTO onboard.product_categories (category_name) VALUES ('Tableware');
UPDATE onboard.product_categories SET category_name = 'Home' WHERE category_name = 'Home & Garden';
UPDATE onboard.product_categories SET description = 'all of it' WHERE category_name = 'Home';
UPDATE onboard.product_categories SET category_name = 'Cooking' WHERE category_name = 'Kitchen';
UPDATE onboard.product_categories SET category_name = 'Kitchen' WHERE category_name = 'Tableware';
UPDATE onboard.product_categories SET description = 'pots' WHERE category_name = 'Cooking';
SQL
# Two shipped categories swap their names.
$node->safe_psql('renamed', <<'SQL');
UPDATE onboard.product_categories SET category_name = 'x' WHERE category_name = 'Bedroom';
UPDATE onboard.product_categories SET category_name = 'Bedroom' WHERE category_name = 'Bathroom';
UPDATE onboard.product_categories SET category_name = 'Bathroom' WHERE category_name = 'x';
SQL
$node->command_ok([ 'pg_dump', '--file', "$directory/renamed.sql", 'renamed' ], 'pg_dump of renamed categories');
restore('renamed_again', "$directory/renamed.sql");
is($node->safe_psql('renamed_again', $compared{categories}), $node->safe_psql('renamed', $compared{categories}),
	'renamed categories are the same');

# ----- dropping the extension -----

my $export = $node->safe_psql('after', 'COPY (SELECT *
	FROM onboard.products ORDER BY product_id) TO STDOUT WITH (FORMAT csv, HEADER)');
is(csv_records($export), $node->safe_psql('after', 'SELECT count(*) FROM onboard.products'),
	'the catalogue can be exported by COPY');
$node->safe_psql('after', 'DROP EXTENSION onboard CASCADE');
is($node->safe_psql('after', "SELECT to_regnamespace('onboard') IS NULL AND to_regclass('onboard.products') IS NULL
	AND to_regproc('onboard_validate') IS NULL"),
	't', 'dropping the extension drops the catalogue and leaves nothing behind');
$node->safe_psql('after', 'CREATE EXTENSION onboard');

$node->stop;
done_testing();
