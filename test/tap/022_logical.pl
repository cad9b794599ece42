# A logical subscription survives uploads full of duplicates, and those that change products:
# it never receives a duplicate.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $modules = `pg_config --pkglibdir`;
chomp $modules;
plan skip_all => 'test_decoding is not installed' unless -e "$modules/test_decoding.so";

my $publisher = new_server('publisher', "wal_level = logical\nmax_wal_senders = 10\nautovacuum = off\n");
my $subscriber = new_server('subscriber', "wal_retrieve_retry_interval = 100ms\n");

add_database($publisher, 'shop', 'LOG-1', 'LOG-2');
$subscriber->safe_psql('postgres', 'CREATE DATABASE copy');
# The subscriber has the unique keys, so any duplicate would raise an error.
$subscriber->safe_psql('copy', <<'SQL');
CREATE SCHEMA onboard;
CREATE TABLE onboard.products (product_id bigint PRIMARY KEY, vendor_id text COLLATE "C" NOT NULL,
	vendor_product_id text COLLATE "C" NOT NULL, product_name text, category text, subcategory text,
	description text, sku text COLLATE "C" NOT NULL UNIQUE, brand text, price numeric, compare_at_price numeric,
		stock_quantity int, unit text, weight_kg numeric, dimensions_cm text,
	image_url text, attributes jsonb, status text, upload_id text, row_number bigint, line_number bigint,
		created_at timestamptz, updated_at timestamptz, UNIQUE (vendor_id, vendor_product_id));
SQL
$publisher->safe_psql('shop', 'CREATE PUBLICATION products FOR TABLE onboard.products');
$subscriber->safe_psql('copy', sprintf q(CREATE SUBSCRIPTION products CONNECTION '%s' PUBLICATION products),
	$publisher->connstr . ' dbname=shop');
$subscriber->wait_for_subscription_sync($publisher, 'products', 'copy');
# A slot sees all changes, including removed duplicates; it is read at the end.
$publisher->safe_psql('shop', q(SELECT pg_create_logical_replication_slot('changes', 'test_decoding')));

sub compare
{
	my ($what) = @_;
	my $sum = "SELECT count(*), md5(string_agg(p::text, '|' ORDER BY product_id)) FROM onboard.products p";

	$publisher->wait_for_catchup('products');
	is($subscriber->safe_psql('copy', $sum), $publisher->safe_psql('shop', $sum),
		"$what: the subscriber has the same products");
	is($subscriber->safe_psql('copy', q(SELECT apply_error_count FROM pg_stat_subscription_stats)), '0',
		"$what: without an apply error");
	return;
}

# Load rows with keys from a small set, in conflicting orders.
sub load
{
	my ($vendor, $from, $to, $sku, $id, $settings) = @_;
	my $upload = $publisher->safe_psql('shop', "SELECT onboard_begin_upload('$vendor', 'x.csv')");

	$publisher->safe_psql('shop', <<"SQL");
SET ROLE loader;
$settings
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity)
	SELECT '$upload', n, 'id' || $id, 'Lamp', 'Books', 'S' || $sku, CASE WHEN n % 13 = 0 THEN 'bad' ELSE '1' END, '1'
		FROM generate_series($from, $to) n;
SQL
	return $upload;
}

my $everything = load('LOG-1', 1, 3500, 'n', 'n', '');
compare('all good');
is($publisher->safe_psql('shop', "SELECT valid_records FROM onboard.upload_history WHERE upload_id = '$everything'"),
	3500 - int(3500 / 13), 'several windows were stored');
load('LOG-1', 1, 3000, 'n', 'n', '');
compare('all duplicates of the catalogue');
load('LOG-2', 10001, 13000, 'n / 3', 'n / 2', '');
compare('duplicates within the upload');
my $round = 0;
foreach my $settings ('SET onboard.window_rows = 1;', 'SET onboard.window_rows = 7;', 'SET onboard.load_path = probe;',
	'SET onboard.load_path = plain;')
{
	my $start = 20000 + 1000 * ++$round;

	load('LOG-1', $start, $start + 400, '(n * 7 % 150 + ' . (20000 + 900 * $round) . ')',
		'(n * 11 % 170)::text || n / 200', $settings);
	compare($settings);
}

