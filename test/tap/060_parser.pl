# Test the handler parser with a real server and the emulated services.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use HandlerTest;
use OnboardTest;
use RuntimeApi;

plan skip_all => 'no program at ' . RuntimeApi::program() unless -x RuntimeApi::program();

my $node = new_server('parser', "log_min_error_statement = panic\n");
add_database($node, 'shop', 'VEND001', 'VEND002', 'VEND003', 'VEND004');
$node->safe_psql('shop', "UPDATE onboard.vendors SET status = 'suspended' WHERE vendor_id = 'VEND004'");

HandlerTest::run_python($node, PostgreSQL::Test::Utils::tempdir(), 'handler_parser.py', PGDATABASE => 'shop',
	PGDATA => $node->data_dir,
	ONBOARD_TEST_DATA => source_root() . '/test/data');

done_testing();
