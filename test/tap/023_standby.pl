# onboard_validate(), onboard_check() and onboard_map() on a hot standby, which cannot write.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->start;
$primary->safe_psql('postgres', 'CREATE ROLE loader LOGIN');
add_database($primary, 'shop', 'STA-1', 'STA-2');
$primary->safe_psql('shop', <<'SQL');
INSERT INTO onboard.products (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity)
	VALUES ('STA-1', 'taken', 'Lamp', 'Books', 'TAKEN', 1, 1), ('STA-2', 'gone', 'Lamp', 'Books', 'GONE', 1, 1);
DELETE FROM onboard.products WHERE sku = 'GONE';
SELECT onboard_set_map('STA-1', 'shop', 'category = "Type" | category_path'), onboard_set_default_map('STA-1', 'shop');
SQL
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($standby->safe_psql('shop', 'SELECT pg_is_in_recovery()'), 't', 'a standby');

my $row = q('{"vendor_product_id": "new", "product_name": "Lamp", "category": "Books", "sku": "NEW",
	"price": "1", "stock_quantity": 1}'::jsonb);
my %question = (
	'a good row' => "SELECT count(*) FROM onboard_validate('STA-1', $row)",
	'rules and keys' => qq(SELECT string_agg(error_type, ' ')
		FROM onboard_validate('STA-1', $row
		|| '{"sku": "TAKEN", "vendor_product_id": "taken", "price": "x", "category": "Kitchn"}')),
	'keys of a deleted product' => qq(SELECT count(*) FROM onboard_validate('STA-2',
		$row || '{"sku": "GONE", "vendor_product_id": "gone"}')),
	'a dry run' => qq(SELECT string_agg(row_number || ' ' || status || ' ' || coalesce(errors -> 0 ->> 'error_message', ''), ', ')
		FROM onboard_check('STA-1', (SELECT jsonb_agg(jsonb_build_object('row_number', n,
			'product', $row || jsonb_build_object('sku', CASE n WHEN 3 THEN 'TAKEN' ELSE 'K' || n / 2 END,
			'vendor_product_id', 'k' || n)))
			FROM generate_series(1, 5) n))),
	'a map' => "SELECT d ->> 'name', d ->> 'version', length(d ->> 'hash') FROM onboard_map('STA-1') d",
	'a dry run with carry' => qq(BEGIN;
		SELECT status FROM onboard_check('STA-1', jsonb_build_array(jsonb_build_object('row_number', 1, 'product', $row)), true);
		SELECT errors -> 0 ->> 'error_message'
			FROM onboard_check('STA-1', jsonb_build_array(jsonb_build_object('row_number', 2, 'product', $row)), true); COMMIT));
my %answer = (
	'a good row' => '0',
	'rules and keys' => 'INVALID_PRICE INVALID_CATEGORY DUPLICATE_SKU DUPLICATE_VENDOR_PRODUCT_ID',
	'keys of a deleted product' => '0',
	'a dry run' => '1 validated , 2 validated , 3 error sku "TAKEN" is already in the catalogue, 4 validated , 5 error '
		. 'sku "K2": same SKU as line 4',
	'a map' => 'shop|1|64',
	'a dry run with carry' => "validated\nsku \"NEW\": same SKU as line 1");

foreach my $what (sort keys %question)
{
	is($standby->safe_psql('shop', "SET ROLE loader;\n$question{$what}"), $answer{$what}, $what);
	is($primary->safe_psql('shop', "SET ROLE loader;\n$question{$what}"), $answer{$what}, "$what, on the primary");
}
# Twice in a session: dead index entries are visited again.
is($standby->safe_psql('shop', "$question{'keys of a deleted product'};\n$question{'keys of a deleted product'}"),
	"0\n0", 'keys of a deleted product, twice');

# Functions that write fail with an infrastructure error.
my ($code, $out, $err) = $standby->psql('shop', "SELECT onboard_begin_upload('STA-1', 'x.csv')");
like($err, qr/read-only transaction|during recovery/, 'begin is refused');
my $upload = $primary->safe_psql('shop', "SELECT onboard_begin_upload('STA-1', 'x.csv')");
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
($code, $out, $err) = $standby->psql('shop', "SELECT *
	FROM onboard_ingest('$upload', '[{\"row_number\": 1, \"product\": {}}]')");
like($err, qr/read-only transaction|during recovery/, 'ingest is refused');
($code, $out, $err) = $standby->psql('shop', "INSERT INTO onboard.intake (upload_id, row_number)
	VALUES ('$upload', 1)");
like($err, qr/read-only transaction|during recovery/, 'intake is refused');

# Rows committed by the primary are visible.
$primary->safe_psql('shop', "INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name,
	category, sku, price, stock_quantity) VALUES ('$upload', 1, 'n', 'Lamp', 'Books', 'NEW', '1', '1')");
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($standby->safe_psql('shop', "SELECT error_type FROM onboard_validate('STA-1', $row)"), 'DUPLICATE_SKU',
	'a row added since then');

$standby->stop;
$primary->stop;
done_testing();