# Rows that another session has inserted but not committed: probing does not see them, and
# the conflict is detected late.
foreach my $end ('COMMIT', 'ROLLBACK')
{
	my ($in, $out, $err) = ('', '', '');
	my $holder = IPC::Run::start([ 'psql', '-XqAt', '-d', $publisher->connstr('shop') ], '<', \$in, '>', \$out, '2>',
		\$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	my ($in2, $out2, $err2) = ('', '', '');
	my $loader = IPC::Run::start([ 'psql', '-XqAt', '-d', $publisher->connstr('shop') ], '<', \$in2, '>', \$out2, '2>',
		\$err2, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	my $upload = $publisher->safe_psql('shop', "SELECT onboard_begin_upload('LOG-2', 'x.csv')");

	$in .= "BEGIN; INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price,
		stock_quantity) SELECT 'LOG-1', 'h$end' || n, 'Lamp', 'Books', 'H$end' || n * 50, 1, 1
		FROM generate_series(1, 5) n; SELECT 'held';\n";
	$holder->pump until $out =~ /held/;
	$in2 .= "SET application_name = 'waits'; INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name,
			category, sku, price, stock_quantity)
		SELECT '$upload', n, 'w$end' || n, 'Lamp', 'Books', 'H$end' || n, '1', '1' FROM generate_series(1, 300) n;
		SELECT 'loaded';\n";
	$loader->pump while length $in2;
	$publisher->poll_query_until('shop', "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'waits'
		AND wait_event_type = 'Lock'") or die 'the session did not wait';
	$in .= "$end; SELECT 'ended';\n";
	$holder->pump until $out =~ /ended/;
	$loader->pump until $out2 =~ /loaded/;
	$in .= "\\q\n";
	$in2 .= "\\q\n";
	$holder->finish;
	$loader->finish;
	is($publisher->safe_psql('shop', "SELECT valid_records, error_records FROM onboard.upload_history
		WHERE upload_id = '$upload'"), $end eq 'COMMIT' ? '295|5' : '300|0', "late race, $end: verdicts");
	compare("late race, $end");
}

# No product was inserted and then deleted again.
is($publisher->safe_psql('shop', q(SELECT count(*) FILTER (WHERE data LIKE '%onboard.products: DELETE%')
	FROM pg_logical_slot_peek_changes('changes', NULL, NULL))), '0', 'no product is inserted and deleted again');
is($publisher->safe_psql('shop', q(SELECT count(*) FROM pg_logical_slot_peek_changes('changes', NULL, NULL)
	WHERE data LIKE '%onboard.products: INSERT%')),
	$publisher->safe_psql('shop', 'SELECT count(*) FROM onboard.products'), 'and each product is decoded once');

# An error during the load must not leave the session in a failed transaction.
$publisher->safe_psql('shop', q(CREATE FUNCTION cancel_myself() RETURNS int
	LANGUAGE sql VOLATILE SECURITY DEFINER AS 'SELECT pg_cancel_backend(pg_backend_pid())::int'));
my ($code, $out, $err) = $publisher->psql('shop', <<'SQL', on_error_stop => 0);
SET ROLE loader;
SELECT onboard_begin_upload('LOG-1', 'x.csv') AS u \gset
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity)
	SELECT :'u', n, 'c' || n, 'Lamp', 'Books', 'C' || n, '1', CASE n WHEN 50000 THEN cancel_myself() ELSE 1
		END FROM generate_series(1, 100000) n;
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity)
	SELECT :'u', n, 'c' || n, 'Lamp', 'Books', 'C' || n, '1', '1' FROM generate_series(1, 2000) n;
SELECT valid_records FROM onboard.upload_history WHERE upload_id = :'u';
SQL
like($err, qr/due to user request/, 'cancelled between windows');
is($out, '2000', 'the session survives');
compare('after a cancel');

# Changes arrive, too: of values, of keys that move from product to product, of the status, and by undo.
$publisher->safe_psql('shop', q(UPDATE onboard.vendors SET modes = '{insert,upsert,update,replace}', discontinue_guard = 1));
foreach my $path ('auto', 'plain')
{
	foreach my $mode ('update', 'upsert', 'replace')
	{
		$publisher->safe_psql('shop', <<"SQL");
SET onboard.load_path = $path;
SELECT onboard_begin_upload('LOG-1', 'x.csv', mode => '$mode') AS u \\gset
CREATE TEMPORARY TABLE chosen AS SELECT row_number() OVER (ORDER BY product_id) AS n, vendor_product_id, sku
	FROM onboard.products WHERE vendor_id = 'LOG-1' ORDER BY product_id LIMIT 2500;
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price, stock_quantity, action)
	SELECT :'u', n, vendor_product_id, 'Light', 'Books', CASE WHEN n % 5 = 0 THEN '$path$mode' || n ELSE sku END,
		CASE WHEN n % 13 = 0 THEN 'bad' ELSE '2' END, n % 3, CASE WHEN n % 50 = 0 THEN 'delete' END FROM chosen ORDER BY n;
SELECT onboard_finish_upload(:'u', 2500);
SQL
		compare("$mode, $path");
	}
	$publisher->safe_psql('shop', q(SELECT onboard_undo_upload(upload_id) FROM onboard.upload_history
		WHERE vendor_id = 'LOG-1' AND mode <> 'insert' AND NOT metadata ? 'undone_at' ORDER BY created_at DESC));
	compare("undone, $path");
}

# This test can fail: a row deleted in the transaction that inserted it would be detected.
$publisher->safe_psql('shop', <<'SQL');
BEGIN;
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	VALUES ('LOG-2', 'planted', 'Lamp', 'Books', 'planted', 1, 1);
DELETE FROM onboard.products WHERE sku = 'planted';
COMMIT;
SQL
is($publisher->safe_psql('shop', q(SELECT count(*) FROM pg_logical_slot_peek_changes('changes', NULL, NULL)
	WHERE data LIKE '%onboard.products: DELETE%')), '1', 'a row deleted again would be detected');

$subscriber->stop;
$publisher->stop;
done_testing();
