# Test the direct route, and its handler, with a real server and the emulated
# services.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use HandlerTest;
use OnboardTest;
use RuntimeApi;

plan skip_all => 'no program at ' . RuntimeApi::program() unless -x RuntimeApi::program();

my $node = new_server('direct', "log_min_error_statement = panic\n");
# The command line program has a database of its own.
onboard_program();
add_database($node, $_, 'VEND001') for 'shop', 'line';

HandlerTest::run_python($node, PostgreSQL::Test::Utils::tempdir(), 'handler_direct.py', PGDATABASE => 'shop',
	PGDATA => $node->data_dir,
	ONBOARD_BIN => onboard_program(), ONBOARD_TEST_DATA => source_root() . '/test/data');

done_testing();
