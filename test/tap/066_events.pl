# Test which events each handler accepts, with a real server and the emulated
# services.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use HandlerTest;
use OnboardTest;
use RuntimeApi;

plan skip_all => 'no program at ' . RuntimeApi::program() unless -x RuntimeApi::program();

my $node = new_server('events', "log_min_error_statement = panic\n");
add_database($node, 'shop', 'VEND001');

HandlerTest::run_python($node, PostgreSQL::Test::Utils::tempdir(), 'handler_events.py', PGDATABASE => 'shop');

done_testing();
