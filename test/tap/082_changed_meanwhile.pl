# A product that other sessions change all the time is found by every row that names it:
# customers buy it while the vendor's file is read. Each purchase moves the product to
# another place in the table, because stock is indexed, so a search of the index by a key
# may meet only versions that are not visible yet or no longer are.

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

use constant UPLOADS => 2000;

my $node = new_server('meanwhile');

add_database($node, 'shop', 'V1');
$node->safe_psql('shop', <<'SQL');
CREATE INDEX ON onboard.products (stock_quantity);
CREATE TABLE closed ();
CREATE PROCEDURE sell() LANGUAGE plpgsql AS $$
BEGIN
	WHILE NOT EXISTS (SELECT FROM closed) LOOP
		UPDATE onboard.products SET stock_quantity = stock_quantity + 1;
		COMMIT;
	END LOOP;
END $$;
-- Load this number of files with one row each; returns how many verdicts were not the usual one.
CREATE PROCEDURE load(uploads int, record jsonb, usual text, INOUT others int DEFAULT 0) LANGUAGE plpgsql AS $$
DECLARE
	upload text;
BEGIN
	FOR n IN 1 .. uploads LOOP
		upload := onboard_begin_upload('V1', 'x.csv', mode => 'update', total_records => 1);
		others := others + (SELECT count(*) FROM onboard_ingest(upload, jsonb_build_array(record)) i
			WHERE coalesce(i.action, i.errors -> 0 ->> 'error_type') IS DISTINCT FROM usual);
		COMMIT;
	END LOOP;
END $$;
SELECT onboard_ingest(onboard_begin_upload('V1', 'x.csv'), '[{"row_number": 1, "product": {"vendor_product_id": "A",
	"product_name": "Lamp", "category": "Books", "sku": "A", "price": "1", "stock_quantity": "1"}}]');
SQL

# Return how many rows of this number of files got another verdict.
sub others
{
	my ($columns, $usual) = @_;
	my $record = qq({"row_number": 1, "product": {"vendor_product_id": "A", $columns}});

	return $node->safe_psql('shop', 'CALL load(' . UPLOADS . ", '$record', '$usual')");
}

my $customers = IPC::Run::start([ 'psql', '-X', '-d', $node->connstr('shop'), '-c', 'CALL sell()' ], '>&', \my $output);

is(others('"price": "1"', 'unchanged'), 0, 'a row that changes nothing finds the product');
is(others('"price": ""', 'MISSING_REQUIRED_FIELDS'), 0, 'and so does one that breaks a rule');
$node->safe_psql('shop', 'INSERT INTO closed DEFAULT VALUES');
ok($customers->finish, "products were sold meanwhile: $output");

$node->stop;
done_testing();
