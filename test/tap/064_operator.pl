# Test the handler operator with a real server and the emulated services.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use HandlerTest;
use OnboardTest;
use RuntimeApi;

plan skip_all => 'no program at ' . RuntimeApi::program() unless -x RuntimeApi::program();

my $node = new_server('operator', "log_min_error_statement = panic\n");
add_database($node, 'shop', 'VEND001', 'VEND002');
$node->safe_psql('shop', <<'SQL');
CREATE ROLE operator LOGIN;
SELECT onboard_grant_operator('operator');
CREATE ROLE confined LOGIN;
SELECT onboard_grant_operator('confined');
INSERT INTO onboard.vendor_roles VALUES ('confined', 'VEND001');
SQL

HandlerTest::run_python($node, PostgreSQL::Test::Utils::tempdir(), 'handler_operator.py', PGDATABASE => 'shop');

done_testing();
