# Test the handlers sweeper and rotate with a real server and the emulated
# services.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use HandlerTest;
use OnboardTest;
use RuntimeApi;

plan skip_all => 'no program at ' . RuntimeApi::program() unless -x RuntimeApi::program();
plan skip_all => 'the server was built without OpenSSL' unless HandlerTest::has_tls();

my $folder = PostgreSQL::Test::Utils::tempdir();
# Log all statements, so that a password in one of them is found.
my $node = HandlerTest::new_tls_server($folder, 'handlers', "log_statement = all\nlog_min_error_statement = panic\n");

add_database($node, 'sweep', 'VEND001');
HandlerTest::run_python($node, $folder, 'handler_sweeper.py', PGDATABASE => 'sweep');

add_database($node, 'repair', 'VEND001');
HandlerTest::run_python($node, $folder, 'handler_repair.py', PGDATABASE => 'repair');

add_database($node, 'rotate', 'VEND001');
HandlerTest::run_python($node, $folder, 'handler_rotate.py', PGDATABASE => 'rotate');

done_testing();
