# Test the handlers reporter and link with a real server and the emulated
# services.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use HandlerTest;
use OnboardTest;
use RuntimeApi;

plan skip_all => 'no program at ' . RuntimeApi::program() unless -x RuntimeApi::program();

my $node = new_server('reporter', "log_min_error_statement = panic\n");
add_database($node, 'shop', 'VEND001', 'VEND002');
$node->safe_psql('shop', <<'SQL');
CREATE ROLE reporter LOGIN;
SELECT onboard_grant_reporter('reporter');
CREATE ROLE confined LOGIN;
SELECT onboard_grant_reporter('confined');
REVOKE EXECUTE ON FUNCTION onboard.all_vendors() FROM confined;
SQL

HandlerTest::run_python($node, PostgreSQL::Test::Utils::tempdir(), 'handler_reporter.py', PGDATABASE => 'shop');

done_testing();
